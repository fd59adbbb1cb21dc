/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader.c - see reader.h.
 */
#include "tests/lib/cmock.h"
#include "tests/source/reader.h"

#include "base/clock.h"
#include "redis/redis.h"
#include "source/ask.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

struct stores *stores;
struct fetcher one, two;
int64_t took;
/* What these tests are not about they give time: sanitizers are slow. */
int reader_redis_ms = 2000;

void pause_ms(long ms)
{
	const struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

void reader_enter(struct reader *reader)
{
	cbi_lane_init(&reader->lane, 32 * CB_MIB);
	cbi_ctx_init(&reader->ctx, &reader->lane);
}

void reader_leave(struct reader *reader)
{
	cbi_ctx_finish(&reader->ctx);
	cbi_source_lane_finish(&reader->lane);
	cbi_redis_lane_finish(&reader->lane);
	cbi_lane_finish(&reader->lane);
}

int get_from(struct reader *reader, const char *pool, const char *source,
             const char *key, struct cbi_source_value *out)
{
	struct cbi_source_ref ref = fetcher_ref(pool, source, key);
	int64_t before = cbi_clock_ms();
	int rc;

	cb_failure_clear(&reader->ctx);
	rc = cbi_source_get(&reader->ctx, &ref, CB_READER_BUDGET_MS, out);
	took = cbi_clock_ms() - before;
	return rc;
}

int get(struct reader *reader, const char *source, const char *key,
        struct cbi_source_value *out)
{
	return get_from(reader, "one", source, key, out);
}

void reader_flush(void)
{
	struct reader reader;
	int64_t done;

	reader_enter(&reader);
	assert_int_equal(cbi_redis_eval(&reader.ctx,
	                                "redis.call('FLUSHALL') return 1", "-",
	                                NULL, 0, &done),
	                 CB_OK);
	reader_leave(&reader);
}

int reader_begin(void **state)
{
	(void)state;
	cbi_source_setup(stores->dir, 1000);
	atomic_store(&one.shared->fills, 0);
	atomic_store(&one.shared->broken, 0);
	atomic_store(&two.shared->fills, 0);
	reader_flush();
	return 0;
}

int fills(void)
{
	return atomic_load(&one.shared->fills);
}

int dial(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(addr.sun_path, one.path, strlen(one.path) + 1);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)),
	                 0);
	return fd;
}

void *ask_thread(void *arg)
{
	struct ask *ask = arg;
	struct cbi_source_ref ref = fetcher_ref("one", "long", ask->key);
	struct cbi_source_value value;
	struct reader reader;
	int64_t before = cbi_clock_ms();

	reader_enter(&reader);
	ask->rc =
	    cbi_source_get(&reader.ctx, &ref, CB_READER_BUDGET_MS, &value);
	ask->took = cbi_clock_ms() - before;
	reader_leave(&reader);
	return NULL;
}

int reader_start(void **state)
{
	struct cbi_lane lane;
	struct cb_ctx ctx;
	int rc;

	(void)state;
	signal(SIGPIPE, SIG_IGN); /* as every process of the house */
	stores = stores_start(STORES_REDIS);
	cbi_lane_init(&lane, CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	rc = cbi_redis_setup(&ctx, stores->redis, reader_redis_ms);
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return rc != CB_OK || !fetcher_start(&one, stores->dir, "one", false) ||
	       !fetcher_start(&two, stores->dir, "two", false);
}

int reader_stop(void **state)
{
	(void)state;
	fetcher_stop(&one);
	fetcher_stop(&two);
	return one.rc || two.rc;
}
