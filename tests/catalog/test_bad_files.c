/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_bad_files.c - files that are wrong on purpose: each costs little, says
 * what is wrong, keeps what was there and lets the rest of the file in.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "catalog/rules.h"
#include "tests/catalog/yard.h"

#define OLD COMPONENT("old", ", n: kept")
#define AFTER COMPONENT("after", "")

/* What a file may cost this process, in milliseconds of CPU. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MOST_MS 1000
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MOST_MS 1000
#endif
#endif
#ifndef MOST_MS
#define MOST_MS 50
#endif
#define TRIES 4

static struct yard yard;

static int begin(void **state)
{
	static int number;
	char name[32];

	(void)state;
	snprintf(name, sizeof(name), "bad%d", number++);
	yard_open(&yard, name);
	yard_file(&yard, "all.yaml", LOCATION("l", "./bad.yaml"));
	yard_sync(&yard);
	return 0;
}

static int end(void **state)
{
	(void)state;
	yard_close(&yard);
	return 0;
}

static long cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void repeat(struct cb_buf *buf, const char *unit, int times)
{
	for (int i = 0; i < times; i++)
		cb_buf_text(buf, unit);
}

static void alias_bomb(struct cb_buf *buf)
{
	cb_buf_text(buf, "---\na: &a [x,x,x,x,x,x,x,x,x]\n");
	for (char c = 'b'; c < 'j'; c++) {
		cb_buf_printf(buf, "%c: &%c [*%c", c, c, c - 1);
		for (int i = 1; i < 9; i++)
			cb_buf_printf(buf, ",*%c", c - 1);
		cb_buf_text(buf, "]\n");
	}
}

static void cycle(struct cb_buf *buf)
{
	cb_buf_text(buf, "---\na: &a {b: [*a]}\n");
}

static void brackets(struct cb_buf *buf)
{
	cb_buf_text(buf, "---\n");
	repeat(buf, "[", 100000);
	cb_buf_text(buf, "\n");
}

static void braces(struct cb_buf *buf)
{
	cb_buf_text(buf, "---\n");
	repeat(buf, "{", 20000);
	cb_buf_text(buf, "\n");
}

static void steps(struct cb_buf *buf)
{
	cb_buf_text(buf, "---\n");
	/* 100 KB. */
	for (int i = 0; i < 450; i++)
		cb_buf_printf(buf, "%*s-\n", i, "");
}

static void long_text(struct cb_buf *buf)
{
	cb_buf_text(buf, "---\na: '");
	repeat(buf, "xxxxxxxxxx", 200000);
	cb_buf_text(buf, "'\n");
}

static void anchors(struct cb_buf *buf)
{
	cb_buf_text(buf, "---\n");
	for (int i = 0; i < 50000; i++)
		cb_buf_printf(buf, "- &a%d x\n", i);
}

static void merge(struct cb_buf *buf)
{
	/* A literal key: read, kept, and no field of an entity. */
	cb_buf_text(buf, "---\napiVersion: backstage.io/v1alpha1\n"
	                 "kind: Component\nmetadata: {name: merge}\n"
	                 "spec: &s {type: a, lifecycle: b, owner: c}\n"
	                 "<<: [*s]\n");
}

static void tags(struct cb_buf *buf)
{
	cb_buf_text(buf, "---\napiVersion: backstage.io/v1alpha1\n"
	                 "kind: !!python/object:os.system Componen\n"
	                 "metadata: {name: !custom tags}\n");
}

static void directive(struct cb_buf *buf)
{
	cb_buf_text(buf, "...\n%YAML 9.9\n---\na: 1\n");
}

static void tag_lines(struct cb_buf *buf)
{
	cb_buf_text(buf, "...\n");
	for (int i = 0; i < 5000; i++)
		cb_buf_printf(buf, "%%TAG !t%d! tag:x.org,2000:%d\n", i, i);
	cb_buf_text(buf, "---\na: 1\n");
}

static void bom_inside(struct cb_buf *buf)
{
	cb_buf_text(buf, "---\na: b\n\xef\xbb\xbf"
	                 "c: [\n");
}

static void tab(struct cb_buf *buf)
{
	cb_buf_text(buf, "---\nkind: Component\nmetadata:\n\tname: x\n");
}

static void many_fields(struct cb_buf *buf)
{
	cb_buf_text(buf, "---\napiVersion: backstage.io/v1alpha1\n"
	                 "kind: Component\nmetadata:\n  name: many\n"
	                 "  annotations:\n");
	for (int i = 0; i < 12000; i++)
		cb_buf_printf(buf, "    a%d: x\n", i);
}

static void many_relations(struct cb_buf *buf)
{
	cb_buf_text(buf,
	            "---\napiVersion: backstage.io/v1alpha1\n"
	            "kind: Component\nmetadata: {name: many}\n"
	            "spec: {type: a, lifecycle: b, owner: c, dependsOn: [");
	for (int i = 0; i < 10001; i++)
		cb_buf_printf(buf, "'component:x%d',", i);
	cb_buf_text(buf, "]}\n");
}

static const struct wrong_file {
	const char *yaml;
	void (*make)(struct cb_buf *buf);
	const char *says; /* in the errors of the Location or the entity */
} files[] = {
	{ NULL, alias_bomb, "too many nodes (> 10000)" },
	{ NULL, cycle, "stands within its own anchor" },
	{ NULL, brackets, "nested too deeply (> 64)" },
	{ NULL, braces, "a key must be a plain value" },
	{ NULL, steps, "nested too deeply (> 64)" },
	{ NULL, long_text, "text too long (> 1048576 bytes)" },
	{ NULL, anchors, "too many anchors (> 1000)" },
	{ "---\nkind: a\nkind: b\n", NULL, "duplicate key 'kind'" },
	{ "---\na: *nobody\n", NULL, "alias '*nobody' without an anchor" },
	{ NULL, merge, "<<: not a field of an entity" },
	{ NULL, tags, "unknown kind 'Componen'" },
	{ NULL, directive, "YAML" },
	{ NULL, tag_lines, "apiVersion: missing" },
	{ NULL, bom_inside, "bad.yaml: line" },
	{ NULL, tab, "bad.yaml: line 9, column 1" },
	{ "---\n? {a: b}\n: c\n", NULL, "a key must be a plain value" },
	{ "---\na: \"\\0\"\n", NULL, "NUL" },
	{ "---\n- a\n", NULL, "the document is a list, expected a map" },
	{ "---\nx\n", NULL, "the document is a text, expected a map" },
	{ COMPONENT("-dash", ""), NULL, "metadata.name: '-dash', expected" },
	{ COMPONENT("\"a\\u202eb\"", ""), NULL, "metadata.name: " },
	{ COMPONENT("a, namespace: ../../x", ""), NULL, "metadata.namespace:" },
	{ COMPONENT("a, labels: {a: <script>}", ""), NULL,
	  "metadata.labels.a: bad value" },
	{ COMPONENT("a, annotations: {a: yes, b: true}", ""), NULL,
	  "metadata.annotations.b: a boolean, expected a text" },
	{ COMPONENT("a", ", dependsOn: [db]"), NULL,
	  "spec.dependsOn.0: bad reference 'db', the kind is missing" },
	{ COMPONENT("a", ", api: {$text: ../../secret}"), NULL,
	  "needs an entity that was read from a url" },
	{ COMPONENT("a", ", api: {$json: 'http://169.254.169.254/'}"), NULL,
	  "needs an entity that was read from a url" },
	{ NULL, many_fields, "too many nodes" },
	{ NULL, many_relations, "too many nodes" },
	{ GROUP("g"), NULL, "group:default/g is not allowed from" },
	{ "---\napiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: "
	  "{name: up}\nspec: {type: url, target: ./x}\n",
	  NULL, "./x: expected an http or https address" },
};

static void assert_said(size_t i)
{
	const char *said = yard_sql(
	    &yard, "select string_agg(errors, ' ') from callboard.node");

	if (!strstr(said, files[i].says))
		fail_msg("file %zu said %s, expected %s", i, said,
		         files[i].says);
}

/* CPU that the file costs when it takes the place of a good one. */
static long cost_of(const struct wrong_file *file, struct cb_buf *buf)
{
	long start;

	yard_file(&yard, "bad.yaml", OLD);
	yard_settle(&yard);
	yard_assert_no_trouble(&yard);
	cbi_buf_clear(buf);
	cb_buf_text(buf, COMPONENT("before", ""));
	if (file->make)
		file->make(buf);
	else
		cb_buf_text(buf, file->yaml);
	cb_buf_text(buf, AFTER);
	assert_int_equal(buf->failed, CB_OK);
	yard_bytes(&yard, "bad.yaml", buf->data, buf->len);
	start = cpu_ms();
	yard_settle(&yard);
	return cpu_ms() - start;
}

static void wrong_files_cost_little_and_lose_nothing(void **state)
{
	static const char *const none[] = { NULL };
	struct cb_buf buf;
	struct lane lane;

	(void)state;
	lane_open(&lane);
	assert_int_equal(
	    cbi_rules_read(&lane.ctx, NULL, NULL, none, &yard.in.rules), CB_OK);
	cbi_buf_init(&buf, 16 * CB_MIB);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		long least = LONG_MAX;

		/* A machine that is busy makes the same work dearer: the
		 * least of some tries is what it costs. */
		for (int n = 0; n < TRIES && least > MOST_MS; n++) {
			long cost = cost_of(&files[i], &buf);

			least = cost < least ? cost : least;
		}
		if (least > MOST_MS)
			fail_msg("file %zu cost %ld ms", i, least);
		assert_said(i);
		/* Where a document could not be made out, it may have been
		 * this one. */
		if (strcmp(yard_sql(&yard, "select errors from callboard.node "
		                           "where ref = 'location:default/l'"),
		           "[]") != 0)
			yard_assert_text(&yard, "component:default/old",
			                 "spec.n", "kept");
		yard_assert_text(&yard, "component:default/before", "kind",
		                 "Component");
		yard_assert_text(&yard, "component:default/after", "kind",
		                 "Component");
	}
	cbi_buf_finish(&buf);
	lane_close(&lane);
}

/* What cannot be read as text at all: nothing of it comes in. */
static void files_that_are_no_text_keep_what_was(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} wrongs[] = {
		{ "a: \xff\n", 5 },
		{ "a: x\0y\n", 7 },
		{ "\xff\xfe"
		  "a\0:\0",
		  6 },
		{ "a\0:\0 \0", 6 },
	};
	struct cb_buf buf;

	(void)state;
	yard_file(&yard, "bad.yaml", OLD);
	yard_settle(&yard);
	for (size_t i = 0; i < 4; i++) {
		yard_bytes(&yard, "bad.yaml", wrongs[i].bytes, wrongs[i].len);
		yard_settle(&yard);
		yard_assert_trouble(&yard, "location:default/l", "UTF-8");
		yard_assert_served(&yard,
		                   "component:default/old location:default/l");
	}
	/* Too large a file is not even read. */
	cbi_buf_init(&buf, 64 * CB_MIB);
	repeat(&buf,
	       "# 3456789 123456789 123456789 123456789 123456789 "
	       "123456789 1234\n",
	       (33 * CB_MIB) / 65);
	yard_bytes(&yard, "bad.yaml", buf.data, buf.len);
	yard_settle(&yard);
	yard_assert_trouble(&yard, "location:default/l",
	                    "expected at most 33554432");
	cbi_buf_clear(&buf);
	repeat(&buf, "---\n", 25000);
	yard_bytes(&yard, "bad.yaml", buf.data, buf.len);
	yard_settle(&yard);
	yard_assert_trouble(&yard, "location:default/l",
	                    "too many documents (> 20000)");
	yard_assert_served(&yard, "component:default/old location:default/l");
	cbi_buf_finish(&buf);
}

static void every_truncation_keeps_what_was(void **state)
{
	static const char whole[] = OLD COMPONENT("b", ", tags: [x, \"y\"]")
	    COMPONENT("c", ", text: 'a b'");

	(void)state;
	yard_bytes(&yard, "bad.yaml", whole, sizeof(whole) - 1);
	yard_settle(&yard);
	for (size_t n = 0; n < sizeof(whole) - 1; n += 3) {
		yard_bytes(&yard, "bad.yaml", whole, n);
		yard_settle(&yard);
		/* Cut between documents it is a file with fewer of them; but
		 * never do all vanish, and what is there is whole. */
		if (strcmp(yard_sql(&yard, "select count(*) from "
		                           "callboard.entity where kind = "
		                           "'component'"),
		           "0") == 0)
			fail_msg("all gone at %zu", n);
		yard_assert_sql(&yard,
		                "select count(*) from callboard.entity where "
		                "kind = 'component' and lifecycle <> 'x'",
		                "0");
	}
	yard_bytes(&yard, "bad.yaml", whole, sizeof(whole) - 1);
	yard_settle(&yard);
	yard_assert_no_trouble(&yard);
	yard_assert_served(&yard, "component:default/b component:default/c "
	                          "component:default/old location:default/l");
}

static void chains_of_locations_end(void **state)
{
	(void)state;
	for (int i = 0; i < 200; i++) {
		char name[32], text[300];

		snprintf(name, sizeof(name), "chain%d.yaml", i);
		snprintf(text, sizeof(text), LOCATION("k%d", "./chain%d.yaml"),
		         i, i + 1);
		yard_file(&yard, name, text);
	}
	yard_file(&yard, "chain200.yaml", COMPONENT("last", ""));
	yard_file(&yard, "bad.yaml", LOCATION("start", "./chain0.yaml"));
	yard_settle(&yard);
	yard_assert_text(&yard, "component:default/last", "kind", "Component");
	yard.in.n = 0;
	yard_sync(&yard);
	yard_assert_sql(&yard, "select count(*) from callboard.node", "0");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		T(wrong_files_cost_little_and_lose_nothing),
		T(files_that_are_no_text_keep_what_was),
		T(every_truncation_keeps_what_was),
		T(chains_of_locations_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
