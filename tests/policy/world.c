/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.c - see world.h.
 */
#include "tests/policy/world.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "policy/condition.h"

static uint64_t seed;

void world_seed(uint64_t value)
{
	seed = value;
}

uint32_t world_dice(uint32_t sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % sides;
}

#define PICK(list) (list)[world_dice(sizeof(list) / sizeof((list)[0]))]

static const char *const kinds[] = { "Component", "Component", "Component",
	                             "API",       "Resource",  "System",
	                             "User",      "Group" };
static const char *const spaces[] = { "default", "default", "billing" };
static const char *const types[] = { "service", "Website", "library",
	                             "service" };
static const char *const lives[] = { "production", "experimental",
	                             "deprecated" };
static const char *const owners[] = {
	"group:default/a", "group:default/b",  "group:default/c",
	"group:billing/d", "user:default/ada", "group:default/f",
};
const char *const world_tiers[WORLD_TIERS] = { "gold", "Silver", "bronze" };
static const char *const zones[] = { "eu", "US", "asia/east" };
static const char *const tags[] = { "java", "go", "c", "rust" };

/* ---- Entities --------------------------------------------------------------
 */

static json_t *relation(const char *type, const char *target)
{
	return json_pack("{s:s, s:s}", "type", type, "targetRef", target);
}

json_t *world_entity(size_t i, const char *kind, const char *space)
{
	json_t *metadata = json_pack(
	    "{s:o, s:s}", "name", json_sprintf("n%zu", i), "namespace", space);
	json_t *spec = json_object(), *relations = json_array();
	json_t *list = json_array();

	if (world_dice(2))
		json_object_set_new(metadata, "title",
		                    json_sprintf("Thing %zu", i));
	json_object_set_new(metadata, "description",
	                    json_sprintf("has word%zu in it", i % 40));
	if (world_dice(3))
		json_object_set_new(
		    metadata, "labels",
		    json_pack("{s:s}", "tier", PICK(world_tiers)));
	if (world_dice(3))
		json_object_set_new(
		    metadata, "annotations",
		    json_pack("{s:s}", "example.com/zone", PICK(zones)));
	for (size_t k = 0; k < 4; k++)
		if (world_dice(2))
			json_array_append_new(list, json_string(tags[k]));
	json_object_set_new(metadata, "tags", list);
	if (world_dice(4))
		json_object_set_new(spec, "type", json_string(PICK(types)));
	if (world_dice(4))
		json_object_set_new(spec, "lifecycle",
		                    json_string(PICK(lives)));
	if (world_dice(2))
		json_object_set_new(spec, "tierNumber",
		                    json_integer((int)world_dice(3)));
	if (world_dice(3) == 0)
		json_object_set_new(spec, "note", json_null());
	for (uint32_t n = world_dice(3); n > 0; n--)
		json_array_append_new(relations,
		                      relation("ownedBy", PICK(owners)));
	if (world_dice(2))
		json_array_append_new(
		    relations, relation("dependsOn", "component:default/n1"));
	return json_pack("{s:s, s:o, s:o, s:o}", "kind", kind, "metadata",
	                 metadata, "spec", spec, "relations", relations);
}

/* ---- The evaluator
 * ----------------------------------------------------------- */

static bool same(const char *a, const char *b)
{
	return a && b && strcasecmp(a, b) == 0;
}

static bool value_is(const json_t *value, const char *text)
{
	char number[32];

	if (json_is_integer(value)) {
		snprintf(number, sizeof(number), "%lld",
		         (long long)json_integer_value(value));
		return same(number, text);
	}
	return same(json_string_value(value), text);
}

/* A list has what one of its elements is. */
static bool holds(const json_t *value, const char *text)
{
	if (!json_is_array(value))
		return value && (!text || value_is(value, text));
	for (size_t i = 0; i < json_array_size(value); i++)
		if (!text || value_is(json_array_get(value, i), text))
			return true;
	return false;
}

static bool rule_holds(const char *rule, const json_t *params,
                       const json_t *entity)
{
	const json_t *metadata = json_object_get(entity, "metadata");
	const json_t *list = json_object_get(params, "claims");
	const json_t *relations = json_object_get(entity, "relations");
	const char *value = json_string_value(json_object_get(params, "value"));
	const char *key = json_string_value(json_object_get(params, "key"));

	if (strcmp(rule, "HAS_LABEL") == 0)
		return holds(
		    json_object_get(
			json_object_get(metadata, "labels"),
			json_string_value(json_object_get(params, "label"))),
		    value);
	if (strcmp(rule, "HAS_ANNOTATION") == 0)
		return holds(
		    json_object_get(json_object_get(metadata, "annotations"),
		                    json_string_value(
					json_object_get(params, "annotation"))),
		    value);
	if (strcmp(rule, "HAS_METADATA") == 0)
		return holds(json_object_get(metadata, key), value);
	if (strcmp(rule, "HAS_SPEC") == 0)
		return holds(
		    json_object_get(json_object_get(entity, "spec"), key),
		    value);
	if (strcmp(rule, "IS_ENTITY_KIND") == 0) {
		list = json_object_get(params, "kinds");
		for (size_t i = 0; i < json_array_size(list); i++)
			if (value_is(
				json_object_get(entity, "kind"),
				json_string_value(json_array_get(list, i))))
				return true;
		return false;
	}
	for (size_t i = 0; i < json_array_size(relations); i++) {
		const json_t *one = json_array_get(relations, i);

		for (size_t k = 0; k < json_array_size(list); k++)
			if (value_is(json_object_get(one, "type"), "ownedBy") &&
			    value_is(
				json_object_get(one, "targetRef"),
				json_string_value(json_array_get(list, k))))
				return true;
	}
	return false;
}

bool world_allows(const json_t *condition, const json_t *entity)
{
	const json_t *all = json_object_get(condition, "allOf");
	const json_t *any = json_object_get(condition, "anyOf");
	const json_t *not = json_object_get(condition, "not");
	const json_t *list = all ? all : any;

	if (not )
		return !world_allows(not, entity);
	for (size_t i = 0; i < json_array_size(list); i++)
		if (world_allows(json_array_get(list, i), entity) !=
		    (all != NULL))
			return all == NULL;
	if (list)
		return all != NULL;
	return rule_holds(json_string_value(json_object_get(condition, "rule")),
	                  json_object_get(condition, "params"), entity);
}

/* ---- Policies
 * ------------------------------------------------------------------ */

json_t *world_rule(const char *name, json_t *params)
{
	return json_pack("{s:s, s:s, s:o}", "rule", name, "resourceType",
	                 "catalog-entity", "params", params);
}

static json_t *with_value(const char *key, const char *name, const char *value)
{
	json_t *params = json_pack("{s:s}", key, name);

	if (world_dice(3))
		json_object_set_new(params, "value", json_string(value));
	return params;
}

static json_t *random_rule(void)
{
	static const char *const numbers[] = { "0", "1", "7" };

	switch (world_dice(9)) {
	case 0:
		return world_rule("HAS_LABEL", with_value("label", "tier",
		                                          PICK(world_tiers)));
	case 1:
		return world_rule(
		    "HAS_ANNOTATION",
		    with_value("annotation", "example.com/zone", PICK(zones)));
	case 2:
		return world_rule("HAS_METADATA",
		                  with_value("key", "tags", PICK(tags)));
	case 3:
		return world_rule("HAS_METADATA",
		                  with_value("key", "namespace", PICK(spaces)));
	case 4:
		return world_rule("HAS_SPEC",
		                  with_value("key", "type", PICK(types)));
	case 5:
		return world_rule(
		    "HAS_SPEC", with_value("key", "tierNumber", PICK(numbers)));
	case 6:
		return world_rule("HAS_SPEC",
		                  json_pack("{s:s}", "key", "note"));
	case 7:
		return world_rule(
		    "IS_ENTITY_KIND",
		    json_pack("{s:[s, s]}", "kinds", PICK(kinds),
		              world_dice(2) ? "component" : "TEMPLATE"));
	default:
		return world_rule(
		    "IS_ENTITY_OWNER",
		    world_dice(2) ? json_pack("{s:[s]}", "claims", "$ownerRefs")
				  : json_pack("{s:[s, s]}", "claims",
		                              PICK(owners), "$currentUser"));
	}
}

static json_t *random_condition(int depth)
{
	uint32_t way = depth ? world_dice(6) : 5;
	json_t *list;

	if (way == 0)
		return json_pack("{s:o}", "not", random_condition(depth - 1));
	if (way > 2)
		return random_rule();
	list = json_array();
	for (uint32_t n = 1 + world_dice(3); n > 0; n--)
		json_array_append_new(list, random_condition(depth - 1));
	return json_pack("{s:o}", way == 1 ? "allOf" : "anyOf", list);
}

void world_policy_make(struct world_policy *policy)
{
	static const char *const names[] = { "catalog.entity.read",
		                             "catalog-entity", "catalog.*",
		                             "*" };

	memset(policy, 0, sizeof(*policy));
	policy->n = 1 + world_dice(WORLD_GRANTS);
	for (size_t i = 0; i < policy->n; i++) {
		struct cbi_policy_grant *g = &policy->grants[i];

		g->role = "x";
		g->from = "test";
		g->permission = PICK(names);
		g->action = world_dice(2) ? "read" : "";
		g->deny = i > 0 && world_dice(4) == 0;
		/* Almost always on a condition: else all see the same. */
		if (world_dice(16))
			g->condition = random_condition(3);
	}
}

void world_policy_drop(struct world_policy *policy)
{
	for (size_t i = 0; i < policy->n; i++)
		json_decref((json_t *)policy->grants[i].condition);
}

const char *const world_owns[WORLD_OWNS] = { "user:default/ada",
	                                     "group:default/b",
	                                     "group:billing/d" };
static const struct cbi_condition_claims claims = { WORLD_USER, world_owns,
	                                            WORLD_OWNS };

bool world_policy_allows(const struct world_policy *policy,
                         const json_t *entity)
{
	bool yes = false, no = false;

	for (size_t i = 0; entity && i < policy->n; i++) {
		const struct cbi_policy_grant *g = &policy->grants[i];
		json_t *filled = g->condition
		                     ? cbi_condition_fill(g->condition, &claims)
		                     : NULL;
		bool fits = !filled || world_allows(filled, entity);

		json_decref(filled);
		yes = yes || (fits && !g->deny);
		no = no || (fits && g->deny);
	}
	return yes && !no;
}

const char *world_kind(void)
{
	return PICK(kinds);
}

const char *world_space(void)
{
	return PICK(spaces);
}
