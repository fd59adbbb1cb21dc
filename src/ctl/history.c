/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.c - `callboardctl catalog history|restore`.
 */
#include "ctl/ctl.h"

#include <stdlib.h>

#include "base/board.h"
#include "base/clock.h"
#include "base/diff.h"
#include "base/limits.h"
#include "catalog/history.h"

#define LIST_DEFAULT 20

static const char *const columns[] = { "version", "from",   "cause",
	                               "actor",   "source", NULL };

/* What a version changed; the lines begin with + and -. */
static int print_diff(struct cbi_ctl *ctl, const char *ref,
                      const struct cbi_version *listed)
{
	struct cb_ctx *ctx = &ctl->ctx;
	struct cbi_version new, old;
	struct cbi_diff_line *lines;
	char when[CBI_TIME_LEN];
	struct cb_buf text;
	const char *a, *b;
	size_t n;

	if (cbi_history_get(ctx, ref, listed->number, &new) < 0 ||
	    cbi_history_before(ctx, ref, listed->number, &old) < 0 ||
	    cbi_history_yaml(ctx, &old, &a) < 0 ||
	    cbi_history_yaml(ctx, &new, &b) < 0 ||
	    cbi_diff_lines(ctx, a, b, &lines, &n) < 0)
		return cbi_ctl_fail(ctl);
	cbi_clock_iso(new.from_ms, when);
	printf("version %lld  %s  %s by %s\n", (long long)new.number, when,
	       new.cause, new.actor);
	cbi_buf_init(&text, 8 * CB_MIB);
	cbi_diff_unified(&text, lines, n);
	printf("%s\n", cbi_buf_string(&text));
	cbi_buf_finish(&text);
	return ferror(stdout) ? CBI_EXIT_FAILED : CBI_EXIT_OK;
}

static int print_list(struct cbi_ctl *ctl, const struct cbi_version *versions,
                      size_t n)
{
	json_t *rows = json_array();
	int rc;

	for (size_t i = 0; i < n; i++)
		json_array_append_new(rows, cbi_history_json(&versions[i]));
	rc = cbi_ctl_print(ctl, rows, columns);
	json_decref(rows);
	return rc;
}

int cbi_ctl_catalog_history(struct cbi_ctl *ctl, int argc, char **argv)
{
	const char *limit = cbi_ctl_option(&argc, argv, "--limit");
	bool diff = cbi_ctl_flag(&argc, argv, "--diff"), more;
	long max = limit ? strtol(limit, NULL, 10) : LIST_DEFAULT;
	struct cbi_version *versions;
	const char *ref;
	size_t n;
	int rc = cbi_ctl_ref(ctl, argc, argv, &ref);

	if (rc)
		return rc;
	if (max < 1 || max > 10000)
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "--limit: expected 1 to 10000");
	ctl->ctx.scope.all = true;
	if (cbi_history_list(&ctl->ctx, ref, 0, (size_t)max, &versions, &n,
	                     &more) < 0)
		return cbi_ctl_fail(ctl);
	if (!diff)
		rc = print_list(ctl, versions, n);
	for (size_t i = 0; diff && rc == CBI_EXIT_OK && i < n; i++) {
		struct cbi_ctx_mark mark;

		cbi_ctx_mark(&ctl->ctx, &mark);
		rc = print_diff(ctl, ref, &versions[i]);
		cbi_ctx_rewind(&ctl->ctx, &mark);
	}
	if (more && ctl->output == CBI_OUTPUT_TABLE)
		printf("older ones: --limit %ld\n", max * 2);
	return rc;
}

int cbi_ctl_catalog_restore(struct cbi_ctl *ctl, int argc, char **argv)
{
	const char *version = cbi_ctl_option(&argc, argv, "--version");
	long long number = version ? strtoll(version, NULL, 10) : 0;
	uint64_t brought = 0;
	const char *ref;
	int rc;

	if (number <= 0)
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "--version: expected the number of a "
		                        "version, see callboardctl catalog "
		                        "history REF");
	rc = cbi_ctl_ref(ctl, argc, argv, &ref);
	if (rc)
		return rc;
	ctl->ctx.scope.all = true;
	if (cbi_history_restore(&ctl->ctx, ref, number, NULL, &brought) < 0)
		return cbi_ctl_fail(ctl);
	if (cbi_ctl_board(ctl) < 0)
		cb_failure_clear(&ctl->ctx);
	cbi_board_raise(&cbi_board()->wanted, brought);
	printf("%s is brought back as version %lld had it\n", ref, number);
	return CBI_EXIT_OK;
}
