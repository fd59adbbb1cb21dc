/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.c - /admin/audit: who changed what, or tried to, newest first.
 */
#include "web/pages/admin.h"

#include <stdlib.h>
#include <string.h>

#include "html/addr.h"
#include "web/audit_ask.h"
#include "web/pages/shell.h"

#define PATH "/admin/audit"
#define PAGE 50

struct audit_page {
	struct cb_req *req;
	struct cbi_audit_query query;
	const struct cbi_audit_row *rows;
	size_t n;
	bool more;
};

/* ---- The filters -------------------------------------------------------- */

static void box(const struct audit_page *page, struct cb_html *html,
                const char *type, const char *name, const char *label)
{
	const char *id = cb_printf(html->ctx, "audit-%s", name);

	cbi_html_lit(html, "<div class=\"field\"><label");
	cbi_html_attr(html, "for", id);
	cbi_html_lit(html, ">");
	cbi_html_tr(html, label);
	cbi_html_lit(html,
	             "</label><input class=\"input\" autocomplete=\"off\"");
	if (strcmp(type, "text") == 0)
		cbi_html_lit(html, " maxlength=\"200\"");
	cbi_html_attr(html, "id", id);
	cbi_html_attr(html, "type", type);
	cbi_html_attr(html, "name", name);
	cbi_html_attr(html, "value", cbi_req_query(page->req, name));
	cbi_html_lit(html, "></div>\n");
}

static void outcomes(const struct audit_page *page, struct cb_html *html)
{
	static const struct {
		const char *value, *title;
	} all[] = {
		{ "", "Done or refused" },
		{ "done", "Done" },
		{ "refused", "Refused" },
	};
	const char *chosen = page->query.outcome ? page->query.outcome : "";

	cbi_html_lit(html,
	             "<div class=\"field\"><label for=\"audit-outcome\">");
	cbi_html_tr(html, "Outcome");
	cbi_html_lit(html, "</label><select class=\"input\""
	                   " id=\"audit-outcome\" name=\"outcome\">\n");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		cbi_html_lit(html, "<option");
		cbi_html_attr(html, "value", all[i].value);
		if (strcmp(all[i].value, chosen) == 0)
			cbi_html_lit(html, " selected");
		cbi_html_lit(html, ">");
		cbi_html_tr(html, all[i].title);
		cbi_html_lit(html, "</option>\n");
	}
	cbi_html_lit(html, "</select></div>\n");
}

static void filters(const struct audit_page *page, struct cb_html *html)
{
	const struct cbi_html_card card = { .plugin = "core",
		                            .name = "audit-filter",
		                            .title = "Filter",
		                            .wide = true };
	const struct cbi_html_form form = { .address =
		                                cbi_addr(html->ctx, PATH),
		                            .cls = "filters",
		                            .role = "search",
		                            .label = "Filter" };

	cbi_html_card_open(html, &card);
	cbi_html_form_open(html, &form);
	box(page, html, "text", "actor", "Actor");
	box(page, html, "text", "action", "Action, or its first word");
	box(page, html, "text", "object", "Part of the object");
	outcomes(page, html);
	box(page, html, "date", "from", "From");
	box(page, html, "date", "to", "To, this day included");
	cbi_html_lit(html, "<div class=\"buttons\"><button class=\"button\""
	                   " type=\"submit\">");
	cbi_html_tr(html, "Filter");
	cbi_html_lit(html, "</button>");
	if (page->req->query_count)
		cbi_html_button_link(html, "quiet", "x", "Show everything",
		                     cbi_addr(html->ctx, PATH));
	cbi_html_lit(html, "</div>\n");
	cbi_html_form_close(html);
	cbi_html_card_close(html);
}

/* ---- The rows ----------------------------------------------------------- */

/* JSON as one reads it; what is none stays as it is. */
static void value(struct cb_html *html, const char *title, const char *text)
{
	const char *pretty = text;
	json_t *json;

	if (!text)
		return;
	json = json_loads(text, JSON_DECODE_ANY, NULL);
	if (json) {
		char *dump = json_dumps(json, JSON_INDENT(2) | JSON_ENCODE_ANY);

		if (dump)
			pretty = cb_strdup(html->ctx, dump);
		free(dump);
		json_decref(json);
	}
	cbi_html_block(html);
	cbi_html_lit(html, "<p class=\"muted small\">");
	cbi_html_tr(html, title);
	/* It wraps, so nobody has to scroll in it. */
	cbi_html_lit(html, "</p>\n<pre class=\"code\"><code>");
	cbi_html_esc(html, pretty);
	cbi_html_lit(html, "</code></pre>\n");
}

static void details(struct cb_html *html, const struct cbi_audit_row *row)
{
	cbi_html_lit(html, "<details class=\"version-diff\"><summary>");
	cbi_html_tr(html, "Details");
	cbi_html_lit(html, "<span class=\"vh\">: ");
	cbi_html_esc(html, row->object);
	cbi_html_lit(html, "</span></summary>\n<div class=\"stack\">\n");
	cb_html_field(html, "Request",
	              *row->request_id ? row->request_id : NULL);
	cb_html_field(html, "Address", *row->address ? row->address : NULL);
	cb_html_field(html, "Place in the chain",
	              row->seal
	                  ? cb_printf(html->ctx, "%lld", (long long)row->seal)
	                  : cb_tr(html->ctx, "not sealed yet"));
	cb_html_field(html, "Hash", row->hash);
	value(html, "Before", row->before);
	value(html, "After", row->after);
	cbi_html_block(html);
	cbi_html_lit(html, "</div>\n</details>\n");
}

static void one(struct cb_html *html, const struct cbi_audit_row *row)
{
	bool done = strcmp(row->outcome, "done") == 0;

	cbi_html_lit(html,
	             "<li class=\"version\">\n<div class=\"version-head\">"
	             "<h3 class=\"run\">");
	cbi_html_esc(html, row->action);
	if (!done) {
		cbi_html_lit(html,
		             " <span class=\"badge\" data-tone=\"warn\">");
		cbi_html_esc(html, row->outcome);
		cbi_html_lit(html, "</span>");
	}
	cbi_html_lit(html, "</h3>\n<p class=\"path\">");
	cbi_html_path(html, row->object);
	cbi_html_lit(html, "</p>\n<p class=\"muted small\">");
	cbi_html_esc(html, row->actor);
	cbi_html_lit(html, " ");
	cbi_html_ago(html, row->at_us / 1000);
	cbi_html_lit(html, "</p>\n</div>\n");
	details(html, row);
	cbi_html_lit(html, "</li>\n");
}

static const char *export_address(const struct audit_page *page,
                                  const char *format)
{
	return cbi_addr_with(
	    page->req->ctx,
	    cbi_audit_ask_address(page->req, "/api/audit/events"), "format",
	    format);
}

static void rows(const struct audit_page *page, struct cb_html *html)
{
	const struct cbi_html_card card = { .plugin = "core",
		                            .name = "audit",
		                            .title = "Changes and attempts",
		                            .wide = true };

	cbi_html_card_open(html, &card);
	if (!page->n)
		cb_html_empty(html, "Nothing was done",
		              "Nobody changed, or tried to change, anything "
		              "that these filters leave.");
	else
		cbi_html_lit(html, "<ol class=\"versions\">\n");
	for (size_t i = 0; i < page->n; i++)
		one(html, &page->rows[i]);
	if (page->n)
		cbi_html_lit(html, "</ol>\n<p class=\"buttons\">");
	if (page->n) {
		cbi_html_button_link(html, "quiet", "download",
		                     "Take away as "
		                     "CSV",
		                     export_address(page, "csv"));
		cbi_html_button_link(html, "quiet", "download",
		                     "Take away as "
		                     "JSON lines",
		                     export_address(page, "ndjson"));
		cbi_html_lit(html, "</p>\n");
	}
	cbi_html_card_close(html);
}

static void pager(const struct audit_page *page, struct cb_html *html)
{
	struct cb_ctx *ctx = html->ctx;
	const char *first = cbi_audit_ask_address(page->req, PATH);
	const char *older = NULL;

	if (page->more)
		older = cbi_addr_with(
		    ctx, first, "before",
		    cb_printf(ctx, "%lld",
		              (long long)page->rows[page->n - 1].id));
	if (older || page->query.before_id)
		cbi_html_pager(html, "", page->query.before_id ? first : NULL,
		               older, NULL);
}

static int show(struct cb_req *req)
{
	const struct cbi_page shell = { .title = cb_tr(req->ctx, "Audit"),
		                        .here = "audit" };
	struct audit_page page = { .req = req };
	struct cb_html html;
	int rc = cbi_audit_ask(req, &page.query);

	/* One more tells whether there is an older page. */
	if (rc == CB_OK)
		rc = cbi_audit_list(req->ctx, &page.query, PAGE + 1, &page.rows,
		                    &page.n);
	page.more = rc == CB_OK && page.n > PAGE;
	if (page.more)
		page.n = PAGE;
	if (rc == CB_OK)
		rc = cbi_page_open(req, &shell, &html);
	if (rc < 0)
		return rc;
	cbi_html_page_head(&html, "Audit",
	                   "Every change by anyone, and every attempt that was "
	                   "refused. Nothing of it is ever changed or deleted; "
	                   "callboardctl audit verify proves that.");
	cbi_html_lit(&html, "<div class=\"stack\">\n");
	filters(&page, &html);
	rows(&page, &html);
	pager(&page, &html);
	cbi_html_lit(&html, "</div>\n");
	return cbi_page_close(req, &html);
}

const struct cbi_endpoint cbi_pages_audit[] = {
	{
	    .path = PATH,
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .permission = "admin.audit.read",
	    .face = CBI_FACE_PAGE,
	    .name = "page.admin.audit",
	    .handle = show,
	},
	{ 0 },
};
