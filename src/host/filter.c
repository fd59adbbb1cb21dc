/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter.c - lends the registry what it does not know: the catalog's filter,
 * and the reader of plugins that are text.
 */
#include "host/host.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "catalog/entity.h"
#include "catalog/filter.h"
#include "declare/declare.h"
#include "registry/registry.h"
#include "spawn/helpers.h"

/* A program is compiled in a tenth of this, on an idle machine. */
#define COMPILE_MS 3000

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

int cbi_host_compile(struct cb_ctx *ctx, void *helpers, const char *program)
{
	struct cb_buf none;
	int rc;

	cbi_buf_init(&none, CB_MIB);
	rc = cbi_shape_run(ctx, helpers, 'c', program, "{}", "null", 4,
	                   COMPILE_MS, &none);
	cbi_buf_finish(&none);
	return rc;
}

/* Where the helper is not to be had nobody looks: the portal runs, and the
 * card says what is wrong. */
static int compile(struct cb_ctx *ctx, void *helpers, const char *program)
{
	int rc = cbi_host_compile(ctx, helpers, program);

	if (rc != CB_ENOTSUP && rc != CB_EAWAY && rc != CB_EBUSY)
		return rc;
	cb_failure_clear(ctx);
	return CB_OK;
}

static int read_text(struct cb_ctx *ctx, const char *path, const char *name,
                     bool deep, struct cb_buf *why, json_t **out)
{
	struct cbi_declare_file file = { .path = path, .name = name };
	struct cbi_helpers *helpers = NULL;
	int rc;

	if (deep && cbi_host_shapers(ctx, &helpers) == CB_OK) {
		file.compile = compile;
		file.arg = helpers;
	}
	rc = cbi_declare_open(ctx, &file, why, out, NULL);
	cbi_helpers_destroy(helpers);
	return rc;
}

const struct cbi_registry_filter *cbi_host_filter(void)
{
	static const struct cbi_registry_filter filter = { parse, match,
		                                           read_text };

	return &filter;
}
