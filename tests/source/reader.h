/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader.h - readers, two fetch ends and a private Redis for a test program.
 */
#ifndef CB_TESTS_SOURCE_READER_H
#define CB_TESTS_SOURCE_READER_H

#include "tests/lib/stores.h"
#include "tests/source/fetcher.h"

#include "base/ctx.h"

extern struct stores *stores;
extern struct fetcher one, two; /* two "hosts": pools of these names */
extern int64_t took;            /* ms, the last get */
extern int reader_redis_ms;     /* what reader_start gives Redis; generous */

struct reader {
	struct cbi_lane lane;
	struct cb_ctx ctx;
};

void reader_enter(struct reader *reader);
void reader_leave(struct reader *reader);
/* Empties Redis. */
void reader_flush(void);
void pause_ms(long ms);

/* cbi_source_get with the reader's budget; get asks pool "one". */
int get_from(struct reader *reader, const char *pool, const char *source,
             const char *key, struct cbi_source_value *out);
int get(struct reader *reader, const char *source, const char *key,
        struct cbi_source_value *out);
/* Of pool "one" since the test began. */
int fills(void);

/* A raw connection to fetch "one". */
int dial(void);

/* A thread that gets one key of source "long". */
struct ask {
	pthread_t thread;
	const char *key;
	int rc;
	int64_t took;
};
void *ask_thread(void *arg);

/* Set-up of a group, and of each of its tests. */
int reader_start(void **state);
int reader_stop(void **state);
int reader_begin(void **state);

#endif
