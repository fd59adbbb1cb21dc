/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inferred.c - see inferred.h.
 */
#include "catalog/inferred.h"

#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/str.h"
#include "catalog/batch.h"
#include "catalog/location_priv.h"
#include "catalog/remove.h"
#include "catalog/version.h"
#include "db/db.h"
#include "json/json.h"

#include <callboard/json.h>

#define FROM "callboard.io/inferred-from"

/* Locked, so that nobody else takes it meanwhile. */
static const struct cbi_db_stmt look = {
	"inferred_look",
	"select n.source, exists (select from edge e where e.child = n.id"
	"  and e.provider = '" CBI_VERSION_INFERRED "')"
	" from node n where n.ref = $1 for no key update",
};

static const struct cbi_db_stmt of_repository = {
	"inferred_of",
	"select n.ref from edge e join node n on n.id = e.child"
	" where e.provider = '" CBI_VERSION_INFERRED "' and n.source = $1"
	" limit 1",
};

static const struct cbi_db_stmt only_holder = {
	"inferred_holds",
	"select coalesce(bool_and(e.provider is not distinct from"
	"  '" CBI_VERSION_INFERRED "'), false)"
	" from node n join edge e on e.child = n.id where n.ref = $1",
};

/*
 * What was read under an address of the repository, and has brought in
 * something that stands there: its pages are below "<address>/", Azure's
 * behind "<address>?".
 */
static const struct cbi_db_stmt outlived = {
	"inferred_outlived",
	"select n.id from edge i join node n on n.id = i.child"
	" cross join lateral (select lower(n.source) as at) a"
	" where i.provider = '" CBI_VERSION_INFERRED "' and exists ("
	"  select from refresh_key k join edge e on e.parent = k.node"
	"   join node c on c.id = e.child"
	"  where ((lower(k.key) >= a.at || '/' and lower(k.key) < a.at || '0')"
	"    or (lower(k.key) >= a.at || '?' and lower(k.key) < a.at || '@'))"
	"   and c.processed is not null and c.ref not like 'location:%'"
	"   and (starts_with(lower('url:' || c.source), a.at || '/')"
	"    or starts_with(lower('url:' || c.source), a.at || '?')))"
	" order by n.id limit 1000",
};

struct confirming {
	const struct cbi_inferred_wish *wish;
	json_t *entity;
	const char *ref;
	const char *source; /* "url:<repository>" */
};

/* ---- the entity --------------------------------------------------------- */

struct said {
	const char *field, *part, *key, *value;
};

#define SAID 5

static void list_said(const struct cbi_inferred_wish *wish, struct said *out)
{
	const struct said all[SAID] = {
		{ "metadata.name", "metadata", "name", wish->name },
		{ "spec.owner", "spec", "owner", wish->owner },
		{ "spec.type", "spec", "type", wish->type },
		{ "spec.lifecycle", "spec", "lifecycle", wish->lifecycle },
		{ "spec.system", "spec", "system", wish->system },
	};

	memcpy(out, all, sizeof(all));
}

static int apply(struct cb_ctx *ctx, json_t *entity, const struct said *said)
{
	for (size_t i = 0; i < SAID; i++) {
		json_t *part = json_object_get(entity, said[i].part);
		const char *value = said[i].value;

		if (!value)
			continue;
		if (!*value)
			json_object_del(part, said[i].key);
		else if (json_object_set_new(part, said[i].key,
		                             json_string(value)))
			return cb_fail(ctx, CB_EINVAL,
			               "%s is no UTF-8 or there is no memory",
			               said[i].field);
	}
	json_object_del(json_object_get(entity, "spec"), "providesApis");
	return CB_OK;
}

/* Is the field still what it was inferred to be? */
static bool stands(json_t *entity, json_t *row, const struct said *said)
{
	const char *field = cb_json_text(row, "field", "");
	const char *value = cb_json_text(row, "value", NULL);

	if (strcmp(field, "spec.providesApis") == 0)
		return false;
	for (size_t i = 0; i < SAID; i++)
		if (strcmp(said[i].field, field) == 0) {
			const char *now = cb_json_text(entity, field, NULL);

			/* A field that was only asked for has a stopgap. */
			return now &&
			       (value ? strcmp(now, value) == 0
			              : !said[i].value || !*said[i].value);
		}
	return value != NULL;
}

static int tell_from(struct cb_ctx *ctx, const struct confirming *c,
                     const struct said *said)
{
	json_t *notes = json_object_get(json_object_get(c->entity, "metadata"),
	                                "annotations");
	const char *from = "";
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(c->wish->proposal, "fields"), i, row)
	{
		if (!stands(c->entity, row, said))
			continue;
		from = cb_printf(ctx, "%s%s%s: %s", from, *from ? "; " : "",
		                 cb_json_text(row, "field", ""),
		                 cb_json_text(row, "description", ""));
		if (!from)
			return CB_ENOMEM;
	}
	json_object_del(notes, FROM);
	if ((*from && json_object_set_new(notes, FROM, json_string(from))) ||
	    json_object_set_new(notes, CBI_VERSION_CONFIRMED_BY,
	                        json_string(cb_actor(ctx))))
		return cb_fail(ctx, CB_ENOMEM, "no memory for an entity");
	return CB_OK;
}

static int make_entity(struct cb_ctx *ctx, struct confirming *c)
{
	json_t *proposed = json_object_get(c->wish->proposal, "entity");
	struct cbi_problem problem;
	struct said said[SAID];
	int rc;

	if (!json_is_object(json_object_get(
		json_object_get(proposed, "metadata"), "annotations")) ||
	    strcmp(cb_json_text(proposed, "kind", ""), "Component") != 0)
		return cb_fail(ctx, CB_EINVAL, "%s proposes no Component",
		               c->wish->repository);
	c->entity = json_deep_copy(proposed);
	rc = cbi_json_keep(ctx, c->entity);
	list_said(c->wish, said);
	if (rc == CB_OK)
		rc = apply(ctx, c->entity, said);
	if (rc == CB_OK)
		rc = tell_from(ctx, c, said);
	if (rc < 0)
		return rc;
	rc = cbi_model_envelope(ctx, c->entity, &c->ref, &problem);
	if (rc == CB_EINVAL)
		rc = cb_fail(ctx, CB_EINVAL, "%s", problem.text);
	return rc;
}

/* ---- writing ------------------------------------------------------------ */

/* May it have the name? */
static int judge(struct cb_ctx *ctx, const struct confirming *c)
{
	struct cbi_db_result *rows;
	const char *other, *source;
	int rc = cbi_db_query(ctx, &look, &c->ref, 1, &rows);

	if (rc < 0)
		return rc;
	if (cbi_db_rows(rows) > 0) {
		source = cbi_db_text(rows, 0, 0);
		if (!cbi_db_bool(rows, 0, 1) || strcmp(source, c->source) != 0)
			return cb_fail(ctx, CB_ECONFLICT,
			               "'%s' is in the catalog already, from "
			               "%s: choose another name",
			               c->ref,
			               *source ? source : "another source");
		return CB_OK;
	}
	rc = cbi_inferred_of(ctx, c->wish->repository, &other);
	if (rc == CB_OK)
		return cb_fail(ctx, CB_ECONFLICT,
		               "%s is in the catalog already, as %s: "
		               "unregister that first",
		               c->wish->repository, other);
	if (rc == CB_ENOENT) {
		cb_failure_clear(ctx);
		rc = CB_OK;
	}
	return rc;
}

static int write_audit(struct cb_ctx *ctx, const struct confirming *c)
{
	json_t *after = json_pack(
	    "{s:s, s:O, s:s}", "repository", c->wish->repository, "spec",
	    json_object_get(c->entity, "spec"), "inferred",
	    cb_json_text(json_object_get(json_object_get(c->entity, "metadata"),
	                                 "annotations"),
	                 FROM, ""));
	char *text = after ? json_dumps(after, JSON_COMPACT) : NULL;
	struct cbi_audit entry = { .action = "entity.confirm",
		                   .object = c->ref,
		                   .after = text,
		                   .address = c->wish->address };
	int rc = text ? cbi_audit_write(ctx, &entry)
	              : cb_fail(ctx, CB_ENOMEM, "no memory for the audit");

	free(text);
	json_decref(after);
	return rc;
}

/* What of the status items a person can read: behind where it stands. */
static const char *first_message(struct cb_ctx *ctx, const struct confirming *c,
                                 const char *errors)
{
	json_t *items = errors ? json_loads(errors, 0, NULL) : NULL;
	const char *text = cb_strdup(
	    ctx, cb_json_text(json_array_get(items, 0), "message", "unknown"));
	const char *at = text ? strstr(text, c->source) : NULL;

	json_decref(items);
	if (at && cbi_str_starts(at + strlen(c->source), ": "))
		return at + strlen(c->source) + 2;
	return text ? text : "";
}

static int confirm(struct cb_ctx *ctx, void *arg)
{
	struct confirming *c = arg;
	struct cbi_item item = { .ref = c->ref,
		                 .source = c->source,
		                 .entity = json_deep_copy(c->entity) };
	struct cbi_batch batch = { .provider = CBI_VERSION_INFERRED,
		                   .place = { .location = c->source,
		                              .origin = c->source },
		                   .look = c->wish->dry,
		                   .items = &item,
		                   .n = 1 };
	int rc = cbi_json_keep(ctx, item.entity);

	if (rc == CB_OK)
		rc = judge(ctx, c);
	if (rc == CB_OK)
		rc = cbi_batch_write(ctx, &batch);
	if (rc == CB_EBUSY && cb_failure_code(ctx) == CB_OK)
		rc = cb_fail(ctx, CB_ECONFLICT,
		             "'%s' has just come from elsewhere", c->ref);
	if (rc == CB_OK && !item.processed)
		rc = cb_fail(ctx, CB_EINVAL, "%s",
		             first_message(ctx, c, item.errors));
	if (rc < 0 || c->wish->dry)
		return rc;
	rc = write_audit(ctx, c);
	return rc < 0 ? rc : cbi_location_wake(ctx);
}

int cbi_inferred_confirm(struct cb_ctx *ctx,
                         const struct cbi_inferred_wish *wish, const char **ref)
{
	struct confirming c = { .wish = wish };
	int rc;

	c.source = cb_printf(ctx, "url:%s", wish->repository);
	rc = c.source ? make_entity(ctx, &c) : CB_ENOMEM;
	if (rc == CB_OK)
		rc = cbi_db_transact(ctx, confirm, &c);
	if (rc == CB_OK)
		*ref = c.ref;
	return rc;
}

/* ---- what there is ------------------------------------------------------ */

int cbi_inferred_of(struct cb_ctx *ctx, const char *repository,
                    const char **ref)
{
	const char *source = cb_printf(ctx, "url:%s", repository);
	struct cbi_db_result *rows;
	int rc = source ? cbi_db_query(ctx, &of_repository, &source, 1, &rows)
	                : CB_ENOMEM;

	if (rc < 0)
		return rc;
	if (cbi_db_rows(rows) == 0)
		return cb_fail(ctx, CB_ENOENT, "nothing was confirmed of %s",
		               repository);
	*ref = cb_strdup(ctx, cbi_db_text(rows, 0, 0));
	return *ref ? CB_OK : CB_ENOMEM;
}

int cbi_inferred_holds(struct cb_ctx *ctx, const char *ref, bool *out)
{
	struct cbi_db_result *rows;
	int rc = cbi_db_query(ctx, &only_holder, &ref, 1, &rows);

	if (rc == CB_OK)
		*out = cbi_db_bool(rows, 0, 0);
	return rc;
}

static int settle(struct cb_ctx *ctx, void *arg)
{
	struct cbi_db_result *rows;
	int64_t *ids;
	size_t n;
	int rc = cbi_db_query(ctx, &outlived, NULL, 0, &rows);

	if (rc < 0)
		return rc;
	n = cbi_db_rows(rows);
	ids = cb_alloc(ctx, (n + 1) * sizeof(*ids));
	if (!ids)
		return CB_ENOMEM;
	for (size_t i = 0; i < n; i++)
		ids[i] = cbi_db_int(rows, i, 0);
	return cbi_remove_provided(ctx, CBI_VERSION_INFERRED, ids, n,
	                           "described", arg);
}

int cbi_inferred_settle(struct cb_ctx *ctx, size_t *removed)
{
	*removed = 0;
	return cbi_db_transact(ctx, settle, removed);
}
