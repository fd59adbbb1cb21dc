/* SPDX-License-Identifier: Apache-2.0 */
/*
 * html.h - the writer behind callboard/html.h, for the house.
 *
 * It writes into a buffer that has a ceiling and knows what is open: rows of
 * "label: value" gather in one list, inline marks in one paragraph, and what
 * a plugin forgot to close is closed at the end, so that a page stays whole.
 * Every text has one way in: a literal of our own source, or one of the
 * escaping calls.  `<` never gets through, so nothing a user wrote can be
 * markup, nor a command to nginx's SSI.
 */
#ifndef CB_HTML_HTML_H
#define CB_HTML_HTML_H

#include <callboard/html.h>

#include "base/buf.h"

/* Where in a card's body the writer stands. */
enum cbi_html_mode {
	CBI_HTML_BLOCK = 0,
	CBI_HTML_FIELDS, /* within <dl class="fields"> */
	CBI_HTML_STATS,  /* within <dl class="stats"> */
	CBI_HTML_RUN,    /* within a paragraph of inline marks */
	CBI_HTML_LIST,
	CBI_HTML_ITEM,
	CBI_HTML_VALUE, /* within a field's <dd>, for inline marks */
	CBI_HTML_TABLE,
	CBI_HTML_ROW,
	CBI_HTML_CELL,
};

struct cb_html {
	struct cb_ctx *ctx;
	struct cb_buf *buf;
	const char *id; /* begins the ids of elements: "jenkins-builds" */
	int heading;    /* level of cb_html_heading: 3 in cards, 2 in pages */
	/* What an entity is called, by its ref; NULL (also the function)
	 * leaves its name.  Set after init by who knows entities. */
	const char *(*title_of)(void *knower, const char *ref);
	void *knower;

	/* The rest is the writer's own. */
	enum cbi_html_mode mode;
	bool begun;   /* something stands in this paragraph, item, cell */
	bool pending; /* the cell's tag waits for what comes into it */
	bool side;    /* the item's end part is open */
	const char *const *heads;
	const bool *ends; /* columns of figures; NULL: none */
	size_t columns, column;
	unsigned ids;
};

/* All are borrowed until cbi_html_end. */
void cbi_html_init(struct cb_html *html, struct cb_ctx *ctx, struct cb_buf *buf,
                   const char *id, int heading);

/* Closes whatever is open; CB_OK or the writer's first failure, which is
 * also ctx's. */
int cbi_html_end(struct cb_html *html) CB_USED;

/* Has anything failed so far? */
bool cbi_html_failed(const struct cb_html *html);

/* ---- Bytes ------------------------------------------------------------ */

/* Markup of our own source and nothing else: a variable does not build. */
#define cbi_html_lit(html, s) cbi_html_bytes(html, "" s "", sizeof(s) - 1)
/* Only for cbi_html_lit, and for bodies that a writer has made. */
void cbi_html_bytes(struct cb_html *html, const char *bytes, size_t len);

/* Text, fit for elements and quoted attributes.  Bytes that are no UTF-8
 * and control characters become U+FFFD.  NULL writes nothing. */
void cbi_html_esc(struct cb_html *html, const char *text);
void cbi_html_esc_n(struct cb_html *html, const char *text, size_t len);
/* A file's name or an address: it breaks behind its slashes. */
void cbi_html_path(struct cb_html *html, const char *path);
/*
 * The language of cb_tr, before the process has threads: "en", as messages
 * are written, or the pseudo-locale "en-XA", which puts them in brackets, so
 * that what does not pass cb_tr is seen.  False for another.
 */
bool cbi_html_language(const char *tag);
/* A visible string: cb_tr, then escaped. */
void cbi_html_tr(struct cb_html *html, const char *id);

/* ` name="value"`; name is a literal.  NULL writes nothing. */
#define cbi_html_attr(html, name, value) \
	cbi_html_attr_as(html, " " name "=\"", value)
#define cbi_html_attr_tr(html, name, id) \
	cbi_html_attr(html, name, cb_tr((html)->ctx, id))
void cbi_html_attr_as(struct cb_html *html, const char *begin,
                      const char *value);

/*
 * ` href="..."` when url may be a link: http, https or mailto, or relative;
 * one that begins with a slash is within the portal and gets its base path.
 * false, and nothing written, for all else: other schemes, `//host`,
 * backslashes and control characters.
 */
bool cbi_html_url(struct cb_html *html, const char *url);
/* The same judgement: the address as it would be written, NULL for none. */
const char *cbi_html_safe_url(struct cb_ctx *ctx, const char *url);

/* ---- Where the writer stands ------------------------------------------- */

/* Ends whatever gathers or is open, back to the level of blocks. */
void cbi_html_block(struct cb_html *html);
/* As cbi_html_block, then opens mode FIELDS or STATS unless it is open. */
void cbi_html_gather(struct cb_html *html, enum cbi_html_mode mode);
/* A field whose value is drawn between open and close, by inline calls. */
void cbi_html_field_open(struct cb_html *html, const char *label);
void cbi_html_field_close(struct cb_html *html);
/* Before cb_html_table_open: which of the table's columns hold figures and
 * stand at the end of theirs; borrowed until the table is closed. */
void cbi_html_ends(struct cb_html *html, const bool *ends);
/* What an inline mark is, for the cell or item that it comes into. */
enum cbi_html_mark {
	CBI_MARK_TEXT, /* named by its column when rows stack */
	CBI_MARK_SELF, /* says itself what it is: a status, a badge */
	CBI_MARK_TAIL, /* a time: the end part of a list's item */
};
/* Called before every inline mark; false: do not write it. */
bool cbi_html_inline(struct cb_html *html, enum cbi_html_mark mark);

/* ---- Small marks -------------------------------------------------------- */

/* From the sprite; decoration, hidden from readers.  name is that of
 * icons.list. */
void cbi_html_icon(struct cb_html *html, const char *name);
/* The icon of an entity's kind, in its colour. */
void cbi_html_kind_icon(struct cb_html *html, const char *kind);
/* The sprite's name of a kind, "other" for those we do not know; static. */
const char *cbi_html_kind(const char *kind);
/* "good" ...; static. */
const char *cbi_html_tone(enum cb_tone tone);
/* What a tone is called to who does not see it; static. */
const char *cbi_html_tone_word(enum cb_tone tone);

/* A link to an entity with its kind's icon; title NULL: its name.  No link
 * when ref is not one. */
void cbi_html_ref(struct cb_html *html, const char *ref, const char *title);
/* `<time datetime title>12 min ago</time>` */
void cbi_html_ago(struct cb_html *html, int64_t wall_ms);
/* The same words, in the arena: "12 min ago", "in 5 s". */
const char *cbi_html_ago_text(struct cb_ctx *ctx, int64_t wall_ms,
                              int64_t now_ms);
const char *cbi_html_duration_text(struct cb_ctx *ctx, int64_t ms);
/* Thousands separated: "12,345". */
const char *cbi_html_number_text(struct cb_ctx *ctx, int64_t number);

/* A message with {1} and {2} replaced, not escaped; lives with ctx, "" when
 * that is out of memory. */
const char *cbi_html_say(struct cb_ctx *ctx, const char *id, const char *first,
                         const char *second);
const char *cbi_html_say_n(struct cb_ctx *ctx, const char *id, int64_t first,
                           int64_t second);

#endif
