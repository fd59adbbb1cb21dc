/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layout.h - the bytes in the host's copy.  Private to catalog/: the follower
 * writes them, the views read them.
 *
 *   meta     "state"              struct cbi_layout_state, as it lies
 *   entity   ref                  head, etag, served JSON
 *   uid      uid                  ref
 *   id       entity.id, 8 bytes   ref
 *   row      kind\0name\0space    packed columns (lower case in the key)
 *   recent   number, id           ref
 *
 * A file belongs to one host, so numbers lie in its byte order but where they
 * are keys, which are big-endian.  Texts have two bytes of length before and
 * NUL behind them: they are used where they lie.  Another CBI_LAYOUT_FORMAT
 * makes the follower build the copy anew.
 */
#ifndef CB_CATALOG_LAYOUT_H
#define CB_CATALOG_LAYOUT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "catalog/catalog.h"

#define CBI_LAYOUT_FORMAT 6

struct cbi_copy_txn;

struct cbi_layout_state {
	uint32_t format;
	char database[40];  /* catalog_state.id */
	uint64_t number;    /* the change this copy holds */
	uint64_t registry;  /* the last change of plugin or key */
	int64_t level_wall; /* when it was last level with PostgreSQL */
};

/* CB_ENOENT, not noted, for a copy without a state of this format. */
int cbi_layout_state_get(struct cbi_copy_txn *txn,
                         struct cbi_layout_state *out) CB_USED;

/* What PostgreSQL has of an entity and the copy keeps. */
struct cbi_layout_entity {
	int64_t id;
	uint64_t number;
	int64_t updated_ms; /* since the epoch */
	const char *ref, *uid, *etag;
	struct cbi_span body;
};

/* Writes it in place of what the copy has of this id. */
int cbi_layout_put(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                   const struct cbi_layout_entity *entity,
                   struct cb_buf *scratch) CB_USED;
/* CB_OK also when there is none. */
int cbi_layout_delete(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                      int64_t id) CB_USED;

/* What table row has of it, in place of what buf holds. */
int cbi_layout_pack(struct cb_ctx *ctx, const struct cbi_layout_entity *entity,
                    struct cb_buf *buf) CB_USED;

/* A record of table entity; points into it. */
struct cbi_layout_head {
	uint64_t number;
	int64_t id;
	int64_t updated_ms;
	const char *uid;  /* 36 letters */
	const char *etag; /* with quotes */
	struct cbi_span body;
};
void cbi_layout_read(struct cbi_span record, struct cbi_layout_head *out);

/* Columns with any number of values per entity. */
enum cbi_layout_list {
	CBI_LIST_TYPE,
	CBI_LIST_LIFECYCLE,
	CBI_LIST_OWNER,
	CBI_LIST_TAG,
	CBI_LISTS
};

/* A record of table row; texts lie in it. */
struct cbi_layout_row {
	uint64_t number;
	int64_t updated_ms;
	const char *lists[CBI_LISTS]; /* for cbi_layout_value */
	unsigned counts[CBI_LISTS];
	const char *ref;
	const char *kind, *space, *name; /* as written */
	const char *title, *description; /* "" for none */
	const char *display;             /* spec.profile.displayName, or "" */
	const char *uid;
};
void cbi_layout_row_read(struct cbi_span record, struct cbi_layout_row *out);

/* The value at *at, which moves to the next; *folded is the search value. */
const char *cbi_layout_value(const char **at, const char **folded);

/* "kind:space/name" as a row's key; its length, 0 when it is not a ref or too
 * long. */
size_t cbi_layout_row_key(const char *ref, char out[CB_REF_MAX + 1]);

void cbi_layout_number(uint64_t number, unsigned char out[8]);

#endif
