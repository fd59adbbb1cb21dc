/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy_priv.h - what the files of copy/ share.
 *
 * env.c opens data files and finds the one in use, read.c and write.c work
 * in transactions.
 */
#ifndef CB_COPY_COPY_PRIV_H
#define CB_COPY_COPY_PRIV_H

#include "copy/copy.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include <lmdb.h>

#define CB_COPY_MAP_DEFAULT ((size_t)16 << 30)
/* Processes times threads of a host, with room. */
#define CB_COPY_READERS 1024
/* A swapped file is noticed this late. */
#define CB_COPY_LOOK_MS 100
#define CB_COPY_NAME_MAX 32

/* One open data file; closed when nobody refers to it any more. */
struct cbi_copy_env {
	MDB_env *mdb;
	MDB_dbi dbi[CB_COPY_TABLES_MAX];
	atomic_int refs;
	char name[CB_COPY_NAME_MAX]; /* "data-7" */
};

struct cbi_copy {
	char *dir;
	char *tables[CB_COPY_TABLES_MAX];
	size_t n;
	size_t map_size;
	bool writer;
	pid_t pid;            /* who made it */
	atomic_int lock_fd;   /* the writer's; -1 for none */
	pthread_mutex_t lock; /* for what follows */
	struct cbi_copy_env *current;
	struct stat seen;        /* of the file `current` when it was read */
	atomic_ulong generation; /* raised when current changes */
	_Atomic int64_t look_at; /* cbi_clock_ms() */
	/* The writer's alone: */
	struct cbi_copy_env *building;
	struct cbi_copy_txn *writing;
};

struct cbi_copy_txn {
	struct cbi_copy *copy;
	struct cbi_copy_env *env;
	MDB_txn *mdb;
	bool open, writes;
	struct cbi_copy_cursor *cursors;
};

/* A lane's; its transaction is reset and renewed, so that a read costs no
 * more than noting a number in the reader's slot. */
struct cbi_copy_reader {
	struct cbi_copy_txn txn;
	unsigned long generation;
	bool noted; /* the context ends it */
};

struct cbi_copy_cursor {
	struct cbi_copy_cursor *next;
	MDB_cursor *mdb;
	MDB_val from;
	bool started;
};

/* env.c */
/* Opens data file `name`, made when create is set; EAWAY without noting. */
int cbi_copy_env_open(struct cbi_copy *copy, const char *name, bool create,
                      size_t map_size, struct cbi_copy_env **out);
void cbi_copy_env_drop(struct cbi_copy_env *env);
/* Removes the file; whoever maps it keeps it. */
void cbi_copy_env_unlink(const struct cbi_copy *copy, const char *name);
/* Makes sure that current is what the folder says now. */
void cbi_copy_refresh(struct cbi_copy *copy);
/* The number in the name that the folder calls current; 0 for none. */
unsigned cbi_copy_number(const struct cbi_copy *copy);
/* Lets the folder call name current. */
int cbi_copy_publish(const struct cbi_copy *copy, const char *name);

/* read.c */
void cbi_copy_close_cursors(struct cbi_copy_txn *txn);

#endif
