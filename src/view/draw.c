/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draw.c - a view model, drawn by the calls that native plugins draw with.
 *
 * It stands behind cbi_view_check, but leans on it for sense alone: a member
 * of another type is as one that is not there.
 */
#include "view/view_priv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/ctx.h"
#include "html/parts.h"
#include "json/json.h"

#define DASH "\xe2\x80\x93"

/* What a body of one component is read with. */
struct part {
	struct cb_html *html;
	const struct cbi_view_shape *shape;
	const json_t *body;
};

/* ---- Reading --------------------------------------------------------------
 */

/* 1234.5 > "1,234.5"; what is too large for that stays as JSON has it. */
static const char *real_text(struct cb_ctx *ctx, double value)
{
	char number[CBI_JSON_NUMBER_LEN], rest[16];
	double whole = trunc(value);
	const char *text;
	size_t len;

	if (!(fabs(value) < 1e15)) {
		cbi_json_number(value, number);
		return cb_strdup(ctx, number);
	}
	snprintf(rest, sizeof(rest), "%.3f", fabs(value - whole));
	if (rest[0] == '1') /* 1.9996 */
		return cbi_html_number_text(ctx, (int64_t)whole +
		                                     (value < 0 ? -1 : 1));
	len = strlen(rest);
	while (len > 1 && (rest[len - 1] == '0' || rest[len - 1] == '.'))
		rest[--len] = '\0';
	text = cbi_html_number_text(ctx, (int64_t)whole);
	return cb_printf(ctx, "%s%s%s", value < 0 && whole == 0 ? "-" : "",
	                 text, rest + 1);
}

/* NULL for what nobody knows. */
static const char *value_text(struct cb_ctx *ctx, const json_t *value)
{
	if (json_is_string(value))
		return json_string_value(value);
	if (json_is_integer(value))
		return cbi_html_number_text(ctx, json_integer_value(value));
	if (json_is_real(value))
		return real_text(ctx, json_real_value(value));
	if (json_is_boolean(value))
		return cb_tr(ctx, json_is_true(value) ? "yes" : "no");
	return NULL;
}

static json_t *get(const struct part *part, const char *name)
{
	return cbi_view_get(part->shape, part->body, name);
}

static const char *text(const struct part *part, const char *name)
{
	return json_string_value(get(part, name));
}

static const char *label(const struct part *part, const char *name)
{
	const char *value = text(part, name);

	return value ? value : DASH;
}

static const char *value(const struct part *part, const char *name)
{
	return value_text(part->html->ctx, get(part, name));
}

static enum cb_tone tone(const struct part *part)
{
	const char *word = text(part, "tone");
	enum cb_tone found;

	return word && cbi_view_tone(word, &found) ? found : CB_TONE_NEUTRAL;
}

/* The entry of a list, read by the shape that its member names. */
static struct part entry_of(const struct part *part, const char *list,
                            const json_t *entry)
{
	struct part out = *part;

	out.shape = cbi_view_member(part->shape, list)->of;
	out.body = entry;
	return out;
}

/* ---- Within a line ---------------------------------------------------------
 */

static void draw_text(const struct part *part)
{
	cb_html_text(part->html, value(part, "text"));
}

static void draw_note(const struct part *part)
{
	const char *said = value(part, "text");

	cb_html_note(part->html, said ? said : DASH);
}

static void draw_status(const struct part *part)
{
	cb_html_status(part->html, tone(part), value(part, "text"));
}

static void draw_badge(const struct part *part)
{
	cb_html_badge(part->html, tone(part), value(part, "text"));
}

static void draw_code(const struct part *part)
{
	cb_html_code(part->html, value(part, "text"));
}

static void draw_link(const struct part *part)
{
	cb_html_link(part->html, value(part, "text"), text(part, "url"));
}

static void draw_entity(const struct part *part)
{
	cb_html_entity(part->html, text(part, "ref"));
}

static void draw_unknown(struct cb_html *html)
{
	if (cbi_html_inline(html, CBI_MARK_TAIL))
		cbi_html_lit(html, "<span class=\"muted\">" DASH "</span>");
}

static void draw_time(const struct part *part)
{
	int64_t at;

	if (cbi_view_time(get(part, "at"), &at))
		cb_html_time(part->html, at);
	else
		draw_unknown(part->html);
}

static void draw_duration(const struct part *part)
{
	const json_t *seconds = get(part, "seconds");
	double ms = json_number_value(seconds) * 1000;

	if (!json_is_number(seconds) || !(fabs(ms) < 1e15))
		draw_unknown(part->html);
	else
		cb_html_duration(part->html, (int64_t)ms);
}

static void draw_sparkline(const struct part *part)
{
	const json_t *list = get(part, "values");
	size_t n = json_array_size(list), i;
	double *values = cb_alloc(part->html->ctx, (n + 1) * sizeof(*values));
	json_t *one;

	if (!values)
		return;
	json_array_foreach(list, i, one) values[i] =
	    json_is_number(one) ? json_number_value(one) : NAN;
	cbi_html_sparkline(part->html, tone(part), label(part, "label"), values,
	                   n);
}

static void draw_component(struct cb_html *html, const json_t *component);

/* A value, an inline component, or several. */
static void draw_cell(struct cb_html *html, const json_t *cell,
                      enum cbi_html_mark mark)
{
	const char *said;
	json_t *one;
	size_t i;

	if (json_is_array(cell)) {
		json_array_foreach(cell, i, one) if (!json_is_array(one))
		    draw_cell(html, one, mark);
		return;
	}
	if (json_is_object(cell)) {
		draw_component(html, cell);
		return;
	}
	said = value_text(html->ctx, cell);
	if (!cbi_html_inline(html, mark))
		return;
	if (said && *said)
		cbi_html_esc(html, said);
	else
		cbi_html_lit(html, "<span class=\"muted\">" DASH "</span>");
}

/* ---- Blocks
 * ------------------------------------------------------------------ */

static void draw_heading(const struct part *part)
{
	cb_html_heading(part->html, label(part, "text"));
}

static void draw_empty(const struct part *part)
{
	cb_html_empty(part->html, label(part, "title"), text(part, "hint"));
}

static void draw_error(const struct part *part)
{
	const char *said = value(part, "text");

	cbi_html_block(part->html);
	cbi_html_notice_open(part->html, CB_TONE_BAD, NULL,
	                     label(part, "title"));
	if (said) {
		cbi_html_lit(part->html, "<p>");
		cbi_html_esc(part->html, said);
		cbi_html_lit(part->html, "</p>");
	}
	cbi_html_notice_close(part->html);
}

static void draw_fields(const struct part *part)
{
	json_t *row;
	size_t i;

	json_array_foreach(get(part, "items"), i, row)
	{
		const struct part field = entry_of(part, "items", row);

		cbi_html_field_open(part->html, label(&field, "label"));
		draw_cell(part->html, get(&field, "value"), CBI_MARK_TEXT);
		cbi_html_field_close(part->html);
	}
}

/* What is said of a list without entries; true when it has none. */
static bool draw_none(const struct part *part, const char *list)
{
	const char *said = text(part, "empty");

	if (json_array_size(get(part, list)))
		return false;
	cb_html_note(part->html, said ? said : "There is nothing here.");
	return true;
}

static void draw_item(const struct part *item)
{
	struct cb_html *html = item->html;
	const char *title = value(item, "title"), *url = text(item, "url"),
		   *ref = text(item, "entity"), *more = value(item, "text");
	json_t *mark = get(item, "mark");

	cb_html_item_open(html);
	if (ref)
		cb_html_entity(html, ref);
	else if (url)
		cb_html_link(html, title, url);
	else
		cb_html_text(html, title);
	if (ref && title && !more)
		more = title;
	if (more)
		cb_html_text(html, more);
	if (mark)
		draw_cell(html, mark, CBI_MARK_TAIL);
	cb_html_item_close(html);
}

static void draw_list(const struct part *part)
{
	json_t *row;
	size_t i;

	if (draw_none(part, "items"))
		return;
	cb_html_list_open(part->html);
	json_array_foreach(get(part, "items"), i, row)
	{
		const struct part item = entry_of(part, "items", row);

		draw_item(&item);
	}
	cb_html_list_close(part->html);
}

static void draw_links(const struct part *part)
{
	json_t *row;
	size_t i;

	cbi_html_links_open(part->html);
	json_array_foreach(get(part, "items"), i, row)
	{
		const struct part link = entry_of(part, "items", row);

		cbi_html_links_add(part->html, value(&link, "text"),
		                   label(&link, "url"));
	}
	cbi_html_links_close(part->html);
}

/* The heads of a table, and which of its columns hold figures. */
static size_t read_columns(const struct part *part, const char ***heads,
                           bool **ends)
{
	struct cb_ctx *ctx = part->html->ctx;
	const json_t *list = get(part, "columns");
	size_t n = json_array_size(list), i;
	json_t *row;

	*heads = cb_alloc(ctx, (n + 1) * sizeof(**heads));
	*ends = cb_alloc(ctx, n + 1);
	if (!*heads || !*ends)
		return 0;
	json_array_foreach(list, i, row)
	{
		const struct part column = entry_of(part, "columns", row);
		const char *align = text(&column, "align");

		(*heads)[i] = label(&column, "title");
		(*ends)[i] = align && strcmp(align, "end") == 0;
	}
	return n;
}

static void draw_table(const struct part *part)
{
	struct cb_html *html = part->html;
	const char *caption = text(part, "caption"), **heads;
	size_t i, k;
	json_t *row, *cell;
	bool *ends;

	if (draw_none(part, "rows") || !read_columns(part, &heads, &ends))
		return;
	cbi_html_block(html);
	cbi_html_ends(html, ends);
	cb_html_table_open(html, caption ? caption : "Table", heads);
	json_array_foreach(get(part, "rows"), i, row)
	{
		cb_html_row_open(html);
		json_array_foreach(row, k, cell)
		{
			cb_html_cell_open(html);
			draw_cell(html, cell, CBI_MARK_TEXT);
			cb_html_cell_close(html);
		}
		cb_html_row_close(html);
	}
	cb_html_table_close(html);
}

static void draw_stat(const struct part *part)
{
	cb_html_stat(part->html, tone(part), label(part, "label"),
	             value(part, "value"), text(part, "grade"));
}

static void draw_progress(const struct part *part)
{
	const json_t *now = get(part, "value"), *most = get(part, "max");

	if (!json_is_number(now))
		cb_html_field(part->html, label(part, "label"), NULL);
	else
		cbi_html_progress(part->html, tone(part), label(part, "label"),
		                  json_number_value(now),
		                  json_is_number(most) ? json_number_value(most)
		                                       : 100);
}

static void draw_timeline(const struct part *part)
{
	json_t *row;
	size_t i;

	if (draw_none(part, "items"))
		return;
	cbi_html_timeline_open(part->html);
	json_array_foreach(get(part, "items"), i, row)
	{
		const struct part item = entry_of(part, "items", row);
		const char *title = value(&item, "title");
		struct cbi_html_event event = {
			.title = title ? title : DASH,
			.text = value(&item, "text"),
			.url = text(&item, "url"),
			.tone = tone(&item),
		};

		event.timed = cbi_view_time(get(&item, "time"), &event.wall_ms);
		cbi_html_event(part->html, &event);
	}
	cbi_html_timeline_close(part->html);
}

static void draw_bars(const struct part *part)
{
	const json_t *list = get(part, "items");
	size_t n = json_array_size(list), i;
	struct cbi_html_bar *bars =
	    cb_alloc(part->html->ctx, (n + 1) * sizeof(*bars));
	json_t *row;

	if (!bars)
		return;
	json_array_foreach(list, i, row)
	{
		const struct part bar = entry_of(part, "items", row);

		bars[i].label = value(&bar, "label");
		bars[i].value = json_number_value(get(&bar, "value"));
		bars[i].tone = tone(&bar);
	}
	cbi_html_bars(part->html, label(part, "label"), bars, n);
}

static void draw_markdown(const struct part *part)
{
	const char *said = text(part, "text");

	if (said)
		cbi_view_markdown(part->html, said);
}

static void draw_markup(const struct part *part)
{
	const char *said = text(part, "text");

	if (said)
		cbi_view_markup(part->html, said);
}

static void draw_show(struct cb_html *html, const json_t *list)
{
	json_t *component;
	size_t i;

	json_array_foreach(list, i, component) draw_component(html, component);
	cbi_html_block(html);
}

static void draw_tabs(const struct part *part)
{
	const char *title = text(part, "label");
	struct cbi_html_tabset set;
	json_t *row;
	size_t i;

	cbi_html_tabset_open(part->html, title ? title : "Tabs", &set);
	json_array_foreach(get(part, "items"), i, row)
	{
		const struct part tab = entry_of(part, "items", row);

		cbi_html_tabset_tab(part->html, &set, label(&tab, "title"));
		draw_show(part->html, get(&tab, "show"));
	}
	cbi_html_tabset_close(part->html, &set);
}

/* ---- All of it
 * --------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*draw)(const struct part *part);
} drawers[] = {
	{ "text", draw_text },           { "heading", draw_heading },
	{ "note", draw_note },           { "empty", draw_empty },
	{ "error", draw_error },         { "fields", draw_fields },
	{ "list", draw_list },           { "links", draw_links },
	{ "table", draw_table },         { "stat", draw_stat },
	{ "status", draw_status },       { "badge", draw_badge },
	{ "progress", draw_progress },   { "timeline", draw_timeline },
	{ "sparkline", draw_sparkline }, { "bars", draw_bars },
	{ "markdown", draw_markdown },   { "html", draw_markup },
	{ "tabs", draw_tabs },           { "code", draw_code },
	{ "link", draw_link },           { "entity", draw_entity },
	{ "time", draw_time },           { "duration", draw_duration },
};

static void draw_component(struct cb_html *html, const json_t *component)
{
	struct part part = { .html = html };
	const struct cbi_view_component *row;
	json_t *body;
	const char *name = cbi_view_only(component, &body);

	row = name ? cbi_view_component(name) : NULL;
	if (!row)
		return;
	part.shape = &row->shape;
	part.body = body;
	for (size_t i = 0; i < sizeof(drawers) / sizeof(drawers[0]); i++)
		if (strcmp(drawers[i].name, name) == 0)
			drawers[i].draw(&part);
}

int cbi_view_draw(struct cb_ctx *ctx, struct cb_html *html, const json_t *model)
{
	draw_show(html, json_object_get(model, "show"));
	if (cb_failure_code(ctx) == CB_ENOMEM)
		return CB_ENOMEM;
	return CB_OK;
}
