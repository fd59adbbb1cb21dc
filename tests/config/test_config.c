/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "config/config.h"

static char dir[] = "/tmp/cb-config-XXXXXX";

struct world {
	struct cbi_lane lane;
	struct cb_ctx ctx;
	struct cb_buf report;
	struct cbi_config *config;
};

static void write_file(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int load(struct world *w, const char *one, const char *two)
{
	char paths[2][256];
	const char *files[3] = { paths[0], NULL, NULL };

	memset(w, 0, sizeof(*w));
	cbi_lane_init(&w->lane, 8 * CB_MIB);
	cbi_ctx_init(&w->ctx, &w->lane);
	cbi_buf_init(&w->report, CB_MIB);
	write_file("one.yaml", one);
	snprintf(paths[0], sizeof(paths[0]), "%s/one.yaml", dir);
	if (two) {
		write_file("two.yaml", two);
		snprintf(paths[1], sizeof(paths[1]), "%s/two.yaml", dir);
		files[1] = paths[1];
	}
	return cbi_config_load(&w->ctx, files, &w->report, &w->config);
}

static void done(struct world *w)
{
	cbi_config_destroy(w->config);
	cbi_buf_finish(&w->report);
	cbi_ctx_finish(&w->ctx);
	cbi_lane_finish(&w->lane);
}

static void an_empty_config_has_defaults(void **state)
{
	const struct cbi_settings *s;
	struct world w;

	(void)state;
	assert_int_equal(load(&w, "# nothing\n", NULL), CB_OK);
	s = cbi_config_settings(w.config);
	assert_string_equal(s->app_title, "Callboard");
	assert_string_equal(s->base_path, "");
	assert_int_equal(s->web_threads, 8);
	assert_int_equal(s->db_connections, 4);
	assert_int_equal(s->stale_if_error_ms, 3600000);
	assert_true(s->processing);
	assert_true(s->isolate);
	assert_false(s->guest);
	assert_string_equal(cbi_config_pool_of(w.config, "jenkins"), "tools");
	assert_string_equal(cbi_buf_string(&w.report), "");
	done(&w);
}

static void later_files_win_key_by_key(void **state)
{
	struct world w;

	(void)state;
	assert_int_equal(
	    load(&w,
	         "app: {title: One}\n"
	         "backend:\n"
	         "  baseUrl: https://portal.example/cb/\n"
	         "  web: {threads: 3}\n"
	         "catalog: {locations: [{type: file, target: a}]}",
	         "app: {title: Two}\n"
	         "catalog: {locations: [{type: file, target: b}]}"),
	    CB_OK);
	assert_string_equal(cbi_config_settings(w.config)->app_title, "Two");
	assert_string_equal(cbi_config_settings(w.config)->base_url,
	                    "https://portal.example/cb");
	assert_string_equal(cbi_config_settings(w.config)->base_path, "/cb");
	assert_int_equal(cbi_config_settings(w.config)->web_threads, 3);
	assert_string_equal(
	    cbi_config_text(w.config, "catalog.locations.0.target", ""), "b");
	assert_null(cbi_config_get(w.config, "catalog.locations.1"));
	assert_true(strstr(cbi_config_where(w.config, "app.title").file,
	                   "two.yaml") != NULL);
	assert_int_equal(cbi_config_where(w.config, "backend.web.threads").line,
	                 4);
	done(&w);
}

static void texts_are_expanded(void **state)
{
	struct world w;

	(void)state;
	setenv("CB_TEST_NAME", "Berth", 1);
	unsetenv("CB_TEST_UNSET");
	write_file("secret", "s3cret\n");
	write_file("part.yaml", "title: Included\n");
	assert_int_equal(load(&w,
	                      "app: {$include: part.yaml}\n"
	                      "organization: {name: '${CB_TEST_NAME} & Co'}\n"
	                      "jenkins:\n"
	                      "  a: '${CB_TEST_UNSET:-fallback}'\n"
	                      "  b: '${CB_TEST_UNSET}'\n"
	                      "  c: '$${CB_TEST_NAME}'\n"
	                      "  d: {$file: secret}\n"
	                      "  e: {$env: CB_TEST_NAME}\n",
	                      NULL),
	                 CB_OK);
	assert_string_equal(cbi_config_settings(w.config)->app_title,
	                    "Included");
	assert_string_equal(cbi_config_settings(w.config)->organization,
	                    "Berth & Co");
	assert_string_equal(cbi_config_text(w.config, "jenkins.a", ""),
	                    "fallback");
	assert_null(cbi_config_get(w.config, "jenkins.b"));
	assert_string_equal(cbi_config_text(w.config, "jenkins.c", ""),
	                    "${CB_TEST_NAME}");
	assert_string_equal(cbi_config_text(w.config, "jenkins.d", ""),
	                    "s3cret");
	assert_string_equal(cbi_config_text(w.config, "jenkins.e", ""),
	                    "Berth");
	done(&w);
}

static void connections_are_understood(void **state)
{
	struct world w;

	(void)state;
	assert_int_equal(
	    load(&w,
	         "backend:\n"
	         "  database:\n"
	         "    connection: {host: /run/pg, port: 5433, "
	         "user: 'o''b', database: cb}\n"
	         "  cache: {connection: 'redis://10.1.1.1:6379'}\n",
	         NULL),
	    CB_OK);
	assert_string_equal(cbi_config_settings(w.config)->database,
	                    "host='/run/pg' port='5433' user='o\\'b' "
	                    "dbname='cb'");
	assert_string_equal(cbi_config_settings(w.config)->redis,
	                    "10.1.1.1:6379");
	done(&w);
}

static void pools_place_plugins(void **state)
{
	const struct cbi_pool *pools;
	struct world w;

	(void)state;
	assert_int_equal(load(&w,
	                      "pools:\n"
	                      "  slow: {web: 1, plugins: [jenkins]}\n"
	                      "  tools: {web: 3}\n",
	                      NULL),
	                 CB_OK);
	assert_int_equal(cbi_config_pools(w.config, &pools), 3);
	assert_string_equal(cbi_config_pool_of(w.config, "jenkins"), "slow");
	assert_int_equal(pools[0].fetch, 0);
	assert_int_equal(pools[1].web, 3);
	assert_int_equal(pools[2].web, 1);
	done(&w);
}

static void durations_are_backstages_too(void **state)
{
	struct world w;

	(void)state;
	assert_int_equal(load(&w,
	                      "catalog:\n"
	                      "  processingInterval: {minutes: 2, seconds: 5}\n"
	                      "  staleIfError: 15m\n",
	                      NULL),
	                 CB_OK);
	assert_int_equal(cbi_config_settings(w.config)->interval_ms, 125000);
	assert_int_equal(cbi_config_settings(w.config)->stale_if_error_ms,
	                 900000);
	done(&w);
}

/* What is wrong, and what the report must say of it. */
static void mistakes_are_named_with_their_place(void **state)
{
	static const struct {
		const char *text;
		const char *where; /* after the file's name */
		const char *what;
	} rows[] = {
		{ "a: [1\n", ":2:", "" },
		{ "app:\n\ttitle: x\n", ":2:", "" },
		{ "- 1\n", ":1:1: ", "expected keys and values" },
		{ "backend:\n  web:\n    threads: many\n", ":3:5: ",
		  "backend.web.threads: expected a whole number from 1 to 64" },
		{ "backend: {web: {threads: 0}}\n", ":1:17: ", "from 1 to 64" },
		{ "backend: {baseUrl: portal}\n",
		  ":1:11: ", "backend.baseUrl: expected an address" },
		{ "backend: {baseUrl: 'http://u@h/'}\n",
		  ":1:11: ", "without user" },
		{ "app:\n  title: 5\n",
		  ":2:3: ", "app.title: expected a text" },
		{ "catalog: {onBadDocument: ignore}\n",
		  ":1:11: ", "'ignore', expected isolate or block" },
		{ "catalog: {staleIfError: soon}\n",
		  ":1:11: ", "expected a duration" },
		{ "catalog: {processingInterval: soon}\n",
		  ":1:11: ", "expected a duration" },
		{ "backend: {log: {level: loud}}\n",
		  ":1:17: ", "expected error, warn, info or debug" },
		{ "backend: {cache: {connection: 'host'}}\n",
		  ":1:19: ", "expected redis://" },
		{ "backend: {pluginDirs: 7}\n", ":1:11: ", "expected a list" },
		{ "pools: {Big: {}}\n", ":1:9: ", "expected a name of a-z" },
		{ "pools: {core: {plugins: [x]}}\n",
		  ":1:16: ", "core loads no plugin" },
		{ "pools: {x: {web: 99}}\n",
		  ":1:13: ", "expected a whole number from 1 to 16" },
		{ "x: {$file: nowhere}\n",
		  ":1:12: ", "$file: nowhere: No such file" },
		{ "x: {$include: one.yaml}\n", ":1:15: ", "a cycle?" },
		{ "x: '${OPEN'\n", ":1:5: ", "'${' without '}'" },
		{ "a: 1\n---\nb: 2\n", ":", "a second document" },
		{ "a: 1\na: 2\n", ":2:", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world w;
		const char *report;
		char where[64];

		assert_int_equal(load(&w, rows[i].text, NULL), CB_EINVAL);
		report = cbi_buf_string(&w.report);
		snprintf(where, sizeof(where), "one.yaml%s", rows[i].where);
		if (!strstr(report, where) || !strstr(report, rows[i].what))
			fail_msg("row %zu: '%s' says: %s", i, rows[i].text,
			         report);
		assert_null(w.config);
		done(&w);
	}
}

static void the_lines_around_a_mistake_are_shown(void **state)
{
	struct world w;

	(void)state;
	load(&w, "app:\n  title: x\nbackend:\n  web:\n    threads: -1\nb: 1\n",
	     NULL);
	assert_non_null(strstr(cbi_buf_string(&w.report), "threads: -1"));
	assert_non_null(strstr(cbi_buf_string(&w.report), "  web:"));
	done(&w);
}

static void a_misspelt_key_is_a_warning(void **state)
{
	struct world w;

	(void)state;
	assert_int_equal(load(&w,
	                      "backend: {baseURL: 'http://x'}\n"
	                      "catlog: {}\n"
	                      "jenkins: {anything: 1}\n"
	                      "catalog: {locations: [{typ: file}]}\n",
	                      NULL),
	                 CB_OK);
	assert_non_null(strstr(w.report.data,
	                       "one.yaml:1:11: warning: unknown key "
	                       "'backend.baseURL', did you mean 'baseUrl'?"));
	assert_non_null(strstr(w.report.data, "did you mean 'catalog'?"));
	assert_non_null(strstr(w.report.data, "did you mean 'type'?"));
	assert_null(strstr(w.report.data, "key 'jenkins"));
	done(&w);
}

static void a_missing_file_is_named(void **state)
{
	const char *files[] = { "/nowhere/callboard.yaml", NULL };
	struct world w;

	(void)state;
	load(&w, "", NULL);
	cbi_config_destroy(w.config);
	w.config = NULL;
	cb_failure_clear(&w.ctx);
	assert_int_equal(cbi_config_load(&w.ctx, files, &w.report, &w.config),
	                 CB_EINVAL);
	assert_non_null(strstr(w.report.data,
	                       "/nowhere/callboard.yaml: cannot be read: "
	                       "No such file or directory"));
	done(&w);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const names[] = { "one.yaml", "two.yaml", "secret",
		                             "part.yaml" };
	char path[256];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_config_has_defaults),
		cmocka_unit_test(later_files_win_key_by_key),
		cmocka_unit_test(texts_are_expanded),
		cmocka_unit_test(connections_are_understood),
		cmocka_unit_test(pools_place_plugins),
		cmocka_unit_test(durations_are_backstages_too),
		cmocka_unit_test(mistakes_are_named_with_their_place),
		cmocka_unit_test(the_lines_around_a_mistake_are_shown),
		cmocka_unit_test(a_misspelt_key_is_a_warning),
		cmocka_unit_test(a_missing_file_is_named),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
