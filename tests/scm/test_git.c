/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* nftw */
#include "tests/lib/cmock.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ctx.h"
#include "base/limits.h"
#include "scm/git_priv.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static struct cbi_lane lane;
static struct cb_ctx ctx;
static struct cbi_scm *scm;
static json_t *config;
static char home[] = "/tmp/callboard-test-git-XXXXXX";

/* A program of the tests' own, with a shell, below home. */
static void sh(const char *script)
{
	const char *const argv[] = { "sh", "-ec", script, NULL };
	const char *const env[] = { "GIT_CONFIG_NOSYSTEM=1",
		                    "GIT_CONFIG_GLOBAL=/dev/null",
		                    "GIT_AUTHOR_NAME=a",
		                    "GIT_AUTHOR_EMAIL=a@example.org",
		                    "GIT_COMMITTER_NAME=a",
		                    "GIT_COMMITTER_EMAIL=a@example.org",
		                    NULL };
	struct cbi_spawn_ask ask = { .argv = argv,
		                     .env = env,
		                     .dir = home,
		                     .out_max = CB_MIB,
		                     .total_ms = 20000 };
	struct cbi_spawn_reply reply;

	assert_int_equal(cbi_spawn_run(&ctx, &ask, &reply), CB_OK);
	if (reply.code != 0)
		fail_msg("%s\n%s", script, reply.err);
}

static void addresses_are_taken_apart(void **state)
{
	static const struct {
		const char *url, *repo, *path, *ref, *beside;
	} rows[] = {
		{ "git+https://h/r.git//a/b.yaml?ref=main", "https://h/r.git",
		  "a/b.yaml", "main",
		  "git+https://h/r.git//a/x.yaml?ref=main" },
		{ "git+ssh://git@h:22/r//b%20c.yaml?ref=v1%2Fx",
		  "ssh://git@h:22/r", "b c.yaml", "v1/x",
		  "git+ssh://git@h:22/r//x.yaml?ref=v1%2Fx" },
		{ "git+file:///srv/r.git//**/c.yaml", "file:///srv/r.git",
		  "**/c.yaml", "", "git+file:///srv/r.git//**/x.yaml" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct cbi_scm_place place;
		const char *beside;

		assert_true(cbi_scm_knows(scm, rows[i].url));
		assert_int_equal(cbi_scm_parse(&ctx, scm, rows[i].url, &place),
		                 CB_OK);
		assert_string_equal(place.repo, rows[i].repo);
		assert_string_equal(place.path, rows[i].path);
		assert_string_equal(place.ref, rows[i].ref);
		assert_int_equal(
		    cbi_scm_resolve(&ctx, &place, "./x.yaml", &beside), CB_OK);
		assert_string_equal(beside, rows[i].beside);
	}
}

static void what_git_could_misread_is_refused(void **state)
{
	static const struct {
		const char *url;
		int code;
	} rows[] = {
		{ "git+https://h/r.git", CB_EINVAL },
		{ "git+https://h//x", CB_EDENIED }, /* no row has the host */
		{ "git+https:////x", CB_EINVAL },
		{ "git+ext::sh -c id//x", CB_EINVAL },
		{ "git+ext://sh/x//y", CB_EINVAL },
		{ "git+https://h/r//a/../b", CB_EDENIED },
		{ "git+https://h/r//a%2f..%2fb", CB_EDENIED },
		{ "git+https://h/../r//b", CB_EINVAL },
		{ "git+https://h/r//b?ref=--upload-pack=x", CB_EINVAL },
		{ "git+https://h/r//b?ref=a..b", CB_EINVAL },
		{ "git+https://h/r//b?ref=*", CB_EINVAL },
		{ "git+https://h/r//b?ref=a%0ab", CB_EINVAL },
		{ "git+https://user:word@h/r//b", CB_EINVAL },
		{ "git+ssh://-oProxyCommand=x/r//b", CB_EINVAL },
		{ "git+ssh://-x@h/r//b", CB_EINVAL },
		{ "git+ssh://h;id/r//b", CB_EINVAL },
		{ "git+file:///etc//passwd", CB_EDENIED },
		{ "git+file://relative/x//b", CB_EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct cbi_scm_place place;
		struct cbi_scm_git git;
		int rc = cbi_scm_parse(&ctx, scm, rows[i].url, &place);

		if (rc == CB_OK)
			rc = cbi_scm_git_open(&ctx, scm, &place, &git);
		if (rc != rows[i].code)
			print_error("%s: %d %s\n", rows[i].url, rc,
			            cb_failure(&ctx));
		assert_int_equal(rc, rows[i].code);
		cb_failure_clear(&ctx);
	}
}

static struct cbi_scm_place at(const char *tail)
{
	struct cbi_scm_place place;
	const char *url = cb_printf(&ctx, "git+file://%s/repos/%s", home, tail);

	assert_int_equal(cbi_scm_parse(&ctx, scm, url, &place), CB_OK);
	return place;
}

static void files_of_a_commit_are_read(void **state)
{
	const struct cbi_scm_place place = at("shop.git//**/c.yaml");
	struct cbi_scm_blob *files;
	const char *commit;
	size_t n;

	(void)state;
	sh("mkdir -p repos work; git init -q --bare -b main repos/shop.git;"
	   "mkdir -p work/a work/b work/c work/d; echo one > work/a/c.yaml;"
	   "echo two > work/b/c.yaml; ln -s ../../../../etc/passwd "
	   "work/c/c.yaml; head -c 40000000 /dev/zero > work/d/c.yaml;"
	   "cd work; export GIT_DIR=../repos/shop.git GIT_WORK_TREE=.;"
	   "git add -A; git commit -qm x; git tag -am v1 v1");
	assert_int_equal(cbi_scm_git_head(&ctx, scm, &place, &commit), CB_OK);
	assert_int_equal(
	    cbi_scm_git_files(&ctx, scm, &place, commit, &files, &n), CB_OK);
	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++)
		files[i].want = i != 0;
	assert_int_equal(cbi_scm_git_read(&ctx, scm, &place, files, n), CB_OK);
	assert_null(files[0].text);
	assert_string_equal(files[1].text, "two\n");
	assert_int_equal(files[2].code, CB_EDENIED);
	assert_int_equal(files[3].code, CB_ETOOBIG);
	files[0].want = true;
	assert_int_equal(cbi_scm_git_read(&ctx, scm, &place, files, 1), CB_OK);
	assert_string_equal(files[0].text, "one\n");
}

static void a_tag_is_its_commit_and_what_is_missing_is_told(void **state)
{
	struct cbi_scm_place place = at("shop.git//a/c.yaml?ref=v1");
	const char *commit, *head;
	struct cbi_scm_blob *files;
	size_t n;

	(void)state;
	assert_int_equal(cbi_scm_git_head(&ctx, scm, &place, &commit), CB_OK);
	place = at("shop.git//a/c.yaml?ref=main");
	assert_int_equal(cbi_scm_git_head(&ctx, scm, &place, &head), CB_OK);
	assert_string_equal(commit, head);
	assert_int_equal(
	    cbi_scm_git_files(&ctx, scm, &place, commit, &files, &n), CB_OK);
	assert_int_equal(n, 1);
	place = at("shop.git//no.yaml");
	assert_int_equal(
	    cbi_scm_git_files(&ctx, scm, &place, commit, &files, &n),
	    CB_ENOENT);
	cb_failure_clear(&ctx);
	place = at("shop.git//c/c.yaml/passwd");
	assert_int_equal(
	    cbi_scm_git_files(&ctx, scm, &place, commit, &files, &n),
	    CB_ENOENT);
	cb_failure_clear(&ctx);
	place = at("shop.git//a/c.yaml?ref=gone");
	assert_int_equal(cbi_scm_git_head(&ctx, scm, &place, &head), CB_ENOENT);
	cb_failure_clear(&ctx);
	sh("mkdir repos/none.git");
	place = at("none.git//a");
	assert_int_equal(cbi_scm_git_head(&ctx, scm, &place, &head), CB_ENOENT);
	cb_failure_clear(&ctx);
}

static void hooks_and_settings_of_a_repository_run_nothing(void **state)
{
	const struct cbi_scm_place place = at("shop.git//a/c.yaml");
	const char *commit, *mark = cb_printf(&ctx, "%s/ran", home);
	struct cbi_scm_blob *files;
	size_t n;

	(void)state;
	sh("cd repos/shop.git; printf '#!/bin/sh\\ntouch ../../ran\\n' > x;"
	   "chmod +x x; for h in pre-receive post-checkout "
	   "reference-transaction; do cp x hooks/$h; done;"
	   "git config --file config uploadpack.packObjectsHook $PWD/x;"
	   "git config --file config core.fsmonitor $PWD/x;"
	   "git config --file config core.sshCommand $PWD/x;"
	   "rm -rf ../../state/git/*.git");
	assert_int_equal(cbi_scm_git_head(&ctx, scm, &place, &commit), CB_OK);
	assert_int_equal(
	    cbi_scm_git_files(&ctx, scm, &place, commit, &files, &n), CB_OK);
	files[0].want = true;
	assert_int_equal(cbi_scm_git_read(&ctx, scm, &place, files, n), CB_OK);
	assert_string_equal(files[0].text, "one\n");
	assert_int_equal(access(mark, F_OK), -1);
}

static void a_wrong_row_is_named(void **state)
{
	static const struct {
		const char *rows, *says;
	} rows[] = {
		{ "[{}]", "integrations.git.0.host: expected" },
		{ "[{\"host\": \"-x\"}]", "integrations.git.0.host: expected" },
		{ "[{\"path\": \"x\"}]", "integrations.git.0.path: expected" },
		{ "[{\"host\": \"h\", \"privateKeyFile\": \"/a\"}]",
		  "integrations.git.0.knownHostsFile: expected" },
		{ "[{\"host\": \"h\", \"privateKeyFile\": \"/a;id\"}]",
		  "integrations.git.0.privateKeyFile: expected" },
		{ "{}", "integrations.git: expected a list" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		json_t *list = json_loads(rows[i].rows, 0, NULL);
		json_t *all = json_pack("{s:o}", "git", list);
		struct cbi_scm *none;

		assert_int_equal(cbi_scm_create(&ctx, all, NULL, &none),
		                 CB_EINVAL);
		if (!strstr(cb_failure(&ctx), rows[i].says))
			fail_msg("%s", cb_failure(&ctx));
		cb_failure_clear(&ctx);
		json_decref(all);
	}
}

static int drop(const char *path, const struct stat *st, int flag,
                struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_taken_apart),
		cmocka_unit_test(what_git_could_misread_is_refused),
		cmocka_unit_test(files_of_a_commit_are_read),
		cmocka_unit_test(
		    a_tag_is_its_commit_and_what_is_missing_is_told),
		cmocka_unit_test(
		    hooks_and_settings_of_a_repository_run_nothing),
		cmocka_unit_test(a_wrong_row_is_named),
	};
	const char *state;
	int rc;

	cbi_lane_init(&lane, 256 * CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	if (!mkdtemp(home))
		return 1;
	state = cb_printf(&ctx, "%s/state", home);
	mkdir(state, 0700);
	config = json_pack("{s:[{s:o}]}", "git", "path",
	                   json_sprintf("%s/repos", home));
	if (cbi_scm_create(&ctx, config, NULL, &scm) < 0) {
		print_error("%s\n", cb_failure(&ctx));
		return 1;
	}
	cbi_scm_git_keep(scm, state);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	cbi_scm_destroy(scm);
	json_decref(config);
	cbi_ctx_finish(&ctx);
	nftw(home, drop, 16, FTW_DEPTH | FTW_PHYS);
	return rc;
}
