/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gitlab.c - GitLab, hosted and on one's own machine.
 */
#include "scm/scm_priv.h"

#include <callboard/json.h>

#include <string.h>

static const char *api(struct cb_ctx *ctx, const char *host)
{
	return cb_printf(ctx, "https://%s/api/v4", host);
}

static bool is_form(const char *word)
{
	return strcmp(word, "blob") == 0 || strcmp(word, "tree") == 0 ||
	       strcmp(word, "raw") == 0 || strcmp(word, "edit") == 0;
}

/* GROUP/SUBGROUP/PROJECT/-/FORM/REF/PATH; older addresses have no "-". */
static int parse(struct cb_ctx *ctx, const struct cbi_scm_url *url,
                 struct cbi_scm_place *out)
{
	size_t form = 0, project, path;
	const char *front, *ref;

	for (size_t i = 2; !form && i + 2 < url->n; i++)
		if (strcmp(url->segment[i], "-") == 0 &&
		    is_form(url->segment[i + 1]))
			form = i + 1;
	for (size_t i = 2; !form && i + 1 < url->n; i++)
		if (is_form(url->segment[i]) &&
		    strcmp(url->segment[i - 1], "-") != 0)
			form = i;
	if (!form)
		return CB_EINVAL;
	project =
	    strcmp(url->segment[form - 1], "-") == 0 ? form - 2 : form - 1;
	path = form + 2;
	out->owner = cbi_scm_join(ctx, url, 0, project);
	out->repo = url->segment[project];
	out->ref = url->segment[form + 1];
	out->path = cbi_scm_join(ctx, url, path, url->n);
	front = cbi_scm_join(ctx, url, 0, form + 1);
	ref = cbi_scm_encode(ctx, out->ref, "");
	if (!out->owner || !out->path || !front || !ref)
		return CB_ENOMEM;
	out->before = cb_printf(ctx, "%s/%s/%s/", url->origin, front, ref);
	out->after = url->query;
	return out->before ? CB_OK : CB_ENOMEM;
}

/* What comes next is behind the last one's id. */
static int repo_list(struct cb_ctx *ctx, json_t *body,
                     struct cbi_scm_page *page, json_t **out)
{
	size_t n = json_array_size(body);
	const json_t *id = json_object_get(json_array_get(body, n - 1), "id");

	*out = body;
	page->next = NULL;
	if (n == 0)
		return CB_OK;
	if (!json_is_integer(id))
		return cb_fail(ctx, CB_EUPSTREAM,
		               "a project of the list has no id");
	page->next = cb_printf(ctx, "%lld", (long long)json_integer_value(id));
	return page->next ? CB_OK : CB_ENOMEM;
}

static bool repo(struct cb_ctx *ctx, json_t *item, struct cbi_scm_repo *out)
{
	const char *full = cb_json_text(item, "path_with_namespace", NULL);
	const char *slash = full ? strrchr(full, '/') : NULL;

	if (!slash)
		return false;
	out->owner = cb_strndup(ctx, full, (size_t)(slash - full));
	out->name = slash + 1;
	out->url = cb_json_text(item, "web_url", NULL);
	out->branch = cb_json_text(item, "default_branch", "");
	out->description = cb_json_text(item, "description", "");
	out->visibility = cb_json_text(item, "visibility", "");
	out->topics = json_object_get(item, "topics");
	out->fork =
	    json_is_object(json_object_get(item, "forked_from_project"));
	out->archived = json_is_true(json_object_get(item, "archived"));
	out->empty = json_is_true(json_object_get(item, "empty_repo"));
	return true;
}

static const char *credential(struct cb_ctx *ctx, const json_t *config,
                              const char *owner)
{
	const char *token = cbi_scm_word(config, "token");

	(void)owner;
	return token ? cb_printf(ctx, "PRIVATE-TOKEN: %s", token) : NULL;
}

const struct cbi_scm_kind cbi_scm_gitlab = {
	.section = "gitlab",
	.host = "gitlab.com",
	.api_key = "apiBaseUrl",
	.api = api,
	.parse = parse,
	.file =
	    "{api}/projects/{project}/repository/files/{file}/raw?ref={ref}",
	.tree = "{api}/projects/{project}/repository/tree?recursive=true&"
		"per_page=100&page={page}&ref={ref}",
	.repos = "{api}/groups/{group}/projects?include_subgroups=true&"
		 "order_by=id&sort=asc&per_page=100&page={page}",
	/* Numbered pages end at 50,000 projects here; a group's do not, and
	 * it has no other ones. */
	.all_repos = "{api}/projects?pagination=keyset&order_by=id&sort=asc&"
		     "per_page=100&id_after={start}",
	.one = "{api}/projects/{project}",
	.below = "/-/tree/HEAD/x",
	.before = "{url}/-/blob/{ref}/",
	.after = "",
	.list = cbi_scm_list_plain,
	.repo_list = repo_list,
	.repo = repo,
	.leaf = cbi_scm_leaf_git,
	.credential = credential,
	.accept = "Accept: */*",
};
