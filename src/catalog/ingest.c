/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ingest.c - what stands around the rounds: configuration, roots, sweeping
 * and what went wrong.
 */
#include "catalog/ingest.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "catalog/batch.h"
#include "catalog/cols.h"
#include "catalog/kinds.h"
#include "catalog/remove.h"
#include "catalog/rules.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "db/db.h"
#include "json/json.h"

/* --- configuration --- */

static int complain(struct cb_ctx *ctx, size_t i, const char *what)
{
	return cb_fail(ctx, CB_EINVAL, "catalog.locations.%zu%s", i, what);
}

/* An absolute path: relative ones are below the working directory, as
 * upstream has it. */
static const char *absolute(struct cb_ctx *ctx, const char *path)
{
	char folder[4096];

	while (cbi_str_starts(path, "./"))
		path += 2;
	if (path[0] == '/')
		return cb_strdup(ctx, path);
	if (!getcwd(folder, sizeof(folder))) {
		cb_fail(ctx, CB_EBUG, "there is no working directory");
		return NULL;
	}
	return cb_printf(ctx, "%s/%s", folder, path);
}

static int read_root(struct cb_ctx *ctx, const json_t *json, size_t i,
                     struct cbi_ingest_root *root)
{
	const char *folder = json_string_value(json_object_get(json, "root"));

	root->type = json_string_value(json_object_get(json, "type"));
	root->target = json_string_value(json_object_get(json, "target"));
	if (!root->type ||
	    (strcmp(root->type, "file") != 0 && strcmp(root->type, "url") != 0))
		return complain(ctx, i, ".type: expected file or url");
	if (!root->target || !*root->target)
		return complain(ctx, i, ".target: expected a path or a URL");
	if (strcmp(root->type, "url") == 0)
		return CB_OK;
	root->target = absolute(ctx, root->target);
	if (folder)
		root->folder = absolute(ctx, folder);
	return root->target && (!folder || root->folder) ? CB_OK
	                                                 : cb_failure_code(ctx);
}

static int read_roots(struct cb_ctx *ctx, const json_t *locations,
                      struct cbi_ingest *out, const char ***targets)
{
	size_t n = json_array_size(locations);
	struct cbi_ingest_root *roots = cb_alloc(ctx, (n + 1) * sizeof(*roots));
	int rc = CB_OK;

	*targets = cb_alloc(ctx, (n + 1) * sizeof(**targets));
	if (!roots || !*targets)
		return CB_ENOMEM;
	for (size_t i = 0; rc == CB_OK && i < n; i++) {
		rc = read_root(ctx, json_array_get(locations, i), i, &roots[i]);
		(*targets)[i] = roots[i].target;
	}
	out->roots = roots;
	out->n = n;
	return rc;
}

/* What decides over a document besides the document.  Rules of locations go
 * with their locations, so that another order is another hash; who reorders
 * them has everything read once more. */
static int hash_settings(struct cb_ctx *ctx, const struct cbi_config *config,
                         const json_t *locations, struct cbi_ingest *out)
{
	const json_t *rules = cbi_config_get(config, "catalog.rules");
	const json_t *kinds = cbi_config_get(config, "catalog.kinds");
	char hex[CB_SHA1_HEX];
	struct cb_buf buf;
	int rc;

	cbi_buf_init(&buf, 16 * CB_MIB);
	rc = rules ? cbi_json_canonical(&buf, rules) : CB_OK;
	if (rc == CB_OK && kinds)
		rc = cbi_json_canonical(&buf, kinds);
	for (size_t i = 0; rc == CB_OK && i < json_array_size(locations); i++) {
		const json_t *one = json_array_get(locations, i);
		const json_t *own = json_object_get(one, "rules");

		if (!own)
			continue;
		rc = cb_buf_text(&buf, out->roots[i].target);
		if (rc == CB_OK)
			rc = cbi_json_canonical(&buf, own);
	}
	if (rc == CB_OK)
		rc = cb_buf_text(&buf, out->isolate ? "" : "block");
	if (rc < 0) {
		cbi_buf_finish(&buf);
		return cb_fail(ctx, rc,
		               "catalog.rules and catalog.kinds are too "
		               "long");
	}
	cbi_crypto_sha1_hex(buf.data ? buf.data : "", buf.len, hex);
	cbi_buf_finish(&buf);
	out->settings = cb_strdup(ctx, hex);
	return out->settings ? CB_OK : CB_ENOMEM;
}

int cbi_ingest_configure(struct cb_ctx *ctx, const struct cbi_config *config,
                         struct cbi_ingest *out)
{
	const struct cbi_settings *settings = cbi_config_settings(config);
	const json_t *locations = cbi_config_get(config, "catalog.locations");
	const char **targets;
	int rc;

	if (locations && !json_is_array(locations))
		return cb_fail(ctx, CB_EINVAL,
		               "catalog.locations: expected a list");
	rc = read_roots(ctx, locations, out, &targets);
	if (rc < 0)
		return rc;
	out->isolate = settings->isolate;
	out->interval_ms = settings->interval_ms;
	out->keep_orphans =
	    strcmp(cbi_config_text(config, "catalog.orphanStrategy", "delete"),
	           "keep") == 0;
	rc = hash_settings(ctx, config, locations, out);
	if (rc == CB_OK)
		rc = cbi_kinds_read(
		    ctx, cbi_config_get(config, "catalog.kinds"), &out->kinds);
	if (rc < 0)
		return rc;
	return cbi_rules_read(ctx, cbi_config_get(config, "catalog.rules"),
	                      locations, targets, &out->rules);
}

/* --- roots --- */

static const struct cbi_db_stmt registered = {
	"sync_registered",
	"select type, target from location order by id",
};

/* In the order of all locks; who is being read now learns it when he is read
 * again. */
static const struct cbi_db_stmt resettle = {
	"sync_resettle",
	"with old as (select id from node where due_at is not null"
	"  and due_at > clock_timestamp() and processed is not null"
	"  and coalesce(read_state::jsonb ->> 'settings', '') <> $1"
	"  order by ref for no key update skip locked)"
	" update node n set due_at = clock_timestamp() from old"
	" where n.id = old.id",
};

/* Roots that a provider holds, but not with one of these refs. */
static const struct cbi_db_stmt unwanted = {
	"sync_unwanted",
	"select n.id, n.ref from edge e join node n on n.id = e.child"
	" where e.provider = $1 and n.ref <> all($2::text[]) order by n.id",
};

struct sync {
	const struct cbi_ingest *in;
	const char *provider;
	const struct cbi_ingest_root *roots;
	size_t n;
};

static int root_tx(struct cb_ctx *ctx, void *arg)
{
	return cbi_batch_write(ctx, arg);
}

/* One root, one transaction: their location keys differ. */
static int add_root(struct cb_ctx *ctx, const char *provider,
                    const struct cbi_ingest_root *root)
{
	struct cbi_item item = { 0 };
	struct cbi_batch batch = { .provider = provider,
		                   .items = &item,
		                   .n = 1 };
	int rc;

	batch.key = cb_printf(ctx, "%s:%s", root->type, root->target);
	item.ref = cbi_model_generated_ref(ctx, root->type, root->target);
	item.entity = cbi_model_generated(root->type, root->target, NULL);
	rc = cbi_json_keep(ctx, item.entity);
	if (rc < 0 || !batch.key || !item.ref)
		return CB_ENOMEM;
	item.source = batch.key;
	batch.place.location = batch.place.origin = batch.key;
	rc = cbi_db_transact(ctx, root_tx, &batch);
	/* Another engine was first: it is there, and that is all. */
	return rc == CB_EBUSY && cb_failure_code(ctx) == CB_OK ? CB_OK : rc;
}

static int drop_unwanted(struct cb_ctx *ctx, void *arg)
{
	const struct sync *sync = arg;
	const char **refs = cb_alloc(ctx, (sync->n + 1) * sizeof(*refs));
	const char *params[2] = { sync->provider };
	struct cbi_db_result *rows;
	size_t n, removed;
	int64_t *ids;
	int rc;

	if (!refs)
		return CB_ENOMEM;
	for (size_t i = 0; i < sync->n; i++) {
		refs[i] = cbi_model_generated_ref(ctx, sync->roots[i].type,
		                                  sync->roots[i].target);
		if (!refs[i])
			return CB_ENOMEM;
	}
	params[1] = cbi_cols_texts(ctx, refs, sync->n);
	if (!params[1])
		return cb_failure_code(ctx);
	rc = cbi_db_query(ctx, &unwanted, params, 2, &rows);
	n = rc == CB_OK ? cbi_db_rows(rows) : 0;
	if (n == 0)
		return rc;
	ids = cb_alloc(ctx, n * sizeof(*ids));
	if (!ids)
		return CB_ENOMEM;
	for (size_t i = 0; i < n; i++)
		ids[i] = cbi_db_int(rows, i, 0);
	return cbi_remove_provided(ctx, sync->provider, ids, n, "config",
	                           &removed);
}

static int sync_provider(struct cb_ctx *ctx, struct sync *sync)
{
	struct cbi_ctx_mark mark;
	int rc = CB_OK;

	for (size_t i = 0; rc == CB_OK && i < sync->n; i++) {
		cbi_ctx_mark(ctx, &mark);
		rc = add_root(ctx, sync->provider, &sync->roots[i]);
		cbi_ctx_rewind(ctx, &mark);
	}
	return rc < 0 ? rc : cbi_db_transact(ctx, drop_unwanted, sync);
}

static int registered_roots(struct cb_ctx *ctx, struct sync *sync)
{
	struct cbi_ingest_root *roots;
	struct cbi_db_result *rows;
	int rc = cbi_db_query(ctx, &registered, NULL, 0, &rows);

	if (rc < 0)
		return rc;
	sync->n = cbi_db_rows(rows);
	roots = cb_alloc(ctx, (sync->n + 1) * sizeof(*roots));
	if (!roots)
		return CB_ENOMEM;
	for (size_t i = 0; i < sync->n; i++) {
		roots[i].type = cbi_db_text(rows, i, 0);
		roots[i].target = cbi_db_text(rows, i, 1);
	}
	sync->roots = roots;
	return CB_OK;
}

int cbi_ingest_sync(struct cb_ctx *ctx, const struct cbi_ingest *in)
{
	struct sync sync = { in, "config", in->roots, in->n };
	struct cbi_ctx_mark mark;
	int rc;

	cbi_ctx_mark(ctx, &mark);
	rc = sync_provider(ctx, &sync);
	sync.provider = "store";
	if (rc == CB_OK)
		rc = registered_roots(ctx, &sync);
	if (rc == CB_OK)
		rc = sync_provider(ctx, &sync);
	if (rc == CB_OK && in->settings)
		rc = cbi_db_query(ctx, &resettle, &in->settings, 1, NULL);
	cbi_ctx_rewind(ctx, &mark);
	return rc;
}

/* --- sweeping --- */

/* Everything that no provider leads to, cycles included. */
static const struct cbi_db_stmt unreached = {
	"sweep_unreached",
	"with recursive held(id) as ("
	" select child from edge where provider is not null"
	" union select e.child from edge e join held h on e.parent = h.id)"
	" select id from node except select id from held order by 1 limit 1000",
};

static int sweep(struct cb_ctx *ctx, void *arg)
{
	struct cbi_db_result *rows;
	size_t *removed = arg;
	int64_t *ids, number;
	int rc = cbi_db_query(ctx, &unreached, NULL, 0, &rows);

	*removed = 0;
	if (rc < 0 || cbi_db_rows(rows) == 0)
		return rc;
	ids = cb_alloc(ctx, cbi_db_rows(rows) * sizeof(*ids));
	if (!ids)
		return CB_ENOMEM;
	for (size_t i = 0; i < cbi_db_rows(rows); i++)
		ids[i] = cbi_db_int(rows, i, 0);
	*removed = cbi_db_rows(rows);
	rc = cbi_remove_lock(ctx, ids, *removed);
	return rc < 0 ? rc
	              : cbi_remove_nodes(ctx, ids, *removed, "orphan", &number);
}

int cbi_ingest_sweep(struct cb_ctx *ctx, const struct cbi_ingest *in,
                     size_t *removed)
{
	*removed = 0;
	return in->keep_orphans ? CB_OK : cbi_db_transact(ctx, sweep, removed);
}

/* --- what went wrong --- */

static const struct cbi_db_stmt confirm = {
	"ingest_confirm",
	"update node set due_at = clock_timestamp(), read_state ="
	" jsonb_set(read_state::jsonb, '{confirm}', 'true')::text"
	" where ref = $1 and due_at is not null"
	" and read_state::jsonb ->> 'guarded' = 'true' returning 1",
};

static const struct cbi_db_stmt is_location = {
	"ingest_is_location",
	"select 1 from node where ref = $1 and due_at is not null",
};

static const struct cbi_db_stmt wake = {
	"ingest_wake",
	"select pg_notify('callboard_work', '')",
};

struct confirming {
	const char *ref, *address;
};

static int refuse_confirm(struct cb_ctx *ctx, const char *ref)
{
	struct cbi_db_result *rows;
	int rc = cbi_db_query(ctx, &is_location, &ref, 1, &rows);

	if (rc < 0)
		return rc;
	if (cbi_db_rows(rows) == 0)
		return cb_fail(ctx, CB_ENOENT, "no location %.200s", ref);
	return cb_fail(ctx, CB_ECONFLICT,
	               "nothing of %.200s waits for confirmation", ref);
}

static int confirm_in_transaction(struct cb_ctx *ctx, void *arg)
{
	const struct confirming *c = arg;
	struct cbi_audit entry = { .action = "location.confirm",
		                   .object = c->ref,
		                   .address = c->address };
	struct cbi_db_result *rows;
	int rc = cbi_db_query(ctx, &confirm, &c->ref, 1, &rows);

	if (rc < 0)
		return rc;
	if (cbi_db_rows(rows) == 0)
		return refuse_confirm(ctx, c->ref);
	rc = cbi_audit_write(ctx, &entry);
	return rc < 0 ? rc : cbi_db_query(ctx, &wake, NULL, 0, NULL);
}

int cbi_ingest_confirm(struct cb_ctx *ctx, const char *ref, const char *address)
{
	struct confirming c = { ref, address };

	return cbi_db_transact(ctx, confirm_in_transaction, &c);
}

static const struct cbi_db_stmt troubles = {
	"ingest_troubles",
	"select n.ref, n.source, n.errors, exists"
	" (select 1 from entity e where e.id = n.id), n.due_at is not null"
	"  and n.read_state::jsonb ->> 'guarded' = 'true'"
	" from node n where n.errors <> '[]' order by n.ref limit $1::bigint",
};

int cbi_ingest_troubles(struct cb_ctx *ctx, size_t max,
                        struct cbi_ingest_trouble **out, size_t *n)
{
	const char *limit = cbi_db_number(ctx, (int64_t)max);
	struct cbi_ingest_trouble *list;
	struct cbi_db_result *rows;
	json_t *errors;
	int rc;

	if (!limit)
		return CB_ENOMEM;
	rc = cbi_db_query(ctx, &troubles, &limit, 1, &rows);
	if (rc < 0)
		return rc;
	list = cb_alloc(ctx, (cbi_db_rows(rows) + 1) * sizeof(*list));
	if (!list)
		return CB_ENOMEM;
	for (size_t i = 0; i < cbi_db_rows(rows); i++) {
		rc = cb_json_parse(ctx, cbi_db_text(rows, i, 2),
		                   cbi_db_len(rows, i, 2), &errors);
		if (rc < 0)
			return rc;
		list[i].ref = cbi_db_text(rows, i, 0);
		list[i].source = cbi_db_text(rows, i, 1);
		list[i].errors = errors;
		list[i].visible = cbi_db_bool(rows, i, 3);
		list[i].confirm = cbi_db_bool(rows, i, 4);
	}
	*out = list;
	*n = cbi_db_rows(rows);
	return CB_OK;
}
