/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern.h - the regular expressions of Backstage's config, which are
 * JavaScript's, by the C library's.
 */
#ifndef CB_PROVIDER_PATTERN_H
#define CB_PROVIDER_PATTERN_H

#include <callboard/ctx.h>

struct cbi_pattern;

/*
 * Groups, alternatives, classes, counts, anchors, \d \w \s \b and their
 * opposites outside of classes.  CB_EINVAL names path for what is wrong or not
 * known here: look-around, back references, names, flags.  whole: the text
 * must fit from end to end.  Lives with ctx.
 */
int cbi_pattern_read(struct cb_ctx *ctx, const char *text, const char *path,
                     bool whole, struct cbi_pattern **out) CB_USED;

/* NULL fits everything. */
bool cbi_pattern_fits(const struct cbi_pattern *pattern, const char *text);

#endif
