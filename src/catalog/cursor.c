/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cursor.c - see cursor.h.
 */
#include "catalog/cursor.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "catalog/past.h"
#include "crypto/crypto.h"
#include "json/json.h"

static void add_text(struct cb_buf *buf, const char *text)
{
	cbi_str_json(buf, text, strlen(text));
}

/* [value, uid], or [uid] without an order. */
static void add_edge(struct cb_buf *buf, const struct cbi_edge *edge)
{
	cb_buf_text(buf, "[");
	if (edge->value) {
		add_text(buf, edge->value);
		cb_buf_text(buf, ",");
	}
	add_text(buf, edge->uid);
	cb_buf_text(buf, "]");
}

static void add_full_text(struct cb_buf *buf, const struct cbi_cursor *c)
{
	cb_buf_text(buf, ",\"fullTextFilter\":{\"term\":");
	add_text(buf, c->term);
	if (c->field_count) {
		cb_buf_text(buf, ",\"fields\":[");
		for (size_t i = 0; i < c->field_count; i++) {
			cb_buf_text(buf, i ? "," : "");
			add_text(buf, c->fields[i]);
		}
		cb_buf_text(buf, "]");
	}
	cb_buf_text(buf, "}");
}

static void add_body(struct cb_buf *buf, const struct cbi_cursor *c,
                     int64_t as_of)
{
	cb_buf_text(buf, "{\"orderFields\":[");
	if (c->order_key) {
		cb_buf_text(buf, "{\"field\":");
		add_text(buf, c->order_key);
		cb_buf_printf(buf, ",\"order\":\"%s\"}",
		              c->descending ? "desc" : "asc");
	}
	cb_buf_text(buf, "],\"orderFieldValues\":");
	add_edge(buf, &c->edge);
	cb_buf_printf(buf, ",\"isPrevious\":%s",
	              c->previous ? "true" : "false");
	if (c->first.uid) {
		cb_buf_text(buf, ",\"firstSortFieldValues\":");
		add_edge(buf, &c->first);
	}
	cb_buf_printf(buf, ",\"totalItems\":%lld", (long long)c->total);
	if (as_of)
		cb_buf_printf(buf, ",\"at\":%lld", (long long)as_of);
	if (c->term)
		add_full_text(buf, c);
	if (c->filter) {
		cb_buf_text(buf, ",\"query\":");
		cbi_filter_write(buf, c->filter);
	}
}

/* The MAC is over the text as it stands, without `sig` and the last brace. */
static int sign(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                struct cb_buf *buf)
{
	const char *mac;
	int rc;

	if (!catalog->sign)
		return cb_buf_text(buf, "}");
	rc = catalog->sign(ctx, catalog->signer, cbi_buf_string(buf), &mac);
	if (rc < 0)
		return rc;
	return cb_buf_printf(buf, ",\"sig\":\"%s\"}", mac);
}

static int encode(struct cb_ctx *ctx, const struct cb_buf *buf,
                  const char **out)
{
	char *text = cb_alloc(ctx, CB_BASE64_LEN(buf->len));

	if (!text)
		return CB_ENOMEM;
	cbi_crypto_base64(CBI_BASE64_STD, buf->data, buf->len, text);
	*out = text;
	return CB_OK;
}

int cbi_cursor_write(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                     const struct cbi_cursor *cursor, const char **out)
{
	struct cb_buf buf;
	int rc;

	cbi_buf_init(&buf, CB_CURSOR_MAX / 4 * 3 - 4);
	add_body(&buf, cursor, ctx->scope.as_of);
	rc = buf.failed ? buf.failed : sign(ctx, catalog, &buf);
	if (rc == CB_OK)
		rc = encode(ctx, &buf, out);
	cbi_buf_finish(&buf);
	return rc < 0 ? cb_fail(ctx, rc, "the query is too large for a cursor")
	              : CB_OK;
}

/* --- reading --- */

static int bad(struct cb_ctx *ctx)
{
	return cb_fail(ctx, CB_EINVAL,
	               "the cursor is not one that this catalog gave");
}

/* The JSON text in it; NULL when it is not base64 of any kind. */
static char *decode(struct cb_ctx *ctx, const char *text, size_t *len)
{
	size_t n = strlen(text);
	unsigned char *out;

	if (n == 0 || n > CB_CURSOR_MAX)
		return NULL;
	out = cb_alloc(ctx, n / 4 * 3 + 4);
	if (!out || (!cbi_crypto_unbase64(CBI_BASE64_STD, text, n, out, len) &&
	             !cbi_crypto_unbase64(CBI_BASE64_URL, text, n, out, len)))
		return NULL;
	out[*len] = '\0';
	return strlen((char *)out) == *len ? (char *)out : NULL;
}

static bool check_signature(struct cb_ctx *ctx,
                            const struct cbi_catalog *catalog, const char *json,
                            size_t len)
{
	static const char mark[] = ",\"sig\":\"";
	const char *found = NULL, *mac;
	size_t mark_len = sizeof(mark) - 1;
	char *signed_text;

	if (!catalog->is_signed)
		return true;
	/* The last one: texts within hold only escaped quotes. */
	for (const char *p = strstr(json, mark); p; p = strstr(p + 1, mark))
		found = p;
	/* Its quote must not be the one that ends the text, too. */
	if (!found || (size_t)(found - json) + mark_len + 2 > len ||
	    strcmp(json + len - 2, "\"}") != 0)
		return false;
	signed_text = cb_strndup(ctx, json, (size_t)(found - json));
	mac = cb_strndup(ctx, found + mark_len,
	                 len - 2 - (size_t)(found - json) - mark_len);
	return signed_text && mac &&
	       catalog->is_signed(ctx, catalog->signer, signed_text, mac);
}

static bool read_edge(const json_t *list, bool ordered, struct cbi_edge *out)
{
	size_t n = json_array_size(list);

	if (n != (ordered ? 2u : 1u))
		return false;
	out->value =
	    ordered ? json_string_value(json_array_get(list, 0)) : NULL;
	out->uid = json_string_value(json_array_get(list, n - 1));
	return out->uid && (!ordered || out->value);
}

static bool read_order(const json_t *root, struct cbi_cursor *out)
{
	const json_t *list = json_object_get(root, "orderFields");
	const json_t *one = json_array_get(list, 0);
	const char *order = json_string_value(json_object_get(one, "order"));

	if (!json_is_array(list) || json_array_size(list) > 1)
		return false;
	if (!one)
		return true;
	out->order_key = json_string_value(json_object_get(one, "field"));
	if (!out->order_key || !order)
		return false;
	out->descending = strcmp(order, "desc") == 0;
	return out->descending || strcmp(order, "asc") == 0;
}

static bool read_text(struct cb_ctx *ctx, const json_t *root,
                      struct cbi_cursor *out)
{
	const json_t *text = json_object_get(root, "fullTextFilter");
	const json_t *fields = json_object_get(text, "fields");
	size_t n = json_array_size(fields);
	const char **list;

	if (!text)
		return true;
	out->term = json_string_value(json_object_get(text, "term"));
	list = cb_alloc(ctx, (n + 1) * sizeof(*list));
	if (!out->term || !list)
		return false;
	for (size_t i = 0; i < n; i++) {
		list[i] = json_string_value(json_array_get(fields, i));
		if (!list[i])
			return false;
	}
	out->fields = list;
	out->field_count = n;
	return true;
}

static bool read_root(struct cb_ctx *ctx, const json_t *root,
                      struct cbi_cursor *out)
{
	const json_t *first = json_object_get(root, "firstSortFieldValues");
	const json_t *total = json_object_get(root, "totalItems");
	const json_t *back = json_object_get(root, "isPrevious");

	if (!json_is_object(root) || !read_order(root, out) ||
	    !json_is_boolean(back) ||
	    !read_edge(json_object_get(root, "orderFieldValues"),
	               out->order_key != NULL, &out->edge))
		return false;
	if (first && !read_edge(first, out->order_key != NULL, &out->first))
		return false;
	if (total && (!json_is_integer(total) || json_integer_value(total) < 0))
		return false;
	out->previous = json_is_true(back);
	out->total = json_integer_value(total);
	return read_text(ctx, root, out);
}

/* A page behind another is of the same moment. */
static int read_moment(struct cb_ctx *ctx, const json_t *root)
{
	const json_t *at = json_object_get(root, "at");
	int64_t moment = json_integer_value(at);

	if (at && (!json_is_integer(at) || moment <= 0))
		return bad(ctx);
	if (ctx->scope.as_of && ctx->scope.as_of != moment)
		return cb_fail(ctx, CB_EINVAL,
		               "the cursor is of another moment than 'at'; "
		               "expected the same, or the cursor alone");
	return moment ? cbi_past_set(ctx, moment) : CB_OK;
}

int cbi_cursor_read(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                    const char *text, struct cbi_cursor *out)
{
	json_t *root, *query;
	size_t len;
	int rc;
	char *json = decode(ctx, text, &len);

	if (!json || !check_signature(ctx, catalog, json, len))
		return bad(ctx);
	memset(out, 0, sizeof(*out));
	if (cb_json_parse(ctx, json, len, &root) < 0 ||
	    !read_root(ctx, root, out))
		return bad(ctx);
	rc = read_moment(ctx, root);
	query = json_object_get(root, "query");
	if (rc < 0 || !query)
		return rc;
	return cbi_filter_predicate(ctx, query, &out->filter);
}
