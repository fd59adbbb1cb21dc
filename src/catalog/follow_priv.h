/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow_priv.h - the parts of the follower.
 */
#ifndef CB_CATALOG_FOLLOW_PRIV_H
#define CB_CATALOG_FOLLOW_PRIV_H

#include "base/board.h"
#include "base/buf.h"
#include "base/ctx.h"
#include "catalog/follow.h"
#include "catalog/layout.h"
#include "copy/copy.h"

struct cbi_follower {
	struct cbi_copy *copy;
	struct cbi_lane lane; /* the LISTEN's */
	struct cb_ctx ctx;
	bool listening;
	bool locked;
	bool loaded; /* state is what the copy holds */
	struct cbi_layout_state state;
	/* The board promises more than PostgreSQL has: that is another
	 * database, or an older state of this one. */
	bool backwards;
	uint64_t wanted; /* of the board, before this turn looked */
	size_t map_size;
	struct cb_buf scratch;
	int64_t state_ms, clean_ms, prune_ms, rotate_ms; /* when last done */
	int64_t token_ms;  /* how long tokens live, and their keys sign */
	int64_t cookie_ms; /* how long cookies live at most */
	/* Per board row: the quarantine that PostgreSQL knows of. */
	int64_t carried[CB_BOARD_PLUGINS];
};

/* What one look at PostgreSQL says. */
struct cbi_follow_news {
	char database[40];
	uint64_t number;
	uint64_t oldest; /* change row kept; 0 for none */
};

/* follow_apply.c: all in the snapshot that is open.  A look shows the board
 * which schema there is; CB_EAWAY for one that this release cannot serve. */
int cbi_follow_look(struct cb_ctx *ctx, struct cbi_follow_news *out) CB_USED;
int cbi_follow_build(struct cb_ctx *ctx, struct cbi_follower *f,
                     const struct cbi_follow_news *news) CB_USED;
int cbi_follow_apply(struct cb_ctx *ctx, struct cbi_follower *f,
                     const struct cbi_follow_news *news) CB_USED;
int cbi_follow_store_state(struct cb_ctx *ctx, struct cbi_follower *f) CB_USED;

/* follow_registry.c */
int cbi_follow_registry(struct cb_ctx *ctx, struct cbi_follower *f,
                        struct cbi_copy_txn *txn) CB_USED;
int cbi_follow_quarantine(struct cb_ctx *ctx, struct cbi_follower *f) CB_USED;

/* follow_keys.c: puts keys and personal tokens; makes the keys that are due
 * (the first ones, too) and removes those whose time is over. */
int cbi_follow_keys(struct cb_ctx *ctx, struct cbi_copy_txn *txn) CB_USED;
int cbi_follow_rotate(struct cb_ctx *ctx, const struct cbi_follower *f) CB_USED;
/* follow_revoked.c: all of it, and what came with the changes of a range. */
int cbi_follow_revoked_all(struct cb_ctx *ctx,
                           struct cbi_copy_txn *txn) CB_USED;
int cbi_follow_revoked(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                       const char *const range[2]) CB_USED;
/* Takes out sessions and revocations whose time is over. */
int cbi_follow_clean_sessions(struct cb_ctx *ctx) CB_USED;

#endif
