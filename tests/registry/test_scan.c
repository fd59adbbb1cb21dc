/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_scan.c - what the scan says of each tiny plugin of tests/abi.
 *
 * Each is laid into a folder of its own beside `plain`, which must always pass.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "config/config.h"
#include "host/host.h"
#include "registry/registry.h"

#define BUILT "tests/abi/.libs"

static char home[64];
static struct cbi_lane lane;
static struct cb_ctx ctx;
static struct cbi_config *config;

static void put(const char *name, const char *text, size_t len)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", home, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	fclose(file);
}

/* Copies a built plugin into the folder, at most len bytes of it. */
static void lay(const char *built, const char *as, size_t len)
{
	static char bytes[8 * 1024 * 1024];
	char path[128];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), BUILT "/%s.so", built);
	file = fopen(path, "r");
	assert_non_null(file);
	n = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	put(as, bytes, n < len ? n : len);
}

/* Those that the house brings itself are built elsewhere. */
static void lay_ours(void)
{
	lay("../../../.libs/jenkins", "a/jenkins.so", SIZE_MAX);
	lay("../../../.libs/ownership", "a/ownership.so", SIZE_MAX);
	lay("../../../.libs/sonarqube", "a/sonarqube.so", SIZE_MAX);
}

static void configure(const char *more)
{
	char text[4096], path[128];
	const char *files[2] = { path, NULL };
	struct cb_buf report;
	int rc;

	snprintf(text, sizeof(text),
	         "app:\n  title: Test\n"
	         "backend:\n  baseUrl: http://localhost\n"
	         "  pluginDirs: [%s/a, %s/b, %s/absent]\n"
	         "%s",
	         home, home, home, more);
	put("callboard.yaml", text, strlen(text));
	snprintf(path, sizeof(path), "%s/callboard.yaml", home);
	cbi_buf_init(&report, 65536);
	rc = cbi_config_load(&ctx, files, &report, &config);
	if (rc != CB_OK)
		fail_msg("%s", cbi_buf_string(&report));
	cbi_buf_finish(&report);
}

static int set_up(void **state)
{
	char path[128];

	(void)state;
	strcpy(home, "/tmp/cb-scan-XXXXXX");
	assert_non_null(mkdtemp(home));
	snprintf(path, sizeof(path), "%s/a", home);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/b", home);
	mkdir(path, 0755);
	cbi_lane_init(&lane, 64 << 20);
	cbi_ctx_init(&ctx, &lane);
	config = NULL;
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	cbi_config_destroy(config);
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	snprintf(command, sizeof(command), "rm -r %s", home);
	return system(command);
}

static json_t *scan(void)
{
	json_t *root = NULL;

	if (cbi_registry_manifests(&ctx, config, cbi_host_filter(), &root) !=
	    CB_OK)
		fail_msg("%s", cb_failure(&ctx));
	assert_int_equal(cb_defer(&ctx, (void (*)(void *))json_decref, root),
	                 CB_OK);
	return json_object_get(root, "plugins");
}

/* The n-th manifest of that name. */
static json_t *find(json_t *list, const char *name, int n)
{
	json_t *row;
	size_t i;

	json_array_foreach(list, i, row)
	{
		if (strcmp(json_string_value(json_object_get(row, "name")),
		           name) == 0 &&
		    n-- == 0)
			return row;
	}
	fail_msg("no manifest of %s", name);
	return NULL;
}

static const char *text(const json_t *row, const char *name)
{
	const char *value = json_string_value(json_object_get(row, name));

	assert_non_null(value);
	return value;
}

static void assert_reason(const json_t *row, const char *reason)
{
	assert_string_equal(text(row, "state"), "refused");
	assert_string_equal(text(row, "reason"), reason);
}

static void assert_plain_passes(json_t *list)
{
	json_t *row = find(list, "plain", 0);

	assert_string_equal(text(row, "reason"), "");
	assert_string_equal(text(row, "state"), "checked");
}

static void each_refusal_says_its_own_reason(void **state)
{
	static const struct {
		const char *plugin, *reason;
	} rows[] = {
		{ "newer", "built for ABI 1.1, this host speaks 1.0" },
		{ "major", "built for ABI 2.0, this host speaks 1.0" },
		{ "orphan", "comes after 'parent', which is not there or was "
		            "refused" },
		{ "misnamed", "the plugin in it is called 'another'" },
		{ "unserved", "declares schedules ('tidy'), which this host "
		              "does not serve yet" },
		{ "nosymbol", "does not export cb_plugin_entry" },
		{ "wild", "crashed while being loaded (SIGSEGV)" },
		{ "early", "crashed while being loaded (SIGABRT)" },
		{ "leaver", "ended the process while being loaded (exit 0)" },
	};
	json_t *list;

	(void)state;
	lay("plain", "a/plain.so", SIZE_MAX);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char as[64];

		snprintf(as, sizeof(as), "a/%s.so", rows[i].plugin);
		lay(rows[i].plugin, as, SIZE_MAX);
	}
	configure("");
	list = scan();
	assert_plain_passes(list);
	assert_int_equal(json_array_size(list),
	                 1 + sizeof(rows) / sizeof(rows[0]));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_reason(find(list, rows[i].plugin, 0), rows[i].reason);
}

static void a_constructor_that_hangs_is_ended(void **state)
{
	json_t *list;

	(void)state;
	lay("plain", "a/plain.so", SIZE_MAX);
	lay("sleeper", "a/sleeper.so", SIZE_MAX);
	configure("");
	list = scan();
	assert_plain_passes(list);
	assert_reason(find(list, "sleeper", 0), "was not loaded within 5 s");
}

static void what_is_no_shared_object_is_named_so(void **state)
{
	json_t *list;
	const char *reason;

	(void)state;
	lay("plain", "a/plain.so", SIZE_MAX);
	lay("plain", "a/cut.so", 5000);
	lay("plain", "a/stump.so", 30);
	put("a/text.so", "#!/bin/sh\necho no plugin\n", 25);
	put("a/empty.so", "", 0);
	put("a/.plain.so.new", "half", 4);
	put("a/README", "no plugin either", 16);
	mkdir(cb_printf(&ctx, "%s/a/folder.so", home), 0755);
	assert_int_equal(
	    symlink("nowhere", cb_printf(&ctx, "%s/a/link.so", home)), 0);
	configure("");
	list = scan();
	assert_plain_passes(list);
	assert_int_equal(json_array_size(list), 7);
	assert_reason(find(list, "cut", 0), "is cut short: its headers speak "
	                                    "of more than its 5000 bytes");
	assert_reason(find(list, "stump", 0), "is cut short: 30 bytes");
	assert_reason(find(list, "text", 0),
	              "is not a shared object: no ELF header");
	assert_reason(find(list, "empty", 0),
	              "is not a shared object: no ELF header");
	assert_reason(find(list, "folder", 0), "is not a file");
	reason = text(find(list, "link", 0), "reason");
	assert_string_equal(reason, "cannot be read: No such file or "
	                            "directory");
}

static void a_file_that_everybody_may_write_is_refused(void **state)
{
	json_t *list;

	(void)state;
	lay("plain", "a/plain.so", SIZE_MAX);
	lay("crash", "a/crash.so", SIZE_MAX);
	chmod(cb_printf(&ctx, "%s/a/crash.so", home), 0666);
	configure("");
	list = scan();
	assert_plain_passes(list);
	assert_reason(find(list, "crash", 0),
	              "may be written by everybody (chmod o-w)");
}

static void a_plugin_that_strays_is_refused_by_the_loader(void **state)
{
	json_t *list;

	(void)state;
	lay("plain", "a/plain.so", SIZE_MAX);
	lay("stray", "a/stray.so", SIZE_MAX);
	configure("");
	list = scan();
	assert_plain_passes(list);
	assert_string_equal(text(find(list, "stray", 0), "state"), "refused");
	/* The loader's sentence, which names the library's path. */
	assert_non_null(strstr(text(find(list, "stray", 0), "reason"),
	                       "version `CALLBOARD_PRIVATE_9.9.9' not found"));
}

static void of_two_of_one_name_the_first_folder_wins(void **state)
{
	json_t *list;

	(void)state;
	lay("plain", "a/plain.so", SIZE_MAX);
	lay("plain", "b/plain.so", SIZE_MAX);
	configure("");
	list = scan();
	assert_plain_passes(list);
	assert_reason(find(list, "plain", 1),
	              cb_printf(&ctx,
	                        "a plugin of this name was found before, in "
	                        "%s/a/plain.so",
	                        home));
}

static void a_bad_section_is_named_by_its_place(void **state)
{
	static const struct {
		const char *section, *reason;
	} rows[] = {
		{ "plain:\n  alwys: true\n",
		  "callboard.yaml:7:3: plain.alwys: there is no such key; did "
		  "you mean 'always'?" },
		{ "plain:\n  nothing: true\n",
		  "callboard.yaml:7:3: plain.nothing: there is no such key" },
		{ "plain:\n  always: 3\n",
		  "callboard.yaml:7:3: plain.always: expected true or false, "
		  "not 3" },
		{ "plain:\n  always: [true]\n",
		  "callboard.yaml:7:3: plain.always: expected true or false, "
		  "not [true]" },
		{ "plain: [1, 2]\n",
		  "callboard.yaml:6:1: plain: expected a section of keys" },
	};

	(void)state;
	lay("plain", "a/plain.so", SIZE_MAX);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *reason;

		configure(rows[i].section);
		reason = text(find(scan(), "plain", 0), "reason");
		assert_true(strlen(reason) > strlen(home));
		assert_memory_equal(reason, home, strlen(home));
		assert_string_equal(reason + strlen(home) + 1, rows[i].reason);
		cbi_config_destroy(config);
	}
	configure("plain:\n  always: true\n");
	assert_plain_passes(scan());
}

static void the_scan_writes_a_whole_file_or_none(void **state)
{
	const char *path;
	json_t *root;

	(void)state;
	lay("plain", "a/plain.so", SIZE_MAX);
	configure("");
	path = cb_printf(&ctx, "%s/registry.json", home);
	assert_int_equal(
	    cbi_registry_scan(&ctx, config, cbi_host_filter(), path), CB_OK);
	root = json_load_file(path, 0, NULL);
	assert_non_null(root);
	assert_plain_passes(json_object_get(root, "plugins"));
	json_decref(root);
	assert_int_equal(cbi_registry_scan(&ctx, config, cbi_host_filter(),
	                                   "/nowhere/registry.json"),
	                 CB_EAWAY);
	assert_non_null(strstr(cb_failure(&ctx), "/nowhere/registry.json"));
}

static void another_file_than_the_checked_one_is_noticed(void **state)
{
	json_t *row;

	(void)state;
	lay("plain", "a/plain.so", SIZE_MAX);
	configure("");
	row = find(scan(), "plain", 0);
	assert_int_equal(cbi_registry_same_file(&ctx, row), CB_OK);
	lay("crash", "a/plain.so", SIZE_MAX);
	assert_int_equal(cbi_registry_same_file(&ctx, row), CB_ECHANGED);
	assert_non_null(strstr(cb_failure(&ctx), "plain: "));
}

static void our_own_plugins_pass_with_their_connections(void **state)
{
	static const char *const names[] = { "jenkins", "ownership",
		                             "sonarqube" };
	json_t *list;

	(void)state;
	lay_ours();
	configure("connections:\n  ci:\n    baseUrl: https://ci.example\n"
	          "jenkins:\n  url: ci\n"
	          "sonarqube:\n  url: https://quality.example\n");
	list = scan();
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(text(find(list, names[i], 0), "reason"),
		                    "");
}

static void a_missing_connection_or_key_is_named(void **state)
{
	const char *reason;
	json_t *list;

	(void)state;
	lay_ours();
	configure("connections:\n  ci:\n    baseUrl: https://ci.example\n"
	          "jenkins:\n  url: cj\n  builds: 21\n");
	list = scan();
	reason = text(find(list, "jenkins", 0), "reason");
	assert_string_equal(reason + strlen(home) + 1,
	                    "callboard.yaml:10:3: jenkins.url: there is no "
	                    "connection 'cj' in connections; did you mean "
	                    "'ci'?");
	reason = text(find(list, "sonarqube", 0), "reason");
	assert_non_null(strstr(reason, "sonarqube.url: this key is required"));
	assert_string_equal(text(find(list, "ownership", 0), "state"),
	                    "checked");
	cbi_config_destroy(config);
	configure("jenkins:\n  url: ftp://ci.example\n");
	reason = text(find(scan(), "jenkins", 0), "reason");
	assert_non_null(strstr(reason, "jenkins.url: expected an http(s) "
	                               "address or the name of a connection, "
	                               "not 'ftp://ci.example'"));
	cbi_config_destroy(config);
	configure("jenkins:\n  url: https://ci.example\n  builds: 21\n");
	reason = text(find(scan(), "jenkins", 0), "reason");
	assert_non_null(strstr(reason, "jenkins.builds: expected 1 to 20, not "
	                               "21"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_refusal_says_its_own_reason),
		TEST(a_constructor_that_hangs_is_ended),
		TEST(what_is_no_shared_object_is_named_so),
		TEST(a_file_that_everybody_may_write_is_refused),
		TEST(a_plugin_that_strays_is_refused_by_the_loader),
		TEST(of_two_of_one_name_the_first_folder_wins),
		TEST(a_bad_section_is_named_by_its_place),
		TEST(the_scan_writes_a_whole_file_or_none),
		TEST(our_own_plugins_pass_with_their_connections),
		TEST(a_missing_connection_or_key_is_named),
		TEST(another_file_than_the_checked_one_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
