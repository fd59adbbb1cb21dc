/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_catalog.c - see admin_catalog.h: the page around its lists, and what
 * its buttons do.
 */
#include "web/pages/admin_catalog.h"

#include <string.h>

#include "base/board.h"
#include "base/str.h"
#include "catalog/ingest.h"
#include "catalog/location.h"
#include "catalog/ref.h"
#include "catalog/uproot.h"
#include "html/addr.h"
#include "jobs/jobs.h"
#include "web/pages/admin.h"
#include "web/pages/forms.h"
#include "web/pages/shell.h"
#include "web/pages/things.h"

static const struct {
	const char *name, *title;
} lists[CBI_ADMIN_LISTS] = {
	[CBI_OVERVIEW_ERRORS] = { "errors", "Errors" },
	[CBI_OVERVIEW_WAITING] = { "waiting", "Waiting for you" },
	[CBI_OVERVIEW_ORPHANS] = { "orphans", "Orphans" },
	[CBI_OVERVIEW_LOCATIONS] = { "locations", "Locations" },
	[CBI_ADMIN_PROVIDERS] = { "providers", "Providers" },
};

const char *cbi_admin_list_name(int list)
{
	return lists[list].name;
}

/* ---- Reading ------------------------------------------------------------ */

static int read_list(struct cb_req *req, const char *name, int *out)
{
	*out = CBI_OVERVIEW_ERRORS;
	if (!name || !*name)
		return CB_OK;
	for (int i = 0; i < CBI_ADMIN_LISTS; i++)
		if (strcmp(lists[i].name, name) == 0) {
			*out = i;
			return CB_OK;
		}
	return cb_fail(req->ctx, CB_EINVAL,
	               "list: '%.40s', expected errors, waiting, orphans, "
	               "locations or providers",
	               name);
}

static int read_query(struct cbi_admin_catalog *page)
{
	struct cb_req *req = page->req;
	const char *text = cbi_req_query(req, "q");
	const char *at = cbi_req_query(req, "page");
	int rc = read_list(req, cbi_req_query(req, "list"), &page->list);

	page->text = text ? text : "";
	page->page = 1;
	if (rc == CB_OK && strlen(page->text) > 200)
		rc = cb_fail(req->ctx, CB_EINVAL,
		             "q: more than 200 bytes to look for");
	if (rc == CB_OK && at && *at &&
	    cbi_str_int(at, 1, 1000000, &page->page) < 0)
		rc = cb_fail(req->ctx, CB_EINVAL,
		             "page: '%.20s', expected a number from 1", at);
	return rc;
}

static int load_jobs(struct cbi_admin_catalog *page)
{
	struct cb_ctx *ctx = page->req->ctx;
	struct cbi_job_row *jobs = NULL;
	size_t kept = 0, n = 0;
	int rc = ctx->scope.all ? cbi_job_list(ctx, "", &jobs, &n) : CB_OK;

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		if (strstr(jobs[i].name, page->text))
			jobs[kept++] = jobs[i];
	page->jobs = jobs;
	page->job_count = kept;
	return CB_OK;
}

static int load(struct cbi_admin_catalog *page)
{
	struct cb_ctx *ctx = page->req->ctx;
	const struct cbi_overview_ask ask = {
		.list = (enum cbi_overview_list)page->list,
		.text = page->text,
		.limit = CBI_ADMIN_PAGE,
		.offset = (page->page - 1) * CBI_ADMIN_PAGE,
	};
	struct cbi_overview_row *rows = NULL;
	int rc = cbi_overview_count(ctx, page->text, &page->counts);

	/* How many there are is told on each list. */
	if (rc == CB_OK)
		rc = load_jobs(page);
	page->n = page->job_count;
	page->total = (int64_t)page->n;
	if (rc < 0 || page->list == CBI_ADMIN_PROVIDERS)
		return rc;
	rc = cbi_overview_rows(ctx, &ask, &rows, &page->n);
	page->rows = rows;
	page->total = page->counts.of[page->list];
	return rc;
}

/* ---- Drawing ------------------------------------------------------------ */

static const char *address(const struct cbi_admin_catalog *page, int list,
                           int64_t at)
{
	struct cb_ctx *ctx = page->req->ctx;
	const char *to = cbi_addr_with(ctx, cbi_addr(ctx, "/admin/catalog"),
	                               "list", lists[list].name);

	if (*page->text)
		to = cbi_addr_with(ctx, to, "q", page->text);
	if (at > 1)
		to = cbi_addr_with(ctx, to, "page",
		                   cb_printf(ctx, "%lld", (long long)at));
	return to;
}

void cbi_admin_act(const struct cbi_admin_catalog *page, struct cb_html *html,
                   const char *act, const char *of, const char *icon,
                   const char *title)
{
	const struct cbi_html_form form = {
		.address = cbi_addr(html->ctx, "/admin/catalog"),
		.csrf = page->why ? NULL : cbi_form_token(page->req),
	};

	if (!form.csrf)
		return;
	cbi_html_form_open(html, &form);
	cbi_html_hidden(html, "act", act);
	cbi_html_hidden(html, "of", of);
	cbi_html_hidden(html, "list", lists[page->list].name);
	cbi_html_hidden(html, "q", *page->text ? page->text : NULL);
	cbi_html_lit(html, "<button class=\"button small\" type=\"submit\">");
	cbi_html_icon(html, icon);
	cbi_html_tr(html, title);
	cbi_html_lit(html, "<span class=\"vh\">: ");
	cbi_html_esc(html, of);
	cbi_html_lit(html, "</span></button>");
	cbi_html_form_close(html);
}

static void tabs(const struct cbi_admin_catalog *page, struct cb_html *html)
{
	struct cbi_html_tab all[CBI_ADMIN_LISTS];

	for (int i = 0; i < CBI_ADMIN_LISTS; i++)
		all[i] = (struct cbi_html_tab){
			.title = lists[i].title,
			.address = address(page, i, 1),
			.here = i == page->list,
			.count = cbi_html_number_text(
			    html->ctx, i == CBI_ADMIN_PROVIDERS
					   ? (int64_t)page->job_count
					   : page->counts.of[i]),
		};
	cbi_html_tabs(html, cb_tr(html->ctx, "Lists"), all, CBI_ADMIN_LISTS);
}

static void figures(const struct cbi_admin_catalog *page, struct cb_html *html)
{
	const struct cbi_html_card card = { .plugin = "core",
		                            .name = "rounds",
		                            .title = "What engines have to do",
		                            .wide = true };
	const struct cbi_overview_counts *c = &page->counts;
	struct cb_ctx *ctx = html->ctx;
	int64_t change = (int64_t)atomic_load(&cbi_board()->copy_number);

	cbi_html_card_open(html, &card);
	cb_html_stat(html, CB_TONE_NEUTRAL, "Entities served",
	             cbi_html_number_text(ctx, c->entities), NULL);
	cb_html_stat(html, c->due ? CB_TONE_INFO : CB_TONE_GOOD,
	             "Locations to read now", cbi_html_number_text(ctx, c->due),
	             NULL);
	cb_html_stat(html, c->unserved ? CB_TONE_INFO : CB_TONE_GOOD,
	             "Entities to put together",
	             cbi_html_number_text(ctx, c->unserved), NULL);
	cb_html_stat(html, CB_TONE_NEUTRAL, "Last change",
	             cbi_html_number_text(ctx, change), NULL);
	cbi_html_card_close(html);
}

static void filter(const struct cbi_admin_catalog *page, struct cb_html *html)
{
	const struct cbi_html_form form = {
		.address = cbi_addr(html->ctx, "/admin/catalog"),
		.cls = "bar admin-filter",
		.role = "search",
		.label = "Filter",
	};

	cbi_html_form_open(html, &form);
	cbi_html_hidden(html, "list", lists[page->list].name);
	cbi_html_lit(html, "<div class=\"search\">");
	cbi_html_icon(html, "search");
	cbi_html_lit(html, "<input class=\"input\" type=\"search\" name=\"q\""
	                   " autocomplete=\"off\"");
	cbi_html_attr_tr(html, "aria-label",
	                 "Filter by reference, source or error");
	cbi_html_attr_tr(html, "placeholder",
	                 "Filter by reference, source or error");
	cbi_html_attr(html, "value", *page->text ? page->text : NULL);
	cbi_html_lit(html, "></div><button class=\"button\" type=\"submit\">");
	cbi_html_tr(html, "Filter");
	cbi_html_lit(html, "</button>");
	if (*page->text)
		cbi_html_button_link(
		    html, "quiet", "x", "Show everything",
		    cbi_addr_with(html->ctx,
		                  cbi_addr(html->ctx, "/admin/catalog"), "list",
		                  lists[page->list].name));
	cbi_html_form_close(html);
}

static void pager(const struct cbi_admin_catalog *page, struct cb_html *html)
{
	int64_t from = (page->page - 1) * CBI_ADMIN_PAGE;
	int64_t to = from + (int64_t)page->n;
	const char *info = cbi_html_say(
	    html->ctx, "{1} of {2}",
	    cbi_html_say_n(html->ctx, "{1}\xe2\x80\x93{2}", from + 1, to),
	    cbi_html_number_text(html->ctx, page->total));

	if (page->list == CBI_ADMIN_PROVIDERS || !page->n ||
	    page->total <= CBI_ADMIN_PAGE)
		return;
	cbi_html_pager(
	    html, info,
	    page->page > 1 ? address(page, page->list, page->page - 1) : NULL,
	    to < page->total ? address(page, page->list, page->page + 1) : NULL,
	    NULL);
}

static const struct {
	const char *act, *title, *text;
} said[] = {
	{ "confirm", "It was confirmed",
	  "What its source no longer has is deleted now." },
	{ "refresh", "A refresh was asked for",
	  "It is read again now; load the page in a moment." },
	{ "delete", "The entity was deleted",
	  "It is gone from the catalog; its history stays." },
	{ "run", "A run was asked for",
	  "An engine runs the provider now; load the page in a moment." },
	{ "run-confirm", "It was confirmed",
	  "An engine runs the provider now, and deletes what is gone." },
};

static void asked(const struct cbi_admin_catalog *page, struct cb_html *html)
{
	const char *what = cbi_req_query(page->req, "asked");

	for (size_t i = 0; what && i < sizeof(said) / sizeof(said[0]); i++) {
		if (strcmp(said[i].act, what) != 0)
			continue;
		cbi_html_notice_open(html, CB_TONE_GOOD, "status",
		                     said[i].title);
		cbi_html_lit(html, "<p>");
		cbi_html_tr(html, said[i].text);
		cbi_html_lit(html, "</p>");
		cbi_html_notice_close(html);
	}
}

static int show(struct cb_req *req)
{
	const struct cbi_page shell = { .title = cb_tr(req->ctx, "Processing"),
		                        .here = "processing" };
	struct cbi_admin_catalog page = { .req = req };
	struct cb_html html;
	int rc = read_query(&page);

	if (rc == CB_OK)
		rc = load(&page);
	if (rc == CB_OK)
		rc = cbi_page_open(req, &shell, &html);
	if (rc < 0)
		return rc;
	page.why = cbi_form_why(req, "admin.catalog.update");
	asked(&page, &html);
	cbi_html_page_head(&html, "Processing",
	                   "What the catalog's engines read, what they found "
	                   "wrong, and what waits for you.");
	cbi_html_lit(&html, "<div class=\"stack\">\n");
	figures(&page, &html);
	tabs(&page, &html);
	filter(&page, &html);
	if (page.why)
		cbi_form_off(&html, NULL, page.why);
	if (page.list == CBI_ADMIN_PROVIDERS)
		cbi_admin_jobs(&page, &html);
	else
		cbi_admin_rows(&page, &html);
	pager(&page, &html);
	cbi_html_lit(&html, "</div>\n");
	return cbi_page_close(req, &html);
}

/* ---- What the buttons do ------------------------------------------------ */

static int act_on_ref(struct cb_req *req, const char *act, const char *of)
{
	const char *ref, *why;

	if (cbi_ref_canonical(req->ctx, of, NULL, NULL, &ref, &why) < 0)
		return cb_fail(req->ctx, CB_EINVAL, "of: '%.200s' %s", of, why);
	return strcmp(act, "confirm") == 0
	           ? cbi_ingest_confirm(req->ctx, ref, req->address)
	           : cbi_location_refresh(req->ctx, ref);
}

static int delete_one(struct cb_req *req, const char *uid)
{
	uint64_t number = 0;
	int rc = cbi_uproot(req->ctx, uid, req->address, &number);

	if (rc < 0)
		return rc;
	if (!number)
		return cb_fail(req->ctx, CB_ENOENT,
		               "no entity has the uid %.80s", uid);
	cbi_board_raise(&cbi_board()->wanted, number);
	return CB_OK;
}

static int do_it(struct cb_req *req, const char *act, const char *of)
{
	if (strcmp(act, "confirm") == 0 || strcmp(act, "refresh") == 0)
		return act_on_ref(req, act, of);
	if (strcmp(act, "delete") == 0)
		return delete_one(req, of);
	if (strcmp(act, "run") == 0)
		return cbi_overview_run(req->ctx, of, "run", req->address);
	if (strcmp(act, "run-confirm") == 0)
		return cbi_overview_run(req->ctx, of, "confirm", req->address);
	return cb_fail(req->ctx, CB_EINVAL,
	               "act: '%.40s', expected confirm, refresh, delete, run "
	               "or run-confirm",
	               act);
}

static int act(struct cb_req *req)
{
	const char *what = cbi_req_form(req, "act");
	const char *of = cbi_req_form(req, "of");
	const char *text = cbi_req_form(req, "q"), *to;
	int list;
	int rc = read_list(req, cbi_req_form(req, "list"), &list);

	if (rc == CB_OK && (!what || !of || !*of))
		rc = cb_fail(req->ctx, CB_EINVAL, "'act' and 'of' are needed");
	if (rc == CB_OK)
		rc = do_it(req, what, of);
	if (rc < 0)
		return rc;
	to = cb_printf(req->ctx, "/admin/catalog?list=%s&asked=%s",
	               lists[list].name, what);
	if (to && text && *text)
		to = cbi_addr_with(req->ctx, to, "q", text);
	return to ? cbi_req_redirect(req, to) : CB_ENOMEM;
}

const struct cbi_endpoint cbi_pages_admin_catalog[] = {
	{
	    .path = "/admin/catalog",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.admin.catalog",
	    .permission = "admin.catalog.read",
	    .handle = show,
	},
	{
	    .path = "/admin/catalog",
	    .method = "POST",
	    .access = CBI_ACCESS_WRITE,
	    .face = CBI_FACE_PAGE,
	    .name = "page.admin.catalog.act",
	    .permission = "admin.catalog.update",
	    .handle = act,
	},
	{ 0 },
};
