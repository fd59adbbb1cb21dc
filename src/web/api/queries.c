/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queries.c - /api/catalog: entities by filter, and facets.
 */
#include <string.h>

#include "auth/auth.h"
#include "base/limits.h"
#include "catalog/catalog.h"
#include "catalog/facets.h"
#include "catalog/fold.h"
#include "catalog/query.h"
#include "web/api/answer.h"
#include "web/api/api.h"
#include "web/api/list.h"
#include "web/at.h"
#include "web/web.h"

/* Items of a JSON array, one after the other. */
struct items {
	struct cb_req *req;
	struct cbi_fields *fields;
	size_t n;
	const struct cbi_fresh *fresh; /* known at the first item */
};

static int add_item(void *arg, struct cbi_span body)
{
	struct items *items = arg;
	int rc = items->n++ ? cbi_api_write(items->req, ",", 1)
	                    : cbi_req_fresh(items->req, items->fresh);

	return rc < 0 ? rc : cbi_api_entity(items->req, items->fields, body);
}

/* --- by-query --- */

/* "field", "field,asc" or "field,desc". */
static int read_order(struct cb_req *req, const char *text,
                      struct cbi_cursor *at)
{
	size_t len = strcspn(text, ",");
	const char *way = text[len] ? text + len + 1 : "asc";
	char *key = cb_strndup(req->ctx, text, len);

	if (!key)
		return CB_ENOMEM;
	if (len == 0 || (strcmp(way, "asc") != 0 && strcmp(way, "desc") != 0))
		return cb_fail(req->ctx, CB_EINVAL,
		               "orderField is '%.80s'; expected "
		               "'<field>[,asc|desc]'",
		               text);
	at->order_key = cbi_catalog_fold(req->ctx, key);
	at->descending = *way == 'd';
	return at->order_key ? CB_OK : CB_ENOMEM;
}

static int read_orders(struct cb_req *req, struct cbi_cursor *at)
{
	struct cbi_cursor rest;
	const char *const *values;
	size_t n;
	int rc = cbi_api_values(req, "orderField", &values, &n);

	/* Only the first counts; the others must be right all the same. */
	for (size_t i = 0; rc == CB_OK && i < n; i++)
		rc = read_order(req, values[i], i == 0 ? at : &rest);
	return rc;
}

static int fold_all(struct cb_req *req, const char *const *texts, size_t n,
                    struct cbi_cursor *at)
{
	const char **fields = cb_alloc(req->ctx, (n + 1) * sizeof(*fields));

	if (!fields)
		return CB_ENOMEM;
	if (n > CB_FILTER_TERMS_MAX)
		return cb_fail(req->ctx, CB_EINVAL,
		               "more than %d fields to look into",
		               CB_FILTER_TERMS_MAX);
	for (size_t i = 0; i < n; i++) {
		fields[i] = cbi_catalog_fold(req->ctx, texts[i]);
		if (!fields[i])
			return CB_ENOMEM;
	}
	at->fields = fields;
	at->field_count = n;
	return CB_OK;
}

static size_t count_parts(const char *list)
{
	size_t n = 1;

	for (; *list; list++)
		n += *list == ',';
	return n;
}

/* "a,b, c" as texts. */
static int split_list(struct cb_req *req, const char *list,
                      const char *const **out, size_t *n)
{
	const char **parts =
	    cb_alloc(req->ctx, count_parts(list) * sizeof(*parts));
	size_t count = 0;

	if (!parts)
		return CB_ENOMEM;
	for (const char *p = list;; p++) {
		size_t len;

		p += strspn(p, " ");
		len = strcspn(p, ",");
		if (len)
			parts[count] = cb_strndup(req->ctx, p, len);
		if (len && !parts[count++])
			return CB_ENOMEM;
		p += len;
		if (!*p)
			break;
	}
	*out = parts;
	*n = count;
	return CB_OK;
}

static int read_text(struct cb_req *req, struct cbi_cursor *at)
{
	const char *term = cbi_req_query(req, "fullTextFilterTerm");
	const char *list = cbi_req_query(req, "fullTextFilterFields");
	const char *const *parts = NULL;
	size_t n = 0;
	int rc = term ? cbi_query_term(req->ctx, term, &at->term) : CB_OK;

	if (rc == CB_OK && list)
		rc = split_list(req, list, &parts, &n);
	return rc == CB_OK ? fold_all(req, parts, n, at) : rc;
}

static int read_count(struct cb_req *req, const char *text, bool *count)
{
	*count = !text || strcmp(text, "include") == 0;
	if (!*count && strcmp(text, "exclude") != 0)
		return cb_fail(req->ctx, CB_EINVAL,
		               "totalItems is '%.80s'; expected 'include' or "
		               "'exclude'",
		               text);
	return CB_OK;
}

static int read_get(struct cb_req *req, struct cbi_query *query,
                    struct cbi_fields **fields)
{
	const char *cursor, *total;
	int rc = cbi_api_int(req, "limit", 0, &query->limit);

	if (rc == CB_OK)
		rc = cbi_api_fields(req, fields);
	if (rc == CB_OK)
		rc = cbi_api_value(req, "cursor", &cursor);
	if (rc < 0)
		return rc;
	if (cursor)
		return cbi_cursor_read(req->ctx, req->web->catalog, cursor,
		                       &query->at);
	rc = cbi_api_int(req, "offset", 0, &query->offset);
	if (rc == CB_OK)
		rc = cbi_api_value(req, "totalItems", &total);
	if (rc == CB_OK)
		rc = read_count(req, total, &query->count);
	if (rc == CB_OK)
		rc = cbi_api_filter(req, &query->at.filter);
	if (rc == CB_OK)
		rc = read_orders(req, &query->at);
	return rc == CB_OK ? read_text(req, &query->at) : rc;
}

static int read_order_by(struct cb_req *req, const json_t *body,
                         struct cbi_cursor *at)
{
	const json_t *list = json_object_get(body, "orderBy");

	if (!list)
		return CB_OK;
	if (!json_is_array(list))
		return cb_fail(req->ctx, CB_EINVAL,
		               "'orderBy' must be an array");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		const char *field =
		    json_string_value(json_object_get(one, "field"));
		const char *order =
		    json_string_value(json_object_get(one, "order"));

		if (!field || !*field || !order ||
		    (strcmp(order, "asc") != 0 && strcmp(order, "desc") != 0))
			return cb_fail(req->ctx, CB_EINVAL,
			               "'orderBy.%zu' must be {field, order: "
			               "asc or desc}",
			               i);
		if (i > 0)
			continue;
		at->order_key = cbi_catalog_fold(req->ctx, field);
		at->descending = *order == 'd';
		if (!at->order_key)
			return CB_ENOMEM;
	}
	return CB_OK;
}

static int read_full_text(struct cb_req *req, const json_t *body,
                          struct cbi_cursor *at)
{
	const json_t *text = json_object_get(body, "fullTextFilter");
	const char *const *fields;
	const char *term;
	size_t n;
	int rc;

	if (!text)
		return CB_OK;
	if (!json_is_object(text))
		return cb_fail(req->ctx, CB_EINVAL,
		               "'fullTextFilter' must be an object");
	rc = cbi_api_text(req, text, "term", &term);
	if (rc == CB_OK)
		rc = cbi_api_texts(req, text, "fields", &fields, &n);
	if (rc == CB_OK && term)
		rc = cbi_query_term(req->ctx, term, &at->term);
	return rc == CB_OK ? fold_all(req, fields, n, at) : rc;
}

static int read_post(struct cb_req *req, struct cbi_query *query,
                     struct cbi_fields **fields)
{
	const char *cursor = NULL, *total = NULL;
	json_t *body;
	int rc = cbi_api_body(req, &body);

	if (rc == CB_OK)
		rc = cbi_api_number(req, body, "limit", &query->limit);
	if (rc == CB_OK)
		rc = cbi_api_body_fields(req, body, fields);
	if (rc == CB_OK)
		rc = cbi_api_text(req, body, "cursor", &cursor);
	if (rc < 0)
		return rc;
	if (cursor && *cursor)
		return cbi_cursor_read(req->ctx, req->web->catalog, cursor,
		                       &query->at);
	rc = cbi_api_number(req, body, "offset", &query->offset);
	if (rc == CB_OK)
		rc = cbi_api_text(req, body, "totalItems", &total);
	if (rc == CB_OK)
		rc = read_count(req, total, &query->count);
	if (rc == CB_OK)
		rc = cbi_api_query(req, body, &query->at.filter);
	if (rc == CB_OK)
		rc = read_order_by(req, body, &query->at);
	return rc == CB_OK ? read_full_text(req, body, &query->at) : rc;
}

static int write_page_info(struct cb_req *req,
                           const struct cbi_query_page *page)
{
	static const char *const names[2] = { "nextCursor", "prevCursor" };
	const char *cursors[2] = { page->next, page->prev };
	bool begun = false;
	int rc = cbi_api_printf(req, "],\"totalItems\":%lld,\"pageInfo\":{",
	                        (long long)page->total);

	for (int i = 0; i < 2 && rc == CB_OK; i++) {
		if (!cursors[i])
			continue;
		rc = cbi_api_printf(req, "%s\"%s\":\"", begun ? "," : "",
		                    names[i]);
		if (rc == CB_OK)
			rc = cbi_api_write(req, cursors[i], strlen(cursors[i]));
		if (rc == CB_OK)
			rc = cbi_api_write(req, "\"", 1);
		begun = true;
	}
	return rc == CB_OK ? cbi_api_printf(req, "}}") : rc;
}

static int answer_query(struct cb_req *req)
{
	struct cbi_query query = { .limit = CB_PAGE_DEFAULT };
	struct cbi_query_page page;
	struct items items = { .req = req, .fresh = &page.fresh };
	bool post = strcmp(req->method, "POST") == 0;
	int rc = post ? read_post(req, &query, &items.fields)
	              : read_get(req, &query, &items.fields);

	if (rc == CB_OK)
		rc = cbi_api_printf(req, "{\"items\":[");
	if (rc == CB_OK)
		rc = cbi_query_run(req->ctx, req->web->catalog, &query,
		                   add_item, &items, &page);
	if (rc == CB_OK && items.n == 0)
		rc = cbi_req_fresh(req, &page.fresh);
	return rc == CB_OK ? write_page_info(req, &page) : rc;
}

static int by_query(struct cb_req *req)
{
	int rc = cbi_req_at(req);

	return rc < 0 ? rc : cbi_api_cached(req, answer_query);
}

static int sign(struct cb_ctx *ctx, void *signer, const char *text,
                const char **mac)
{
	return cbi_auth_sign(ctx, signer, "cursor", text, mac);
}

static bool is_signed(struct cb_ctx *ctx, void *signer, const char *text,
                      const char *mac)
{
	return cbi_auth_signed(ctx, signer, "cursor", text, mac);
}

void cbi_api_sign_cursors(struct cbi_catalog *catalog, struct cbi_auth *auth)
{
	catalog->sign = sign;
	catalog->is_signed = is_signed;
	catalog->signer = auth;
}

/* --- facets --- */

static int write_facet(struct cb_req *req, const struct cbi_facet *facet)
{
	struct cb_buf *body = req->answer.body;
	int rc = CB_OK;

	cbi_str_json(body, facet->name, strlen(facet->name));
	cb_buf_text(body, ":[");
	for (size_t i = 0; i < facet->n && rc == CB_OK; i++) {
		const char *value = facet->values[i].value;

		cb_buf_text(body, i ? ",{\"value\":" : "{\"value\":");
		cbi_str_json(body, value, strlen(value));
		/* An empty piece: sends what has gathered. */
		rc = cbi_api_printf(req, ",\"count\":%zu}",
		                    facet->values[i].count);
	}
	return rc == CB_OK ? cbi_api_write(req, "]", 1) : rc;
}

static int read_facets(struct cb_req *req, const char *const **names, size_t *n,
                       const struct cbi_filter **filter)
{
	json_t *body;
	int rc;

	if (strcmp(req->method, "POST") == 0) {
		rc = cbi_api_body(req, &body);
		if (rc == CB_OK)
			rc = cbi_api_texts(req, body, "facets", names, n);
		if (rc == CB_OK)
			rc = cbi_api_query(req, body, filter);
	} else {
		rc = cbi_api_values(req, "facet", names, n);
		if (rc == CB_OK)
			rc = cbi_api_filter(req, filter);
	}
	if (rc == CB_OK && *n == 0)
		rc = cb_fail(req->ctx, CB_EINVAL,
		             "at least one facet is "
		             "needed");
	return rc;
}

static bool asked_before(const char *const *names, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(names[i], names[at]) == 0)
			return true;
	return false;
}

static int answer_facets(struct cb_req *req)
{
	const struct cbi_filter *filter = NULL;
	const struct cbi_facet *facets = NULL;
	const char *const *names;
	struct cbi_fresh fresh;
	size_t n = 0;
	int rc = read_facets(req, &names, &n, &filter);

	if (rc == CB_OK)
		rc = cbi_facets_count(req->ctx, req->web->catalog, filter,
		                      names, n, &facets, &fresh);
	if (rc == CB_OK)
		rc = cbi_req_fresh(req, &fresh);
	if (rc == CB_OK)
		rc = cbi_api_printf(req, "{\"facets\":{");
	for (size_t i = 0; i < n && rc == CB_OK; i++) {
		if (asked_before(names, i))
			continue;
		if (i > 0)
			rc = cbi_api_write(req, ",", 1);
		if (rc == CB_OK)
			rc = write_facet(req, &facets[i]);
	}
	return rc == CB_OK ? cbi_api_printf(req, "}}") : rc;
}

static int facets(struct cb_req *req)
{
	int rc = cbi_req_at(req);

	return rc < 0 ? rc : cbi_api_cached(req, answer_facets);
}

const struct cbi_endpoint cbi_api_queries[] = {
	{
	    .path = "/api/catalog/entities",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_API,
	    .name = "catalog-entities",
	    .handle = cbi_api_list,
	    .params = "filter,fields,limit,offset,after,order,at",
	},
	{
	    .path = "/api/catalog/entities/by-query",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_API,
	    .name = "catalog-by-query",
	    .handle = by_query,
	    .params = "filter,fields,limit,offset,orderField,cursor,"
		      "fullTextFilterTerm,fullTextFilterFields,totalItems,at",
	},
	{
	    .path = "/api/catalog/entities/by-query",
	    .method = "POST",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_API,
	    .name = "catalog-by-query",
	    .handle = by_query,
	    .params = "at",
	},
	{
	    .path = "/api/catalog/entity-facets",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_API,
	    .name = "catalog-facets",
	    .handle = facets,
	    .params = "facet,filter,at",
	},
	{
	    .path = "/api/catalog/entity-facets",
	    .method = "POST",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_API,
	    .name = "catalog-facets",
	    .handle = facets,
	    .params = "at",
	},
	{ .path = NULL },
};
