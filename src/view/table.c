/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.c - the components there are, and what they hold.
 */
#include "view/view_priv.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* The last row of a list of members. */
#define END                                \
	{                                  \
		NULL, 0, false, NULL, NULL \
	}
#define NEEDED true
#define MAY false

static const struct cbi_view_member text_of[] = {
	{ "text", CBI_VIEW_VALUE, NEEDED, NULL, "What is said" },
	END,
};

static const struct cbi_view_member title_of[] = {
	{ "text", CBI_VIEW_TEXT, NEEDED, NULL, "The heading" },
	END,
};

static const struct cbi_view_member empty_of[] = {
	{ "title", CBI_VIEW_TEXT, NEEDED, NULL, "What is missing" },
	{ "hint", CBI_VIEW_TEXT, MAY, NULL, "What to do about it" },
	END,
};

static const struct cbi_view_member error_of[] = {
	{ "title", CBI_VIEW_TEXT, NEEDED, NULL, "What does not work" },
	{ "text", CBI_VIEW_VALUE, MAY, NULL, "How, in the tool's words" },
	END,
};

static const struct cbi_view_member field_of[] = {
	{ "label", CBI_VIEW_TEXT, NEEDED, NULL, "What it is" },
	{ "value", CBI_VIEW_CELL, NEEDED, NULL, "What it holds" },
	END,
};
static const struct cbi_view_shape field = { NULL, field_of };
static const struct cbi_view_member fields_of[] = {
	{ "items", CBI_VIEW_ITEMS, NEEDED, &field, "The rows" },
	END,
};

static const struct cbi_view_member item_of[] = {
	{ "title", CBI_VIEW_VALUE, MAY, NULL, "The first line" },
	{ "url", CBI_VIEW_URL, MAY, NULL, "Where the title leads" },
	{ "entity", CBI_VIEW_REF, MAY, NULL, "An entity instead of a title" },
	{ "text", CBI_VIEW_VALUE, MAY, NULL, "The second line" },
	{ "mark", CBI_VIEW_CELL, MAY, NULL,
	  "What stands at the end: a status, badge or time" },
	END,
};
static const struct cbi_view_shape item = { "title", item_of };
static const struct cbi_view_member list_of[] = {
	{ "items", CBI_VIEW_ITEMS, NEEDED, &item, "The items" },
	{ "empty", CBI_VIEW_TEXT, MAY, NULL, "What is said without items" },
	END,
};

static const struct cbi_view_member link_of[] = {
	{ "text", CBI_VIEW_VALUE, MAY, NULL, "What is shown; else the url" },
	{ "url", CBI_VIEW_URL, NEEDED, NULL, "Where it leads" },
	END,
};
static const struct cbi_view_shape link = { "url", link_of };
static const struct cbi_view_member links_of[] = {
	{ "items", CBI_VIEW_ITEMS, NEEDED, &link, "The links" },
	END,
};

static const struct cbi_view_member column_of[] = {
	{ "title", CBI_VIEW_TEXT, NEEDED, NULL, "The head" },
	{ "align", CBI_VIEW_ALIGN, MAY, NULL, "'end' for figures" },
	END,
};
static const struct cbi_view_shape column = { "title", column_of };
static const struct cbi_view_member table_of[] = {
	{ "columns", CBI_VIEW_ITEMS, NEEDED, &column, "The columns" },
	{ "rows", CBI_VIEW_ROWS, NEEDED, NULL, "The rows, a list each" },
	{ "caption", CBI_VIEW_TEXT, MAY, NULL, "Read out before the table" },
	{ "empty", CBI_VIEW_TEXT, MAY, NULL, "What is said without rows" },
	END,
};

static const struct cbi_view_member stat_of[] = {
	{ "label", CBI_VIEW_TEXT, NEEDED, NULL, "What is counted" },
	{ "value", CBI_VIEW_VALUE, NEEDED, NULL, "The figure" },
	{ "tone", CBI_VIEW_TONE, MAY, NULL, "How it is" },
	{ "grade", CBI_VIEW_TEXT, MAY, NULL, "A letter or word behind it" },
	END,
};

static const struct cbi_view_member word_of[] = {
	{ "text", CBI_VIEW_VALUE, NEEDED, NULL, "The word" },
	{ "tone", CBI_VIEW_TONE, MAY, NULL, "How it is" },
	END,
};

static const struct cbi_view_member progress_of[] = {
	{ "label", CBI_VIEW_TEXT, NEEDED, NULL, "Of what" },
	{ "value", CBI_VIEW_NUMBER, NEEDED, NULL, "How far" },
	{ "max", CBI_VIEW_NUMBER, MAY, NULL, "Of how much; else 100" },
	{ "tone", CBI_VIEW_TONE, MAY, NULL, "How it is" },
	END,
};

static const struct cbi_view_member event_of[] = {
	{ "title", CBI_VIEW_VALUE, NEEDED, NULL, "What happened" },
	{ "time", CBI_VIEW_TIME, MAY, NULL, "When" },
	{ "text", CBI_VIEW_VALUE, MAY, NULL, "More about it" },
	{ "url", CBI_VIEW_URL, MAY, NULL, "Where the title leads" },
	{ "tone", CBI_VIEW_TONE, MAY, NULL, "How it went" },
	END,
};
static const struct cbi_view_shape event = { "title", event_of };
static const struct cbi_view_member timeline_of[] = {
	{ "items", CBI_VIEW_ITEMS, NEEDED, &event, "What happened" },
	{ "empty", CBI_VIEW_TEXT, MAY, NULL, "What is said without any" },
	END,
};

static const struct cbi_view_member sparkline_of[] = {
	{ "label", CBI_VIEW_TEXT, NEEDED, NULL, "What it says, in words" },
	{ "values", CBI_VIEW_NUMBERS, NEEDED, NULL, "The newest last" },
	{ "tone", CBI_VIEW_TONE, MAY, NULL, "How it is" },
	END,
};

static const struct cbi_view_member bar_of[] = {
	{ "label", CBI_VIEW_VALUE, NEEDED, NULL, "What is below it" },
	{ "value", CBI_VIEW_NUMBER, NEEDED, NULL, "How high it is" },
	{ "tone", CBI_VIEW_TONE, MAY, NULL, "How it is" },
	END,
};
static const struct cbi_view_shape bar = { NULL, bar_of };
static const struct cbi_view_member bars_of[] = {
	{ "label", CBI_VIEW_TEXT, NEEDED, NULL, "What it says, in words" },
	{ "items", CBI_VIEW_ITEMS, NEEDED, &bar, "The bars" },
	END,
};

static const struct cbi_view_member markdown_of[] = {
	{ "text", CBI_VIEW_TEXT, NEEDED, NULL, "GitHub's Markdown" },
	END,
};

static const struct cbi_view_member markup_of[] = {
	{ "text", CBI_VIEW_TEXT, NEEDED, NULL, "Paragraphs, lists, tables" },
	END,
};

static const struct cbi_view_member tab_of[] = {
	{ "title", CBI_VIEW_TEXT, NEEDED, NULL, "On the tab" },
	{ "show", CBI_VIEW_SHOW, NEEDED, NULL, "What is behind it" },
	END,
};
static const struct cbi_view_shape tab = { NULL, tab_of };
static const struct cbi_view_member tabs_of[] = {
	{ "items", CBI_VIEW_ITEMS, NEEDED, &tab, "The tabs" },
	{ "label", CBI_VIEW_TEXT, MAY, NULL, "Read out before them" },
	END,
};

static const struct cbi_view_member time_of[] = {
	{ "at", CBI_VIEW_TIME, NEEDED, NULL, "The moment" },
	END,
};

static const struct cbi_view_member duration_of[] = {
	{ "seconds", CBI_VIEW_NUMBER, NEEDED, NULL, "How long" },
	END,
};

static const struct cbi_view_member entity_of[] = {
	{ "ref", CBI_VIEW_REF, NEEDED, NULL, "kind:namespace/name" },
	END,
};

static const struct cbi_view_component components[] = {
	{ "text", true, { "text", text_of }, "A paragraph, or plain words" },
	{ "heading", false, { "text", title_of }, "A heading within a card" },
	{ "note", true, { "text", text_of }, "A remark in the card's voice" },
	{ "empty", false, { "title", empty_of }, "There is nothing, and why" },
	{ "error", false, { "title", error_of }, "Something does not work" },
	{ "fields", false, { "items", fields_of }, "Labels and values" },
	{ "list", false, { "items", list_of }, "Items of one or two lines" },
	{ "links", false, { "items", links_of }, "Where to go from here" },
	{ "table", false, { NULL, table_of }, "Columns and rows" },
	{ "stat", false, { NULL, stat_of }, "A large figure" },
	{ "status", true, { "text", word_of }, "An icon and a word" },
	{ "badge", true, { "text", word_of }, "A word in a frame" },
	{ "progress", false, { NULL, progress_of }, "How far it is" },
	{ "timeline", false, { "items", timeline_of }, "What happened when" },
	{ "sparkline", true, { NULL, sparkline_of }, "A small line" },
	{ "bars", false, { NULL, bars_of }, "A bar chart" },
	{ "markdown", false, { "text", markdown_of }, "What people wrote" },
	{ "html", false, { "text", markup_of }, "Simple HTML, made anew" },
	{ "tabs", false, { "items", tabs_of }, "One of several at a time" },
	{ "code", true, { "text", text_of }, "As it stands in a file" },
	{ "link", true, { "url", link_of }, "A link" },
	{ "entity", true, { "ref", entity_of }, "A link to an entity" },
	{ "time", true, { "at", time_of }, "How long ago" },
	{ "duration", true, { "seconds", duration_of }, "How long it took" },
};
#define COMPONENTS (sizeof(components) / sizeof(components[0]))

const char *cbi_view_type_name(enum cbi_view_type type)
{
	static const char *const names[] = {
		[CBI_VIEW_TEXT] = "a text",
		[CBI_VIEW_VALUE] = "a text, number or truth",
		[CBI_VIEW_NUMBER] = "a number",
		[CBI_VIEW_BOOL] = "true or false",
		[CBI_VIEW_TONE] = "one of good, warn, bad, info, busy, neutral",
		[CBI_VIEW_ALIGN] = "start or end",
		[CBI_VIEW_URL] = "an address",
		[CBI_VIEW_TIME] =
		    "a time (RFC 3339, or seconds since the epoch)",
		[CBI_VIEW_REF] = "an entity (kind:namespace/name)",
		[CBI_VIEW_CELL] = "a value or an inline component",
		[CBI_VIEW_NUMBERS] = "a list of numbers",
		[CBI_VIEW_ITEMS] = "a list",
		[CBI_VIEW_ROWS] = "a list of rows",
		[CBI_VIEW_SHOW] = "a list of components",
	};

	return names[type];
}

const struct cbi_view_component *cbi_view_components(size_t *n)
{
	*n = COMPONENTS;
	return components;
}

const struct cbi_view_component *cbi_view_component(const char *name)
{
	for (size_t i = 0; i < COMPONENTS; i++)
		if (strcmp(components[i].name, name) == 0)
			return &components[i];
	return NULL;
}

const struct cbi_view_member *cbi_view_member(
    const struct cbi_view_shape *shape, const char *name)
{
	for (const struct cbi_view_member *m = shape->members; m->name; m++)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

/* Of a name of two letters every other is near. */
static const char *nearest(const char *name, const char *const *names, size_t n)
{
	const char *near = cbi_str_nearest(name, names, n);

	return near && cbi_str_distance(name, near) < (int)strlen(name) ? near
	                                                                : NULL;
}

const char *cbi_view_nearest_component(const char *name)
{
	const char *names[COMPONENTS];

	for (size_t i = 0; i < COMPONENTS; i++)
		names[i] = components[i].name;
	return nearest(name, names, COMPONENTS);
}

const char *cbi_view_nearest_member(const struct cbi_view_shape *shape,
                                    const char *name)
{
	const char *names[16];
	size_t n = 0;

	while (n < 16 && shape->members[n].name) {
		names[n] = shape->members[n].name;
		n++;
	}
	return nearest(name, names, n);
}

bool cbi_view_tone(const char *word, enum cb_tone *out)
{
	for (int tone = CB_TONE_NEUTRAL; tone <= CB_TONE_BUSY; tone++)
		if (strcmp(word, cbi_html_tone((enum cb_tone)tone)) == 0) {
			*out = (enum cb_tone)tone;
			return true;
		}
	return false;
}

const char *cbi_view_only(const json_t *value, json_t **body)
{
	/* jansson's iterators take no const, and change nothing. */
	json_t *object = (json_t *)(uintptr_t)value;
	void *at;

	if (!json_is_object(value) || json_object_size(value) != 1)
		return NULL;
	at = json_object_iter(object);
	*body = json_object_iter_value(at);
	return json_object_iter_key(at);
}

json_t *cbi_view_get(const struct cbi_view_shape *shape, const json_t *body,
                     const char *name)
{
	json_t *value = NULL;

	if (json_is_object(body))
		value = json_object_get(body, name);
	else if (shape->main && strcmp(shape->main, name) == 0)
		value = (json_t *)(uintptr_t)body;
	return json_is_null(value) ? NULL : value;
}

bool cbi_view_time(const json_t *value, int64_t *out_ms)
{
	double seconds;

	if (json_is_string(value))
		return cbi_clock_parse(json_string_value(value), out_ms) == 0;
	if (!json_is_number(value))
		return false;
	seconds = json_number_value(value);
	if (!(seconds >= -CBI_VIEW_TIME_MOST && seconds <= CBI_VIEW_TIME_MOST))
		return false;
	*out_ms = (int64_t)(seconds * 1000);
	return true;
}
