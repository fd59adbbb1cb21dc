/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter.c - lends the catalog's filter to the registry.
 */
#include "host/host.h"

#include "catalog/entity.h"
#include "catalog/filter.h"
#include "registry/registry.h"

static int parse(struct cb_ctx *ctx, const char *text, const void **out)
{
	const struct cbi_filter *filter;
	int rc = cbi_filter_parse(ctx, &text, 1, &filter);

	if (rc < 0)
		return rc;
	if (!filter)
		return cb_fail(ctx, CB_EINVAL, "asks for nothing");
	*out = filter;
	return CB_OK;
}

static bool match(const void *filter, const struct cb_entity *entity)
{
	return cbi_entity_matches(entity, filter);
}

const struct cbi_registry_filter *cbi_host_filter(void)
{
	static const struct cbi_registry_filter filter = { parse, match };

	return &filter;
}
