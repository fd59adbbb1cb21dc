/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "base/limits.h"
#include "config/config.h"
#include "scm/scm_priv.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static struct cbi_lane lane;
static struct cb_ctx ctx;
static struct cbi_config *config;
static struct cbi_scm *scm;

static void addresses_are_taken_apart(void **state)
{
	static const struct {
		const char *url, *place, *api;
	} rows[] = {
		{ "https://github.com/acme/shop/blob/main/a/b.yaml",
		  "acme|shop|main|a/b.yaml",
		  "https://api.github.com/repos/acme/shop/contents/a/b.yaml"
		  "?ref=main" },
		{ "https://GitHub.com:443/acme/shop/edit/v1%2Fx/a%20b.yaml",
		  "acme|shop|v1/x|a b.yaml",
		  "https://api.github.com/repos/acme/shop/contents/a%20b.yaml"
		  "?ref=v1%2Fx" },
		{ "https://ghe.example/acme/shop/raw/main/b.yaml",
		  "acme|shop|main|b.yaml",
		  "https://ghe.example/api/v3/repos/acme/shop/contents/b.yaml"
		  "?ref=main" },
		{ "https://gitlab.com/g/sub/p/-/blob/main/a/b.yaml",
		  "g/sub|p|main|a/b.yaml",
		  "https://gitlab.com/api/v4/projects/g%2Fsub%2Fp/repository/"
		  "files/a%2Fb.yaml/raw?ref=main" },
		{ "https://gitlab.com/g/p/tree/main/b.yaml", "g|p|main|b.yaml",
		  "https://gitlab.com/api/v4/projects/g%2Fp/repository/files/"
		  "b.yaml/raw?ref=main" },
		{ "https://gitea.example:3000/o/r/src/branch/main/b.yaml",
		  "o|r|main|b.yaml",
		  "http://gitea.internal/api/v1/repos/o/r/raw/b.yaml"
		  "?ref=main" },
		{ "https://gitea.example:3000/o/r/_edit/main/b.yaml",
		  "o|r|main|b.yaml",
		  "http://gitea.internal/api/v1/repos/o/r/raw/b.yaml"
		  "?ref=main" },
		{ "https://bb.example/projects/PRJ/repos/r/browse/a/b.yaml"
		  "?at=refs%2Fheads%2Fmain",
		  "PRJ|r|refs/heads/main|a/b.yaml",
		  "https://bb.example/rest/api/1.0/projects/PRJ/repos/r/raw/a/"
		  "b.yaml?at=refs%2Fheads%2Fmain" },
		{ "https://bb.example/users/ann/repos/r/raw/b.yaml",
		  "~ann|r||b.yaml",
		  "https://bb.example/rest/api/1.0/projects/~ann/repos/r/raw/"
		  "b.yaml?" },
		{ "https://dev.azure.com/org/pro%20ject/_git/r"
		  "?path=%2Fa%2Fb.yaml&version=GBmain",
		  "org/pro ject|r|main|a/b.yaml",
		  "https://dev.azure.com/org/pro%20ject/_apis/git/"
		  "repositories/r/items?path=/a/b.yaml"
		  "&versionDescriptor.versionType=branch"
		  "&versionDescriptor.version=main&api-version=6.0" },
		{ "https://dev.azure.com/org/_git/r?path=/b.yaml",
		  "org/r|r||b.yaml",
		  "https://dev.azure.com/org/r/_apis/git/repositories/r/items"
		  "?path=/b.yaml&api-version=6.0" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct cbi_scm_place p;

		cb_failure_clear(&ctx);
		if (cbi_scm_parse(&ctx, scm, rows[i].url, &p) < 0)
			fail_msg("%s: %s", rows[i].url, cb_failure(&ctx));
		assert_string_equal(cb_printf(&ctx, "%s|%s|%s|%s", p.owner,
		                              p.repo, p.ref, p.path),
		                    rows[i].place);
		assert_string_equal(
		    cbi_scm_fill(&ctx, p.host->kind->file, &p, NULL),
		    rows[i].api);
	}
}

static void what_is_no_address_of_a_file_is_refused(void **state)
{
	static const struct {
		const char *url;
		int code;
	} rows[] = {
		{ "https://github.com/acme/shop", CB_EINVAL },
		{ "https://github.com/acme/shop/issues/1/x", CB_EINVAL },
		{ "https://github.com/acme/shop/blob/main/../x", CB_EINVAL },
		{ "https://github.com/acme/shop/blob/main/%2e%2e/x",
		  CB_EINVAL },
		{ "https://github.com/acme/shop/blob/main/a%2F..%2Fx",
		  CB_EINVAL },
		{ "https://github.com/acme/shop/blob/main/a%00b", CB_EINVAL },
		{ "https://github.com/acme/shop/blob/main/a%0ab", CB_EINVAL },
		{ "https://github.com/acme/shop/blob/main/%ff", CB_EINVAL },
		{ "https://gitlab.com/g/-/blob/main/x", CB_EINVAL },
		{ "https://dev.azure.com/o/p/_git/r?path=/a/../b", CB_EINVAL },
		{ "https://bb.example/projects/P/repos/r", CB_EINVAL },
		{ "https://github.com.evil/acme/shop/blob/main/x", CB_ENOENT },
		{ "https://u@github.com/acme/shop/blob/main/x", CB_ENOENT },
		{ "ftp://github.com/acme/shop/blob/main/x", CB_EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct cbi_scm_place p;
		int rc;

		cb_failure_clear(&ctx);
		rc = cbi_scm_parse(&ctx, scm, rows[i].url, &p);
		if (rc != rows[i].code)
			fail_msg("%s: %s, %s", rows[i].url, cb_code_name(rc),
			         cb_failure(&ctx));
		assert_string_not_equal(cb_failure(&ctx), "");
	}
	cb_failure_clear(&ctx);
}

static void relative_targets_stay_in_their_repository(void **state)
{
	static const struct {
		const char *base, *target, *out;
	} rows[] = {
		{ "https://github.com/o/r/blob/main/a/b.yaml", "./c.yaml",
		  "https://github.com/o/r/tree/main/a/c.yaml" },
		{ "https://github.com/o/r/blob/main/a/b.yaml", "/c.yaml",
		  "https://github.com/o/r/tree/main/c.yaml" },
		{ "https://github.com/o/r/blob/main/a/b.yaml", "../../c",
		  NULL },
		{ "https://gitlab.com/g/p/-/blob/main/a/b.yaml", "../c d.yaml",
		  "https://gitlab.com/g/p/-/blob/main/c%20d.yaml" },
		{ "https://bb.example/projects/P/repos/r/raw/b.yaml?at=v1",
		  "x/**/c.yaml",
		  "https://bb.example/projects/P/repos/r/browse/x/**/c.yaml"
		  "?at=v1" },
		{ "https://dev.azure.com/o/p/_git/r?path=/a/b.yaml"
		  "&version=GBmain",
		  "./c.yaml",
		  "https://dev.azure.com/o/p/_git/r?path=/a/c.yaml"
		  "&version=GBmain" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct cbi_scm_place p;
		const char *out = NULL;
		int rc;

		cb_failure_clear(&ctx);
		assert_int_equal(cbi_scm_parse(&ctx, scm, rows[i].base, &p),
		                 CB_OK);
		rc = cbi_scm_resolve(&ctx, &p, rows[i].target, &out);
		if (rows[i].out)
			assert_string_equal(out, rows[i].out);
		else
			assert_int_equal(rc, CB_EDENIED);
	}
	cb_failure_clear(&ctx);
}

static void patterns_fit_paths(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool fits;
	} rows[] = {
		{ "a.yaml", "a.yaml", true },
		{ "a.yaml", "b/a.yaml", false },
		{ "*.yaml", "a.yaml", true },
		{ "*.yaml", "b/a.yaml", false },
		{ "*.yaml", ".a.yaml", false },
		{ "**/a.yaml", "a.yaml", true },
		{ "**/a.yaml", "b/c/a.yaml", true },
		{ "**/a.yaml", "b/.c/a.yaml", false },
		{ "**/a.yaml", "b/a.yaml.bak", false },
		{ "x/**/y/*.yaml", "x/1/2/y/a.yaml", true },
		{ "x/**/y/*.yaml", "x/y/y/a.yaml", true },
		{ "x/**/y/*.yaml", "x/1/y/2/a.yaml", false },
		{ "**/y/**/a", "1/y/2/y/3/a", true },
		{ "x/**", "x/1/2", true },
		{ "x/**", "x/1/.git", false },
		{ "x/**", "x", false },
		{ "x/*", "x/1/2", false },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		if (cbi_scm_match(rows[i].pattern, rows[i].path) !=
		    rows[i].fits)
			fail_msg("%s and %s", rows[i].pattern, rows[i].path);
}

static void a_credential_is_its_organisations(void **state)
{
	struct cbi_scm_place p;

	(void)state;
	assert_int_equal(
	    cbi_scm_parse(&ctx, scm, "https://dev.azure.com/org/_git/r?path=/x",
	                  &p),
	    CB_OK);
	/* ":mine" and ":any" */
	assert_string_equal(
	    p.host->kind->credential(&ctx, p.host->config, "org/r"),
	    "Authorization: Basic Om1pbmU=");
	assert_string_equal(
	    p.host->kind->credential(&ctx, p.host->config, "organ/r"),
	    "Authorization: Basic OmFueQ==");
	assert_int_equal(
	    cbi_scm_parse(&ctx, scm, "https://ghe.example/o/r/blob/m/x", &p),
	    CB_OK);
	assert_null(p.host->kind->credential(&ctx, p.host->config, "o"));
}

static int load(const char *text)
{
	char path[] = "/tmp/cb-scm-XXXXXX.yaml";
	const char *files[2] = { path, NULL };
	int fd = mkstemps(path, 5), rc;
	struct cb_buf report;

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return -1;
	close(fd);
	cbi_config_destroy(config);
	config = NULL;
	cbi_buf_init(&report, CB_MIB);
	rc = cbi_config_load(&ctx, files, &report, &config);
	if (rc < 0)
		print_error("%s", cbi_buf_string(&report));
	cbi_buf_finish(&report);
	unlink(path);
	return rc;
}

static void a_wrong_integration_is_named(void **state)
{
	static const struct {
		const char *config, *problem;
	} rows[] = {
		{ "integrations: {gitea: [{password: x}]}\n",
		  "integrations.gitea.0.host: expected a host such as "
		  "git.example.com" },
		{ "integrations: {github: [{host: 'https://x'}]}\n",
		  "integrations.github.0.host: expected a host such as "
		  "git.example.com" },
		{ "integrations: {gitlab: [{apiBaseUrl: 'x'}]}\n",
		  "integrations.gitlab.0.apiBaseUrl: expected an http or "
		  "https address" },
		{ "integrations: {azure: [{allow: private}]}\n",
		  "integrations.azure.0.allow: expected a list of address "
		  "ranges" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct cbi_scm *wrong = NULL;

		assert_int_equal(load(rows[i].config), CB_OK);
		cb_failure_clear(&ctx);
		assert_int_equal(
		    cbi_scm_create(&ctx, cbi_config_get(config, "integrations"),
		                   NULL, &wrong),
		    CB_EINVAL);
		assert_string_equal(cb_failure(&ctx), rows[i].problem);
	}
	cb_failure_clear(&ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_taken_apart),
		cmocka_unit_test(what_is_no_address_of_a_file_is_refused),
		cmocka_unit_test(relative_targets_stay_in_their_repository),
		cmocka_unit_test(patterns_fit_paths),
		cmocka_unit_test(a_credential_is_its_organisations),
		cmocka_unit_test(a_wrong_integration_is_named),
	};
	int rc;

	cbi_lane_init(&lane, 64 * CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	rc = load("integrations:\n"
	          "  github: [{token: t}, {host: ghe.example}]\n"
	          "  gitlab: [{token: t}]\n"
	          "  gitea: [{host: 'gitea.example:3000',"
	          " baseUrl: 'http://gitea.internal/'}]\n"
	          "  bitbucketServer: [{host: bb.example}]\n"
	          "  azure:\n"
	          "  - credentials:\n"
	          "    - {personalAccessToken: any}\n"
	          "    - {personalAccessToken: mine, organizations: [org]}\n");
	if (rc < 0 ||
	    cbi_scm_create(&ctx, cbi_config_get(config, "integrations"), NULL,
	                   &scm) < 0) {
		print_error("%s\n", cb_failure(&ctx));
		return 1;
	}
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	cbi_scm_destroy(scm);
	cbi_config_destroy(config);
	return rc;
}
