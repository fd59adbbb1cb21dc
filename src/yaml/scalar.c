/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scalar.c - the core schema of YAML 1.2: what a plain scalar means.
 *
 * Nothing of YAML 1.1: yes, on, 0b11, 1_000, 12:30 and dates are texts.
 */
#include "yaml/yaml_priv.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The largest whole number that a double holds without gaps below it. */
#define WHOLE_MAX ((int64_t)1 << 53)

static bool one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

static size_t digits(const char *p)
{
	return strspn(p, "0123456789");
}

static void set_whole(struct cbi_yaml *node, int64_t value)
{
	node->type = CBI_YAML_NUMBER;
	node->number = (double)value;
	node->integer = value <= WHOLE_MAX && value >= -WHOLE_MAX;
	node->whole = node->integer ? value : 0;
}

static void set_real(struct cbi_yaml *node, double value)
{
	/* 1e999 is infinite, and JSON has no word for that. */
	if (value - value != 0) {
		node->type = CBI_YAML_NULL;
		return;
	}
	node->type = CBI_YAML_NUMBER;
	node->number = value;
}

/* 0x1f and 0o17. */
static bool radix(struct cbi_yaml *node)
{
	const char *text = node->text;
	int base = text[1] == 'x' ? 16 : 8;
	const char *set = base == 16 ? "0123456789abcdefABCDEF" : "01234567";
	double value = 0;

	if (text[0] != '0' || (text[1] != 'x' && text[1] != 'o') || !text[2] ||
	    text[2 + strspn(text + 2, set)])
		return false;
	for (const char *p = text + 2; *p; p++) {
		int c = tolower((unsigned char)*p);

		value = value * base + (c <= '9' ? c - '0' : c - 'a' + 10);
	}
	if (value <= (double)WHOLE_MAX)
		set_whole(node, (int64_t)value);
	else
		set_real(node, value);
	return true;
}

static bool decimal(struct cbi_yaml *node)
{
	const char *p = node->text;
	size_t before, after = 0;
	bool real = false;

	if (*p == '-' || *p == '+')
		p++;
	before = digits(p);
	p += before;
	if (*p == '.') {
		real = true;
		after = digits(++p);
		p += after;
	}
	if (before + after == 0)
		return false;
	if (*p == 'e' || *p == 'E') {
		real = true;
		p++;
		if (*p == '-' || *p == '+')
			p++;
		if (digits(p) == 0)
			return false;
		p += digits(p);
	}
	if (*p)
		return false;
	if (!real && before <= 18)
		set_whole(node, strtoll(node->text, NULL, 10));
	else
		set_real(node, strtod(node->text, NULL));
	return true;
}

static bool not_finite(const char *text)
{
	static const char *const nans[] = { ".nan", ".NaN", ".NAN", NULL };
	static const char *const infs[] = { ".inf", ".Inf", ".INF", NULL };

	if (one_of(text, nans))
		return true;
	return one_of(text + (*text == '-' || *text == '+'), infs);
}

void cbi_yaml_type_plain(struct cbi_yaml *node)
{
	static const char *const nulls[] = { "",     "~",    "null",
		                             "Null", "NULL", NULL };
	static const char *const truths[] = { "true", "True", "TRUE", NULL };
	static const char *const lies[] = { "false", "False", "FALSE", NULL };
	const char *text = node->text;

	node->type = CBI_YAML_TEXT;
	/* Most are plain words, and nothing below begins like one. */
	if (*text && !strchr("~nNtTfF.+-0123456789", *text))
		return;
	if (one_of(text, nulls) || not_finite(text)) {
		node->type = CBI_YAML_NULL;
	} else if (one_of(text, truths) || one_of(text, lies)) {
		node->type = CBI_YAML_BOOL;
		node->truth = *text == 't' || *text == 'T';
	} else if (!radix(node)) {
		decimal(node);
	}
}
