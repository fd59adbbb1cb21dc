/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history_versions.c - the cards of the tab "History": an entity's versions,
 * what each changed, and any two compared.
 */
#include <string.h>

#include "base/clock.h"
#include "html/addr.h"
#include "web/pages/diff.h"
#include "web/pages/forms.h"
#include "web/pages/history.h"

static const char *tab(const struct cbi_history_page *h)
{
	return cbi_addr_entity(h->page.req->ctx, h->page.ref, "history");
}

static const char *number_text(struct cb_ctx *ctx, int64_t number)
{
	const char *text = cb_printf(ctx, "%lld", (long long)number);

	return text ? text : "";
}

/* ---- Versions ----------------------------------------------------------- */

static const char *cause_of(const struct cbi_version *v)
{
	static const struct {
		const char *cause, *title;
	} words[] = {
		{ "added", "Added" },
		{ "changed", "Changed" },
		{ "restored", "Restored" },
		{ "confirmed", "Confirmed by a person" },
		{ "described", "Its repository describes itself" },
		{ "location.read", "No longer in its source" },
		{ "location.delete", "Unregistered" },
		{ "removed by uid", "Deleted" },
		{ "config", "Taken out of the configuration" },
		{ "orphan", "Deleted as an orphan" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].cause, v->cause) == 0)
			return words[i].title;
	return v->cause;
}

/* The entity's page as it was in that version; the same, now, of what is. */
static const char *then_address(const struct cbi_history_page *h,
                                const struct cbi_version *v)
{
	struct cb_ctx *ctx = h->page.req->ctx;
	int64_t at = ctx->scope.as_of;
	const char *address;

	ctx->scope.as_of = v->now ? 0 : v->from_ms;
	address = cbi_addr_entity(ctx, h->page.ref, NULL);
	ctx->scope.as_of = at;
	return address;
}

static void restore_form(const struct cbi_history_page *h, struct cb_html *html,
                         const struct cbi_version *v)
{
	const struct cbi_form_button button = {
		.address = tab(h),
		.name = "version",
		.value = number_text(html->ctx, v->number),
		.cls = "button",
		.icon = "history",
		.title = "Restore this version",
	};

	cbi_form_button(h->page.req, html, &button);
}

static void version_head(const struct cbi_history_page *h, struct cb_html *html,
                         const struct cbi_version *v)
{
	cbi_html_lit(html, "<div class=\"version-head\"><h3 class=\"run\">");
	cbi_html_tr(html, cause_of(v));
	cbi_html_lit(html, " ");
	cbi_html_ago(html, v->from_ms);
	if (v->now) {
		cbi_html_lit(html, " <span class=\"badge\""
		                   " data-tone=\"good\">");
		cbi_html_tr(html, "served now");
		cbi_html_lit(html, "</span>");
	} else if (v->gone) {
		cbi_html_lit(html, " <span class=\"badge\""
		                   " data-tone=\"warn\">");
		cbi_html_tr(html, "deleted");
		cbi_html_lit(html, "</span>");
	}
	cbi_html_lit(html, "</h3>\n<p class=\"muted small\">");
	cbi_html_esc(html,
	             cbi_html_say(html->ctx, "Version {1}, by {2}",
	                          number_text(html->ctx, v->number), v->actor));
	cbi_html_lit(html, "</p>\n<p class=\"muted small path\">");
	cbi_html_path(html, v->source);
	cbi_html_lit(html, "</p>\n</div>\n<div class=\"buttons\">");
	if (!v->gone)
		cbi_html_button_link(html, "quiet", "clock",
		                     v->now ? "The entity as it is"
		                            : "As it was then",
		                     then_address(h, v));
	if (!h->page.entity && !v->gone && !h->restore_why)
		restore_form(h, html, v);
	cbi_html_lit(html, "</div>\n");
}

static int version(const struct cbi_history_page *h, struct cb_html *html,
                   const struct cbi_version *v, const struct cbi_version *old)
{
	/* All of a first version is news, and long. */
	bool open = v == h->shown && old->number;
	int rc;

	cbi_html_lit(html, "<li class=\"version\">\n");
	version_head(h, html, v);
	cbi_html_lit(html, "<details class=\"version-diff\"");
	if (open)
		cbi_html_lit(html, " open");
	cbi_html_lit(html, "><summary>");
	cbi_html_tr(html, old->number ? "What it changed"
	                              : "As it came into the catalog");
	cbi_html_lit(html, "</summary>\n");
	rc = cbi_diff_draw(html, old, v);
	cbi_html_lit(html, "</details>\n</li>\n");
	return rc;
}

int cbi_history_versions(const struct cbi_history_page *h, struct cb_html *html)
{
	const struct cbi_html_card card = { .plugin = "catalog",
		                            .name = "versions",
		                            .title = "Versions",
		                            .wide = true };
	struct cb_req *req = h->page.req;
	struct cbi_version old = { 0 };
	const char *next = NULL;
	int rc = CB_OK;

	cbi_html_card_open(html, &card);
	cbi_html_lit(html, "<ol class=\"versions\">\n");
	for (size_t i = 0; rc == CB_OK && i < h->n; i++) {
		rc = i + 1 < h->n
		         ? CB_OK
		         : cbi_history_before(req->ctx, h->page.ref,
		                              h->shown[i].number, &old);
		if (rc == CB_OK)
			rc = version(h, html, &h->shown[i],
			             i + 1 < h->n ? &h->shown[i + 1] : &old);
	}
	cbi_html_lit(html, "</ol>\n");
	cbi_html_card_close(html);
	if (h->more)
		next = cbi_addr_with(
		    req->ctx, tab(h), "before",
		    number_text(req->ctx, h->shown[h->n - 1].number));
	if (next || cbi_req_query(req, "before"))
		cbi_html_pager(html, "",
		               cbi_req_query(req, "before") ? tab(h) : NULL,
		               next, NULL);
	return rc;
}

/* ---- Comparing ---------------------------------------------------------- */

static void choice(const struct cbi_history_page *h, struct cb_html *html,
                   const char *name, const char *label, int64_t chosen)
{
	cbi_html_lit(html, "<div class=\"field\"><label");
	cbi_html_attr(html, "for", cb_printf(html->ctx, "version-%s", name));
	cbi_html_lit(html, ">");
	cbi_html_tr(html, label);
	cbi_html_lit(html, "</label><select class=\"input\"");
	cbi_html_attr(html, "id", cb_printf(html->ctx, "version-%s", name));
	cbi_html_attr(html, "name", name);
	cbi_html_lit(html, ">\n");
	for (size_t i = 0; i < h->all_n; i++) {
		const struct cbi_version *v = &h->all[i];
		char at[CBI_TIME_LEN];

		cbi_clock_iso(v->from_ms, at);
		cbi_html_lit(html, "<option");
		cbi_html_attr(html, "value", number_text(html->ctx, v->number));
		if (v->number == chosen)
			cbi_html_lit(html, " selected");
		cbi_html_lit(html, ">");
		cbi_html_esc(html, cb_printf(html->ctx, "%lld \xc2\xb7 %.19s",
		                             (long long)v->number, at));
		cbi_html_lit(html, "</option>\n");
	}
	cbi_html_lit(html, "</select></div>\n");
}

int cbi_history_compare(const struct cbi_history_page *h, struct cb_html *html,
                        int64_t from, int64_t to)
{
	const struct cbi_html_card card = { .plugin = "catalog",
		                            .name = "compare",
		                            .title = "Compare two versions",
		                            .wide = true };
	const struct cbi_html_form form = { .address = tab(h),
		                            .cls = "compare" };
	struct cbi_version old, new;
	int rc = CB_OK;

	if (h->all_n < 2)
		return CB_OK;
	cbi_html_card_open(html, &card);
	cbi_html_form_open(html, &form);
	choice(h, html, "from", "From", from ? from : h->all[1].number);
	choice(h, html, "to", "To", to ? to : h->all[0].number);
	cbi_html_lit(html, "<button class=\"button\" type=\"submit\">");
	cbi_html_tr(html, "Compare");
	cbi_html_lit(html, "</button>\n");
	cbi_html_form_close(html);
	if (from && to) {
		rc = cbi_history_get(html->ctx, h->page.ref, from, &old);
		if (rc == CB_OK)
			rc = cbi_history_get(html->ctx, h->page.ref, to, &new);
		if (rc == CB_OK)
			rc = cbi_diff_draw(html, &old, &new);
	}
	cbi_html_card_close(html);
	return rc;
}
