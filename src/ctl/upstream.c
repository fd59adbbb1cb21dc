/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upstream.c - see upstream.h.
 */
#include "ctl/upstream.h"

#include <callboard/http.h>
#include <callboard/json.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"
#include "base/str.h"
#include "http/http.h"

#define CONNECTION "upstream"
#define PAGE "200"
#define PAGE_BYTES (64 * CB_MIB)
#define TOKEN_MAX 8192

struct cbi_upstream {
	struct cbi_http *http;
};

static int read_token(struct cb_ctx *ctx, const char *path, char **out)
{
	char line[TOKEN_MAX];
	FILE *file = fopen(path, "re");
	const char *read = file ? fgets(line, sizeof(line), file) : NULL;

	if (file)
		fclose(file);
	if (!read)
		return cb_fail(ctx, CB_EINVAL, "token file %s: %s", path,
		               file ? "there is no line in it"
		                    : strerror(errno));
	line[strcspn(line, "\r\n")] = '\0';
	*out = cb_strdup(ctx, line);
	explicit_bzero(line, sizeof(line));
	return *out ? CB_OK : CB_ENOMEM;
}

/* Takes the token over, out of the arguments that everybody may list. */
static int take_token(struct cb_ctx *ctx, const struct cbi_upstream_ask *ask,
                      char **out)
{
	*out = NULL;
	if (ask->token_file)
		return read_token(ctx, ask->token_file, out);
	if (!ask->token)
		return CB_OK;
	*out = cb_strdup(ctx, ask->token);
	memset((char *)(uintptr_t)ask->token, '*', strlen(ask->token));
	return *out ? CB_OK : CB_ENOMEM;
}

int cbi_upstream_open(struct cb_ctx *ctx, const struct cbi_upstream_ask *ask,
                      struct cbi_upstream **out)
{
	struct cbi_upstream *upstream;
	json_t *connections;
	char *token;
	int rc = take_token(ctx, ask, &token);

	if (rc < 0)
		return rc;
	connections = json_pack("{s:{s:s, s:[s, s]}}", CONNECTION, "baseUrl",
	                        ask->base, "allow", "loopback", "private");
	if (token)
		json_object_set_new(
		    json_object_get(connections, CONNECTION), "credential",
		    json_pack("{s:s, s:s}", "type", "bearer", "token", token));
	upstream = calloc(1, sizeof(*upstream));
	if (!upstream || !connections)
		rc = cb_fail(ctx, CB_ENOMEM, "out of memory");
	else
		rc = cbi_http_create(ctx, connections, &upstream->http);
	json_decref(connections);
	if (rc < 0) {
		free(upstream);
		return rc;
	}
	*out = upstream;
	return CB_OK;
}

void cbi_upstream_close(struct cbi_upstream *upstream)
{
	cbi_http_destroy(upstream->http);
	free(upstream);
}

static int get(struct cb_ctx *ctx, struct cbi_upstream *upstream,
               const char *path, json_t **out)
{
	const struct cbi_http_ask ask = {
		.url = path,
		.body_max = PAGE_BYTES,
		.policy = { .connection = CONNECTION },
	};
	struct cbi_http_reply reply;
	const char *why;
	int rc = cbi_http_request(ctx, upstream->http, &ask, &reply);

	if (rc < 0)
		return rc;
	rc = cb_json_parse(ctx, reply.body, reply.body_len, out);
	if (rc != CB_EINVAL)
		return rc;
	why = cb_strdup(ctx, cb_failure(ctx));
	cb_failure_clear(ctx);
	return cb_fail(ctx, CB_EUPSTREAM, "%.*s: the answer is not JSON: %s",
	               (int)strcspn(path, "?"), path, why ? why : "");
}

int cbi_upstream_locations(struct cb_ctx *ctx, struct cbi_upstream *upstream,
                           json_t **out)
{
	static const char path[] = "/api/catalog/locations";
	int rc = get(ctx, upstream, path, out);

	if (rc == CB_OK && !json_is_array(*out))
		rc = cb_fail(ctx, CB_EUPSTREAM,
		             "%s: expected a list, as Backstage answers", path);
	return rc;
}

/* One page; *cursor is malloc'ed, NULL at the end. */
static int read_page(struct cb_ctx *ctx, struct cbi_upstream *upstream,
                     char **cursor, int (*page)(void *arg, json_t *items),
                     void *arg)
{
	static const char path[] = "/api/catalog/entities/by-query";
	const char *url = cb_url_arg(ctx, path, "limit", PAGE), *next;
	json_t *answer, *items;
	int rc;

	if (url && *cursor)
		url = cb_url_arg(ctx, url, "cursor", *cursor);
	free(*cursor);
	*cursor = NULL;
	if (!url)
		return cb_failure_code(ctx);
	rc = get(ctx, upstream, url, &answer);
	if (rc < 0)
		return rc;
	items = cb_json_at(answer, "items");
	if (!json_is_array(items))
		return cb_fail(ctx, CB_EUPSTREAM,
		               "%s: expected `items`, as Backstage 1.8 and "
		               "newer answer",
		               path);
	next = cb_json_text(answer, "pageInfo.nextCursor", NULL);
	if (next && json_array_size(items) > 0) {
		*cursor = strdup(next);
		if (!*cursor)
			return cb_fail(ctx, CB_ENOMEM, "out of memory");
	}
	return page(arg, items);
}

int cbi_upstream_entities(struct cb_ctx *ctx, struct cbi_upstream *upstream,
                          int (*page)(void *arg, json_t *items), void *arg)
{
	char *cursor = NULL;
	int rc;

	do {
		struct cbi_ctx_mark mark;

		cbi_ctx_mark(ctx, &mark);
		rc = read_page(ctx, upstream, &cursor, page, arg);
		cbi_ctx_rewind(ctx, &mark);
	} while (rc == CB_OK && cursor);
	free(cursor);
	return rc;
}
