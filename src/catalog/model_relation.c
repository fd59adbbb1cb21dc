/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_relation.c - which field makes which relation, and the lists whose
 * order means nothing.
 */
#include "catalog/model_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "catalog/ref.h"

static const struct emit {
	const char *kind;
	const char *field;
	const char *target; /* default kind; NULL: it must be written */
	const char *forward, *reverse;
} emits[] = {
	{ "Component", "owner", "Group", "ownedBy", "ownerOf" },
	{ "Component", "subcomponentOf", "Component", "partOf", "hasPart" },
	{ "Component", "providesApis", "API", "providesApi", "apiProvidedBy" },
	{ "Component", "consumesApis", "API", "consumesApi", "apiConsumedBy" },
	{ "Component", "dependsOn", NULL, "dependsOn", "dependencyOf" },
	{ "Component", "dependencyOf", NULL, "dependencyOf", "dependsOn" },
	{ "Component", "system", "System", "partOf", "hasPart" },
	{ "API", "owner", "Group", "ownedBy", "ownerOf" },
	{ "API", "system", "System", "partOf", "hasPart" },
	{ "Resource", "owner", "Group", "ownedBy", "ownerOf" },
	{ "Resource", "dependsOn", NULL, "dependsOn", "dependencyOf" },
	{ "Resource", "dependencyOf", NULL, "dependencyOf", "dependsOn" },
	{ "Resource", "system", "System", "partOf", "hasPart" },
	{ "System", "owner", "Group", "ownedBy", "ownerOf" },
	{ "System", "domain", "Domain", "partOf", "hasPart" },
	{ "Domain", "owner", "Group", "ownedBy", "ownerOf" },
	{ "Domain", "subdomainOf", "Domain", "partOf", "hasPart" },
	{ "User", "memberOf", "Group", "memberOf", "hasMember" },
	{ "Group", "parent", "Group", "childOf", "parentOf" },
	{ "Group", "children", "Group", "parentOf", "childOf" },
	{ "Group", "members", "User", "hasMember", "memberOf" },
	{ "Template", "owner", "Group", "ownedBy", "ownerOf" },
};
#define EMITS (sizeof(emits) / sizeof(emits[0]))

/* --- sorting --- */

static bool all_texts(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!json_is_string(json_array_get(list, i)))
			return false;
	return json_is_array(list);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(json_string_value(*(json_t *const *)a),
	              json_string_value(*(json_t *const *)b));
}

static void sort_list(json_t *list)
{
	size_t n = json_array_size(list);
	json_t **items;

	if (n < 2 || !all_texts(list))
		return;
	/* Within the node limit of a document, but not of a stack. */
	items = malloc(n * sizeof(*items));
	if (!items)
		return; /* only the order of the output suffers */
	for (size_t i = 0; i < n; i++)
		items[i] = json_incref(json_array_get(list, i));
	qsort(items, n, sizeof(*items), by_text);
	for (size_t i = 0; i < n; i++)
		json_array_set_new(list, i, items[i]);
	free(items);
}

void cbi_model_sort_lists(json_t *entity)
{
	static const char *const fields[] = {
		"providesApis", "consumesApis", "dependsOn", "dependencyOf",
		"memberOf",     "children",     "members",
	};
	json_t *spec = json_object_get(entity, "spec");

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		sort_list(json_object_get(spec, fields[i]));
}

/* --- relations --- */

struct work {
	struct cb_ctx *ctx;
	struct cbi_model *out;
	struct cbi_problem *problem;
	const char *ref, *space;
	size_t room;
};

static int add(struct work *w, const struct emit *emit, const char *target)
{
	struct cbi_relation *r;

	if (w->out->n == w->room) {
		size_t room = w->room ? w->room * 2 : 8;

		r = cb_alloc(w->ctx, room * sizeof(*r));
		if (!r)
			return CB_ENOMEM;
		if (w->out->n)
			memcpy(r, w->out->relations, w->out->n * sizeof(*r));
		w->out->relations = r;
		w->room = room;
	}
	r = &w->out->relations[w->out->n++];
	r->source = w->ref;
	r->type = emit->forward;
	r->target = target;
	r->reverse = emit->reverse;
	return CB_OK;
}

static int emit_one(struct work *w, const struct emit *emit,
                    const json_t *value, const char *path)
{
	const char *text = json_string_value(value), *target, *why = NULL;
	int rc;

	if (!text)
		return cbi_problem_set(w->problem, path,
		                       "%s, expected an entity reference",
		                       cbi_model_type_name(value));
	rc = cbi_ref_canonical(w->ctx, text, emit->target, w->space, &target,
	                       &why);
	if (rc == CB_EINVAL)
		return cbi_problem_set(w->problem, path,
		                       "bad reference '%.100s', %s, expected "
		                       "[kind:][namespace/]name",
		                       text, why);
	return rc < 0 ? rc : add(w, emit, target);
}

/* What JavaScript takes as nothing names nothing. */
static bool is_nothing(const json_t *value)
{
	return json_is_null(value) || json_is_false(value) ||
	       (json_is_number(value) && json_number_value(value) == 0) ||
	       (json_is_string(value) && json_string_length(value) == 0);
}

static int emit_field(struct work *w, const struct emit *emit,
                      const json_t *value)
{
	char path[64];
	int rc = CB_OK;

	if (is_nothing(value))
		return CB_OK;
	if (!json_is_array(value)) {
		snprintf(path, sizeof(path), "spec.%s", emit->field);
		return emit_one(w, emit, value, path);
	}
	for (size_t i = 0; rc == CB_OK && i < json_array_size(value); i++) {
		snprintf(path, sizeof(path), "spec.%s.%zu", emit->field, i);
		rc = emit_one(w, emit, json_array_get(value, i), path);
	}
	return rc;
}

static int by_relation(const void *a, const void *b)
{
	const struct cbi_relation *x = a, *y = b;
	int diff = strcmp(x->type, y->type);

	return diff ? diff : strcmp(x->target, y->target);
}

/* The same reference twice in one list is one relation. */
static void distinct(struct cbi_model *out)
{
	size_t n = 0;

	if (out->n < 2)
		return;
	qsort(out->relations, out->n, sizeof(*out->relations), by_relation);
	for (size_t i = 0; i < out->n; i++) {
		if (n > 0 && by_relation(&out->relations[n - 1],
		                         &out->relations[i]) == 0)
			continue;
		out->relations[n++] = out->relations[i];
	}
	out->n = n;
}

int cbi_model_relations(struct cb_ctx *ctx, const json_t *entity,
                        const char *ref, const char *space,
                        struct cbi_model *out, struct cbi_problem *problem)
{
	struct work w = { ctx, out, problem, ref, space, 0 };
	const char *kind = json_string_value(json_object_get(entity, "kind"));
	const json_t *spec = json_object_get(entity, "spec");
	int rc = CB_OK;

	out->relations = NULL;
	out->n = 0;
	for (size_t i = 0; rc == CB_OK && i < EMITS; i++) {
		const json_t *value;

		if (strcmp(emits[i].kind, kind) != 0)
			continue;
		value = json_object_get(spec, emits[i].field);
		if (value)
			rc = emit_field(&w, &emits[i], value);
	}
	if (rc == CB_OK)
		distinct(out);
	return rc;
}
