/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fill.c - see fill.h.
 */
#include "catalog/fill.h"

#include <string.h>

static int keep_text(void *arg, struct cb_ctx *ctx,
                     const struct cbi_provider_file *file)
{
	struct cbi_provider_file *out = arg;

	if (file->code != CB_OK)
		return cb_fail(ctx, file->code, "%s", file->problem);
	out->text = cb_strndup(ctx, file->text, file->len);
	out->len = file->len;
	return out->text ? CB_OK : CB_ENOMEM;
}

static int remember(struct cbi_fill *fill, const char *target, json_t *after)
{
	json_t *reads = json_object_get(fill->state, "reads");
	int bad = 0;

	if (!reads) {
		reads = json_object();
		bad = json_object_set_new(fill->state, "reads", reads);
	}
	if (!bad && after)
		bad = json_object_update(reads, after);
	else if (!bad)
		bad = json_object_set_new(reads, target, json_false());
	return bad ? cb_fail(fill->ctx, CB_ENOMEM, "out of memory") : CB_OK;
}

static const char *resolve(struct cb_ctx *ctx, void *arg, const char *base,
                           const char *target)
{
	const struct cbi_fill *fill = arg;

	return fill->feed->resolve(ctx, fill->feed->arg, "url",
	                           base + strlen("url:"), target);
}

static int read_beside(struct cb_ctx *ctx, void *arg, const char *base,
                       const char *target, const char **text, size_t *len)
{
	struct cbi_fill *fill = arg;
	struct cbi_provider_ask ask = { .type = "url" };
	struct cbi_provider_file file = { 0 };
	json_t *after = NULL;
	int rc;

	ask.target = resolve(ctx, arg, base, target);
	if (!ask.target)
		return cb_failure_code(ctx);
	rc = fill->feed->read(ctx, fill->feed->arg, &ask, keep_text, &file,
	                      &after);
	if (rc < 0) {
		int noted = remember(fill, ask.target, NULL);

		return noted < 0 ? noted : rc;
	}
	rc = remember(fill, ask.target, after);
	json_decref(after);
	if (rc < 0)
		return rc;
	*text = file.text;
	*len = file.len;
	return CB_OK;
}

int cbi_fill(struct cbi_fill *fill, json_t *entity, struct cbi_problem *problem)
{
	const struct cbi_placeholder_reader reader = { read_beside, fill,
		                                       resolve };
	int rc = cbi_placeholder_apply(fill->ctx, entity, fill->key, &reader,
	                               problem);

	return rc < 0 ? rc
	              : cbi_owner_fill(fill->ctx, entity, fill->key, &reader,
	                               &fill->owner, problem);
}
