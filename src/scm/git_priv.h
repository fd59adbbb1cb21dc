/* SPDX-License-Identifier: Apache-2.0 */
/*
 * git_priv.h - what the files about git share.
 */
#ifndef CB_SCM_GIT_PRIV_H
#define CB_SCM_GIT_PRIV_H

#include "scm/git.h"
#include "scm/scm_priv.h"

#include "spawn/spawn.h"

/* A row of integrations.git. */
struct cbi_scm_git_row {
	const char *host;   /* "host[:port]", lower case; NULL: a folder */
	const char *path;   /* absolute */
	const char *header; /* of https; NULL: nobody asks */
	const char *key, *known_hosts; /* of ssh; NULL: none */
	const char **allow;            /* ends in NULL */
};

/* A repository, and how it is asked. */
struct cbi_scm_git {
	const struct cbi_scm_git_row *row;
	const char *scheme; /* "https" */
	const char *url;    /* as git takes it, never beginning with '-' */
	const char *host;   /* without a port or brackets; "" for file */
	int port;           /* 0: the scheme's own */
};

/* git.c: what a place of such an address stands for; of files the folder is
 * looked at.  CB_EDENIED when no row has it. */
int cbi_scm_git_open(struct cb_ctx *ctx, const struct cbi_scm *scm,
                     const struct cbi_scm_place *place,
                     struct cbi_scm_git *out) CB_USED;
/* Reads integrations.git into scm. */
int cbi_scm_git_config(struct cb_ctx *ctx, struct cbi_scm *scm,
                       const json_t *rows) CB_USED;
int cbi_scm_git_parse(struct cb_ctx *ctx, const char *url,
                      struct cbi_scm_place *out) CB_USED;

/* git_run.c: one run of git. */
struct cbi_scm_git_ask {
	const struct cbi_scm_git *git; /* whose network is needed; NULL: none */
	const char *dir;               /* the clone; NULL: none */
	const char *const *args;       /* ends in NULL */
	const char *in;
	size_t out_max;
	int total_ms;
};
/* CB_OK with whatever exit code but one that means a failure of its own. */
int cbi_scm_git_run(struct cb_ctx *ctx, const struct cbi_scm *scm,
                    const struct cbi_scm_git_ask *ask,
                    struct cbi_spawn_reply *out) CB_USED;
/* The failure of a run that exited with another code than 0. */
int cbi_scm_git_failed(struct cb_ctx *ctx, const char *what,
                       const struct cbi_spawn_reply *reply);

/* git_clone.c: clones, one lock each.  *dir lives with ctx. */
int cbi_scm_git_clone(struct cb_ctx *ctx, const struct cbi_scm *scm,
                      const struct cbi_scm_git *git, const char **dir,
                      int *lock) CB_USED;
void cbi_scm_git_unlock(int lock);
/* Throws a clone away that has become too large, and the ones that have not
 * been used for longest when there are too many. */
void cbi_scm_git_trim(struct cb_ctx *ctx, const struct cbi_scm *scm,
                      const char *dir);

#endif
