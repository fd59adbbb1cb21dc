/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read.c - files and trees through a host's API.
 */
#include "scm/scm_priv.h"

#include "base/limits.h"
#include "crypto/crypto.h"
#include "http/http.h"

#include <callboard/json.h>

#include <stdlib.h>
#include <string.h>

#define TOTAL_MS 20000
/* Of 100 files each: larger repositories are not listed. */
#define PAGES_MAX 1000

struct tree {
	struct cb_ctx *ctx;
	const struct cbi_scm_place *place;
	struct cbi_scm_leaf *leaf;
	size_t n, cap;
};

const char *cbi_scm_basic(struct cb_ctx *ctx, const char *user,
                          const char *password)
{
	char *pair = cb_printf(ctx, "%s:%s", user, password);
	size_t len = pair ? strlen(pair) : 0;
	char *text = pair ? cb_alloc(ctx, CB_BASE64_LEN(len)) : NULL;

	if (!text)
		return NULL;
	cbi_crypto_base64(CBI_BASE64_STD, pair, len, text);
	return cb_printf(ctx, "Authorization: Basic %s", text);
}

int cbi_scm_list_plain(struct cb_ctx *ctx, json_t *body,
                       struct cbi_scm_page *page, json_t **out)
{
	(void)ctx;
	*out = body;
	page->next = json_array_size(body) > 0 ? "" : NULL;
	return CB_OK;
}

bool cbi_scm_leaf_git(json_t *item, struct cbi_scm_leaf *out)
{
	const char *type = json_string_value(json_object_get(item, "type"));
	const char *sha = json_string_value(json_object_get(item, "sha"));

	out->path = json_string_value(json_object_get(item, "path"));
	/* GitLab calls it id. */
	out->mark = sha ? sha : json_string_value(json_object_get(item, "id"));
	return type && strcmp(type, "blob") == 0;
}

int cbi_scm_ask(struct cb_ctx *ctx, const struct cbi_scm *scm,
                const struct cbi_scm_place *place, const char *url,
                const char *accept, const char *etag,
                struct cbi_http_reply *out)
{
	const struct cbi_scm_host *host = place->host;
	const char *headers[3] = { accept };
	struct cbi_http_ask what = {
		.url = url,
		.headers = headers,
		.etag = etag,
		.body_max = CB_YAML_BYTES_MAX,
		.total_ms = TOTAL_MS,
		.policy = { .hosts = host->hosts, .allow = host->allow },
	};
	const char *token;
	int rc;

	if (!url)
		return cb_failure_code(ctx) ? cb_failure_code(ctx) : CB_ENOMEM;
	if (!scm->http)
		return cb_fail(ctx, CB_ENOTSUP, "%s cannot be asked here",
		               host->name);
	for (int again = 0;; again++) {
		rc = cbi_scm_app_token(ctx, scm, host, place->owner, &token);
		if (rc < 0)
			return rc;
		headers[1] =
		    token ? cb_printf(ctx, "Authorization: Bearer %s", token)
			  : host->kind->credential(ctx, host->config,
		                                   place->owner);
		rc = cbi_http_request(ctx, scm->http, &what, out);
		if (rc != CB_EAUTH || !token || again)
			return rc;
		/* It may have been taken back before its time. */
		cbi_scm_app_forget(scm, host, place->owner);
		cb_failure_clear(ctx);
	}
}

int cbi_scm_read(struct cb_ctx *ctx, const struct cbi_scm *scm,
                 const struct cbi_scm_place *place, const char *etag,
                 struct cbi_scm_file *out)
{
	const struct cbi_scm_kind *kind = place->host->kind;
	struct cbi_http_reply reply;
	int rc;

	if (!place->path[0])
		return cb_fail(ctx, CB_EINVAL, "%s/%s: expected a file of it",
		               place->owner, place->repo);
	rc = cbi_scm_ask(ctx, scm, place,
	                 cbi_scm_fill(ctx, kind->file, place, NULL),
	                 kind->accept, etag, &reply);
	if (rc < 0)
		return rc;
	*out = (struct cbi_scm_file){ .unchanged = reply.status == 304,
		                      .etag = reply.etag };
	if (!out->unchanged) {
		out->text = reply.body;
		out->len = reply.body_len;
	}
	return CB_OK;
}

static int add(struct tree *tree, const struct cbi_scm_leaf *leaf)
{
	struct cb_ctx *ctx = tree->ctx;
	struct cbi_scm_leaf *kept;

	if (tree->n == CBI_SCM_FILES_MAX)
		return cb_fail(
		    ctx, tree->place->path[0] ? CB_EINVAL : CB_ETOOBIG,
		    "the pattern fits more than %d files", CBI_SCM_FILES_MAX);
	if (tree->n == tree->cap) {
		size_t cap = tree->cap ? tree->cap * 2 : 32;
		struct cbi_scm_leaf *more = cb_alloc(ctx, cap * sizeof(*more));

		if (!more)
			return CB_ENOMEM;
		if (tree->n)
			memcpy(more, tree->leaf, tree->n * sizeof(*more));
		tree->leaf = more;
		tree->cap = cap;
	}
	/* The page they stand on lives with ctx as well. */
	kept = &tree->leaf[tree->n++];
	*kept = *leaf;
	if (!kept->mark)
		kept->mark = "";
	return CB_OK;
}

int cbi_scm_page(struct cb_ctx *ctx, const struct cbi_scm_host *host,
                 int (*list)(struct cb_ctx *ctx, json_t *body,
                             struct cbi_scm_page *page, json_t **out),
                 const struct cbi_http_reply *reply, struct cbi_scm_page *page,
                 json_t **out)
{
	json_t *body;
	int rc = cb_json_parse(ctx, reply->body, reply->body_len, &body);

	if (rc == CB_OK)
		rc = list(ctx, body, page, out);
	if (rc == CB_OK && !json_is_array(*out))
		rc = cb_fail(ctx, CB_EUPSTREAM,
		             "%s answered something that is no list",
		             host->name);
	return rc;
}

static int take_page(struct tree *tree, const struct cbi_http_reply *reply,
                     struct cbi_scm_page *page)
{
	const struct cbi_scm_kind *kind = tree->place->host->kind;
	json_t *list = NULL, *item;
	int rc = cbi_scm_page(tree->ctx, tree->place->host, kind->list, reply,
	                      page, &list);
	size_t i;

	if (rc < 0)
		return rc;
	json_array_foreach(list, i, item)
	{
		struct cbi_scm_leaf leaf = { 0 };

		if (!kind->leaf(item, &leaf) || !leaf.path ||
		    (tree->place->path[0] &&
		     !cbi_scm_match(tree->place->path, leaf.path)))
			continue;
		rc = add(tree, &leaf);
		if (rc < 0)
			return rc;
	}
	return CB_OK;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct cbi_scm_leaf *)a)->path,
	              ((const struct cbi_scm_leaf *)b)->path);
}

int cbi_scm_tree(struct cb_ctx *ctx, const struct cbi_scm *scm,
                 const struct cbi_scm_place *place, struct cbi_scm_leaf **out,
                 size_t *n)
{
	const struct cbi_scm_kind *kind = place->host->kind;
	struct tree tree = { .ctx = ctx, .place = place };
	struct cbi_scm_page page = { .start = "" };
	struct cbi_http_reply reply;
	int rc = CB_OK;

	for (page.number = 1; rc == CB_OK && page.start; page.number++) {
		if (page.number > PAGES_MAX)
			return cb_fail(ctx, CB_ETOOBIG,
			               "the repository's tree is too large to "
			               "be listed whole");
		rc = cbi_scm_ask(ctx, scm, place,
		                 cbi_scm_fill(ctx, kind->tree, place, &page),
		                 "Accept: application/json", NULL, &reply);
		if (rc == CB_OK)
			rc = take_page(&tree, &reply, &page);
		page.start = page.next;
	}
	if (rc < 0)
		return rc;
	if (tree.n)
		qsort(tree.leaf, tree.n, sizeof(*tree.leaf), by_path);
	*out = tree.leaf;
	*n = tree.n;
	return CB_OK;
}
