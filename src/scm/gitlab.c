/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gitlab.c - GitLab, hosted and on one's own machine.
 */
#include "scm/scm_priv.h"

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

static const char *project_of(struct cb_ctx *ctx,
                              const struct cbi_scm_place *place)
{
	const char *all = cb_printf(ctx, "%s/%s", place->owner, place->repo);

	return all ? cbi_scm_encode(ctx, all, "") : NULL;
}

static const char *file(struct cb_ctx *ctx, const struct cbi_scm_place *place)
{
	const char *project = project_of(ctx, place);
	const char *path = cbi_scm_encode(ctx, place->path, "");
	const char *ref = cbi_scm_encode(ctx, place->ref, "");

	return project && path && ref
	           ? cb_printf(ctx,
	                       "%s/projects/%s/repository/files/%s/raw?ref=%s",
	                       place->host->api, project, path, ref)
	           : NULL;
}

static const char *tree(struct cb_ctx *ctx, const struct cbi_scm_place *place,
                        const struct cbi_scm_page *page)
{
	const char *project = project_of(ctx, place);
	const char *ref = cbi_scm_encode(ctx, place->ref, "");

	return project && ref
	           ? cb_printf(ctx,
	                       "%s/projects/%s/repository/tree?recursive=true&"
	                       "per_page=100&page=%d&ref=%s",
	                       place->host->api, project, page->number, ref)
	           : NULL;
}

static bool leaf(json_t *item, struct cbi_scm_leaf *out)
{
	const char *type = json_string_value(json_object_get(item, "type"));

	out->path = json_string_value(json_object_get(item, "path"));
	out->mark = json_string_value(json_object_get(item, "id"));
	return type && strcmp(type, "blob") == 0;
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
	.file = file,
	.tree = tree,
	.list = cbi_scm_list_plain,
	.leaf = leaf,
	.credential = credential,
	.accept = "Accept: */*",
};
