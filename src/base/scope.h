/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope.h - who may see what, as a value that queries read.
 *
 * `policy` makes it from who asks; `catalog` and `search` apply it.  Every
 * query takes one, and every cache key of an answer begins with its class, so
 * that an answer made for one class is never given to another.
 */
#ifndef CB_BASE_SCOPE_H
#define CB_BASE_SCOPE_H

#include <stdbool.h>
#include <stdint.h>

struct cbi_scope {
	/* Short and stable: equal classes see the same things. */
	const char *cls;
	/* Everything is visible; then where is not looked at. */
	bool all;
	/* What is visible otherwise, as a predicate of the catalog's query
	 * language ({"$any": [{"kind": "component"}, ...]}), the JSON text of
	 * it; NULL: nothing.  Lives with the context, or longer. */
	const char *where;
	/* Milliseconds since the epoch: the catalog as it was then; 0 is now.
	 */
	int64_t as_of;
};

#endif
