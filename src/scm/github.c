/* SPDX-License-Identifier: Apache-2.0 */
/*
 * github.c - GitHub and GitHub Enterprise Server.
 */
#include "scm/scm_priv.h"

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

static const char *file(struct cb_ctx *ctx, const struct cbi_scm_place *place)
{
	const char *path = cbi_scm_encode(ctx, place->path, "/");
	const char *ref = cbi_scm_encode(ctx, place->ref, "");

	return path && ref
	           ? cb_printf(ctx, "%s/repos/%s/%s/contents/%s?ref=%s",
	                       place->host->api,
	                       cbi_scm_encode(ctx, place->owner, ""),
	                       cbi_scm_encode(ctx, place->repo, ""), path, ref)
	           : NULL;
}

static const char *tree(struct cb_ctx *ctx, const struct cbi_scm_place *place,
                        const struct cbi_scm_page *page)
{
	const char *ref = cbi_scm_encode(ctx, place->ref, "");

	(void)page;
	return ref ? cb_printf(ctx, "%s/repos/%s/%s/git/trees/%s?recursive=1",
	                       place->host->api,
	                       cbi_scm_encode(ctx, place->owner, ""),
	                       cbi_scm_encode(ctx, place->repo, ""), ref)
	           : NULL;
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

static bool leaf(json_t *item, struct cbi_scm_leaf *out)
{
	const char *type = json_string_value(json_object_get(item, "type"));

	out->path = json_string_value(json_object_get(item, "path"));
	out->mark = json_string_value(json_object_get(item, "sha"));
	return type && strcmp(type, "blob") == 0;
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
	.file = file,
	.tree = tree,
	.list = list,
	.leaf = leaf,
	.credential = credential,
	.accept = "Accept: application/vnd.github.raw+json",
};
