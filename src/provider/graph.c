/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph.c - users and groups of a Microsoft Entra tenant, by Microsoft Graph.
 *
 *	microsoftGraphOrg:
 *	  <id>: {target, authority, tenantId, clientId, clientSecret,
 *	         queryMode, user: {filter, path}, group: {filter, search, path},
 *	         userGroupMember: {filter, search, path}, allow, schedule}
 *
 * The tenant is the group above all others.
 */
#include "provider/kinds.h"

#include <string.h>

#include "base/str.h"
#include "callboard/json.h"
#include "json/json.h"
#include "provider/org.h"
#include "provider/rest.h"

#define PAGE "$top=999"
#define USER "$select=id,displayName,mail"
#define GROUP \
	"$select=id,displayName,description,mail,mailNickname,securityEnabled"

struct graph {
	const char *base, *tenant, *id, *key;
	/* "<base>/users?$select=..."; people: groups whose members are the
	 * users that count, NULL: all are. */
	const char *users, *groups, *people;
	struct cbi_rest rest;
};

struct walk {
	struct graph *graph;
	struct cbi_org *org;
	const char *group; /* the id of that whose members they are */
	json_t *known;     /* ids of users that came by way of a group */
};

/* Upstream's names are lower case; without memory or name NULL. */
static char *name_of(struct cb_ctx *ctx, const char *text)
{
	char *name = cbi_supply_name(ctx, text);

	if (name)
		cbi_str_lower(name);
	return name;
}

/* --- pages --- */

/* The next page is below the API's own address: the token goes along. */
static int check_next(struct cb_ctx *ctx, const struct graph *graph,
                      const char *next)
{
	size_t len = strlen(graph->base);

	return strncmp(next, graph->base, len) == 0 && next[len] == '/'
	           ? CB_OK
	           : cb_fail(ctx, CB_EUPSTREAM,
	                     "the next page, %.100s, is not below %s", next,
	                     graph->base);
}

static int page(struct cb_ctx *ctx, void *arg, const char *at, json_t **rows,
                const char **next)
{
	struct walk *walk = arg;
	json_t *answer = NULL;
	int rc = cbi_rest_ask(ctx, &walk->graph->rest, walk->org->run, at, NULL,
	                      &answer);

	if (rc < 0)
		return rc;
	*rows = json_object_get(answer, "value");
	*next = json_string_value(json_object_get(answer, "@odata.nextLink"));
	return *next ? check_next(ctx, walk->graph, *next) : CB_OK;
}

static int pages(struct cb_ctx *ctx, struct walk *walk, const char *url,
                 int (*each)(struct cb_ctx *ctx, void *arg, json_t *row))
{
	const struct cbi_rest_list list = { walk->org->run, walk, page, each };

	return url ? cbi_rest_each(ctx, &list, url) : CB_ENOMEM;
}

/* What users and groups have in common; notes has room for three. */
static int describe(struct cb_ctx *ctx, const struct walk *walk, json_t *row,
                    const char *note, struct cbi_org_note *notes,
                    struct cbi_org_thing *out)
{
	const char *id;
	int rc = cbi_rest_text(ctx, row, "id", walk->graph->base, &id);

	if (rc < 0)
		return rc;
	notes[0] = (struct cbi_org_note){ note, id };
	notes[1] = notes[2] = (struct cbi_org_note){ NULL, NULL };
	*out = (struct cbi_org_thing){
		.id = id,
		.place = cb_printf(ctx, "msgraph:%s/%s", walk->graph->id,
		                   cbi_supply_encode(ctx, id)),
		.display = cb_json_text(row, "displayName", ""),
		.email = cb_json_text(row, "mail", ""),
		.description = cb_json_text(row, "description", ""),
		.notes = notes,
	};
	return out->place ? CB_OK : CB_ENOMEM;
}

/* --- groups --- */

static int take_member(struct cb_ctx *ctx, void *arg, json_t *row)
{
	struct walk *walk = arg;
	const char *id;
	int rc = cbi_rest_text(ctx, row, "id", "members", &id);

	return rc < 0 ? rc : cbi_org_belongs(ctx, walk->org, id, walk->group);
}

static int take_group(struct cb_ctx *ctx, void *arg, json_t *row)
{
	struct walk *walk = arg;
	const char *nick = cb_json_text(row, "mailNickname", "");
	struct cbi_org_note notes[3];
	struct cbi_org_thing group;
	int rc = describe(ctx, walk, row, "graph.microsoft.com/group-id", notes,
	                  &group);

	if (rc < 0 || !*group.display)
		return rc;
	/* A security group's nickname is a row of digits. */
	if (!*nick || json_is_true(json_object_get(row, "securityEnabled")))
		nick = group.display;
	group.name = name_of(ctx, nick);
	group.type = "team";
	rc = cbi_org_group(ctx, walk->org, &group);
	walk->group = group.id;
	return rc < 0 ? rc
	              : pages(ctx, walk,
	                      cb_printf(ctx,
	                                "%s/groups/%s/members?$select=id"
	                                "&" PAGE,
	                                walk->graph->base,
	                                cbi_supply_encode(ctx, group.id)),
	                      take_member);
}

static int take_root(struct cb_ctx *ctx, struct walk *walk)
{
	const struct graph *graph = walk->graph;
	struct cbi_org_note notes[3];
	struct cbi_org_thing root;
	json_t *row;
	const char *url = cb_printf(ctx, "%s/organization/%s", graph->base,
	                            cbi_supply_encode(ctx, graph->tenant));
	int rc = cbi_rest_ask(ctx, &walk->graph->rest, walk->org->run, url,
	                      NULL, &row);

	if (rc == CB_OK)
		rc = describe(ctx, walk, row, "graph.microsoft.com/tenant-id",
		              notes, &root);
	if (rc < 0 || !*root.display)
		return rc;
	root.name = name_of(ctx, root.display);
	root.description = root.display;
	root.email = NULL;
	root.type = "root";
	walk->org->root = root.id;
	return cbi_org_group(ctx, walk->org, &root);
}

/* --- users --- */

static int take_user(struct cb_ctx *ctx, void *arg, json_t *row)
{
	struct walk *walk = arg;
	struct cbi_org_note notes[3];
	struct cbi_org_thing user;
	int rc = describe(ctx, walk, row, "graph.microsoft.com/user-id", notes,
	                  &user);

	/* A room or a service: upstream leaves it out, too. */
	if (rc < 0 || !*user.display || !*user.email)
		return rc;
	user.name = name_of(ctx, user.email);
	user.description = NULL;
	notes[1] = (struct cbi_org_note){ "microsoft.com/email", user.email };
	return cbi_org_user(ctx, walk->org, &user);
}

/* Somebody in two of the groups comes once. */
static int take_person(struct cb_ctx *ctx, void *arg, json_t *row)
{
	struct walk *walk = arg;
	const char *id = cb_json_text(row, "id", "");

	if (json_object_get(walk->known, id))
		return CB_OK;
	return json_object_set_new(walk->known, id, json_true())
	           ? cb_fail(ctx, CB_ENOMEM, "no memory for users")
	           : take_user(ctx, walk, row);
}

static int take_people(struct cb_ctx *ctx, void *arg, json_t *row)
{
	struct walk *walk = arg;
	const char *id;
	int rc = cbi_rest_text(ctx, row, "id", "groups", &id);

	return rc < 0 ? rc
	              : pages(ctx, walk,
	                      cb_printf(ctx,
	                                "%s/groups/%s/members/"
	                                "microsoft.graph.user?" USER "&" PAGE,
	                                walk->graph->base,
	                                cbi_supply_encode(ctx, id)),
	                      take_person);
}

static int run(struct cb_ctx *ctx, void *arg, const struct cbi_supply_run *how,
               enum cbi_supply *what, json_t **after)
{
	struct graph *graph = arg;
	struct cbi_org org;
	struct walk walk = { .graph = graph,
		             .org = &org,
		             .known = json_object() };
	int rc = cbi_json_keep(ctx, walk.known);

	(void)after;
	*what = CBI_SUPPLY_FULL;
	if (rc == CB_OK)
		rc = cbi_org_begin(ctx, &org, how, graph->key);
	org.deep = true;
	if (rc == CB_OK)
		rc = take_root(ctx, &walk);
	if (rc == CB_OK)
		rc = pages(ctx, &walk, graph->groups, take_group);
	if (rc == CB_OK)
		rc = cbi_org_groups_done(ctx, &org);
	if (rc < 0)
		return rc;
	return graph->people ? pages(ctx, &walk, graph->people, take_people)
	                     : pages(ctx, &walk, graph->users, take_user);
}

/* --- the config --- */

/* The address of a list: {filter, search, path} of a section; *given tells
 * whether there is one. */
static int read_list(struct cb_ctx *ctx, struct graph *graph,
                     const json_t *settings, const char *path,
                     const char *section, const char *select, const char **out)
{
	const json_t *own = json_object_get(settings, section);
	const char *at = cb_printf(ctx, "%s.%s", path, section);
	const char *filter, *search, *list, *mode;
	bool user = strcmp(section, "user") == 0;
	int rc = at ? cbi_supply_text(ctx, own, at, "filter", NULL, &filter)
	            : CB_ENOMEM;

	if (rc == CB_OK)
		rc = cbi_supply_text(ctx, own, at, "search", NULL, &search);
	if (rc == CB_OK)
		rc = cbi_supply_text(ctx, own, at, "path",
		                     user ? "users" : "groups", &list);
	if (rc == CB_OK)
		rc = cbi_supply_text(ctx, settings, path, "queryMode", "basic",
		                     &mode);
	if (rc == CB_OK && strcmp(mode, "basic") != 0 &&
	    strcmp(mode, "advanced") != 0)
		rc = cb_fail(ctx, CB_EINVAL,
		             "%s.queryMode: expected basic or advanced", path);
	if (rc < 0)
		return rc;
	/* Graph searches, and some of its filters work, in this mode alone. */
	if (search || strcmp(mode, "advanced") == 0)
		graph->rest.header = "ConsistencyLevel: eventual";
	*out = cb_printf(ctx, "%s/%s?%s&" PAGE "%s%s%s%s%s", graph->base, list,
	                 select, filter ? "&$filter=" : "",
	                 filter ? cbi_supply_encode(ctx, filter) : "",
	                 search ? "&$search=" : "",
	                 search ? cbi_supply_encode(ctx, search) : "",
	                 graph->rest.header ? "&$count=true" : "");
	return *out ? CB_OK : CB_ENOMEM;
}

static int read_token(struct cb_ctx *ctx, struct graph *graph,
                      const json_t *settings, const char *path)
{
	const char *authority, *id, *secret, *scope;
	int rc = cbi_rest_base(ctx, &graph->rest, settings, path, "authority",
	                       "https://login.microsoftonline.com", &authority);

	if (rc == CB_OK)
		rc = cbi_supply_text(ctx, settings, path, "clientId",
		                     CBI_SUPPLY_NEEDED, &id);
	if (rc == CB_OK)
		rc = cbi_supply_text(ctx, settings, path, "clientSecret",
		                     CBI_SUPPLY_NEEDED, &secret);
	if (rc < 0)
		return rc;
	/* The API's own host, for clouds other than the public one. */
	scope = strstr(graph->base, "://") + 3;
	scope = cb_printf(
	    ctx, "%.*s/.default",
	    (int)(scope - graph->base + (ptrdiff_t)strcspn(scope, "/")),
	    graph->base);
	if (scope) {
		const struct cbi_rest_pair pairs[] = {
			{ "grant_type", "client_credentials" },
			{ "client_id", id },
			{ "client_secret", secret },
			{ "scope", scope },
			{ NULL, NULL },
		};

		graph->rest.form = cbi_rest_form(ctx, pairs);
	}
	graph->rest.token_url =
	    cb_printf(ctx, "%s/%s/oauth2/v2.0/token", authority,
	              cbi_supply_encode(ctx, graph->tenant));
	return graph->rest.form && graph->rest.token_url ? CB_OK : CB_ENOMEM;
}

static int read_lists(struct cb_ctx *ctx, struct graph *graph,
                      const json_t *settings, const char *path)
{
	int rc =
	    read_list(ctx, graph, settings, path, "user", USER, &graph->users);

	if (rc == CB_OK)
		rc = read_list(ctx, graph, settings, path, "group", GROUP,
		               &graph->groups);
	if (rc == CB_OK && json_object_get(settings, "userGroupMember"))
		rc = read_list(ctx, graph, settings, path, "userGroupMember",
		               "$select=id", &graph->people);
	return rc;
}

static int configure(struct cb_ctx *ctx, const struct cbi_supply_place *place,
                     const json_t *settings, const char *path,
                     struct cbi_supplier *out)
{
	struct graph *graph = cb_alloc(ctx, sizeof(*graph));
	int rc = graph ? cbi_rest_base(
			     ctx, &graph->rest, settings, path, "target",
			     "https://graph.microsoft.com/v1.0", &graph->base)
	               : CB_ENOMEM;

	if (rc == CB_OK)
		rc = cbi_rest_allow(ctx, &graph->rest, settings, path);
	if (rc == CB_OK)
		rc = cbi_supply_text(ctx, settings, path, "tenantId",
		                     CBI_SUPPLY_NEEDED, &graph->tenant);
	if (rc == CB_OK)
		rc = read_token(ctx, graph, settings, path);
	if (rc == CB_OK)
		rc = read_lists(ctx, graph, settings, path);
	if (rc < 0)
		return rc;
	graph->rest.http = place->http;
	graph->id = strchr(out->name, ':') + 1;
	graph->key = cb_printf(ctx, "msgraph-org-provider:%s", graph->id);
	out->arg = graph;
	out->run = run;
	return graph->key ? CB_OK : CB_ENOMEM;
}

static const char *const single[] = { "tenantId", NULL };

const struct cbi_supply_kind cbi_supply_graph = {
	.section = "microsoftGraphOrg",
	.help = "users and groups of a Microsoft Entra tenant",
	.single = single,
	.schedule = { .frequency_ms = 60 * 60 * 1000,
	              .timeout_ms = 50 * 60 * 1000,
	              .initial_ms = 15 * 1000 },
	.configure = configure,
};
