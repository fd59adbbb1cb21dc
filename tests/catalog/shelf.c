/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shelf.c - see shelf.h.
 */
#include "tests/catalog/shelf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/board.h"
#include "base/buf.h"
#include "catalog/change.h"
#include "catalog/flatten.h"
#include "catalog/remove.h"
#include "catalog/version.h"
#include "catalog/fold.h"
#include "copy/copy.h"
#include "db/db.h"
#include "json/json.h"
#include "tests/lib/stores.h"

#define MUST(call)                                                      \
	do {                                                            \
		int must_rc = (call);                                   \
		if (must_rc < 0) {                                      \
			fprintf(stderr, "%s:%d: %s: %d %s\n", __FILE__, \
			        __LINE__, #call, must_rc,               \
			        cb_failure(&shelf->lane.ctx));          \
			exit(99);                                       \
		}                                                       \
	} while (0)

static void reset_board(void)
{
	struct cbi_board *board = cbi_board();

	atomic_store(&board->copy_number, 0);
	atomic_store(&board->wanted, 0);
	atomic_store(&board->level_ms, 0);
	atomic_store(&board->level_wall, 0);
	atomic_store(&board->registry_number, 0);
}

void shelf_open(struct shelf *shelf, const char *name)
{
	struct cbi_copy_config config;

	memset(shelf, 0, sizeof(*shelf));
	shelf->conninfo = lane_migrated(name);
	lane_open(&shelf->lane);
	reset_board();
	snprintf(shelf->dir, sizeof(shelf->dir), "%s/copy-%s",
	         stores_start(0)->dir, name);
	cbi_catalog_copy_config(shelf->dir, true, &config);
	config.map_size = 64 << 20;
	MUST(cbi_copy_create(&shelf->lane.ctx, &config, &shelf->catalog.copy));
	shelf->catalog.stale_if_error_ms = 3600000;
	shelf->follower = cbi_follower_create(shelf->catalog.copy);
}

void shelf_close(struct shelf *shelf)
{
	cbi_follower_destroy(shelf->follower);
	shelf_next(shelf); /* ends what the last context began */
	cbi_copy_lane_finish(&shelf->lane.lane);
	lane_close(&shelf->lane);
	cbi_copy_destroy(shelf->catalog.copy);
	cbi_db_shutdown();
}

struct cb_ctx *shelf_next(struct shelf *shelf)
{
	lane_next(&shelf->lane);
	return &shelf->lane.ctx;
}

static const char *text_of(json_t *entity, const char *path,
                           const char *fallback)
{
	return cb_json_text(entity, path, fallback);
}

/* The node of a ref, made when there is none; its number. */
static int64_t node_of(struct shelf *shelf, const char *ref)
{
	static const struct cbi_db_stmt find = {
		NULL, "insert into node (ref, raw, raw_hash) values ($1, '{}', "
		      "'') on conflict (ref) do update set ref = excluded.ref "
		      "returning id"
	};
	struct cbi_db_result *result;

	MUST(cbi_db_query(&shelf->lane.ctx, &find, &ref, 1, &result));
	return cbi_db_int(result, 0, 0);
}

static const char *array(struct shelf *shelf, const char *const *texts,
                         size_t n)
{
	struct cb_ctx *ctx = &shelf->lane.ctx;
	struct cb_buf buf;
	const char *out;

	cbi_buf_init(&buf, CB_MIB);
	MUST(cbi_db_array_text(&buf, texts, n));
	out = cb_strdup(ctx, cbi_buf_string(&buf));
	cbi_buf_finish(&buf);
	return out;
}

static const char *canonical(struct shelf *shelf, const json_t *entity)
{
	struct cb_buf buf;
	const char *out;

	cbi_buf_init(&buf, CB_MIB);
	MUST(cbi_json_canonical(&buf, entity));
	out = cb_strdup(&shelf->lane.ctx, cbi_buf_string(&buf));
	cbi_buf_finish(&buf);
	return out;
}

static void write_rows(struct shelf *shelf, json_t *entity, const char *ref,
                       int64_t id, const struct cbi_change *change)
{
	static const struct cbi_db_stmt write = {
		NULL,
		"with own as (update node set uid = $3 where id = $1 and not "
		"exists (select from entity e where e.id = $1)), new as "
		"(insert into entity_history (id, ref, uid, valid_from, "
		"number, source, cause, actor) values ($1, $2, $3, "
		"$16, $13, '', 'test', 'test')) insert "
		"into entity (id, ref, uid, kind, namespace, name, title, "
		"type, owner, tokens, originals, body, etag, hash, number, "
		"lifecycle, updated_at) values ($1, $2, $3, $4, $5, $6, $7, "
		"$8, $9, $10, $12, $11, $14, '', $13, $15, $16) on conflict "
		"(id) do update set lifecycle = excluded.lifecycle, "
		"title = "
		"excluded.title, type = excluded.type, owner = "
		"excluded.owner, tokens = excluded.tokens, originals = "
		"excluded.originals, body = excluded.body, etag = "
		"excluded.etag, number = excluded.number, updated_at = "
		"excluded.updated_at"
	};
	struct cb_ctx *ctx = &shelf->lane.ctx;
	struct cbi_tokens tokens;
	struct cbi_row *rows;
	const char *params[16], *old[2];
	size_t n;

	MUST(cbi_flatten(ctx, entity, &rows, &n));
	MUST(cbi_flatten_tokens(ctx, rows, n, &tokens));
	params[0] = cbi_db_number(ctx, id);
	params[1] = ref;
	params[2] = text_of(entity, "metadata.uid", "");
	params[3] = cbi_flatten_value(rows, n, "kind");
	params[4] = cbi_flatten_value(rows, n, "metadata.namespace");
	params[5] = cbi_flatten_value(rows, n, "metadata.name");
	params[6] = cbi_flatten_value(rows, n, "metadata.title");
	params[7] = cbi_flatten_value(rows, n, "spec.type");
	params[8] = cbi_flatten_value(rows, n, "relations.ownedby");
	params[9] = array(shelf, tokens.tokens, tokens.n);
	params[10] = canonical(shelf, entity);
	params[11] = array(shelf, tokens.originals, tokens.n);
	params[12] = cbi_db_number(ctx, change->number);
	params[15] = change->at;
	params[14] = cbi_flatten_value(rows, n, "spec.lifecycle");
	params[13] = text_of(entity, "metadata.etag", "");
	old[0] = cb_printf(ctx, "{%lld}", (long long)id);
	old[1] = change->at;
	MUST(cbi_db_query(ctx, &cbi_version_close, old, 2, NULL));
	MUST(cbi_db_query(ctx, &write, params, 16, NULL));
}

void shelf_put(struct shelf *shelf, const char *json)
{
	struct cb_ctx *ctx = shelf_next(shelf);
	struct cbi_change change = { .cause = "test", .written_n = 1 };
	json_t *entity, *metadata;
	const char *ref;
	char uid[40], etag[24];
	int64_t id;

	MUST(cb_json_parse(ctx, json, strlen(json), &entity));
	metadata = json_object_get(entity, "metadata");
	ref = cb_printf(ctx, "%s:%s/%s", text_of(entity, "kind", ""),
	                text_of(entity, "metadata.namespace", "default"),
	                text_of(entity, "metadata.name", ""));
	ref = cbi_catalog_fold(ctx, ref);
	MUST(cbi_db_begin(ctx));
	id = node_of(shelf, ref);
	MUST(cbi_change_next(ctx, &change));
	snprintf(uid, sizeof(uid), "00000000-0000-4000-8000-%012lld",
	         (long long)id);
	snprintf(etag, sizeof(etag), "e%lld", (long long)change.number);
	json_object_set_new(metadata, "uid", json_string(uid));
	json_object_set_new(metadata, "etag", json_string(etag));
	json_object_set_new(entity, "apiVersion",
	                    json_string("backstage.io/v1alpha1"));
	write_rows(shelf, entity, ref, id, &change);
	change.written = &id;
	MUST(cbi_change_write(ctx, &change));
	MUST(cbi_db_commit(ctx));
	cbi_board_raise(&cbi_board()->wanted, (uint64_t)change.number);
}

void shelf_delete(struct shelf *shelf, const char *ref)
{
	static const struct cbi_db_stmt find = {
		NULL, "select id from node where ref = $1"
	};
	struct cb_ctx *ctx = shelf_next(shelf);
	struct cbi_db_result *result;
	int64_t id, number;

	MUST(cbi_db_begin(ctx));
	MUST(cbi_db_query(ctx, &find, &ref, 1, &result));
	id = cbi_db_int(result, 0, 0);
	MUST(cbi_remove_nodes(ctx, &id, 1, "test", &number));
	MUST(cbi_db_commit(ctx));
	cbi_board_raise(&cbi_board()->wanted, (uint64_t)number);
}

void shelf_follow(struct shelf *shelf)
{
	struct cbi_board *board = cbi_board();

	do {
		MUST(cbi_follow_once(shelf_next(shelf), shelf->follower, 50));
	} while (atomic_load(&board->copy_number) <
	         atomic_load(&board->wanted));
	shelf_next(shelf);
}

#define ENTITY(kind, metadata, spec, relations)                              \
	"{\"kind\":\"" kind "\",\"metadata\":{" metadata "},\"spec\":{" spec \
	"},\"relations\":[" relations "]}"
#define OWNED "{\"type\":\"ownedBy\",\"targetRef\":\"group:default/a\"}"

void shelf_fill(struct shelf *shelf)
{
	static const char *const entities[] = {
		ENTITY("Component",
		       "\"name\":\"web\",\"title\":\"The 100%_Web\",\"tags\":["
		       "\"java\",\"go\"]",
		       "\"type\":\"website\",\"lifecycle\":\"production\"",
		       OWNED),
		ENTITY("Component",
		       "\"name\":\"api-gate\",\"tags\":[\"go\"],\"annotations\""
		       ":{\"a/b.c\":\"X\"}",
		       "\"type\":\"Service\",\"lifecycle\":\"experimental\"",
		       OWNED),
		ENTITY("Component",
		       "\"name\":\"Ledger\",\"namespace\":\"billing\"",
		       "\"type\":\"service\",\"ports\":[80,443],\"note\":null",
		       "{\"type\":\"ownedBy\",\"targetRef\":\"group:billing/"
		       "b\"}"),
		ENTITY("Component", "\"name\":\"ledger\"", "", ""),
		ENTITY("API", "\"name\":\"quota\"", "\"type\":\"openapi\"",
		       OWNED),
		ENTITY("Group", "\"name\":\"a\"", "\"type\":\"team\"", ""),
		ENTITY("Group", "\"name\":\"b\",\"namespace\":\"billing\"",
		       "\"type\":\"team\"", ""),
		ENTITY("User", "\"name\":\"guest\"", "\"x\":{\"y\":\"Z\"}", ""),
		ENTITY("System",
		       "\"name\":\"core\",\"description\":\"a \\\"core\\\"\"",
		       "", OWNED),
	};

	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
		shelf_put(shelf, entities[i]);
	shelf_follow(shelf);
}
