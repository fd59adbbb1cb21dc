/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fold.c - see fold.h.
 */
#include "catalog/fold.h"

#include <locale.h>
#include <pthread.h>
#include <string.h>
#include <wctype.h>

#include "base/str.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t utf8; /* stays 0 where the system has no C.UTF-8 */

/* Made once for the process and kept: it is read-only afterwards. */
static void make_locale(void)
{
	utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

/* One code point of valid UTF-8. */
static size_t decode(const unsigned char *p, wint_t *out)
{
	if (p[0] < 0x80) {
		*out = p[0];
		return 1;
	}
	if (p[0] < 0xe0) {
		*out = (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
		return 2;
	}
	if (p[0] < 0xf0) {
		*out =
		    (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
		return 3;
	}
	*out = (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 |
	       (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
	return 4;
}

static size_t encode(wint_t c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static const char *fold_wide(struct cb_ctx *ctx, const char *text, size_t len)
{
	/* A lower-case letter may be longer than its capital, by a byte. */
	char *out = cb_alloc(ctx, len * 2 + 1);
	const unsigned char *p = (const unsigned char *)text;
	size_t n = 0;
	wint_t c;

	if (!out)
		return NULL;
	while (*p) {
		p += decode(p, &c);
		n += encode(utf8 ? towlower_l(c, utf8) : towlower(c), out + n);
	}
	return out;
}

const char *cbi_catalog_fold(struct cb_ctx *ctx, const char *text)
{
	bool upper = false, wide = false;
	size_t len = 0;
	char *copy;

	for (; text[len]; len++) {
		upper |= text[len] >= 'A' && text[len] <= 'Z';
		wide |= (unsigned char)text[len] >= 0x80;
	}
	if (wide && cbi_str_utf8(text, len)) {
		pthread_once(&once, make_locale);
		return fold_wide(ctx, text, len);
	}
	if (!upper)
		return text;
	copy = cb_strndup(ctx, text, len);
	if (copy)
		cbi_str_lower(copy);
	return copy;
}
