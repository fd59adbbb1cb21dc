/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ldap_org.c - users and groups of an LDAP directory.
 *
 * Groups are read first and held until all are there: who belongs where may
 * stand with either side (member, memberOf), and groups may be members of
 * groups.
 */
#include "provider/kinds.h"

#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "base/limits.h"
#include "base/str.h"
#include "json/json.h"
#include "provider/ldap_org.h"
#include "provider/org.h"

struct walk {
	const struct cbi_ldap_org *own;
	struct cbi_org org;
	const struct cbi_ldap_part *part;
	json_t *groups; /* dn > {name, entity, above: [dn]} */
};

/* --- entries --- */

static const char *one(const json_t *entry, const char *attribute)
{
	const json_t *list =
	    attribute ? json_object_get(entry, attribute) : NULL;

	return json_string_value(json_array_get(list, 0));
}

/* OpenLDAP's and most others', Active Directory's, FreeIPA's. */
static const char *uuid_of(const struct cbi_ldap_org *own, const json_t *entry)
{
	static const char *const usual[] = { "entryuuid", "objectguid",
		                             "ipauniqueid" };
	const char *uuid = one(entry, own->uuid);

	for (size_t i = 0; !uuid && !own->uuid && i < 3; i++)
		uuid = one(entry, usual[i]);
	return uuid;
}

static const char *dn_of(const json_t *entry)
{
	return json_string_value(json_object_get(entry, "dn"));
}

static char *place_of(struct cb_ctx *ctx, const struct walk *walk,
                      const char *dn)
{
	struct cb_buf buf;
	char *text = NULL;

	cbi_buf_init(&buf, CB_MIB);
	cb_buf_printf(&buf, "ldap://%s/", walk->own->id);
	if (cbi_str_url_encode(&buf, dn, "") == CB_OK)
		text = cb_strndup(ctx, buf.data, buf.len);
	cbi_buf_finish(&buf);
	return text;
}

/* What users and groups have in common; CB_ENOMEM. */
static int describe(struct cb_ctx *ctx, const struct walk *walk,
                    const json_t *entry, struct cbi_org_note notes[4],
                    struct cbi_org_thing *out)
{
	const struct cbi_ldap_map *map = &walk->part->map;
	const char *dn = one(entry, walk->own->dn);

	if (!dn)
		dn = dn_of(entry);
	notes[0] = (struct cbi_org_note){ "backstage.io/ldap-rdn",
		                          one(entry, map->rdn) };
	notes[1] = (struct cbi_org_note){ "backstage.io/ldap-dn", dn };
	notes[2] = (struct cbi_org_note){ "backstage.io/ldap-uuid",
		                          uuid_of(walk->own, entry) };
	notes[3] = (struct cbi_org_note){ NULL, NULL };
	*out = (struct cbi_org_thing){
		.name = one(entry, map->name),
		.place = place_of(ctx, walk, dn),
		.display = one(entry, map->display),
		.email = one(entry, map->email),
		.picture = one(entry, map->picture),
		.description = one(entry, map->description),
		.type = one(entry, map->type),
		.notes = notes,
		.set = walk->part->set,
	};
	return out->place ? CB_OK : CB_ENOMEM;
}

/* The text at i of a list of names, as a key; NULL without memory. */
static char *key_at(struct cb_ctx *ctx, const json_t *list, size_t i)
{
	return cbi_ldap_dn(ctx, json_string_value(json_array_get(list, i)));
}

/* --- groups --- */

static int note_members(struct cb_ctx *ctx, struct walk *walk,
                        const json_t *entry, const char *name)
{
	const json_t *list = json_object_get(entry, walk->part->map.members);
	int rc = CB_OK;

	for (size_t i = 0; rc == CB_OK && i < json_array_size(list); i++) {
		const char *member = key_at(ctx, list, i);

		rc = member ? cbi_org_belongs(ctx, &walk->org, member, name)
		            : CB_ENOMEM;
	}
	return rc;
}

static int note_group(struct cb_ctx *ctx, struct walk *walk, json_t *entry)
{
	json_t *above = json_object_get(entry, walk->part->map.member_of);
	const char *dn = cbi_ldap_dn(ctx, dn_of(entry)), *name;
	struct cbi_org_thing group;
	struct cbi_org_note notes[4];
	json_t *entity;
	int rc = dn ? describe(ctx, walk, entry, notes, &group) : CB_ENOMEM;

	if (rc == CB_OK)
		rc = cbi_org_make(ctx, &walk->org, "Group", &group, &entity);
	if (rc < 0 || !entity)
		return rc;
	name = json_string_value(
	    json_object_get(json_object_get(entity, "metadata"), "name"));
	if (json_object_set_new(walk->groups, dn,
	                        json_pack("{s:s, s:o, s:O?}", "name", name,
	                                  "entity", entity, "above", above)))
		return cb_fail(ctx, CB_ENOMEM, "no memory for a group");
	return note_members(ctx, walk, entry, name);
}

static const char *name_of(const struct walk *walk, const char *dn)
{
	return json_string_value(
	    json_object_get(json_object_get(walk->groups, dn), "name"));
}

/* The group that has this one as a member, by either side's word. */
static const char *parent_of(struct cb_ctx *ctx, const struct walk *walk,
                             const char *dn, const json_t *group)
{
	const char *own = name_of(walk, dn);
	const json_t *said = json_object_get(walk->org.groups_of, dn);
	const json_t *above = json_object_get(group, "above");

	for (size_t i = 0; i < json_array_size(said); i++) {
		const char *name = json_string_value(json_array_get(said, i));

		if (strcmp(name, own) != 0)
			return name;
	}
	for (size_t i = 0; i < json_array_size(above); i++) {
		const char *key = key_at(ctx, above, i);
		const char *name = key ? name_of(walk, key) : NULL;

		if (name && strcmp(name, own) != 0)
			return name;
	}
	return NULL;
}

static int give_groups(struct cb_ctx *ctx, struct walk *walk)
{
	const char *dn;
	json_t *group;

	json_object_foreach(walk->groups, dn, group)
	{
		json_t *entity = json_object_get(group, "entity");
		struct cbi_ctx_mark mark;
		const char *parent;
		int rc;

		cbi_ctx_mark(ctx, &mark);
		parent = parent_of(ctx, walk, dn, group);
		if (parent)
			json_object_set_new(json_object_get(entity, "spec"),
			                    "parent", json_string(parent));
		rc = cbi_org_give(ctx, &walk->org, json_incref(entity));
		cbi_ctx_rewind(ctx, &mark);
		if (rc < 0)
			return rc;
	}
	return CB_OK;
}

/* --- users --- */

/* What users say of their own. */
static int note_own_groups(struct cb_ctx *ctx, struct walk *walk,
                           const json_t *entry, const char *id)
{
	const json_t *list = json_object_get(entry, walk->part->map.member_of);
	int rc = CB_OK;

	for (size_t i = 0; rc == CB_OK && i < json_array_size(list); i++) {
		const char *key = key_at(ctx, list, i);
		const char *name = key ? name_of(walk, key) : NULL;

		if (!key)
			return CB_ENOMEM;
		if (name)
			rc = cbi_org_belongs(ctx, &walk->org, id, name);
	}
	return rc;
}

static int give_user(struct cb_ctx *ctx, struct walk *walk, json_t *entry)
{
	struct cbi_org_thing user;
	struct cbi_org_note notes[4];
	char *dn = cbi_ldap_dn(ctx, dn_of(entry)), *plain;
	int rc = dn ? describe(ctx, walk, entry, notes, &user) : CB_ENOMEM;

	if (rc < 0)
		return rc;
	/* posixGroup names its members by uid. */
	plain = cb_strdup(ctx, user.name ? user.name : "");
	if (!plain)
		return CB_ENOMEM;
	cbi_str_lower(plain);
	user.id = json_object_get(walk->org.groups_of, dn) ? dn : plain;
	user.type = NULL;
	rc = note_own_groups(ctx, walk, entry, user.id);
	return rc < 0 ? rc : cbi_org_user(ctx, &walk->org, &user);
}

/* --- a run --- */

static int take(struct walk *walk, struct cb_ctx *ctx, json_t *entry,
                int (*each)(struct cb_ctx *ctx, struct walk *walk,
                            json_t *entry))
{
	struct cbi_ctx_mark mark;
	int rc;

	cbi_ctx_mark(ctx, &mark);
	rc = each(ctx, walk, entry);
	cbi_ctx_rewind(ctx, &mark);
	return rc;
}

static int take_group(void *arg, struct cb_ctx *ctx, json_t *entry)
{
	return take(arg, ctx, entry, note_group);
}

static int take_user(void *arg, struct cb_ctx *ctx, json_t *entry)
{
	return take(arg, ctx, entry, give_user);
}

static int is_alive(void *arg, struct cb_ctx *ctx)
{
	const struct cbi_supply_run *run = ((struct walk *)arg)->org.run;

	return run->alive(run->arg, ctx);
}

static int search(struct cb_ctx *ctx, struct walk *walk, struct cbi_ldap *ldap,
                  const struct cbi_ldap_part *parts, size_t n,
                  int (*each)(void *arg, struct cb_ctx *ctx, json_t *entry))
{
	const struct cbi_ldap_taker taker = { .arg = walk,
		                              .alive = is_alive,
		                              .each = each };
	int rc = CB_OK;

	for (size_t i = 0; rc == CB_OK && i < n; i++) {
		walk->part = &parts[i];
		rc = cbi_ldap_search(ctx, ldap, &parts[i].search, &taker);
	}
	return rc;
}

static int run(struct cb_ctx *ctx, void *arg, const struct cbi_supply_run *how,
               enum cbi_supply *what, json_t **after)
{
	const struct cbi_ldap_org *own = arg;
	struct walk walk = { .own = own, .groups = json_object() };
	struct cbi_ldap *ldap;
	int rc = cbi_json_keep(ctx, walk.groups);

	(void)after;
	*what = CBI_SUPPLY_FULL;
	if (rc == CB_OK)
		rc = cbi_org_begin(ctx, &walk.org, how, own->key);
	if (rc == CB_OK)
		rc = cbi_ldap_open(ctx, &own->config, &ldap);
	if (rc < 0)
		return rc;
	rc = search(ctx, &walk, ldap, own->groups, own->groups_n, take_group);
	if (rc == CB_OK)
		rc = give_groups(ctx, &walk);
	if (rc == CB_OK)
		rc = search(ctx, &walk, ldap, own->users, own->users_n,
		            take_user);
	cbi_ldap_close(ldap);
	return rc;
}

static int configure(struct cb_ctx *ctx, const struct cbi_supply_place *place,
                     const json_t *settings, const char *path,
                     struct cbi_supplier *out)
{
	struct cbi_ldap_org *own = NULL;
	int rc = cbi_ldap_org_read(ctx, settings, path, &own);

	(void)place;
	if (rc < 0)
		return rc;
	own->id = strchr(out->name, ':') + 1;
	own->key = cb_printf(ctx, "ldap-org-provider:%s", own->id);
	out->arg = own;
	out->run = run;
	return own->key ? CB_OK : CB_ENOMEM;
}

static const char *const single[] = { "target", NULL };

const struct cbi_supply_kind cbi_supply_ldap = {
	.section = "ldapOrg",
	.help = "users and groups of an LDAP directory",
	.single = single,
	.schedule = { .frequency_ms = 60 * 60 * 1000,
	              .timeout_ms = 15 * 60 * 1000,
	              .initial_ms = 15 * 1000 },
	.configure = configure,
};
