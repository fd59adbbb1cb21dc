/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns.c - sharing sets of columns between threads, and filters on them.
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
/* Building may take this part of the time: one in so many. */
#define SHARE 20
/* So long at most somebody who must have a set waits for its builder. */
#define WAIT_MS 500

/* One per process, as there is one copy. */
static _Atomic(struct cbi_columns *) current;
static _Atomic(struct cbi_columns *) held[HOLDERS];
static atomic_flag busy = ATOMIC_FLAG_INIT;
/* These two are the builder's, who holds `busy`. */
static struct cbi_columns *retired[RETIRED];
static _Atomic int64_t not_before;

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

/* Builds on memory of its own: the request's may be near its limit. */
static struct cbi_columns *build(struct cb_ctx *reader,
                                 struct cbi_copy_txn *txn,
                                 const struct cbi_layout_state *state)
{
	struct cbi_columns *columns = NULL;
	struct cbi_copy_cursor *cursor;
	struct cbi_lane lane;
	struct cb_ctx ctx;

	if (cbi_copy_seek(reader, txn, CBI_TABLE_ROW, NULL, 0, &cursor) < 0)
		return NULL;
	cbi_lane_init(&lane, CB_ARENA_ENGINE_MAX);
	cbi_ctx_init(&ctx, &lane);
	if (cbi_columns_create(&ctx, txn, cursor, state, &columns) < 0)
		columns = NULL;
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return columns;
}

static bool is_of(const struct cbi_columns *columns,
                  const struct cbi_layout_state *state)
{
	return columns && columns->number == state->number &&
	       strcmp(columns->database, state->database) == 0;
}

/* Waits for whoever builds; true when it is the caller's turn. */
static bool take_turn(bool must)
{
	struct timespec pause = { 0, 1000000 };

	for (int tries = must ? WAIT_MS : 1; tries > 0; tries--) {
		if (!atomic_flag_test_and_set(&busy))
			return true;
		if (must)
			nanosleep(&pause, NULL);
	}
	return false;
}

static void rebuild(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                    const struct cbi_layout_state *state, bool must)
{
	int64_t began = cbi_clock_ms();
	struct cbi_columns *made;

	if ((!must && began < atomic_load(&not_before)) || !take_turn(must))
		return;
	/* Somebody else may have made it meanwhile. */
	if (is_of(atomic_load(&current), state)) {
		atomic_flag_clear(&busy);
		return;
	}
	if (sweep()) {
		made = build(ctx, txn, state);
		if (made)
			retire(atomic_exchange(&current, made));
		atomic_store(&not_before,
		             cbi_clock_ms() + (cbi_clock_ms() - began) * SHARE);
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
	rebuild(ctx, txn, &state, must);
	columns = hold(ctx);
	return is_of(columns, &state) ? columns : NULL;
}

/* --- filters --- */

int cbi_columns_place(const char *key)
{
	static const struct {
		const char *key;
		int place;
	} places[] = {
		{ "kind", CBI_COLUMN_AT_KIND },
		{ "metadata.namespace", CBI_COLUMN_AT_SPACE },
		{ "spec.type", CBI_LIST_TYPE },
		{ "spec.lifecycle", CBI_LIST_LIFECYCLE },
		{ "relations.ownedby", CBI_LIST_OWNER },
		{ "metadata.tags", CBI_LIST_TAG },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strcmp(places[i].key, key) == 0)
			return places[i].place;
	return -1;
}

/* "Exists" also means null values, which lists do not hold. */
bool cbi_columns_can(const struct cbi_filter *filter)
{
	int place;

	if (!filter)
		return true;
	for (size_t i = 0; i < filter->child_count; i++)
		if (!cbi_columns_can(filter->children[i]))
			return false;
	if (!filter->key)
		return true;
	place = cbi_columns_place(filter->key);
	return place >= 0 &&
	       (filter->op != CBI_FILTER_EXISTS || place >= CBI_LISTS);
}

static bool value_fits(const struct cbi_filter *leaf, const char *folded)
{
	size_t len;

	if (leaf->op == CBI_FILTER_EXISTS)
		return true;
	if (leaf->op == CBI_FILTER_PREFIX) {
		len = strlen(leaf->values[0]);
		return strncmp(folded, leaf->values[0], len) == 0;
	}
	for (size_t i = 0; i < leaf->value_count; i++)
		if (strcmp(folded, leaf->values[i]) == 0)
			return true;
	return false;
}

static void match_rows(const struct cbi_columns *c, const bool *fits, int place,
                       uint64_t *set)
{
	const uint32_t *one = place == CBI_COLUMN_AT_KIND ? c->kind : c->space;
	const uint32_t *at, *list;

	if (place >= CBI_LISTS) {
		for (uint32_t i = 0; i < c->n; i++)
			set[i / 64] |= (uint64_t)fits[one[i]] << (i % 64);
		return;
	}
	at = c->at[place];
	list = c->list[place];
	for (uint32_t i = 0; i < c->n; i++)
		for (uint32_t j = at[i]; j < at[i + 1]; j++)
			set[i / 64] |= (uint64_t)fits[list[j]] << (i % 64);
}

static int match_leaf(struct cb_ctx *ctx, const struct cbi_columns *c,
                      const struct cbi_filter *leaf, uint64_t *set)
{
	bool *fits = cb_alloc(ctx, c->value_count + 1);

	if (!fits)
		return CB_ENOMEM;
	for (uint32_t i = 0; i < c->value_count; i++)
		fits[i] = value_fits(leaf, c->folded[i]);
	match_rows(c, fits, cbi_columns_place(leaf->key), set);
	return CB_OK;
}

static void fill(const struct cbi_columns *c, uint64_t *set)
{
	memset(set, 0xff, c->words * sizeof(*set));
	if (c->n % 64)
		set[c->words - 1] = ((uint64_t)1 << (c->n % 64)) - 1;
}

static int match_group(struct cb_ctx *ctx, const struct cbi_columns *c,
                       const struct cbi_filter *filter, uint64_t *set)
{
	uint64_t *child;
	int rc;

	if (filter->op == CBI_FILTER_ALL)
		fill(c, set);
	for (size_t i = 0; i < filter->child_count; i++) {
		rc = cbi_columns_match(ctx, c, filter->children[i], &child);
		if (rc < 0)
			return rc;
		for (uint32_t w = 0; w < c->words; w++) {
			if (filter->op == CBI_FILTER_ALL)
				set[w] &= child[w];
			else
				set[w] |= child[w];
		}
	}
	return CB_OK;
}

static int match_not(struct cb_ctx *ctx, const struct cbi_columns *c,
                     const struct cbi_filter *filter, uint64_t *set)
{
	uint64_t *child;
	int rc = cbi_columns_match(ctx, c, filter->children[0], &child);

	fill(c, set);
	for (uint32_t w = 0; rc == CB_OK && w < c->words; w++)
		set[w] &= ~child[w];
	return rc;
}

int cbi_columns_match(struct cb_ctx *ctx, const struct cbi_columns *columns,
                      const struct cbi_filter *filter, uint64_t **out)
{
	uint64_t *set = cb_alloc(ctx, (columns->words + 1) * sizeof(*set));
	int rc = CB_OK;

	if (!set)
		return CB_ENOMEM;
	if (!filter)
		fill(columns, set);
	else if (filter->key)
		rc = match_leaf(ctx, columns, filter, set);
	else if (filter->op == CBI_FILTER_NOT)
		rc = match_not(ctx, columns, filter, set);
	else
		rc = match_group(ctx, columns, filter, set);
	*out = set;
	return rc;
}
