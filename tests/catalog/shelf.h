/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shelf.h - a small catalog in a private PostgreSQL, with a copy and its
 * follower, for tests of reading.
 */
#ifndef CB_TESTS_SHELF_H
#define CB_TESTS_SHELF_H

#include "catalog/catalog.h"
#include "catalog/follow.h"
#include "tests/lib/lane.h"

struct shelf {
	struct lane lane;
	struct cbi_catalog catalog;
	struct cbi_follower *follower;
	const char *conninfo;
	char dir[128]; /* of the copy */
};

/* A database of its own by this name, empty. */
void shelf_open(struct shelf *shelf, const char *name);
void shelf_close(struct shelf *shelf);

/* The next context. */
struct cb_ctx *shelf_next(struct shelf *shelf);

/*
 * Puts an entity as readers see it: apiVersion, uid and etag are made up
 * ("00000000-0000-4000-8000-<n>", n counting from 1 for each new ref), the
 * rows are those that ingest would write.  One change each.
 */
void shelf_put(struct shelf *shelf, const char *json);
void shelf_delete(struct shelf *shelf, const char *ref);

/* The follower's turns until the copy is level. */
void shelf_follow(struct shelf *shelf);

/* Nine entities that the tests ask for. */
void shelf_fill(struct shelf *shelf);

#endif
