/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c - the values in templates, checked when a file is read.
 */
#include "declare/take.h"

#include <string.h>

#include "declare/entity.h"

#define HINTS_MAX 80

const json_t *cbi_take_key(const struct cbi_take *take, const char *name,
                           size_t len)
{
	const struct cbi_span span = { name, len };
	json_t *row;
	size_t i;

	json_array_foreach(take->keys, i, row)
	{
		if (cbi_span_is(
			span, json_string_value(json_object_get(row, "name"))))
			return row;
	}
	return NULL;
}

static bool has_name(const json_t *names, struct cbi_span name)
{
	json_t *row;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)names, i, row)
	{
		if (cbi_span_is(name, json_string_value(row)))
			return true;
	}
	return false;
}

static bool has_part(const json_t *key, struct cbi_span rest)
{
	const char *name;
	json_t *value;

	if (rest.len == 0)
		return json_is_string(key);
	json_object_foreach((json_t *)(uintptr_t)key, name, value)
	{
		if (cbi_span_is(rest, name))
			return true;
	}
	return false;
}

static bool is_body(struct cbi_span rest)
{
	return cbi_span_is(rest, "body") ||
	       (rest.len > 5 && memcmp(rest.ptr, "body.", 5) == 0);
}

static void wrong_config(struct cbi_take *take, const struct cbi_yaml *node,
                         const char *what, struct cbi_span rest)
{
	const char *names[HINTS_MAX];
	char *name = cb_strndup(take->ctx, rest.ptr, rest.len);
	size_t n = 0;
	json_t *row;
	size_t i;

	json_array_foreach(take->keys, i, row)
	{
		if (n < HINTS_MAX)
			names[n++] =
			    json_string_value(json_object_get(row, "name"));
	}
	if (name)
		cbi_take_wrong(take, node,
		               "%s: {config.%.60s}: the plugin has no such "
		               "key%s",
		               what, name,
		               cbi_take_hint(take->ctx, name, names, n));
}

static void wrong_root(struct cbi_take *take, const struct cbi_yaml *node,
                       const char *what, const struct cbi_template_part *part,
                       const struct cbi_roots *roots)
{
	static const char *const words[] = { "config",      "key",
		                             "metadata",    "spec",
		                             "annotations", "labels",
		                             "kind",        "ref" };
	char *root = cb_strndup(take->ctx, part->root.ptr, part->root.len);
	bool entity = roots->kinds & CBI_ROOT_ENTITY;

	if (root)
		cbi_take_wrong(
		    take, node,
		    "%s: {%.*s}: there is no such value here, expected %s%s",
		    what, part->text.len > 60 ? 60 : (int)part->text.len,
		    part->text.ptr,
		    entity ? "{metadata...}, {spec...}, {annotations...}, "
			     "{labels...}, {kind}, {ref}"
			   : "{config...}, {key} or an earlier request's "
			     "{name.body...}",
		    cbi_take_hint(take->ctx, root, words,
		                  sizeof(words) / sizeof(words[0])));
}

static void check_part(struct cbi_take *take, const struct cbi_yaml *node,
                       const char *what, const struct cbi_template_part *part,
                       const struct cbi_roots *roots)
{
	if ((roots->kinds & CBI_ROOT_CONFIG) &&
	    cbi_span_is(part->root, "config")) {
		if (!cbi_take_key(take, part->rest.ptr, part->rest.len))
			wrong_config(take, node, what, part->rest);
		return;
	}
	if (roots->key && cbi_span_is(part->root, "key")) {
		if (!has_part(roots->key, part->rest))
			cbi_take_wrong(take, node,
			               "%s: {%.*s}: the source's key has no "
			               "such part",
			               what, (int)part->text.len,
			               part->text.ptr);
		return;
	}
	if (roots->names && has_name(roots->names, part->root)) {
		if (!is_body(part->rest))
			cbi_take_wrong(take, node,
			               "%s: {%.*s}: expected "
			               "{%.*s.body...}",
			               what, (int)part->text.len,
			               part->text.ptr, (int)part->root.len,
			               part->root.ptr);
		return;
	}
	if ((roots->kinds & CBI_ROOT_ENTITY) && cbi_entity_root(part))
		return;
	if ((roots->kinds & CBI_ROOT_DATA) && part->root.len == 0)
		return;
	if (roots->strict)
		wrong_root(take, node, what, part, roots);
}

void cbi_take_template(struct cbi_take *take, const struct cbi_yaml *node,
                       const char *text, const char *what,
                       const struct cbi_roots *roots)
{
	struct cbi_template_part part;

	while (cbi_template_next(&text, &part))
		if (part.value)
			check_part(take, node, what, &part, roots);
}

void cbi_take_templates(struct cbi_take *take, const struct cbi_yaml *node,
                        const char *what, const struct cbi_roots *roots)
{
	if (node->type == CBI_YAML_TEXT)
		cbi_take_template(take, node, node->text, what, roots);
	if (node->type != CBI_YAML_LIST && node->type != CBI_YAML_MAP)
		return;
	for (const struct cbi_yaml *child = node->first; child;
	     child = child->next)
		cbi_take_templates(take, child, what, roots);
}
