/* SPDX-License-Identifier: Apache-2.0 */
/*
 * github_org.c - users and teams of GitHub organisations: the section
 * catalog.providers.githubOrg, with the keys of Backstage's provider, by
 * GitHub's GraphQL API as it asks it.
 *
 * The host and its credential, a token or an App, are those of integrations.
 */
#include <string.h>

#include "base/str.h"
#include "callboard/json.h"
#include "config/config.h"
#include "provider/kinds.h"
#include "provider/org.h"
#include "provider/rest.h"
#include "scm/scm.h"

#define ORGS_MAX 50
#define PAGE_MOST 100

struct github {
	struct cbi_scm *scm;
	const struct cbi_scm_host *host;
	struct cbi_rest rest;
	const char *web; /* "https://github.com", for places */
	const char *api; /* of GraphQL */
	const char *key;
	const json_t *orgs;
	int teams_at_once, members_at_once, users_at_once;
};

struct walk {
	struct github *own;
	struct cbi_org *org;
	const char *login; /* the organisation */
	const char *question;
	const char *list; /* where the page is within the answer */
	int at_once;
	const char *team; /* whose members are listed; NULL: none */
	json_t *members;
};

static const char teams_question[] =
    "query teams($org: String!, $cursor: String, $size: Int!, "
    "$members: Int!) { organization(login: $org) { teams(first: $size, "
    "after: $cursor) { pageInfo { hasNextPage endCursor } nodes { slug "
    "combinedSlug name description avatarUrl editTeamUrl parentTeam { slug } "
    "members(first: $members, membership: IMMEDIATE) { pageInfo { "
    "hasNextPage } nodes { login } } } } } }";
static const char members_question[] =
    "query members($org: String!, $team: String!, $cursor: String, "
    "$size: Int!) { organization(login: $org) { team(slug: $team) { "
    "members(first: $size, after: $cursor, membership: IMMEDIATE) { pageInfo "
    "{ hasNextPage endCursor } nodes { login } } } } }";
static const char users_question[] =
    "query users($org: String!, $cursor: String, $size: Int!) { "
    "organization(login: $org) { membersWithRole(first: $size, after: "
    "$cursor) { pageInfo { hasNextPage endCursor } nodes { avatarUrl bio "
    "email login name } } } }";

/* ---- questions ---------------------------------------------------------- */

/* A question that is understood in part only is no answer. */
static int check(struct cb_ctx *ctx, const struct walk *walk, json_t *answer)
{
	json_t *errors = json_object_get(answer, "errors");
	const char *sort = cb_json_text(errors, "0.type", "");
	int code = strcmp(sort, "NOT_FOUND") == 0      ? CB_ENOENT
	           : strcmp(sort, "RATE_LIMITED") == 0 ? CB_EBUSY
	           : strcmp(sort, "FORBIDDEN") == 0    ? CB_EAUTH
	                                               : CB_EUPSTREAM;

	if (!errors)
		return CB_OK;
	return cb_fail(ctx, code, "%s, organisation %s: %.200s", walk->own->api,
	               walk->login,
	               cb_json_text(errors, "0.message", "it says errors"));
}

static int ask(struct cb_ctx *ctx, const struct walk *walk, const char *cursor,
               json_t **out)
{
	struct github *own = walk->own;
	json_t *asked = json_pack("{s:s, s:s?, s:i, s:s*}", "org", walk->login,
	                          "cursor", *cursor ? cursor : NULL, "size",
	                          walk->at_once, "team", walk->team);
	json_t *body;
	const char *line;
	int rc;

	if (asked && walk->question == teams_question)
		json_object_set_new(asked, "members",
		                    json_integer(own->members_at_once));
	body = json_pack("{s:s, s:o}", "query", walk->question, "variables",
	                 asked);
	if (!body)
		return cb_fail(ctx, CB_ENOMEM, "no memory for a question");
	rc =
	    cbi_scm_authorization(ctx, own->scm, own->host, walk->login, &line);
	if (rc == CB_OK &&
	    (!line ||
	     !cbi_str_copy(own->rest.auth, sizeof(own->rest.auth), line)))
		rc = cb_fail(ctx, CB_EAUTH,
		             "integrations.github has no token and no App for "
		             "%s of %s",
		             walk->login, own->web);
	if (rc == CB_OK)
		rc = cbi_rest_ask(ctx, &own->rest, walk->org->run, own->api,
		                  body, out);
	json_decref(body);
	return rc == CB_OK ? check(ctx, walk, *out) : rc;
}

/* Pages are named by their cursors, the first by "". */
static int page(struct cb_ctx *ctx, void *arg, const char *at, json_t **rows,
                const char **next)
{
	const struct walk *walk = arg;
	json_t *answer, *list;
	int rc = ask(ctx, walk, at, &answer);

	if (rc < 0)
		return rc;
	list = cb_json_at(answer, walk->list);
	*rows = json_object_get(list, "nodes");
	if (json_is_true(cb_json_at(list, "pageInfo.hasNextPage")))
		rc = cbi_rest_text(ctx, list, "pageInfo.endCursor",
		                   walk->own->api, next);
	return rc;
}

static int pages(struct cb_ctx *ctx, struct walk *walk,
                 int (*each)(struct cb_ctx *ctx, void *arg, json_t *row))
{
	const struct cbi_rest_list list = { walk->org->run, walk, page, each };

	return cbi_rest_each(ctx, &list, "");
}

/* ---- teams -------------------------------------------------------------- */

/* Names of one organisation's teams say nothing in another. */
static const char *id_of(struct cb_ctx *ctx, const struct walk *walk,
                         const char *slug)
{
	return cb_printf(ctx, "%s/%s", walk->login, slug);
}

static int take_member(struct cb_ctx *ctx, void *arg, json_t *row)
{
	struct walk *walk = arg;
	const char *login;
	int rc = cbi_rest_text(ctx, row, "login", walk->own->api, &login);

	if (rc == CB_OK)
		rc = cbi_org_belongs(ctx, walk->org, login,
		                     id_of(ctx, walk, walk->team));
	if (rc == CB_OK &&
	    json_array_append_new(walk->members, json_string(login)))
		rc = cb_fail(ctx, CB_ENOMEM, "no memory for members");
	return rc;
}

/* Those that came along, or all of them when these were not. */
static int take_members(struct cb_ctx *ctx, struct walk *below, json_t *row)
{
	json_t *members = json_object_get(row, "members"), *one;
	int rc = CB_OK;
	size_t i;

	if (json_is_true(cb_json_at(members, "pageInfo.hasNextPage")))
		return pages(ctx, below, take_member);
	json_array_foreach(json_object_get(members, "nodes"), i, one)
	{
		if (rc == CB_OK)
			rc = take_member(ctx, below, one);
	}
	return rc;
}

static int take_team(struct cb_ctx *ctx, void *arg, json_t *row)
{
	const struct walk *walk = arg;
	struct walk below = *walk;
	const char *slug, *edit = cb_json_text(row, "editTeamUrl", "");
	const char *parent = cb_json_text(row, "parentTeam.slug", "");
	const struct cbi_org_note notes[] = {
		{ "github.com/team-slug",
		  cb_json_text(row, "combinedSlug", "") },
		{ "backstage.io/edit-url", edit },
		{ NULL, NULL },
	};
	struct cbi_org_thing team = { .type = "team", .notes = notes };
	int rc = cbi_rest_text(ctx, row, "slug", walk->own->api, &slug);

	if (rc < 0)
		return rc;
	team.id = id_of(ctx, walk, slug);
	team.name = slug;
	team.display = cb_json_text(row, "name", "");
	team.description = cb_json_text(row, "description", "");
	team.picture = cb_json_text(row, "avatarUrl", "");
	team.place = *edit ? cb_printf(ctx, "url:%s", edit)
	                   : cb_printf(ctx, "url:%s/orgs/%s/teams/%s",
	                               walk->own->web, walk->login, slug);
	below.team = slug;
	below.question = members_question;
	below.list = "data.organization.team.members";
	below.at_once = walk->own->members_at_once;
	below.members = json_array();
	team.members = below.members;
	if (*parent)
		rc = cbi_org_belongs(ctx, walk->org, team.id,
		                     id_of(ctx, walk, parent));
	if (rc == CB_OK)
		rc = take_members(ctx, &below, row);
	if (rc == CB_OK)
		rc = team.place ? cbi_org_group(ctx, walk->org, &team)
		                : CB_ENOMEM;
	json_decref(below.members);
	return rc;
}

/* ---- users -------------------------------------------------------------- */

static int take_user(struct cb_ctx *ctx, void *arg, json_t *row)
{
	const struct walk *walk = arg;
	const char *login;
	int rc = cbi_rest_text(ctx, row, "login", walk->own->api, &login);
	const struct cbi_org_note notes[] = {
		{ "github.com/user-login", rc == CB_OK ? login : "" },
		{ NULL, NULL },
	};
	struct cbi_org_thing user = { .notes = notes };

	if (rc < 0)
		return rc;
	/* A member of two organisations is one user. */
	if (json_object_get(walk->members, login))
		return CB_OK;
	json_object_set_new(walk->members, login, json_true());
	user.id = user.name = login;
	user.display = cb_json_text(row, "name", "");
	user.email = cb_json_text(row, "email", "");
	user.picture = cb_json_text(row, "avatarUrl", "");
	user.description = cb_json_text(row, "bio", "");
	user.place = cb_printf(ctx, "url:%s/%s", walk->own->web, login);
	return user.place ? cbi_org_user(ctx, walk->org, &user) : CB_ENOMEM;
}

static int run(struct cb_ctx *ctx, void *arg, const struct cbi_supply_run *how,
               enum cbi_supply *what, json_t **after)
{
	struct github *own = arg;
	struct cbi_org org;
	struct walk walk = { .own = own, .org = &org };
	int rc = cbi_org_begin(ctx, &org, how, own->key);
	const json_t *one;
	size_t i;

	(void)after;
	*what = CBI_SUPPLY_FULL;
	walk.question = teams_question;
	walk.list = "data.organization.teams";
	walk.at_once = own->teams_at_once;
	json_array_foreach(own->orgs, i, one)
	{
		walk.login = json_string_value(one);
		if (rc == CB_OK)
			rc = pages(ctx, &walk, take_team);
	}
	if (rc == CB_OK)
		rc = cbi_org_groups_done(ctx, &org);
	walk.question = users_question;
	walk.list = "data.organization.membersWithRole";
	walk.at_once = own->users_at_once;
	walk.members = json_object();
	json_array_foreach(own->orgs, i, one)
	{
		walk.login = json_string_value(one);
		if (rc == CB_OK)
			rc = pages(ctx, &walk, take_user);
	}
	json_decref(walk.members);
	return rc;
}

/* ---- the config --------------------------------------------------------- */

static int read_size(struct cb_ctx *ctx, const json_t *settings,
                     const char *path, const char *key, int usual, int *out)
{
	const json_t *value =
	    json_object_get(json_object_get(settings, "pageSizes"), key);
	json_int_t n = value ? json_integer_value(value) : usual;

	if (n < 1 || n > PAGE_MOST)
		return cb_fail(ctx, CB_EINVAL,
		               "%s.pageSizes.%s: expected 1 to %d", path, key,
		               PAGE_MOST);
	*out = (int)n;
	return CB_OK;
}

static int read_orgs(struct cb_ctx *ctx, const json_t *settings,
                     const char *path, const json_t **out)
{
	const json_t *orgs = json_object_get(settings, "orgs"), *one;
	size_t i;

	if (!json_is_array(orgs) || json_array_size(orgs) == 0 ||
	    json_array_size(orgs) > ORGS_MAX)
		return cb_fail(ctx, CB_EINVAL,
		               "%s.orgs: expected a list of 1 to %d "
		               "organisations",
		               path, ORGS_MAX);
	json_array_foreach(orgs, i, one)
	{
		const char *text = json_string_value(one);

		if (!text || !*text || strpbrk(text, "/ "))
			return cb_fail(ctx, CB_EINVAL,
			               "%s.orgs.%zu: expected an "
			               "organisation's name",
			               path, i);
	}
	*out = orgs;
	return CB_OK;
}

static void close_scm(void *scm)
{
	cbi_scm_destroy(scm);
}

/* GitHub's own GraphQL is beside its REST; of an Enterprise server both are
 * below /api. */
static int read_host(struct cb_ctx *ctx, struct github *own,
                     const struct cbi_supply_place *place,
                     const json_t *settings, const char *path)
{
	const char *url, *name, *api;
	size_t len;
	int rc = cbi_supply_text(ctx, settings, path, "githubUrl",
	                         "https://github.com", &url);

	if (rc == CB_OK)
		rc = cbi_scm_create(
		    ctx, cbi_config_get(place->config, "integrations"),
		    place->http, &own->scm);
	if (rc == CB_OK)
		rc = cb_defer(ctx, close_scm, own->scm);
	if (rc < 0)
		return rc;
	name = strstr(url, "://");
	name = name ? cb_strndup(ctx, name + 3, strcspn(name + 3, "/")) : NULL;
	own->host = name ? cbi_scm_host(own->scm, "github", name) : NULL;
	if (!own->host)
		return cb_fail(ctx, CB_EINVAL,
		               "%s.githubUrl: integrations.github has no entry "
		               "for %s",
		               path, name ? name : url);
	own->web = cb_strndup(ctx, url, strlen(url) - cbi_str_ends(url, "/"));
	api = cbi_scm_host_api(own->host);
	len = strlen(api);
	if (cbi_str_ends(api, "/v3"))
		len -= strlen("/v3");
	own->api = cb_printf(ctx, "%.*s/graphql", (int)len, api);
	if (!own->web || !own->api)
		return CB_ENOMEM;
	cbi_scm_host_policy(own->host, own->rest.hosts, CBI_REST_HOSTS,
	                    own->rest.allow, CBI_REST_ALLOW);
	return CB_OK;
}

static int configure(struct cb_ctx *ctx, const struct cbi_supply_place *place,
                     const json_t *settings, const char *path,
                     struct cbi_supplier *out)
{
	struct github *own = cb_alloc(ctx, sizeof(*own));
	int rc = own ? read_host(ctx, own, place, settings, path) : CB_ENOMEM;

	if (rc == CB_OK)
		rc = read_orgs(ctx, settings, path, &own->orgs);
	if (rc == CB_OK)
		rc = read_size(ctx, settings, path, "teams", 25,
		               &own->teams_at_once);
	if (rc == CB_OK)
		rc = read_size(ctx, settings, path, "teamMembers", 50,
		               &own->members_at_once);
	if (rc == CB_OK)
		rc = read_size(ctx, settings, path, "organizationMembers", 50,
		               &own->users_at_once);
	if (rc < 0)
		return rc;
	own->rest.http = place->http;
	own->key = cb_printf(ctx, "github-org-provider:%s",
	                     strchr(out->name, ':') + 1);
	out->arg = own;
	out->run = run;
	return own->key ? CB_OK : CB_ENOMEM;
}

static const char *const single[] = { "githubUrl", "orgs", NULL };

const struct cbi_supply_kind cbi_supply_github_org = {
	.section = "githubOrg",
	.help = "users and teams of GitHub organisations",
	.single = single,
	.schedule = { .frequency_ms = 60 * 60 * 1000,
	              .timeout_ms = 15 * 60 * 1000,
	              .initial_ms = 15 * 1000 },
	.configure = configure,
};
