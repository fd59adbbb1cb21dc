/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "config/config.h"
#include "provider/provider.h"

static char dir[] = "/tmp/cb-provider-XXXXXX";
static struct cbi_lane lane;
static struct cb_ctx ctx;
static struct cbi_config *config;
static struct cbi_provider *provider;

static const char *at(const char *name)
{
	return cb_printf(&ctx, "%s/%s", dir, name);
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(at(name), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* What a read hands over, as "name=text" lines; '~' for unchanged, '!' for a
 * failure. */
static char seen[4096];

static int note(void *arg, struct cb_ctx *c, const struct cbi_provider_file *f)
{
	size_t used = strlen(seen);
	const char *name = strrchr(f->target, '/') + 1;

	(void)arg;
	(void)c;
	snprintf(seen + used, sizeof(seen) - used, "%s%s ", name,
	         f->unchanged ? "~"
	         : f->code    ? "!"
	                      : "");
	if (f->text)
		assert_int_equal(strlen(f->text), f->len);
	return CB_OK;
}

static int read_target(const char *type, const char *target, const char *root,
                       json_t **state)
{
	struct cbi_provider_ask ask = { type, target, root,
		                        state ? *state : NULL };
	json_t *after = NULL;
	int rc;

	seen[0] = '\0';
	cb_failure_clear(&ctx);
	rc = cbi_provider_read(&ctx, provider, &ask, note, NULL, &after);
	if (state && rc == CB_OK) {
		json_decref(*state);
		*state = after;
	} else {
		json_decref(after);
	}
	return rc;
}

static void patterns_find_their_files(void **state)
{
	static const struct {
		const char *pattern, *found;
	} rows[] = {
		{ "a.yaml", "a.yaml " },
		{ "*.yaml", "a.yaml b.yaml " },
		{ "?.yaml", "a.yaml b.yaml " },
		{ "[b-z].yaml", "b.yaml " },
		{ "{a,b}.yaml", "a.yaml b.yaml " },
		{ "{b,a,a}.yaml", "a.yaml b.yaml " },
		{ "sub/*/c.yaml", "c.yaml " },
		{ "**/c.yaml", "c.yaml " },
		{ "**/*.yaml", "a.yaml b.yaml d.yaml c.yaml " },
		{ "**", "a.yaml b.yaml d.yaml c.yaml text.txt " },
		{ "*", "a.yaml b.yaml text.txt " },
		{ ".*", ".hidden.yaml " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int rc = read_target("file", at(rows[i].pattern), NULL, NULL);

		if (rc != CB_OK || strcmp(seen, rows[i].found) != 0)
			fail_msg("%s: %d '%s' %s", rows[i].pattern, rc, seen,
			         cb_failure(&ctx));
	}
	assert_int_equal(read_target("file", at("*.nothing"), NULL, NULL),
	                 CB_ENOENT);
}

static void an_unchanged_file_is_only_looked_at(void **state)
{
	json_t *known = NULL;

	(void)state;
	put("u.txt", "one");
	assert_int_equal(read_target("file", at("u.txt"), NULL, &known), CB_OK);
	assert_string_equal(seen, "u.txt ");
	assert_int_equal(read_target("file", at("u.txt"), NULL, &known), CB_OK);
	assert_string_equal(seen, "u.txt~ ");
	/* Written again with the same bytes: touched, not changed. */
	usleep(20000);
	put("u.txt", "one");
	assert_int_equal(read_target("file", at("u.txt"), NULL, &known), CB_OK);
	assert_string_equal(seen, "u.txt~ ");
	/* The same length, other bytes. */
	usleep(20000);
	put("u.txt", "two");
	assert_int_equal(read_target("file", at("u.txt"), NULL, &known), CB_OK);
	assert_string_equal(seen, "u.txt ");
	json_decref(known);
	unlink(at("u.txt"));
}

static void what_is_no_file_is_refused(void **state)
{
	static const struct {
		const char *name;
		int code;
		const char *says;
	} rows[] = {
		{ "nowhere.yaml", CB_ENOENT, "No such file" },
		{ "sub", CB_EINVAL, "not a regular file" },
		{ "fifo", CB_EINVAL, "not a regular file" },
		{ "sub/", CB_EINVAL, "ends in '/'" },
	};

	(void)state;
	assert_int_equal(mkfifo(at("fifo"), 0600), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
		    read_target("file", at(rows[i].name), NULL, NULL),
		    rows[i].code);
		assert_non_null(strstr(cb_failure(&ctx), rows[i].says));
	}
	assert_int_equal(read_target("file", "a.yaml", NULL, NULL), CB_EINVAL);
	assert_int_equal(read_target("ftp", "ftp://x/y", NULL, NULL),
	                 CB_EINVAL);
	unlink(at("fifo"));
}

static void nothing_leads_outside_of_the_root(void **state)
{
	const char *root = at("sub");

	(void)state;
	assert_int_equal(symlink("/etc/passwd", at("sub/out.yaml")), 0);
	assert_int_equal(symlink("deep/c.yaml", at("sub/in.yaml")), 0);
	assert_int_equal(symlink("/etc", at("sub/etc")), 0);
	assert_int_equal(read_target("file", at("sub/d.yaml"), root, NULL),
	                 CB_OK);
	assert_int_equal(read_target("file", at("sub/in.yaml"), root, NULL),
	                 CB_OK);
	assert_int_equal(read_target("file", at("sub/out.yaml"), root, NULL),
	                 CB_EDENIED);
	assert_int_equal(read_target("file", at("sub/etc/passwd"), root, NULL),
	                 CB_EDENIED);
	assert_int_equal(read_target("file", at("a.yaml"), root, NULL),
	                 CB_EDENIED);
	assert_int_equal(read_target("file", at("sub/../a.yaml"), root, NULL),
	                 CB_EDENIED);
	/* One bad file of a pattern does not hide the others. */
	assert_int_equal(read_target("file", at("sub/*.yaml"), root, NULL),
	                 CB_OK);
	assert_string_equal(seen, "d.yaml in.yaml out.yaml! ");
	unlink(at("sub/out.yaml"));
	unlink(at("sub/in.yaml"));
	unlink(at("sub/etc"));
}

static void relative_targets_find_their_base(void **state)
{
	static const struct {
		const char *type, *base, *target, *out;
	} rows[] = {
		{ "file", "/a/b/c.yaml", "./d.yaml", "/a/b/d.yaml" },
		{ "file", "/a/b/c.yaml", "../d.yaml", "/a/d.yaml" },
		{ "file", "/a/b/c.yaml", "../../../d.yaml", "/d.yaml" },
		{ "file", "/a/b/c.yaml", "/e.yaml", "/e.yaml" },
		{ "file", "/a/b/c.yaml", "x/*.yaml", "/a/b/x/*.yaml" },
		{ "url", "https://h/a/b.yaml", "./c.yaml",
		  "https://h/a/c.yaml" },
		{ "url", "https://h/a/b.yaml", "../c.yaml",
		  "https://h/c.yaml" },
		{ "url", "https://h/a/b.yaml", "/c.yaml", "https://h/c.yaml" },
		{ "url", "https://h/a/b.yaml?at=v1", "./c.yaml",
		  "https://h/a/c.yaml?at=v1" },
		{ "url", "https://h/a/b.yaml", "https://o/x", "https://o/x" },
		{ "url", "https://h/a/b.yaml", "./../../../c", "https://h/c" },
		{ "file", "b.yaml", "./c.yaml", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *out = cbi_provider_resolve(
		    &ctx, NULL, rows[i].type, rows[i].base, rows[i].target);

		if (!rows[i].out)
			assert_null(out);
		else
			assert_string_equal(out, rows[i].out);
	}
	cb_failure_clear(&ctx);
}

static void only_allowed_hosts_are_asked(void **state)
{
	static const struct {
		const char *target;
		int code;
	} rows[] = {
		{ "https://other.example/x.yaml", CB_EDENIED },
		{ "https://git.example.evil/x.yaml", CB_EDENIED },
		{ "https://git.example@other.example/x", CB_EDENIED },
		{ "https://raw.example/else/x.yaml", CB_EDENIED },
		{ "https://raw.example/teamsX/x.yaml", CB_EDENIED },
		{ "https://raw.example/teams/../else/x.yaml", CB_EDENIED },
		{ "ftp://git.example/x.yaml", CB_EINVAL },
		{ "x.yaml", CB_EINVAL },
		/* Allowed, but this provider has no HTTP client. */
		{ "https://git.example/x.yaml", CB_ENOTSUP },
		{ "https://GIT.example:443/x.yaml", CB_ENOTSUP },
		{ "https://a.b.wide.example/x.yaml", CB_ENOTSUP },
		{ "https://raw.example/teams/x.yaml", CB_ENOTSUP },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int rc = read_target("url", rows[i].target, NULL, NULL);

		if (rc != rows[i].code)
			fail_msg("%s: %s, %s", rows[i].target, cb_code_name(rc),
			         cb_failure(&ctx));
	}
}

static int make_world(void **state)
{
	const char *files[2] = { NULL, NULL };
	struct cb_buf report;
	int rc;

	(void)state;
	cbi_lane_init(&lane, 64 * CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	if (!mkdtemp(dir))
		return -1;
	mkdir(at("sub"), 0700);
	mkdir(at("sub/deep"), 0700);
	put("a.yaml", "a: 1\n");
	put("b.yaml", "b: 1\n");
	put("text.txt", "t");
	put(".hidden.yaml", "h: 1\n");
	put("sub/d.yaml", "d: 1\n");
	put("sub/deep/c.yaml", "c: 1\n");
	put("config", "backend:\n  reading:\n    allow:\n"
	              "      - host: git.example\n"
	              "      - host: '*.wide.example'\n"
	              "      - {host: raw.example, paths: [/teams/]}\n");
	files[0] = at("config");
	cbi_buf_init(&report, CB_MIB);
	rc = cbi_config_load(&ctx, files, &report, &config);
	cbi_buf_finish(&report);
	unlink(files[0]);
	return rc < 0 ? rc : cbi_provider_create(&ctx, config, NULL, &provider);
}

static int end_world(void **state)
{
	static const char *const names[] = { "a.yaml",     "b.yaml",
		                             "text.txt",   ".hidden.yaml",
		                             "sub/d.yaml", "sub/deep/c.yaml" };

	(void)state;
	cbi_provider_destroy(provider);
	cbi_config_destroy(config);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(at(names[i]));
	rmdir(at("sub/deep"));
	rmdir(at("sub"));
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_find_their_files),
		cmocka_unit_test(an_unchanged_file_is_only_looked_at),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(nothing_leads_outside_of_the_root),
		cmocka_unit_test(relative_targets_find_their_base),
		cmocka_unit_test(only_allowed_hosts_are_asked),
	};

	return cmocka_run_group_tests(tests, make_world, end_world);
}
