/* SPDX-License-Identifier: Apache-2.0 */
/*
 * way.h - a lane's connections to fetch processes, one for each.
 *
 * Frames carry an id: an answer that comes after its budget is read and
 * dropped by who asks next.  Internal to the room.
 */
#ifndef CB_SOURCE_WAY_H
#define CB_SOURCE_WAY_H

#include "base/ctx.h"

#include <sys/un.h>

struct cbi_way {
	int fd; /* -1: none */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/* Once per process: the folder of the sockets; copied. */
void cbi_ways_setup(const char *dir);

/* The way to dir/fetch-<pool>-<fetcher>.sock, not opened yet; the lane's.
 * NULL without memory, or for a path that is too long. */
struct cbi_way *cbi_way_of(struct cbi_lane *lane, const char *pool,
                           int fetcher);
/* The next frame's id; the lane has a way. */
uint32_t cbi_way_id(struct cbi_lane *lane);

/* Opens it if it must; until is cbi_clock_ms().  False: nobody is there, or
 * the time is over; it is closed then. */
bool cbi_way_send(struct cbi_way *way, const char *data, size_t len,
                  int64_t until) CB_USED;
/* 1, 0 when the time is over before the first byte, -1 when it broke. */
int cbi_way_recv(const struct cbi_way *way, char *data, size_t len,
                 int64_t until) CB_USED;
void cbi_way_close(struct cbi_way *way);

#endif
