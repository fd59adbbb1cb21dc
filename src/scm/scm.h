/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scm.h - code hosts: from the address that a browser shows to the answer of
 * the host's API.
 *
 * The hosts are those of the config:
 *
 *	integrations:
 *	  github: [{host, apiBaseUrl, token, apps}]
 *	  gitlab: [{host, apiBaseUrl, token}]
 *	  gitea:  [{host, baseUrl, username, password}]
 *	  bitbucketServer: [{host, apiBaseUrl, token, username, password}]
 *	  azure:  [{host, token, credentials: [{personalAccessToken,
 *	            organizations}]}]
 *
 * and with every entry `allow`, ranges as connections have them, for a host
 * on a private address.  A request reaches the host and its API, nothing
 * else, also by redirect; the credential goes to the API alone.
 */
#ifndef CB_SCM_SCM_H
#define CB_SCM_SCM_H

#include <callboard/ctx.h>

#include <stddef.h>

#include <jansson.h>

struct cbi_http;
struct cbi_scm;
struct cbi_scm_host;

/* Reads the `integrations` map of a config (NULL for none); both outlive it.
 * CB_EINVAL names the key ("integrations.github.0.host"). */
int cbi_scm_create(struct cb_ctx *ctx, const json_t *integrations,
                   struct cbi_http *http, struct cbi_scm **out) CB_USED;
void cbi_scm_destroy(struct cbi_scm *scm);

/* A file or folder of a repository.  Texts live with the context, decoded. */
struct cbi_scm_place {
	const struct cbi_scm_host *host; /* NULL: git (scm/git.h), repo is the
	                                  * repository's address */
	const char *owner; /* organisation, group/subgroup, project key; of
	                    * Azure organisation/project */
	const char *repo;
	const char *ref;  /* "" for the default branch */
	const char *path; /* without '/' in front; "" for the root */
	/* An address is before, an encoded path, after. */
	const char *before, *after;
};

/* Is there an integration for the address's host?  Of git's addresses: always,
 * whether it may be asked is told by reading. */
bool cbi_scm_knows(const struct cbi_scm *scm, const char *url);

/*
 * Takes an address apart: the host's blob, tree, raw and edit forms.
 * CB_ENOENT no integration has its host, CB_EINVAL no such form.
 */
int cbi_scm_parse(struct cb_ctx *ctx, const struct cbi_scm *scm,
                  const char *url, struct cbi_scm_place *out) CB_USED;

/* The address of another path of the same repository and ref; wildcards stay
 * as they are.  Lives with ctx; NULL without memory. */
const char *cbi_scm_url(struct cb_ctx *ctx, const struct cbi_scm_place *place,
                        const char *path);

/*
 * The absolute form of a target that stands in the file at place: from the
 * repository's root with '/' in front, else from the file's folder.
 * CB_EDENIED for one that leaves the repository.
 */
int cbi_scm_resolve(struct cb_ctx *ctx, const struct cbi_scm_place *place,
                    const char *target, const char **out) CB_USED;

struct cbi_scm_file {
	bool unchanged;   /* text is NULL */
	const char *text; /* NUL-terminated, may hold others */
	size_t len;
	const char *etag; /* "" for none */
};

/* Reads one file; etag of an earlier read or NULL.  Fails as the HTTP client
 * does; a host whose limit is spent is CB_EBUSY. */
int cbi_scm_read(struct cb_ctx *ctx, const struct cbi_scm *scm,
                 const struct cbi_scm_place *place, const char *etag,
                 struct cbi_scm_file *out) CB_USED;

/* One file of a tree; mark changes with its content, "" for unknown. */
struct cbi_scm_leaf {
	const char *path, *mark;
};

/*
 * All files whose path fits place's: * ? [a-z] within a segment, ** for any
 * depth, "" for every file there is, also hidden ones; sorted, at most 10,000;
 * *out lives with ctx.  A tree that the host does not list whole is CB_ETOOBIG:
 * half of it is no answer.
 */
int cbi_scm_tree(struct cb_ctx *ctx, const struct cbi_scm *scm,
                 const struct cbi_scm_place *place, struct cbi_scm_leaf **out,
                 size_t *n) CB_USED;

/* One repository of a list; texts live for the call, "" for unknown. */
struct cbi_scm_repo {
	const char *owner, *name; /* as a place has them */
	const char *url;          /* the browser's */
	const char *branch;       /* the default one */
	const char *mark;         /* changes with every push */
	const char *description, *language, *visibility;
	const json_t *topics; /* NULL for unknown */
	bool fork, archived, empty;
};

/* The integration of a section ("github") and host; name NULL: the section's
 * usual host, else its first.  NULL when there is none. */
const struct cbi_scm_host *cbi_scm_host(const struct cbi_scm *scm,
                                        const char *section, const char *name);
/* From now on this App of the host's `apps` asks, and no other.  CB_EINVAL when
 * there is none of the id. */
int cbi_scm_app_choose(struct cb_ctx *ctx, struct cbi_scm *scm,
                       const struct cbi_scm_host *host, const char *id) CB_USED;
const char *cbi_scm_host_name(const struct cbi_scm_host *host);

const char *cbi_scm_host_api(const struct cbi_scm_host *host);
/* What a client of its API besides this one may reach: hosts and ranges, as
 * many as fit; the lists are zeroed before. */
void cbi_scm_host_policy(const struct cbi_scm_host *host, const char **hosts,
                         size_t hosts_max, const char **allow,
                         size_t allow_max);
/* The header line that says who asks for this owner, of a token or an App;
 * NULL for nobody.  Lives with ctx. */
int cbi_scm_authorization(struct cb_ctx *ctx, const struct cbi_scm *scm,
                          const struct cbi_scm_host *host, const char *owner,
                          const char **out) CB_USED;

/* Where the repository's files are, at this branch ("" for the default one,
 * as far as the host tells it); path is "". */
int cbi_scm_within(struct cb_ctx *ctx, const struct cbi_scm_host *host,
                   const struct cbi_scm_repo *repo, const char *branch,
                   struct cbi_scm_place *out) CB_USED;

struct cbi_scm_listing {
	const struct cbi_scm_host *host;
	const char *org; /* organisation, group, or of Azure
	                  * organisation[/project]; "": all that there is */
	int (*each)(void *arg, struct cb_ctx *ctx,
	            const struct cbi_scm_repo *repo);
	void *arg;
	/* Between requests; NULL: go on. */
	int (*alive)(void *arg, struct cb_ctx *ctx);
	void *alive_arg;
};

/*
 * The repository that an address leads to: its own page, or a file's or
 * folder's of it; asks its host.  Texts live with ctx.  CB_ENOENT no
 * integration, or no such repository; CB_EINVAL no repository's address.
 */
int cbi_scm_repo_at(struct cb_ctx *ctx, const struct cbi_scm *scm,
                    const char *url, const struct cbi_scm_host **host,
                    struct cbi_scm_repo *out) CB_USED;

/*
 * The organisation, group or project that a browser's address leads to, for a
 * listing; nobody is asked.  CB_ENOENT no integration has the host, CB_EINVAL
 * what is no such address, with the form that is expected.
 */
int cbi_scm_org_at(struct cb_ctx *ctx, const struct cbi_scm *scm,
                   const char *url, const struct cbi_scm_host **host,
                   const char **org) CB_USED;

/*
 * Lists all repositories, page by page; memory does not grow with them.
 * *pages is a new reference, for cbi_scm_same.  A list that is not whole is a
 * failure, of the HTTP client's kinds.
 */
int cbi_scm_repos(struct cb_ctx *ctx, const struct cbi_scm *scm,
                  const struct cbi_scm_listing *listing,
                  json_t **pages) CB_USED;

/* Do all pages of an earlier listing answer 304?  *same is false at the first
 * that does not. */
int cbi_scm_same(struct cb_ctx *ctx, const struct cbi_scm *scm,
                 const struct cbi_scm_listing *listing, const json_t *pages,
                 bool *same) CB_USED;

/* Does the path fit the pattern (cbi_scm_tree)? */
bool cbi_scm_match(const char *pattern, const char *path);
/* Has the path a wildcard?  A '*' is one; "[id]" is a common file name. */
bool cbi_scm_is_glob(const char *path);

#endif
