/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex_priv.h - a pattern as a program, between its reader and its runner.
 */
#ifndef CB_BASE_REGEX_PRIV_H
#define CB_BASE_REGEX_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/regex.h"

enum cbi_regex_op {
	CBI_REGEX_CLASS, /* one character of a set */
	CBI_REGEX_SPLIT, /* on at x and at y */
	CBI_REGEX_JUMP,  /* on at x */
	CBI_REGEX_BEGIN,
	CBI_REGEX_END,
	CBI_REGEX_EDGE,   /* \b */
	CBI_REGEX_INSIDE, /* \B */
	CBI_REGEX_MATCH,
};

struct cbi_regex_range {
	uint32_t from, to;
};

/* Characters, sorted and apart from each other. */
struct cbi_regex_set {
	const struct cbi_regex_range *ranges;
	size_t n;
};

struct cbi_regex_step {
	enum cbi_regex_op op;
	int x, y;
	const struct cbi_regex_set *set;
};

struct cbi_regex {
	struct cbi_regex_step *steps;
	int n;
	bool anchored; /* it begins with '^' whatever way it takes */
};

/* What it is read into first. */
enum cbi_regex_type {
	CBI_REGEX_EMPTY,
	CBI_REGEX_SET,
	CBI_REGEX_ASSERT,
	CBI_REGEX_JOIN,
	CBI_REGEX_EITHER,
	CBI_REGEX_REPEAT
};

struct cbi_regex_node {
	enum cbi_regex_type type;
	enum cbi_regex_op op; /* CBI_REGEX_ASSERT */
	const struct cbi_regex_set *set;
	struct cbi_regex_node *a, *b;
	int least, most; /* CBI_REGEX_REPEAT; most -1: any number */
};

/* A step is 24 bytes, and each character may take as many. */
#define CBI_REGEX_STEPS 4096

/* regex_read.c: NULL sets *why. */
struct cbi_regex_node *cbi_regex_tree(struct cb_ctx *ctx, const char *pattern,
                                      size_t len, const char **why);

/* regex_set.c: sets of characters; all live with ctx, NULL without memory. */
#define CBI_REGEX_LAST 0x10ffffu
const struct cbi_regex_set *cbi_regex_set(struct cb_ctx *ctx,
                                          struct cbi_regex_range *ranges,
                                          size_t n, bool inverted);
/* d, D, w, W, s, S and '.'; NULL for others. */
const struct cbi_regex_set *cbi_regex_named(char name);
/* The character at *p, which moves on; at least one byte is there. */
uint32_t cbi_regex_take(const char **p, const char *end);
bool cbi_regex_has(const struct cbi_regex_set *set, uint32_t c);

#endif
