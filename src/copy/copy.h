/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy.h - the one door to LMDB: the host's copy, bytes by key.
 *
 * A folder holds `current` (the name of the data file in use), that file and
 * `lock`.  One process of the host writes, any number reads, without locks:
 * a read is a look into mapped memory that all processes share.  What the
 * bytes mean is for whoever names the tables.
 *
 * Made after fork: LMDB's handles do not survive it (a call from a child
 * that inherited one is CB_EBUG).  One cbi_copy per folder and process,
 * shared by its threads; each lane has its own reader, and slots of readers
 * that were killed are cleared by the writer.
 *
 * Commits are synced without their last page: a killed process loses
 * nothing, a power cut at most the last transaction, and never the file's
 * order.  The follower sees the older number and goes on from there.
 *
 * Keys are 1 to 511 bytes, ordered as by memcmp.
 */
#ifndef CB_COPY_COPY_H
#define CB_COPY_COPY_H

#include "base/ctx.h"
#include "base/str.h"

#define CB_COPY_TABLES_MAX 16
#define CB_COPY_KEY_MAX 511

struct cbi_copy;
struct cbi_copy_txn;
struct cbi_copy_cursor;

struct cbi_copy_config {
	const char *dir;           /* made when absent and writer is set */
	const char *const *tables; /* names; functions take the index */
	size_t n;
	size_t map_size; /* bytes the file may grow to, sparse; 0: 16 GiB */
	bool writer;     /* this process may become the writer */
};

/*
 * Opens nothing that has to be there: without data, reads say CB_EAWAY until
 * some writer has made it.  Names and dir are copied.
 */
int cbi_copy_create(struct cb_ctx *ctx, const struct cbi_copy_config *config,
                    struct cbi_copy **out) CB_USED;
/* After every lane is finished. */
void cbi_copy_destroy(struct cbi_copy *copy);

/* Before cbi_lane_finish. */
void cbi_copy_lane_finish(struct cbi_lane *lane);

/* --- reading --- */

/*
 * Begins to read, or goes on in what this context began: one context sees one
 * state.  It ends with the context, or by cbi_copy_end.  CB_EAWAY while there
 * is no data.  Looks at most every 100 ms whether a new file was swapped in.
 */
int cbi_copy_begin(struct cb_ctx *ctx, struct cbi_copy *copy,
                   struct cbi_copy_txn **out) CB_USED;
/* Ends a read early (or aborts a write); its values and cursors are invalid
 * from here on.  For those who wait long or want to see a newer state. */
void cbi_copy_end(struct cbi_copy_txn *txn);

/*
 * The value, where it lies: valid until the transaction ends (in a write
 * also until the next put).  Returns CB_ENOENT, without noting a failure,
 * when there is none.
 */
int cbi_copy_get(struct cbi_copy_txn *txn, int table, const void *key,
                 size_t key_len, struct cbi_span *out) CB_USED;
/* The index of a table by its name, -1 for none. */
int cbi_copy_table(const struct cbi_copy *copy, const char *name);
/* How many keys the table has. */
size_t cbi_copy_count(struct cbi_copy_txn *txn, int table);

/*
 * Walks a table from the first key that is not less than the given one (from
 * the very first for length 0).  next is true as long as there is one more;
 * key and value lie in the map, not terminated.  Cursors live with ctx and
 * end with their transaction.
 */
int cbi_copy_seek(struct cb_ctx *ctx, struct cbi_copy_txn *txn, int table,
                  const void *key, size_t key_len,
                  struct cbi_copy_cursor **out) CB_USED;
bool cbi_copy_next(struct cbi_copy_cursor *cursor, struct cbi_span *key,
                   struct cbi_span *value);
/* The same backwards, from the last key that is less than the given one (the
 * very last for length 0); one cursor goes one way. */
int cbi_copy_seek_back(struct cb_ctx *ctx, struct cbi_copy_txn *txn, int table,
                       const void *key, size_t key_len,
                       struct cbi_copy_cursor **out) CB_USED;
bool cbi_copy_prev(struct cbi_copy_cursor *cursor, struct cbi_span *key,
                   struct cbi_span *value);

/* --- writing --- */

/*
 * Becomes the host's writer until destroy; CB_EBUSY when another process is.
 * *fresh is set when there is nothing that can be used (no file, or one
 * without these tables): then rebuild, fill and swap; what was there stays
 * until the swap.  Not fresh: write goes on in what is there.
 */
int cbi_copy_lock(struct cb_ctx *ctx, struct cbi_copy *copy,
                  bool *fresh) CB_USED;

/* One write at a time, by the thread that has the lock; aborted when ctx ends
 * before commit.  While a rebuild is under way it goes to the new file. */
int cbi_copy_write(struct cb_ctx *ctx, struct cbi_copy *copy,
                   struct cbi_copy_txn **out) CB_USED;
/* CB_ETOOBIG when the map is full (then rebuild with a larger one), CB_EINVAL
 * for a key of a bad length. */
int cbi_copy_put(struct cb_ctx *ctx, struct cbi_copy_txn *txn, int table,
                 const void *key, size_t key_len, const void *value,
                 size_t value_len) CB_USED;
/* CB_OK also when there was none. */
int cbi_copy_del(struct cb_ctx *ctx, struct cbi_copy_txn *txn, int table,
                 const void *key, size_t key_len) CB_USED;
/* Ends the transaction, also when it fails (CB_EBUG names LMDB's reason,
 * disk full among them; nothing is written then). */
int cbi_copy_commit(struct cb_ctx *ctx, struct cbi_copy_txn *txn) CB_USED;

/*
 * Builds a new file beside the one in use; readers keep that until swap, which
 * syncs the new one, renames it into place and removes the old (mapped by
 * whoever still reads it).  map_size 0 keeps the config's.
 */
int cbi_copy_rebuild(struct cb_ctx *ctx, struct cbi_copy *copy,
                     size_t map_size) CB_USED;
int cbi_copy_swap(struct cb_ctx *ctx, struct cbi_copy *copy) CB_USED;
/* Throws the new file away. */
void cbi_copy_rebuild_cancel(struct cbi_copy *copy);

/* Frees slots of readers whose process died; the writer calls it every
 * minute or so.  Returns how many. */
int cbi_copy_clean(struct cbi_copy *copy);

#endif
