/* SPDX-License-Identifier: Apache-2.0 */
/*
 * location_change.c - registering locations, giving them another target, and
 * taking them back: see location.h.
 */
#include "catalog/location_priv.h"

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

static const struct cbi_db_stmt insert_one = {
	"location_insert",
	"insert into location (type, target, entity_ref, created_by)"
	" values ($1, $2, $3, $4) on conflict do nothing"
	" returning id, type, target, entity_ref",
};
static const struct cbi_db_stmt lock_one = {
	"location_lock",
	"select id, type, target, entity_ref from location"
	" where id = $1::uuid for update",
};
static const struct cbi_db_stmt update_one = {
	"location_update",
	"update location set type = $2, target = $3 where id = $1::uuid"
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

/* The Location entity of a location: a new reference, NULL when out of
 * memory.  presence may be NULL. */
static json_t *entity_of(struct cb_ctx *ctx, const struct cbi_location *of,
                         const char *presence)
{
	char *key = cb_printf(ctx, "%s:%s", of->type, of->target);
	json_t *entity;

	if (!key)
		return NULL;
	entity = json_pack(
	    "{s:s, s:s, s:{s:s, s:s, s:{s:s, s:s}}, s:{s:s, s:s}}",
	    "apiVersion", "backstage.io/v1alpha1", "kind", "Location",
	    "metadata", "name", strchr(of->entity_ref, '/') + 1, "namespace",
	    "default", "annotations", "backstage.io/managed-by-location", key,
	    "backstage.io/managed-by-origin-location", key, "spec", "type",
	    of->type, "target", of->target);
	if (entity && presence)
		json_object_set_new(json_object_get(entity, "spec"), "presence",
		                    json_string(presence));
	return entity;
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
	const struct cbi_location_wish *wish; /* NULL: it is taken back */
	const char *id, *address;
	struct cbi_location location;
	uint64_t number;
};

/* Its Location entity as canonical JSON; lives with ctx. */
static const char *raw_of(struct cb_ctx *ctx,
                          const struct cbi_location *location,
                          const char *presence)
{
	json_t *entity = entity_of(ctx, location, presence);
	const char *raw = NULL;
	struct cb_buf text;

	cbi_buf_init(&text, CB_MIB);
	if (entity && cbi_json_canonical(&text, entity) == CB_OK)
		raw = cb_strdup(ctx, cbi_buf_string(&text));
	cbi_buf_finish(&text);
	json_decref(entity);
	return raw;
}

/* The Location's node, held by the provider of registered locations. */
static int hold_node(struct cb_ctx *ctx, const struct cbi_location *location,
                     const char *presence)
{
	const char *params[3] = {
		location->entity_ref,
		cb_printf(ctx, "%s:%s", location->type, location->target),
		raw_of(ctx, location, presence),
	};
	struct cbi_db_result *rows;
	const char *id;
	int rc;

	if (!params[1] || !params[2])
		return CB_ENOMEM;
	rc = cbi_db_query(ctx, &insert_node, params, 3, &rows);
	if (rc < 0)
		return rc;
	id = cbi_db_text(rows, 0, 0);
	return cbi_db_query(ctx, &insert_edge, &id, 1, NULL);
}

/* JSON of what is registered; NULL for none, or when out of memory. */
static char *location_json(const struct cbi_location *l)
{
	json_t *value = l ? json_pack("{s:s, s:s, s:s}", "id", l->id, "type",
	                              l->type, "target", l->target)
	                  : NULL;
	char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;

	json_decref(value);
	return text;
}

static int write_audit(struct cb_ctx *ctx, const struct change *c,
                       const char *action, const struct cbi_location *before,
                       const struct cbi_location *after)
{
	char *old = location_json(before), *new = location_json(after);
	struct cbi_audit entry = {
		.action = action,
		.object = c->location.id,
		.before = old,
		.after = new,
		.address = c->address,
	};
	int rc = (old || !before) && (new || !after)
	             ? cbi_audit_write(ctx, &entry)
	             : cb_fail(ctx, CB_ENOMEM, "no memory for the audit");

	free(old);
	free(new);
	return rc;
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

/*
 * The ref for a new location.  One that was given another target keeps the
 * ref of the old: then who registers the old target anew gets a ref of his
 * own, else both would be one node.
 */
static const char *free_ref(struct cb_ctx *ctx,
                            const struct cbi_location_wish *wish)
{
	static const struct cbi_db_stmt taken = {
		"location_taken",
		"select exists (select from location where entity_ref = $1 and "
		"(type, target) <> ($2, $3))",
	};
	const char *params[] = { ref_of(ctx, wish->type, wish->target),
		                 wish->type, wish->target };
	struct cbi_db_result *rows;
	char salt[CB_UUID_TEXT];

	if (!params[0] || cbi_db_query(ctx, &taken, params, 3, &rows) < 0)
		return NULL;
	if (!cbi_db_bool(rows, 0, 0))
		return params[0];
	cbi_crypto_uuid(salt);
	return ref_of(ctx, salt, wish->target);
}

static int add_in_transaction(struct cb_ctx *ctx, void *arg)
{
	struct change *c = arg;
	const struct cbi_location_wish *w = c->wish;
	const char *params[] = { w->type, w->target, NULL, cb_actor(ctx) };
	struct cbi_change change = { .cause = "location.add" };
	struct cbi_db_result *rows;
	int64_t number = 0;
	bool added;
	int rc;

	rc = cbi_db_query(ctx, &be_patient, NULL, 0, NULL);
	if (rc == CB_OK) {
		params[2] = free_ref(ctx, w);
		rc = params[2] ? CB_OK : cb_failure_code(ctx);
	}
	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &insert_one, params, 4, &rows);
	if (rc < 0)
		return rc;
	added = cbi_db_rows(rows) > 0;
	if (!added && !w->refresh)
		return cb_fail(ctx, CB_ECONFLICT,
		               "location %s:%s is registered already", w->type,
		               w->target);
	rc = added ? cbi_location_row(ctx, rows, 0, &c->location)
	           : cbi_location_find(ctx, w->type, w->target, &c->location);
	if (rc == CB_OK)
		rc = hold_node(ctx, &c->location, w->presence);
	if (rc == CB_OK)
		rc = write_audit(ctx, c,
		                 added ? "location.add" : "location.refresh",
		                 NULL, &c->location);
	if (rc == CB_OK)
		rc = cbi_location_wake(ctx);
	if (rc == CB_OK)
		rc = raise_number(ctx, &change, &number);
	c->number = (uint64_t)number;
	return rc;
}

int cbi_location_check(struct cb_ctx *ctx, const struct cbi_location_wish *wish)
{
	if (wish->presence && strcmp(wish->presence, "optional") != 0 &&
	    strcmp(wish->presence, "required") != 0)
		return cb_fail(ctx, CB_EINVAL,
		               "presence is '%.80s', expected 'required' or "
		               "'optional'",
		               wish->presence);
	return check_target(ctx, wish->type, wish->target);
}

int cbi_location_add(struct cb_ctx *ctx, const struct cbi_location_wish *wish,
                     struct cbi_location *out, uint64_t *number)
{
	struct change c = { .wish = wish, .address = wish->address };
	int rc = cbi_location_check(ctx, wish);

	if (rc == CB_OK)
		rc = cbi_db_transact(ctx, add_in_transaction, &c);
	if (rc < 0)
		return rc;
	*out = c.location;
	*number = c.number;
	return CB_OK;
}

/* The node reads its new target as if it were new; that all it had goes with
 * the old one is what was asked for. */
static int turn_node(struct cb_ctx *ctx, const struct cbi_location *location)
{
	static const struct cbi_db_stmt turn = {
		"location_turn",
		"update node set location_key = $2, raw = $3, raw_hash = "
		"sha256(convert_to($3, 'UTF8')), source = $2, processed = null,"
		" read_state = '{\"confirm\":true}', due_at = "
		"clock_timestamp() where ref = $1",
	};
	const char *params[3] = {
		location->entity_ref,
		cb_printf(ctx, "%s:%s", location->type, location->target),
		raw_of(ctx, location, NULL),
	};

	if (!params[1] || !params[2])
		return CB_ENOMEM;
	return cbi_db_query(ctx, &turn, params, 3, NULL);
}

static int update_in_transaction(struct cb_ctx *ctx, void *arg)
{
	struct change *c = arg;
	const char *params[] = { c->id, c->wish->type, c->wish->target };
	struct cbi_change change = { .cause = "location.update" };
	struct cbi_location before;
	int64_t number = 0;
	int rc = cbi_db_query(ctx, &be_patient, NULL, 0, NULL);

	if (rc == CB_OK)
		rc =
		    cbi_location_one(ctx, &lock_one, &c->id, 1, c->id, &before);
	if (rc == CB_OK)
		rc = cbi_location_one(ctx, &update_one, params, 3, c->id,
		                      &c->location);
	if (rc < 0)
		return rc;
	rc = turn_node(ctx, &c->location);
	if (rc == CB_OK)
		rc = write_audit(ctx, c, change.cause, &before, &c->location);
	if (rc == CB_OK)
		rc = cbi_location_wake(ctx);
	if (rc == CB_OK)
		rc = raise_number(ctx, &change, &number);
	c->number = (uint64_t)number;
	return rc;
}

int cbi_location_update(struct cb_ctx *ctx, const char *id,
                        const struct cbi_location_wish *wish,
                        struct cbi_location *out, uint64_t *number)
{
	struct change c = { .id = id, .wish = wish, .address = wish->address };
	int rc = cbi_location_check_id(ctx, id);

	if (rc == CB_OK)
		rc = cbi_location_check(ctx, wish);
	if (rc == CB_OK)
		rc = cbi_db_transact(ctx, update_in_transaction, &c);
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
		rc = cbi_location_one(ctx, &delete_one, &c->id, 1, c->id,
		                      &c->location);
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
			rc = write_audit(ctx, c, change.cause, &c->location,
			                 NULL);
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
	int rc = cbi_location_check_id(ctx, id);

	if (rc == CB_OK)
		rc = cbi_db_transact(ctx, delete_in_transaction, &c);
	if (rc == CB_OK)
		*number = c.number;
	return rc;
}
