/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff.h - how one text became another, line by line.
 */
#ifndef CB_BASE_DIFF_H
#define CB_BASE_DIFF_H

#include <callboard/ctx.h>

#include <stdbool.h>
#include <stddef.h>

struct cb_buf;

enum cbi_diff_kind {
	CBI_DIFF_SAME,
	CBI_DIFF_OLD, /* in the first text only */
	CBI_DIFF_NEW, /* in the second text only */
};

struct cbi_diff_line {
	enum cbi_diff_kind kind;
	const char *text; /* within the texts; without its end */
	size_t len;
	size_t old_at, new_at; /* lines before it, of each text */
	bool near; /* differs, or stands within a few lines of what does */
};

/* Lines that stay the same around those that do not. */
#define CBI_DIFF_CONTEXT 3

/*
 * The fewest changes; texts that have next to nothing in common (over a
 * thousand changes) are shown as one whole after the other.  Both texts are
 * borrowed as long as the lines are used, which live with ctx.
 */
int cbi_diff_lines(struct cb_ctx *ctx, const char *old_text,
                   const char *new_text, struct cbi_diff_line **out,
                   size_t *n) CB_USED;

/* As `diff -u` prints it, without the names: "" when nothing differs. */
void cbi_diff_unified(struct cb_buf *buf, const struct cbi_diff_line *lines,
                      size_t n);

#endif
