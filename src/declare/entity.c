/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entity.c - see entity.h.
 */
#include "declare/entity.h"

#include <string.h>

/* Roots that stand for themselves, and those that have a name after them. */
static const struct {
	const char *root;
	const char *prefix; /* of the path in the entity; NULL: no rest */
	const char *(*get)(const struct cb_entity *entity);
} roots[] = {
	{ "ref", NULL, cb_entity_ref },
	{ "kind", NULL, cb_entity_kind },
	{ "namespace", NULL, cb_entity_namespace },
	{ "name", NULL, cb_entity_name },
	{ "title", NULL, cb_entity_title },
	{ "owner", NULL, cb_entity_owner },
	{ "annotations", "metadata.annotations.", NULL },
	{ "labels", "metadata.labels.", NULL },
	{ "metadata", "metadata.", NULL },
	{ "spec", "spec.", NULL },
};
#define ROOTS (sizeof(roots) / sizeof(roots[0]))

static size_t find(const struct cbi_template_part *part)
{
	size_t i = 0;

	while (i < ROOTS && !(cbi_span_is(part->root, roots[i].root) &&
	                      (part->rest.len > 0) == (roots[i].get == NULL)))
		i++;
	return i;
}

bool cbi_entity_root(const struct cbi_template_part *part)
{
	return find(part) < ROOTS;
}

struct cbi_span cbi_entity_annotated(const struct cbi_template_part *part)
{
	static const char in_metadata[] = "annotations.";
	size_t len = sizeof(in_metadata) - 1;
	struct cbi_span none = { "", 0 }, rest = part->rest;

	if (cbi_span_is(part->root, "annotations"))
		return rest;
	if (!cbi_span_is(part->root, "metadata") || rest.len <= len ||
	    memcmp(rest.ptr, in_metadata, len) != 0)
		return none;
	rest.ptr += len;
	rest.len -= len;
	return rest;
}

int cbi_entity_value(struct cb_ctx *ctx, const struct cb_entity *entity,
                     const struct cbi_template_part *part, const char **out)
{
	size_t i = find(part);
	const char *path, *value;

	if (i == ROOTS)
		return CB_ENOTSUP;
	if (!entity)
		return CB_ENOKEY;
	if (roots[i].get) {
		value = roots[i].get(entity);
	} else {
		path = cb_printf(ctx, "%s%.*s", roots[i].prefix,
		                 (int)part->rest.len, part->rest.ptr);
		if (!path)
			return CB_ENOMEM;
		value = cb_entity_text(entity, path);
	}
	if (!value || !*value)
		return CB_ENOKEY;
	*out = value;
	return CB_OK;
}
