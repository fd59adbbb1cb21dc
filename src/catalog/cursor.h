/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cursor.h - where a page of by-query ends, as clients carry it to the next.
 *
 * Base64 of the contract's JSON (clients peek into it), and a MAC in `sig`:
 * what somebody changed is refused.  It says what was asked, never what may
 * be seen: the scope applies anew to each page, but for its moment, which a
 * cursor of the past carries (scope.as_of is written, and set by reading).
 */
#ifndef CB_CATALOG_CURSOR_H
#define CB_CATALOG_CURSOR_H

#include "catalog/catalog.h"
#include "catalog/filter.h"

/* The row at a page's edge; value NULL without order. */
struct cbi_edge {
	const char *value;
	const char *uid; /* NULL: no row */
};

struct cbi_cursor {
	const char *order_key; /* lower case; NULL: by uid */
	bool descending;
	const char *term; /* lower case; NULL: no text filter */
	const char *const *fields;
	size_t field_count;
	const struct cbi_filter *filter;
	int64_t total;         /* of the first page */
	bool previous;         /* leads back */
	struct cbi_edge edge;  /* begin behind (or before) it */
	struct cbi_edge first; /* of the very first page */
};

/* *out lives with ctx.  CB_EAWAY while there is no key to sign with. */
int cbi_cursor_write(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                     const struct cbi_cursor *cursor, const char **out) CB_USED;

/* CB_EINVAL for whatever cbi_cursor_write has not written, and when
 * scope.as_of is set already to another moment. */
int cbi_cursor_read(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                    const char *text, struct cbi_cursor *out) CB_USED;

#endif
