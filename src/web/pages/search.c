/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search.c - see search.h.
 *
 * One function makes the whole page; as people type, htmx swaps `#found`.
 */
#include "web/pages/search.h"

#include <string.h>

#include "base/str.h"
#include "html/addr.h"
#include "web/found.h"
#include "web/pages/shell.h"
#include "web/pages/things.h"

#define PAGE_SIZE 20
#define PAGE_MAX 500
/* Of a description, around the first word that was found. */
#define EXCERPT_MAX 240
#define TERM_MAX 400

struct page {
	struct cb_req *req;
	const char *term, *kind; /* kind NULL: all */
	int64_t at;              /* page number from 0 */
	struct cbi_search_found found;
	const struct cbi_search_kind *kinds;
	size_t kind_count;
	const char *const *words;
	size_t word_count;
	const char *away; /* why nothing could be searched; NULL: it could */
};

static const char *address(const struct page *page, const char *kind,
                           int64_t at)
{
	struct cb_ctx *ctx = page->req->ctx;
	const char *to = cbi_addr_with(ctx, cbi_addr(ctx, "/search"), "q",
	                               *page->term ? page->term : NULL);

	to = cbi_addr_with(ctx, to, "kind", kind);
	return at ? cbi_addr_with(ctx, to, "page",
	                          cb_printf(ctx, "%lld", (long long)at + 1))
	          : to;
}

static int read_page(struct page *page)
{
	struct cb_req *req = page->req;
	const char *q = cbi_req_query(req, "q");
	const char *kind = cbi_req_query(req, "kind");
	const char *at = cbi_req_query(req, "page");

	page->term = q ? q : "";
	page->kind = kind && *kind ? kind : NULL;
	if (strlen(page->term) > TERM_MAX)
		return cb_fail(req->ctx, CB_EINVAL,
		               "q is too long; at most %d bytes", TERM_MAX);
	if (at && *at) {
		if (cbi_str_int(at, 1, PAGE_MAX, &page->at) < 0)
			return cb_fail(req->ctx, CB_EINVAL,
			               "page is '%.20s'; expected a number "
			               "from 1 to %d",
			               at, PAGE_MAX);
		page->at--;
	}
	return cbi_search_words(req->ctx, page->term, &page->words,
	                        &page->word_count);
}

/* The kind as documents write it: "API". */
static const char *written(struct cb_ctx *ctx, const char *kind)
{
	static const char *const known[] = { "API",    "Component", "Domain",
		                             "Group",  "Location",  "Resource",
		                             "System", "Template",  "User" };

	(void)ctx;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (cbi_str_casecmp(known[i], kind) == 0)
			return known[i];
	return kind;
}

static int find(struct page *page)
{
	struct cb_ctx *ctx = page->req->ctx;
	const char *kind = page->kind ? written(ctx, page->kind) : NULL;
	const struct cbi_search_filter filter = { "kind", &kind, 1 };
	const struct cbi_search search = {
		.term = page->term,
		.seen = cbi_found_seen,
		.filters = &filter,
		.filter_count = kind ? 1 : 0,
		.limit = PAGE_SIZE,
		.offset = (size_t)page->at * PAGE_SIZE,
	};
	int rc;

	if (!page->word_count)
		return CB_OK;
	rc = cbi_search_run(ctx, &search, &page->found);
	if (rc == CB_OK)
		rc = cbi_search_kinds(ctx, page->term, cbi_found_seen,
		                      &page->kinds, &page->kind_count);
	if (rc != CB_EAWAY)
		return rc;
	page->away = "PostgreSQL does not answer, and words are looked up "
		     "there.";
	page->req->answer.status = 503;
	cb_failure_clear(ctx);
	return cbi_req_add_header(page->req, "Retry-After", "5");
}

/* --- drawing --- */

static void box(const struct page *page, struct cb_html *html)
{
	const struct cbi_html_form form = {
		.address = cbi_addr(html->ctx, "/search"),
		.cls = "search-box",
		.role = "search",
		.label = "Everything",
		.swaps = "#found",
	};

	cbi_html_form_open(html, &form);
	cbi_html_lit(html, "<div class=\"search\">");
	cbi_html_icon(html, "search");
	cbi_html_lit(html, "<input class=\"input big\" id=\"q\" type=\"search\""
	                   " name=\"q\" autocomplete=\"off\""
	                   " maxlength=\"100\"");
	if (!*page->term)
		cbi_html_lit(html, " autofocus");
	cbi_html_attr_tr(html, "aria-label", "Search for");
	cbi_html_attr_tr(html, "placeholder",
	                 "Names, titles, descriptions, owners, tags");
	cbi_html_attr(html, "value", page->term);
	cbi_html_lit(html, "></div>");
	cbi_html_hidden(html, "kind", page->kind);
	cbi_html_lit(html, "<button class=\"button primary nojs\""
	                   " type=\"submit\">");
	cbi_html_tr(html, "Search");
	cbi_html_lit(html, "</button>\n");
	cbi_html_form_close(html);
}

static void kind_chip(const struct page *page, struct cb_html *html,
                      const char *kind, int64_t count)
{
	const char *to = address(page, kind, 0);
	bool here = kind ? page->kind && cbi_str_casecmp(kind, page->kind) == 0
	                 : !page->kind;

	cbi_html_lit(html, "<li><a class=\"chip\"");
	cbi_html_attr(html, "href", to);
	if (here)
		cbi_html_lit(html, " aria-current=\"true\"");
	cbi_html_lit(html, ">");
	if (kind)
		cbi_html_kind_icon(html, kind);
	cbi_html_tr(html, kind ? cbi_thing_kinds(kind) : "All kinds");
	cbi_html_lit(html, " <span class=\"count\">");
	cbi_html_esc(html, cbi_html_number_text(html->ctx, count));
	cbi_html_lit(html, "</span></a></li>\n");
}

static void kinds(const struct page *page, struct cb_html *html)
{
	int64_t all = 0;

	if (!page->kind_count)
		return;
	for (size_t i = 0; i < page->kind_count; i++)
		all += page->kinds[i].count;
	cbi_html_lit(html, "<nav");
	cbi_html_attr_tr(html, "aria-label", "Kind");
	cbi_html_lit(html, "><ul class=\"chips\">\n");
	kind_chip(page, html, NULL, all);
	for (size_t i = 0; i < page->kind_count; i++)
		kind_chip(page, html, page->kinds[i].kind,
		          page->kinds[i].count);
	cbi_html_lit(html, "</ul></nav>\n");
}

static void marked(const struct page *page, struct cb_html *html,
                   const char *text)
{
	struct cbi_span piece;
	size_t at = 0;
	bool is;

	while (cbi_found_piece(text, page->words, page->word_count, &at, &piece,
	                       &is)) {
		if (is)
			cbi_html_lit(html, "<mark>");
		cbi_html_esc_n(html, piece.ptr, piece.len);
		if (is)
			cbi_html_lit(html, "</mark>");
	}
}

/* Long texts from a little before the first word that was found. */
static const char *excerpt(const struct page *page, const char *text)
{
	struct cb_ctx *ctx = page->req->ctx;
	size_t len = strlen(text), at = 0, from = 0, end;
	struct cbi_span piece;
	bool is = false;

	if (len <= EXCERPT_MAX)
		return text;
	while (!is && cbi_found_piece(text, page->words, page->word_count, &at,
	                              &piece, &is))
		from = (size_t)(piece.ptr - text);
	from = is && from > EXCERPT_MAX / 3 ? from - EXCERPT_MAX / 3 : 0;
	while (from && text[from] != ' ')
		from--;
	end = from + EXCERPT_MAX;
	if (end > len)
		end = len;
	while (end < len && ((unsigned char)text[end] & 0xc0) == 0x80)
		end++;
	return cb_printf(ctx, "%s%.*s%s", from ? "\xe2\x80\xa6" : "",
	                 (int)(end - from), text + from,
	                 end < len ? "\xe2\x80\xa6" : "");
}

static void fact(struct cb_html *html, bool *any, const char *text)
{
	if (!*text)
		return;
	if (*any)
		cbi_html_lit(html, " \xc2\xb7 ");
	*any = true;
	cbi_html_esc(html, text);
}

static void facts(struct cb_html *html, const struct cbi_found *found)
{
	struct cb_ctx *ctx = html->ctx;
	bool any = false;

	cbi_html_lit(html, "<p class=\"found-facts\"><span>");
	fact(html, &any, cb_tr(ctx, cbi_thing_kind(found->kind)));
	if (strcmp(found->type, "other") != 0)
		fact(html, &any, found->type);
	if (*found->owner)
		fact(html, &any,
		     cbi_html_say(ctx, "owned by {1}", found->owner, NULL));
	if (strcmp(found->space, "default") != 0)
		fact(html, &any,
		     cbi_html_say(ctx, "in {1}", found->space, NULL));
	cbi_html_lit(html, "</span>");
	if (*found->lifecycle)
		cbi_thing_lifecycle_badge(html, found->lifecycle);
	cbi_html_lit(html, "</p>");
}

static int hit(const struct page *page, struct cb_html *html,
               const struct cbi_search_hit *one)
{
	struct cbi_found found;
	int rc = cbi_found_read(html->ctx, one, &found);
	const char *kind;

	if (rc < 0)
		return rc;
	kind = cbi_html_kind(found.kind);
	cbi_html_lit(html, "<li><span class=\"tile kind-");
	cbi_html_esc(html, kind);
	cbi_html_lit(html, "\">");
	cbi_html_icon(html, kind);
	cbi_html_lit(html, "</span><div class=\"list-main\"><a");
	cbi_html_attr(html, "href",
	              cbi_addr_entity(html->ctx, found.ref, NULL));
	cbi_html_lit(html, ">");
	marked(page, html, found.shown);
	cbi_html_lit(html, "</a>");
	if (*found.said) {
		cbi_html_lit(html, "<p>");
		marked(page, html, excerpt(page, found.said));
		cbi_html_lit(html, "</p>");
	}
	facts(html, &found);
	cbi_html_lit(html, "</div></li>\n");
	return CB_OK;
}

static void empty(struct cb_html *html, const char *icon, const char *title,
                  const char *text)
{
	cbi_html_lit(html, "<div class=\"empty\">");
	cbi_html_icon(html, icon);
	cbi_html_lit(html, "<p class=\"empty-title\">");
	cbi_html_esc(html, title);
	cbi_html_lit(html, "</p><p>");
	cbi_html_tr(html, text);
	cbi_html_lit(html, "</p>");
}

static void nothing(const struct page *page, struct cb_html *html)
{
	struct cb_ctx *ctx = html->ctx;

	if (page->away) {
		empty(html, "unplug", cb_tr(ctx, "Search is away right now"),
		      page->away);
		cbi_html_button_link(html, "", NULL, "Filter the catalog",
		                     cbi_addr_with(ctx,
		                                   cbi_addr(ctx, "/catalog"),
		                                   "q", page->term));
	} else if (!page->word_count) {
		empty(html, "search", cb_tr(ctx, "What are you looking for?"),
		      "Words may be unfinished; all of them must be there.");
		cbi_html_button_link(html, "", NULL, "Browse the catalog",
		                     cbi_addr(ctx, "/catalog"));
	} else {
		empty(html, "inbox",
		      cbi_html_say(ctx,
		                   "Nothing has the words \xe2\x80\x9c{1}"
		                   "\xe2\x80\x9d",
		                   page->term, NULL),
		      page->kind ? "Other kinds may have them."
		                 : "Take one away, or write less of it.");
		if (page->kind)
			cbi_html_button_link(html, "", NULL, "Search all kinds",
			                     address(page, NULL, 0));
	}
	cbi_html_lit(html, "</div>\n");
}

static void status(const struct page *page, struct cb_html *html)
{
	const struct cbi_search_found *found = &page->found;
	struct cb_ctx *ctx = html->ctx;

	cbi_html_lit(html, "<p class=\"muted small\" role=\"status\">");
	if (found->similar)
		cbi_html_esc(html,
		             cbi_html_say(ctx,
		                          "Nothing has the words \xe2\x80\x9c"
		                          "{1}\xe2\x80\x9d; these names are "
		                          "much like it:",
		                          page->term, NULL));
	else if (found->total < 0)
		cbi_html_tr(html, "Many results: the best come first");
	else if (page->word_count && !page->away)
		cbi_html_esc(html,
		             cbi_html_say_n(ctx,
		                            found->total == 1 ? "{1} result"
		                                              : "{1} results",
		                            found->total, 0));
	cbi_html_lit(html, "</p>\n");
}

static int results(const struct page *page, struct cb_html *html)
{
	const struct cbi_search_found *found = &page->found;
	int rc = CB_OK;

	cbi_html_lit(html, "<div class=\"stack\" id=\"found\">\n");
	kinds(page, html);
	status(page, html);
	cbi_html_lit(html, "<section class=\"card\" data-plugin=\"search\"");
	cbi_html_attr_tr(html, "aria-label", "Results");
	cbi_html_lit(html, ">");
	if (!found->count) {
		nothing(page, html);
	} else {
		cbi_html_lit(html, "<ul class=\"list found\">\n");
		for (size_t i = 0; i < found->count && rc == CB_OK; i++)
			rc = hit(page, html, &found->hits[i]);
		cbi_html_lit(html, "</ul>\n");
	}
	cbi_html_lit(html, "</section>\n");
	if (found->more || page->at)
		cbi_html_pager(
		    html,
		    cbi_html_say_n(html->ctx, "{1}\xe2\x80\x93{2}",
		                   page->at * PAGE_SIZE + 1,
		                   page->at * PAGE_SIZE +
		                       (int64_t)found->count),
		    page->at ? address(page, page->kind, page->at - 1) : NULL,
		    found->more ? address(page, page->kind, page->at + 1)
				: NULL,
		    "#found");
	cbi_html_lit(html, "</div>\n");
	return rc;
}

static int show(struct cb_req *req)
{
	struct page page = { .req = req };
	struct cbi_page shell = { .title = cb_tr(req->ctx, "Search"),
		                  .here = "search" };
	struct cb_html html;
	int rc = read_page(&page);

	if (rc == CB_OK)
		rc = find(&page);
	if (rc == CB_OK)
		rc = cbi_page_open(req, &shell, &html);
	if (rc < 0)
		return rc;
	cbi_html_page_head(&html, "Search", NULL);
	box(&page, &html);
	rc = results(&page, &html);
	return rc < 0 ? rc : cbi_page_close(req, &html);
}

const struct cbi_endpoint cbi_pages_search[] = {
	{
	    .path = "/search",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.search",
	    .handle = show,
	},
	{ 0 },
};
