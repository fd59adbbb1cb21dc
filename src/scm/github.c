/* SPDX-License-Identifier: Apache-2.0 */
/*
 * github.c - GitHub and GitHub Enterprise Server.
 */
#include "scm/scm_priv.h"

#include <callboard/json.h>

#include <string.h>

static const char *api(struct cb_ctx *ctx, const char *host)
{
	if (strcmp(host, "github.com") == 0)
		return "https://api.github.com";
	return cb_printf(ctx, "https://%s/api/v3", host);
}

/* OWNER/REPO/FORM/REF/PATH.  What is made of it says "tree", as Backstage
 * writes its annotations. */
static int parse(struct cb_ctx *ctx, const struct cbi_scm_url *url,
                 struct cbi_scm_place *out)
{
	static const char *const forms[] = { "blob", "tree", "raw", "edit" };
	const char *ref;
	bool known = false;

	for (size_t i = 0; url->n >= 4 && i < 4; i++)
		known = known || strcmp(url->segment[2], forms[i]) == 0;
	if (!known)
		return CB_EINVAL;
	out->owner = url->segment[0];
	out->repo = url->segment[1];
	out->ref = url->segment[3];
	out->path = cbi_scm_join(ctx, url, 4, url->n);
	ref = cbi_scm_encode(ctx, out->ref, "");
	out->before = cb_printf(ctx, "%s/%s/%s/tree/%s/", url->origin,
	                        out->owner, out->repo, ref ? ref : "");
	out->after = url->query;
	return out->path && ref && out->before ? CB_OK : CB_ENOMEM;
}

static int list(struct cb_ctx *ctx, json_t *body, struct cbi_scm_page *page,
                json_t **out)
{
	if (json_is_true(json_object_get(body, "truncated")))
		return cb_fail(ctx, CB_ETOOBIG,
		               "the repository's tree is too large to be "
		               "listed whole");
	page->next = NULL;
	*out = json_object_get(body, "tree");
	return CB_OK;
}

/* Gitea's repositories have the same shape. */
bool cbi_scm_repo_github(struct cb_ctx *ctx, json_t *item,
                         struct cbi_scm_repo *out)
{
	(void)ctx;
	out->owner = cb_json_text(item, "owner.login", NULL);
	out->name = cb_json_text(item, "name", NULL);
	out->url = cb_json_text(item, "html_url", NULL);
	out->branch = cb_json_text(item, "default_branch", "");
	out->mark = cb_json_text(item, "pushed_at", "");
	out->description = cb_json_text(item, "description", "");
	out->language = cb_json_text(item, "language", "");
	out->visibility = cb_json_text(
	    item, "visibility",
	    json_is_true(json_object_get(item, "private")) ? "private"
							   : "public");
	out->topics = json_object_get(item, "topics");
	out->fork = json_is_true(json_object_get(item, "fork"));
	out->archived = json_is_true(json_object_get(item, "archived"));
	out->empty = json_is_true(json_object_get(item, "empty"));
	return true;
}

static const char *credential(struct cb_ctx *ctx, const json_t *config,
                              const char *owner)
{
	const char *token = cbi_scm_word(config, "token");

	(void)owner;
	return token ? cb_printf(ctx, "Authorization: Bearer %s", token) : NULL;
}

const struct cbi_scm_kind cbi_scm_github = {
	.section = "github",
	.host = "github.com",
	.api_key = "apiBaseUrl",
	.api = api,
	.parse = parse,
	.file = "{api}/repos/{owner}/{repo}/contents/{path}[?ref={ref}]",
	.tree = "{api}/repos/{owner}/{repo}/git/trees/{ref}?recursive=1",
	.repos = "{api}/orgs/{owner}/repos?type=all&per_page=100&page={page}",
	.own_repos = "{api}/users/{owner}/repos?per_page=100&page={page}",
	.one = "{api}/repos/{owner}/{repo}",
	.below = "/tree/HEAD/x",
	.before = "{url}/blob/{ref}/",
	.after = "",
	.list = list,
	.repo_list = cbi_scm_list_plain,
	.repo = cbi_scm_repo_github,
	.leaf = cbi_scm_leaf_git,
	.credential = credential,
	.apps = true,
	.accept = "Accept: application/vnd.github.raw+json",
};
