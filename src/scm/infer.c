/* SPDX-License-Identifier: Apache-2.0 */
/*
 * infer.c - see infer.h.
 *
 * Names of files decide, and the content of CODEOWNERS; a repository whose
 * tree is too large to be listed is judged by what its host says of it.
 */
#include "scm/infer_priv.h"

#include "json/json.h"

#include <callboard/json.h>

#include <string.h>

#define FILES_MAX 20

static int list_files(struct cbi_scm_look *look, const char *catalog,
                      json_t *files)
{
	for (size_t i = 0; i < look->n && json_array_size(files) < FILES_MAX;
	     i++) {
		const char *name = cbi_scm_base_name(look->leaf[i].path);
		const char *url;

		if (catalog ? strcmp(name, catalog) != 0
		            : strcmp(name, "catalog-info.yaml") != 0 &&
		                  strcmp(name, "catalog-info.yml") != 0)
			continue;
		url = cbi_scm_url(look->ctx, &look->place, look->leaf[i].path);
		if (!url || json_array_append_new(files, json_string(url)))
			return CB_ENOMEM;
	}
	return CB_OK;
}

int cbi_scm_infer_repo(struct cb_ctx *ctx, const struct cbi_scm *scm,
                       const struct cbi_scm_host *host,
                       const struct cbi_scm_repo *repo, const char *catalog,
                       json_t **out)
{
	struct cbi_scm_look look = { .ctx = ctx, .scm = scm, .repo = repo };
	json_t *files = json_array(), *answer;
	struct cbi_scm_leaf *leaf = NULL;
	int rc = cbi_scm_within(ctx, host, repo, "", &look.place);

	look.proposals = json_array();
	answer = json_pack("{s:s, s:o, s:o}", "url", repo->url, "files", files,
	                   "proposals", look.proposals);
	if (cbi_json_keep(ctx, answer) < 0)
		return CB_ENOMEM;
	if (rc == CB_OK && !repo->empty)
		rc = cbi_scm_tree(ctx, scm, &look.place, &leaf, &look.n);
	if (rc == CB_ETOOBIG) {
		look.unseen = "the repository is too large to be looked at";
		cb_failure_clear(ctx);
		rc = CB_OK;
	}
	look.leaf = leaf;
	if (rc == CB_OK)
		rc = list_files(&look, catalog, files);
	if (rc == CB_OK && json_array_size(files) == 0)
		rc = cbi_scm_infer_component(&look);
	if (rc == CB_OK)
		*out = answer;
	return rc < 0 && cb_failure_code(ctx) == CB_OK
	           ? cb_fail(ctx, rc, "no memory for a proposal")
	           : rc;
}

int cbi_scm_infer(struct cb_ctx *ctx, const struct cbi_scm *scm,
                  const char *url, const char *catalog, json_t **out)
{
	const struct cbi_scm_host *host;
	struct cbi_scm_repo repo;
	int rc = cbi_scm_repo_at(ctx, scm, url, &host, &repo);

	return rc == CB_OK
	           ? cbi_scm_infer_repo(ctx, scm, host, &repo, catalog, out)
	           : rc;
}
