/* SPDX-License-Identifier: Apache-2.0 */
/*
 * location_query.c - POST /api/catalog/locations/by-query: registered
 * locations that a predicate lets through, in the order of their ids.
 *
 * Cursors are base64 of {limit, afterId, query}, as upstream writes them; they
 * say nothing that a request could not say, so they carry no signature.
 */
#include <stdlib.h>
#include <string.h>

#include "catalog/filter.h"
#include "catalog/fold.h"
#include "catalog/location.h"
#include "crypto/crypto.h"
#include "json/json.h"
#include "web/api/answer.h"
#include "web/api/api.h"

#define LIMIT_DEFAULT 1000

struct query {
	int64_t limit;
	const char *after; /* an id; NULL: from the first */
	const json_t *predicate;
	const struct cbi_filter *filter;
};

static const char *value_of(const struct cbi_location *location,
                            const char *key)
{
	if (strcmp(key, "id") == 0)
		return location->id;
	if (strcmp(key, "type") == 0)
		return location->type;
	if (strcmp(key, "target") == 0)
		return location->target;
	return location->entity_ref;
}

static bool is_known(const char *key)
{
	static const char *const keys[] = { "id", "type", "target",
		                            "entityref" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

struct row {
	struct cb_req *req;
	const struct cbi_location *location;
};

/* Values of the filter are in lower case already. */
static bool fits(const void *rows, const struct cbi_filter *leaf)
{
	const struct row *row = rows;
	const char *value =
	    cbi_catalog_fold(row->req->ctx, value_of(row->location, leaf->key));

	if (!value)
		return false;
	if (leaf->op == CBI_FILTER_EXISTS)
		return true;
	if (leaf->op == CBI_FILTER_PREFIX)
		return cbi_str_starts(value, leaf->values[0]);
	for (size_t i = 0; i < leaf->value_count; i++)
		if (strcmp(value, leaf->values[i]) == 0)
			return true;
	return false;
}

/* ---- The request ----------------------------------------------------------
 */

static int read_fields(struct cb_req *req, const json_t *body,
                       struct query *query)
{
	int rc = cbi_api_number(req, body, "limit", &query->limit);

	if (rc == CB_OK && query->limit < 1)
		rc = cb_fail(req->ctx, CB_EINVAL,
		             "'limit' must be a whole number from 1");
	query->predicate = json_object_get(body, "query");
	if (rc == CB_OK)
		rc = cbi_api_query(req, body, &query->filter);
	if (rc == CB_OK && query->filter &&
	    !cbi_filter_only(query->filter, is_known))
		rc = cb_fail(req->ctx, CB_EINVAL,
		             "'query' may ask for id, type, target and "
		             "entityRef");
	return rc;
}

static int read_cursor(struct cb_req *req, const char *text,
                       struct query *query)
{
	size_t len = strlen(text), got;
	unsigned char *bytes = cb_alloc(req->ctx, len / 4 * 3 + 4);
	json_t *body = NULL;
	int rc;

	if (!bytes)
		return CB_ENOMEM;
	if (!cbi_crypto_unbase64(CBI_BASE64_STD, text, len, bytes, &got) ||
	    cb_json_parse(req->ctx, (char *)bytes, got, &body) < 0 ||
	    !json_is_object(body)) {
		cb_failure_clear(req->ctx);
		return cb_fail(req->ctx, CB_EINVAL, "the cursor is not valid");
	}
	rc = cbi_api_text(req, body, "afterId", &query->after);
	if (rc == CB_OK && !query->after)
		rc = cb_fail(req->ctx, CB_EINVAL, "the cursor is not valid");
	return rc == CB_OK ? read_fields(req, body, query) : rc;
}

static int read_query(struct cb_req *req, struct query *query)
{
	const char *cursor;
	json_t *body;
	int rc = cbi_api_body(req, &body);

	query->limit = LIMIT_DEFAULT;
	if (rc == CB_OK)
		rc = cbi_api_text(req, body, "cursor", &cursor);
	if (rc < 0)
		return rc;
	return cursor && *cursor ? read_cursor(req, cursor, query)
	                         : read_fields(req, body, query);
}

/* ---- The answer -----------------------------------------------------------
 */

static int by_id(const void *a, const void *b)
{
	const struct cbi_location *x = a, *y = b;

	return strcmp(x->id, y->id);
}

/* Those that match, in order; *n is how many. */
static int find(struct cb_req *req, const struct query *query,
                struct cbi_location **out, size_t *n)
{
	const struct cbi_location *all;
	struct cbi_location *found;
	size_t count;
	int rc = cbi_location_list(req->ctx, &all, &count);

	if (rc < 0)
		return rc;
	found = cb_alloc(req->ctx, (count + 1) * sizeof(*found));
	if (!found)
		return CB_ENOMEM;
	*n = 0;
	for (size_t i = 0; i < count; i++) {
		struct row row = { req, &all[i] };

		if (!query->filter ||
		    cbi_filter_match(query->filter, fits, &row))
			found[(*n)++] = all[i];
	}
	qsort(found, *n, sizeof(*found), by_id);
	*out = found;
	return CB_OK;
}

static int write_cursor(struct cb_req *req, const struct query *query,
                        const char *after)
{
	json_t *value =
	    json_pack("{s:I, s:s, s:O*}", "limit", (json_int_t)query->limit,
	              "afterId", after, "query", (json_t *)query->predicate);
	char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
	size_t len = text ? strlen(text) : 0;
	char *out = cb_alloc(req->ctx, CB_BASE64_LEN(len));
	int rc = CB_ENOMEM;

	if (text && out) {
		size_t n = cbi_crypto_base64(CBI_BASE64_STD, text, len, out);

		rc = cbi_api_printf(req, "\"nextCursor\":\"");
		if (rc == CB_OK)
			rc = cbi_api_write(req, out, n);
		if (rc == CB_OK)
			rc = cbi_api_write(req, "\"", 1);
	}
	free(text);
	json_decref(value);
	return rc;
}

static int write_page(struct cb_req *req, const struct query *query,
                      const struct cbi_location *found, size_t n)
{
	size_t from = 0, to;
	int rc = cbi_api_printf(req, "{\"items\":[");

	while (query->after && from < n &&
	       strcmp(found[from].id, query->after) <= 0)
		from++;
	to =
	    (uint64_t)query->limit < n - from ? from + (size_t)query->limit : n;
	for (size_t i = from; i < to && rc == CB_OK; i++) {
		rc = i > from ? cbi_api_write(req, ",", 1) : CB_OK;
		if (rc == CB_OK)
			rc = cbi_api_location(req, &found[i]);
	}
	if (rc == CB_OK)
		rc = cbi_api_printf(req, "],\"totalItems\":%zu,\"pageInfo\":{",
		                    n);
	if (rc == CB_OK && to < n && to > from)
		rc = write_cursor(req, query, found[to - 1].id);
	return rc == CB_OK ? cbi_api_write(req, "}}", 2) : rc;
}

static int by_query(struct cb_req *req)
{
	struct query query = { 0 };
	struct cbi_location *found;
	size_t n;
	int rc = read_query(req, &query);

	if (rc == CB_OK)
		rc = find(req, &query, &found, &n);
	if (rc == CB_OK)
		rc = write_page(req, &query, found, n);
	return cbi_api_end(req, rc);
}

const struct cbi_endpoint cbi_api_location_query[] = {
	{
	    .path = "/api/catalog/locations/by-query",
	    .method = "POST",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_API,
	    .name = "catalog-location-query",
	    .permission = "catalog.location.read",
	    .handle = by_query,
	    .params = "",
	},
	{ .path = NULL },
};
