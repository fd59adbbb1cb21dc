/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lane.h - a lane and one context after another, for tests that use stores.
 */
#ifndef CB_TESTS_LANE_H
#define CB_TESTS_LANE_H

#include <stdbool.h>

#include "base/ctx.h"

struct lane {
	struct cbi_lane lane;
	struct cb_ctx ctx;
};

/* Sets db up for this process on the private PostgreSQL (conninfo NULL), with
 * 4 connections, prepared statements and a statement_timeout of 1 s. */
void lane_setup_db(const char *conninfo);
/* The same with everything said. */
void lane_setup_db_with(const char *conninfo, int connections, bool prepare,
                        int statement_ms);

void lane_open(struct lane *lane);
/* The next context on the lane. */
void lane_next(struct lane *lane);
/* Gives everything back, connections too. */
void lane_close(struct lane *lane);

/* An empty database of this name with the schema applied; its conninfo,
 * static.  Sets db up on it. */
const char *lane_migrated(const char *name);

#endif
