/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read.c - looking into the copy.
 */
#include "copy/copy_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static void end_with_ctx(void *ptr)
{
	struct cbi_copy_reader *reader = ptr;

	reader->noted = false;
	cbi_copy_end(&reader->txn);
}

void cbi_copy_close_cursors(struct cbi_copy_txn *txn)
{
	for (; txn->cursors; txn->cursors = txn->cursors->next) {
		mdb_cursor_close(txn->cursors->mdb);
		txn->cursors->mdb = NULL;
	}
}

void cbi_copy_end(struct cbi_copy_txn *txn)
{
	if (!txn->open)
		return;
	cbi_copy_close_cursors(txn);
	txn->open = false;
	if (!txn->writes) {
		mdb_txn_reset(txn->mdb);
		return;
	}
	mdb_txn_abort(txn->mdb);
	txn->mdb = NULL;
	txn->copy->writing = NULL;
}

/* Lets go of the file the reader looked into. */
static void leave(struct cbi_copy_reader *reader)
{
	if (reader->txn.mdb)
		mdb_txn_abort(reader->txn.mdb);
	cbi_copy_env_drop(reader->txn.env);
	memset(&reader->txn, 0, sizeof(reader->txn));
}

void cbi_copy_lane_finish(struct cbi_lane *lane)
{
	struct cbi_copy_reader *reader = lane->copy;

	if (!reader)
		return;
	cbi_copy_end(&reader->txn);
	leave(reader);
	free(reader);
	lane->copy = NULL;
}

/* One thread looks at the folder every now and then. */
static void look(struct cbi_copy *copy)
{
	int64_t at = atomic_load(&copy->look_at), now = cbi_clock_ms();

	if (now >= at && atomic_compare_exchange_strong(&copy->look_at, &at,
	                                                now + CB_COPY_LOOK_MS))
		cbi_copy_refresh(copy);
}

/* The reader goes over to the file in use. */
static int enter(struct cb_ctx *ctx, struct cbi_copy_reader *reader,
                 struct cbi_copy *copy)
{
	struct cbi_copy_env *env;

	leave(reader);
	pthread_mutex_lock(&copy->lock);
	env = copy->current;
	if (env)
		atomic_fetch_add(&env->refs, 1);
	reader->generation = atomic_load(&copy->generation);
	pthread_mutex_unlock(&copy->lock);
	if (!env)
		return cb_fail(ctx, CB_EAWAY, "this host has no copy yet");
	reader->txn.copy = copy;
	reader->txn.env = env;
	return CB_OK;
}

static int renew(struct cb_ctx *ctx, struct cbi_copy_txn *txn)
{
	int rc;

	if (txn->mdb)
		rc = mdb_txn_renew(txn->mdb);
	else
		rc = mdb_txn_begin(txn->env->mdb, NULL, MDB_RDONLY, &txn->mdb);
	if (rc == MDB_SUCCESS)
		return CB_OK;
	return cb_fail(ctx, rc == MDB_READERS_FULL ? CB_EBUSY : CB_EAWAY,
	               "reading the copy: %s", mdb_strerror(rc));
}

int cbi_copy_begin(struct cb_ctx *ctx, struct cbi_copy *copy,
                   struct cbi_copy_txn **out)
{
	struct cbi_copy_reader *reader = ctx->lane->copy;
	int rc;

	if (copy->pid != getpid())
		return cb_fail(ctx, CB_EBUG, "the copy was opened before fork");
	if (!reader) {
		reader = calloc(1, sizeof(*reader));
		if (!reader)
			return cb_fail(ctx, CB_ENOMEM, "no memory to read");
		ctx->lane->copy = reader;
	}
	if (reader->txn.open && reader->txn.copy == copy) {
		*out = &reader->txn;
		return CB_OK;
	}
	look(copy);
	cbi_copy_end(&reader->txn);
	if (reader->txn.copy != copy ||
	    reader->generation != atomic_load(&copy->generation)) {
		rc = enter(ctx, reader, copy);
		if (rc != CB_OK)
			return rc;
	}
	if (!reader->noted) {
		rc = cb_defer(ctx, end_with_ctx, reader);
		if (rc != CB_OK)
			return rc;
		reader->noted = true;
	}
	rc = renew(ctx, &reader->txn);
	if (rc != CB_OK)
		return rc;
	reader->txn.open = true;
	*out = &reader->txn;
	return CB_OK;
}

int cbi_copy_get(struct cbi_copy_txn *txn, int table, const void *key,
                 size_t key_len, struct cbi_span *out)
{
	MDB_val k = { key_len, (void *)(uintptr_t)key }, v;

	assert(txn->open && table >= 0 && (size_t)table < txn->copy->n);
	/* Whatever keeps LMDB from finding it, the caller has not got it. */
	if (mdb_get(txn->mdb, txn->env->dbi[table], &k, &v) != MDB_SUCCESS)
		return CB_ENOENT;
	out->ptr = v.mv_data;
	out->len = v.mv_size;
	return CB_OK;
}

size_t cbi_copy_count(struct cbi_copy_txn *txn, int table)
{
	MDB_stat st;

	assert(txn->open && table >= 0 && (size_t)table < txn->copy->n);
	if (mdb_stat(txn->mdb, txn->env->dbi[table], &st) != MDB_SUCCESS)
		return 0;
	return st.ms_entries;
}

int cbi_copy_seek(struct cb_ctx *ctx, struct cbi_copy_txn *txn, int table,
                  const void *key, size_t key_len, struct cbi_copy_cursor **out)
{
	struct cbi_copy_cursor *cursor = cb_alloc(ctx, sizeof(*cursor));
	int rc;

	assert(txn->open && table >= 0 && (size_t)table < txn->copy->n);
	if (!cursor)
		return CB_ENOMEM;
	if (key_len > CB_COPY_KEY_MAX)
		return cb_fail(ctx, CB_EINVAL, "key of %zu bytes", key_len);
	cursor->from.mv_size = key_len;
	cursor->from.mv_data = cb_strndup(ctx, key, key_len);
	if (!cursor->from.mv_data)
		return CB_ENOMEM;
	rc = mdb_cursor_open(txn->mdb, txn->env->dbi[table], &cursor->mdb);
	if (rc != MDB_SUCCESS)
		return cb_fail(ctx, CB_EBUG, "reading the copy: %s",
		               mdb_strerror(rc));
	cursor->next = txn->cursors;
	txn->cursors = cursor;
	*out = cursor;
	return CB_OK;
}

int cbi_copy_seek_back(struct cb_ctx *ctx, struct cbi_copy_txn *txn, int table,
                       const void *key, size_t key_len,
                       struct cbi_copy_cursor **out)
{
	return cbi_copy_seek(ctx, txn, table, key, key_len, out);
}

static bool step(struct cbi_copy_cursor *cursor, MDB_cursor_op op,
                 struct cbi_span *key, struct cbi_span *value)
{
	MDB_val k = cursor->from, v;

	cursor->started = true;
	if (mdb_cursor_get(cursor->mdb, &k, &v, op) != MDB_SUCCESS)
		return false;
	*key = (struct cbi_span){ k.mv_data, k.mv_size };
	*value = (struct cbi_span){ v.mv_data, v.mv_size };
	return true;
}

bool cbi_copy_next(struct cbi_copy_cursor *cursor, struct cbi_span *key,
                   struct cbi_span *value)
{
	if (!cursor->mdb)
		return false;
	if (cursor->started)
		return step(cursor, MDB_NEXT, key, value);
	return step(cursor, cursor->from.mv_size ? MDB_SET_RANGE : MDB_FIRST,
	            key, value);
}

bool cbi_copy_prev(struct cbi_copy_cursor *cursor, struct cbi_span *key,
                   struct cbi_span *value)
{
	if (!cursor->mdb)
		return false;
	/* Before the first that is not less; or the last, if all are. */
	if (!cursor->started &&
	    (!cursor->from.mv_size || !step(cursor, MDB_SET_RANGE, key, value)))
		return step(cursor, MDB_LAST, key, value);
	return step(cursor, MDB_PREV, key, value);
}

int cbi_copy_table(const struct cbi_copy *copy, const char *name)
{
	for (size_t i = 0; i < copy->n; i++)
		if (strcmp(copy->tables[i], name) == 0)
			return (int)i;
	return -1;
}
