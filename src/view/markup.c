/* SPDX-License-Identifier: Apache-2.0 */
/*
 * markup.c - HTML of others, made anew.
 *
 * This is no filter: nothing of the input is passed on.  Tags that are known
 * are drawn by literals of our own, texts go out escaped, and a stack closes
 * what was opened, so that a reading which differs from a browser's can show
 * something else than was meant, but never run it.
 */
#include "view/view_priv.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/ctx.h"
#include "base/str.h"

#define DEPTH_MAX 32
/* The longest name that is known, and some more to tell others by. */
#define NAME_MAX_LEN 16

enum where {
	FLOW = 1,    /* within prose or a block */
	PHRASE = 2,  /* within a line, too */
	ITEM = 4,    /* in ul, ol */
	ROWS = 8,    /* in table, thead, tbody */
	CELLS = 16,  /* in tr */
	PAIRS = 32,  /* in dl */
	TABLED = 64, /* thead, tbody: in table */
};

/* Where a tag may stand, and what may stand in it. */
struct tag {
	const char *name;
	const char *open, *close; /* NULL close: it holds nothing */
	unsigned stands, holds;
};

static const struct tag tags[] = {
	{ "p", "<p>", "</p>\n", FLOW, PHRASE },
	{ "br", "<br>", NULL, FLOW | PHRASE, 0 },
	{ "hr", "<hr>\n", NULL, FLOW, 0 },
	{ "a", "<a", "</a>", FLOW | PHRASE, PHRASE },
	{ "b", "<strong>", "</strong>", FLOW | PHRASE, PHRASE },
	{ "strong", "<strong>", "</strong>", FLOW | PHRASE, PHRASE },
	{ "i", "<em>", "</em>", FLOW | PHRASE, PHRASE },
	{ "em", "<em>", "</em>", FLOW | PHRASE, PHRASE },
	{ "del", "<del>", "</del>", FLOW | PHRASE, PHRASE },
	{ "small", "<small>", "</small>", FLOW | PHRASE, PHRASE },
	{ "code", "<code>", "</code>", FLOW | PHRASE, PHRASE },
	{ "pre", "<pre", "</code></pre>\n", FLOW, PHRASE },
	{ "blockquote", "<blockquote>\n", "</blockquote>\n", FLOW,
	  FLOW | PHRASE },
	{ "h1", "<h", "</h", FLOW, PHRASE },
	{ "h2", "<h", "</h", FLOW, PHRASE },
	{ "h3", "<h", "</h", FLOW, PHRASE },
	{ "h4", "<h", "</h", FLOW, PHRASE },
	{ "ul", "<ul>\n", "</ul>\n", FLOW, ITEM },
	{ "ol", "<ol>\n", "</ol>\n", FLOW, ITEM },
	{ "li", "<li>", "</li>\n", ITEM, FLOW | PHRASE },
	{ "dl", "<dl>\n", "</dl>\n", FLOW, PAIRS },
	{ "dt", "<dt>", "</dt>\n", PAIRS, PHRASE },
	{ "dd", "<dd>", "</dd>\n", PAIRS, FLOW | PHRASE },
	{ "table", "<div class=\"table-box\"><table class=\"table\">\n",
	  "</table></div>\n", FLOW, TABLED | ROWS },
	{ "thead", "<thead>\n", "</thead>\n", TABLED, ROWS },
	{ "tbody", "<tbody>\n", "</tbody>\n", TABLED, ROWS },
	{ "tr", "<tr>", "</tr>\n", ROWS, CELLS },
	{ "th", "<th scope=\"col\">", "</th>", CELLS, PHRASE },
	{ "td", "<td>", "</td>", CELLS, FLOW | PHRASE },
};

/* These go with all that is in them. */
static const char *const gone[] = {
	"script", "style", "iframe", "object",   "template", "svg",    "math",
	"head",   "title", "select", "textarea", "noscript", "button", "form"
};

struct tail {
	struct cb_html *html;
	const char *at; /* what is left to read */
	const struct tag *open[DEPTH_MAX];
	size_t depth;
	bool linked; /* within an <a> */
};

static unsigned holds(const struct tail *tail)
{
	return tail->depth ? tail->open[tail->depth - 1]->holds : FLOW | PHRASE;
}

static void literal(struct tail *tail, const char *text)
{
	cbi_html_bytes(tail->html, text, strlen(text));
}

/* A heading stands below the card's own. */
static void heading(struct tail *tail, const struct tag *tag)
{
	int level = tag->name[1] - '1' + tail->html->heading;
	char end[4] = { (char)('0' + (level > 6 ? 6 : level)), '>', '\0' };

	cbi_html_esc_n(tail->html, end, 1);
	literal(tail, ">");
}

static void close_top(struct tail *tail)
{
	const struct tag *tag = tail->open[--tail->depth];

	literal(tail, tag->close);
	if (tag->name[0] == 'h')
		heading(tail, tag);
	if (strcmp(tag->name, "a") == 0)
		tail->linked = false;
}

/* Closes what must not hold this; false when it fits nowhere. */
static bool make_room(struct tail *tail, const struct tag *tag)
{
	size_t depth = tail->depth;

	while (depth && !(tail->open[depth - 1]->holds & tag->stands)) {
		unsigned stands = tail->open[depth - 1]->stands;

		/* A paragraph, cell or item ends where the next begins; what
		 * holds them does not. */
		if (stands == FLOW && !(tail->open[depth - 1]->holds & PHRASE))
			return false;
		depth--;
	}
	if (!((depth ? tail->open[depth - 1]->holds : FLOW | PHRASE) &
	      tag->stands))
		return false;
	while (tail->depth > depth)
		close_top(tail);
	return true;
}

/* The value of href in a tag's inside; NULL for none. */
static const char *href_of(struct cb_ctx *ctx, const char *at, const char *end)
{
	while (at < end) {
		const char *name = at, *value;
		size_t len, span;

		while (at < end && !strchr("= \t\r\n/", *at))
			at++;
		len = (size_t)(at - name);
		while (at < end && isspace((unsigned char)*at))
			at++;
		if (at == end || *at != '=') {
			at += at < end && at == name;
			continue;
		}
		at++;
		while (at < end && isspace((unsigned char)*at))
			at++;
		value = at;
		if (at < end && (*at == '"' || *at == '\'')) {
			char quote = *at++;

			value = at;
			while (at < end && *at != quote)
				at++;
			span = (size_t)(at - value);
			at += at < end;
		} else {
			while (at < end && !isspace((unsigned char)*at))
				at++;
			span = (size_t)(at - value);
		}
		if (len == 4 && strncasecmp(name, "href", 4) == 0)
			return cbi_view_address(ctx, value, span);
	}
	return NULL;
}

static void open_tag(struct tail *tail, const struct tag *tag, const char *in,
                     const char *end)
{
	struct cb_html *html = tail->html;
	const char *url = NULL;
	char n[16];

	if (strcmp(tag->name, "a") == 0) {
		url = tail->linked ? NULL : href_of(html->ctx, in, end);
		url = url ? cbi_html_safe_url(html->ctx, url) : NULL;
		if (!url)
			return;
	}
	if (tail->depth == DEPTH_MAX || !make_room(tail, tag))
		return;
	literal(tail, tag->open);
	if (url) {
		cbi_html_attr(html, "href", url);
		cbi_html_lit(html, ">");
		tail->linked = true;
	} else if (tag->name[0] == 'h' && tag->close) {
		heading(tail, tag);
	} else if (strcmp(tag->name, "pre") == 0) {
		snprintf(n, sizeof(n), "%u", ++html->ids);
		cbi_html_lit(html, " class=\"code\" tabindex=\"0\""
		                   " role=\"region\"");
		cbi_html_attr(html, "aria-label",
		              cbi_html_say(html->ctx, "Code {1}", n, NULL));
		cbi_html_lit(html, "><code>");
	}
	if (tag->close)
		tail->open[tail->depth++] = tag;
}

static void close_tag(struct tail *tail, const struct tag *tag)
{
	for (size_t i = tail->depth; i-- > 0;)
		if (tail->open[i] == tag) {
			while (tail->depth > i)
				close_top(tail);
			return;
		}
}

/* Past the end tag of what is left out, or to the end of all. */
static void skip(struct tail *tail, const char *name)
{
	size_t len = strlen(name);

	for (; (tail->at = strchr(tail->at, '<')) != NULL; tail->at++)
		if (tail->at[1] == '/' &&
		    strncasecmp(tail->at + 2, name, len) == 0 &&
		    !isalnum((unsigned char)tail->at[2 + len])) {
			const char *end = strchr(tail->at, '>');

			tail->at = end ? end + 1 : "";
			return;
		}
	tail->at = "";
}

/* At "<x" or "</x". */
static void take_tag(struct tail *tail)
{
	bool closing = tail->at[1] == '/';
	const char *name = tail->at + (closing ? 2 : 1), *end = name;
	char lower[NAME_MAX_LEN + 1] = "";
	size_t len = 0;
	char quote = 0;

	while (isalnum((unsigned char)name[len]) && len < NAME_MAX_LEN) {
		lower[len] = name[len];
		len++;
	}
	cbi_str_lower(lower);
	for (; *end && (quote || *end != '>'); end++)
		if (quote ? *end == quote : *end == '"' || *end == '\'')
			quote = quote ? 0 : *end;
	tail->at = *end ? end + 1 : end;
	for (size_t i = 0; !closing && i < sizeof(gone) / sizeof(gone[0]); i++)
		if (strcmp(gone[i], lower) == 0) {
			skip(tail, gone[i]);
			return;
		}
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (strcmp(tags[i].name, lower) != 0)
			continue;
		if (closing)
			close_tag(tail, &tags[i]);
		else
			open_tag(tail, &tags[i], name + len, end);
	}
}

static void take_text(struct tail *tail)
{
	bool shown = holds(tail) & PHRASE;
	size_t len = strcspn(tail->at, "<&");

	/* Between the rows of a table there is no text. */
	if (len && shown)
		cbi_html_esc_n(tail->html, tail->at, len);
	tail->at += len;
	if (*tail->at != '&')
		return;
	len = 1 + strspn(tail->at + 1, "#abcdefghijklmnopqrstuvwxyz"
	                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
	len += tail->at[len] == ';';
	if (shown)
		cbi_view_entity(tail->html, tail->at, len);
	tail->at += len;
}

void cbi_view_markup(struct cb_html *html, const char *text)
{
	struct tail tail = { .html = html, .at = text };

	cbi_html_block(html);
	cbi_html_lit(html, "<div class=\"prose\" hx-ignore>\n");
	while (*tail.at && !cbi_html_failed(html)) {
		const char *next = tail.at + 1, *end;

		if (*tail.at != '<') {
			take_text(&tail);
		} else if (isalpha((unsigned char)*next) ||
		           (*next == '/' && isalpha((unsigned char)next[1]))) {
			take_tag(&tail);
		} else if (*next == '!' || *next == '?') {
			end = strncmp(next, "!--", 3) == 0
			          ? strstr(next + 3, "-->")
			          : strchr(next, '>');
			tail.at = !end ? "" : end + (*end == '-' ? 3 : 1);
		} else {
			if (holds(&tail) & PHRASE)
				cbi_html_esc_n(html, "<", 1);
			tail.at++;
		}
	}
	while (tail.depth)
		close_top(&tail);
	cbi_html_lit(html, "\n</div>\n");
}
