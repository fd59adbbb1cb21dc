/* SPDX-License-Identifier: Apache-2.0 */
/*
 * house.c - see house.h.
 */
#include "config.h"

#include "tests/web/pages/house.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/auth.h"
#include "base/board.h"
#include "base/clock.h"
#include "base/str.h"
#include "cache/cache.h"
#include "catalog/layout.h"
#include "catalog/member.h"
#include "config/config.h"
#include "copy/copy.h"
#include "db/db.h"
#include "html/addr.h"
#include "jose/jose.h"
#include "json/json.h"
#include "policy/policy.h"
#include "source/ask.h"
#include "web/api/api.h"
#include "web/pages/pages.h"
#include "web/steps.h"

#define MUST(call)                                                      \
	do {                                                            \
		int must_rc = (call);                                   \
		if (must_rc < 0) {                                      \
			fprintf(stderr, "%s:%d: %s: %d %s\n", __FILE__, \
			        __LINE__, #call, must_rc,               \
			        cb_failure(&house->ctx));               \
			exit(99);                                       \
		}                                                       \
	} while (0)

#define HEADERS 8
#define TABLES_MAX 40

const struct cbi_endpoint *house_extra;

struct house {
	char dir[64];
	struct cbi_lane lane;
	struct cb_ctx ctx;
	struct cbi_config *config, *rules; /* rules: house_policy's */
	struct cbi_copy *copy;
	struct cbi_auth *auth;
	struct cbi_cache *cache;
	struct cbi_policy *policy;
	struct cbi_catalog catalog;
	struct cbi_router *router;
	struct cbi_web web;
	struct cbi_web_lane serving;

	/* The request. */
	const char *uri, *form;
	size_t form_at;
	char length[24];
	char cookie[1024];
	struct {
		const char *name, *value;
	} headers[HEADERS];

	/* The answer. */
	struct cb_buf sent;
	char value[1024];
	struct house_answer answer;
	int64_t behind;
};

static const char *param(void *carrier, const char *name)
{
	struct house *house = carrier;

	for (size_t i = 0; i < HEADERS; i++)
		if (house->headers[i].name &&
		    strcmp(house->headers[i].name, name) == 0)
			return house->headers[i].value;
	if (strcmp(name, "REQUEST_METHOD") == 0)
		return house->form ? "POST" : "GET";
	if (strcmp(name, "REQUEST_URI") == 0)
		return house->uri;
	if (strcmp(name, "HTTP_COOKIE") == 0)
		return house->cookie;
	if (strcmp(name, "REMOTE_ADDR") == 0)
		return "127.0.0.1";
	if (house->form && strcmp(name, "CONTENT_LENGTH") == 0)
		return house->length;
	if (house->form && strcmp(name, "CONTENT_TYPE") == 0)
		return "application/x-www-form-urlencoded";
	return NULL;
}

static ssize_t take(void *carrier, void *data, size_t len)
{
	struct house *house = carrier;
	size_t left = house->form ? strlen(house->form) - house->form_at : 0;

	if (len > left)
		len = left;
	if (len)
		memcpy(data, house->form + house->form_at, len);
	house->form_at += len;
	return (ssize_t)len;
}

static int give(void *carrier, const void *data, size_t len)
{
	struct house *house = carrier;

	return cb_buf_add(&house->sent, data, len) == CB_OK ? 0 : -1;
}

static void write_config(struct house *house, const char *base_path)
{
	char path[96];
	const char *files[2] = { path, NULL };
	struct cb_buf report;
	FILE *file;

	snprintf(path, sizeof(path), "%s/callboard.yaml", house->dir);
	file = fopen(path, "w");
	if (!file)
		exit(99);
	fprintf(
	    file,
	    "app: {title: Callboard}\n"
	    "organization: {name: Ondry & Line}\n"
	    "backend: {baseUrl: 'http://127.0.0.1:7007%s', auth: "
	    "{externalAccess: [{type: static, options: {token: " HOUSE_SERVICE
	    ", subject: house}}, {type: static, options: "
	    "{token: " HOUSE_RESTRICTED ", subject: narrow}, "
	    "accessRestrictions: [{plugin: catalog}]}]}}\n"
	    "auth: {guest: true}\npermission: {defaultRole: guest}\n",
	    base_path);
	fclose(file);
	cbi_buf_init(&report, CB_MIB);
	if (cbi_config_load(&house->ctx, files, &report, &house->config) < 0) {
		fprintf(stderr, "%s\n", cbi_buf_string(&report));
		exit(99);
	}
	cbi_buf_finish(&report);
}

static void put_entity(struct house *house, struct cbi_copy_txn *txn,
                       const char *json, int64_t id)
{
	struct cb_ctx *ctx = &house->ctx;
	struct cbi_layout_entity entity = {
		.id = id,
		.number = (uint64_t)id,
		.updated_ms = cbi_clock_wall_ms() - id * 60000,
		.body = { json, strlen(json) },
	};
	struct cb_buf scratch;
	json_t *value;
	char *ref;

	MUST(cb_json_parse(ctx, json, strlen(json), &value));
	ref = cb_printf(ctx, "%s:%s/%s", cb_json_text(value, "kind", ""),
	                cb_json_text(value, "metadata.namespace", "default"),
	                cb_json_text(value, "metadata.name", ""));
	cbi_str_lower(ref);
	entity.ref = ref;
	entity.uid =
	    cb_printf(ctx, "00000000-0000-4000-8000-%012lld", (long long)id);
	entity.etag = cb_printf(ctx, "e%lld", (long long)id);
	cbi_buf_init(&scratch, CB_MIB);
	MUST(cbi_layout_put(ctx, txn, &entity, &scratch));
	cbi_buf_finish(&scratch);
}

/* Made an hour ago, good for three. */
static void put_token_key(struct house *house, struct cbi_copy_txn *txn)
{
	const uint64_t now = (uint64_t)cbi_clock_wall_ms();
	static const char kid[] = "00000000-0000-4000-8000-000000000002";
	unsigned char record[1024];
	const char *jwk;

	MUST(cbi_jose_generate(&house->ctx, kid, &jwk));
	cbi_layout_number(now - 3600000, record);
	cbi_layout_number(now + 7200000, record + 8);
	memcpy(record + 16, jwk, strlen(jwk));
	MUST(cbi_copy_put(&house->ctx, txn, CBI_TABLE_TOKEN_KEY, kid,
	                  strlen(kid), record, 16 + strlen(jwk)));
}

static void fill(struct house *house, const char *const *entities)
{
	static const char key[] =
	    "\0\0\0\0\0\0\0\1a secret of thirty-two bytes!";
	struct cbi_layout_state state = { .format = CBI_LAYOUT_FORMAT,
		                          .number = 1,
		                          .registry = 1 };
	struct cb_ctx *ctx = &house->ctx;
	struct cbi_copy_txn *txn;
	bool fresh;

	cbi_str_copy(state.database, sizeof(state.database), "test");
	state.level_wall = cbi_clock_wall_ms();
	MUST(cbi_copy_lock(ctx, house->copy, &fresh));
	MUST(cbi_copy_rebuild(ctx, house->copy, 0));
	MUST(cbi_copy_write(ctx, house->copy, &txn));
	for (int64_t i = 0; entities[i]; i++)
		put_entity(house, txn, entities[i], i + 1);
	MUST(cbi_copy_put(ctx, txn, CBI_TABLE_META, "state", 5, &state,
	                  sizeof(state)));
	MUST(cbi_copy_put(ctx, txn, CBI_TABLE_KEY,
	                  "00000000-0000-4000-8000-000000000001", 36, key,
	                  sizeof(key) - 1));
	put_token_key(house, txn);
	MUST(cbi_copy_commit(ctx, txn));
	MUST(cbi_copy_swap(ctx, house->copy));
	atomic_store(&cbi_board()->copy_number, 1);
	atomic_store(&cbi_board()->wanted, 1);
	atomic_store(&cbi_board()->registry_number, 1);
}

static void open_policy(struct house *house, const struct cbi_config *config)
{
	struct cbi_policy_joins joins = {
		.copy = house->copy,
		.table = CBI_TABLE_ROLE,
		.number = cbi_member_number,
		.members = cbi_member_of,
	};

	house->cache = cbi_cache_create(0);
	joins.cache = house->cache;
	if (!house->cache)
		exit(99);
	MUST(cbi_policy_create(&house->ctx, config, &joins, &house->policy));
	house->web.policy = house->policy;
	house->catalog.sights = house->cache;
}

void house_policy(struct house *house, const char *config)
{
	char path[96];
	const char *files[2] = { path, NULL };
	struct cb_buf report;
	FILE *file;

	snprintf(path, sizeof(path), "%s/policy.yaml", house->dir);
	file = fopen(path, "w");
	if (!file)
		exit(99);
	fputs(config, file);
	fclose(file);
	cbi_policy_destroy(house->policy);
	/* What was decided by the one before is kept in it. */
	cbi_cache_destroy(house->cache);
	cbi_config_destroy(house->rules);
	cbi_ctx_finish(&house->ctx);
	cbi_ctx_init(&house->ctx, &house->lane);
	cbi_buf_init(&report, CB_MIB);
	MUST(cbi_config_load(&house->ctx, files, &report, &house->rules));
	cbi_buf_finish(&report);
	open_policy(house, house->rules);
}

static void make_router(struct house *house)
{
	const struct cbi_endpoint *all[TABLES_MAX];
	const struct cbi_endpoint *const *pages;
	size_t n = 0, count;

	all[n++] = cbi_api_entities;
	all[n++] = cbi_api_auth_token;
	all[n++] = cbi_api_plugin_auth;
	if (house_extra)
		all[n++] = house_extra;
	pages = cbi_pages_tables(&count);
	for (size_t i = 0; i < count && n < TABLES_MAX; i++)
		all[n++] = pages[i];
	MUST(cbi_router_create(all, n, &house->router));
}

struct house *house_open(const char *base_path, const char *const *entities)
{
	struct house *house = calloc(1, sizeof(*house));
	struct cbi_copy_config config;
	char copy[96];

	if (!house)
		exit(99);
	strcpy(house->dir, "/tmp/cb-pages-XXXXXX");
	if (!mkdtemp(house->dir))
		exit(99);
	cbi_lane_init(&house->lane, 64 * CB_MIB);
	cbi_ctx_init(&house->ctx, &house->lane);
	cbi_buf_init(&house->sent, 16 * CB_MIB);
	write_config(house, base_path);
	snprintf(copy, sizeof(copy), "%s/copy", house->dir);
	cbi_catalog_copy_config(copy, true, &config);
	config.map_size = 64 << 20;
	MUST(cbi_copy_create(&house->ctx, &config, &house->copy));
	fill(house, entities);
	MUST(cbi_auth_create(&house->ctx, house->config, house->copy,
	                     CBI_TABLE_KEY, &house->auth));
	open_policy(house, house->config);
	make_router(house);
	MUST(cbi_addr_set(base_path, "abc123"));
	house->catalog.copy = house->copy;
	house->catalog.stale_if_error_ms = 3600000;
	house->web.config = house->config;
	house->web.settings = cbi_config_settings(house->config);
	house->web.auth = house->auth;
	house->web.copy = house->copy;
	house->web.catalog = &house->catalog;
	house->web.router = house->router;
	house->web.faces = &cbi_page_faces;
	house->web.pool = "core";
	cbi_web_lane_init(&house->serving, -1, 0);
	return house;
}

static int drop(const char *path, const struct stat *info, int type,
                struct FTW *at)
{
	(void)info;
	(void)type;
	(void)at;
	return remove(path);
}

void house_close(struct house *house)
{
	cbi_source_lane_finish(&house->serving.lane);
	cbi_copy_lane_finish(&house->serving.lane);
	cbi_db_lane_finish(&house->serving.lane);
	cbi_web_lane_finish(&house->serving);
	cbi_router_destroy(house->router);
	cbi_policy_destroy(house->policy);
	cbi_auth_destroy(house->auth);
	cbi_ctx_finish(&house->ctx);
	cbi_copy_lane_finish(&house->lane);
	cbi_copy_destroy(house->copy);
	cbi_cache_destroy(house->cache);
	cbi_config_destroy(house->config);
	cbi_config_destroy(house->rules);
	cbi_buf_finish(&house->sent);
	cbi_lane_finish(&house->lane);
	nftw(house->dir, drop, 8, FTW_DEPTH | FTW_PHYS);
	free(house);
}

const struct house_answer *house_last(const struct house *house)
{
	return &house->answer;
}

const char *house_user_token(struct house *house, const char *user)
{
	const struct cbi_who who = { .kind = CBI_WHO_USER, .subject = user };
	const char *token;
	int64_t expires;

	MUST(cbi_auth_issue(&house->ctx, house->auth, &who, &token, &expires));
	return token;
}

const char *house_plugin_token(struct house *house, const char *plugin,
                               const char *target, const char *user)
{
	const struct cbi_who who = { .kind = CBI_WHO_USER, .subject = user };
	const char *token;

	MUST(cbi_auth_issue_plugin(&house->ctx, house->auth, plugin, target,
	                           user ? &who : NULL, &token));
	return token;
}

void house_header(struct house *house, const char *name, const char *value)
{
	size_t i = 0;

	while (i < HEADERS - 1 && house->headers[i].name &&
	       strcmp(house->headers[i].name, name) != 0)
		i++;
	house->headers[i].name = name;
	house->headers[i].value = value;
}

void house_forget(struct house *house)
{
	house->cookie[0] = '\0';
}

void house_behind(struct house *house, long ms)
{
	house->behind = ms;
}

/* What a browser would do with Set-Cookie, as far as tests need it. */
static void keep_cookie(struct house *house)
{
	const char *set = house_said(house, "Set-Cookie");
	size_t len;

	if (!set)
		return;
	len = strcspn(set, ";");
	if (strstr(set, "Max-Age=0")) {
		house_forget(house);
		return;
	}
	if (house->cookie[0])
		strncat(house->cookie, "; ",
		        sizeof(house->cookie) - strlen(house->cookie) - 1);
	if (len < sizeof(house->cookie) - strlen(house->cookie) - 1)
		strncat(house->cookie, set, len);
}

const struct house_answer *house_ask(struct house *house, const char *uri,
                                     const char *form)
{
	char *end;

	house->uri = uri;
	house->form = form;
	house->form_at = 0;
	snprintf(house->length, sizeof(house->length), "%zu",
	         form ? strlen(form) : 0);
	cbi_buf_clear(&house->sent);
	atomic_store(&cbi_board()->level_ms, cbi_clock_ms() - house->behind);
	struct cbi_port port = {
		.carrier = house, .param = param, .read = take, .write = give
	};
	cbi_web_serve(&house->web, &house->serving, &port);
	end = strstr(cbi_buf_string(&house->sent), "\r\n\r\n");
	if (!end)
		exit(99);
	*end = '\0';
	house->answer.head = house->sent.data;
	house->answer.body = end + 4;
	house->answer.status = atoi(house_said(house, "Status"));
	keep_cookie(house);
	return &house->answer;
}

const char *house_said(const struct house *house, const char *name)
{
	const char *line = house->answer.head;
	size_t len = strlen(name);
	char *value = (char *)house->value;

	while (line) {
		if (strncmp(line, name, len) == 0 && line[len] == ':') {
			line += len + 1 + strspn(line + len + 1, " ");
			snprintf(value, sizeof(house->value), "%.*s",
			         (int)strcspn(line, "\r"), line);
			return value;
		}
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return NULL;
}

const char *house_csrf(const struct house *house)
{
	static const char field[] = "name=\"csrf\" value=\"";
	const char *at = strstr(house->answer.body, field);
	char *value = (char *)house->value;

	if (!at)
		return "";
	at += sizeof(field) - 1;
	snprintf(value, sizeof(house->value), "%.*s", (int)strcspn(at, "\""),
	         at);
	return value;
}
