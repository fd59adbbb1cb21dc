/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_engines.c - several processes at the same work, and processes that are
 * killed in the middle of it.
 */
#include "tests/lib/cmock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "tests/catalog/yard.h"

#define ENGINES 3
#define FILES 12
#define EACH 60 /* components of one file; each has a group of its own */

static struct yard yard;

#define assert_sql(...) yard_assert_sql(&yard, __VA_ARGS__)

static int begin(void **state)
{
	static int number;
	char name[32];

	(void)state;
	snprintf(name, sizeof(name), "engines%d", number++);
	yard_open(&yard, name);
	return 0;
}

static int end(void **state)
{
	(void)state;
	yard_close(&yard);
	return 0;
}

/* Files that refer to each other's entities; note changes all of them. */
static void write_parts(const char *note)
{
	struct cb_buf buf;
	char name[32];

	cbi_buf_init(&buf, CB_MIB);
	for (int f = 0; f < FILES; f++) {
		cbi_buf_clear(&buf);
		cb_buf_printf(&buf, GROUP("team%d"), f);
		for (int i = 0; i < EACH; i++)
			cb_buf_printf(
			    &buf,
			    "---\napiVersion: backstage.io/v1alpha1\n"
			    "kind: Component\nmetadata: {name: c%d-%d}\n"
			    "spec: {type: service, lifecycle: %s, owner:"
			    " team%d, dependsOn: ['component:c%d-%d']}"
			    "\n",
			    f, i, note, i % FILES, (f + 1) % FILES, i);
		snprintf(name, sizeof(name), "f%d.yaml", f);
		yard_bytes(&yard, name, buf.data, buf.len);
	}
	cbi_buf_finish(&buf);
}

static void write_files(const char *note)
{
	struct cb_buf buf;

	write_parts(note);
	cbi_buf_init(&buf, CB_MIB);
	/* A Location each, so that several processes have something to do. */
	for (int f = 0; f < FILES; f++)
		cb_buf_printf(&buf, LOCATION("l%d", "./f%d.yaml"), f, f);
	yard_bytes(&yard, "all.yaml", buf.data, buf.len);
	cbi_buf_finish(&buf);
}

/* One engine's life, in a process of its own: 0 when all went well. */
static int engine(int rounds)
{
	struct cbi_ingest_done done = { 0 };
	struct lane lane;
	size_t taken, written;
	int rc = CB_OK;

	lane_setup_db_with(yard.conninfo, 2, true, 0);
	lane_open(&lane);
	lane.ctx.actor = "service:engine";
	rc = cbi_ingest_sync(&lane.ctx, &yard.in);
	for (int i = 0; rc == CB_OK && i < rounds; i++) {
		rc = cbi_ingest_run(&lane.ctx, &yard.in, 50, &done);
		do {
			if (rc == CB_OK)
				rc = cbi_stitch(&lane.ctx, 100, &taken,
				                &written);
		} while (rc == CB_OK && taken > 0);
		usleep(10000);
	}
	if (rc < 0)
		fprintf(stderr, "engine: %s: %s\n", cb_code_name(rc),
		        cb_failure(&lane.ctx));
	lane_close(&lane);
	return rc < 0;
}

static pid_t start(int rounds)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(engine(rounds));
	assert_true(pid > 0);
	return pid;
}

/* All is there, once, and says the same from every side. */
static void assert_whole(const char *note)
{
	char sql[300];

	assert_sql("select count(*) from callboard.entity where kind = "
	           "'component'",
	           "720");
	assert_sql("select count(*) from callboard.entity where kind = 'group'",
	           "12");
	snprintf(sql, sizeof(sql),
	         "select count(*) from callboard.entity where kind = "
	         "'component' and lifecycle <> '%s'",
	         note);
	assert_sql(sql, "0");
	assert_sql("select sum(jsonb_array_length(body::jsonb -> 'relations'))"
	           " from callboard.entity",
	           "2880");
	assert_sql("select count(*) from (select origin, type, target from "
	           "callboard.relation group by 1, 2, 3 having count(*) > 1) x",
	           "0");
	assert_sql("select count(*) from callboard.entity e where (select "
	           "count(*) from callboard.entity_history h where h.id = e.id "
	           "and h.valid_to is null and h.valid_from = "
	           "e.updated_at and h.number = e.number) <> 1",
	           "0");
	/* Numbers without gaps, and every version under one of them. */
	assert_sql("select count(*) from callboard.change c, "
	           "callboard.catalog_state s having count(*) = max(s.number) "
	           "and max(c.number) = max(s.number)",
	           yard_sql(&yard, "select count(*) from callboard.change"));
	assert_sql(
	    "select count(*) from callboard.entity e where not exists "
	    "(select 1 from callboard.change c where c.number = e.number "
	    "and e.id = any(c.written))",
	    "0");
	assert_sql("select count(*) from callboard.node where errors <> '[]'",
	           "0");
}

static void several_at_once_make_the_same(void **state)
{
	pid_t pids[ENGINES];
	int status;

	(void)state;
	write_files("one");
	for (int i = 0; i < ENGINES; i++)
		pids[i] = start(40);
	for (int i = 0; i < ENGINES; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	yard_settle(&yard);
	assert_whole("one");
	/* All files change while they work. */
	for (int i = 0; i < ENGINES; i++)
		pids[i] = start(40);
	for (int k = 0; k < 5; k++) {
		write_files(k % 2 ? "odd" : "even");
		yard_sql(&yard, "update callboard.node set due_at = "
		                "clock_timestamp() where due_at is not null");
		usleep(100000);
	}
	for (int i = 0; i < ENGINES; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	yard_settle(&yard);
	assert_whole("even");
}

static void who_is_killed_leaves_no_half(void **state)
{
	unsigned seed = 7;
	int status;

	(void)state;
	for (int i = 0; i < 25; i++) {
		pid_t pid;

		write_files(i % 2 ? "odd" : "even");
		yard_sql(&yard, "update callboard.node set due_at = "
		                "clock_timestamp() where due_at is not null");
		pid = start(100);
		seed = seed * 1103515245u + 12345u;
		usleep(5000 + seed / 65536 % 150 * 1000);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		/* Nothing in between is half: what is served is served whole.
		 */
		assert_sql("select count(*) from callboard.entity e where "
		           "(select count(*) from callboard.entity_history h "
		           "where h.id = e.id and h.valid_to is null) <> 1",
		           "0");
	}
	write_files("last");
	yard_sync(&yard);
	yard_settle(&yard);
	assert_whole("last");
}

/* Reads as usual; then somebody else has the claim. */
static int read_and_lose(struct cb_ctx *ctx, void *arg,
                         const struct cbi_provider_ask *ask,
                         int (*each)(void *each_arg, struct cb_ctx *ctx,
                                     const struct cbi_provider_file *file),
                         void *each_arg, json_t **after)
{
	const struct cbi_feed *feed = arg;
	int rc = feed->read(ctx, feed->arg, ask, each, each_arg, after);

	yard_sql(&yard, "update callboard.node set due_at = clock_timestamp()"
	                " + interval '1 hour' where due_at is not null");
	return rc;
}

/* What a round wrote before it lost its claim is not what the state of the
 * round before tells of: a file that is again as it was then is no old one. */
static void a_lost_round_leaves_nothing_for_unchanged(void **state)
{
	struct cbi_feed feed;

	(void)state;
	yard_file(&yard, "all.yaml", COMPONENT("a", ", note: one"));
	yard_sync(&yard);
	yard_settle(&yard);
	feed = yard.in.feed;
	yard.in.feed.read = read_and_lose;
	yard.in.feed.arg = &feed;
	yard_file(&yard, "all.yaml", COMPONENT("a", ", note: two"));
	yard_settle(&yard);
	yard_assert_text(&yard, "component:default/a", "spec.note", "two");
	yard.in.feed = feed;
	yard_file(&yard, "all.yaml", COMPONENT("a", ", note: one"));
	yard_settle(&yard);
	yard_assert_text(&yard, "component:default/a", "spec.note", "one");
	assert_sql("select count(*) from callboard.node where half_read", "0");
}

static _Atomic bool stop;

struct each {
	int (*each)(void *arg, struct cb_ctx *ctx,
	            const struct cbi_provider_file *file);
	void *arg;
};

/* Reads as usual; an order to stop comes between two files. */
static int stop_after_one(void *arg, struct cb_ctx *ctx,
                          const struct cbi_provider_file *file)
{
	struct each *to = arg;
	int rc = to->each(to->arg, ctx, file);

	if (!file->unchanged)
		atomic_store(&stop, true);
	return rc;
}

static int read_and_stop(struct cb_ctx *ctx, void *arg,
                         const struct cbi_provider_ask *ask,
                         int (*each)(void *each_arg, struct cb_ctx *ctx,
                                     const struct cbi_provider_file *file),
                         void *each_arg, json_t **after)
{
	const struct cbi_feed *feed = arg;
	struct each to = { each, each_arg };

	return feed->read(ctx, feed->arg, ask, stop_after_one, &to, after);
}

/* Who is told to stop does so at the next file, and whoever comes next goes on
 * at once, without waiting for a lease. */
static void who_is_to_stop_gives_its_claim_back(void **state)
{
	struct cbi_ingest_done done = { 0 };
	struct cbi_feed feed;

	(void)state;
	write_parts("first");
	yard_file(&yard, "all.yaml", LOCATION("l", "./f*.yaml"));
	yard_sync(&yard);
	yard_settle(&yard);
	feed = yard.in.feed;
	yard.in.feed.read = read_and_stop;
	yard.in.feed.arg = &feed;
	yard.in.stop = &stop;
	write_parts("second");
	yard_sql(&yard, "update callboard.node set due_at = clock_timestamp()"
	                " where due_at is not null");
	lane_next(&yard.lane);
	assert_int_equal(cbi_ingest_run(&yard.lane.ctx, &yard.in, 10000, &done),
	                 CB_OK);
	assert_int_equal(done.files, 1);
	assert_sql("select count(*) > 0 from callboard.node where due_at <= "
	           "clock_timestamp()",
	           "t");
	atomic_store(&stop, false);
	yard.in.stop = NULL;
	yard.in.feed = feed;
	yard_settle(&yard);
	assert_whole("second");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		T(several_at_once_make_the_same),
		T(who_is_killed_leaves_no_half),
		T(a_lost_round_leaves_nothing_for_unchanged),
		T(who_is_to_stop_gives_its_claim_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
