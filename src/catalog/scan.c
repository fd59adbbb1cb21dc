/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan.c - see scan.h.
 */
#include "catalog/scan.h"

#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ALL(byte) (0x0101010101010101u * (uint64_t)(byte))

/* A set bit in the first byte of word that equals byte (further ones may
 * have it too); 0 for none. */
static uint64_t equal(uint64_t word, unsigned char byte)
{
	word ^= ALL(byte);
	return (word - ALL(0x01)) & ~word & ALL(0x80);
}

/* The first quote or backslash from p on, or less than 8 bytes from end. */
static const char *to_special(const char *p, const char *end)
{
	uint64_t word, found;

	for (; end - p >= 8; p += 8) {
		memcpy(&word, p, 8);
		found = equal(word, '"') | equal(word, '\\');
		if (found)
			return p + __builtin_ctzll(found) / 8;
	}
	return p;
}
#else
static const char *to_special(const char *p, const char *end)
{
	(void)end;
	return p;
}
#endif

/* Behind the string that begins at p; end when it does not end. */
static const char *skip_string(const char *p, const char *end)
{
	p++;
	while (p < end) {
		p = to_special(p, end);
		if (p < end && *p == '"')
			return p + 1;
		p += p < end && *p == '\\' ? 2 : 1;
	}
	return end;
}

static const char *skip_container(const char *p, const char *end)
{
	int depth = 0;

	while (p < end) {
		switch (*p) {
		case '"':
			p = skip_string(p, end);
			continue;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			if (--depth == 0)
				return p + 1;
			break;
		default:
			break;
		}
		p++;
	}
	return end;
}

static const char *skip_value(const char *p, const char *end)
{
	if (p >= end)
		return end;
	if (*p == '"')
		return skip_string(p, end);
	if (*p == '{' || *p == '[')
		return skip_container(p, end);
	while (p < end && *p != ',' && *p != '}' && *p != ']')
		p++;
	return p;
}

bool cbi_scan_next(struct cbi_span container, size_t *at, struct cbi_span *name,
                   struct cbi_span *value)
{
	const char *end = container.ptr + container.len;
	const char *p = container.ptr + (*at ? *at : 1);
	bool object;

	if (container.len < 2)
		return false;
	object = container.ptr[0] == '{';
	if (!object && container.ptr[0] != '[')
		return false;
	if (p < end && *p == ',')
		p++;
	if (p >= end || *p == '}' || *p == ']')
		return false;
	*name = (struct cbi_span){ p, 0 };
	if (object) {
		const char *after;

		if (*p != '"')
			return false;
		after = skip_string(p, end);
		*name = (struct cbi_span){ p + 1, (size_t)(after - p) - 2 };
		if (after >= end || *after != ':')
			return false;
		p = after + 1;
	}
	value->ptr = p;
	p = skip_value(p, end);
	value->len = (size_t)(p - value->ptr);
	*at = (size_t)(p - container.ptr);
	return true;
}

static int hex4(const char *p)
{
	int code = 0;

	for (int i = 0; i < 4; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			code = code << 4 | (c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			code = code << 4 | ((c | 32) - 'a' + 10);
		else
			return -1;
	}
	return code;
}

static size_t put_utf8(unsigned code, char out[4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

/* Decodes the escape at p (behind the backslash); returns how many bytes of
 * it were read, 0 when it is not one. */
static size_t unescape(const char *p, size_t left, char out[4], size_t *n)
{
	static const char named[] = "b\bf\fn\nr\rt\t\"\"\\\\//";
	int code, low;

	if (left == 0)
		return 0;
	for (size_t i = 0; i + 1 < sizeof(named); i += 2) {
		if (named[i] == *p) {
			out[0] = named[i + 1];
			*n = 1;
			return 1;
		}
	}
	if (*p != 'u' || left < 5 || (code = hex4(p + 1)) < 0)
		return 0;
	if (code < 0xd800 || code > 0xdbff) {
		*n = put_utf8((unsigned)code, out);
		return 5;
	}
	if (left < 11 || p[5] != '\\' || p[6] != 'u' ||
	    (low = hex4(p + 7)) < 0xdc00)
		return 0;
	*n = put_utf8(0x10000u + ((unsigned)(code - 0xd800) << 10) +
	                  (unsigned)(low - 0xdc00),
	              out);
	return 11;
}

long cbi_scan_string(struct cbi_span value, char *out, size_t size)
{
	size_t len = 0, n, step;
	char piece[4];

	if (value.len < 2 || value.ptr[0] != '"')
		return -1;
	for (size_t i = 1; i + 1 < value.len; i += step) {
		if (value.ptr[i] == '\\') {
			step = unescape(value.ptr + i + 1, value.len - i - 2,
			                piece, &n);
			if (step++ == 0)
				return -1;
		} else {
			piece[0] = value.ptr[i];
			n = step = 1;
		}
		if (len + n >= size)
			return -1;
		memcpy(out + len, piece, n);
		len += n;
	}
	if (len >= size)
		return -1;
	out[len] = '\0';
	return (long)len;
}

/* Is the escaped name in JSON the plain one? */
static bool same_name(struct cbi_span escaped, struct cbi_span name)
{
	char piece[4];
	size_t at = 0, n, step;

	if (!memchr(escaped.ptr, '\\', escaped.len))
		return escaped.len == name.len &&
		       memcmp(escaped.ptr, name.ptr, name.len) == 0;
	for (size_t i = 0; i < escaped.len; i += step) {
		if (escaped.ptr[i] == '\\') {
			step = unescape(escaped.ptr + i + 1,
			                escaped.len - i - 1, piece, &n);
			if (step++ == 0)
				return false;
		} else {
			piece[0] = escaped.ptr[i];
			n = step = 1;
		}
		if (name.len - at < n || memcmp(name.ptr + at, piece, n) != 0)
			return false;
		at += n;
	}
	return at == name.len;
}

bool cbi_scan_member(struct cbi_span object, struct cbi_span name,
                     struct cbi_span *value)
{
	struct cbi_span key, found;
	size_t at = 0;

	if (object.len == 0 || object.ptr[0] != '{')
		return false;
	while (cbi_scan_next(object, &at, &key, &found)) {
		if (same_name(key, name)) {
			*value = found;
			return true;
		}
	}
	return false;
}

bool cbi_scan_element(struct cbi_span array, size_t i, struct cbi_span *value)
{
	struct cbi_span key, found;
	size_t at = 0;

	if (array.len == 0 || array.ptr[0] != '[')
		return false;
	while (cbi_scan_next(array, &at, &key, &found)) {
		if (i-- == 0) {
			*value = found;
			return true;
		}
	}
	return false;
}
