/* SPDX-License-Identifier: Apache-2.0 */
/*
 * org.c - see org.h.
 */
#include "provider/org.h"

#include <stdlib.h>
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
	*org = (struct cbi_org){ .run = run,
		                 .key = key,
		                 .groups_of = json_object(),
		                 .groups = json_object(),
		                 .seen = json_object() };
	if (cbi_json_keep(ctx, org->groups_of) < 0 ||
	    cbi_json_keep(ctx, org->groups) < 0 ||
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

/* A new reference; NULL with CB_OK when it is passed over.  Takes spec. */
static int make(struct cb_ctx *ctx, struct cbi_org *org, const char *kind,
                const struct cbi_org_thing *thing, json_t *spec, json_t **out)
{
	const char *text = thing->name ? thing->name : "";
	const char *name = cbi_supply_name(ctx, text);
	bool again = false;
	int rc = CB_OK;

	*out = NULL;
	if (!name && cb_failure_code(ctx) != CB_OK)
		rc = cb_failure_code(ctx);
	else if (!name)
		rc = warn(ctx, org,
		          cb_printf(ctx, "%s: '%.100s' leaves no name for a %s",
		                    thing->place, text, kind));
	else
		rc = note_ref(ctx, org, kind, name, &again);
	if (rc == CB_OK && again)
		rc = warn(ctx, org,
		          cb_printf(ctx, "%s: another %s has the name '%s'",
		                    thing->place, kind, name));
	if (rc < 0 || !name || again) {
		json_decref(spec);
		return rc;
	}
	*out = cbi_supply_entity(kind, name, thing->place, spec);
	if (!*out)
		return no_memory(ctx);
	apply(*out, thing->set);
	fill(*out, thing);
	return CB_OK;
}

static int give(struct cb_ctx *ctx, struct cbi_org *org, json_t *entity)
{
	return org->run->each(org->run->arg, ctx, entity, org->key);
}

/* --- groups --- */

static const char *text_at(const json_t *group, const char *key)
{
	return json_string_value(json_object_get(group, key));
}

static const char *name_of(const struct cbi_org *org, const char *id)
{
	return text_at(json_object_get(org->groups, id), "name");
}

int cbi_org_group(struct cb_ctx *ctx, struct cbi_org *org,
                  const struct cbi_org_thing *group)
{
	json_t *spec = json_pack("{s:s, s:{}, s:[]}", "type", "unknown",
	                         "profile", "children");
	json_t *entity;
	const char *name;
	int rc = make(ctx, org, "Group", group, spec, &entity);

	if (rc < 0 || !entity)
		return rc;
	name = text_at(json_object_get(entity, "metadata"), "name");
	return json_object_set_new(
		   org->groups, group->id,
		   json_pack("{s:s, s:o}", "name", name, "entity", entity))
	           ? no_memory(ctx)
	           : CB_OK;
}

/* The id of the group above; NULL for none. */
static const char *parent_of(const struct cbi_org *org, const char *id)
{
	const json_t *list = json_object_get(org->groups_of, id), *item;
	const char *best = NULL;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *above = json_string_value(item);
		const char *name = name_of(org, above);

		if (name && strcmp(above, id) != 0 &&
		    (!best || strcmp(name, name_of(org, best)) < 0))
			best = above;
	}
	if (!best && org->root && strcmp(org->root, id) != 0 &&
	    name_of(org, org->root))
		best = org->root;
	return best;
}

int cbi_org_groups_done(struct cb_ctx *ctx, struct cbi_org *org)
{
	const char *id;
	json_t *group;

	json_object_foreach(org->groups, id, group)
	{
		json_t *entity = json_object_get(group, "entity");
		const char *parent = parent_of(org, id);
		struct cbi_ctx_mark mark;
		int rc;

		put(json_object_get(entity, "spec"), "parent",
		    parent ? name_of(org, parent) : NULL);
		put(group, "parent", parent);
		json_incref(entity);
		json_object_del(group, "entity");
		cbi_ctx_mark(ctx, &mark);
		rc = give(ctx, org, entity);
		cbi_ctx_rewind(ctx, &mark);
		if (rc < 0)
			return rc;
	}
	return CB_OK;
}

/* --- users --- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Who belongs to what is above the groups too: the list grows while it is
 * walked. */
static int climb(struct cb_ctx *ctx, struct cbi_org *org, const char *member)
{
	const json_t *ids = json_object_get(org->groups_of, member), *item;
	int rc = CB_OK;
	size_t i;

	json_array_foreach(ids, i, item)
	{
		const char *above = text_at(
		    json_object_get(org->groups, json_string_value(item)),
		    "parent");

		if (rc == CB_OK && above)
			rc = cbi_org_belongs(ctx, org, member, above);
	}
	return rc;
}

/* Names of the groups of a user; a new reference. */
static int groups_of(struct cb_ctx *ctx, struct cbi_org *org, const char *id,
                     json_t **out)
{
	int rc = org->deep ? climb(ctx, org, id) : CB_OK;
	const json_t *ids = json_object_get(org->groups_of, id), *item;
	const char **names =
	    cb_alloc(ctx, (json_array_size(ids) + 1) * sizeof(*names));
	size_t i, n = 0;

	if (rc < 0 || !names)
		return rc < 0 ? rc : CB_ENOMEM;
	json_array_foreach(ids, i, item)
	{
		names[n] = name_of(org, json_string_value(item));
		n += names[n] != NULL;
	}
	qsort(names, n, sizeof(*names), by_text);
	*out = json_array();
	for (i = 0; i < n; i++)
		json_array_append_new(*out, json_string(names[i]));
	return CB_OK;
}

int cbi_org_user(struct cb_ctx *ctx, struct cbi_org *org,
                 const struct cbi_org_thing *user)
{
	json_t *groups, *entity;
	int rc = groups_of(ctx, org, user->id, &groups);

	if (rc < 0)
		return rc;
	rc = make(ctx, org, "User", user,
	          json_pack("{s:{}, s:o}", "profile", "memberOf", groups),
	          &entity);
	/* Asked once; a directory of many people is held in part only. */
	json_object_del(org->groups_of, user->id);
	return rc == CB_OK && entity ? give(ctx, org, entity) : rc;
}
