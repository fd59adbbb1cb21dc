/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalog.c - callboard/catalog.h for plugins: other entities than the one
 * they were handed.
 */
#include "host/host_priv.h"

#include "catalog/entity.h"
#include "catalog/view.h"

int cb_entity_get(struct cb_ctx *ctx, const char *ref,
                  const struct cb_entity **out)
{
	const struct cbi_call *call = cbi_call_of(ctx);
	const struct cbi_host_joins *joins;
	struct cbi_served served;
	struct cbi_fresh fresh;
	int rc;

	if (!call)
		return cb_fail(ctx, CB_EPLACE, "no plugin asks for entity '%s'",
		               ref);
	joins = &call->host->joins;
	if (!joins->view)
		return cb_fail(ctx, CB_ENOTSUP,
		               "this process has no catalog to look up '%s' in",
		               ref);
	rc = joins->view(ctx, joins->catalog, ref, &served, &fresh);
	if (rc < 0)
		return rc;
	return cbi_entity_create(ctx, served.body, served.len, out);
}
