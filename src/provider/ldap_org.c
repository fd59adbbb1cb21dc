/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ldap_org.c - users and groups of an LDAP directory.
 *
 * Who belongs where may stand with either side (member, memberOf), and groups
 * may be members of groups.
 */
#include "provider/kinds.h"

#include <string.h>

#include "base/ctx.h"
#include "provider/ldap_org.h"
#include "provider/org.h"

struct walk {
	const struct cbi_ldap_org *own;
	struct cbi_org org;
	const struct cbi_ldap_part *part;
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
		.id = cbi_ldap_dn(ctx, dn_of(entry)),
		.name = one(entry, map->name),
		.place = cb_printf(ctx, "ldap://%s/%s", walk->own->id,
		                   cbi_supply_encode(ctx, dn)),
		.display = one(entry, map->display),
		.email = one(entry, map->email),
		.picture = one(entry, map->picture),
		.description = one(entry, map->description),
		.type = one(entry, map->type),
		.notes = notes,
		.set = walk->part->set,
	};
	return out->id && out->place ? CB_OK : CB_ENOMEM;
}

/* Each name of a list has this entry as its member (up), or is a member of
 * it. */
static int note_names(struct cb_ctx *ctx, struct walk *walk, const char *id,
                      const json_t *entry, const char *attribute, bool up)
{
	const json_t *list = json_object_get(entry, attribute), *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *other = cbi_ldap_dn(ctx, json_string_value(item));
		int rc = other
		             ? cbi_org_belongs(ctx, &walk->org, up ? id : other,
		                               up ? other : id)
		             : CB_ENOMEM;

		if (rc < 0)
			return rc;
	}
	return CB_OK;
}

static int take_one_group(struct cb_ctx *ctx, struct walk *walk, json_t *entry)
{
	const struct cbi_ldap_map *map = &walk->part->map;
	struct cbi_org_note notes[4];
	struct cbi_org_thing group;
	int rc = describe(ctx, walk, entry, notes, &group);

	if (rc == CB_OK)
		rc = cbi_org_group(ctx, &walk->org, &group);
	if (rc == CB_OK)
		rc =
		    note_names(ctx, walk, group.id, entry, map->members, false);
	return rc < 0 ? rc
	              : note_names(ctx, walk, group.id, entry, map->member_of,
	                           true);
}

/* posixGroup names its members by uid, not by DN. */
static int note_plain(struct cb_ctx *ctx, struct walk *walk,
                      const struct cbi_org_thing *user)
{
	const char *plain = cbi_ldap_dn(ctx, user->name ? user->name : "");
	const json_t *ids, *item;
	size_t i;
	int rc = plain ? CB_OK : CB_ENOMEM;

	ids = plain ? json_object_get(walk->org.groups_of, plain) : NULL;
	json_array_foreach(ids, i, item)
	{
		if (rc == CB_OK)
			rc = cbi_org_belongs(ctx, &walk->org, user->id,
			                     json_string_value(item));
	}
	return rc;
}

static int take_one_user(struct cb_ctx *ctx, struct walk *walk, json_t *entry)
{
	struct cbi_org_note notes[4];
	struct cbi_org_thing user;
	int rc = describe(ctx, walk, entry, notes, &user);

	user.type = NULL;
	if (rc == CB_OK)
		rc = note_plain(ctx, walk, &user);
	if (rc == CB_OK)
		rc = note_names(ctx, walk, user.id, entry,
		                walk->part->map.member_of, true);
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
	return take(arg, ctx, entry, take_one_group);
}

static int take_user(void *arg, struct cb_ctx *ctx, json_t *entry)
{
	return take(arg, ctx, entry, take_one_user);
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
	struct walk walk = { .own = own };
	struct cbi_ldap *ldap;
	int rc = cbi_org_begin(ctx, &walk.org, how, own->key);

	(void)after;
	*what = CBI_SUPPLY_FULL;
	walk.org.deep = true;
	if (rc == CB_OK)
		rc = cbi_ldap_open(ctx, &own->config, &ldap);
	if (rc < 0)
		return rc;
	rc = search(ctx, &walk, ldap, own->groups, own->groups_n, take_group);
	if (rc == CB_OK)
		rc = cbi_org_groups_done(ctx, &walk.org);
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
