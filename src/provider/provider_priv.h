/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider_priv.h - what the files of this room share.
 */
#ifndef CB_PROVIDER_PROVIDER_PRIV_H
#define CB_PROVIDER_PROVIDER_PRIV_H

#include "base/ctx.h"
#include "provider/provider.h"
#include "scm/scm.h"

/* Files behind one target. */
#define CBI_PROVIDER_FILES_MAX 10000

struct cbi_provider {
	struct cbi_scm *scm;
	struct cbi_http *http;
	/* backend.reading.allow: hosts, and the path prefixes of each (NULL:
	 * any path); all live with the config. */
	const char **hosts; /* ends in NULL */
	const json_t **paths;
	const char *const *allow; /* address ranges that they open */
};

struct cbi_provider_read {
	struct cbi_provider *provider;
	const struct cbi_provider_ask *ask;
	int (*each)(void *arg, struct cb_ctx *ctx,
	            const struct cbi_provider_file *file);
	void *arg;
	json_t *after;
};

/* file.c, url.c: the two types. */
int cbi_provider_read_files(struct cb_ctx *ctx, struct cbi_provider_read *read);
int cbi_provider_read_url(struct cb_ctx *ctx, struct cbi_provider_read *read);
/* hosted.c: addresses of code hosts. */
int cbi_provider_read_hosted(struct cb_ctx *ctx,
                             struct cbi_provider_read *read);

/* git.c: addresses of git repositories. */
int cbi_provider_read_git(struct cb_ctx *ctx, struct cbi_provider_read *read);

/*
 * glob.c: the paths that fit pattern, sorted, in an array that ends in NULL
 * and lives with ctx; a pattern without a wildcard is its own only result,
 * whether it exists or not.
 */
int cbi_provider_glob(struct cb_ctx *ctx, const char *pattern,
                      const char *const **out) CB_USED;

/* Hands over a file that could not be read. */
int cbi_provider_failed(struct cb_ctx *ctx, struct cbi_provider_read *read,
                        const char *target);

#endif
