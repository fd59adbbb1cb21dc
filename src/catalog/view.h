/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view.h - single entities, as bytes that are ready to send.
 *
 * From the copy they are sent from where they lie: no parsing, no memory.
 * What the scope may not see does not exist.  With scope.as_of set, what was
 * served then comes from PostgreSQL.
 */
#ifndef CB_CATALOG_VIEW_H
#define CB_CATALOG_VIEW_H

#include "base/str.h"
#include "catalog/catalog.h"
#include "catalog/fresh.h"

/* Lives with the context (from the copy: with its transaction). */
struct cbi_served {
	const char *body; /* NULL: there is none (in lists) */
	size_t len;
	const char *etag; /* as sent, with quotes */
	const char *uid;
	uint64_t number; /* the change that wrote it */
	int64_t updated_ms;
};

/* ref must be canonical (lower case, all three parts).  CB_ENOENT. */
int cbi_view_by_ref(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                    const char *ref, struct cbi_served *out,
                    struct cbi_fresh *fresh) CB_USED;
/* CB_ENOENT also for what is not a UUID. */
int cbi_view_by_uid(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                    const char *uid, struct cbi_served *out,
                    struct cbi_fresh *fresh) CB_USED;

/* n answers in the order of refs; body NULL for unknown ones.  Refs are
 * compared as they are. */
int cbi_view_by_refs(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                     const char *const *refs, size_t n, struct cbi_served *out,
                     struct cbi_fresh *fresh) CB_USED;

/* Does an entity fit a predicate (struct cbi_scope, where)?  Whatever ctx's
 * scope sees. */
int cbi_view_fits(struct cb_ctx *ctx, const char *where,
                  const struct cbi_served *served, bool *out) CB_USED;

/*
 * The canonical ref of three parts from an URL, in lower case and in ctx;
 * CB_ENOENT (nothing can be named so) when it would be longer than
 * CB_REF_MAX or a part is empty.
 */
int cbi_view_ref(struct cb_ctx *ctx, const char *kind, const char *space,
                 const char *name, const char **out) CB_USED;

#endif
