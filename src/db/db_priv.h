/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db_priv.h - what the files of db/ share.
 *
 * gate.c lends connections, connect.c makes them, wire.c waits for them,
 * prepare.c knows what is prepared where, query.c and pipe.c run statements,
 * tx.c and listen.c keep a connection for longer.
 */
#ifndef CB_DB_DB_PRIV_H
#define CB_DB_DB_PRIV_H

#include "db/db.h"

#include <libpq-fe.h>

/* Texts that came again and stay prepared, per connection. */
#define CB_DB_TEXTS 64
/* A lane waits so long for its turn. */
#define CB_DB_GATE_MS 1000
/* One host is given so long to answer. */
#define CB_DB_CONNECT_MS 2000
#define CB_DB_IDLE_MS 60000
/* Past statement_timeout by so much, the server is not there any more. */
#define CB_DB_GRACE_MS 500
/* What the server may have in its queue of one pipeline. */
#define CB_DB_PIPE_MAX 1024

struct cbi_db_slot {
	const struct cbi_db_stmt *stmt; /* NULL: empty */
	unsigned id; /* its number in the plan's name; 0: none yet */
	bool ready;  /* prepared */
};

struct cbi_db_text {
	uint64_t hash;
	char *sql;               /* NULL: empty */
	struct cbi_db_slot slot; /* used from the second time on */
	uint64_t used;
};

struct cbi_db_conn {
	struct cbi_db_conn *next; /* among the free ones */
	PGconn *pg;
	int64_t idle_since; /* cbi_clock_ms() */
	bool doomed;        /* to be closed when given back */
	struct cbi_db_slot *slots;
	size_t slots_cap, slots_used; /* cap is a power of two */
	struct cbi_db_text texts[CB_DB_TEXTS];
	uint64_t text_clock;
	unsigned last_id;
	unsigned stale_id; /* a text's plan to be dropped; 0: none */
};

struct cbi_db_pipe {
	bool on;
	int failed; /* CB_OK or what ended it */
	int (*fn)(void *arg, size_t number, const struct cbi_db_result *result);
	void *arg;
	size_t sent, seen;            /* statements */
	size_t head, count;           /* of the ring */
	bool is_stmt[CB_DB_PIPE_MAX]; /* a statement, or its preparation */
};

/* What a lane has. */
struct cbi_db {
	struct cbi_db_conn *conn; /* of the open transaction */
	bool in_tx, lost, tx_noted;
	bool patient;     /* statement_timeout does not count */
	char sqlstate[6]; /* of the last refusal, "" for none */
	struct cbi_db_pipe pipe;
	struct cbi_db_conn *listen;
	bool listen_noted, notified;
};

struct cbi_db_result {
	PGresult *pg;
};

/* gate.c */
const struct cbi_db_config *cbi_db_config(void);
/* The lane's state, made when it has none; NULL after a noted failure. */
struct cbi_db *cbi_db_lane(struct cb_ctx *ctx);
int cbi_db_hold(struct cb_ctx *ctx, bool listen,
                struct cbi_db_conn **out) CB_USED;
void cbi_db_release(struct cbi_db_conn *conn);
/* value, or up to a quarter more or less. */
int64_t cbi_db_jitter(int64_t value);

/* connect.c */
bool cbi_db_conninfo_valid(const char *conninfo, char *why, size_t size);
int cbi_db_connect(struct cb_ctx *ctx, const char *conninfo,
                   struct cbi_db_conn **out) CB_USED;
void cbi_db_disconnect(struct cbi_db_conn *conn);

/* wire.c; until is cbi_clock_ms(), 0 for ever.  These return CB_OK, CB_ETIME
 * or CB_EAWAY and note nothing. */
int cbi_db_poll(PGconn *pg, short events, int64_t until);
int cbi_db_flush(PGconn *pg, int64_t until);
/* The next result of the command, NULL after its last. */
int cbi_db_next(PGconn *pg, int64_t until, PGresult **out);
/* The last result of the command, or the first bad one. */
int cbi_db_finish(PGconn *pg, int64_t until, PGresult **out);
bool cbi_db_good(const PGresult *res);
/* When a statement that begins now has to be over. */
int64_t cbi_db_until(const struct cb_ctx *ctx, const struct cbi_db *db);
/* Note why; the connection is doomed where that follows.  name may be NULL. */
int cbi_db_note_lost(struct cb_ctx *ctx, struct cbi_db *db,
                     struct cbi_db_conn *conn, int code, const char *name);
int cbi_db_note_refused(struct cb_ctx *ctx, struct cbi_db *db,
                        struct cbi_db_conn *conn, const PGresult *res,
                        const char *name);

/* prepare.c */
struct cbi_db_plan {
	char name[64];            /* "": not prepared, send the text */
	struct cbi_db_slot *slot; /* NULL likewise; valid until the next plan */
};
int cbi_db_plan(struct cbi_db_conn *conn, const struct cbi_db_stmt *stmt,
                struct cbi_db_plan *out) CB_USED;
/* Frees what is known; the server is not told. */
void cbi_db_plans_finish(struct cbi_db_conn *conn);
/* Queue the preparation, the statement. */
int cbi_db_send_prepare(PGconn *pg, const struct cbi_db_stmt *stmt,
                        const struct cbi_db_plan *plan);
int cbi_db_send(PGconn *pg, const struct cbi_db_stmt *stmt,
                const struct cbi_db_plan *plan, const char *const *params,
                size_t n);

/* query.c */
/* Texts without parameters, by the simple protocol. */
int cbi_db_run(struct cb_ctx *ctx, struct cbi_db *db, struct cbi_db_conn *conn,
               const char *sql, PGresult **out) CB_USED;

/* tx.c */
void cbi_db_tx_end(struct cbi_db *db);

/* pipe.c: leaves pipeline mode whatever its state; false when the connection
 * cannot be used any more. */
bool cbi_db_pipe_abandon(struct cbi_db *db);

#endif
