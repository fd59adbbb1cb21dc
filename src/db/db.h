/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db.h - the one door to PostgreSQL.
 *
 * A process has one set of connections, never more than its gate allows.  A
 * lane borrows one for a statement or for a transaction and gives it back at
 * once, so idle lanes hold none.  Whoever finds none free waits his turn, at
 * most a second or until the context's deadline.
 *
 * Every wait counts against ctx's deadline.  A connection whose statement did
 * not end in time is dropped; the server notices within a second and stops
 * working for it.  With PostgreSQL away the first caller learns it from the
 * connection, everybody else at once: between attempts, whose distance grows
 * to a second with jitter, calls fail fast.
 *
 * Failures (all noted with cb_fail; parameters' values never appear in them):
 *   CB_EAWAY     no connection, lost on the way, read-only, disk full, or no
 *                schema made yet
 *   CB_EBUSY     the gate, or too many connections at the server (53300), or
 *                a deadlock or serialisation failure after the retries
 *   CB_ETIME     the deadline or statement_timeout passed
 *   CB_ECONFLICT a unique key is taken (23505)
 *   CB_EBUG      anything else; SQLSTATE and message are in the text
 *
 * Name resolution of a TCP host is libpq's and blocks: give an address or a
 * socket folder where that matters.  PostgreSQL 14 or newer.
 */
#ifndef CB_DB_DB_H
#define CB_DB_DB_H

#include "base/ctx.h"

struct cb_buf;

struct cbi_db_config {
	const char *conninfo; /* libpq's: "host=... dbname=..." or an URI */
	const char *listen;   /* for LISTEN, past a pooler; NULL: the same */
	const char *process;  /* "web core": seen as "callboard web core" */
	int connections;      /* of this process at most; less than 2 is 2 */
	bool prepare;         /* false behind a transaction-pooling pooler */
	int statement_ms;     /* statement_timeout; 0 for none */
};

/*
 * Once per process, after fork and before its threads; connects nothing.  The
 * texts are copied.  A second call forgets what the first (or the parent
 * process) had, without talking to the server.  CB_EINVAL for a conninfo that
 * libpq does not understand.
 */
int cbi_db_setup(struct cb_ctx *ctx,
                 const struct cbi_db_config *config) CB_USED;
/*
 * The TCP ports that conninfo (and libpq's environment) lead to, each once;
 * none when all its hosts are unix sockets.  CB_EINVAL as above, CB_ETOOBIG for
 * more than max.
 */
int cbi_db_ports(struct cb_ctx *ctx, const char *conninfo, uint16_t *ports,
                 size_t *n, size_t max) CB_USED;
/* Adds the files that it names (certificates, a key, a password file) to list;
 * texts live with ctx.  What does not fit is left out. */
void cbi_db_files(struct cb_ctx *ctx, const char *conninfo, const char **list,
                  size_t *n, size_t max);

/* The password in conninfo, NULL for none; lives with ctx. */
const char *cbi_db_password(struct cb_ctx *ctx, const char *conninfo);

/* Closes every connection that no lane holds, and forgets the config. */
void cbi_db_shutdown(void);

/* Closes what was idle for a minute; the process's loop calls it now and
 * then. */
void cbi_db_idle(void);

/* Gives back what the lane holds (a LISTEN connection is closed).  Before
 * cbi_lane_finish. */
void cbi_db_lane_finish(struct cbi_lane *lane);

/* Is PostgreSQL thought to be there?  False from a failed connection until
 * one succeeds.  Never waits. */
bool cbi_db_there(void);

/*
 * A statement: a const at file scope, prepared on each connection when first
 * run there.  name is for people ("catalog_by_name").  With name NULL the
 * text may be any and live anywhere: it is parsed each time until it comes
 * again; the last 64 that came again stay prepared per connection.
 */
struct cbi_db_stmt {
	const char *name;
	const char *sql;
};

struct cbi_db_result;

/*
 * Runs one statement; n texts for $1..$n, NULL is SQL's null.  out may be
 * NULL.  The result lives with ctx.  Outside of a transaction the statement
 * is its own.
 */
int cbi_db_query(struct cb_ctx *ctx, const struct cbi_db_stmt *stmt,
                 const char *const *params, size_t n,
                 struct cbi_db_result **out) CB_USED;

/* The same for a text made at run time, such as a compiled filter. */
int cbi_db_query_text(struct cb_ctx *ctx, const char *sql,
                      const char *const *params, size_t n,
                      struct cbi_db_result **out) CB_USED;

/*
 * Runs one statement and hands over each row as it comes (row 0 of a result
 * that lives for the call), for answers that must not be held as a whole.
 * Anything but CB_OK from fn ends it (the connection is given up) and is
 * returned.  fn may not use the database.
 */
int cbi_db_stream(struct cb_ctx *ctx, const struct cbi_db_stmt *stmt,
                  const char *const *params, size_t n,
                  int (*fn)(void *arg, const struct cbi_db_result *row),
                  void *arg) CB_USED;

/* Gives the result's memory back before ctx ends; for long loops. */
void cbi_db_done(struct cbi_db_result *result);

/* Rows and columns count from 0; one outside is asserted. */
size_t cbi_db_rows(const struct cbi_db_result *result);
/* What an insert, update or delete touched. */
/* NULL for SQL's null. */
const char *cbi_db_text(const struct cbi_db_result *result, size_t row,
                        size_t col);
/* Bytes of the text, 0 for null. */
size_t cbi_db_len(const struct cbi_db_result *result, size_t row, size_t col);
/* Whole numbers; 0 for null. */
int64_t cbi_db_int(const struct cbi_db_result *result, size_t row, size_t col);
/* True for "t"; false for null. */
bool cbi_db_bool(const struct cbi_db_result *result, size_t row, size_t col);
/* A bytea column's bytes, decoded; they live with ctx.  *out is NULL for
 * null. */
int cbi_db_bytes(struct cb_ctx *ctx, const struct cbi_db_result *result,
                 size_t row, size_t col, const unsigned char **out,
                 size_t *len) CB_USED;

/* Bytes as the text of a bytea parameter; NULL when out of memory. */
const char *cbi_db_bytea(struct cb_ctx *ctx, const void *data,
                         size_t len) CB_USED;
/* A number as the text of a parameter; NULL when out of memory. */
const char *cbi_db_number(struct cb_ctx *ctx, int64_t number) CB_USED;

/*
 * Appends a PostgreSQL array literal of n texts, NULL for null: one parameter
 * for `unnest($1::text[])` or `= any($1::text[])`.
 */
int cbi_db_array_text(struct cb_buf *buf, const char *const *texts, size_t n);
int cbi_db_array_int(struct cb_buf *buf, const int64_t *numbers, size_t n);

/*
 * A transaction (read committed).  The connection is the lane's until commit
 * or rollback; what is open when ctx ends is rolled back.  Not nested.
 * Within it application_name is "<request id> <actor>", and the setting
 * callboard.trace "<request id> <actor> <traceparent>".
 *
 * When the connection is lost meanwhile, everything up to commit says
 * CB_EAWAY.  CB_EAWAY from commit itself leaves open what happened.  Rollback
 * cannot fail and may be called without an open transaction.
 */
int cbi_db_begin(struct cb_ctx *ctx) CB_USED;
/* Read only, and all statements see the same state (repeatable read). */
int cbi_db_begin_snapshot(struct cb_ctx *ctx) CB_USED;
int cbi_db_commit(struct cb_ctx *ctx) CB_USED;
void cbi_db_rollback(struct cb_ctx *ctx);
bool cbi_db_in_transaction(const struct cb_ctx *ctx);

/*
 * Begin, fn, commit; rolls back when fn does not return CB_OK.  After a
 * deadlock or serialisation failure the whole is done again, at most three
 * times with jitter: fn must not leave traces elsewhere.
 */
int cbi_db_transact(struct cb_ctx *ctx,
                    int (*fn)(struct cb_ctx *ctx, void *arg),
                    void *arg) CB_USED;

/*
 * In an open transaction, as its last statement (it holds back every other
 * change until commit): one more change number, of switches, keys and roles,
 * which followers then read anew.  number may be NULL.
 */
int cbi_db_registry_change(struct cb_ctx *ctx, const char *cause,
                           uint64_t *number) CB_USED;

/*
 * Many statements without waiting for each answer, in an open transaction:
 * begin, any number of sends, end.  Results come in order to fn (may be
 * NULL), with the number of the send; a result lives for the call, and fn
 * may not use the database.  After the first failure (the server's, or fn's)
 * the rest is skipped and every call returns it; so does end, after which
 * only rollback is left.  Parameters are copied by send.
 */
int cbi_db_pipe_begin(struct cb_ctx *ctx,
                      int (*fn)(void *arg, size_t number,
                                const struct cbi_db_result *result),
                      void *arg) CB_USED;
int cbi_db_pipe_send(struct cb_ctx *ctx, const struct cbi_db_stmt *stmt,
                     const char *const *params, size_t n) CB_USED;
int cbi_db_pipe_end(struct cb_ctx *ctx) CB_USED;

/*
 * Subscribes the lane to a channel, on a connection of its own that counts at
 * the gate and is kept until ctx ends.  Several channels share it.
 */
int cbi_db_listen(struct cb_ctx *ctx, const char *channel) CB_USED;
/*
 * Waits for a notification, at most timeout_ms and no longer than ctx's
 * deadline; *got tells whether one (or several) came.  CB_EAWAY when the
 * connection is lost: listen anew and look at the tables.
 */
int cbi_db_wait_notify(struct cb_ctx *ctx, int timeout_ms, bool *got) CB_USED;

#endif
