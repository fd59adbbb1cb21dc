/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restore.c - bringing a deleted entity back, and forgetting old versions:
 * see history.h.
 *
 * What is brought back is held by the provider "restored" and has no location
 * key, so whichever source brings the ref in again takes it over.
 */
#include "catalog/history.h"

#include <stdio.h>
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "catalog/batch.h"
#include "catalog/kinds.h"
#include "catalog/location_priv.h"
#include "catalog/version.h"
#include "db/db.h"
#include "json/json.h"

#define MANAGED "backstage.io/managed-by-location"
#define ORIGIN "backstage.io/managed-by-origin-location"

/* Is it there, and did people bring it in?  Versions of what the config or a
 * provider lists were begun by the engine itself. */
static const struct cbi_db_stmt look = {
	"restore_look",
	"select exists (select from callboard.node where ref = $1),"
	" exists (select from callboard.entity_history where uid = $2::uuid"
	"  and (cause in ('" CBI_VERSION_RESTORED "', 'confirmed') or"
	"   (cause = 'added' and actor <> 'service:engine')"
	"   or (gone and cause = 'location.delete')))",
};

/* CB_OK with *why NULL when it can be. */
static int judge(struct cb_ctx *ctx, const char *ref,
                 const struct cbi_version *version, const char **why)
{
	const char *params[2] = { ref, version->uid };
	struct cbi_db_result *rows;
	int rc;

	*why = NULL;
	if (version->gone) {
		*why = "the version is a deletion; choose one before it";
		return CB_OK;
	}
	rc = cbi_db_query(ctx, &look, params, 2, &rows);
	if (rc < 0)
		return rc;
	if (cbi_db_bool(rows, 0, 0))
		*why = "it is in the catalog, and its source says how it is";
	else if (!cbi_db_bool(rows, 0, 1))
		*why = "nobody registered it: the configuration or a "
		       "provider brought it in, and can do so again";
	return CB_OK;
}

const char *cbi_history_restore_why(struct cb_ctx *ctx, const char *ref,
                                    const struct cbi_version *version)
{
	const char *why;

	if (judge(ctx, ref, version, &why) < 0) {
		why = cb_strdup(ctx, cb_failure(ctx));
		cb_failure_clear(ctx);
	}
	return why;
}

struct restoring {
	const char *ref, *address;
	const struct cbi_version *version;
	json_t *entity;
};

static const char *annotation(const struct restoring *r, const char *name)
{
	return json_string_value(json_object_get(
	    json_object_get(json_object_get(r->entity, "metadata"),
	                    "annotations"),
	    name));
}

/* As a source would give it: without what the catalog adds. */
static int undress(struct cb_ctx *ctx, struct restoring *r)
{
	json_t *metadata, *annotations;
	int rc = cb_json_parse(ctx, r->version->body.ptr, r->version->body.len,
	                       &r->entity);

	if (rc < 0)
		return rc;
	metadata = json_object_get(r->entity, "metadata");
	annotations = json_object_get(metadata, "annotations");
	json_object_del(r->entity, "relations");
	json_object_del(r->entity, "status");
	json_object_del(metadata, "uid");
	json_object_del(metadata, "etag");
	json_object_del(annotations, "backstage.io/orphan");
	if (!annotations ||
	    json_object_set_new(annotations, CBI_VERSION_RESTORED_BY,
	                        json_string(cb_actor(ctx))))
		return cb_fail(ctx, CB_ECONFLICT,
		               "version %lld does not say where it is from",
		               (long long)r->version->number);
	return CB_OK;
}

static int write_audit(struct cb_ctx *ctx, const struct restoring *r)
{
	char after[64];
	struct cbi_audit entry = { .action = "entity.restore",
		                   .object = r->ref,
		                   .after = after,
		                   .address = r->address };

	snprintf(after, sizeof(after), "{\"version\":%lld}",
	         (long long)r->version->number);
	return cbi_audit_write(ctx, &entry);
}

static int restore(struct cb_ctx *ctx, void *arg)
{
	struct restoring *r = arg;
	struct cbi_item item = { .ref = r->ref, .source = r->version->source };
	struct cbi_batch batch = { .provider = CBI_VERSION_RESTORED,
		                   .items = &item,
		                   .n = 1 };
	const char *why;
	int rc = judge(ctx, r->ref, r->version, &why);

	if (rc == CB_OK && why)
		rc = cb_fail(ctx, CB_ECONFLICT, "'%s' cannot be restored: %s",
		             r->ref, why);
	if (rc == CB_OK)
		rc = undress(ctx, r);
	if (rc < 0)
		return rc;
	item.entity = r->entity;
	if (!annotation(r, MANAGED) || !annotation(r, ORIGIN))
		return cb_fail(ctx, CB_ECONFLICT,
		               "version %lld does not say where it is from",
		               (long long)r->version->number);
	/* It was judged when it came in, with kinds that we do not know. */
	batch.place.kinds = &cbi_kinds_any;
	/* Processing writes these annotations anew. */
	batch.place.location = cb_strdup(ctx, annotation(r, MANAGED));
	batch.place.origin = cb_strdup(ctx, annotation(r, ORIGIN));
	if (!batch.place.location || !batch.place.origin)
		return CB_ENOMEM;
	rc = cbi_batch_write(ctx, &batch);
	if (rc == CB_OK && item.fate != CBI_ITEM_NEW)
		rc = cb_fail(ctx, CB_ECONFLICT, "'%s' has just come back",
		             r->ref);
	if (rc == CB_OK && !item.processed)
		rc = cb_fail(ctx, CB_ECONFLICT,
		             "what it was breaks a rule of today: %s",
		             item.errors ? item.errors : "");
	if (rc == CB_OK)
		rc = write_audit(ctx, r);
	return rc < 0 ? rc : cbi_location_wake(ctx);
}

/* Of a Location that was registered: its type and target. */
static bool was_location(struct cb_ctx *ctx, const struct restoring *r,
                         struct cbi_location_wish *wish)
{
	const json_t *spec = json_object_get(r->entity, "spec");
	const char *generated;

	wish->type = json_string_value(json_object_get(spec, "type"));
	wish->target = json_string_value(json_object_get(spec, "target"));
	if (!wish->type || !wish->target)
		return false;
	generated = cbi_model_generated_ref(ctx, wish->type, wish->target);
	return generated && strcmp(generated, r->ref) == 0;
}

int cbi_history_restore(struct cb_ctx *ctx, const char *ref, int64_t number,
                        const char *address, uint64_t *brought)
{
	struct cbi_version version;
	struct restoring r = { .ref = ref,
		               .address = address,
		               .version = &version };
	struct cbi_location_wish wish = { .address = address };
	struct cbi_location location;
	const char *why;
	int rc = cbi_history_get(ctx, ref, number, &version);

	*brought = 0;
	if (rc == CB_OK)
		rc = judge(ctx, ref, &version, &why);
	if (rc == CB_OK && why)
		rc = cb_fail(ctx, CB_ECONFLICT, "'%s' cannot be restored: %s",
		             ref, why);
	if (rc == CB_OK)
		rc = undress(ctx, &r);
	if (rc < 0)
		return rc;
	if (was_location(ctx, &r, &wish))
		return cbi_location_add(ctx, &wish, &location, brought);
	return cbi_db_transact(ctx, restore, &r);
}

/* --- retention --- */

/* In one statement, so that nobody reads a past that is half gone. */
static const struct cbi_db_stmt forget = {
	"history_forget",
	"with old as ("
	" (select ctid from entity_history where valid_to < $1::timestamptz"
	"  order by valid_to limit $2::bigint)"
	" union all"
	" (select ctid from entity_history where gone"
	"  and valid_from < $1::timestamptz order by valid_from"
	"  limit $2::bigint)),"
	" cut as (delete from entity_history where ctid = any(array("
	"  select ctid from old limit $2::bigint)) returning 1),"
	" mark as (update catalog_state set history_from ="
	"  greatest(history_from, $1::timestamptz)"
	"  where exists (select from cut))"
	" select count(*) from cut",
};

static int expire(struct cb_ctx *ctx, void *arg)
{
	const char **params = arg;
	struct cbi_db_result *rows;
	int rc = cbi_db_query(ctx, &forget, params, 2, &rows);

	if (rc == CB_OK)
		params[2] = cbi_db_text(rows, 0, 0);
	return rc;
}

int cbi_history_expire(struct cb_ctx *ctx, int64_t keep_ms, size_t most,
                       size_t *removed)
{
	char before[CBI_TIME_LEN];
	const char *params[3] = { before, cbi_db_number(ctx, (int64_t)most),
		                  NULL };
	int rc;

	*removed = 0;
	if (!params[1])
		return CB_ENOMEM;
	cbi_clock_iso(cbi_clock_wall_ms() - keep_ms, before);
	rc = cbi_db_transact(ctx, expire, params);
	for (const char *p = params[2]; rc == CB_OK && p && *p; p++)
		*removed = *removed * 10 + (size_t)(*p - '0');
	return rc;
}

int cbi_history_settle(struct cb_ctx *ctx)
{
	static const struct cbi_db_stmt settle = {
		"history_settle",
		"delete from callboard.edge r where r.provider in "
		"('" CBI_VERSION_RESTORED "', '" CBI_VERSION_INFERRED "')"
		" and exists (select from callboard.edge o"
		" where o.child = r.child and o.provider is distinct from "
		"r.provider)",
	};

	return cbi_db_query(ctx, &settle, NULL, 0, NULL);
}
