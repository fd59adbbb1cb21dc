/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolve.h - from what an identity provider says of somebody to a User of
 * the catalog, by the rules of signIn.resolvers.
 *
 * Rules are tried in order; the first that finds exactly one entity decides.
 * One that finds several ends it: who would it be?
 */
#ifndef CB_AUTH_RESOLVE_H
#define CB_AUTH_RESOLVE_H

#include "auth/idp.h"

/* How the catalog is asked: `auth` does not know it. */
struct cbi_finder {
	void *arg;
	/* The refs of Users whose field (a search key, lower case:
	 * "spec.profile.email", "metadata.annotations.x") has this value; two
	 * at most. */
	int (*find)(struct cb_ctx *ctx, void *arg, const char *key,
	            const char *value, const char *refs[2], size_t *n);
	/* Is there an entity of this ref? */
	int (*has)(struct cb_ctx *ctx, void *arg, const char *ref, bool *out);
};

/* What a rule looked at, for the page that says why nobody was found. */
struct cbi_looked {
	const char *rule, *claim;
	const char *value; /* NULL: the provider did not say it */
	const char *why;   /* message id: why it is nobody */
};

struct cbi_resolved {
	const char *ref; /* "user:default/ada" */
	bool without;    /* the catalog does not know him */
	struct cbi_looked *looked;
	size_t looked_count; /* of rules that found nobody */
};

/*
 * person has `email`, `username`, `id`, `name`, `picture` as far as they are
 * known, and `claims`: all that the provider said.  CB_OK; CB_ENOENT when no
 * rule finds anybody (looked says why), CB_ECONFLICT for more than one.
 */
int cbi_resolve(struct cb_ctx *ctx, const struct cbi_idp *idp,
                const json_t *person, const struct cbi_finder *finder,
                struct cbi_resolved *out) CB_USED;

#endif
