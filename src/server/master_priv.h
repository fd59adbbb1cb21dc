/* SPDX-License-Identifier: Apache-2.0 */
/*
 * master_priv.h - what the files of the master share.
 */
#ifndef CB_SERVER_MASTER_PRIV_H
#define CB_SERVER_MASTER_PRIV_H

#include <stdint.h>
#include <sys/types.h>

#include "base/board.h"
#include "base/ctx.h"
#include "config/config.h"
#include "server/child.h"
#include "server/master.h"
#include "server/sockets.h"

/* One process that is wanted, and who fills it now. */
struct cbi_role {
	enum cbi_process_kind kind;
	const char *pool; /* lives with the generation's config */
	int index;
	int socket; /* row of its socket, -1 for none */
	pid_t pid;  /* 0: nobody */
	int64_t started;
	int64_t start_at; /* not before; cbi_clock_ms() */
	int quick;        /* times in a row it died within a second */
	int64_t rss;      /* bytes, seen a second ago */
};

/* A set of processes with one config. */
struct cbi_generation {
	uint32_t number;
	struct cbi_config *config;
	struct cbi_role *roles;
	size_t count;
	pid_t checker; /* looks at the plugin files first; 0 when it has */
	int64_t began;
};

/* A process that is told to end. */
struct cbi_leaver {
	pid_t pid; /* 0: the row is free */
	int64_t kill_at;
};

/* Plugin files that are text, and what became of them. */
struct cbi_watch {
	pid_t checker;    /* looks at them; 0: none */
	uint64_t seen;    /* their signature when they were last read */
	uint64_t pending; /* another one, not quiet yet; 0: none */
	int64_t looked, changed;
	bool again; /* wanted even if nothing changed */
};

#define CBI_LEAVERS_MAX CB_BOARD_PROCESSES

struct cbi_master {
	const struct cbi_master_options *options;
	struct cbi_sockets sockets;
	struct cbi_generation *current; /* serves; NULL before the first */
	struct cbi_generation *next;    /* being started; NULL for none */
	struct cbi_leaver leavers[CBI_LEAVERS_MAX];
	int signals; /* signalfd */
	int pid_file;
	pid_t elder; /* the master whose place is taken; 0 for none */
	struct cbi_watch watch;
	bool reload; /* HUP came while one was being started */
	bool stopping;
	int64_t checked; /* when memory was looked at */
	char run_dir[4096];
};

/* ---- children.c ---- */

/* Forks who fills the role.  Without memory or processes it is tried again
 * later. */
void cbi_role_start(struct cbi_master *master,
                    const struct cbi_generation *generation,
                    struct cbi_role *role);
/* Tells a process to end: SIGQUIT when others have its socket, else SIGTERM;
 * killed after kill_ms. */
void cbi_leave(struct cbi_master *master, pid_t pid, int number, int kill_ms);
/* Takes in who died, charges, starts again. */
void cbi_children_reap(struct cbi_master *master);
/* Every 100 ms: hung and fat processes, late leavers, roles to be filled. */
void cbi_children_watch(struct cbi_master *master);
bool cbi_children_left(const struct cbi_master *master);

/* ---- generation.c ---- */

/* Loads the config; what is wrong goes to standard error, line by line.
 * NULL for a bad one. */
struct cbi_config *cbi_master_load(const struct cbi_master_options *options);
/* Begins a generation: its checker runs now.  CB_OK, or a failure that has
 * been said. */
int cbi_generation_begin(struct cbi_master *master, struct cbi_config *config);
/* The checker is done: the roles are started. */
int cbi_generation_start(struct cbi_master *master);
/* When all are ready the next one becomes the current one; after a minute
 * without that it is given up. */
void cbi_generation_look(struct cbi_master *master);
void cbi_generation_end(struct cbi_master *master,
                        struct cbi_generation *generation, int number);

/* Starts who looks at the plugin files: all of them, or again at those that
 * are text.  A failure has been said. */
int cbi_check_start(struct cbi_master *master, const struct cbi_config *config,
                    bool again, pid_t *pid);

/* ---- watch.c ---- */

/* A generation with this config reads all files now. */
void cbi_watch_begin(struct cbi_master *master,
                     const struct cbi_config *config);
void cbi_watch_end(struct cbi_master *master);
/* Every tick: reads again what has changed. */
void cbi_watch_look(struct cbi_master *master);
/* Was it the one who reads? */
bool cbi_watch_reaped(struct cbi_master *master, pid_t pid, int status);

/* The most PostgreSQL connections that one generation holds. */
int cbi_config_connections(const struct cbi_config *config);

/* Where the checker writes what it found. */
#define CBI_REGISTRY_FILE "registry.json"

#endif
