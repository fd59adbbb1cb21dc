/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gallery.c - /admin/gallery: everything a plugin draws with, drawn by the
 * same calls.
 */
#include "web/pages/admin.h"

#include "base/clock.h"
#include "html/addr.h"
#include "web/pages/shell.h"

static const struct {
	enum cb_tone tone;
	const char *word;
} tones[] = {
	{ CB_TONE_GOOD, "Passed" },   { CB_TONE_BAD, "Failed" },
	{ CB_TONE_WARN, "Unstable" }, { CB_TONE_INFO, "Queued" },
	{ CB_TONE_BUSY, "Running" },  { CB_TONE_NEUTRAL, "Aborted" },
};
#define TONES (sizeof(tones) / sizeof(tones[0]))

static void marks(struct cb_html *html)
{
	for (size_t i = 0; i < TONES; i++)
		cb_html_status(html, tones[i].tone, tones[i].word);
	cb_html_heading(html, "Badges");
	for (size_t i = 0; i < TONES; i++)
		cb_html_badge(html, tones[i].tone, tones[i].word);
}

static void fields(struct cb_html *html)
{
	cb_html_field_entity(html, "Team", "group:default/boarding-crew");
	cb_html_field(html, "On call", "Amara Okoye");
	cb_html_field(html, "Pager", NULL);
	cb_html_field_link(html, "Mail", "boarding@ondry.example",
	                   "mailto:boarding@ondry.example");
}

static void stats(struct cb_html *html)
{
	cb_html_stat(html, CB_TONE_NEUTRAL, "Coverage", "81.4 %", NULL);
	cb_html_stat(html, CB_TONE_BAD, "Errors", "3.1 %", NULL);
	cb_html_stat(html, CB_TONE_GOOD, "Uptime", "99.98 %", NULL);
	cb_html_stat(html, CB_TONE_NEUTRAL, "Bugs", "0", "A");
	cb_html_stat(html, CB_TONE_NEUTRAL, "Smells", "37", "C");
	cb_html_stat(html, CB_TONE_NEUTRAL, "Debt", "3 d", "E");
}

static void figures(struct cb_html *html)
{
	static const double values[] = { 310, 420, 380,  610, 560,
		                         804, 760, 1010, 940, 1204 };

	cb_html_progress(html, "Coverage", 81, 100);
	cb_html_progress(html, "Rollout", 3, 3);
	cb_html_progress(html, "Not begun", 0, 12);
	cb_html_sparkline(html, "Requests per minute, from 310 to 1,204",
	                  values, sizeof(values) / sizeof(values[0]));
}

static void table(struct cb_html *html)
{
	static const char *const heads[] = { "Release", "State", "Where",
		                             "Took",    "Began", NULL };
	int64_t now = cbi_clock_wall_ms();

	cb_html_table_open(html, "Deployments", heads);
	for (int i = 0; i < 3; i++) {
		cb_html_row_open(html);
		cb_html_cell_open(html);
		cb_html_link(html, cb_printf(html->ctx, "4.1%d.0", 2 - i),
		             "https://cd.ondry.example/");
		cb_html_cell_close(html);
		cb_html_cell_open(html);
		cb_html_status(html, tones[i].tone, tones[i].word);
		cb_html_cell_close(html);
		cb_html_cell(html, i == 2 ? NULL : "pier-2");
		cb_html_cell_open(html);
		cb_html_duration(html, 80000 + i * 61000);
		cb_html_cell_close(html);
		cb_html_cell_open(html);
		cb_html_time(html, now - 720000 - i * INT64_C(5400000));
		cb_html_cell_close(html);
		cb_html_row_close(html);
	}
	cb_html_table_close(html);
}

static void list(struct cb_html *html)
{
	cb_html_list_open(html);
	cb_html_item_open(html);
	cb_html_entity(html, "api:default/booking-api");
	cb_html_text(html, "Places, fares and promises");
	cb_html_badge(html, CB_TONE_INFO, "v3");
	cb_html_item_close(html);
	cb_html_item_open(html);
	cb_html_link(html, "A link", "https://ondry.example/");
	cb_html_time(html, cbi_clock_wall_ms() - 7200000);
	cb_html_item_close(html);
	cb_html_item_open(html);
	cb_html_text(html, "A plain line");
	cb_html_item_close(html);
	cb_html_list_close(html);
}

static void words(struct cb_html *html)
{
	cb_html_text(html, "A paragraph of a card.");
	cb_html_note(html, "A remark in the card's voice.");
	cb_html_code(html, "metadata:\n  annotations:\n    "
	                   "jenkins.io/job-full-name: passenger/gate");
}

static void nothing(struct cb_html *html)
{
	cb_html_empty(html, "No builds yet",
	              "The first one shows up here by itself.");
}

static void cards(struct cb_html *html)
{
	static const struct {
		const char *name, *title;
		void (*draw)(struct cb_html *html);
		bool wide;
	} all[] = {
		{ "marks", "Status and badge", marks, false },
		{ "fields", "Fields", fields, false },
		{ "stats", "Stats and grades", stats, false },
		{ "figures", "Progress and sparkline", figures, false },
		{ "list", "List", list, false },
		{ "words", "Text, note, code", words, false },
		{ "empty", "Empty", nothing, false },
		{ "table", "Table", table, true },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const struct cbi_html_card card = { .plugin = "gallery",
			                            .name = all[i].name,
			                            .title = all[i].title,
			                            .wide = all[i].wide };

		html->heading = 3;
		cbi_html_card_open(html, &card);
		all[i].draw(html);
		cbi_html_card_close(html);
	}
}

static void states(struct cb_html *html)
{
	const struct cbi_html_card stale = {
		.plugin = "gallery",
		.name = "stale",
		.title = "Stale",
		.state = "stale",
		.as_of = cbi_clock_wall_ms() - 720000,
	};
	const struct cbi_html_card off = { .plugin = "gallery",
		                           .name = "off",
		                           .title = "Grey card" };

	cbi_html_card_open(html, &stale);
	cb_html_text(html, "An old value is shown; its age stands in the "
	                   "head.");
	cbi_html_card_close(html);
	cbi_html_card_off(html, &off,
	                  "jenkins.ondry.example did not answer within 5 s");
}

static int show(struct cb_req *req)
{
	const struct cbi_page shell = { .title = cb_tr(req->ctx, "Components"),
		                        .here = "gallery" };
	struct cb_html html;
	int rc = cbi_page_open(req, &shell, &html);

	if (rc < 0)
		return rc;
	cbi_html_page_head(&html, "Components",
	                   "Everything a plugin draws with, drawn by the same "
	                   "calls.");
	cbi_html_lit(&html, "<div class=\"cards\">\n");
	cards(&html);
	states(&html);
	cbi_html_lit(&html, "</div>\n");
	return cbi_page_close(req, &html);
}

const struct cbi_endpoint cbi_pages_gallery[] = {
	{
	    .path = "/admin/gallery",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.gallery",
	    .handle = show,
	},
	{ 0 },
};
