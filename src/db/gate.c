/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate.c - the process's connections and who may have one.
 *
 * The one lock of this room guards the list of free connections, their
 * number, and what is known of the server's health.  Nobody holds it while he
 * talks to the server.
 */
#include "db/db_priv.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

#define BACKOFF_FIRST_MS 50
#define BACKOFF_MAX_MS 1000

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t turn;
	struct cbi_db_config config;
	struct cbi_db_conn *free; /* the last used first */
	int open;                 /* all connections, being made included */
	unsigned failures;        /* attempts in a row */
	int64_t again_at;         /* no attempt before, cbi_clock_ms() */
	bool probing;             /* somebody tries whether it is back */
	int last_code;
	char last_why[256];
	atomic_bool there;
};

static struct gate gate = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.there = true,
};
/* Connections of the parent process: not ours to close. */
static struct cbi_db_conn *inherited;

const struct cbi_db_config *cbi_db_config(void)
{
	return &gate.config;
}

bool cbi_db_there(void)
{
	return atomic_load(&gate.there);
}

int64_t cbi_db_jitter(int64_t value)
{
	static _Atomic uint32_t state = 1;
	uint32_t x = atomic_load(&state) ^ (uint32_t)cbi_clock_us() ^
	             (uint32_t)getpid() << 8;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	atomic_store(&state, x | 1);
	return value - value / 4 + (int64_t)(x % (uint64_t)(value / 2 + 1));
}

static void forget_config(void)
{
	free((char *)(uintptr_t)gate.config.conninfo);
	free((char *)(uintptr_t)gate.config.listen);
	free((char *)(uintptr_t)gate.config.process);
	memset(&gate.config, 0, sizeof(gate.config));
}

/* A socket shared with the parent may be closed, but never written to. */
static void disown_connections(void)
{
	struct cbi_db_conn *conn;

	while ((conn = gate.free)) {
		gate.free = conn->next;
		close(PQsocket(conn->pg));
		conn->next = inherited;
		inherited = conn;
	}
}

static int copy_config(struct cb_ctx *ctx, const struct cbi_db_config *config)
{
	forget_config();
	gate.config = *config;
	gate.config.conninfo = strdup(config->conninfo);
	gate.config.listen = config->listen ? strdup(config->listen) : NULL;
	gate.config.process = strdup(config->process);
	if (gate.config.connections < 2)
		gate.config.connections = 2;
	if (!gate.config.conninfo || !gate.config.process ||
	    (config->listen && !gate.config.listen))
		return cb_fail(ctx, CB_ENOMEM, "no memory for the database");
	return CB_OK;
}

int cbi_db_setup(struct cb_ctx *ctx, const struct cbi_db_config *config)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_condattr_t attr;
	char why[256];

	if (!cbi_db_conninfo_valid(config->conninfo, why, sizeof(why)))
		return cb_fail(ctx, CB_EINVAL, "database connection: %s", why);
	if (config->listen &&
	    !cbi_db_conninfo_valid(config->listen, why, sizeof(why)))
		return cb_fail(ctx, CB_EINVAL, "database listen: %s", why);
	disown_connections();
	gate.lock = lock;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&gate.turn, &attr);
	pthread_condattr_destroy(&attr);
	gate.open = 0;
	gate.failures = 0;
	gate.again_at = 0;
	gate.probing = false;
	atomic_store(&gate.there, true);
	return copy_config(ctx, config);
}

/* Closes free connections idle since before `before`. */
static void close_free(int64_t before)
{
	struct cbi_db_conn **at, *conn, *closing = NULL;

	pthread_mutex_lock(&gate.lock);
	for (at = &gate.free; (conn = *at);) {
		if (conn->idle_since >= before) {
			at = &conn->next;
			continue;
		}
		*at = conn->next;
		conn->next = closing;
		closing = conn;
		gate.open--;
	}
	pthread_mutex_unlock(&gate.lock);
	while ((conn = closing)) {
		closing = conn->next;
		cbi_db_disconnect(conn);
	}
}

void cbi_db_idle(void)
{
	close_free(cbi_clock_ms() - CB_DB_IDLE_MS);
}

void cbi_db_shutdown(void)
{
	close_free(INT64_MAX);
	forget_config();
}

struct cbi_db *cbi_db_lane(struct cb_ctx *ctx)
{
	struct cbi_lane *lane = ctx->lane;

	if (!lane->db)
		lane->db = calloc(1, sizeof(*lane->db));
	if (!lane->db)
		cb_fail(ctx, CB_ENOMEM, "no memory for a lane's database");
	return lane->db;
}

void cbi_db_lane_finish(struct cbi_lane *lane)
{
	struct cbi_db *db = lane->db;

	if (!db)
		return;
	cbi_db_tx_end(db);
	if (db->listen) {
		db->listen->doomed = true;
		cbi_db_release(db->listen);
	}
	free(db);
	lane->db = NULL;
}

/* An idle server says nothing: whatever is to be read is its farewell. */
static bool alive(const struct cbi_db_conn *conn)
{
	struct pollfd pfd = { .fd = PQsocket(conn->pg), .events = POLLIN };

	return PQstatus(conn->pg) == CONNECTION_OK && poll(&pfd, 1, 0) == 0;
}

/* Waits for a turn, under the lock; false when it took too long. */
static bool wait_turn(int64_t until)
{
	struct timespec ts = { .tv_sec = until / 1000,
		               .tv_nsec = until % 1000 * 1000000 };

	return pthread_cond_timedwait(&gate.turn, &gate.lock, &ts) != ETIMEDOUT;
}

static void note_attempt(struct cb_ctx *ctx, int rc, bool probe)
{
	int64_t wait = BACKOFF_FIRST_MS;

	if (probe)
		gate.probing = false;
	if (rc == CB_OK) {
		gate.failures = 0;
		gate.again_at = 0;
		atomic_store(&gate.there, true);
		return;
	}
	gate.open--;
	/* Our own deadline or memory says nothing of the server. */
	if (rc != CB_EAWAY && rc != CB_EBUSY)
		return;
	for (unsigned i = 0; i < gate.failures && wait < BACKOFF_MAX_MS; i++)
		wait *= 2;
	if (wait > BACKOFF_MAX_MS)
		wait = BACKOFF_MAX_MS;
	gate.failures++;
	gate.again_at = cbi_clock_ms() + cbi_db_jitter(wait);
	gate.last_code = rc;
	cbi_str_copy(gate.last_why, sizeof(gate.last_why), cb_failure(ctx));
	atomic_store(&gate.there, rc == CB_EBUSY);
}

/* Makes a connection, under the lock, which is open meanwhile.  What ctx had
 * failed with before stands aside, so that the words kept for others are
 * the connection's. */
static int make(struct cb_ctx *ctx, bool listen, struct cbi_db_conn **out)
{
	const char *conninfo = gate.config.conninfo;
	char earlier[CB_FAILURE_MAX];
	int earlier_code = ctx->code, rc;
	bool probe = gate.failures > 0;

	if (listen && gate.config.listen)
		conninfo = gate.config.listen;
	gate.open++;
	gate.probing = gate.probing || probe;
	pthread_mutex_unlock(&gate.lock);
	cbi_str_copy(earlier, sizeof(earlier), ctx->failure);
	cb_failure_clear(ctx);
	rc = cbi_db_connect(ctx, conninfo, out);
	pthread_mutex_lock(&gate.lock);
	note_attempt(ctx, rc, probe);
	if (earlier_code != CB_OK) {
		ctx->code = earlier_code;
		cbi_str_copy(ctx->failure, sizeof(ctx->failure), earlier);
	}
	/* Without one there may be one more, or nothing to wait for. */
	if (rc != CB_OK)
		pthread_cond_broadcast(&gate.turn);
	return rc;
}

/* May a new connection be tried now? */
static bool may_make(void)
{
	if (gate.open >= gate.config.connections)
		return false;
	return gate.failures == 0 ||
	       (!gate.probing && cbi_clock_ms() >= gate.again_at);
}

/* A free connection that serves, under the lock; NULL when there is none. */
static struct cbi_db_conn *take_free(bool listen)
{
	bool other = listen && gate.config.listen;
	struct cbi_db_conn *conn;

	while ((conn = gate.free)) {
		if (other && gate.open < gate.config.connections)
			return NULL;
		gate.free = conn->next;
		if (!other && alive(conn))
			return conn;
		gate.open--;
		pthread_mutex_unlock(&gate.lock);
		cbi_db_disconnect(conn);
		pthread_mutex_lock(&gate.lock);
	}
	return NULL;
}

static int hold(struct cb_ctx *ctx, bool listen, struct cbi_db_conn **out)
{
	int64_t until = cbi_clock_ms() + CB_DB_GATE_MS;
	int earlier_code = ctx->code;

	if (ctx->deadline && ctx->deadline < until)
		until = ctx->deadline;
	for (;;) {
		if (!gate.config.conninfo)
			return cb_fail(ctx, CB_EAWAY, "no database is set up");
		*out = take_free(listen);
		if (*out)
			return CB_OK;
		if (may_make()) {
			int rc = make(ctx, listen, out);

			/* Full for all, but one of ours may come free. */
			if (rc != CB_EBUSY || gate.open == 0)
				return rc;
			if (earlier_code == CB_OK)
				cb_failure_clear(ctx);
		} else if (gate.failures &&
		           (gate.last_code == CB_EAWAY || gate.open == 0)) {
			return cb_fail(ctx, gate.last_code, "%s",
			               gate.last_why);
		}
		if (!wait_turn(until) && !gate.free)
			return cb_fail(ctx, CB_EBUSY,
			               "all %d database connections are busy",
			               gate.config.connections);
	}
}

int cbi_db_hold(struct cb_ctx *ctx, bool listen, struct cbi_db_conn **out)
{
	int rc;

	pthread_mutex_lock(&gate.lock);
	rc = hold(ctx, listen, out);
	pthread_mutex_unlock(&gate.lock);
	return rc;
}

void cbi_db_release(struct cbi_db_conn *conn)
{
	bool keep = !conn->doomed && PQstatus(conn->pg) == CONNECTION_OK &&
	            PQtransactionStatus(conn->pg) == PQTRANS_IDLE;

	if (!keep)
		cbi_db_disconnect(conn);
	pthread_mutex_lock(&gate.lock);
	if (keep) {
		conn->idle_since = cbi_clock_ms();
		conn->next = gate.free;
		gate.free = conn;
	} else {
		gate.open--;
	}
	pthread_cond_signal(&gate.turn);
	pthread_mutex_unlock(&gate.lock);
}
