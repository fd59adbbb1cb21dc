/* SPDX-License-Identifier: Apache-2.0 */
/*
 * org.c - see org.h.
 */
#include "provider/org.h"

#include <string.h>

#include "base/ctx.h"
#include "base/limits.h"
#include "base/str.h"
#include "json/json.h"
#include "provider/supply.h"

static int no_memory(struct cb_ctx *ctx)
{
	return cb_fail(ctx, CB_ENOMEM, "no memory for users and groups");
}

int cbi_org_begin(struct cb_ctx *ctx, struct cbi_org *org,
                  const struct cbi_supply_run *run, const char *key)
{
	org->run = run;
	org->key = key;
	org->groups_of = json_object();
	org->seen = json_object();
	if (cbi_json_keep(ctx, org->groups_of) < 0 ||
	    cbi_json_keep(ctx, org->seen) < 0)
		return CB_ENOMEM;
	return CB_OK;
}

int cbi_org_belongs(struct cb_ctx *ctx, struct cbi_org *org, const char *member,
                    const char *group)
{
	json_t *list = json_object_get(org->groups_of, member), *known;
	size_t i;

	if (!list) {
		list = json_array();
		if (json_object_set_new(org->groups_of, member, list))
			return no_memory(ctx);
	}
	json_array_foreach(list, i, known)
	{
		if (strcmp(json_string_value(known), group) == 0)
			return CB_OK;
	}
	return json_array_append_new(list, json_string(group)) ? no_memory(ctx)
	                                                       : CB_OK;
}

/* --- an entity --- */

static void put(json_t *map, const char *key, const char *value)
{
	if (value && *value)
		json_object_set_new(map, key, json_string(value));
}

/* A map below another; it is made when it is not there. */
static json_t *map_of(json_t *above, const char *path, size_t len)
{
	char name[CB_ENTITY_NAME_MAX + 1];
	json_t *map;

	if (len >= sizeof(name))
		return NULL;
	memcpy(name, path, len);
	name[len] = '\0';
	map = json_object_get(above, name);
	if (!map && json_object_set_new(above, name, json_object()) == 0)
		map = json_object_get(above, name);
	return json_is_object(map) ? map : NULL;
}

/* "metadata.annotations.example.org/x": two maps, and what is behind them is
 * one key, dots and all. */
static void apply(json_t *entity, json_t *set)
{
	const char *whole;
	json_t *value;

	json_object_foreach(set, whole, value)
	{
		const char *path = whole;
		json_t *at = entity;

		for (int depth = 0; at && depth < 2 && strchr(path, '.');
		     depth++) {
			size_t len = strcspn(path, ".");

			at = map_of(at, path, len);
			path += len + 1;
		}
		if (at)
			json_object_set_new(at, path, json_deep_copy(value));
	}
}

static json_t *spec_of(const struct cbi_org *org, bool user,
                       const struct cbi_org_thing *thing)
{
	const json_t *groups = user && thing->id
	                           ? json_object_get(org->groups_of, thing->id)
	                           : NULL;

	if (user)
		return json_pack("{s:{}, s:o}", "profile", "memberOf",
		                 groups ? json_copy((json_t *)(uintptr_t)groups)
		                        : json_array());
	return json_pack("{s:s, s:{}, s:[]}", "type", "unknown", "profile",
	                 "children");
}

static void fill(json_t *entity, const struct cbi_org_thing *thing)
{
	json_t *spec = json_object_get(entity, "spec");
	json_t *profile = json_object_get(spec, "profile");
	const struct cbi_org_note *note = thing->notes;

	put(profile, "displayName", thing->display);
	put(profile, "email", thing->email);
	put(profile, "picture", thing->picture);
	put(json_object_get(entity, "metadata"), "description",
	    thing->description);
	put(spec, "type", thing->type);
	put(spec, "parent", thing->parent);
	if (thing->members)
		json_object_set(spec, "members",
		                (json_t *)(uintptr_t)thing->members);
	for (; note && note->name; note++)
		cbi_supply_annotate(entity, note->name, note->value);
}

static int warn(struct cb_ctx *ctx, const struct cbi_org *org, const char *text)
{
	return text ? org->run->warn(org->run->arg, ctx, text) : CB_ENOMEM;
}

/* Two of one name would take turns with every run. */
static int note_ref(struct cb_ctx *ctx, struct cbi_org *org, const char *kind,
                    const char *name, bool *again)
{
	char *ref = cb_printf(ctx, "%s:%s", kind, name);

	if (!ref)
		return CB_ENOMEM;
	cbi_str_lower(ref);
	*again = json_object_get(org->seen, ref) != NULL;
	return json_object_set_new(org->seen, ref, json_true()) ? no_memory(ctx)
	                                                        : CB_OK;
}

int cbi_org_make(struct cb_ctx *ctx, struct cbi_org *org, const char *kind,
                 const struct cbi_org_thing *thing, json_t **out)
{
	bool user = strcmp(kind, "User") == 0, again = false;
	const char *text = thing->name ? thing->name : "";
	const char *name = cbi_supply_name(ctx, text);
	json_t *entity;
	int rc;

	*out = NULL;
	if (!name && cb_failure_code(ctx) != CB_OK)
		return cb_failure_code(ctx);
	if (!name)
		return warn(ctx, org,
		            cb_printf(ctx,
		                      "%s: '%.100s' leaves no name for "
		                      "a %s",
		                      thing->place, text, kind));
	rc = note_ref(ctx, org, kind, name, &again);
	if (rc == CB_OK && again)
		return warn(ctx, org,
		            cb_printf(ctx, "%s: another %s has the name '%s'",
		                      thing->place, kind, name));
	if (rc < 0)
		return rc;
	entity = cbi_supply_entity(kind, name, thing->place,
	                           spec_of(org, user, thing));
	if (!entity)
		return no_memory(ctx);
	apply(entity, thing->set);
	fill(entity, thing);
	*out = entity;
	return CB_OK;
}

int cbi_org_give(struct cb_ctx *ctx, struct cbi_org *org, json_t *entity)
{
	return org->run->each(org->run->arg, ctx, entity, org->key);
}

static int make_and_give(struct cb_ctx *ctx, struct cbi_org *org,
                         const char *kind, const struct cbi_org_thing *thing)
{
	json_t *entity;
	int rc = cbi_org_make(ctx, org, kind, thing, &entity);

	return rc == CB_OK && entity ? cbi_org_give(ctx, org, entity) : rc;
}

int cbi_org_user(struct cb_ctx *ctx, struct cbi_org *org,
                 const struct cbi_org_thing *user)
{
	return make_and_give(ctx, org, "User", user);
}

int cbi_org_group(struct cb_ctx *ctx, struct cbi_org *org,
                  const struct cbi_org_thing *group)
{
	return make_and_give(ctx, org, "Group", group);
}
