/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upstream.h - a running Backstage, read by its API.
 */
#ifndef CB_CTL_UPSTREAM_H
#define CB_CTL_UPSTREAM_H

#include <callboard/ctx.h>

#include <jansson.h>

struct cbi_upstream;

struct cbi_upstream_ask {
	const char *base; /* of its backend: "https://backstage.example" */
	/* A token, or the file whose first line is one; both NULL: none.  The
	 * token's text is overwritten: a process list shows arguments. */
	const char *token, *token_file;
};

/*
 * Whoever gives the address means it: private addresses and loopback are
 * reached.  Nothing is asked yet.  CB_EINVAL for a base or file that is none;
 * the caller closes *out.
 */
int cbi_upstream_open(struct cb_ctx *ctx, const struct cbi_upstream_ask *ask,
                      struct cbi_upstream **out) CB_USED;
void cbi_upstream_close(struct cbi_upstream *upstream);

/* What GET /api/catalog/locations answers; lives with ctx.  Failures are
 * those of cbi_http_request, CB_EUPSTREAM for what is no list. */
int cbi_upstream_locations(struct cb_ctx *ctx, struct cbi_upstream *upstream,
                           json_t **out) CB_USED;

/* Hands over all entities, page by page; a page's memory is given back after
 * it.  What page returns other than CB_OK ends it. */
int cbi_upstream_entities(struct cb_ctx *ctx, struct cbi_upstream *upstream,
                          int (*page)(void *arg, json_t *items),
                          void *arg) CB_USED;

#endif
