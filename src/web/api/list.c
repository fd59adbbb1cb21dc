/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.c - see list.h.
 *
 * Without limit, offset and after it is another thing than with one of them:
 * other default order, other treatment of what has no value (contract 3.1).
 */
#include "web/api/list.h"

#include <stdio.h>
#include <string.h>

#include <callboard/json.h>

#include "base/clock.h"
#include "catalog/fold.h"
#include "catalog/query.h"
#include "crypto/crypto.h"
#include "web/api/answer.h"
#include "web/at.h"
#include "web/web.h"

#define AFTER_MAX 256

struct listing {
	struct cb_req *req;
	struct cbi_list list;
	struct cbi_fields *fields;
	struct cbi_fresh fresh; /* known before the first item */
	size_t n;
};

static int bad_after(struct cb_req *req)
{
	return cb_fail(req->ctx, CB_EINVAL,
	               "query parameter 'after' is not one that this catalog "
	               "gave");
}

/* `after` is base64 of {"limit": n, "offset": m}, which win. */
static int read_after(struct cb_req *req, const char *text,
                      struct cbi_list *list)
{
	unsigned char json[AFTER_MAX];
	size_t len = strlen(text);
	json_t *root;
	int rc;

	if (len > AFTER_MAX - 4 ||
	    (!cbi_crypto_unbase64(CBI_BASE64_STD, text, len, json, &len) &&
	     !cbi_crypto_unbase64(CBI_BASE64_URL, text, len, json, &len)))
		return bad_after(req);
	rc = cb_json_parse(req->ctx, (char *)json, len, &root);
	if (rc == CB_OK && !json_is_object(root))
		return bad_after(req);
	if (rc == CB_OK)
		rc = cbi_api_number(req, root, "limit", &list->limit);
	if (rc == CB_OK && list->limit == 0)
		return bad_after(req);
	return rc < 0 ? rc : cbi_api_number(req, root, "offset", &list->offset);
}

static int read_page(struct cb_req *req, struct cbi_list *list)
{
	const char *after = NULL;
	int rc = cbi_api_int(req, "limit", 1, &list->limit);

	if (rc == CB_OK)
		rc = cbi_api_int(req, "offset", 0, &list->offset);
	if (rc == CB_OK)
		rc = cbi_api_value(req, "after", &after);
	if (rc == CB_OK && after)
		rc = read_after(req, after, list);
	list->paged = after || cbi_req_query(req, "limit") ||
	              cbi_req_query(req, "offset");
	return rc;
}

/* "asc:field" or "desc:field". */
static int read_orders(struct cb_req *req, struct cbi_list *list)
{
	const char *const *values;
	struct cbi_list_order *orders;
	size_t n;
	int rc = cbi_api_values(req, "order", &values, &n);

	if (rc < 0)
		return rc;
	orders = cb_alloc(req->ctx, (n + 1) * sizeof(*orders));
	if (!orders)
		return CB_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *colon = strchr(values[i], ':');

		orders[i].descending = cbi_str_starts(values[i], "desc:");
		if (!colon || !colon[1] ||
		    (!orders[i].descending &&
		     !cbi_str_starts(values[i], "asc:")))
			return cb_fail(req->ctx, CB_EINVAL,
			               "order is '%.80s'; expected "
			               "'asc:<field>' or 'desc:<field>'",
			               values[i]);
		/* In pages the case is not folded: upstream's way. */
		orders[i].key = list->paged
		                    ? colon + 1
		                    : cbi_catalog_fold(req->ctx, colon + 1);
		if (!orders[i].key)
			return CB_ENOMEM;
	}
	list->orders = orders;
	list->order_count = list->paged || n < 1 ? n : 1;
	return CB_OK;
}

/* The query string of the request without some parameters.  The next page is
 * of the same moment, also when that was said as "2h". */
static void add_rest(struct cb_buf *buf, const char *query, int64_t as_of)
{
	char at[CBI_TIME_LEN];

	for (const char *p = query; *p;) {
		size_t len = strcspn(p, "&");

		if (!cbi_str_starts(p, "offset=") &&
		    !cbi_str_starts(p, "after=") && !cbi_str_starts(p, "at=") &&
		    len) {
			cb_buf_add(buf, p, len);
			cb_buf_text(buf, "&");
		}
		p += len;
		p += *p == '&';
	}
	if (as_of) {
		cbi_clock_iso(as_of, at);
		cb_buf_printf(buf, "at=%s&", at);
	}
}

static int add_link(struct listing *l)
{
	const char *query = strchr(l->req->raw, '?');
	char json[80], encoded[CB_BASE64_LEN(sizeof(json))];
	struct cb_buf buf;
	int rc;

	snprintf(json, sizeof(json), "{\"limit\":%lld,\"offset\":%lld}",
	         (long long)l->list.limit,
	         (long long)(l->list.offset + l->list.limit));
	cbi_crypto_base64(CBI_BASE64_STD, json, strlen(json), encoded);
	cbi_buf_init(&buf, 2 * CB_URL_MAX);
	cb_buf_text(&buf, "</entities?");
	add_rest(&buf, query ? query + 1 : "", l->req->ctx->scope.as_of);
	cb_buf_text(&buf, "after=");
	cbi_str_url_encode(&buf, encoded, "");
	cb_buf_text(&buf, ">; rel=\"next\"");
	rc = buf.failed
	         ? buf.failed
	         : cbi_req_add_header(l->req, "Link", cbi_buf_string(&buf));
	cbi_buf_finish(&buf);
	return rc < 0 ? cb_fail(l->req->ctx, rc, "the Link header is too long")
	              : CB_OK;
}

static int begin(void *arg, bool more)
{
	struct listing *l = arg;
	int rc = cbi_req_fresh(l->req, &l->fresh);

	if (rc == CB_OK && more)
		rc = add_link(l);
	return rc == CB_OK ? cbi_api_write(l->req, "[", 1) : rc;
}

static int item(void *arg, struct cbi_span body)
{
	struct listing *l = arg;
	int rc = l->n++ ? cbi_api_write(l->req, ",", 1) : CB_OK;

	return rc < 0 ? rc : cbi_api_entity(l->req, l->fields, body);
}

static int answer(struct cb_req *req)
{
	struct listing l = { .req = req, .list = { .limit = -1 } };
	int rc = read_page(req, &l.list);

	if (rc == CB_OK)
		rc = read_orders(req, &l.list);
	if (rc == CB_OK)
		rc = cbi_api_filter(req, &l.list.filter);
	if (rc == CB_OK)
		rc = cbi_api_fields(req, &l.fields);
	if (rc == CB_OK)
		rc = cbi_list_run(req->ctx, req->web->catalog, &l.list, begin,
		                  item, &l, &l.fresh);
	return rc == CB_OK ? cbi_api_write(req, "]", 1) : rc;
}

int cbi_api_list(struct cb_req *req)
{
	int rc = cbi_req_at(req);

	return rc < 0 ? rc : cbi_api_cached(req, answer);
}
