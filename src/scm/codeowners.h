/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codeowners.h - whom a CODEOWNERS file names for the whole repository.
 */
#ifndef CB_SCM_CODEOWNERS_H
#define CB_SCM_CODEOWNERS_H

#include <callboard/ctx.h>

#include <stddef.h>

/* Where hosts look for CODEOWNERS, the first that is there; ends in NULL. */
extern const char *const cbi_scm_codeowners_places[];

/* The entity ref of the first owner of the last "*" row, and its line; NULL
 * for none.  Lives with ctx. */
const char *cbi_scm_codeowner(struct cb_ctx *ctx, const char *text, size_t len,
                              int *line);

#endif
