/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "copy/copy.h"

enum { BODIES, NUMBERS, TABLES };
static const char *const tables[] = { "body", "number" };

struct hand {
	struct cbi_lane lane;
	struct cb_ctx ctx;
	struct cbi_copy *copy;
};

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/cbt-copy-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	DIR *handle = opendir(dir);
	struct dirent *entry;
	char path[512];

	(void)state;
	while (handle && (entry = readdir(handle))) {
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		unlink(path);
	}
	if (handle)
		closedir(handle);
	return rmdir(dir);
}

static void open_hand(struct hand *hand, bool writer, size_t map_size)
{
	struct cbi_copy_config config = { .dir = dir,
		                          .tables = tables,
		                          .n = TABLES,
		                          .map_size = map_size,
		                          .writer = writer };

	cbi_lane_init(&hand->lane, 8 * CB_MIB);
	cbi_ctx_init(&hand->ctx, &hand->lane);
	if (cbi_copy_create(&hand->ctx, &config, &hand->copy) != CB_OK)
		abort();
}

static struct cb_ctx *next(struct hand *hand)
{
	cbi_ctx_finish(&hand->ctx);
	cbi_ctx_init(&hand->ctx, &hand->lane);
	return &hand->ctx;
}

static void close_hand(struct hand *hand)
{
	cbi_ctx_finish(&hand->ctx);
	cbi_copy_lane_finish(&hand->lane);
	cbi_copy_destroy(hand->copy);
	cbi_lane_finish(&hand->lane);
}

static void pause_ms(int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

/* Puts value under every key k000..k<n-1> in one transaction. */
static int fill(struct hand *hand, int n, const char *value)
{
	struct cb_ctx *ctx = next(hand);
	struct cbi_copy_txn *txn;
	char key[16];
	int rc;

	rc = cbi_copy_write(ctx, hand->copy, &txn);
	for (int i = 0; rc == CB_OK && i < n; i++) {
		int len = snprintf(key, sizeof(key), "k%03d", i);

		rc = cbi_copy_put(ctx, txn, BODIES, key, (size_t)len, value,
		                  strlen(value));
	}
	return rc == CB_OK ? cbi_copy_commit(ctx, txn) : rc;
}

/* A writer with a fresh file in place. */
static void start(struct hand *hand, size_t map_size)
{
	bool fresh = false;

	open_hand(hand, true, map_size);
	if (cbi_copy_lock(&hand->ctx, hand->copy, &fresh) != CB_OK || !fresh ||
	    cbi_copy_rebuild(&hand->ctx, hand->copy, 0) != CB_OK ||
	    fill(hand, 10, "one") != CB_OK ||
	    cbi_copy_swap(&hand->ctx, hand->copy) != CB_OK)
		abort();
}

static void read_value(struct hand *hand, const char *key, char out[32])
{
	struct cb_ctx *ctx = next(hand);
	struct cbi_copy_txn *txn;
	struct cbi_span span;
	int rc = cbi_copy_begin(ctx, hand->copy, &txn);

	if (rc == CB_OK)
		rc = cbi_copy_get(txn, BODIES, key, strlen(key), &span);
	if (rc == CB_OK)
		snprintf(out, 32, "%.*s", (int)span.len, span.ptr);
	else
		snprintf(out, 32, "%s", cb_code_name(rc));
}

static void without_data_readers_are_told(void **state)
{
	struct hand hand;
	char value[32];

	(void)state;
	open_hand(&hand, false, 0);
	read_value(&hand, "k001", value);
	assert_string_equal(value, "EAWAY");
	close_hand(&hand);
}

static void what_is_put_is_got(void **state)
{
	struct hand hand;
	struct cbi_copy_txn *txn;
	struct cb_ctx *ctx;
	char value[32], long_key[600];

	(void)state;
	start(&hand, 0);
	read_value(&hand, "k001", value);
	assert_string_equal(value, "one");
	read_value(&hand, "nope", value);
	assert_string_equal(value, "ENOENT");
	read_value(&hand, "", value);
	assert_string_equal(value, "ENOENT");
	memset(long_key, 'k', sizeof(long_key));
	long_key[599] = '\0';
	read_value(&hand, long_key, value);
	assert_string_equal(value, "ENOENT");
	ctx = next(&hand);
	assert_int_equal(cbi_copy_write(ctx, hand.copy, &txn), CB_OK);
	assert_int_equal(cbi_copy_put(ctx, txn, BODIES, long_key, 599, "x", 1),
	                 CB_EINVAL);
	assert_int_equal(cbi_copy_del(ctx, txn, BODIES, "nope", 4), CB_OK);
	assert_int_equal(cbi_copy_del(ctx, txn, BODIES, "k001", 4), CB_OK);
	assert_int_equal(cbi_copy_count(txn, BODIES), 9);
	cbi_copy_end(txn); /* aborts */
	read_value(&hand, "k001", value);
	assert_string_equal(value, "one");
	close_hand(&hand);
}

static void a_context_sees_one_state(void **state)
{
	struct hand writer;
	struct cbi_lane lane;
	struct cb_ctx ctx;
	struct cbi_copy_txn *txn, *again;
	struct cbi_span span;

	(void)state;
	start(&writer, 0);
	cbi_lane_init(&lane, CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	assert_int_equal(cbi_copy_begin(&ctx, writer.copy, &txn), CB_OK);
	assert_int_equal(cbi_copy_get(txn, BODIES, "k001", 4, &span), CB_OK);
	assert_int_equal(fill(&writer, 10, "two"), CB_OK);
	assert_memory_equal(span.ptr, "one", 3);
	assert_int_equal(cbi_copy_begin(&ctx, writer.copy, &again), CB_OK);
	assert_ptr_equal(again, txn);
	assert_int_equal(cbi_copy_get(txn, BODIES, "k002", 4, &span), CB_OK);
	assert_memory_equal(span.ptr, "one", 3);
	cbi_copy_end(txn);
	assert_int_equal(cbi_copy_begin(&ctx, writer.copy, &txn), CB_OK);
	assert_int_equal(cbi_copy_get(txn, BODIES, "k002", 4, &span), CB_OK);
	assert_memory_equal(span.ptr, "two", 3);
	cbi_ctx_finish(&ctx);
	cbi_copy_lane_finish(&lane);
	cbi_lane_finish(&lane);
	close_hand(&writer);
}

static int count_from(struct hand *hand, const char *from, bool back,
                      char first[8])
{
	struct cb_ctx *ctx = next(hand);
	struct cbi_copy_cursor *cursor;
	struct cbi_span key, value;
	struct cbi_copy_txn *txn;
	int n = 0;

	if (cbi_copy_begin(ctx, hand->copy, &txn) != CB_OK ||
	    (back ? cbi_copy_seek_back : cbi_copy_seek)(
		ctx, txn, BODIES, from, strlen(from), &cursor) != CB_OK)
		return -1;
	first[0] = '\0';
	while (back ? cbi_copy_prev(cursor, &key, &value)
	            : cbi_copy_next(cursor, &key, &value))
		if (n++ == 0)
			snprintf(first, 8, "%.*s", (int)key.len, key.ptr);
	return n;
}

static void ranges_go_both_ways(void **state)
{
	static const struct {
		const char *from;
		bool back;
		int n;
		const char *first;
	} cases[] = {
		{ "", false, 10, "k000" },     { "k003", false, 7, "k003" },
		{ "k0035", false, 6, "k004" }, { "z", false, 0, "" },
		{ "a", false, 10, "k000" },    { "", true, 10, "k009" },
		{ "k003", true, 3, "k002" },   { "k0035", true, 4, "k003" },
		{ "z", true, 10, "k009" },     { "a", true, 0, "" },
	};
	struct hand hand;
	char first[8];

	(void)state;
	start(&hand, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
		    count_from(&hand, cases[i].from, cases[i].back, first),
		    cases[i].n);
		assert_string_equal(first, cases[i].first);
	}
	close_hand(&hand);
}

static void a_full_map_is_told_and_a_larger_one_helps(void **state)
{
	struct hand hand;
	char value[32], big[4000];
	int rc;

	(void)state;
	start(&hand, 256 * CB_KIB);
	memset(big, 'b', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	rc = fill(&hand, 900, big);
	assert_int_equal(rc, CB_ETOOBIG);
	next(&hand);
	read_value(&hand, "k001", value);
	assert_string_equal(value, "one");
	assert_int_equal(cbi_copy_rebuild(&hand.ctx, hand.copy, 64 * CB_MIB),
	                 CB_OK);
	assert_int_equal(fill(&hand, 900, big), CB_OK);
	assert_int_equal(cbi_copy_swap(&hand.ctx, hand.copy), CB_OK);
	assert_int_equal(fill(&hand, 900, "small"), CB_OK);
	read_value(&hand, "k899", value);
	assert_string_equal(value, "small");
	close_hand(&hand);
}

/* Another process: reads k001 until it is `want`, at most 2 s. */
static pid_t await_in_child(const char *want)
{
	pid_t pid = fork();
	struct hand hand;
	char value[32];

	if (pid != 0)
		return pid;
	open_hand(&hand, false, 0);
	for (int i = 0; i < 400; i++) {
		read_value(&hand, "k001", value);
		if (strcmp(value, want) == 0)
			_exit(0);
		pause_ms(5);
	}
	_exit(1);
}

static int status_of(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return status;
}

static int files_in_dir(void)
{
	DIR *handle = opendir(dir);
	struct dirent *entry;
	int n = 0;

	while ((entry = readdir(handle)))
		n += strncmp(entry->d_name, "data-", 5) == 0;
	closedir(handle);
	return n;
}

static void other_processes_see_commits_and_swaps(void **state)
{
	struct hand hand;
	pid_t pid, other;
	bool fresh;

	(void)state;
	/* Born without any data. */
	pid = await_in_child("one");
	start(&hand, 0);
	assert_int_equal(status_of(pid), 0);
	pid = await_in_child("two");
	pause_ms(30);
	assert_int_equal(fill(&hand, 10, "two"), CB_OK);
	assert_int_equal(status_of(pid), 0);
	pid = await_in_child("three");
	pause_ms(30);
	assert_int_equal(cbi_copy_rebuild(&hand.ctx, hand.copy, 0), CB_OK);
	assert_int_equal(fill(&hand, 10, "three"), CB_OK);
	assert_int_equal(cbi_copy_swap(&hand.ctx, hand.copy), CB_OK);
	assert_int_equal(status_of(pid), 0);
	assert_int_equal(files_in_dir(), 2); /* the file and its lock file */
	other = fork();
	if (other == 0) {
		struct hand second;

		open_hand(&second, true, 0);
		_exit(cbi_copy_lock(&second.ctx, second.copy, &fresh) ==
		              CB_EBUSY
		          ? 0
		          : 1);
	}
	assert_int_equal(status_of(other), 0);
	other = fork();
	if (other == 0) {
		struct cbi_copy_txn *txn;
		struct cbi_lane lane;
		struct cb_ctx ctx;

		cbi_lane_init(&lane, CB_MIB);
		cbi_ctx_init(&ctx, &lane);
		_exit(cbi_copy_begin(&ctx, hand.copy, &txn) == CB_EBUG ? 0 : 1);
	}
	assert_int_equal(status_of(other), 0);
	close_hand(&hand);
}

static void an_older_format_is_fresh_and_stays_until_the_swap(void **state)
{
	static const char *const more[] = { "body", "number", "new" };
	struct cbi_copy_config config = {
		.dir = dir, .tables = more, .n = 3, .writer = true
	};
	struct hand hand;
	bool fresh = false;
	pid_t pid;

	(void)state;
	start(&hand, 0);
	close_hand(&hand);
	cbi_lane_init(&hand.lane, CB_MIB);
	cbi_ctx_init(&hand.ctx, &hand.lane);
	assert_int_equal(cbi_copy_create(&hand.ctx, &config, &hand.copy),
	                 CB_OK);
	assert_int_equal(cbi_copy_lock(&hand.ctx, hand.copy, &fresh), CB_OK);
	assert_true(fresh);
	pid = await_in_child("one"); /* the release before reads on */
	assert_int_equal(status_of(pid), 0);
	assert_int_equal(cbi_copy_rebuild(&hand.ctx, hand.copy, 0), CB_OK);
	assert_int_equal(fill(&hand, 10, "new"), CB_OK);
	assert_int_equal(cbi_copy_swap(&hand.ctx, hand.copy), CB_OK);
	pid = await_in_child("new");
	assert_int_equal(status_of(pid), 0);
	close_hand(&hand);
}

static void a_damaged_file_is_fresh_not_fatal(void **state)
{
	struct hand hand;
	char path[128];
	bool fresh = false;
	FILE *file;

	(void)state;
	start(&hand, 0);
	close_hand(&hand);
	snprintf(path, sizeof(path), "%s/data-1", dir);
	file = fopen(path, "r+");
	assert_non_null(file);
	for (int i = 0; i < 8192; i++)
		fputc('x', file);
	fclose(file);
	open_hand(&hand, true, 0);
	assert_int_equal(cbi_copy_lock(&hand.ctx, hand.copy, &fresh), CB_OK);
	assert_true(fresh);
	close_hand(&hand);
}

/* Killed at any moment: the next writer finds one state or the other. */
static void a_killed_writer_leaves_whole_states(void **state)
{
	char first[32], value[32], key[8];
	struct hand hand;
	bool fresh;

	(void)state;
	start(&hand, 0);
	assert_int_equal(fill(&hand, 500, "start"), CB_OK);
	close_hand(&hand);
	for (int round = 0; round < 25; round++) {
		pid_t pid = fork();

		if (pid == 0) {
			struct hand mine;
			char text[32];

			open_hand(&mine, true, 0);
			if (cbi_copy_lock(&mine.ctx, mine.copy, &fresh) !=
			        CB_OK ||
			    fresh)
				_exit(1);
			for (int i = 0;; i++) {
				snprintf(text, sizeof(text), "%d-%d", round, i);
				if (fill(&mine, 500, text) != CB_OK)
					_exit(2);
			}
		}
		pause_ms(5 + round);
		kill(pid, SIGKILL);
		assert_true(WIFSIGNALED(status_of(pid)));
		open_hand(&hand, false, 0);
		read_value(&hand, "k000", first);
		for (int i = 0; i < 500; i++) {
			snprintf(key, sizeof(key), "k%03d", i);
			read_value(&hand, key, value);
			assert_string_equal(value, first);
		}
		close_hand(&hand);
	}
}

/* As a full disk answers: the file cannot grow by a byte. */
static void a_full_disk_leaves_the_old_state(void **state)
{
	static char big[4000];
	char value[32];
	bool fresh;
	struct hand hand;
	pid_t pid;

	(void)state;
	memset(big, 'b', sizeof(big) - 1);
	start(&hand, 0);
	close_hand(&hand);
	pid = fork();
	if (pid == 0) {
		const struct rlimit full = { 4096, RLIM_INFINITY };
		int rc;

		signal(SIGXFSZ, SIG_IGN);
		open_hand(&hand, true, 0);
		if (cbi_copy_lock(&hand.ctx, hand.copy, &fresh) != CB_OK ||
		    setrlimit(RLIMIT_FSIZE, &full) != 0)
			_exit(1);
		rc = fill(&hand, 900, big);
		read_value(&hand, "k001", value);
		_exit(rc < 0 && strcmp(value, "one") == 0 ? 0 : 2);
	}
	assert_int_equal(status_of(pid), 0);
	open_hand(&hand, true, 0);
	assert_int_equal(cbi_copy_lock(&hand.ctx, hand.copy, &fresh), CB_OK);
	read_value(&hand, "k001", value);
	assert_string_equal(value, "one");
	assert_int_equal(fill(&hand, 900, "room"), CB_OK);
	read_value(&hand, "k899", value);
	assert_string_equal(value, "room");
	close_hand(&hand);
}

struct reader {
	struct cbi_copy *copy;
	atomic_bool *stop;
	int reads, torn;
};

static void *read_on(void *arg)
{
	struct reader *reader = arg;
	struct cbi_span one, two;
	struct cbi_copy_txn *txn;
	struct cbi_lane lane;
	struct cb_ctx ctx;

	cbi_lane_init(&lane, CB_MIB);
	while (!atomic_load(reader->stop)) {
		cbi_ctx_init(&ctx, &lane);
		if (cbi_copy_begin(&ctx, reader->copy, &txn) != CB_OK ||
		    cbi_copy_get(txn, BODIES, "k001", 4, &one) != CB_OK ||
		    cbi_copy_get(txn, BODIES, "k009", 4, &two) != CB_OK ||
		    one.len != two.len || memcmp(one.ptr, two.ptr, one.len))
			reader->torn++;
		reader->reads++;
		cbi_ctx_finish(&ctx);
	}
	cbi_copy_lane_finish(&lane);
	cbi_lane_finish(&lane);
	return NULL;
}

static void threads_read_while_files_are_swapped(void **state)
{
	struct reader readers[4];
	pthread_t threads[4];
	atomic_bool stop = false;
	struct hand hand;

	(void)state;
	start(&hand, 0);
	for (int i = 0; i < 4; i++) {
		readers[i] = (struct reader){ hand.copy, &stop, 0, 0 };
		pthread_create(&threads[i], NULL, read_on, &readers[i]);
	}
	for (int i = 0; i < 20; i++) {
		char value[32];

		snprintf(value, sizeof(value), "v%d", i);
		if (fill(&hand, 10, value) != CB_OK ||
		    cbi_copy_rebuild(&hand.ctx, hand.copy, 0) != CB_OK ||
		    fill(&hand, 10, value) != CB_OK ||
		    cbi_copy_swap(&hand.ctx, hand.copy) != CB_OK)
			abort();
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_true(readers[i].reads > 0);
		assert_int_equal(readers[i].torn, 0);
	}
	assert_int_equal(cbi_copy_clean(hand.copy), 0);
	close_hand(&hand);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_data_readers_are_told),
		TEST(what_is_put_is_got),
		TEST(a_context_sees_one_state),
		TEST(ranges_go_both_ways),
		TEST(a_full_map_is_told_and_a_larger_one_helps),
		TEST(other_processes_see_commits_and_swaps),
		TEST(an_older_format_is_fresh_and_stays_until_the_swap),
		TEST(a_damaged_file_is_fresh_not_fatal),
		TEST(a_killed_writer_leaves_whole_states),
		TEST(a_full_disk_leaves_the_old_state),
		TEST(threads_read_while_files_are_swapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
