/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plugin_test.c - `callboardctl plugin test FILE`: runs the tests inside a
 * plugin.yaml.  Needs no portal, no store and no config.
 */
#include "ctl/ctl.h"

#include <string.h>

#include "base/str.h"
#include "catalog/entity.h"
#include "declare/declare.h"
#include "host/host.h"
#include "registry/registry.h"
#include "spawn/helpers.h"

#define SHAPE_MS 5000

/* "x" of "dir/x.yaml" and of "x/plugin.yaml". */
static const char *name_of(struct cb_ctx *ctx, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path, *end;

	if (strcmp(base, "plugin.yaml") != 0 || !slash)
		return cb_strndup(ctx, base, strcspn(base, "."));
	end = slash;
	while (slash > path && slash[-1] != '/')
		slash--;
	return cb_strndup(ctx, slash, (size_t)(end - slash));
}

/* Would the catalog's filter take each card's `when`? */
static void check_filters(struct cb_ctx *ctx, const char *path,
                          const json_t *manifest, struct cb_buf *mistakes)
{
	json_t *cards = json_object_get(manifest, "cards"), *row;
	const void *parsed;
	size_t i;

	json_array_foreach(cards, i, row)
	{
		const char *when = cb_json_text(row, "when", NULL);

		if (!when ||
		    cbi_host_filter()->parse(ctx, when, &parsed) == CB_OK)
			continue;
		cb_buf_printf(mistakes, "%s:1:1: card '%s': when '%s': %s\n",
		              path, cb_json_text(row, "name", ""), when,
		              cb_failure(ctx));
		cb_failure_clear(ctx);
	}
}

static int read_file(struct cbi_ctl *ctl, const char *path,
                     struct cbi_helpers *helpers, json_t **manifest,
                     json_t **tests)
{
	struct cb_ctx *ctx = &ctl->ctx;
	const struct cbi_declare_file file = { .path = path,
		                               .name = name_of(ctx, path),
		                               .compile = cbi_host_compile,
		                               .arg = helpers };
	struct cb_buf mistakes;
	int rc;

	if (!file.name)
		return cbi_ctl_fail(ctl);
	cbi_buf_init(&mistakes, CB_MIB);
	*manifest = *tests = NULL;
	rc = cbi_declare_open(ctx, &file, &mistakes, manifest, tests);
	if (rc == CB_OK)
		check_filters(ctx, path, *manifest, &mistakes);
	if (rc < 0 && !mistakes.len)
		cbi_ctl_fail(ctl);
	fputs(cbi_buf_string(&mistakes), stderr);
	rc = rc < 0 || mistakes.len ? CBI_EXIT_PLUGIN : CBI_EXIT_OK;
	cbi_buf_finish(&mistakes);
	return rc;
}

static int shape(struct cb_ctx *ctx, void *helpers, const char *program,
                 const char *vars, const char *input, size_t len,
                 struct cb_buf *out)
{
	return cbi_shape_run(ctx, helpers, 'r', program, vars, input, len,
	                     SHAPE_MS, out);
}

/* All tests of a file; how many failed. */
static size_t run_tests(struct cbi_ctl *ctl, const char *path,
                        struct cbi_helpers *helpers, const json_t *manifest,
                        json_t *tests)
{
	const struct cbi_declare_tester tester = { .entity = cbi_entity_create,
		                                   .arg = helpers,
		                                   .shape = shape };
	size_t i, failed = 0;
	json_t *test;

	json_array_foreach(tests, i, test)
	{
		const char *name = cb_json_text(test, "name", NULL);
		int rc = cbi_declare_test(&ctl->ctx, manifest, test, &tester);

		if (!name)
			name = cb_printf(&ctl->ctx, "test %zu", i + 1);
		printf("%s %s\n", rc == CB_OK ? "ok  " : "FAIL",
		       name ? name : "");
		if (rc == CB_OK)
			continue;
		failed++;
		printf("     %s:%d: %s\n", path,
		       (int)cb_json_number(test, "line", 0),
		       cb_failure(&ctl->ctx));
		cb_failure_clear(&ctl->ctx);
	}
	return failed;
}

static int test_file(struct cbi_ctl *ctl, const char *path,
                     struct cbi_helpers *helpers)
{
	json_t *manifest, *tests;
	size_t failed;
	int rc = read_file(ctl, path, helpers, &manifest, &tests);

	if (rc == CBI_EXIT_OK) {
		failed = run_tests(ctl, path, helpers, manifest, tests);
		printf("%zu passed, %zu failed\n",
		       json_array_size(tests) - failed, failed);
		rc = failed ? CBI_EXIT_PLUGIN : CBI_EXIT_OK;
	}
	json_decref(manifest);
	json_decref(tests);
	return rc;
}

int cbi_ctl_plugin_test(struct cbi_ctl *ctl, int argc, char **argv)
{
	struct cbi_helpers *helpers;
	int rc;

	if (argc != 1)
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "plugin test takes one file");
	if (cbi_host_shapers(&ctl->ctx, &helpers) < 0)
		return cbi_ctl_fail(ctl);
	rc = test_file(ctl, argv[0], helpers);
	cbi_helpers_destroy(helpers);
	return rc;
}
