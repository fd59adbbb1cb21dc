/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rest.h - asking a directory's JSON API, page by page, with a token that is
 * fetched when there is none and renewed before it ends.
 *
 * A tool that asks for patience (429, a spent limit) is given it, within the
 * run's time, instead of a failed run.  A request reaches the hosts that the
 * config names, nothing else.
 */
#ifndef CB_PROVIDER_REST_H
#define CB_PROVIDER_REST_H

#include <callboard/ctx.h>

#include <jansson.h>

#include "base/supply.h"

struct cbi_http;

#define CBI_REST_HOSTS 4
#define CBI_REST_ALLOW 8
#define CBI_REST_AUTH_MAX 16384

/* Zeroed, then filled by the functions below; used by one thread. */
struct cbi_rest {
	struct cbi_http *http;
	const char *hosts[CBI_REST_HOSTS + 1]; /* that may be asked */
	const char *allow[CBI_REST_ALLOW + 1]; /* ranges besides public ones */
	const char *header;                    /* sent along; NULL: none */
	/* Where a token is asked for, by a form of client credentials or a
	 * password; NULL: the token does not change. */
	const char *token_url, *form;
	char auth[CBI_REST_AUTH_MAX]; /* "Authorization: Bearer ..." */
	int64_t until_ms;
};

/*
 * An address below which an API is, from settings[key] (fallback as for
 * cbi_supply_text), without '/' at its end.  Its host may be asked from now
 * on.  CB_EINVAL names the key.
 */
int cbi_rest_base(struct cb_ctx *ctx, struct cbi_rest *rest,
                  const json_t *settings, const char *path, const char *key,
                  const char *fallback, const char **out) CB_USED;
/* settings.allow: ranges, as connections have them. */
int cbi_rest_allow(struct cb_ctx *ctx, struct cbi_rest *rest,
                   const json_t *settings, const char *path) CB_USED;

/* The form "a=b&c=d", escaped; pairs end in a NULL name, values NULL are left
 * out.  Lives with ctx. */
struct cbi_rest_pair {
	const char *name, *value;
};
char *cbi_rest_form(struct cb_ctx *ctx, const struct cbi_rest_pair *pairs);

/*
 * The answer's JSON, which lives with ctx.  body: a question to be posted,
 * NULL to get.  CB_EUPSTREAM when it is no JSON, CB_EAUTH when the token was
 * refused, also a new one; fails as the HTTP client does.
 */
int cbi_rest_ask(struct cb_ctx *ctx, struct cbi_rest *rest,
                 const struct cbi_supply_run *run, const char *url,
                 const json_t *body, json_t **out) CB_USED;

/* A list that comes in pages. */
struct cbi_rest_list {
	const struct cbi_supply_run *run;
	void *arg;
	/* One page: *rows is borrowed, *next leads to the page after it, NULL
	 * when there is none; both live with ctx. */
	int (*page)(struct cb_ctx *ctx, void *arg, const char *at,
	            json_t **rows, const char **next);
	int (*each)(struct cb_ctx *ctx, void *arg, json_t *row);
};
/* Calls each with every row.  A page takes no memory once it is done.
 * CB_EUPSTREAM when rows is no list of objects, or a page leads to itself. */
int cbi_rest_each(struct cb_ctx *ctx, const struct cbi_rest_list *list,
                  const char *first) CB_USED;

/* The text at a path of an answer that must have it; CB_EUPSTREAM says what
 * has none. */
int cbi_rest_text(struct cb_ctx *ctx, json_t *row, const char *path,
                  const char *what, const char **out) CB_USED;

#endif
