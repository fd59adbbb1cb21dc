/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inferred.h - entities of repositories that do not describe themselves: what
 * they seem to be (scm/infer.h), confirmed by a person.
 *
 * Such an entity is held by the provider "inferred", has its repository as
 * its location, and no location key: whichever source names the ref next
 * takes it over.  Two annotations tell what it is: callboard.io/inferred-from
 * lists the fields that nobody said and what each was seen in, and
 * callboard.io/confirmed-by who took it for good.  It goes when its
 * repository brings in entities of its own, or by its uid.
 */
#ifndef CB_CATALOG_INFERRED_H
#define CB_CATALOG_INFERRED_H

#include <stdbool.h>

#include <callboard/ctx.h>

#include <jansson.h>

/* Texts are borrowed; of what a person says NULL leaves what was inferred,
 * and "" takes the field out. */
struct cbi_inferred_wish {
	const json_t *proposal; /* {entity, fields} of a Component */
	const char *repository; /* its address */
	const char *name, *owner, *type, *lifecycle, *system;
	const char *address; /* the client's, for the audit; NULL */
	bool dry;            /* judge only */
};

/*
 * Puts it in as ctx's actor; readers see it when an engine has stitched it.
 * *ref lives with ctx.  What the APIs beside the proposal would be stays out:
 * an API needs its text, which only a catalog file can name.
 *
 * CB_EINVAL    it breaks a rule, which is said
 * CB_ECONFLICT another source has the name, or the repository is in the
 *              catalog under another name
 */
int cbi_inferred_confirm(struct cb_ctx *ctx,
                         const struct cbi_inferred_wish *wish,
                         const char **ref) CB_USED;

/* What was confirmed of a repository; CB_ENOENT without a failure's text that
 * anybody would want to read. */
int cbi_inferred_of(struct cb_ctx *ctx, const char *repository,
                    const char **ref) CB_USED;

/* Does nothing but the provider hold it? */
int cbi_inferred_holds(struct cb_ctx *ctx, const char *ref, bool *out) CB_USED;

/* Removes those whose repositories bring in entities by now. */
int cbi_inferred_settle(struct cb_ctx *ctx, size_t *removed) CB_USED;

#endif
