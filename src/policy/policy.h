/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - who may do what, and see what.
 */
#ifndef CB_POLICY_POLICY_H
#define CB_POLICY_POLICY_H

#include <callboard/ctx.h>

#include "base/scope.h"
#include "base/who.h"

enum cbi_policy_action {
	CBI_MAY_READ = 1,
	CBI_MAY_WRITE, /* locations, refresh, plugin switches */
};

/* What who may see: everything ("all") for guests and services, nothing
 * ("none") for nobody.  Texts are static. */
int cbi_policy_scope(struct cb_ctx *ctx, const struct cbi_who *who,
                     struct cbi_scope *out) CB_USED;

/* CB_OK; CB_EAUTH for nobody, CB_EDENIED for a guest who writes. */
int cbi_policy_may(struct cb_ctx *ctx, const struct cbi_who *who,
                   enum cbi_policy_action action) CB_USED;

#endif
