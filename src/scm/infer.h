/* SPDX-License-Identifier: Apache-2.0 */
/*
 * infer.h - what a repository without a catalog file seems to be.
 *
 * Everything that is proposed says what it was seen in: a row of the fields,
 * and of the annotation callboard.io/inferred-from.
 */
#ifndef CB_SCM_INFER_H
#define CB_SCM_INFER_H

#include "scm/scm.h"

/*
 * Looks at the repository that an address of an integration's host leads to
 * (its own page, or a file or folder of it).  The answer lives with ctx:
 *
 *	{url, files: [address of a catalog file...],
 *	 proposals: [{entity, fields: [{field, state, value, description}]}]}
 *
 * with no proposals when there are files.  The first proposal is a Component,
 * others are APIs that it provides.  catalog is the file's name, NULL for
 * catalog-info.yaml.  CB_ENOENT no integration has the host, or there is no
 * such repository; CB_EINVAL the address is no repository's.
 */
int cbi_scm_infer(struct cb_ctx *ctx, const struct cbi_scm *scm,
                  const char *url, const char *catalog, json_t **out) CB_USED;
/* The same of a repository that its host has told already. */
int cbi_scm_infer_repo(struct cb_ctx *ctx, const struct cbi_scm *scm,
                       const struct cbi_scm_host *host,
                       const struct cbi_scm_repo *repo, const char *catalog,
                       json_t **out) CB_USED;

#endif
