/* SPDX-License-Identifier: Apache-2.0 */
/*
 * repos.c - the repositories of an organisation.
 */
#include "scm/git.h"
#include "scm/scm_priv.h"

#include "base/ctx.h"
#include "base/str.h"
#include "http/http.h"

#include <callboard/json.h>

#include <string.h>

/* 100,000 repositories of a hundred a page. */
#define PAGES_MAX 1000
#define START_MAX 200

struct walk {
	const struct cbi_scm *scm;
	const struct cbi_scm_listing *listing;
	struct cbi_scm_place place;
	const char *template;
	json_t *pages; /* [address, etag] each */
};

const struct cbi_scm_host *cbi_scm_host(const struct cbi_scm *scm,
                                        const char *section, const char *name)
{
	const struct cbi_scm_host *first = NULL;

	for (size_t i = 0; i < scm->n; i++) {
		const struct cbi_scm_host *host = &scm->hosts[i];
		const char *usual = name ? name : host->kind->host;

		if (strcmp(host->kind->section, section) != 0)
			continue;
		if (usual && cbi_str_casecmp(host->name, usual) == 0)
			return host;
		if (!first && !name)
			first = host;
	}
	return first;
}

const char *cbi_scm_host_name(const struct cbi_scm_host *host)
{
	return host->name;
}

const char *cbi_scm_host_api(const struct cbi_scm_host *host)
{
	return host->api;
}

void cbi_scm_host_policy(const struct cbi_scm_host *host, const char **hosts,
                         size_t hosts_max, const char **allow, size_t allow_max)
{
	for (size_t i = 0; i < hosts_max && host->hosts[i]; i++)
		hosts[i] = host->hosts[i];
	for (size_t i = 0; i < allow_max && host->allow[i]; i++)
		allow[i] = host->allow[i];
}

int cbi_scm_authorization(struct cb_ctx *ctx, const struct cbi_scm *scm,
                          const struct cbi_scm_host *host, const char *owner,
                          const char **out)
{
	const char *token;
	int rc = cbi_scm_app_token(ctx, scm, host, owner, &token);

	if (rc < 0)
		return rc;
	*out = token ? cb_printf(ctx, "Authorization: Bearer %s", token)
	             : host->kind->credential(ctx, host->config, owner);
	return CB_OK;
}

int cbi_scm_within(struct cb_ctx *ctx, const struct cbi_scm_host *host,
                   const struct cbi_scm_repo *repo, const char *branch,
                   struct cbi_scm_place *out)
{
	*out = (struct cbi_scm_place){
		.host = host,
		.owner = repo->owner,
		.repo = repo->name,
		.ref = *branch ? branch : repo->branch,
		.path = "",
		.before = repo->url,
	};
	out->after = cbi_scm_fill(ctx, host->kind->after, out, NULL);
	out->before = cbi_scm_fill(ctx, host->kind->before, out, NULL);
	return out->before && out->after ? CB_OK : cb_failure_code(ctx);
}

static const char *const accept = "Accept: application/json";

static int remember(struct cb_ctx *ctx, struct walk *walk, const char *url,
                    const char *etag)
{
	json_t *row = json_pack("[s, s]", url, etag);

	return !row || json_array_append_new(walk->pages, row)
	           ? cb_fail(ctx, CB_ENOMEM, "no memory for a listing")
	           : CB_OK;
}

static int read_repo(struct cb_ctx *ctx, const struct cbi_scm_host *host,
                     json_t *item, struct cbi_scm_repo *out)
{
	*out = (struct cbi_scm_repo){ .branch = "",
		                      .mark = "",
		                      .description = "",
		                      .language = "",
		                      .visibility = "" };
	if (json_is_object(item) && host->kind->repo(ctx, item, out) &&
	    out->owner && out->name && out->url &&
	    (cbi_str_starts(out->url, "https://") ||
	     cbi_str_starts(out->url, "http://")))
		return CB_OK;
	return cb_failure_code(ctx)
	           ? cb_failure_code(ctx)
	           : cb_fail(ctx, CB_EUPSTREAM,
	                     "%s answered something that is no repository",
	                     host->name);
}

static int hand_over(struct cb_ctx *ctx, const struct walk *walk, json_t *item)
{
	const struct cbi_scm_listing *listing = walk->listing;
	struct cbi_scm_repo repo;
	int rc = read_repo(ctx, listing->host, item, &repo);

	/* Azure names the project alone. */
	if (rc == CB_OK && listing->host->kind == &cbi_scm_azure &&
	    strchr(listing->org, '/'))
		repo.owner = listing->org;
	/* A Bitbucket Server lists those of all projects. */
	if (rc == CB_OK && !listing->host->kind->repos && *listing->org &&
	    cbi_str_casecmp(repo.owner, listing->org) != 0)
		return CB_OK;
	return rc == CB_OK ? listing->each(listing->arg, ctx, &repo) : rc;
}

/* A repository's own page has no form of a file. */
static int place_of(struct cb_ctx *ctx, const struct cbi_scm *scm,
                    const char *url, struct cbi_scm_place *out)
{
	size_t len = strcspn(url, "?#");
	int rc;

	if (cbi_scm_is_git(url))
		return cb_fail(ctx, CB_EINVAL,
		               "a git repository is not looked at");
	rc = cbi_scm_parse(ctx, scm, url, out);
	for (size_t i = 0; rc == CB_EINVAL && i < scm->n; i++) {
		const char *below;

		while (len > 0 && url[len - 1] == '/')
			len--;
		if (len > 4 && strncmp(url + len - 4, ".git", 4) == 0)
			len -= 4;
		below = cb_printf(ctx, "%.*s%s", (int)len, url,
		                  scm->hosts[i].kind->below);
		if (!below)
			return CB_ENOMEM;
		cb_failure_clear(ctx);
		rc = cbi_scm_parse(ctx, scm, below, out);
	}
	return rc;
}

int cbi_scm_repo_at(struct cb_ctx *ctx, const struct cbi_scm *scm,
                    const char *url, const struct cbi_scm_host **host,
                    struct cbi_scm_repo *out)
{
	struct cbi_scm_place place = { 0 };
	struct cbi_http_reply reply;
	json_t *body;
	int rc = place_of(ctx, scm, url, &place);

	if (rc == CB_OK)
		rc = cbi_scm_ask(
		    ctx, scm, &place,
		    cbi_scm_fill(ctx, place.host->kind->one, &place, NULL),
		    "Accept: application/json", NULL, &reply);
	if (rc == CB_OK)
		rc = cb_json_parse(ctx, reply.body, reply.body_len, &body);
	if (rc == CB_EINVAL && place.host) {
		cb_failure_clear(ctx);
		rc = cb_fail(ctx, CB_EUPSTREAM, "%s answered no JSON",
		             place.host->name);
	}
	if (rc < 0)
		return rc;
	*host = place.host;
	rc = read_repo(ctx, place.host, body, out);
	/* Azure names the project alone. */
	if (rc == CB_OK && place.host->kind == &cbi_scm_azure)
		out->owner = place.owner;
	return rc;
}

/* *more is whether start names a further page. */
static int take_page(struct cb_ctx *ctx, struct walk *walk,
                     struct cbi_scm_page *page, char start[START_MAX],
                     bool *more)
{
	const struct cbi_scm_kind *kind = walk->listing->host->kind;
	const char *url = cbi_scm_fill(ctx, walk->template, &walk->place, page);
	struct cbi_http_reply reply;
	json_t *list = NULL;
	int rc = cbi_scm_ask(ctx, walk->scm, &walk->place, url, accept, NULL,
	                     &reply);

	if (rc == CB_OK)
		rc =
		    cbi_scm_page(ctx, walk->listing->host,
		                 kind->repo_list ? kind->repo_list : kind->list,
		                 &reply, page, &list);
	if (rc == CB_OK)
		rc = remember(ctx, walk, url, reply.etag);
	for (size_t i = 0; rc == CB_OK && i < json_array_size(list); i++)
		rc = hand_over(ctx, walk, json_array_get(list, i));
	if (rc < 0)
		return rc;
	*more = page->next != NULL;
	if (*more && cbi_str_copy(start, START_MAX, page->next))
		return CB_OK;
	return *more ? cb_fail(ctx, CB_EUPSTREAM, "a page's name is too long")
	             : CB_OK;
}

static int alive(struct cb_ctx *ctx, const struct cbi_scm_listing *listing)
{
	return listing->alive ? listing->alive(listing->alive_arg, ctx) : CB_OK;
}

static int walk_pages(struct cb_ctx *ctx, struct walk *walk)
{
	char start[START_MAX] = "";
	struct cbi_scm_page page = { 0 };
	bool more = true;
	int rc = CB_OK;

	for (page.number = 1; rc == CB_OK && more; page.number++) {
		struct cbi_ctx_mark mark;

		if (page.number > PAGES_MAX)
			return cb_fail(ctx, CB_ETOOBIG,
			               "more than %d pages of repositories",
			               PAGES_MAX);
		page.start = start;
		cbi_ctx_mark(ctx, &mark);
		rc = take_page(ctx, walk, &page, start, &more);
		cbi_ctx_rewind(ctx, &mark);
		/* No such organisation: a person's, perhaps. */
		if (rc == CB_ENOENT && page.number == 1 &&
		    walk->template == walk->listing->host->kind->repos &&
		    walk->listing->host->kind->own_repos) {
			cb_failure_clear(ctx);
			walk->template = walk->listing->host->kind->own_repos;
			page.number = 0;
			rc = CB_OK;
		}
		if (rc == CB_OK)
			rc = alive(ctx, walk->listing);
	}
	return rc;
}

static void begin(struct walk *walk, const struct cbi_scm *scm,
                  const struct cbi_scm_listing *listing)
{
	const struct cbi_scm_kind *kind = listing->host->kind;

	*walk = (struct walk){ .scm = scm, .listing = listing };
	walk->place = (struct cbi_scm_place){ .host = listing->host,
		                              .owner = listing->org,
		                              .repo = "",
		                              .ref = "",
		                              .path = "" };
	walk->template =
	    *listing->org && kind->repos ? kind->repos : kind->all_repos;
}

int cbi_scm_repos(struct cb_ctx *ctx, const struct cbi_scm *scm,
                  const struct cbi_scm_listing *listing, json_t **pages)
{
	struct walk walk;
	int rc;

	begin(&walk, scm, listing);
	if (!walk.template)
		return cb_fail(ctx, CB_EINVAL, "an organisation is needed");
	walk.pages = json_array();
	if (!walk.pages)
		return cb_fail(ctx, CB_ENOMEM, "no memory for a listing");
	rc = walk_pages(ctx, &walk);
	if (rc == CB_OK)
		*pages = walk.pages;
	else
		json_decref(walk.pages);
	return rc;
}

int cbi_scm_same(struct cb_ctx *ctx, const struct cbi_scm *scm,
                 const struct cbi_scm_listing *listing, const json_t *pages,
                 bool *same)
{
	struct walk walk;
	size_t n = json_array_size(pages);
	int rc = CB_OK;

	begin(&walk, scm, listing);
	*same = n > 0;
	for (size_t i = 0; rc == CB_OK && *same && i < n; i++) {
		const json_t *row = json_array_get(pages, i);
		const char *url = json_string_value(json_array_get(row, 0));
		const char *etag = json_string_value(json_array_get(row, 1));
		struct cbi_http_reply reply;
		struct cbi_ctx_mark mark;

		*same = url && etag && *etag;
		if (!*same)
			break;
		cbi_ctx_mark(ctx, &mark);
		rc = cbi_scm_ask(ctx, scm, &walk.place, url, accept, etag,
		                 &reply);
		*same = rc == CB_OK && reply.status == 304;
		cbi_ctx_rewind(ctx, &mark);
		if (rc == CB_OK)
			rc = alive(ctx, listing);
	}
	return rc;
}
