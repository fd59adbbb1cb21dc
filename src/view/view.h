/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view.h - view models: what a card or page shows, as JSON.
 *
 *	{"level": 1, "show": [
 *	  {"stat": {"label": "Open", "value": 3, "tone": "bad"}},
 *	  {"table": {"columns": [{"title": "Alert"}, {"title": "Since"}],
 *	             "rows": [["Disk full", {"time": "2026-11-27T18:00:00Z"}]]}}
 *	]}
 *
 * They come from plugin.yaml (`show:`, with its data put in) and from foreign
 * programs, so nothing in them is believed: what is drawn was checked, and is
 * drawn by the calls that native plugins draw with.  docs/plugin-contract.md
 * says what each component and member means.
 *
 * One table says what there is; checking, drawing `show:` and the gallery all
 * go by it.  The only room that knows md4c.
 */
#ifndef CB_VIEW_VIEW_H
#define CB_VIEW_VIEW_H

#include <callboard/ctx.h>
#include <callboard/html.h>

#include <jansson.h>

/* Levels of view models that this host draws: the last three there were. */
#define CBI_VIEW_LEVEL 1
#define CBI_VIEW_LEVEL_LEAST 1

/* Of one model: beyond it a card is no card.  The bytes of what is drawn have
 * the ceiling of a card or page as well. */
#define CBI_VIEW_NODES_MAX 20000 /* values of any kind */
#define CBI_VIEW_SHOW_MAX 100    /* components side by side */
#define CBI_VIEW_ITEMS_MAX 1000  /* items of a list, rows of a table */
#define CBI_VIEW_COLUMNS_MAX 20
#define CBI_VIEW_TABS_MAX 12
#define CBI_VIEW_MARKS_MAX 16 /* inline components in one cell */
#define CBI_VIEW_TEXT_MAX (32 * 1024)

/* What a member holds.  null is a value that nobody knows: a dash, or
 * nothing; of a list, an empty one. */
enum cbi_view_type {
	CBI_VIEW_TEXT = 1, /* a text */
	CBI_VIEW_VALUE,    /* a text, number or truth */
	CBI_VIEW_NUMBER,
	CBI_VIEW_BOOL,
	CBI_VIEW_TONE,  /* "good", "warn", "bad", "info", "busy", "neutral" */
	CBI_VIEW_ALIGN, /* "start", "end" */
	CBI_VIEW_URL,   /* a text; what may be no link is drawn as text */
	CBI_VIEW_TIME,  /* RFC 3339 as a text, or seconds since the epoch */
	CBI_VIEW_REF,   /* an entity: "component:default/ferry" */
	CBI_VIEW_CELL,  /* a VALUE, one inline component, or a list of these */
	CBI_VIEW_NUMBERS, /* a list of numbers */
	CBI_VIEW_ITEMS,   /* a list of objects of the shape `of` */
	CBI_VIEW_ROWS,    /* a list of lists of CELL, as many as `columns` */
	CBI_VIEW_SHOW,    /* a list of components, without tabs */
};
/* "text", "number" ... as messages call it; static. */
const char *cbi_view_type_name(enum cbi_view_type type);

struct cbi_view_shape;

struct cbi_view_member {
	const char *name; /* NULL ends the list */
	enum cbi_view_type type;
	bool required; /* must be there; may be null */
	const struct cbi_view_shape *of;
	const char *help; /* one line */
};

/* An object, or instead of it the value of its main member alone:
 * {"text": "x"} is {"text": {"text": "x"}}. */
struct cbi_view_shape {
	const char *main; /* NULL: always an object */
	const struct cbi_view_member *members;
};

struct cbi_view_component {
	const char *name;
	bool is_inline; /* may stand in a CELL */
	struct cbi_view_shape shape;
	const char *help; /* one line */
};

/* All of them, in the order of the document. */
const struct cbi_view_component *cbi_view_components(size_t *n);
/* NULL for none. */
const struct cbi_view_component *cbi_view_component(const char *name);
const struct cbi_view_member *cbi_view_member(
    const struct cbi_view_shape *shape, const char *name);
/* The nearest component's or member's name to one that there is not, NULL when
 * none is near. */
const char *cbi_view_nearest_component(const char *name);
const char *cbi_view_nearest_member(const struct cbi_view_shape *shape,
                                    const char *name);
/* false for a word that is no tone. */
bool cbi_view_tone(const char *word, enum cb_tone *out);

/*
 * Is it a view model that this host draws?  CB_OK, or the first mistake with
 * where it is and what was expected:
 *
 * CB_EINVAL  "show.1.table.columns.0.title: expected a text, not 5"
 * CB_ENOTSUP "level: 4 is newer than this host, which serves levels 1 to 1"
 * CB_ETOOBIG a limit from above
 */
int cbi_view_check(struct cb_ctx *ctx, const json_t *model) CB_USED;

/* Draws a model that cbi_view_check has passed; anything else may draw
 * nonsense, but never markup.  A full buffer or arena is html's failure. */
int cbi_view_draw(struct cb_ctx *ctx, struct cb_html *html,
                  const json_t *model) CB_USED;

/* Markdown (GitHub's, raw HTML is shown as text, images are links) within a
 * block of prose. */
void cbi_view_markdown(struct cb_html *html, const char *text);

/*
 * Simple HTML, made anew: of what a program wrote only paragraphs, headings,
 * lists, tables, quotes, code and links are drawn, by our own tags; any other
 * tag is left out with its text kept, scripts and the like with theirs.  What
 * comes out is whole whatever came in.
 */
void cbi_view_markup(struct cb_html *html, const char *text);

#endif
