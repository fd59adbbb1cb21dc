/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gitea.c - Gitea and what came of it (Forgejo).
 */
#include "scm/scm_priv.h"

#include <string.h>

static const char *api(struct cb_ctx *ctx, const char *host)
{
	return cb_printf(ctx, "https://%s", host);
}

/* OWNER/REPO/src|raw/branch|tag|commit/REF/PATH and OWNER/REPO/_edit/REF/PATH.
 * What is made of an edit form is the file's own address. */
static int parse(struct cb_ctx *ctx, const struct cbi_scm_url *url,
                 struct cbi_scm_place *out)
{
	const char *form = url->n >= 4 ? url->segment[2] : "";
	const char *sort = "branch", *ref;
	size_t at = 3;

	if (strcmp(form, "src") == 0 || strcmp(form, "raw") == 0) {
		sort = url->segment[3];
		if (strcmp(sort, "branch") != 0 && strcmp(sort, "tag") != 0 &&
		    strcmp(sort, "commit") != 0)
			return CB_EINVAL;
		at = 4;
	} else if (strcmp(form, "_edit") != 0) {
		return CB_EINVAL;
	}
	if (at >= url->n)
		return CB_EINVAL;
	out->owner = url->segment[0];
	out->repo = url->segment[1];
	out->ref = url->segment[at];
	out->path = cbi_scm_join(ctx, url, at + 1, url->n);
	ref = cbi_scm_encode(ctx, out->ref, "");
	if (!out->path || !ref)
		return CB_ENOMEM;
	out->before = cb_printf(ctx, "%s/%s/%s/src/%s/%s/", url->origin,
	                        out->owner, out->repo, sort, ref);
	out->after = url->query;
	return out->before ? CB_OK : CB_ENOMEM;
}

/* Pages follow until one is empty: "truncated" says that this one is not all.
 */
static int list(struct cb_ctx *ctx, json_t *body, struct cbi_scm_page *page,
                json_t **out)
{
	return cbi_scm_list_plain(ctx, json_object_get(body, "tree"), page,
	                          out);
}

/* It does not say when somebody pushed. */
static bool repo(struct cb_ctx *ctx, json_t *item, struct cbi_scm_repo *out)
{
	bool is = cbi_scm_repo_github(ctx, item, out);

	out->mark = "";
	return is;
}

static const char *credential(struct cb_ctx *ctx, const json_t *config,
                              const char *owner)
{
	const char *user = cbi_scm_word(config, "username");
	const char *password = cbi_scm_word(config, "password");

	(void)owner;
	if (!password)
		return NULL;
	if (user)
		return cbi_scm_basic(ctx, user, password);
	return cb_printf(ctx, "Authorization: token %s", password);
}

const struct cbi_scm_kind cbi_scm_gitea = {
	.section = "gitea",
	.api_key = "baseUrl",
	.api = api,
	.parse = parse,
	.file = "{api}/api/v1/repos/{owner}/{repo}/raw/{path}[?ref={ref}]",
	.tree = "{api}/api/v1/repos/{owner}/{repo}/git/trees/{ref}?"
		"recursive=true&per_page=1000&page={page}",
	.repos = "{api}/api/v1/orgs/{owner}/repos?limit=50&page={page}",
	.own_repos = "{api}/api/v1/users/{owner}/repos?limit=50&page={page}",
	.one = "{api}/api/v1/repos/{owner}/{repo}",
	.below = "/src/branch/HEAD/x",
	.before = "{url}/src/branch/{ref}/",
	.after = "",
	.list = list,
	.repo_list = cbi_scm_list_plain,
	.repo = repo,
	.leaf = cbi_scm_leaf_git,
	.credential = credential,
	.accept = "Accept: */*",
};
