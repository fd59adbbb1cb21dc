/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/ctx.h"
#include "cache/cache.h"

static const struct cbi_scope everybody = { .cls = "all", .all = true };
static const struct cbi_scope nobody = { .cls = "none" };
static const struct cbi_scope then = { .cls = "all", .all = true, .as_of = 5 };

struct fix {
	struct cbi_lane lane;
	struct cb_ctx ctx;
	struct cbi_cache *cache;
};

static int setup(void **state)
{
	struct fix *fix = calloc(1, sizeof(*fix));

	cbi_lane_init(&fix->lane, 32 * CB_MIB);
	cbi_ctx_init(&fix->ctx, &fix->lane);
	fix->cache = cbi_cache_create(CB_MIB);
	*state = fix;
	return fix->cache ? 0 : -1;
}

static int teardown(void **state)
{
	struct fix *fix = *state;

	cbi_ctx_finish(&fix->ctx);
	cbi_cache_destroy(fix->cache);
	cbi_lane_finish(&fix->lane);
	free(fix);
	return 0;
}

static int put(struct fix *fix, const struct cbi_scope *scope, const char *name,
               uint64_t number, const char *body)
{
	struct cbi_blob blob = { .status = 200,
		                 .body = body,
		                 .len = strlen(body) };

	return cbi_cache_put(&fix->ctx, fix->cache,
	                     cbi_cache_key(&fix->ctx, scope, "%s", name),
	                     number, &blob, NULL);
}

static const char *get(struct fix *fix, const struct cbi_scope *scope,
                       const char *name, uint64_t number)
{
	const struct cbi_blob *blob;

	if (cbi_cache_get(&fix->ctx, fix->cache,
	                  cbi_cache_key(&fix->ctx, scope, "%s", name), number,
	                  &blob) != CB_OK)
		return "-";
	return blob->body;
}

static void next(struct fix *fix)
{
	cbi_ctx_finish(&fix->ctx);
	cbi_ctx_init(&fix->ctx, &fix->lane);
}

static void what_is_put_is_got(void **state)
{
	struct fix *fix = *state;
	struct cbi_blob in = { 404,          "b\0dy", 4,
		               "text/plain", "\"e\"", "Link: x\r\n" };
	const struct cbi_cache_key *key =
	    cbi_cache_key(&fix->ctx, &everybody, "a/%d", 1);
	const struct cbi_blob *out;

	assert_int_equal(cbi_cache_get(&fix->ctx, fix->cache, key, 7, &out),
	                 CB_ENOENT);
	assert_int_equal(cb_failure_code(&fix->ctx), CB_OK);
	assert_int_equal(
	    cbi_cache_put(&fix->ctx, fix->cache, key, 7, &in, &out), CB_OK);
	assert_int_equal(out->len, 4);
	next(fix);
	key = cbi_cache_key(&fix->ctx, &everybody, "a/%d", 1);
	assert_int_equal(cbi_cache_get(&fix->ctx, fix->cache, key, 7, &out),
	                 CB_OK);
	assert_int_equal(out->status, 404);
	assert_memory_equal(out->body, "b\0dy", 4);
	assert_string_equal(out->type, "text/plain");
	assert_string_equal(out->etag, "\"e\"");
	assert_string_equal(out->headers, "Link: x\r\n");
	assert_string_equal(get(fix, &everybody, "b", 0), "-");
}

static void another_number_is_a_miss(void **state)
{
	struct fix *fix = *state;

	assert_int_equal(put(fix, &everybody, "k", 1, "one"), CB_OK);
	assert_string_equal(get(fix, &everybody, "k", 1), "one");
	assert_string_equal(get(fix, &everybody, "k", 2), "-");
	assert_int_equal(put(fix, &everybody, "k", 2, "two"), CB_OK);
	assert_string_equal(get(fix, &everybody, "k", 2), "two");
	assert_string_equal(get(fix, &everybody, "k", 1), "-");
}

static void classes_do_not_share(void **state)
{
	struct fix *fix = *state;

	assert_int_equal(put(fix, &everybody, "k", 1, "secret"), CB_OK);
	assert_string_equal(get(fix, &nobody, "k", 1), "-");
	assert_string_equal(get(fix, &then, "k", 1), "-");
	assert_int_equal(put(fix, &then, "k", 1, "past"), CB_OK);
	assert_string_equal(get(fix, &everybody, "k", 1), "secret");
	assert_string_equal(get(fix, &then, "k", 1), "past");
}

static void what_was_got_stays_until_the_context_ends(void **state)
{
	struct fix *fix = *state;
	const char *body;
	size_t bytes, count;

	assert_int_equal(put(fix, &everybody, "k", 1, "one"), CB_OK);
	body = get(fix, &everybody, "k", 1);
	assert_int_equal(put(fix, &everybody, "k", 2, "two"), CB_OK);
	cbi_cache_clear(fix->cache);
	assert_string_equal(body, "one");
	cbi_cache_usage(fix->cache, &bytes, &count);
	assert_int_equal(bytes, 0);
	assert_int_equal(count, 0);
}

static void the_ceiling_holds_and_the_asked_for_stay(void **state)
{
	struct fix *fix = *state;
	char name[16], body[2001];
	size_t bytes, count;

	memset(body, 'x', sizeof(body) - 1);
	body[sizeof(body) - 1] = '\0';
	assert_int_equal(put(fix, &everybody, "hot", 1, "hot"), CB_OK);
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		assert_int_equal(put(fix, &everybody, name, 1, body), CB_OK);
		assert_string_equal(get(fix, &everybody, "hot", 1), "hot");
		cbi_cache_usage(fix->cache, &bytes, &count);
		assert_in_range(bytes, 1, CB_MIB);
		next(fix);
	}
	assert_in_range(count, 300, 600);
	assert_string_equal(get(fix, &everybody, "n0", 1), "-");
}

static void what_is_too_large_is_handed_over_but_not_kept(void **state)
{
	struct fix *fix = *state;
	char *body = malloc(CB_MIB);
	struct cbi_blob in = { .status = 200, .body = body, .len = CB_MIB };
	const struct cbi_cache_key *key =
	    cbi_cache_key(&fix->ctx, &everybody, "big");
	const struct cbi_blob *out;

	assert_non_null(body);
	memset(body, 'y', CB_MIB);
	assert_int_equal(
	    cbi_cache_put(&fix->ctx, fix->cache, key, 1, &in, &out), CB_OK);
	assert_int_equal(out->len, CB_MIB);
	free(body);
	assert_int_equal(out->body[CB_MIB - 1], 'y');
	assert_int_equal(cbi_cache_get(&fix->ctx, fix->cache, key, 1, &out),
	                 CB_ENOENT);
}

static void gzip_is_made_once_and_is_right(void **state)
{
	struct fix *fix = *state;
	const struct cbi_cache_key *key =
	    cbi_cache_key(&fix->ctx, &everybody, "z");
	char body[5000], back[5000];
	struct cbi_blob in = { .status = 200, .body = body, .len = 5000 };
	const struct cbi_blob *out;
	struct cbi_span one, two;
	size_t before, after, count;
	z_stream z = { 0 };

	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (char)('a' + i % 7);
	assert_int_equal(
	    cbi_cache_put(&fix->ctx, fix->cache, key, 1, &in, &out), CB_OK);
	cbi_cache_usage(fix->cache, &before, &count);
	assert_int_equal(cbi_cache_gzip(&fix->ctx, fix->cache, out, &one),
	                 CB_OK);
	assert_int_equal(cbi_cache_gzip(&fix->ctx, fix->cache, out, &two),
	                 CB_OK);
	assert_ptr_equal(one.ptr, two.ptr);
	cbi_cache_usage(fix->cache, &after, &count);
	assert_true(after >= before + one.len);
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)one.ptr;
	z.avail_in = (uInt)one.len;
	z.next_out = (Bytef *)back;
	z.avail_out = sizeof(back);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.total_out, sizeof(body));
	assert_memory_equal(back, body, sizeof(body));
	inflateEnd(&z);
	in.len = 100;
	assert_int_equal(
	    cbi_cache_put(&fix->ctx, fix->cache, key, 1, &in, &out), CB_OK);
	assert_int_equal(cbi_cache_gzip(&fix->ctx, fix->cache, out, &one),
	                 CB_ENOENT);
}

struct worker {
	struct cbi_cache *cache;
	unsigned seed;
	int hits, wrong;
};

/* Bodies tell key and number, so a mix-up shows. */
static void *work(void *arg)
{
	struct worker *worker = arg;
	struct cbi_lane lane;
	struct cb_ctx ctx;
	char body[900], want[40];

	cbi_lane_init(&lane, 4 * CB_MIB);
	for (int i = 0; i < 4000; i++) {
		unsigned name =
		    (worker->seed = worker->seed * 1103515245 + 12345) >> 16 &
		    255;
		uint64_t number = (uint64_t)(i / 100);
		const struct cbi_cache_key *key;
		const struct cbi_blob *blob;
		struct cbi_span gz;

		cbi_ctx_init(&ctx, &lane);
		key = cbi_cache_key(&ctx, &everybody, "%u", name);
		snprintf(want, sizeof(want), "%u/%u;", name, (unsigned)number);
		if (cbi_cache_get(&ctx, worker->cache, key, number, &blob) ==
		    CB_OK) {
			worker->hits++;
		} else {
			struct cbi_blob in = { .status = 200,
				               .body = body,
				               .len = sizeof(body) };

			memset(body, 'p', sizeof(body));
			memcpy(body, want, strlen(want));
			if (cbi_cache_put(&ctx, worker->cache, key, number, &in,
			                  &blob) != CB_OK)
				abort();
		}
		worker->wrong += memcmp(blob->body, want, strlen(want)) != 0;
		if (name < 20 &&
		    cbi_cache_gzip(&ctx, worker->cache, blob, &gz) != CB_OK)
			worker->wrong++;
		cbi_ctx_finish(&ctx);
	}
	cbi_lane_finish(&lane);
	return NULL;
}

static void threads_share_it(void **state)
{
	struct cbi_cache *cache = cbi_cache_create(128 * CB_KIB);
	struct worker workers[6];
	pthread_t threads[6];
	size_t bytes, count;
	int hits = 0;

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		workers[i] = (struct worker){ cache, i + 1, 0, 0 };
		pthread_create(&threads[i], NULL, work, &workers[i]);
	}
	for (int i = 0; i < 6; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(workers[i].wrong, 0);
		hits += workers[i].hits;
	}
	assert_true(hits > 0);
	cbi_cache_usage(cache, &bytes, &count);
	assert_in_range(bytes, 1, 128 * CB_KIB);
	cbi_cache_destroy(cache);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_put_is_got),
		TEST(another_number_is_a_miss),
		TEST(classes_do_not_share),
		TEST(what_was_got_stays_until_the_context_ends),
		TEST(the_ceiling_holds_and_the_asked_for_stay),
		TEST(what_is_too_large_is_handed_over_but_not_kept),
		TEST(gzip_is_made_once_and_is_right),
		TEST(threads_share_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
