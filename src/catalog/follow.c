/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow.c - the follower's turn: see follow.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "catalog/follow_priv.h"
#include "db/db.h"

/* The copy's own note of its age is for portals that start without
 * PostgreSQL; a commit each 250 ms would be waste. */
#define STATE_EVERY_MS 1000
#define CLEAN_EVERY_MS 60000
#define PRUNE_EVERY_MS 3600000
/* Of tokens, unless it is told otherwise. */
#define TOKEN_MS 3600000
#define COOKIE_MS 86400000
#define ROTATE_EVERY_MS 30000

struct cbi_follower *cbi_follower_create(struct cbi_copy *copy)
{
	struct cbi_follower *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->copy = copy;
	f->token_ms = TOKEN_MS;
	f->cookie_ms = COOKIE_MS;
	cbi_lane_init(&f->lane, CB_ARENA_REQUEST_MAX);
	cbi_buf_init(&f->scratch, CB_YAML_BYTES_MAX);
	return f;
}

void cbi_follower_lives(struct cbi_follower *follower, int64_t token_ms,
                        int64_t cookie_ms)
{
	follower->token_ms = token_ms;
	follower->cookie_ms = cookie_ms;
}

static void stop_listening(struct cbi_follower *f)
{
	if (!f->listening)
		return;
	f->listening = false;
	cbi_ctx_finish(&f->ctx);
	cbi_db_lane_finish(&f->lane);
}

void cbi_follower_destroy(struct cbi_follower *follower)
{
	if (!follower)
		return;
	stop_listening(follower);
	cbi_lane_finish(&follower->lane);
	cbi_buf_finish(&follower->scratch);
	free(follower);
}

/* Passes on why the listening side failed. */
static int listen_failed(struct cb_ctx *ctx, struct cbi_follower *f, int rc)
{
	cb_fail(ctx, rc, "%s", cb_failure(&f->ctx));
	stop_listening(f);
	return rc;
}

static int start_listening(struct cb_ctx *ctx, struct cbi_follower *f)
{
	int rc;

	cbi_ctx_init(&f->ctx, &f->lane);
	f->listening = true;
	rc = cbi_db_listen(&f->ctx, "callboard");
	return rc < 0 ? listen_failed(ctx, f, rc) : CB_OK;
}

static int wait_for_news(struct cb_ctx *ctx, struct cbi_follower *f,
                         int timeout_ms)
{
	bool got;
	int rc;

	if (!f->listening)
		return start_listening(ctx, f);
	rc = cbi_db_wait_notify(&f->ctx, timeout_ms, &got);
	return rc < 0 ? listen_failed(ctx, f, rc) : CB_OK;
}

static int take_lock(struct cb_ctx *ctx, struct cbi_follower *f)
{
	bool fresh;
	int rc = cbi_copy_lock(ctx, f->copy, &fresh);

	if (rc == CB_EBUSY)
		cb_failure_clear(ctx);
	f->locked = rc == CB_OK;
	return rc;
}

/* What the copy held when this process became the follower. */
static int load_state(struct cb_ctx *ctx, struct cbi_follower *f)
{
	struct cbi_copy_txn *txn;
	int rc = cbi_copy_begin(ctx, f->copy, &txn);

	memset(&f->state, 0, sizeof(f->state));
	if (rc == CB_EAWAY) { /* there is no data yet */
		cb_failure_clear(ctx);
		f->loaded = true;
		return CB_OK;
	}
	if (rc < 0)
		return rc;
	if (cbi_layout_state_get(txn, &f->state) < 0)
		memset(&f->state, 0, sizeof(f->state));
	cbi_copy_end(txn);
	f->loaded = true;
	return CB_OK;
}

/* Can the copy be brought level by change rows? */
static bool continues(const struct cbi_follower *f,
                      const struct cbi_follow_news *news)
{
	if (f->state.format != CBI_LAYOUT_FORMAT ||
	    strcmp(f->state.database, news->database) != 0 ||
	    f->state.number > news->number)
		return false;
	return f->state.number == news->number ||
	       (news->oldest && news->oldest <= f->state.number + 1);
}

/* The highest number that this host's processes know of. */
static uint64_t promised_by(const struct cbi_board *board)
{
	uint64_t most = atomic_load(&board->wanted);
	uint64_t registry = atomic_load(&board->registry_number);

	return registry > most ? registry : most;
}

static int follow_in_snapshot(struct cb_ctx *ctx, struct cbi_follower *f,
                              uint64_t promised)
{
	struct cbi_follow_news news;
	int rc = cbi_follow_look(ctx, &news);

	if (rc < 0)
		return rc;
	f->backwards = promised > news.number;
	if (!continues(f, &news))
		rc = cbi_follow_build(ctx, f, &news);
	else if (f->state.number < news.number)
		rc = cbi_follow_apply(ctx, f, &news);
	/* A full map: the same content in a larger one. */
	if (rc == CB_ETOOBIG && f->map_size < (size_t)64 << 30) {
		cb_failure_clear(ctx);
		f->map_size = f->map_size ? f->map_size * 2 : (size_t)32 << 30;
		rc = cbi_follow_build(ctx, f, &news);
	}
	return rc;
}

static int bring_level(struct cb_ctx *ctx, struct cbi_follower *f)
{
	/* Before the snapshot: whatever was promised is in it. */
	uint64_t promised = promised_by(cbi_board());
	int rc;

	f->wanted = atomic_load(&cbi_board()->wanted);
	rc = cbi_db_begin_snapshot(ctx);
	if (rc < 0)
		return rc;
	rc = follow_in_snapshot(ctx, f, promised);
	if (rc == CB_OK)
		rc = cbi_db_commit(ctx);
	else
		cbi_db_rollback(ctx);
	return rc;
}

static void raise_board(const struct cbi_follower *f, int64_t began)
{
	struct cbi_board *board = cbi_board();
	uint64_t wanted = f->wanted;

	/* Not raised only: another database's numbers may be smaller. */
	atomic_store(&board->copy_number, f->state.number);
	if (f->backwards) {
		/* Whoever raises it meanwhile knows of the new ones. */
		atomic_compare_exchange_strong(&board->wanted, &wanted,
		                               f->state.number);
		atomic_store(&board->registry_number, f->state.registry);
	} else {
		cbi_board_raise(&board->registry_number, f->state.registry);
	}
	atomic_store(&board->level_wall, f->state.level_wall);
	atomic_store(&board->level_ms, began);
}

static int keep_house(struct cb_ctx *ctx, struct cbi_follower *f, int64_t now)
{
	static const struct cbi_db_stmt prune = {
		"catalog_prune",
		"delete from callboard.change where at < "
		"clock_timestamp() - interval '1 day'",
	};
	int rc;

	if (now - f->state_ms >= STATE_EVERY_MS) {
		rc = cbi_follow_store_state(ctx, f);
		if (rc < 0)
			return rc;
		f->state_ms = now;
	}
	if (now - f->clean_ms >= CLEAN_EVERY_MS) {
		cbi_copy_clean(f->copy);
		f->clean_ms = now;
	}
	if (now - f->prune_ms >= PRUNE_EVERY_MS) {
		rc = cbi_db_query(ctx, &prune, NULL, 0, NULL);
		if (rc == CB_OK)
			rc = cbi_follow_clean_sessions(ctx);
		if (rc < 0)
			return rc;
		f->prune_ms = now;
	}
	if (now - f->rotate_ms >= ROTATE_EVERY_MS) {
		rc = cbi_follow_rotate(ctx, f);
		if (rc < 0)
			return rc;
		f->rotate_ms = now;
	}
	return cbi_follow_quarantine(ctx, f);
}

int cbi_follow_once(struct cb_ctx *ctx, struct cbi_follower *f, int timeout_ms)
{
	int64_t began;
	int rc = CB_OK;

	if (!f->locked)
		rc = take_lock(ctx, f);
	if (rc == CB_OK)
		rc = wait_for_news(ctx, f, timeout_ms);
	if (rc == CB_OK && !f->loaded) {
		rc = load_state(ctx, f);
		if (rc == CB_OK)
			rc = cbi_follow_rotate(ctx, f);
		/* The schema may still be on its way. */
		if (rc < 0)
			f->loaded = false;
	}
	if (rc < 0)
		return rc;
	began = cbi_clock_ms();
	rc = bring_level(ctx, f);
	if (rc < 0) {
		/* What the copy holds is looked up again: a commit that
		 * failed may or may not have been written. */
		f->loaded = false;
		return rc;
	}
	f->state.level_wall = cbi_clock_wall_ms();
	raise_board(f, began);
	return keep_house(ctx, f, began);
}
