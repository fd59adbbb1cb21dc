/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bitbucket.c - Bitbucket Server and Data Center.
 */
#include "scm/scm_priv.h"

#include "base/str.h"

#include <callboard/json.h>

#include <string.h>

static const char *api(struct cb_ctx *ctx, const char *host)
{
	return cb_printf(ctx, "https://%s/rest/api/1.0", host);
}

/* projects/KEY/repos/REPO/browse|raw/PATH?at=REF, and users/NAME, whose key
 * is ~NAME. */
static int parse(struct cb_ctx *ctx, const struct cbi_scm_url *url,
                 struct cbi_scm_place *out)
{
	bool user = url->n >= 5 && strcmp(url->segment[0], "users") == 0;

	if (url->n < 5 || (!user && strcmp(url->segment[0], "projects") != 0) ||
	    strcmp(url->segment[2], "repos") != 0 ||
	    (strcmp(url->segment[4], "browse") != 0 &&
	     strcmp(url->segment[4], "raw") != 0))
		return CB_EINVAL;
	out->owner =
	    user ? cb_printf(ctx, "~%s", url->segment[1]) : url->segment[1];
	out->repo = url->segment[3];
	out->ref = cbi_scm_param(ctx, url->query, "at");
	out->path = cbi_scm_join(ctx, url, 5, url->n);
	out->before = cb_printf(ctx, "%s/%s/%s/repos/%s/browse/", url->origin,
	                        url->segment[0], url->segment[1], out->repo);
	out->after = url->query;
	return out->owner && out->ref && out->path && out->before ? CB_OK
	                                                          : CB_ENOMEM;
}

static int list(struct cb_ctx *ctx, json_t *body, struct cbi_scm_page *page,
                json_t **out)
{
	json_t *start = json_object_get(body, "nextPageStart");

	page->next = NULL;
	*out = json_object_get(body, "values");
	if (!json_is_false(json_object_get(body, "isLastPage")))
		return CB_OK;
	if (!json_is_integer(start))
		return cb_fail(ctx, CB_EUPSTREAM,
		               "a page that is not the last names no next one");
	page->next =
	    cb_printf(ctx, "%lld", (long long)json_integer_value(start));
	return page->next ? CB_OK : CB_ENOMEM;
}

static bool leaf(json_t *item, struct cbi_scm_leaf *out)
{
	out->path = json_string_value(item);
	out->mark = "";
	return true;
}

/* It names no branch: addresses without one are of the default branch. */
static bool repo(struct cb_ctx *ctx, json_t *item, struct cbi_scm_repo *out)
{
	const char *url = cb_json_text(item, "links.self.0.href", NULL);

	out->owner = cb_json_text(item, "project.key", NULL);
	out->name = cb_json_text(item, "slug", NULL);
	if (!url || !out->owner || !out->name)
		return false;
	out->url = cbi_str_ends(url, "/browse")
	               ? cb_strndup(ctx, url, strlen(url) - strlen("/browse"))
	               : url;
	out->description = cb_json_text(item, "description", "");
	out->visibility = json_is_true(json_object_get(item, "public"))
	                      ? "public"
	                      : "private";
	out->fork = json_is_object(json_object_get(item, "origin"));
	out->archived = json_is_true(json_object_get(item, "archived"));
	return true;
}

static const char *credential(struct cb_ctx *ctx, const json_t *config,
                              const char *owner)
{
	const char *token = cbi_scm_word(config, "token");
	const char *user = cbi_scm_word(config, "username");
	const char *password = cbi_scm_word(config, "password");

	(void)owner;
	if (token)
		return cb_printf(ctx, "Authorization: Bearer %s", token);
	return user && password ? cbi_scm_basic(ctx, user, password) : NULL;
}

const struct cbi_scm_kind cbi_scm_bitbucket = {
	.section = "bitbucketServer",
	.api_key = "apiBaseUrl",
	.api = api,
	.parse = parse,
	.file = "{api}/projects/{owner}/repos/{repo}/raw/{path}?[at={ref}]",
	.tree = "{api}/projects/{owner}/repos/{repo}/files?[at={ref}&]"
		"limit=1000&start={start}",
	.all_repos = "{api}/repos?limit=1000&start={start}",
	.one = "{api}/projects/{owner}/repos/{repo}",
	.below = "/browse/x",
	.before = "{url}/browse/",
	.after = "[?at={ref}]",
	.list = list,
	.repo = repo,
	.leaf = leaf,
	.credential = credential,
	.accept = "Accept: */*",
};
