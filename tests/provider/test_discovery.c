/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_discovery.c - the config of code hosts' organisations, its patterns,
 * and which webhooks concern whom.
 */
#include "tests/lib/cmock.h"

#include <string.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "base/limits.h"
#include "config/config.h"
#include "provider/discovery.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static struct cbi_lane lane;
static struct cb_ctx ctx;
/* Suppliers point into it. */
static struct cbi_config *config;

static int begin(void **state)
{
	(void)state;
	cbi_lane_init(&lane, 16 * CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	return 0;
}

static int end(void **state)
{
	(void)state;
	cbi_config_destroy(config);
	config = NULL;
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return 0;
}

static void patterns_are_those_of_javascript(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool whole, fits;
	} rows[] = {
		{ "shop", "my-shop-1", false, true },
		{ "shop", "my-shop-1", true, false },
		{ "shop|desk", "desk", true, true },
		{ "shop|desk", "desktop", true, false },
		{ "^acme/.*-service$", "acme/a-service", false, true },
		{ "[\\s\\S]*", "acme/shop", true, true },
		{ "v\\d+", "v12", true, true },
		{ "v\\d+", "vx", true, false },
		{ "[\\w-]+", "a_b-c", true, true },
		{ "[\\d.]+", "1.2", true, true },
		{ "(?:a|b)+?c", "abac", true, true },
		{ "a\\.b", "a.b", true, true },
		{ "a\\.b", "axb", true, false },
		{ "a{2}", "aa", true, true },
		{ "a\\/b", "a/b", true, true },
		{ "\\bshop\\b", "the-shop-1", false, true },
		{ "[^z].*", "zebra", true, false },
	};
	static const char *const wrong[] = { "(?!a)", "(?<n>a)", "(a)\\1", "[a",
		                             "(a",    "\\p{L}",  "*a(" };
	char long_one[1000];

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct cbi_pattern *pattern;

		if (cbi_pattern_read(&ctx, rows[i].pattern, "x", rows[i].whole,
		                     &pattern) < 0)
			fail_msg("%s", cb_failure(&ctx));
		if (cbi_pattern_fits(pattern, rows[i].text) != rows[i].fits)
			fail_msg("%s and %s", rows[i].pattern, rows[i].text);
	}
	memset(long_one, 'a', sizeof(long_one) - 1);
	long_one[sizeof(long_one) - 1] = '\0';
	for (size_t i = 0; i <= N(wrong); i++) {
		const char *text = i < N(wrong) ? wrong[i] : long_one;
		struct cbi_pattern *pattern;

		if (cbi_pattern_read(&ctx, text, "here", false, &pattern) !=
		    CB_EINVAL)
			fail_msg("%s is taken", text);
		assert_non_null(strstr(cb_failure(&ctx), "here: '"));
		cb_failure_clear(&ctx);
	}
	assert_true(cbi_pattern_fits(NULL, "anything"));
}

/* The suppliers of a config; its failure as a text. */
static const char *configured(const char *providers, struct cbi_supplier **out,
                              size_t *n)
{
	char path[] = "/tmp/cb-discovery-XXXXXX.yaml";
	const char *files[2] = { path, NULL };
	struct cbi_supply_place place = { NULL, NULL };
	struct cb_buf report;
	const char *text;
	int fd = mkstemps(path, 5);

	text = cb_printf(&ctx,
	                 "integrations:\n"
	                 "  github: [{host: ghe.example}, {token: t}]\n"
	                 "  gitlab: [{host: git.example}]\n"
	                 "  bitbucketServer: [{host: bb.example}]\n"
	                 "  azure: [{token: t}]\n"
	                 "catalog:\n  providers:\n%s",
	                 providers);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	cbi_buf_init(&report, CB_MIB);
	cbi_config_destroy(config);
	config = NULL;
	assert_int_equal(cbi_config_load(&ctx, files, &report, &config), CB_OK);
	cbi_buf_finish(&report);
	unlink(path);
	place.config = config;
	if (cbi_supply_configure(&ctx, &place, out, n) == CB_OK)
		return "";
	text = cb_strdup(&ctx, cb_failure(&ctx));
	cb_failure_clear(&ctx);
	return text;
}

#define AT "catalog.providers."

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *config, *problem;
	} rows[] = {
		{ "    github: {a: {}}\n", AT "github.a.organization" },
		{ "    github: {a: {organization: ''}}\n",
		  AT "github.a.organization: expected a text" },
		{ "    github: {organization: acme, host: other.example}\n",
		  AT "github: integrations.github has no entry for "
		     "other.example" },
		{ "    github: {organization: acme, filters: {repository: "
		  "'(?=x)'}}\n",
		  AT "github.filters.repository: '(?=x)'" },
		{ "    github: {organization: acme, filters: {topic: {include: "
		  "x}}}\n",
		  AT "github.filters.topic.include: expected a list" },
		{ "    github: {organization: acme, filters: {allowForks: "
		  "1}}\n",
		  AT "github.filters.allowForks: expected true or "
		     "false" },
		{ "    github: {organization: acme, catalogPath: "
		  "'/**/x.yaml', validateLocationsExist: true}\n",
		  AT "github.validateLocationsExist" },
		{ "    github: {organization: acme, catalogPath: ../x}\n",
		  AT "github.catalogPath: expected a path" },
		{ "    gitea: {a: {organization: x}}\n",
		  AT "gitea.a: integrations.gitea has no entry" },
		{ "    gitlab: {a: {groupPattern: [x, 1]}}\n",
		  AT "gitlab.a.groupPattern.1: expected a text" },
		{ "    gitlab: {a: {groupPattern: '('}}\n",
		  AT "gitlab.a.groupPattern" },
		{ "    gitlab: {a: {topics: [x]}}\n", AT "gitlab.a.topics" },
		{ "    gitlab: {a: {excludeRepos: [1]}}\n",
		  AT "gitlab.a.excludeRepos.0: expected a text" },
		{ "    azureDevOps: {a: {organization: x}}\n",
		  AT "azureDevOps.a.project is needed" },
	};
	struct cbi_supplier *out;
	size_t n;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		const char *said = configured(rows[i].config, &out, &n);

		if (strncmp(said, rows[i].problem, strlen(rows[i].problem)) !=
		    0)
			fail_msg("%s: %s", rows[i].config, said);
	}
}

static void webhooks_concern_their_organisation(void **state)
{
	static const struct {
		size_t which;
		const char *kind, *repo, *org, *branch, *path;
		bool concerned;
	} rows[] = {
#define R(name) "https://github.com/acme/" name "/", "https://github.com/acme/"
		{ 0, "repository", R("x"), "", NULL, true },
		{ 0, "organization", R("x"), "", NULL, false },
		{ 0, "push", R("x"), "main", "catalog-info.yaml", false },
		{ 0, "repository", "https://github.com/acme-other/x/",
		  "https://github.com/acme-other/", "", NULL, false },
		{ 0, "repository", "https://ghe.example/acme/x/",
		  "https://ghe.example/acme/", "", NULL, false },
		{ 0, "repository", "", "", "", NULL, false },
		/* What looks for files. */
		{ 1, "push", R("x"), "main", "catalog-info.yaml", true },
		{ 1, "push", R("x"), "main", "src/catalog-info.yaml", false },
		{ 1, "push", R("x"), "dev", "catalog-info.yaml", false },
		{ 1, "push", R("x"), "", NULL, true },
		/* A whole host. */
		{ 2, "repository", "https://bb.example/projects/p/repos/r/",
		  "https://bb.example/projects/p/repos/", "", NULL, true },
	};
	struct cbi_supplier *all;
	size_t n;

	(void)state;
	assert_string_equal(
	    configured("    github:\n"
	               "      a: {organization: Acme}\n"
	               "      b: {organization: acme, filters: {branch: main}, "
	               "validateLocationsExist: true}\n"
	               "    bitbucketServer: {host: bb.example}\n",
	               &all, &n),
	    "");
	assert_int_equal(n, 3);
	for (size_t i = 0; i < N(rows); i++) {
		const struct cbi_supplier *one = &all[rows[i].which];
		json_t *paths =
		    rows[i].path ? json_pack("[s]", rows[i].path) : NULL;
		const struct cbi_supply_event event = {
			"github",    rows[i].kind,   rows[i].repo,
			rows[i].org, rows[i].branch, paths
		};

		if (one->concerned(one->arg, &event) != rows[i].concerned)
			fail_msg("row %zu", i);
		json_decref(paths);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
		T(patterns_are_those_of_javascript),
		T(what_is_wrong_is_named),
		T(webhooks_concern_their_organisation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
