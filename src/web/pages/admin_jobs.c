/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_jobs.c - the list of entity providers on /admin/catalog: when they
 * ran, what came of it, and when they run again.
 */
#include <callboard/json.h>

#include <string.h>

#include "base/clock.h"
#include "base/ctx.h"
#include "jobs/jobs.h"
#include "web/pages/admin_catalog.h"

static void cell_open(struct cb_html *html, const char *label)
{
	cbi_html_lit(html, "<td");
	cbi_html_attr_tr(html, "data-label", label);
	cbi_html_lit(html, ">");
}

static void cell_close(struct cb_html *html)
{
	cbi_html_block(html);
	cbi_html_lit(html, "</td>\n");
}

static void nothing(struct cb_html *html)
{
	cbi_html_lit(html, "<span class=\"muted\">\xe2\x80\x93</span>");
}

static void time_of(struct cb_html *html, const char *text)
{
	int64_t ms;

	if (*text && cbi_clock_parse(text, &ms) == CB_OK)
		cbi_html_ago(html, ms);
	else
		nothing(html);
}

static void outcome_cell(struct cb_html *html, const struct cbi_job_row *job)
{
	static const struct {
		const char *outcome, *title;
		enum cb_tone tone;
	} words[] = {
		{ CBI_JOB_DONE, "Done", CB_TONE_GOOD },
		{ CBI_JOB_UNCHANGED, "Nothing new", CB_TONE_GOOD },
		{ CBI_JOB_WAITS, "Waits for you", CB_TONE_WARN },
		{ CBI_JOB_FAILED, "Failed", CB_TONE_BAD },
	};
	struct cb_ctx *ctx = html->ctx;
	bool known = false;

	/* It says itself what it is. */
	cbi_html_lit(html, "<td>");
	if (job->running) {
		cb_html_status(html, CB_TONE_BUSY, cb_tr(ctx, "Runs now"));
		known = true;
	}
	for (size_t i = 0; !known && i < 4; i++) {
		if (strcmp(words[i].outcome, job->outcome) != 0)
			continue;
		cb_html_status(html, words[i].tone, cb_tr(ctx, words[i].title));
		known = true;
	}
	if (!known)
		cb_html_status(html, CB_TONE_NEUTRAL,
		               cb_tr(ctx, "Has not run yet"));
	cbi_html_block(html);
	if (*job->error) {
		cbi_html_lit(html, "<p class=\"small path\">");
		cbi_html_path(html, job->error);
		cbi_html_lit(html, "</p>");
	}
	if (job->failures > 1) {
		cbi_html_lit(html, "<p class=\"small muted\">");
		cbi_html_esc(html, cbi_html_say_n(ctx, "{1} times in a row",
		                                  job->failures, 0));
		cbi_html_lit(html, "</p>");
	}
	cell_close(html);
}

/* What is not nothing of {"seen": 12, "added": 3, ...}. */
static void counts_cell(struct cb_html *html, const struct cbi_job_row *job)
{
	static const struct {
		const char *key, *title;
	} words[] = {
		{ "seen", "{1} seen" },       { "added", "{1} added" },
		{ "changed", "{1} changed" }, { "removed", "{1} removed" },
		{ "taken", "{1} of others" }, { "problems", "{1} wrong" },
	};
	json_t *counts = NULL;
	bool any = false;

	cell_open(html, "Counts");
	if (cb_json_parse(html->ctx, job->counts, strlen(job->counts),
	                  &counts) < 0)
		cb_failure_clear(html->ctx);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		int64_t n =
		    json_integer_value(json_object_get(counts, words[i].key));

		if (n < 1)
			continue;
		if (any)
			cbi_html_lit(html, ", ");
		cbi_html_esc(html,
		             cbi_html_say_n(html->ctx, words[i].title, n, 0));
		any = true;
	}
	if (!any)
		nothing(html);
	cell_close(html);
}

static void when_cells(struct cb_html *html, const struct cbi_job_row *job)
{
	cell_open(html, "Last run");
	time_of(html, *job->ended ? job->ended : job->began);
	if (*job->ended && job->took_ms > 0) {
		cbi_html_lit(html, " <span class=\"muted small\">");
		cbi_html_esc(html, cbi_html_say(html->ctx, "took {1}",
		                                cbi_html_duration_text(
						    html->ctx, job->took_ms),
		                                NULL));
		cbi_html_lit(html, "</span>");
	}
	cell_close(html);
	cell_open(html, "Next run");
	if (job->running)
		nothing(html);
	else if (*job->due)
		time_of(html, job->due);
	else
		cbi_html_tr(html, "By hand");
	cell_close(html);
}

static void job_row(const struct cbi_admin_catalog *page, struct cb_html *html,
                    const struct cbi_job_row *job)
{
	cbi_html_lit(html, "<tr>\n<th class=\"lead\" scope=\"row\">"
	                   "<code class=\"path\">");
	cbi_html_path(html, job->name);
	cbi_html_lit(html, "</code></th>\n");
	outcome_cell(html, job);
	counts_cell(html, job);
	when_cells(html, job);
	cbi_html_lit(html, "<td class=\"acts\">");
	if (strcmp(job->outcome, CBI_JOB_WAITS) == 0)
		cbi_admin_act(page, html, "run-confirm", job->name, "trash",
		              "Delete them");
	if (!job->running)
		cbi_admin_act(page, html, "run", job->name, "refresh",
		              "Run now");
	cell_close(html);
	cbi_html_lit(html, "</tr>\n");
}

void cbi_admin_jobs(const struct cbi_admin_catalog *page, struct cb_html *html)
{
	static const char *const heads[] = { "Provider", "Result", "Counts",
		                             "Last run", "Next run" };
	const struct cbi_html_card card = {
		.plugin = "core",
		.name = "providers",
		.title = "Entity providers",
		.meta = cbi_html_number_text(html->ctx, page->total),
		.wide = true,
	};

	cbi_html_card_open(html, &card);
	if (!page->n) {
		cb_html_empty(html, "No provider is configured",
		              "catalog.providers names where entities come "
		              "from by themselves.");
		cbi_html_card_close(html);
		return;
	}
	cbi_html_lit(html, "<div class=\"table-box\"><table"
	                   " class=\"table processing\">"
	                   "<caption class=\"vh\">");
	cbi_html_tr(html, "Entity providers");
	cbi_html_lit(html, "</caption>\n<thead><tr>");
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		cbi_html_lit(html, "<th scope=\"col\">");
		cbi_html_tr(html, heads[i]);
		cbi_html_lit(html, "</th>");
	}
	cbi_html_lit(html, "<th scope=\"col\"><span class=\"vh\">");
	cbi_html_tr(html, "What can be done");
	cbi_html_lit(html, "</span></th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < page->n; i++)
		job_row(page, html, &page->jobs[i]);
	cbi_html_lit(html, "</tbody></table></div>\n");
	cbi_html_card_close(html);
}
