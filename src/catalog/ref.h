/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ref.h - entity refs ([kind:][namespace/]name) and location refs
 * (type:target).
 */
#ifndef CB_CATALOG_REF_H
#define CB_CATALOG_REF_H

#include <stdbool.h>

#include <callboard/ctx.h>

/* The longest canonical ref that is kept; oddly shaped names count too. */
#define CBI_REF_TEXT_MAX 512

/* As written; parts live with the context that parsed them. */
struct cbi_ref {
	const char *kind;
	const char *space; /* the namespace */
	const char *name;
};

/* "kind:namespace/name" in lower case; NULL only without memory. */
const char *cbi_ref_text(struct cb_ctx *ctx, const struct cbi_ref *ref) CB_USED;

/*
 * A written reference in that form.  Missing parts come from the defaults:
 * kind NULL means that one must be written, space NULL means "default".  On
 * CB_EINVAL *why (may be NULL) says what is wrong, and no failure is noted in
 * ctx.
 */
int cbi_ref_canonical(struct cb_ctx *ctx, const char *text, const char *kind,
                      const char *space, const char **out,
                      const char **why) CB_USED;

/* "type:target"; both halves trimmed and not empty, no http: or https: type
 * (people forget the url:), no script as a target. */
int cbi_location_ref_parse(struct cb_ctx *ctx, const char *text,
                           const char **type, const char **target,
                           const char **why) CB_USED;

/* Is it a URL that runs a script, as a browser would read it? */
bool cbi_ref_is_script(const char *url);

#endif
