/* SPDX-License-Identifier: Apache-2.0 */
/*
 * placeholder.c - see placeholder.h.
 */
#include "catalog/placeholder.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "catalog/bundle.h"
#include "catalog/model_priv.h"
#include "json/json.h"
#include "yaml/yaml.h"

struct work {
	struct cb_ctx *ctx;
	const char *base;
	const struct cbi_placeholder_reader *reader;
	struct cbi_problem *problem;
};

/* The failure noted by whoever read or parsed becomes the entity's. */
static int failed(struct work *w, const char *path, const char *key,
                  const char *target, int rc)
{
	if (rc == CB_ENOMEM)
		return rc;
	cbi_problem_set(w->problem, path, "%s '%.100s': %s", key, target,
	                cb_failure(w->ctx));
	cb_failure_clear(w->ctx);
	return CB_EINVAL;
}

static bool is_description(const char *key)
{
	return strcmp(key, "$openapi") == 0 || strcmp(key, "$asyncapi") == 0;
}

/* *out is a new reference. */
static int resolve(struct work *w, const char *key, const char *target,
                   json_t **out)
{
	const char *text;
	size_t len;
	int rc;

	if (is_description(key))
		return cbi_bundle(w->ctx, w->reader, w->base, target, out);
	rc = w->reader->read(w->ctx, w->reader->arg, w->base, target, &text,
	                     &len);
	if (rc < 0)
		return rc;
	if (strcmp(key, "$yaml") == 0)
		return cbi_yaml_one(w->ctx, text, len, out);
	if (strcmp(key, "$json") == 0) {
		rc = cb_json_parse(w->ctx, text, len, out);
		if (rc == CB_OK)
			json_incref(*out);
		return rc;
	}
	if (!cbi_str_utf8(text, len))
		return cb_fail(w->ctx, CB_EINVAL, "not UTF-8");
	*out = json_stringn(text, len);
	return *out ? CB_OK : cb_fail(w->ctx, CB_ENOMEM, "out of memory");
}

static bool is_known(const char *key)
{
	return strcmp(key, "$text") == 0 || strcmp(key, "$json") == 0 ||
	       strcmp(key, "$yaml") == 0 || is_description(key);
}

static int replace(struct work *w, const char *path, const char *key,
                   const json_t *value, json_t **out)
{
	const char *target = json_string_value(value);
	int rc;

	if (!cbi_str_starts(w->base, "url:"))
		return cbi_problem_set(w->problem, path,
		                       "%s needs an entity that was read from "
		                       "a url, this one is at '%.200s'",
		                       key, w->base);
	if (!target)
		return cbi_problem_set(w->problem, path,
		                       "%s is %s, expected a URL or a relative "
		                       "path",
		                       key, cbi_model_type_name(value));
	rc = resolve(w, key, target, out);
	return rc < 0 ? failed(w, path, key, target, rc) : CB_OK;
}

/* The one `$` key of a map that is a placeholder; *leave is set for maps that
 * have such keys but are none. */
static const char *placeholder_key(const json_t *map, bool *leave)
{
	const char *key;
	json_t *child;

	*leave = false;
	json_object_foreach((json_t *)(uintptr_t)map, key, child)
	{
		if (key[0] != '$')
			continue;
		*leave = json_object_size(map) > 1 || !is_known(key);
		return *leave ? NULL : key;
	}
	return NULL;
}

/* *out is set to what takes value's place, NULL when it stays. */
static int visit(struct work *w, const char *path, json_t *value, json_t **out)
{
	bool leave, is_map = json_is_object(value);
	void *iter = is_map ? json_object_iter(value) : NULL;
	const char *key = is_map ? placeholder_key(value, &leave) : NULL;
	size_t n = is_map ? json_object_size(value) : json_array_size(value);

	if (key)
		return replace(w, path, key, json_object_get(value, key), out);
	if (is_map && leave)
		return CB_OK;
	for (size_t i = 0; i < n; i++) {
		char at[CBI_PROBLEM_PATH], index[24];
		json_t *child, *instead = NULL;
		int rc;

		snprintf(index, sizeof(index), "%zu", i);
		key = is_map ? json_object_iter_key(iter) : index;
		child = is_map ? json_object_iter_value(iter)
		               : json_array_get(value, i);
		snprintf(at, sizeof(at), "%s%s%s", path, *path ? "." : "", key);
		rc = visit(w, at, child, &instead);
		if (rc < 0)
			return rc;
		if (instead &&
		    (is_map ? json_object_iter_set_new(value, iter, instead)
		            : json_array_set_new(value, i, instead)))
			return cb_fail(w->ctx, CB_ENOMEM, "out of memory");
		if (is_map)
			iter = json_object_iter_next(value, iter);
	}
	return CB_OK;
}

int cbi_placeholder_apply(struct cb_ctx *ctx, json_t *entity, const char *base,
                          const struct cbi_placeholder_reader *reader,
                          struct cbi_problem *problem)
{
	struct work w = { ctx, base, reader, problem };
	json_t *instead = NULL;
	int rc = visit(&w, "", entity, &instead);

	if (rc == CB_OK && instead) {
		json_decref(instead);
		return cbi_problem_set(problem, "",
		                       "a placeholder cannot be an entity");
	}
	return rc;
}
