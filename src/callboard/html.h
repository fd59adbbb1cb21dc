/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callboard/html.h - what a plugin draws with.
 *
 * There is no raw output: every call escapes what it is given, and the markup
 * is the design system's, so that cards look alike and stay accessible.
 * Titles, labels and notes are message ids that pass cb_tr(); values never
 * are.  NULL values are drawn as a dash.  All calls do nothing after the
 * first failure; the host looks once, so they return nothing.
 *
 * A writer is handed to a card or page and is valid for that call only.  At
 * most 1 MiB is written for a card, 8 MiB for a page.
 */
#ifndef CALLBOARD_HTML_H
#define CALLBOARD_HTML_H

#include <callboard/ctx.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cb_html;

/* The message in the reader's language; today the id itself.  Static, or as
 * long as ctx. */
const char *cb_tr(const struct cb_ctx *ctx, const char *id);

/* How a badge, status or note is coloured; never by colour alone. */
enum cb_tone {
	CB_TONE_NEUTRAL = 0,
	CB_TONE_GOOD,
	CB_TONE_WARN,
	CB_TONE_BAD,
	CB_TONE_INFO,
	CB_TONE_BUSY,
};

/* A paragraph; escaped. */
void cb_html_text(struct cb_html *html, const char *text);
/* A short remark in the card's voice, such as why there is nothing. */
void cb_html_note(struct cb_html *html, const char *message);
/* An empty state: what is missing, and what to do about it (or NULL). */
void cb_html_empty(struct cb_html *html, const char *message, const char *hint);

/* Rows of "label: value"; consecutive ones make one list. */
void cb_html_field(struct cb_html *html, const char *label, const char *value);
void cb_html_field_link(struct cb_html *html, const char *label,
                        const char *text, const char *url);
void cb_html_field_entity(struct cb_html *html, const char *label,
                          const char *ref);

/* Only http, https, mailto and relative addresses become links; any other
 * leaves the text. */
void cb_html_link(struct cb_html *html, const char *text, const char *url);
/* A link to an entity's page, called by its title as far as it is known,
 * else by its name. */
void cb_html_entity(struct cb_html *html, const char *ref);

void cb_html_badge(struct cb_html *html, enum cb_tone tone, const char *text);
/* An icon of the tone and a word. */
void cb_html_status(struct cb_html *html, enum cb_tone tone, const char *text);
/* A tile: a large value, its label, a grade such as "A" or NULL. */
void cb_html_stat(struct cb_html *html, enum cb_tone tone, const char *label,
                  const char *value, const char *grade);
/* value of max, both non-negative. */
void cb_html_progress(struct cb_html *html, const char *label, double value,
                      double max);
/* n values drawn as a small line; label is read out. */
void cb_html_sparkline(struct cb_html *html, const char *label,
                       const double *values, size_t n);

/* A list: items between open and close; within one, any inline call. */
void cb_html_list_open(struct cb_html *html);
void cb_html_item_open(struct cb_html *html);
void cb_html_item_close(struct cb_html *html);
void cb_html_list_close(struct cb_html *html);

/*
 * A table: heads ends in NULL, caption is read out.  Cells come in order;
 * a row is closed by the call, and missing cells are drawn empty.  Between
 * cell_open and cell_close any inline call may stand.
 */
void cb_html_table_open(struct cb_html *html, const char *caption,
                        const char *const *heads);
void cb_html_row_open(struct cb_html *html);
void cb_html_cell(struct cb_html *html, const char *text);
void cb_html_cell_open(struct cb_html *html);
void cb_html_cell_close(struct cb_html *html);
void cb_html_row_close(struct cb_html *html);
void cb_html_table_close(struct cb_html *html);

/* Times are milliseconds since the epoch; drawn as "12 min ago" with the
 * exact time in the element, durations as "1 min 20 s". */
void cb_html_time(struct cb_html *html, int64_t wall_ms);
void cb_html_duration(struct cb_html *html, int64_t ms);

/* Preformatted text. */
void cb_html_code(struct cb_html *html, const char *text);

/* A heading within a card or page, level 3 in cards, 2 in pages. */
void cb_html_heading(struct cb_html *html, const char *message);

#ifdef __cplusplus
}
#endif

#endif
