/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetcher.h - a fetch end for tests, as a thread or a process, whose fills
 * do what the key says and are counted.
 *
 *	ok...      "<key> <n>", n being the how-manieth fill of all
 *	slow...    the same after 400 ms
 *	absent...  CB_ENOENT
 *	bad...     CB_EUPSTREAM "it broke"
 *	mode...    ok, or bad while `broken` is set
 *	big...     200 KiB
 *	stuck...   sleeps for a minute
 *
 * Source "quick" is fresh for a second, "long" for a minute; both are stale
 * for an hour.  The plugin is "probe", version "1".
 *
 * Calls: test.echo ({in, actor, request, trace, left}), test.refuse
 *(CB_ECONFLICT), test.doze ({ms}, then echoes), test.swell ({bytes} of text),
 *test.fall (the process ends), graph.layout (CB_ENOTSUP: as without Graphviz).
 */
#ifndef CB_TESTS_SOURCE_FETCHER_H
#define CB_TESTS_SOURCE_FETCHER_H

#include "source/source.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

/* Threads of fetch ends in this process that ended. */
extern _Atomic int ended;

struct fetcher_shared {
	_Atomic int fills;
	_Atomic int broken;
	_Atomic int stop;
};

struct fetcher {
	char path[108];
	int listener;
	pthread_t thread;
	pid_t pid; /* 0: a thread */
	int rc;    /* of cbi_source_serve, after stop */
	struct fetcher_shared *shared;
};

/* Listens at dir/fetch-<pool>-0.sock and serves; false with a message. */
bool fetcher_start(struct fetcher *fetcher, const char *dir, const char *pool,
                   bool process);
/* Drains; a process is killed. */
void fetcher_stop(struct fetcher *fetcher);

/* "probe"'s source and key in that pool. */
struct cbi_source_ref fetcher_ref(const char *pool, const char *source,
                                  const char *key);

#endif
