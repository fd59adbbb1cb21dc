/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stores.h - a private PostgreSQL and Redis for a test program.
 *
 * Unix sockets in a folder of their own, nothing kept, as an unprivileged
 * user when the tests run as root.  They end with the program, also when it
 * is killed (then the next one removes its folder).  initdb runs once per build
 * folder (tests/pg-template.tar). A helper that cannot do its work says why and
 * ends the program with 99, a hard error to automake: such a test has not
 * passed.
 */
#ifndef CB_TESTS_STORES_H
#define CB_TESTS_STORES_H

#include <sys/types.h>

#define STORES_POSTGRES 1u
#define STORES_REDIS 2u

/* The program's one set; static, made by the first call. */
struct stores {
	char dir[64];       /* may hold a test's other files; removed at exit */
	char conninfo[192]; /* database "callboard", empty, its owner's role */
	char redis[96];     /* "unix:/..." */
	pid_t postgres;     /* 0 while stopped */
	pid_t redis_pid;
	uid_t uid; /* who owns dir and runs them */
	gid_t gid;
};

/* Starts what is asked for and not yet running, ready when it returns. */
struct stores *stores_start(unsigned what);

/* Ends them at once, as a power cut would (data survives for PostgreSQL);
 * stores_start begins anew on the same data. */
void stores_stop(unsigned what);

/* A database of its own in the running server, empty, as conninfo in out. */
void stores_database(const char *name, char *out, size_t size);

/* This source tree's schema folder. */
const char *stores_schema_dir(void);

/* Runs SQL by psql, outside of the code under test; ends the program when it
 * is refused.  Returns the first line (unaligned), static. */
const char *stores_sql(const char *conninfo, const char *sql);

#endif
