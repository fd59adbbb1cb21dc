/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sight.c - see sight.h.
 */
#include "catalog/sight.h"

#include "catalog/entity.h"

int cbi_sight_filter(struct cb_ctx *ctx, const struct cbi_filter **out)
{
	static const struct cbi_filter nothing = { .op = CBI_FILTER_ANY };

	*out = NULL;
	if (ctx->scope.all)
		return CB_OK;
	if (!ctx->scope.where) {
		*out = &nothing;
		return CB_OK;
	}
	return cbi_filter_scope(ctx, ctx->scope.where, out);
}

int cbi_sight_open(struct cb_ctx *ctx, struct cbi_sight *out)
{
	out->all = ctx->scope.all;
	return cbi_sight_filter(ctx, &out->filter);
}

int cbi_sight_sees(struct cb_ctx *ctx, const struct cbi_sight *sight,
                   struct cbi_span body, bool *out)
{
	const struct cb_entity *entity;
	struct cbi_ctx_mark mark;
	int rc;

	*out = sight->all;
	if (sight->all)
		return CB_OK;
	cbi_ctx_mark(ctx, &mark);
	rc = cbi_entity_create(ctx, body.ptr, body.len, &entity);
	if (rc == CB_OK)
		*out = cbi_entity_matches(entity, sight->filter);
	/* Memory that ran out within makes a term not fit, which could let a
	 * negation through. */
	if (rc == CB_OK && cb_failure_code(ctx) == CB_ENOMEM)
		rc = CB_ENOMEM;
	cbi_ctx_rewind(ctx, &mark);
	return rc;
}
