/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str.c - see str.h.
 */
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

bool cbi_str_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool cbi_str_ends(const char *text, const char *suffix)
{
	size_t len = strlen(text), tail = strlen(suffix);

	return len >= tail && memcmp(text + len - tail, suffix, tail) == 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

void cbi_str_lower(char *text)
{
	for (; *text; text++)
		*text = lower(*text);
}

int cbi_str_casecmp(const char *a, const char *b)
{
	for (; *a && lower(*a) == lower(*b); a++, b++)
		;
	return (unsigned char)lower(*a) - (unsigned char)lower(*b);
}

bool cbi_str_copy(char *out, size_t size, const char *text)
{
	size_t len = strlen(text);
	bool fits = len < size;

	if (!fits)
		len = size - 1;
	memcpy(out, text, len);
	out[len] = '\0';
	return fits;
}

int cbi_str_int(const char *text, int64_t min, int64_t max, int64_t *out)
{
	int64_t value = 0;
	bool minus = *text == '-';
	const char *p = minus ? text + 1 : text;

	if (!*p)
		return -1;
	for (; *p; p++) {
		if (*p < '0' || *p > '9' ||
		    __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *p - '0', &value))
			return -1;
	}
	if (minus)
		value = -value;
	if (value < min || value > max)
		return -1;
	*out = value;
	return 0;
}

static int64_t unit_ms(const char *unit)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = {
		{ "", 1000 },   { "ms", 1 },      { "s", 1000 },
		{ "m", 60000 }, { "h", 3600000 }, { "d", 86400000 },
		{ "S", 1000 },  { "M", 60000 },   { "H", 3600000 },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(unit, units[i].name) == 0)
			return units[i].ms;
	return 0;
}

int cbi_str_duration(const char *text, int64_t *out_ms)
{
	char number[20];
	size_t len;
	int64_t value, unit;

	if (cbi_str_starts(text, "PT"))
		text += 2;
	len = strspn(text, "0123456789");
	if (len == 0 || len >= sizeof(number))
		return -1;
	memcpy(number, text, len);
	number[len] = '\0';
	unit = unit_ms(text + len);
	if (!unit || cbi_str_int(number, 0, INT64_MAX, &value) ||
	    __builtin_mul_overflow(value, unit, &value))
		return -1;
	*out_ms = value;
	return 0;
}

/* How long the sequence at p is; 0 when it is not one. */
static size_t utf8_length(const unsigned char *p, size_t left)
{
	size_t n;
	unsigned min, code;

	if (p[0] < 0x80)
		return p[0] != 0;
	if (p[0] >= 0xc2 && p[0] <= 0xdf) {
		n = 2, min = 0x80, code = p[0] & 0x1fu;
	} else if (p[0] >= 0xe0 && p[0] <= 0xef) {
		n = 3, min = 0x800, code = p[0] & 0x0fu;
	} else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		n = 4, min = 0x10000, code = p[0] & 0x07u;
	} else {
		return 0;
	}
	if (left < n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3fu);
	}
	if (code < min || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return n;
}

bool cbi_str_utf8(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n;

	for (; len > 0; p += n, len -= n) {
		n = utf8_length(p, len);
		if (n == 0)
			return false;
	}
	return true;
}

void cbi_str_cut(char *text)
{
	size_t len = strlen(text), at = len;

	while (at > 0 && len - at < 3 &&
	       ((unsigned char)text[at - 1] & 0xc0) == 0x80)
		at--;
	if (at > 0 && (unsigned char)text[at - 1] >= 0xc0 &&
	    !cbi_str_utf8(text + at - 1, len - at + 1))
		text[at - 1] = '\0';
}

void cbi_str_mend(char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		size_t n = 1;

		while (n <= 4 && n <= left && !cbi_str_utf8(text, n))
			n++;
		if (n > 4 || n > left) {
			*text = '?';
			n = 1;
		}
		text += n;
		left -= n;
	}
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int cbi_str_url_decode(const char *text, size_t len, bool plus, char *out,
                       size_t *out_len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '%') {
			int high, low;

			if (len - i < 3)
				return -1;
			high = hex_value(text[i + 1]);
			low = hex_value(text[i + 2]);
			if (high < 0 || low < 0)
				return -1;
			c = (char)(high << 4 | low);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		out[n++] = c;
	}
	out[n] = '\0';
	if (!cbi_str_utf8(out, n))
		return -1;
	*out_len = n;
	return 0;
}

int cbi_str_url_encode(struct cb_buf *buf, const char *text, const char *keep)
{
	static const char hex[] = "0123456789ABCDEF";
	int rc = CB_OK;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || strchr("-._~", c) ||
		    strchr(keep, c)) {
			rc = cb_buf_add(buf, text, 1);
		} else {
			char escape[3] = { '%', hex[c >> 4], hex[c & 15] };

			rc = cb_buf_add(buf, escape, 3);
		}
	}
	return rc;
}

/* How many bytes from p may stand in a JSON string as they are. */
static size_t json_plain(const char *text, size_t len)
{
	size_t n = 0, step;

	while (n < len) {
		unsigned char c = (unsigned char)text[n];

		if (c < 0x20 || c == '"' || c == '\\')
			break;
		step = c < 0x80 ? 1
		                : utf8_length((const unsigned char *)text + n,
		                              len - n);
		if (step == 0)
			break;
		n += step;
	}
	return n;
}

static int json_escape(struct cb_buf *buf, unsigned char c)
{
	static const char named[] = "\bb\ff\nn\rr\tt\"\"\\\\";
	char text[7];

	if (c >= 0x80)
		return cb_buf_add(buf, "\xef\xbf\xbd", 3);
	for (size_t i = 0; i + 1 < sizeof(named); i += 2) {
		if ((unsigned char)named[i] != c)
			continue;
		text[0] = '\\';
		text[1] = named[i + 1];
		return cb_buf_add(buf, text, 2);
	}
	return cb_buf_printf(buf, "\\u%04x", c);
}

int cbi_str_json(struct cb_buf *buf, const char *text, size_t len)
{
	cb_buf_add(buf, "\"", 1);
	while (len > 0) {
		size_t n = json_plain(text, len);

		cb_buf_add(buf, text, n);
		text += n;
		len -= n;
		if (len == 0)
			break;
		json_escape(buf, (unsigned char)*text);
		text++;
		len--;
	}
	return cb_buf_add(buf, "\"", 1);
}

#define DISTANCE_MAX 64

int cbi_str_distance(const char *a, const char *b)
{
	int row[DISTANCE_MAX + 1];
	int la = (int)strlen(a), lb = (int)strlen(b);

	if (la > DISTANCE_MAX || lb > DISTANCE_MAX || abs(la - lb) > 8)
		return 8;
	for (int j = 0; j <= lb; j++)
		row[j] = j;
	for (int i = 1; i <= la; i++) {
		int diagonal = row[0];

		row[0] = i;
		for (int j = 1; j <= lb; j++) {
			int best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb] > 8 ? 8 : row[lb];
}

const char *cbi_str_nearest(const char *text, const char *const *names,
                            size_t n)
{
	const char *nearest = NULL;
	int least = 4;

	for (size_t i = 0; i < n; i++) {
		int distance = cbi_str_distance(text, names[i]);

		if (distance < least) {
			least = distance;
			nearest = names[i];
		}
	}
	return nearest;
}

bool cbi_str_equal_secret(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	volatile unsigned char diff = la != lb;

	for (size_t i = 0; i < la; i++)
		diff = (unsigned char)(diff | (a[i] ^ (lb ? b[i % lb] : 0)));
	return diff == 0;
}
