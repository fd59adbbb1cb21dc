/* SPDX-License-Identifier: Apache-2.0 */
/*
 * router.c - see router.h; and the third step.
 *
 * Segments are compared one by one: a literal fits better than a hole, a hole
 * better than the rest.  A path is split before it is decoded, so that an
 * escaped slash stays within its segment.  One slash at the end does no harm,
 * except where nginx's own rules know the exact path (CBI_ACCESS_LOCAL).
 */
#include "web/router.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "web/steps.h"

#define SEGMENTS_MAX 12
#define HOLES_MAX 6

enum piece_kind {
	LITERAL = 0, /* in order of how well they fit */
	HOLE,
	REST,
};

struct piece {
	enum piece_kind kind;
	const char *text; /* of a literal; borrowed from the table */
	size_t len;
};

struct row {
	const struct cbi_endpoint *endpoint;
	struct piece pieces[SEGMENTS_MAX];
	size_t count;
};

struct cbi_router {
	size_t count;
	struct row rows[];
};

/* The path of a request, cut at its slashes. */
struct segments {
	struct cbi_span raw[SEGMENTS_MAX];
	const char *decoded[SEGMENTS_MAX];
	size_t count;
	bool many;  /* more than that: only a rest can hold them */
	bool slash; /* one at the end */
};

static int parse_row(const struct cbi_endpoint *endpoint, struct row *row)
{
	const char *at = endpoint->path;
	size_t holes = 0;

	row->endpoint = endpoint;
	if (endpoint->access == CBI_ACCESS_NONE || at[0] != '/')
		return CB_EINVAL;
	while (*at == '/' && at[1]) {
		struct piece *piece = &row->pieces[row->count];

		if (row->count == SEGMENTS_MAX)
			return CB_EINVAL;
		piece->text = ++at;
		piece->len = strcspn(at, "/");
		at += piece->len;
		if (piece->text[0] == '{')
			piece->kind = HOLE;
		else if (piece->len == 1 && piece->text[0] == '*')
			piece->kind = REST;
		if (piece->kind == REST && *at)
			return CB_EINVAL;
		holes += piece->kind == HOLE;
		row->count++;
	}
	return holes <= HOLES_MAX ? CB_OK : CB_EINVAL;
}

/* Would every path of one be as good a path of the other? */
static bool same_shape(const struct row *a, const struct row *b)
{
	if (a->count != b->count ||
	    strcmp(a->endpoint->method, b->endpoint->method) != 0)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct piece *x = &a->pieces[i], *y = &b->pieces[i];

		if (x->kind != y->kind)
			return false;
		if (x->kind == LITERAL &&
		    (x->len != y->len || memcmp(x->text, y->text, x->len) != 0))
			return false;
	}
	return true;
}

int cbi_router_create(const struct cbi_endpoint *const *tables, size_t n,
                      struct cbi_router **out)
{
	struct cbi_router *router;
	size_t count = 0;

	for (size_t t = 0; t < n; t++)
		for (size_t i = 0; tables[t][i].path; i++)
			count++;
	router = calloc(1, sizeof(*router) + count * sizeof(struct row));
	if (!router)
		return CB_ENOMEM;
	for (size_t t = 0; t < n; t++) {
		for (size_t i = 0; tables[t][i].path; i++) {
			struct row *row = &router->rows[router->count];

			if (parse_row(&tables[t][i], row) != CB_OK)
				goto bad;
			for (size_t k = 0; k < router->count; k++)
				if (same_shape(row, &router->rows[k]))
					goto bad;
			router->count++;
		}
	}
	*out = router;
	return CB_OK;
bad:
	free(router);
	return CB_EINVAL;
}

void cbi_router_destroy(struct cbi_router *router)
{
	free(router);
}

static void cut(const char *raw, struct segments *out)
{
	const char *end = raw + strcspn(raw, "?#");

	memset(out, 0, sizeof(*out));
	while (raw < end && *raw == '/') {
		size_t len = strcspn(raw + 1, "/?#");

		if (raw + 1 + len == end && len == 0) {
			out->slash = out->count > 0;
			return;
		}
		if (out->count == SEGMENTS_MAX) {
			out->many = true;
			return;
		}
		out->raw[out->count].ptr = raw + 1;
		out->raw[out->count].len = len;
		out->count++;
		raw += 1 + len;
	}
}

static int decode(struct cb_ctx *ctx, struct segments *segments)
{
	for (size_t i = 0; i < segments->count; i++) {
		const struct cbi_span *raw = &segments->raw[i];
		char *text;
		size_t len;

		text = cb_alloc(ctx, raw->len + 1);
		if (!text)
			return CB_ENOMEM;
		if (cbi_str_url_decode(raw->ptr, raw->len, false, text, &len) <
		    0)
			return cb_fail(ctx, CB_EINVAL, "the path is not valid");
		segments->decoded[i] = text;
	}
	return CB_OK;
}

static bool fits(const struct row *row, const struct segments *path)
{
	bool rest = row->count > 0 && row->pieces[row->count - 1].kind == REST;
	size_t fixed = rest ? row->count - 1 : row->count;

	if (path->count < fixed ||
	    (!rest && (path->count > fixed || path->many)))
		return false;
	if (path->slash && !rest && row->endpoint->access == CBI_ACCESS_LOCAL)
		return false;
	for (size_t i = 0; i < fixed; i++) {
		const struct piece *piece = &row->pieces[i];

		if (piece->kind == HOLE && path->decoded[i][0] == '\0')
			return false;
		if (piece->kind == LITERAL &&
		    (strlen(path->decoded[i]) != piece->len ||
		     memcmp(path->decoded[i], piece->text, piece->len) != 0))
			return false;
	}
	return true;
}

/* Negative when a fits better than b; both fit the same path. */
static int compare(const struct row *a, const struct row *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++)
		if (a->pieces[i].kind != b->pieces[i].kind)
			return (int)a->pieces[i].kind - (int)b->pieces[i].kind;
	return a->count < b->count ? 1 : a->count > b->count ? -1 : 0;
}

static bool serves(const struct cbi_endpoint *endpoint, const char *method)
{
	if (strcmp(endpoint->method, method) == 0)
		return true;
	return strcmp(method, "HEAD") == 0 &&
	       strcmp(endpoint->method, "GET") == 0;
}

static void take(struct cb_req *req, const struct row *row,
                 const struct segments *path)
{
	size_t holes = 0;

	req->endpoint = row->endpoint;
	for (size_t i = 0; i < row->count; i++) {
		if (row->pieces[i].kind == HOLE)
			req->args[holes++] = path->decoded[i];
		if (row->pieces[i].kind != REST)
			continue;
		/* The rest as it was decoded with the whole path: what its
		 * slashes are is for whoever reads it. */
		req->rest = req->path;
		for (size_t k = 0; k < i; k++)
			req->rest += 1 + strlen(path->decoded[k]);
		req->rest += *req->rest == '/';
	}
}

static int no_method(struct cb_req *req, const struct cbi_router *router,
                     const struct row *best, const struct segments *path,
                     const char **allow)
{
	const char *list = "";

	for (size_t i = 0; i < router->count; i++) {
		const struct row *row = &router->rows[i];
		bool get = strcmp(row->endpoint->method, "GET") == 0;

		if (!fits(row, path) || compare(row, best) != 0)
			continue;
		list = cb_printf(req->ctx, "%s%s%s%s", list, *list ? ", " : "",
		                 row->endpoint->method, get ? ", HEAD" : "");
		if (!list)
			return CB_ENOMEM;
	}
	*allow = list;
	return CB_ENOTSUP;
}

int cbi_router_find(const struct cbi_router *router, struct cb_req *req,
                    const char **allow)
{
	const struct row *best = NULL, *served = NULL;
	struct segments path;
	int rc;

	cut(req->raw, &path);
	rc = decode(req->ctx, &path);
	if (rc != CB_OK)
		return rc;
	for (size_t i = 0; i < router->count; i++) {
		const struct row *row = &router->rows[i];

		if (!fits(row, &path))
			continue;
		if (!best || compare(row, best) < 0)
			best = row;
		if (serves(row->endpoint, req->method) &&
		    (!served || compare(row, served) < 0))
			served = row;
	}
	if (!best)
		return CB_ENOENT;
	/* A better path of another method does not hide this one only when
	 * it is as good. */
	if (!served || compare(best, served) < 0)
		return no_method(req, router, best, &path, allow);
	take(req, served, &path);
	return CB_OK;
}

static bool is_listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	while (*list) {
		size_t one = strcspn(list, ",");

		if (one == len && memcmp(list, name, len) == 0)
			return true;
		list += one + (list[one] == ',');
	}
	return false;
}

int cbi_router_check_params(struct cb_req *req)
{
	const char *list = req->endpoint->params;

	if (!list)
		return CB_OK;
	for (const struct cbi_param *p = req->query; p; p = p->next)
		if (!is_listed(list, p->name))
			return cb_fail(req->ctx, CB_EINVAL,
			               "Unknown query parameter '%s'", p->name);
	return CB_OK;
}

/* Who is not known is not told which paths an API has. */
static int nothing_here(struct cb_req *req)
{
	if (cbi_str_starts(req->path, "/api/") &&
	    req->who.kind == CBI_WHO_NOBODY)
		return cb_fail(req->ctx, CB_EAUTH, "Missing credentials");
	return cb_fail(req->ctx, CB_ENOENT, "there is no such page");
}

int cbi_step_route(struct cb_req *req)
{
	const char *allow = "";
	int rc = cbi_router_find(req->web->router, req, &allow);

	if (rc == CB_ENOENT)
		return nothing_here(req);
	if (rc == CB_ENOTSUP) {
		req->answer.status = 405;
		rc = cbi_req_add_header(req, "Allow", allow);
		return rc != CB_OK ? rc
		                   : cb_fail(req->ctx, CB_ENOTSUP,
		                             "the method is not served here");
	}
	if (rc != CB_OK)
		return rc;
	/* Only nginx's includes may ask for the internal twin. */
	if (!req->fragment && cbi_str_starts(req->endpoint->path, "/_cards/")) {
		req->endpoint = NULL;
		return cb_fail(req->ctx, CB_ENOENT, "there is no such page");
	}
	return CB_OK;
}
