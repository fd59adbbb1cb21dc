/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules.h - which kinds a location may bring in.
 */
#ifndef CB_CATALOG_RULES_H
#define CB_CATALOG_RULES_H

#include <stdbool.h>

#include <callboard/ctx.h>

#include <jansson.h>

struct cbi_rules;

/*
 * catalog.rules and the rules of catalog.locations, as the config has them
 * (either may be NULL; without catalog.rules Component, API and Location are
 * allowed).  targets are those of the locations, absolute.  Borrows all of
 * it; lives with ctx.  CB_EINVAL names the path.
 */
int cbi_rules_read(struct cb_ctx *ctx, const json_t *rules,
                   const json_t *locations, const char *const *targets,
                   const struct cbi_rules **out) CB_USED;

/* May an entity come in by the root origin ("type:target")?  rules NULL: no
 * rule holds, everything may. */
bool cbi_rules_allow(const struct cbi_rules *rules, const json_t *entity,
                     const char *origin);

/* Does text fit a pattern: * and ? within a path segment, ** across them,
 * [a-z] and {a,b}; letters of either case. */
bool cbi_rules_fits(const char *pattern, const char *text);

#endif
