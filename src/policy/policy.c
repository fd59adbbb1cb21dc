/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.c - see policy.h.
 */
#include "policy/policy.h"

int cbi_policy_scope(struct cb_ctx *ctx, const struct cbi_who *who,
                     struct cbi_scope *out)
{
	(void)ctx;
	out->all = who->kind != CBI_WHO_NOBODY;
	out->cls = out->all ? "all" : "none";
	return CB_OK;
}

int cbi_policy_may(struct cb_ctx *ctx, const struct cbi_who *who,
                   enum cbi_policy_action action)
{
	if (who->kind == CBI_WHO_NOBODY)
		return cb_fail(ctx, CB_EAUTH, "this needs a credential");
	if (action == CBI_MAY_WRITE && who->kind != CBI_WHO_SERVICE)
		return cb_fail(ctx, CB_EDENIED,
		               "guests read; changes need a token");
	return CB_OK;
}
