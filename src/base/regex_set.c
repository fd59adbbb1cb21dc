/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex_set.c - sets of characters.
 */
#include "base/regex_priv.h"

#include <stdlib.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static int by_start(const void *a, const void *b)
{
	const struct cbi_regex_range *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

/* Sorts and joins in place; how many are left. */
static size_t join(struct cbi_regex_range *ranges, size_t n)
{
	size_t out = 0;

	if (n == 0)
		return 0;
	qsort(ranges, n, sizeof(*ranges), by_start);
	for (size_t i = 1; i < n; i++) {
		if (ranges[i].from > ranges[out].to + 1)
			ranges[++out] = ranges[i];
		else if (ranges[i].to > ranges[out].to)
			ranges[out].to = ranges[i].to;
	}
	return out + 1;
}

const struct cbi_regex_set *cbi_regex_set(struct cb_ctx *ctx,
                                          struct cbi_regex_range *ranges,
                                          size_t n, bool inverted)
{
	struct cbi_regex_set *set = cb_alloc(ctx, sizeof(*set));
	struct cbi_regex_range *own =
	    cb_alloc(ctx, (n + 1) * sizeof(*set->ranges));
	uint32_t next = 0;

	if (!set || !own)
		return NULL;
	n = join(ranges, n);
	set->ranges = own;
	for (size_t i = 0; i < n; i++) {
		if (!inverted)
			own[set->n++] = ranges[i];
		else if (ranges[i].from > next)
			own[set->n++] =
			    (struct cbi_regex_range){ next,
				                      ranges[i].from - 1 };
		next = ranges[i].to + 1;
	}
	if (inverted && next <= CBI_REGEX_LAST)
		own[set->n++] =
		    (struct cbi_regex_range){ next, CBI_REGEX_LAST };
	return set;
}

static const struct cbi_regex_range digit[] = { { '0', '9' } };
static const struct cbi_regex_range no_digit[] = {
	{ 0, '0' - 1 }, { '9' + 1, CBI_REGEX_LAST }
};
static const struct cbi_regex_range word[] = {
	{ '0', '9' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' }
};
static const struct cbi_regex_range no_word[] = { { 0, '0' - 1 },
	                                          { '9' + 1, 'A' - 1 },
	                                          { 'Z' + 1, '_' - 1 },
	                                          { '`', 'a' - 1 },
	                                          { 'z' + 1, CBI_REGEX_LAST } };
static const struct cbi_regex_range space[] = {
	{ 9, 13 },          { ' ', ' ' },       { 0xa0, 0xa0 },
	{ 0x1680, 0x1680 }, { 0x2000, 0x200a }, { 0x2028, 0x2029 },
	{ 0x202f, 0x202f }, { 0x205f, 0x205f }, { 0x3000, 0x3000 },
	{ 0xfeff, 0xfeff }
};
static const struct cbi_regex_range no_space[] = {
	{ 0, 8 },           { 14, ' ' - 1 },           { ' ' + 1, 0x9f },
	{ 0xa1, 0x167f },   { 0x1681, 0x1fff },        { 0x200b, 0x2027 },
	{ 0x202a, 0x202e }, { 0x2030, 0x205e },        { 0x2060, 0x2fff },
	{ 0x3001, 0xfefe }, { 0xff00, CBI_REGEX_LAST }
};
static const struct cbi_regex_range dot[] = {
	{ 0, 9 }, { 11, 12 }, { 14, 0x2027 }, { 0x202a, CBI_REGEX_LAST }
};

const struct cbi_regex_set *cbi_regex_named(char name)
{
	static const struct {
		char name;
		struct cbi_regex_set set;
	} sets[] = {
		{ 'd', { digit, COUNT(digit) } },
		{ 'D', { no_digit, COUNT(no_digit) } },
		{ 'w', { word, COUNT(word) } },
		{ 'W', { no_word, COUNT(no_word) } },
		{ 's', { space, COUNT(space) } },
		{ 'S', { no_space, COUNT(no_space) } },
		{ '.', { dot, COUNT(dot) } },
	};

	for (size_t i = 0; i < COUNT(sets); i++)
		if (sets[i].name == name)
			return &sets[i].set;
	return NULL;
}

/* The text is UTF-8: jansson and libfyaml see to that. */
uint32_t cbi_regex_take(const char **p, const char *end)
{
	const unsigned char *u = (const unsigned char *)*p;
	size_t len = *u < 0x80 ? 1 : *u < 0xe0 ? 2 : *u < 0xf0 ? 3 : 4;
	uint32_t c = len == 1 ? *u : *u & (0xffu >> (len + 1));

	if (len > (size_t)(end - *p))
		len = (size_t)(end - *p);
	for (size_t i = 1; i < len; i++)
		c = c << 6 | (u[i] & 0x3f);
	*p += len;
	return c;
}

bool cbi_regex_has(const struct cbi_regex_set *set, uint32_t c)
{
	size_t low = 0, high = set->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (c < set->ranges[mid].from)
			high = mid;
		else if (c > set->ranges[mid].to)
			low = mid + 1;
		else
			return true;
	}
	return false;
}
