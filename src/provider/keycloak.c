/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keycloak.c - users and groups of a Keycloak realm, by its admin API.
 *
 *	keycloakOrg:
 *	  <id>: {baseUrl, realm, loginRealm, clientId, clientSecret,
 *	         username, password, userQuerySize, groupQuerySize, allow,
 *	         schedule}
 */
#include "provider/kinds.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "callboard/json.h"
#include "provider/org.h"
#include "provider/rest.h"

#define DEPTH_MAX 20
#define AT_ONCE 100
#define AT_ONCE_MOST 1000

struct keycloak {
	const char *realm, *key;
	const char *api; /* <base>/admin/realms/<realm> */
	int users_at_once, groups_at_once;
	struct cbi_rest rest;
};

/* One list on its way, within the lists above it. */
struct walk {
	struct keycloak *kc;
	struct cbi_org *org;
	const char *what; /* "groups?x=y" */
	int at_once;
	/* The id of the group whose members or children they are; NULL: none.
	 */
	const char *group;
	json_t *members;
	int depth;
};

/* "0", "100" ...: a page that is not full is the last. */
static int page(struct cb_ctx *ctx, void *arg, const char *at, json_t **rows,
                const char **next)
{
	struct walk *walk = arg;
	int64_t first = 0;
	const char *url;
	int rc = cbi_str_int(at, 0, INT32_MAX, &first);

	if (rc < 0)
		return cb_fail(ctx, CB_EBUG, "page '%s'", at);
	url = cb_printf(ctx, "%s/%s%cfirst=%lld&max=%d", walk->kc->api,
	                walk->what, strchr(walk->what, '?') ? '&' : '?',
	                (long long)first, walk->at_once);
	rc =
	    cbi_rest_ask(ctx, &walk->kc->rest, walk->org->run, url, NULL, rows);
	if (rc == CB_OK && json_array_size(*rows) >= (size_t)walk->at_once) {
		*next =
		    cb_printf(ctx, "%lld", (long long)first + walk->at_once);
		rc = *next ? CB_OK : CB_ENOMEM;
	}
	return rc;
}

static int pages(struct cb_ctx *ctx, struct walk *walk,
                 int (*each)(struct cb_ctx *ctx, void *arg, json_t *row))
{
	const struct cbi_rest_list list = { walk->org->run, walk, page, each };

	return walk->what ? cbi_rest_each(ctx, &list, "0") : CB_ENOMEM;
}

/* What users and groups have in common; notes has room for three. */
static int describe(struct cb_ctx *ctx, const struct walk *walk, json_t *row,
                    const char *what, struct cbi_org_note *notes,
                    struct cbi_org_thing *out)
{
	const char *id;
	int rc = cbi_rest_text(ctx, row, "id", what, &id);

	if (rc < 0)
		return rc;
	notes[0] = (struct cbi_org_note){ "keycloak.org/id", id };
	notes[1] =
	    (struct cbi_org_note){ "keycloak.org/realm", walk->kc->realm };
	notes[2] = (struct cbi_org_note){ NULL, NULL };
	*out = (struct cbi_org_thing){
		.id = id,
		.place =
		    cb_printf(ctx, "url:%s/%s/%s", walk->kc->api, what, id),
		.notes = notes,
	};
	return out->place ? CB_OK : CB_ENOMEM;
}

/* --- groups --- */

static int take_member(struct cb_ctx *ctx, void *arg, json_t *row)
{
	struct walk *walk = arg;
	const char *name =
	    cbi_supply_name(ctx, cb_json_text(row, "username", ""));
	const char *id;
	int rc = cbi_rest_text(ctx, row, "id", "members", &id);

	if (rc == CB_OK && name)
		json_array_append_new(walk->members, json_string(name));
	return rc < 0 ? rc : cbi_org_belongs(ctx, walk->org, id, walk->group);
}

static int take_group(struct cb_ctx *ctx, void *arg, json_t *row);

/* Older hosts send the groups below along, newer ones how many there are. */
static int take_children(struct cb_ctx *ctx, struct walk *walk, json_t *row,
                         const char *id)
{
	json_t *below = json_object_get(row, "subGroups"), *child;
	size_t i;

	json_array_foreach(below, i, child)
	{
		int rc = take_group(ctx, walk, child);

		if (rc < 0)
			return rc;
	}
	if (json_array_size(below) ||
	    cb_json_number(row, "subGroupCount", 0) <= 0)
		return CB_OK;
	walk->what =
	    cb_printf(ctx, "groups/%s/children?briefRepresentation=false", id);
	return pages(ctx, walk, take_group);
}

static int take_members(struct cb_ctx *ctx, const struct walk *above,
                        const char *group, json_t *members)
{
	struct walk walk = *above;

	walk.what = cb_printf(ctx, "groups/%s/members", group);
	walk.at_once = walk.kc->users_at_once;
	walk.group = group;
	walk.members = members;
	return pages(ctx, &walk, take_member);
}

static int take_group(struct cb_ctx *ctx, void *arg, json_t *row)
{
	const struct walk *above = arg;
	struct walk below = *above;
	struct cbi_org_note notes[3];
	struct cbi_org_thing group;
	json_t *members;
	int rc = describe(ctx, above, row, "groups", notes, &group);

	if (rc == CB_OK && ++below.depth > DEPTH_MAX)
		rc = cb_fail(ctx, CB_EUPSTREAM,
		             "groups are nested deeper than %d", DEPTH_MAX);
	if (rc == CB_OK && above->group)
		rc = cbi_org_belongs(ctx, above->org, group.id, above->group);
	if (rc < 0)
		return rc;
	members = json_array();
	group.name = group.display = cb_json_text(row, "name", "");
	group.type = "group";
	group.members = members;
	rc = take_members(ctx, above, group.id, members);
	if (rc == CB_OK)
		rc = cbi_org_group(ctx, above->org, &group);
	json_decref(members);
	below.group = group.id;
	return rc == CB_OK ? take_children(ctx, &below, row, group.id) : rc;
}

/* --- users --- */

static int take_user(struct cb_ctx *ctx, void *arg, json_t *row)
{
	const struct walk *walk = arg;
	const char *first = cb_json_text(row, "firstName", "");
	const char *last = cb_json_text(row, "lastName", "");
	struct cbi_org_note notes[3];
	struct cbi_org_thing user;
	int rc = describe(ctx, walk, row, "users", notes, &user);

	if (rc < 0)
		return rc;
	user.name = cb_json_text(row, "username", "");
	user.display =
	    cb_printf(ctx, "%s%s%s", first, *first && *last ? " " : "", last);
	user.email = cb_json_text(row, "email", "");
	return user.display ? cbi_org_user(ctx, walk->org, &user) : CB_ENOMEM;
}

static int run(struct cb_ctx *ctx, void *arg, const struct cbi_supply_run *how,
               enum cbi_supply *what, json_t **after)
{
	struct keycloak *kc = arg;
	struct cbi_org org;
	struct walk walk = { .kc = kc, .org = &org };
	int rc = cbi_org_begin(ctx, &org, how, kc->key);

	(void)after;
	*what = CBI_SUPPLY_FULL;
	walk.what = "groups?briefRepresentation=false";
	walk.at_once = kc->groups_at_once;
	if (rc == CB_OK)
		rc = pages(ctx, &walk, take_group);
	if (rc == CB_OK)
		rc = cbi_org_groups_done(ctx, &org);
	walk.what = "users";
	walk.at_once = kc->users_at_once;
	return rc == CB_OK ? pages(ctx, &walk, take_user) : rc;
}

/* --- the config --- */

static int read_size(struct cb_ctx *ctx, const json_t *settings,
                     const char *path, const char *key, int *out)
{
	const json_t *value = json_object_get(settings, key);
	json_int_t n = value ? json_integer_value(value) : AT_ONCE;

	if (n < 1 || n > AT_ONCE_MOST)
		return cb_fail(ctx, CB_EINVAL, "%s.%s: expected 1 to %d", path,
		               key, AT_ONCE_MOST);
	*out = (int)n;
	return CB_OK;
}

/* A password's owner, or a client by itself. */
static int read_login(struct cb_ctx *ctx, struct keycloak *kc,
                      const json_t *settings, const char *path)
{
	const char *user, *password = NULL, *id = NULL, *secret = NULL;
	int rc = cbi_supply_text(ctx, settings, path, "username", NULL, &user);

	if (rc == CB_OK)
		rc =
		    cbi_supply_text(ctx, settings, path, "password",
		                    user ? CBI_SUPPLY_NEEDED : NULL, &password);
	if (rc == CB_OK)
		rc = cbi_supply_text(ctx, settings, path, "clientId",
		                     user ? "admin-cli" : CBI_SUPPLY_NEEDED,
		                     &id);
	if (rc == CB_OK)
		rc = cbi_supply_text(ctx, settings, path, "clientSecret",
		                     user ? NULL : CBI_SUPPLY_NEEDED, &secret);
	if (rc == CB_OK) {
		const struct cbi_rest_pair pairs[] = {
			{ "grant_type",
			  user ? "password" : "client_credentials" },
			{ "client_id", id },
			{ "client_secret", secret },
			{ "username", user },
			{ "password", password },
			{ NULL, NULL },
		};

		kc->rest.form = cbi_rest_form(ctx, pairs);
		rc = kc->rest.form ? CB_OK : CB_ENOMEM;
	}
	return rc;
}

static int read_place(struct cb_ctx *ctx, struct keycloak *kc,
                      const json_t *settings, const char *path)
{
	const char *base, *login;
	int rc = cbi_rest_base(ctx, &kc->rest, settings, path, "baseUrl",
	                       CBI_SUPPLY_NEEDED, &base);

	if (rc == CB_OK)
		rc = cbi_rest_allow(ctx, &kc->rest, settings, path);
	if (rc == CB_OK)
		rc = cbi_supply_text(ctx, settings, path, "realm", "master",
		                     &kc->realm);
	if (rc == CB_OK)
		rc = cbi_supply_text(ctx, settings, path, "loginRealm",
		                     "master", &login);
	if (rc < 0)
		return rc;
	kc->api = cb_printf(ctx, "%s/admin/realms/%s", base,
	                    cbi_supply_encode(ctx, kc->realm));
	kc->rest.token_url =
	    cb_printf(ctx, "%s/realms/%s/protocol/openid-connect/token", base,
	              cbi_supply_encode(ctx, login));
	return kc->api && kc->rest.token_url ? CB_OK : CB_ENOMEM;
}

static int configure(struct cb_ctx *ctx, const struct cbi_supply_place *place,
                     const json_t *settings, const char *path,
                     struct cbi_supplier *out)
{
	struct keycloak *kc = cb_alloc(ctx, sizeof(*kc));
	int rc = kc ? read_place(ctx, kc, settings, path) : CB_ENOMEM;

	if (rc == CB_OK)
		rc = read_login(ctx, kc, settings, path);
	if (rc == CB_OK)
		rc = read_size(ctx, settings, path, "userQuerySize",
		               &kc->users_at_once);
	if (rc == CB_OK)
		rc = read_size(ctx, settings, path, "groupQuerySize",
		               &kc->groups_at_once);
	if (rc < 0)
		return rc;
	kc->rest.http = place->http;
	kc->key = cb_printf(ctx, "keycloak-org-provider:%s", out->name);
	out->arg = kc;
	out->run = run;
	return kc->key ? CB_OK : CB_ENOMEM;
}

static const char *const single[] = { "baseUrl", NULL };

const struct cbi_supply_kind cbi_supply_keycloak = {
	.section = "keycloakOrg",
	.help = "users and groups of a Keycloak realm",
	.single = single,
	.schedule = { .frequency_ms = 30 * 60 * 1000,
	              .timeout_ms = 10 * 60 * 1000,
	              .initial_ms = 15 * 1000 },
	.configure = configure,
};
