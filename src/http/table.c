/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.c - the connections of the config, checked once and then constant.
 */
#include "http/http_priv.h"

#include "base/buf.h"
#include "base/ctx.h"
#include "base/str.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

/* Names and credentials of one table; a thousand connections fit. */
#define TABLE_MAX (4 * CB_MIB)
#define CONNECTIONS_MAX 1000
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz0123456789-"

/* What reads one connection. */
struct reader {
	struct cb_ctx *ctx;
	struct cbi_http *http;
	const char *name;
	const json_t *json;
};

static const char *keep(struct reader *r, const char *text)
{
	size_t len = strlen(text) + 1;
	char *copy = cbi_arena_alloc(&r->http->arena, len);

	if (copy)
		memcpy(copy, text, len);
	else
		cb_fail(r->ctx, CB_ENOMEM, "no memory for connections");
	return copy;
}

static int wrong(struct reader *r, const char *key, const char *expected)
{
	return cb_fail(r->ctx, CB_EINVAL, "connections.%s.%s: %s", r->name, key,
	               expected);
}

/* A text that may stand in a header; NULL after cb_fail. */
static const char *need(struct reader *r, const json_t *map, const char *path,
                        const char *key)
{
	const json_t *value = json_object_get(map, key);
	const char *text = json_string_value(value);
	char at[80];

	snprintf(at, sizeof(at), "%s%s", path, key);
	if (!text || !*text) {
		wrong(r, at, "expected a text");
		return NULL;
	}
	for (const char *p = text; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f) {
			wrong(r, at, "holds a control character");
			return NULL;
		}
	}
	return keep(r, text);
}

static int read_line(struct reader *r, struct cbi_http_connection *conn,
                     const char *name, const char *value)
{
	char *line = cb_printf(r->ctx, "%s: %s", name, value);

	conn->line = line ? keep(r, line) : NULL;
	conn->credential = CBI_HTTP_CREDENTIAL_HEADER;
	return conn->line ? CB_OK : CB_ENOMEM;
}

static int read_credential(struct reader *r, struct cbi_http_connection *conn)
{
	static const char at[] = "credential.";
	const json_t *map = json_object_get(r->json, "credential");
	const char *type = json_string_value(json_object_get(map, "type"));
	const char *name, *value;

	if (!map)
		return CB_OK;
	if (type && strcmp(type, "basic") == 0) {
		conn->user = need(r, map, at, "user");
		conn->password =
		    conn->user ? need(r, map, at, "password") : NULL;
		conn->credential = CBI_HTTP_CREDENTIAL_BASIC;
		return conn->password ? CB_OK : CB_EINVAL;
	}
	if (type && strcmp(type, "bearer") == 0) {
		value = need(r, map, at, "token");
		if (!value)
			return CB_EINVAL;
		return read_line(r, conn, "Authorization",
		                 cb_printf(r->ctx, "Bearer %s", value));
	}
	if (type && strcmp(type, "header") == 0) {
		name = need(r, map, at, "name");
		value = name ? need(r, map, at, "value") : NULL;
		if (!value)
			return CB_EINVAL;
		if (strpbrk(name, " :\t"))
			return wrong(r, "credential.name",
			             "expected a header's name");
		return read_line(r, conn, name, value);
	}
	return wrong(r, "credential.type", "expected basic, bearer or header");
}

static int read_allow(struct reader *r, struct cbi_http_connection *conn)
{
	const json_t *list = json_object_get(r->json, "allow");
	const json_t *item;
	char at[40];
	size_t i;

	if (list && !json_is_array(list))
		return wrong(r, "allow", "expected a list of address ranges");
	json_array_foreach(list, i, item)
	{
		const char *word = json_string_value(item);

		if (word && cbi_http_range_add(&conn->allow, word))
			continue;
		snprintf(at, sizeof(at), "allow.%zu", i);
		return wrong(r, at,
		             "expected loopback, private or a range such as "
		             "10.1.0.0/16 (at most 32)");
	}
	return CB_OK;
}

static int read_base(struct reader *r, struct cbi_http_connection *conn)
{
	const char *url =
	    json_string_value(json_object_get(r->json, "baseUrl"));
	struct cbi_http_target base;
	size_t len;
	char *prefix;

	if (!url)
		return wrong(r, "baseUrl", "expected an http or https address");
	if (cbi_http_target_parse(r->ctx, url, NULL, &base) < 0) {
		const char *why = cb_strdup(r->ctx, cb_failure(r->ctx));

		cb_failure_clear(r->ctx);
		return wrong(r, "baseUrl", why ? why : "");
	}
	if (strchr(base.url, '?'))
		return wrong(r, "baseUrl", "expected no query");
	len = strlen(base.path);
	prefix = cb_strndup(r->ctx, base.path,
	                    base.path[len - 1] == '/' ? len - 1 : len);
	conn->base.url = keep(r, base.url);
	conn->base.scheme = keep(r, base.scheme);
	conn->base.host = keep(r, base.host);
	conn->base.port = keep(r, base.port);
	conn->base.path = keep(r, base.path);
	conn->base.place = keep(r, base.place);
	conn->prefix = prefix ? keep(r, prefix) : NULL;
	return cb_failure_code(r->ctx);
}

static int read_limits(struct reader *r, struct cbi_http_connection *conn)
{
	const json_t *minute =
	    json_object_get(json_object_get(r->json, "budget"), "perMinute");
	const json_t *timeout = json_object_get(r->json, "timeout");
	int64_t ms = CB_TOOL_TOTAL_MS;

	if (minute &&
	    (!json_is_integer(minute) || json_integer_value(minute) < 1 ||
	     json_integer_value(minute) > 1000000))
		return wrong(r, "budget.perMinute",
		             "expected a number from 1 to 1000000");
	conn->per_minute = (int)json_integer_value(minute);
	if (json_is_integer(timeout))
		ms = json_integer_value(timeout) * 1000;
	else if (timeout &&
	         (!json_is_string(timeout) ||
	          cbi_str_duration(json_string_value(timeout), &ms) < 0))
		ms = -1;
	if (ms < 1 || ms > CB_TOOL_TOTAL_MS)
		return wrong(r, "timeout", "expected at most 5s");
	conn->timeout_ms = (int)ms;
	return CB_OK;
}

static int read_way(struct reader *r, struct cbi_http_connection *conn)
{
	conn->proxy = "";
	if (json_object_get(r->json, "proxy")) {
		conn->proxy = need(r, r->json, "", "proxy");
		if (!conn->proxy)
			return CB_EINVAL;
		if (!cbi_str_starts(conn->proxy, "http://") &&
		    !cbi_str_starts(conn->proxy, "https://"))
			return wrong(r, "proxy",
			             "expected an http or https address");
	}
	if (json_object_get(r->json, "ca")) {
		conn->ca = need(r, r->json, "", "ca");
		if (!conn->ca)
			return CB_EINVAL;
	}
	return CB_OK;
}

static int read_one(struct reader *r, struct cbi_http_connection *conn)
{
	int rc;

	if (!r->name[0] || strlen(r->name) > CB_NAME_MAX ||
	    strspn(r->name, NAME_CHARS) != strlen(r->name))
		return cb_fail(r->ctx, CB_EINVAL,
		               "connections.%s: a name is of a-z, 0-9 and '-', "
		               "at most %d",
		               r->name, CB_NAME_MAX);
	if (strcmp(r->name, "http") == 0 || strcmp(r->name, "https") == 0)
		return cb_fail(r->ctx, CB_EINVAL,
		               "connections.%s: no name for a connection",
		               r->name);
	if (!json_is_object(r->json))
		return cb_fail(r->ctx, CB_EINVAL,
		               "connections.%s: expected a map", r->name);
	conn->name = keep(r, r->name);
	rc = read_base(r, conn);
	if (rc == CB_OK)
		rc = read_credential(r, conn);
	if (rc == CB_OK)
		rc = read_way(r, conn);
	if (rc == CB_OK)
		rc = read_allow(r, conn);
	if (rc == CB_OK)
		rc = read_limits(r, conn);
	return rc;
}

static int read_all(struct cb_ctx *ctx, struct cbi_http *http,
                    const json_t *connections)
{
	size_t n = json_object_size(connections);
	struct reader r = { .ctx = ctx, .http = http };
	json_t *value;
	int rc;

	if (connections && !json_is_object(connections))
		return cb_fail(ctx, CB_EINVAL, "connections: expected a map");
	if (n > CONNECTIONS_MAX)
		return cb_fail(ctx, CB_EINVAL, "connections: more than %d",
		               CONNECTIONS_MAX);
	if (n == 0)
		return CB_OK;
	http->connections =
	    cbi_arena_alloc(&http->arena, n * sizeof(*http->connections));
	if (!http->connections)
		return cb_fail(ctx, CB_ENOMEM, "no memory for connections");
	/* jansson's iteration takes the map without const. */
	json_object_foreach((json_t *)(uintptr_t)connections, r.name, value)
	{
		r.json = value;
		rc = read_one(&r, &http->connections[http->n]);
		if (rc < 0)
			return rc;
		http->n++;
	}
	return CB_OK;
}

static void global_init(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

int cbi_http_create(struct cb_ctx *ctx, const json_t *connections,
                    struct cbi_http **out)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct cbi_http *http;
	int rc;

	pthread_once(&once, global_init);
	http = calloc(1, sizeof(*http));
	if (!http)
		return cb_fail(ctx, CB_ENOMEM, "no memory for http");
	if (pthread_key_create(&http->handles, cbi_http_handle_free) != 0) {
		free(http);
		return cb_fail(ctx, CB_ENOMEM, "no thread key for http");
	}
	cbi_arena_init(&http->arena, TABLE_MAX);
	rc = read_all(ctx, http, connections);
	if (rc < 0) {
		cbi_http_destroy(http);
		return rc;
	}
	*out = http;
	return CB_OK;
}

void cbi_http_destroy(struct cbi_http *http)
{
	if (!http)
		return;
	/* Other threads' handles went with their threads. */
	cbi_http_handle_free(pthread_getspecific(http->handles));
	pthread_key_delete(http->handles);
	cbi_arena_finish(&http->arena);
	free(http);
}

const struct cbi_http_connection *cbi_http_connection(
    const struct cbi_http *http, const char *name)
{
	for (size_t i = 0; i < http->n; i++)
		if (strcmp(http->connections[i].name, name) == 0)
			return &http->connections[i];
	return NULL;
}

bool cbi_http_has(const struct cbi_http *http, const char *connection)
{
	return cbi_http_connection(http, connection) != NULL;
}

void cbi_http_set_fleet(struct cbi_http *http,
                        const struct cbi_http_fleet *fleet)
{
	http->fleet = *fleet;
}

void cbi_http_test_resolve(struct cbi_http *http, const char *const *rows)
{
	http->resolve = rows;
}

uint64_t cbi_http_test_opened(const struct cbi_http *http)
{
	return atomic_load(&http->opened);
}
