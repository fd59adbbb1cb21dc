/* SPDX-License-Identifier: Apache-2.0 */
/*
 * origin.c - see origin.h.
 */
#include "web/pages/origin.h"

#include <string.h>

#include "base/str.h"
#include "catalog/entity.h"
#include "catalog/query.h"
#include "web/pages/things.h"

#define ORIGIN_KEY \
	"metadata.annotations.backstage.io/managed-by-origin-location"

struct finding {
	struct cb_ctx *ctx;
	struct cbi_origin *out;
};

static int note(void *arg, struct cbi_span body)
{
	struct finding *finding = arg;
	struct cbi_origin *out = finding->out;
	const struct cb_entity *entity;
	int rc = cbi_entity_create(finding->ctx, body.ptr, body.len, &entity);

	if (rc < 0)
		return rc;
	out->refs[out->n] = cb_strdup(finding->ctx, cb_entity_ref(entity));
	return out->refs[out->n++] ? CB_OK : CB_ENOMEM;
}

int cbi_origin_find(struct cb_req *req, const char *origin,
                    struct cbi_origin *out)
{
	char *lower = cb_strdup(req->ctx, origin);
	const char *value = lower;
	const struct cbi_filter filter = {
		.op = CBI_FILTER_IN,
		.key = ORIGIN_KEY,
		.values = &value,
		.value_count = 1,
	};
	struct cbi_query query = {
		.at = { .filter = &filter, .order_key = "metadata.name" },
		.limit = CBI_ORIGIN_MAX,
		.count = true,
	};
	struct finding finding = { req->ctx, out };
	struct cbi_query_page found;
	int rc;

	if (!lower)
		return CB_ENOMEM;
	cbi_str_lower(lower);
	out->n = 0;
	rc = cbi_query_run(req->ctx, req->web->catalog, &query, note, &finding,
	                   &found);
	if (rc == CB_OK)
		out->total = found.total;
	return rc;
}

void cbi_origin_list(struct cb_req *req, struct cb_html *html,
                     const struct cbi_origin *origin, const char *except)
{
	cbi_html_lit(html, "<ul class=\"refs\">\n");
	for (size_t i = 0; i < origin->n; i++) {
		if (except && strcmp(origin->refs[i], except) == 0)
			continue;
		cbi_html_lit(html, "<li>");
		cbi_thing_ref(req, html, origin->refs[i]);
		cbi_html_lit(html, "</li>\n");
	}
	cbi_html_lit(html, "</ul>\n");
	if (origin->total > (int64_t)origin->n) {
		cbi_html_lit(html, "<p class=\"muted\">");
		cbi_html_esc(html, cbi_html_say_n(
				       html->ctx, "and {1} more",
				       origin->total - (int64_t)origin->n, 0));
		cbi_html_lit(html, "</p>\n");
	}
}
