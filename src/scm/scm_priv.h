/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scm_priv.h - one kind of code host is one file and one row of a table.
 */
#ifndef CB_SCM_SCM_PRIV_H
#define CB_SCM_SCM_PRIV_H

#include "scm/scm.h"

#include "base/arena.h"

#include <jansson.h>

#define CBI_SCM_SEGMENTS 64
#define CBI_SCM_FILES_MAX 10000

/* An address in pieces. */
struct cbi_scm_url {
	const char *origin; /* "https://host:port" */
	const char *host;   /* "host:port", lower case */
	const char *query;  /* with its '?', without fragment; "" */
	const char *segment[CBI_SCM_SEGMENTS]; /* decoded */
	size_t n;
};

/* One page of a tree or list. */
struct cbi_scm_page {
	int number;        /* from 1 */
	const char *start; /* what the page before named; "" at first */
	const char *next;  /* set by list: NULL when this was the last */
};

struct cbi_scm_host;
struct cbi_scm_git_row;

struct cbi_scm_kind {
	const char *section;
	const char *host; /* when the config names none; NULL: it must */
	const char *api_key;
	/* The API's base when the config names none. */
	const char *(*api)(struct cb_ctx *ctx, const char *host);
	/* CB_EINVAL without a message for an address of no known form. */
	int (*parse)(struct cb_ctx *ctx, const struct cbi_scm_url *url,
	             struct cbi_scm_place *out);
	/* Templates (fill.c) of the API's addresses: a file's bytes, a tree's
	 * page, a page of an organisation's repositories, and of a person's
	 * when there is no such organisation (NULL: there are none). */
	const char *file, *tree, *repos, *own_repos;
	/* One repository, and what an address of it needs behind it to be one
	 * of its files. */
	const char *one, *below;
	const char *all_repos; /* without an organisation; NULL: it must be */
	/* A repository's address ({url}) in front of a file's path, and what
	 * comes behind it. */
	const char *before, *after;
	/* The list within a page, and whether there are more. */
	int (*list)(struct cb_ctx *ctx, json_t *body, struct cbi_scm_page *page,
	            json_t **out);
	/* The same of repositories; NULL: as list. */
	int (*repo_list)(struct cb_ctx *ctx, json_t *body,
	                 struct cbi_scm_page *page, json_t **out);
	/* Fills url, owner and name, branch and what it knows; false for what
	 * is none.  All of it lives with the item or ctx. */
	bool (*repo)(struct cb_ctx *ctx, json_t *item,
	             struct cbi_scm_repo *out);
	/* False for what is no file. */
	bool (*leaf)(json_t *item, struct cbi_scm_leaf *out);
	/* The header line that says who asks; NULL for nobody. */
	const char *(*credential)(struct cb_ctx *ctx, const json_t *config,
	                          const char *owner);
	const char *accept; /* of a file */
	bool apps;          /* github_app.c */
};

struct cbi_scm_host {
	const struct cbi_scm_kind *kind;
	const json_t *config; /* lives with the config */
	const char *name;     /* "host:port", lower case */
	const char *api;      /* without '/' at its end */
	const char *hosts[3]; /* name, the API's host; ends in NULL */
	const char **allow;   /* ends in NULL */
	const json_t *app;    /* the only App that asks; NULL: any */
};

struct cbi_scm {
	struct cbi_arena arena;
	struct cbi_http *http;
	struct cbi_scm_host *hosts;
	size_t n;
	/* git.c: integrations.git, and where clones are; NULL: nowhere. */
	struct cbi_scm_git_row *git;
	size_t git_n;
	struct cbi_scm_tokens *tokens; /* github_app.c; threads share it */
	const char *state_dir;
};

extern const struct cbi_scm_kind cbi_scm_github, cbi_scm_gitlab, cbi_scm_gitea,
    cbi_scm_bitbucket, cbi_scm_azure;

/* github_app.c */
/* Are the entry's apps right?  at is its number. */
int cbi_scm_app_check(struct cb_ctx *ctx, const struct cbi_scm_host *host,
                      size_t at) CB_USED;
int cbi_scm_tokens_create(struct cb_ctx *ctx,
                          struct cbi_scm_tokens **out) CB_USED;
void cbi_scm_tokens_destroy(struct cbi_scm_tokens *tokens);
/* The token of the App at an owner; NULL where none is installed. */
int cbi_scm_app_token(struct cb_ctx *ctx, const struct cbi_scm *scm,
                      const struct cbi_scm_host *host, const char *owner,
                      const char **out) CB_USED;
/* It was refused before its time. */
void cbi_scm_app_forget(const struct cbi_scm *scm,
                        const struct cbi_scm_host *host, const char *owner);

/* scm.c: a copy that lives with scm; NULL after a noted failure. */
const char *cbi_scm_keep(struct cb_ctx *ctx, struct cbi_scm *scm,
                         const char *text);

/* url.c */
/* CB_EINVAL for what is no http or https address, with a message. */
int cbi_scm_split(struct cb_ctx *ctx, const char *text,
                  struct cbi_scm_url *out) CB_USED;
/* Segments from..to-1 with '/' between; NULL without memory. */
const char *cbi_scm_join(struct cb_ctx *ctx, const struct cbi_scm_url *url,
                         size_t from, size_t to);
/* Everything escaped but letters, digits, -._~ and keep; NULL without
 * memory. */
const char *cbi_scm_encode(struct cb_ctx *ctx, const char *text,
                           const char *keep);
/* A parameter of the query, decoded; "" for none. */
const char *cbi_scm_param(struct cb_ctx *ctx, const char *query,
                          const char *name);

/* fill.c: a template with its values; NULL after a noted failure. */
const char *cbi_scm_fill(struct cb_ctx *ctx, const char *template,
                         const struct cbi_scm_place *place,
                         const struct cbi_scm_page *page);

/* read.c: one request to the host's API. */
struct cbi_http_reply;
int cbi_scm_ask(struct cb_ctx *ctx, const struct cbi_scm *scm,
                const struct cbi_scm_place *place, const char *url,
                const char *accept, const char *etag,
                struct cbi_http_reply *out) CB_USED;
/* The list within a page's body, checked to be one. */
int cbi_scm_page(struct cb_ctx *ctx, const struct cbi_scm_host *host,
                 int (*list)(struct cb_ctx *ctx, json_t *body,
                             struct cbi_scm_page *page, json_t **out),
                 const struct cbi_http_reply *reply, struct cbi_scm_page *page,
                 json_t **out) CB_USED;

bool cbi_scm_repo_github(struct cb_ctx *ctx, json_t *item,
                         struct cbi_scm_repo *out);
/* Blobs of git trees as GitHub, GitLab and Gitea list them. */
bool cbi_scm_leaf_git(json_t *item, struct cbi_scm_leaf *out);

/* A text of an integration's config, NULL for none. */
static inline const char *cbi_scm_word(const json_t *config, const char *key)
{
	const char *text = json_string_value(json_object_get(config, key));

	return text && *text ? text : NULL;
}

/* An "Authorization: Basic" line; NULL without memory. */
const char *cbi_scm_basic(struct cb_ctx *ctx, const char *user,
                          const char *password);
/* Lists that are the body itself, paged by number until one is empty. */
int cbi_scm_list_plain(struct cb_ctx *ctx, json_t *body,
                       struct cbi_scm_page *page, json_t **out) CB_USED;

#endif
