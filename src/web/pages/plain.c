/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plain.c - our own HTML as text.  It reads what html/ writes and nothing
 * else: tags have no '>' within, and there are five entities.
 */
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "web/pages/cards.h"

struct plain {
	struct cb_buf *out;
	bool blank; /* a space is due before the next letter */
	bool fresh; /* nothing stands on this line yet */
};

static void line(struct plain *plain)
{
	if (!plain->fresh)
		cb_buf_text(plain->out, "\n");
	plain->fresh = true;
	plain->blank = false;
}

static void put(struct plain *plain, const char *bytes, size_t len)
{
	if (plain->blank && !plain->fresh)
		cb_buf_text(plain->out, " ");
	plain->blank = false;
	plain->fresh = false;
	cb_buf_add(plain->out, bytes, len);
}

static void tag(struct plain *plain, const char *name, size_t len)
{
	static const struct {
		const char *name;
		const char *text; /* NULL: begins a line */
	} known[] = {
		{ "/p", NULL },   { "/tr", NULL }, { "/li", NULL },
		{ "/h2", NULL },  { "/h3", NULL }, { "/caption", NULL },
		{ "/dd", NULL },  { "/dl", NULL }, { "/pre", NULL },
		{ "/dt", ":" },   { "/td", "  " }, { "/th", "  " },
		{ "/div", NULL },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strlen(known[i].name) != len ||
		    memcmp(known[i].name, name, len) != 0)
			continue;
		if (!known[i].text)
			line(plain);
		else if (!plain->fresh)
			cb_buf_text(plain->out, known[i].text);
		plain->blank = known[i].text && *known[i].text == ':';
		return;
	}
	plain->blank = plain->blank || len == 0 || *name != '/';
}

static size_t entity(struct plain *plain, const char *text, size_t len)
{
	static const struct {
		const char *name, *text;
	} known[] = {
		{ "&lt;", "<" },    { "&gt;", ">" },  { "&amp;", "&" },
		{ "&quot;", "\"" }, { "&#39;", "'" }, { "&#13;", "\r" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t n = strlen(known[i].name);

		if (n <= len && memcmp(text, known[i].name, n) == 0) {
			put(plain, known[i].text, 1);
			return n;
		}
	}
	put(plain, text, 1);
	return 1;
}

void cbi_card_plain(struct cb_buf *out, const char *html, size_t len)
{
	struct plain plain = { .out = out, .fresh = true };
	size_t i = 0;

	while (i < len) {
		const char *end;
		size_t n;

		if (html[i] == '<') {
			end = memchr(html + i, '>', len - i);
			if (!end)
				break;
			n = strcspn(html + i + 1, " >\n");
			tag(&plain, html + i + 1, n);
			i = (size_t)(end - html) + 1;
		} else if (html[i] == '&') {
			i += entity(&plain, html + i, len - i);
		} else if (html[i] == ' ' || html[i] == '\n') {
			plain.blank = true;
			i++;
		} else {
			n = strcspn(html + i, "<& \n");
			put(&plain, html + i, n > len - i ? len - i : n);
			i += n;
		}
	}
	line(&plain);
}
