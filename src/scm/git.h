/* SPDX-License-Identifier: Apache-2.0 */
/*
 * git.h - files of a git repository, by the `git` program.
 *
 *	git+https://host/repo.git//path/catalog-info.yaml?ref=main
 *	git+ssh://git@host/repo.git//teams/x.yaml
 *	git+file:///srv/repos/x.git//catalog-info.yaml
 *
 * (git+http too.)  What stands before "//" is the repository, behind it the
 * file or pattern; ref is a branch, a tag or a whole commit, without it the
 * repository's HEAD.  Repositories are those that the config names:
 *
 *	integrations:
 *	  git:
 *	    - {host, username, password | token, allow}      https
 *	    - {host, privateKeyFile, knownHostsFile, allow}  ssh
 *	    - {path: /srv/repos}                             below a folder
 *
 * The program sees nothing of this process' environment or the user's
 * configuration, runs no hooks, filters, submodules or pagers, follows no
 * redirect, connects to the address that the guard has judged, and is given
 * the credential by its environment.  What it has fetched stays in bare
 * clones of one commit below <stateDir>/git, which anybody may delete.
 */
#ifndef CB_SCM_GIT_H
#define CB_SCM_GIT_H

#include "scm/scm.h"

/* Is it such an address, whatever comes after its scheme? */
bool cbi_scm_is_git(const char *url);

/* Where clones are kept; without it nothing is read.  Borrowed. */
void cbi_scm_git_keep(struct cbi_scm *scm, const char *state_dir);

/*
 * The commit that a place's ref names now, by one question to the repository
 * (none for a whole commit).  CB_ENOENT there is no such ref or repository,
 * CB_EAUTH, CB_EDENIED, CB_EAWAY, CB_ETIME as for requests.  Lives with ctx.
 */
int cbi_scm_git_head(struct cb_ctx *ctx, const struct cbi_scm *scm,
                     const struct cbi_scm_place *place,
                     const char **commit) CB_USED;

/* A file of a commit. */
struct cbi_scm_blob {
	const char *path, *id;
	bool link;        /* symbolic, or a submodule: not read */
	bool want;        /* set by the caller: read it */
	const char *text; /* NULL: not read, problem says why */
	size_t len;
	int code;
	const char *problem;
};

/*
 * The files that fit place's path, sorted; a path without wildcard is that
 * file, CB_ENOENT when it is not there.  Fetches the commit when it is not
 * here, without its files' contents.
 */
int cbi_scm_git_files(struct cb_ctx *ctx, const struct cbi_scm *scm,
                      const struct cbi_scm_place *place, const char *commit,
                      struct cbi_scm_blob **out, size_t *n) CB_USED;

/*
 * Reads those that are wanted: fills text and len, or code and problem of one
 * that cannot be read, which leaves the others alone.  All of them are in
 * memory: at most CBI_SCM_GIT_BYTES, what is more is a problem of its own.
 */
#define CBI_SCM_GIT_BYTES (128 * 1024 * 1024)
int cbi_scm_git_read(struct cb_ctx *ctx, const struct cbi_scm *scm,
                     const struct cbi_scm_place *place,
                     struct cbi_scm_blob *files, size_t n) CB_USED;

#endif
