/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns.c - sharing sets of columns between threads.
 *
 * Atomics alone: `current` is swapped by whoever holds `busy`; a reader puts
 * what he reads into a slot of `held`, looks whether it is still current, and
 * may then read it until he clears the slot.  Sets that were replaced are
 * freed by the next builder that finds them in no slot.
 */
#include "catalog/columns.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "catalog/columns_build.h"
#include "copy/copy.h"

#define HOLDERS 128
#define RETIRED 8
/* Reading everything may take this part of the time: one in so many.  What is
 * made from the set before has no such limit: asking PostgreSQL costs more. */
#define SHARE 20
/* So long at most one waits for a builder, and who must have a set. */
#define WAIT_MS 50
#define MUST_WAIT_MS 3000

/* One per process, as there is one copy. */
static _Atomic(struct cbi_columns *) current;
static _Atomic(struct cbi_columns *) held[HOLDERS];
static atomic_flag busy = ATOMIC_FLAG_INIT;
/* These two are the builder's, who holds `busy`. */
static struct cbi_columns *retired[RETIRED];
static int64_t not_before;

static void release(void *slot)
{
	atomic_store((_Atomic(struct cbi_columns *) *)slot, NULL);
}

/* Takes hold of the current set until ctx ends. */
static const struct cbi_columns *hold(struct cb_ctx *ctx)
{
	struct cbi_columns *found, *none;

	for (int i = 0; i < HOLDERS; i++) {
		found = atomic_load(&current);
		none = NULL;
		if (!found)
			return NULL;
		if (!atomic_compare_exchange_strong(&held[i], &none, found))
			continue;
		/* Still current after it was shown: nobody frees it now. */
		while (atomic_load(&current) != found) {
			found = atomic_load(&current);
			atomic_store(&held[i], found);
		}
		if (cb_defer(ctx, release, &held[i]) < 0)
			return NULL;
		return found;
	}
	return NULL;
}

static bool is_held(const struct cbi_columns *columns)
{
	for (int i = 0; i < HOLDERS; i++)
		if (atomic_load(&held[i]) == columns)
			return true;
	return false;
}

/* Frees replaced sets; false when there is no room for another. */
static bool sweep(void)
{
	bool room = false;

	for (int i = 0; i < RETIRED; i++) {
		if (retired[i] && !is_held(retired[i])) {
			cbi_columns_destroy(retired[i]);
			retired[i] = NULL;
		}
		room = room || !retired[i];
	}
	return room;
}

static void retire(struct cbi_columns *columns)
{
	for (int i = 0; columns && i < RETIRED; i++) {
		if (!retired[i]) {
			retired[i] = columns;
			return;
		}
	}
}

/* From the set before, or (with `all`) from all rows; on memory of its own:
 * the request's may be near its limit. */
static struct cbi_columns *build(struct cb_ctx *reader,
                                 struct cbi_copy_txn *txn,
                                 const struct cbi_layout_state *state,
                                 const struct cbi_columns *old)
{
	struct cbi_columns *columns = NULL;
	struct cbi_copy_cursor *cursor;
	unsigned char since[8] = { 0 };
	struct cbi_lane lane;
	struct cb_ctx ctx;
	int rc;

	if (old)
		cbi_layout_number(old->number + 1, since);
	if (cbi_copy_seek(reader, txn, old ? CBI_TABLE_RECENT : CBI_TABLE_ROW,
	                  since, old ? sizeof(since) : 0, &cursor) < 0)
		return NULL;
	cbi_lane_init(&lane, CB_ARENA_ENGINE_MAX);
	cbi_ctx_init(&ctx, &lane);
	rc = old ? cbi_columns_next(&ctx, txn, cursor, old, state, &columns)
	         : cbi_columns_create(&ctx, txn, cursor, state, &columns);
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return rc < 0 ? NULL : columns;
}

static bool is_of(const struct cbi_columns *columns,
                  const struct cbi_layout_state *state)
{
	return columns && columns->number == state->number &&
	       strcmp(columns->database, state->database) == 0;
}

/* Waits for whoever builds; true when it is the caller's turn. */
static bool take_turn(struct cb_ctx *ctx, bool must)
{
	struct timespec pause = { 0, 1000000 };

	for (int tries = must ? MUST_WAIT_MS : WAIT_MS; tries > 0; tries--) {
		if (!atomic_flag_test_and_set(&busy))
			return true;
		if (cb_time_left(ctx) == 0)
			break;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* The next set: nobody frees `current` while we are the builder. */
static struct cbi_columns *make(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                                const struct cbi_layout_state *state, bool must)
{
	const struct cbi_columns *old = atomic_load(&current);
	bool follows = old && strcmp(old->database, state->database) == 0 &&
	               old->number < state->number;
	struct cbi_columns *made = follows ? build(ctx, txn, state, old) : NULL;
	int64_t began = cbi_clock_ms();

	if (made || (!must && began < not_before))
		return made;
	made = build(ctx, txn, state, NULL);
	not_before = cbi_clock_ms() + (cbi_clock_ms() - began) * SHARE;
	return made;
}

static void rebuild(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                    const struct cbi_layout_state *state, bool must)
{
	struct cbi_columns *made;

	if (!take_turn(ctx, must))
		return;
	/* Somebody else may have made it meanwhile. */
	if (!is_of(atomic_load(&current), state) && sweep()) {
		made = make(ctx, txn, state, must);
		if (made)
			retire(atomic_exchange(&current, made));
	}
	atomic_flag_clear(&busy);
}

const struct cbi_columns *cbi_columns_look(struct cb_ctx *ctx,
                                           struct cbi_copy_txn *txn, bool must)
{
	struct cbi_layout_state state;
	const struct cbi_columns *columns;

	if (cbi_layout_state_get(txn, &state) < 0)
		return NULL;
	columns = hold(ctx);
	if (is_of(columns, &state))
		return columns;
	/* Who sees an older state than the others does not set them back. */
	if (!must && columns && columns->number > state.number &&
	    strcmp(columns->database, state.database) == 0)
		return NULL;
	rebuild(ctx, txn, &state, must);
	columns = hold(ctx);
	return is_of(columns, &state) ? columns : NULL;
}
