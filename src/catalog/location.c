/* SPDX-License-Identifier: Apache-2.0 */
/*
 * location.c - see location.h.
 */
#include "catalog/location.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "audit/audit.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "catalog/change.h"
#include "catalog/remove.h"
#include "crypto/crypto.h"
#include "db/db.h"
#include "json/json.h"

#define TARGET_MAX 4096

static const struct cbi_db_stmt list_all = {
	"location_list",
	"select id, type, target, entity_ref from location"
	" order by created_at, id",
};
static const struct cbi_db_stmt get_one = {
	"location_get",
	"select id, type, target, entity_ref from location"
	" where id = $1::uuid",
};
static const struct cbi_db_stmt find_one = {
	"location_find",
	"select id, type, target, entity_ref from location"
	" where type = $1 and md5(target) = md5($2) and target = $2",
};
static const struct cbi_db_stmt insert_one = {
	"location_insert",
	"insert into location (type, target, entity_ref, created_by)"
	" values ($1, $2, $3, $4) on conflict do nothing"
	" returning id, type, target, entity_ref",
};
static const struct cbi_db_stmt delete_one = {
	"location_delete",
	"delete from location where id = $1::uuid"
	" returning id, type, target, entity_ref",
};
static const struct cbi_db_stmt insert_node = {
	"location_node",
	"insert into node (ref, location_key, raw, raw_hash, source, due_at)"
	" values ($1, $2, $3, sha256(convert_to($3, 'UTF8')), $2,"
	" clock_timestamp())"
	" on conflict (ref) do update set due_at = clock_timestamp()"
	" returning id",
};
static const struct cbi_db_stmt insert_edge = {
	"location_edge",
	"insert into edge (provider, child) values ('store', $1::bigint)"
	" on conflict do nothing",
};
static const struct cbi_db_stmt delete_edge = {
	"location_unedge",
	"delete from edge where provider = 'store' and child ="
	" (select id from node where ref = $1) returning child",
};
static const struct cbi_db_stmt make_due = {
	"location_refresh",
	"with recursive up (id) as ("
	" select id from node where ref = $1"
	" union select e.parent from edge e join up u on e.child = u.id"
	"  where e.parent is not null"
	"), locked as ("
	" select id from node where id in (select id from up)"
	"  order by ref for update"
	") update node set due_at = clock_timestamp()"
	" where id in (select id from locked) and (due_at is not null"
	"  or ref like 'location:%')",
};
static const struct cbi_db_stmt node_there = {
	"location_node_there",
	"select 1 from node where ref = $1",
};
/* Waiting for an engine that ingests is no reason to give up. */
static const struct cbi_db_stmt be_patient = {
	"location_patience",
	"select set_config('statement_timeout', '10s', true)",
};

/* "location:default/generated-<sha1 of type:target>"; lives with ctx. */
static const char *ref_of(struct cb_ctx *ctx, const char *type,
                          const char *target)
{
	char *key = cb_printf(ctx, "%s:%s", type, target);
	char hash[CB_SHA1_HEX];

	if (!key)
		return NULL;
	cbi_crypto_sha1_hex(key, strlen(key), hash);
	return cb_printf(ctx, "location:default/generated-%s", hash);
}

/*
 * The Location entity of a location: a new reference.  presence may be NULL.
 * NULL when out of memory.
 */
static json_t *entity_of(struct cb_ctx *ctx, const char *type,
                         const char *target, const char *presence)
{
	const char *ref = ref_of(ctx, type, target);
	char *key = cb_printf(ctx, "%s:%s", type, target);
	json_t *entity;

	if (!ref || !key)
		return NULL;
	entity = json_pack(
	    "{s:s, s:s, s:{s:s, s:s, s:{s:s, s:s}}, s:{s:s, s:s}}",
	    "apiVersion", "backstage.io/v1alpha1", "kind", "Location",
	    "metadata", "name", strchr(ref, '/') + 1, "namespace", "default",
	    "annotations", "backstage.io/managed-by-location", key,
	    "backstage.io/managed-by-origin-location", key, "spec", "type",
	    type, "target", target);
	if (entity && presence)
		json_object_set_new(json_object_get(entity, "spec"), "presence",
		                    json_string(presence));
	return entity;
}

static int take_row(struct cb_ctx *ctx, const struct cbi_db_result *rows,
                    size_t row, struct cbi_location *out)
{
	struct cbi_location found = {
		cb_strdup(ctx, cbi_db_text(rows, row, 0)),
		cb_strdup(ctx, cbi_db_text(rows, row, 1)),
		cb_strdup(ctx, cbi_db_text(rows, row, 2)),
		cb_strdup(ctx, cbi_db_text(rows, row, 3)),
	};

	if (!found.id || !found.type || !found.target || !found.entity_ref)
		return CB_ENOMEM;
	*out = found;
	return CB_OK;
}

int cbi_location_list(struct cb_ctx *ctx, const struct cbi_location **out,
                      size_t *count)
{
	struct cbi_location *all;
	struct cbi_db_result *rows;
	int rc = cbi_db_query(ctx, &list_all, NULL, 0, &rows);

	if (rc < 0)
		return rc;
	*count = cbi_db_rows(rows);
	all = cb_alloc(ctx, (*count + 1) * sizeof(*all));
	if (!all)
		return CB_ENOMEM;
	for (size_t i = 0; i < *count && rc == CB_OK; i++)
		rc = take_row(ctx, rows, i, &all[i]);
	*out = all;
	return rc;
}

static bool is_uuid(const char *text)
{
	size_t i;

	for (i = 0; text[i] && i < 37; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-'
		         : !strchr("0123456789abcdefABCDEF", text[i]))
			return false;
	}
	return i == 36;
}

static int check_id(struct cb_ctx *ctx, const char *id)
{
	if (is_uuid(id))
		return CB_OK;
	return cb_fail(ctx, CB_EINVAL, "'%.80s' is no UUID", id);
}

static int one_row(struct cb_ctx *ctx, const struct cbi_db_stmt *stmt,
                   const char *const *params, size_t n, const char *what,
                   struct cbi_location *out)
{
	struct cbi_db_result *rows;
	int rc = cbi_db_query(ctx, stmt, params, n, &rows);

	if (rc < 0)
		return rc;
	if (cbi_db_rows(rows) == 0)
		return cb_fail(ctx, CB_ENOENT, "no location %s", what);
	return take_row(ctx, rows, 0, out);
}

int cbi_location_get(struct cb_ctx *ctx, const char *id,
                     struct cbi_location *out)
{
	int rc = check_id(ctx, id);

	return rc < 0 ? rc : one_row(ctx, &get_one, &id, 1, id, out);
}

int cbi_location_find(struct cb_ctx *ctx, const char *type, const char *target,
                      struct cbi_location *out)
{
	const char *params[] = { type, target };

	return one_row(ctx, &find_one, params, 2, target, out);
}

/* "javascript:", also with spaces before and line ends between letters. */
static bool is_script(const char *target)
{
	static const char word[] = "javascript:";
	size_t i = 0;

	while (*target > 0 && *target <= ' ')
		target++;
	for (; word[i] && *target; target++) {
		if (*target == '\r' || *target == '\n' || *target == '\t')
			continue;
		if ((*target | 0x20) != word[i] && *target != word[i])
			return false;
		i++;
	}
	return !word[i];
}

static int check_target(struct cb_ctx *ctx, const char *type,
                        const char *target)
{
	size_t len = strlen(target);

	if (strcasecmp(type, "http") == 0 || strcasecmp(type, "https") == 0)
		return cb_fail(ctx, CB_EINVAL,
		               "type '%s', expected url: the target holds the "
		               "whole address",
		               type);
	if (!*type || strcspn(type, ": \t\r\n") != strlen(type))
		return cb_fail(ctx, CB_EINVAL, "'%.80s' is no location type",
		               type);
	if (len == 0 || len > TARGET_MAX)
		return cb_fail(ctx, CB_EINVAL,
		               "a target has %zu bytes, expected 1 to %d", len,
		               TARGET_MAX);
	for (const char *p = target; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return cb_fail(ctx, CB_EINVAL,
			               "the target has a control character");
	if (is_script(target))
		return cb_fail(ctx, CB_EINVAL, "the target is a script");
	if (strcmp(type, "url") == 0 && !strstr(target, "://"))
		return cb_fail(ctx, CB_EINVAL,
		               "'%.200s', expected an address such as "
		               "https://host/catalog-info.yaml",
		               target);
	return CB_OK;
}

struct change {
	const char *id, *type, *target, *address;
	bool refresh;
	struct cbi_location location;
	uint64_t number;
};

/* The Location's node, held by the provider of registered locations. */
static int hold_node(struct cb_ctx *ctx, const struct cbi_location *location)
{
	json_t *entity = entity_of(ctx, location->type, location->target, NULL);
	const char *params[3] = { location->entity_ref, NULL, NULL };
	struct cbi_db_result *rows;
	struct cb_buf text;
	const char *id;
	int rc;

	cbi_buf_init(&text, CB_MIB);
	rc = entity ? cbi_json_canonical(&text, entity) : CB_ENOMEM;
	json_decref(entity);
	params[1] = cb_printf(ctx, "%s:%s", location->type, location->target);
	params[2] = cbi_buf_string(&text);
	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &insert_node, params, 3, &rows);
	cbi_buf_finish(&text);
	if (rc < 0)
		return rc;
	id = cbi_db_text(rows, 0, 0);
	return cbi_db_query(ctx, &insert_edge, &id, 1, NULL);
}

static int write_audit(struct cb_ctx *ctx, const struct change *c,
                       const char *action, bool added)
{
	const struct cbi_location *l = &c->location;
	json_t *value = json_pack("{s:s, s:s, s:s}", "id", l->id, "type",
	                          l->type, "target", l->target);
	char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
	struct cbi_audit entry = {
		.action = action,
		.object = l->id,
		.before = added ? NULL : text,
		.after = added ? text : NULL,
		.address = c->address,
	};
	int rc = text ? cbi_audit_write(ctx, &entry)
	              : cb_fail(ctx, CB_ENOMEM, "no memory for the audit");

	free(text);
	json_decref(value);
	return rc;
}

static const struct cbi_db_stmt wake = {
	"location_wake",
	"select pg_notify('callboard_work', '')",
};

static int wake_engines(struct cb_ctx *ctx)
{
	return cbi_db_query(ctx, &wake, NULL, 0, NULL);
}

static int raise_number(struct cb_ctx *ctx, struct cbi_change *change,
                        int64_t *number)
{
	int rc = cbi_change_next(ctx, change);

	if (rc == CB_OK)
		rc = cbi_change_write(ctx, change);
	*number = change->number;
	return rc;
}

static int add_in_transaction(struct cb_ctx *ctx, void *arg)
{
	struct change *c = arg;
	const char *ref = ref_of(ctx, c->type, c->target);
	const char *params[] = { c->type, c->target, ref, cb_actor(ctx) };
	struct cbi_change change = { .cause = "location.add" };
	struct cbi_db_result *rows;
	int64_t number = 0;
	bool added;
	int rc;

	if (!ref)
		return CB_ENOMEM;
	rc = cbi_db_query(ctx, &be_patient, NULL, 0, NULL);
	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &insert_one, params, 4, &rows);
	if (rc < 0)
		return rc;
	added = cbi_db_rows(rows) > 0;
	if (!added && !c->refresh)
		return cb_fail(ctx, CB_ECONFLICT,
		               "location %s:%s is registered already", c->type,
		               c->target);
	rc = added ? take_row(ctx, rows, 0, &c->location)
	           : cbi_location_find(ctx, c->type, c->target, &c->location);
	if (rc == CB_OK)
		rc = hold_node(ctx, &c->location);
	if (rc == CB_OK)
		rc = write_audit(
		    ctx, c, added ? "location.add" : "location.refresh", true);
	if (rc == CB_OK)
		rc = wake_engines(ctx);
	if (rc == CB_OK)
		rc = raise_number(ctx, &change, &number);
	c->number = (uint64_t)number;
	return rc;
}

int cbi_location_add(struct cb_ctx *ctx, const char *type, const char *target,
                     bool refresh, const char *address,
                     struct cbi_location *out, uint64_t *number)
{
	struct change c = { .type = type,
		            .target = target,
		            .address = address,
		            .refresh = refresh };
	int rc = check_target(ctx, type, target);

	if (rc == CB_OK)
		rc = cbi_db_transact(ctx, add_in_transaction, &c);
	if (rc < 0)
		return rc;
	*out = c.location;
	*number = c.number;
	return CB_OK;
}

static int delete_in_transaction(struct cb_ctx *ctx, void *arg)
{
	struct change *c = arg;
	struct cbi_change change = { .cause = "location.delete" };
	struct cbi_db_result *rows;
	int64_t child, number = 0, *doomed;
	size_t n;
	int rc;

	rc = cbi_db_query(ctx, &be_patient, NULL, 0, NULL);
	if (rc == CB_OK)
		rc = one_row(ctx, &delete_one, &c->id, 1, c->id, &c->location);
	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &delete_edge, &c->location.entity_ref, 1,
		                  &rows);
	if (rc < 0)
		return rc;
	if (cbi_db_rows(rows) > 0) {
		child = cbi_db_int(rows, 0, 0);
		rc = cbi_remove_closure(ctx, &child, 1, &doomed, &n);
		if (rc == CB_OK)
			rc = cbi_remove_lock(ctx, doomed, n);
		if (rc == CB_OK)
			rc = write_audit(ctx, c, change.cause, false);
		if (rc == CB_OK)
			rc = cbi_remove_nodes(ctx, doomed, n, change.cause,
			                      &number);
	}
	/* Readers of /locations see a change, also when no entity went. */
	if (rc == CB_OK && number == 0)
		rc = raise_number(ctx, &change, &number);
	c->number = (uint64_t)number;
	return rc;
}

int cbi_location_delete(struct cb_ctx *ctx, const char *id, const char *address,
                        uint64_t *number)
{
	struct change c = { .id = id, .address = address };
	int rc = check_id(ctx, id);

	if (rc == CB_OK)
		rc = cbi_db_transact(ctx, delete_in_transaction, &c);
	if (rc == CB_OK)
		*number = c.number;
	return rc;
}

static int refresh_in_transaction(struct cb_ctx *ctx, void *arg)
{
	const char *const *ref = arg;
	struct cbi_db_result *rows;
	int rc = cbi_db_query(ctx, &node_there, ref, 1, &rows);

	if (rc < 0)
		return rc;
	if (cbi_db_rows(rows) == 0)
		return cb_fail(ctx, CB_ENOENT, "no entity %s", *ref);
	rc = cbi_db_query(ctx, &make_due, ref, 1, NULL);
	return rc < 0 ? rc : wake_engines(ctx);
}

int cbi_location_refresh(struct cb_ctx *ctx, const char *ref)
{
	return cbi_db_transact(ctx, refresh_in_transaction, &ref);
}
