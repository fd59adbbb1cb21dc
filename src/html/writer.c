/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writer.c - bytes and escaping; see html.h.
 */
#include "html/html.h"

#include <string.h>

#include "base/ctx.h"
#include "base/str.h"
#include "html/addr.h"

#define REPLACEMENT "\xef\xbf\xbd"

void cbi_html_init(struct cb_html *html, struct cb_ctx *ctx, struct cb_buf *buf,
                   const char *id, int heading)
{
	memset(html, 0, sizeof(*html));
	html->ctx = ctx;
	html->buf = buf;
	html->id = id;
	html->heading = heading;
}

bool cbi_html_failed(const struct cb_html *html)
{
	return html->buf->failed != CB_OK;
}

int cbi_html_end(struct cb_html *html)
{
	int rc;

	cbi_html_block(html);
	rc = html->buf->failed;
	if (rc == CB_ETOOBIG)
		return cb_fail(html->ctx, rc, "more than %zu bytes of HTML",
		               html->buf->max);
	if (rc < 0)
		return cb_fail(html->ctx, rc, "cannot write HTML");
	return CB_OK;
}

void cbi_html_bytes(struct cb_html *html, const char *bytes, size_t len)
{
	cb_buf_add(html->buf, bytes, len);
}

/* What one byte of ASCII is written as; NULL: itself. */
static const char *escape_of(unsigned char byte)
{
	switch (byte) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	case '\t':
	case '\n':
		return NULL;
	case '\r':
		return "&#13;";
	default:
		return byte < 0x20 || byte == 0x7f ? REPLACEMENT : NULL;
	}
}

/* The length of the UTF-8 character at text, 0 when there is none. */
static size_t utf8_len(const char *text, size_t left)
{
	unsigned char lead = (unsigned char)*text;
	size_t len = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;

	return len <= left && cbi_str_utf8(text, len) ? len : 0;
}

void cbi_html_esc_n(struct cb_html *html, const char *text, size_t len)
{
	size_t from = 0, i = 0;

	while (i < len) {
		unsigned char byte = (unsigned char)text[i];
		size_t step = 1;
		const char *as = NULL;

		if (byte < 0x80) {
			as = escape_of(byte);
		} else {
			step = utf8_len(text + i, len - i);
			if (!step) {
				step = 1;
				as = REPLACEMENT;
			}
		}
		if (as) {
			cb_buf_add(html->buf, text + from, i - from);
			cb_buf_text(html->buf, as);
			from = i + step;
		}
		i += step;
	}
	cb_buf_add(html->buf, text + from, len - from);
}

void cbi_html_esc(struct cb_html *html, const char *text)
{
	if (text)
		cbi_html_esc_n(html, text, strlen(text));
}

void cbi_html_tr(struct cb_html *html, const char *id)
{
	if (id)
		cbi_html_esc(html, cb_tr(html->ctx, id));
}

void cbi_html_attr_as(struct cb_html *html, const char *begin,
                      const char *value)
{
	if (!value)
		return;
	cb_buf_text(html->buf, begin);
	cbi_html_esc(html, value);
	cb_buf_text(html->buf, "\"");
}

/* The scheme's length when url begins with one, else 0. */
static size_t scheme_len(const char *url)
{
	size_t len = strcspn(url, ":/?#");

	return url[len] == ':' ? len : 0;
}

static bool known_scheme(const char *url, size_t len)
{
	static const char *const known[] = { "http", "https", "mailto" };
	char scheme[8];

	if (len >= sizeof(scheme))
		return false;
	memcpy(scheme, url, len);
	scheme[len] = '\0';
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (cbi_str_casecmp(scheme, known[i]) == 0)
			return true;
	return false;
}

/* http and https need their slashes: browsers read "https:host" and
 * "https:/host" each in a way of its own. */
static bool whole(const char *url, size_t scheme)
{
	return cbi_str_casecmp(url + scheme, ":") != 0 &&
	       ((url[0] | 0x20) == 'm' ||
	        (cbi_str_starts(url + scheme, "://") && url[scheme + 3] &&
	         url[scheme + 3] != '/'));
}

const char *cbi_html_safe_url(struct cb_ctx *ctx, const char *url)
{
	size_t scheme;
	struct cb_buf buf;
	const char *kept;

	if (!url || !*url || *url == ' ' || strlen(url) > CB_URL_MAX)
		return NULL;
	for (const char *p = url; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f || *p == '\\')
			return NULL;
	if (url[0] == '/')
		return url[1] == '/' ? NULL : cbi_addr(ctx, url);
	scheme = scheme_len(url);
	if (*url == ':' ||
	    (scheme && (!known_scheme(url, scheme) || !whole(url, scheme))))
		return NULL;
	if (!strchr(url, ' '))
		return url;
	cbi_buf_init(&buf, (size_t)3 * CB_URL_MAX);
	for (const char *p = url; *p; p++)
		if (*p == ' ')
			cb_buf_text(&buf, "%20");
		else
			cb_buf_add(&buf, p, 1);
	kept = buf.failed ? NULL : cb_strdup(ctx, cbi_buf_string(&buf));
	cbi_buf_finish(&buf);
	return kept;
}

bool cbi_html_url(struct cb_html *html, const char *url)
{
	const char *safe = cbi_html_safe_url(html->ctx, url);

	if (!safe)
		return false;
	cbi_html_attr(html, "href", safe);
	return true;
}
