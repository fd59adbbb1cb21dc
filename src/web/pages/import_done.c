/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_done.c - a registered location and what it has brought so far: the
 * page asks again by itself while its first reading is under way.
 */
#include <string.h>

#include "base/str.h"
#include "catalog/explain.h"
#include "html/addr.h"
#include "web/pages/forms.h"
#include "web/pages/import.h"
#include "web/pages/origin.h"
#include "web/pages/shell.h"
#include "web/pages/things.h"

/* So often the page asks by itself: the last are 15 seconds apart. */
#define ATTEMPTS_MAX 8

struct done {
	struct cb_req *req;
	struct cbi_location location;
	struct cbi_origin origin;
	json_t *why; /* of its Location; NULL: nothing is known yet */
	size_t faults;
	int64_t brought, expect, attempt;
};

static int number_in(struct cb_req *req, const char *name, int64_t *out)
{
	const char *text = cbi_req_query(req, name);

	*out = 0;
	if (text && *text && cbi_str_int(text, 0, 100000, out) < 0)
		return cb_fail(req->ctx, CB_EINVAL,
		               "%s: '%.40s', expected a number", name, text);
	return CB_OK;
}

static int load(struct done *done)
{
	struct cb_req *req = done->req;
	const char *origin;
	int rc = number_in(req, "expect", &done->expect);

	if (rc == CB_OK)
		rc = number_in(req, "attempt", &done->attempt);
	if (rc == CB_OK)
		rc = cbi_location_get(req->ctx, req->args[0], &done->location);
	if (rc < 0)
		return rc;
	origin = cb_printf(req->ctx, "%s:%s", done->location.type,
	                   done->location.target);
	rc = origin ? cbi_origin_find(req, origin, &done->origin) : CB_ENOMEM;
	if (rc < 0)
		return rc;
	done->brought = done->origin.total;
	for (size_t i = 0; i < done->origin.n; i++)
		if (strcmp(done->origin.refs[i], done->location.entity_ref) ==
		    0)
			done->brought--;
	rc = cbi_explain(req->ctx, done->location.entity_ref, &done->why);
	if (rc == CB_ENOENT) {
		cb_failure_clear(req->ctx);
		return CB_OK;
	}
	if (rc == CB_OK)
		done->faults =
		    json_array_size(json_object_get(done->why, "errors"));
	return rc;
}

/* Is its first reading to be waited for? */
static bool is_waiting(const struct done *done)
{
	int64_t enough = done->expect > 0 ? done->expect : 1;

	return !done->faults && done->brought < enough &&
	       done->attempt < ATTEMPTS_MAX;
}

static void faults(const struct done *done, struct cb_html *html)
{
	const json_t *list = json_object_get(done->why, "errors");

	for (size_t i = 0; i < done->faults; i++) {
		const char *message = json_string_value(
		    json_object_get(json_array_get(list, i), "message"));

		cbi_html_notice_open(html, CB_TONE_BAD, "note",
		                     i ? NULL
		                       : "Reading it found something wrong");
		cbi_html_lit(html, "<p class=\"path\">");
		cbi_html_path(html, message ? message : "");
		cbi_html_lit(html, "</p>");
		cbi_html_notice_close(html);
	}
}

static const char *here(const struct done *done, int64_t attempt)
{
	struct cb_ctx *ctx = done->req->ctx;
	const char *address = cbi_addr(
	    ctx, cb_printf(ctx, "/catalog-import/%s", done->location.id));

	address = cbi_addr_with(
	    ctx, address, "expect",
	    done->expect ? cb_printf(ctx, "%lld", (long long)done->expect)
			 : NULL);
	return cbi_addr_with(
	    ctx, address, "attempt",
	    attempt ? cb_printf(ctx, "%lld", (long long)attempt) : NULL);
}

static void state(const struct done *done, struct cb_html *html)
{
	if (is_waiting(done)) {
		cbi_html_notice_open(html, CB_TONE_BUSY, "status",
		                     "It is being read for the first time");
		cbi_html_lit(html, "<p>");
		cbi_html_tr(html, "Its entities come into the catalog within "
		                  "seconds; this page follows.");
		cbi_html_lit(html, " <a");
		cbi_html_attr(html, "href", here(done, 0));
		cbi_html_lit(html, ">");
		cbi_html_tr(html, "Reload");
		cbi_html_lit(html, "</a></p>");
	} else if (done->brought > 0) {
		cbi_html_notice_open(html, CB_TONE_GOOD, "status",
		                     "The catalog has it");
		cbi_html_lit(html, "<p>");
		cbi_html_tr(html, "The location is read again whenever it "
		                  "changes.");
		cbi_html_lit(html, "</p>");
	} else {
		cbi_html_notice_open(html, CB_TONE_WARN, "status",
		                     "It has brought nothing in");
		cbi_html_lit(html, "<p>");
		cbi_html_tr(html, "The location stays registered and is tried "
		                  "again.");
		cbi_html_lit(html, " <a");
		cbi_html_attr(html, "href", here(done, 0));
		cbi_html_lit(html, ">");
		cbi_html_tr(html, "Reload");
		cbi_html_lit(html, "</a></p>");
	}
	cbi_html_notice_close(html);
}

static void location(const struct done *done, struct cb_html *html)
{
	const struct cbi_html_card card = { .plugin = "catalog",
		                            .name = "import-location",
		                            .title = "The location",
		                            .wide = true };
	const char *ref = done->location.entity_ref;

	cbi_html_card_open(html, &card);
	cbi_html_lit(html, "<div class=\"stack\">\n<p class=\"place\">");
	cbi_html_icon(html, "location");
	cbi_html_lit(html, "<code class=\"path\">");
	cbi_html_path(html, done->location.target);
	cbi_html_lit(html, "</code></p>\n");
	state(done, html);
	faults(done, html);
	cbi_html_lit(html, "<div class=\"buttons\">");
	cbi_html_button_link(html, "", "location", "Its own page",
	                     cbi_addr_entity(html->ctx, ref, NULL));
	cbi_html_button_link(html, "", "plus", "Register another",
	                     cbi_addr(html->ctx, "/catalog-import"));
	cbi_html_lit(html, "</div>\n</div>\n");
	cbi_html_card_close(html);
}

static void brought(const struct done *done, struct cb_html *html)
{
	struct cbi_html_card card = { .plugin = "catalog",
		                      .name = "import-brought",
		                      .title = "Entities from it",
		                      .wide = true };

	if (done->brought < 1)
		return;
	card.meta = cbi_html_number_text(html->ctx, done->brought);
	cbi_html_card_open(html, &card);
	cbi_origin_list(done->req, html, &done->origin,
	                done->location.entity_ref);
	cbi_html_card_close(html);
}

int cbi_import_show_location(struct cb_req *req)
{
	struct done done = { .req = req };
	const struct cbi_page shell = {
		.title = cb_tr(req->ctx, "Registered location"),
		.here = "import",
	};
	struct cb_html html;
	int rc = load(&done);

	if (rc == CB_OK)
		rc = cbi_page_open(req, &shell, &html);
	if (rc < 0)
		return rc;
	cbi_import_head(&html, CBI_IMPORT_DONE);
	cbi_html_lit(&html, "<div class=\"cards import\" id=\"registered\"");
	if (is_waiting(&done))
		cbi_html_again(&html, here(&done, done.attempt + 1),
		               "#registered", (int)done.attempt);
	cbi_html_lit(&html, ">\n");
	location(&done, &html);
	brought(&done, &html);
	cbi_html_lit(&html, "</div>\n");
	return cbi_page_close(req, &html);
}
