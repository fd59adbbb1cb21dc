/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex.h - JavaScript's patterns, as far as they can be matched in one walk
 * over the text.
 *
 * What `new RegExp(pattern, "u")` takes, but for look-around, references back
 * and \p{...}, which are refused.  A text costs at most its length times the
 * pattern's: no pattern can make a text expensive beyond that, and a budget
 * ends it earlier.
 */
#ifndef CB_BASE_REGEX_H
#define CB_BASE_REGEX_H

#include <stddef.h>

#include <callboard/ctx.h>

struct cbi_regex;

/* Lives with ctx, immutable.  CB_EINVAL sets *why and notes nothing. */
int cbi_regex_read(struct cb_ctx *ctx, const char *pattern, size_t len,
                   const struct cbi_regex **out, const char **why) CB_USED;

/* Bytes that a search with it needs as scratch, aligned as for an int. */
size_t cbi_regex_room(const struct cbi_regex *regex);

/*
 * Does it fit somewhere in the UTF-8 text?  1, 0, or CB_ETOOBIG when *budget
 * is spent; each step takes one of it.  Notes nothing.
 */
int cbi_regex_find(const struct cbi_regex *regex, const char *text, size_t len,
                   void *scratch, size_t *budget) CB_USED;

#endif
