/* SPDX-License-Identifier: Apache-2.0 */
/*
 * azure.c - Azure DevOps, the service and the server.
 */
#include "scm/scm_priv.h"

#include "base/str.h"

#include <callboard/json.h>

#include <string.h>

#define VERSION                                  \
	"&versionDescriptor.versionType=branch&" \
	"versionDescriptor.version={ref}"

static const char *api(struct cb_ctx *ctx, const char *host)
{
	return cb_printf(ctx, "https://%s", host);
}

/* ORG/PROJECT/_git/REPO?path=/PATH&version=GBref; ORG/_git/REPO when the
 * project has the repository's name. */
static int parse(struct cb_ctx *ctx, const struct cbi_scm_url *url,
                 struct cbi_scm_place *out)
{
	const char *path = cbi_scm_param(ctx, url->query, "path");
	const char *version = cbi_scm_param(ctx, url->query, "version");
	const char *front, *ref;
	size_t git = 0;

	for (size_t i = 1; !git && i + 1 < url->n && i < 4; i++)
		if (strcmp(url->segment[i], "_git") == 0)
			git = i;
	if (!git || !path || !version)
		return CB_EINVAL;
	/* Branches alone: GT and GC are tags and commits. */
	if (*version && !cbi_str_starts(version, "GB"))
		return CB_EINVAL;
	out->repo = url->segment[git + 1];
	out->owner = git == 1
	                 ? cb_printf(ctx, "%s/%s", url->segment[0], out->repo)
	                 : cbi_scm_join(ctx, url, 0, git);
	out->ref = *version ? version + 2 : "";
	out->path = path + strspn(path, "/");
	if (strstr(path, "/../") || cbi_str_ends(path, "/.."))
		return CB_EINVAL;
	front = cbi_scm_join(ctx, url, 0, git + 2);
	front = front ? cbi_scm_encode(ctx, front, "/") : NULL;
	ref = cbi_scm_encode(ctx, out->ref, "");
	if (!out->owner || !front || !ref)
		return CB_ENOMEM;
	out->before = cb_printf(ctx, "%s/%s?path=/", url->origin, front);
	out->after = *version ? cb_printf(ctx, "&version=GB%s", ref) : "";
	return out->before && out->after ? CB_OK : CB_ENOMEM;
}

static int list(struct cb_ctx *ctx, json_t *body, struct cbi_scm_page *page,
                json_t **out)
{
	(void)ctx;
	page->next = NULL;
	*out = json_object_get(body, "value");
	return CB_OK;
}

static bool leaf(json_t *item, struct cbi_scm_leaf *out)
{
	const char *type =
	    json_string_value(json_object_get(item, "gitObjectType"));
	const char *path = json_string_value(json_object_get(item, "path"));

	out->path = path ? path + strspn(path, "/") : NULL;
	out->mark = json_string_value(json_object_get(item, "objectId"));
	return type && strcmp(type, "blob") == 0;
}

static bool repo(struct cb_ctx *ctx, json_t *item, struct cbi_scm_repo *out)
{
	const char *url = cb_json_text(item, "remoteUrl", NULL);
	const char *branch = cb_json_text(item, "defaultBranch", "");
	const char *at = url ? strstr(url, "://") : NULL;
	const char *user = at ? strchr(at, '@') : NULL;

	if (!at)
		return false;
	/* "https://acme@dev.azure.com/acme/shop/_git/code" */
	at += 3;
	if (user && user < at + strcspn(at, "/"))
		url = cb_printf(ctx, "%.*s%s", (int)(at - url), url, user + 1);
	out->url = url;
	out->owner = cb_json_text(item, "project.name", NULL);
	out->name = cb_json_text(item, "name", NULL);
	out->branch = cbi_str_starts(branch, "refs/heads/")
	                  ? branch + strlen("refs/heads/")
	                  : branch;
	out->visibility = cb_json_text(item, "project.visibility", "");
	out->fork = json_is_true(json_object_get(item, "isFork"));
	out->archived = json_is_true(json_object_get(item, "isDisabled"));
	out->empty = !*branch;
	return true;
}

/* The first that names the organisation, else the first that names none. */
static const char *credential(struct cb_ctx *ctx, const json_t *config,
                              const char *owner)
{
	const json_t *list = json_object_get(config, "credentials");
	const char *token = cbi_scm_word(config, "token");
	size_t len = strcspn(owner, "/"), i, k;
	bool named = false;
	const json_t *row, *name;

	json_array_foreach(list, i, row)
	{
		const char *pat = cbi_scm_word(row, "personalAccessToken");
		const json_t *orgs = json_object_get(row, "organizations");

		if (!pat || named)
			continue;
		if (json_array_size(orgs) == 0 && !token)
			token = pat;
		json_array_foreach(orgs, k, name)
		{
			const char *text = json_string_value(name);

			if (text && strlen(text) == len &&
			    strncmp(text, owner, len) == 0) {
				token = pat;
				named = true;
			}
		}
	}
	return token ? cbi_scm_basic(ctx, "", token) : NULL;
}

const struct cbi_scm_kind cbi_scm_azure = {
	.section = "azure",
	.host = "dev.azure.com",
	.api_key = "apiBaseUrl",
	.api = api,
	.parse = parse,
	.file = "{api}/{owner}/_apis/git/repositories/{repo}/items?"
		"path=/{path}[" VERSION "]&api-version=6.0",
	.tree = "{api}/{owner}/_apis/git/repositories/{repo}/items?"
		"scopePath=/&recursionLevel=full[" VERSION "]&api-version=6.0",
	.repos = "{api}/{owner}/_apis/git/repositories?api-version=6.0",
	.one = "{api}/{owner}/_apis/git/repositories/{repo}?api-version=6.0",
	.below = "?path=/x",
	.before = "{url}?path=/",
	.after = "[&version=GB{ref}]",
	.list = list,
	.repo = repo,
	.leaf = leaf,
	.credential = credential,
	.accept = "Accept: application/octet-stream",
};
