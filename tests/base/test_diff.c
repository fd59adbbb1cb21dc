/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of base/diff.c: what a difference says makes the second text of the
 * first, and says no more than it must.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "base/diff.h"
#include "base/limits.h"

static struct cbi_lane lane;
static struct cb_ctx ctx;

static int begin(void **state)
{
	(void)state;
	cbi_lane_init(&lane, 256 * CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	return 0;
}

static int end(void **state)
{
	(void)state;
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return 0;
}

static void assert_unified(const char *a, const char *b, const char *expected)
{
	struct cbi_diff_line *lines;
	struct cb_buf buf;
	size_t n;

	assert_int_equal(cbi_diff_lines(&ctx, a, b, &lines, &n), CB_OK);
	cbi_buf_init(&buf, CB_MIB);
	cbi_diff_unified(&buf, lines, n);
	assert_string_equal(cbi_buf_string(&buf), expected);
	cbi_buf_finish(&buf);
}

static void what_differs_stands_among_what_does_not(void **state)
{
	(void)state;
	assert_unified("", "", "");
	assert_unified("a\nb\n", "a\nb\n", "");
	assert_unified("", "a\n", "@@ -0,0 +1,1 @@\n+a\n");
	assert_unified("a\n", "", "@@ -1,1 +0,0 @@\n-a\n");
	assert_unified("a\nb\nc\n", "a\nx\nc\n",
	               "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
	/* Far apart: two pieces, three lines around each. */
	assert_unified("1\n2\n3\n4\n5\n6\n7\n8\n9\n",
	               "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\nA\n",
	               "@@ -1,3 +1,4 @@\n+0\n 1\n 2\n 3\n"
	               "@@ -7,3 +8,4 @@\n 7\n 8\n 9\n+A\n");
}

/* The longest common subsequence, the slow way. */
static size_t common(const char *a, size_t an, const char *b, size_t bn)
{
	static size_t table[64][64];

	for (size_t i = 0; i <= an; i++)
		for (size_t k = 0; k <= bn; k++) {
			size_t up = i ? table[i - 1][k] : 0;
			size_t left = k ? table[i][k - 1] : 0;

			table[i][k] = !i || !k ? 0
			              : a[2 * (i - 1)] == b[2 * (k - 1)]
			                  ? table[i - 1][k - 1] + 1
			              : up > left ? up
			                          : left;
		}
	return table[an][bn];
}

static void changes_are_whole_and_few(void **state)
{
	unsigned seed = 7;

	(void)state;
	for (int turn = 0; turn < 2000; turn++) {
		char a[128] = "", b[128] = "", old[128] = "", new[128] = "";
		size_t an = 0, bn = 0, n, same = 0;
		struct cbi_diff_line *lines;
		struct cbi_ctx_mark mark;

		cbi_ctx_mark(&ctx, &mark);
		for (int side = 0; side < 2; side++) {
			size_t *len = side ? &bn : &an;
			char *text = side ? b : a;

			seed = seed * 1103515245u + 12345u;
			*len = seed / 65536 % 30;
			for (size_t i = 0; i < *len; i++) {
				seed = seed * 1103515245u + 12345u;
				text[2 * i] = (char)('a' + seed / 65536 % 4);
				text[2 * i + 1] = '\n';
				text[2 * i + 2] = '\0';
			}
		}
		assert_int_equal(cbi_diff_lines(&ctx, a, b, &lines, &n), CB_OK);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(lines[i].len, 1);
			if (lines[i].kind != CBI_DIFF_NEW) {
				assert_int_equal(lines[i].old_at,
				                 strlen(old) / 2);
				strncat(old, lines[i].text, 2);
			}
			if (lines[i].kind != CBI_DIFF_OLD) {
				assert_int_equal(lines[i].new_at,
				                 strlen(new) / 2);
				strncat(new, lines[i].text, 2);
			}
			same += lines[i].kind == CBI_DIFF_SAME;
		}
		assert_string_equal(old, a);
		assert_string_equal(new, b);
		assert_int_equal(same, common(a, an, b, bn));
		cbi_ctx_rewind(&ctx, &mark);
	}
}

static void texts_without_anything_in_common_end_soon(void **state)
{
	struct cb_buf a, b;
	struct cbi_diff_line *lines;
	size_t n;

	(void)state;
	cbi_buf_init(&a, 8 * CB_MIB);
	cbi_buf_init(&b, 8 * CB_MIB);
	for (int i = 0; i < 20000; i++) {
		cb_buf_printf(&a, "old %d\n", i);
		cb_buf_printf(&b, "new %d\n", i);
	}
	assert_int_equal(cbi_diff_lines(&ctx, cbi_buf_string(&a),
	                                cbi_buf_string(&b), &lines, &n),
	                 CB_OK);
	assert_int_equal(n, 40000);
	assert_int_equal(lines[0].kind, CBI_DIFF_OLD);
	assert_int_equal(lines[20000].kind, CBI_DIFF_NEW);
	cbi_buf_finish(&a);
	cbi_buf_finish(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_differs_stands_among_what_does_not),
		cmocka_unit_test(changes_are_whole_and_few),
		cmocka_unit_test(texts_without_anything_in_common_end_soon),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
