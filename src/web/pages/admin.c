/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin.c - /admin: this host's processes, how far the catalog is, and what
 * processing found wrong, each with its file and line.
 */
#include "web/pages/admin.h"

#include <jansson.h>

#include "base/board.h"
#include "base/clock.h"
#include "base/ctx.h"
#include "catalog/ingest.h"
#include "html/addr.h"
#include "web/pages/shell.h"

/* Errors shown here; /admin/catalog has all. */
#define TROUBLES_MAX 20

static const char *kind_name(int32_t kind)
{
	static const char *const names[] = {
		[CBI_PROCESS_MASTER] = "master",
		[CBI_PROCESS_WEB] = "web",
		[CBI_PROCESS_FETCH] = "fetch",
		[CBI_PROCESS_ENGINE] = "engine",
	};

	return kind > 0 && kind < (int32_t)(sizeof(names) / sizeof(names[0]))
	           ? names[kind]
	           : "?";
}

static void process_row(struct cb_html *html,
                        const struct cbi_board_process *process)
{
	struct cb_ctx *ctx = html->ctx;
	bool master = atomic_load(&process->kind) == CBI_PROCESS_MASTER;
	/* The master is of no generation: it has all of them. */
	int32_t state = master ? CBI_STATE_READY : atomic_load(&process->state);
	unsigned generation = master ? atomic_load(&cbi_board()->generation)
	                             : atomic_load(&process->generation);

	cb_html_row_open(html);
	cb_html_cell(html, cb_printf(ctx, "%s %s",
	                             kind_name(atomic_load(&process->kind)),
	                             process->pool));
	cb_html_cell_open(html);
	if (state == CBI_STATE_READY)
		cb_html_status(html, CB_TONE_GOOD, cb_tr(ctx, "Ready"));
	else if (state == CBI_STATE_DRAINING)
		cb_html_status(html, CB_TONE_NEUTRAL, cb_tr(ctx, "Draining"));
	else
		cb_html_status(html, CB_TONE_BUSY, cb_tr(ctx, "Starting"));
	cb_html_cell_close(html);
	cb_html_cell(html, cb_printf(ctx, "%d", atomic_load(&process->pid)));
	cb_html_cell(html, cb_printf(ctx, "%u", generation));
	cb_html_cell(html, cbi_html_number_text(
			       ctx, (int64_t)atomic_load(&process->requests)));
	cb_html_cell(html,
	             cbi_html_duration_text(
			 ctx, cbi_clock_ms() - atomic_load(&process->started)));
	cb_html_row_close(html);
}

static void processes(struct cb_html *html)
{
	static const char *const heads[] = { "Process",    "State",    "Pid",
		                             "Generation", "Requests", "Up for",
		                             NULL };
	const struct cbi_html_card card = { .plugin = "core",
		                            .name = "processes",
		                            .title = "Processes of this host",
		                            .wide = true };
	const struct cbi_board *board = cbi_board();

	cbi_html_card_open(html, &card);
	cb_html_table_open(html, "Processes of this host", heads);
	for (int i = 0; i < CB_BOARD_PROCESSES; i++)
		if (atomic_load(&board->processes[i].pid))
			process_row(html, &board->processes[i]);
	cb_html_table_close(html);
	cbi_html_card_close(html);
}

static void level(struct cb_html *html)
{
	const struct cbi_html_card card = { .plugin = "core",
		                            .name = "catalog",
		                            .title = "Catalog" };
	const struct cbi_board *board = cbi_board();
	struct cb_ctx *ctx = html->ctx;
	int64_t at = atomic_load(&board->level_ms);
	int64_t behind = cbi_page_behind_ms();

	cbi_html_card_open(html, &card);
	cb_html_field(html, "This copy holds change",
	              cbi_html_number_text(
			  ctx, (int64_t)atomic_load(&board->copy_number)));
	cb_html_field(
	    html, "Writers were told",
	    cbi_html_number_text(ctx, (int64_t)atomic_load(&board->wanted)));
	cb_html_field(html, "Plugins switched at",
	              cbi_html_number_text(
			  ctx, (int64_t)atomic_load(&board->registry_number)));
	cb_html_field(html, "Behind PostgreSQL",
	              !at      ? cb_tr(ctx, "never level yet")
	              : behind ? cbi_html_duration_text(ctx, behind)
	                       : cb_tr(ctx, "level"));
	cbi_html_card_close(html);
}

static void traffic(struct cb_html *html)
{
	static const struct {
		enum cbi_counter counter;
		const char *label;
		enum cb_tone tone; /* when it is not zero */
	} rows[] = {
		{ CBI_COUNT_REQUESTS, "Requests", CB_TONE_NEUTRAL },
		{ CBI_COUNT_ERRORS_5XX, "5xx", CB_TONE_BAD },
		{ CBI_COUNT_FETCHES, "Calls to tools", CB_TONE_NEUTRAL },
		{ CBI_COUNT_FETCH_ERRORS, "Failed calls", CB_TONE_WARN },
		{ CBI_COUNT_CRASHES, "Crashes", CB_TONE_BAD },
		{ CBI_COUNT_RESTARTS, "Restarts", CB_TONE_NEUTRAL },
	};
	const struct cbi_html_card card = { .plugin = "core",
		                            .name = "traffic",
		                            .title = "Since the start" };

	cbi_html_card_open(html, &card);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t n =
		    atomic_load(&cbi_board()->counters[rows[i].counter]);

		cb_html_stat(html, n ? rows[i].tone : CB_TONE_NEUTRAL,
		             rows[i].label,
		             cbi_html_number_text(html->ctx, (int64_t)n), NULL);
	}
	cbi_html_card_close(html);
}

static void trouble_row(struct cb_html *html,
                        const struct cbi_ingest_trouble *trouble)
{
	cb_html_row_open(html);
	cb_html_cell_open(html);
	if (trouble->visible)
		cb_html_entity(html, trouble->ref);
	else
		cb_html_text(html, trouble->ref);
	cb_html_cell_close(html);
	cb_html_cell_open(html);
	cb_html_code(html, trouble->source);
	cb_html_cell_close(html);
	cb_html_cell_open(html);
	for (size_t i = 0; i < json_array_size(trouble->errors); i++) {
		const char *message = json_string_value(json_object_get(
		    json_array_get(trouble->errors, i), "message"));

		cb_html_text(html, message);
	}
	cb_html_cell_close(html);
	cb_html_row_close(html);
}

static void troubles(struct cb_req *req, struct cb_html *html)
{
	static const char *const heads[] = { "Entity", "Where", "What", NULL };
	struct cbi_html_card card = { .plugin = "core",
		                      .name = "errors",
		                      .title = "Errors of processing",
		                      .wide = true,
		                      .link =
		                          cbi_addr(req->ctx, "/admin/catalog"),
		                      .link_title = "All of processing",
		                      .link_icon = "arrow-right" };
	struct cbi_ingest_trouble *list;
	size_t n;

	if (cbi_ingest_troubles(req->ctx, TROUBLES_MAX, &list, &n) < 0) {
		const char *why = cb_strdup(req->ctx, cb_failure(req->ctx));

		cb_failure_clear(req->ctx);
		cbi_html_card_off(html, &card, why);
		return;
	}
	cbi_html_card_open(html, &card);
	if (n)
		cb_html_table_open(html, "Errors of processing", heads);
	else
		cb_html_empty(html, "Nothing is wrong",
		              "Every file that was read could be used.");
	for (size_t i = 0; i < n; i++)
		trouble_row(html, &list[i]);
	cb_html_table_close(html);
	cbi_html_card_close(html);
}

static int show(struct cb_req *req)
{
	const struct cbi_page shell = { .title = cb_tr(req->ctx, "State"),
		                        .here = "admin" };
	struct cb_html html;
	int rc = cbi_page_open(req, &shell, &html);

	if (rc < 0)
		return rc;
	cbi_html_page_head(&html, "State",
	                   "How this host is, and what the catalog's sources "
	                   "brought.");
	cbi_html_lit(&html, "<div class=\"cards\">\n");
	level(&html);
	traffic(&html);
	troubles(req, &html);
	processes(&html);
	cbi_html_lit(&html, "</div>\n");
	return cbi_page_close(req, &html);
}

const struct cbi_endpoint cbi_pages_admin[] = {
	{
	    .path = "/admin",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.admin",
	    .permission = "admin.catalog.read",
	    .handle = show,
	},
	{ 0 },
};
