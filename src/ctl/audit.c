/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.c - `callboardctl audit list|verify`.
 */
#include "ctl/ctl.h"

#include <string.h>

#include "audit/chain.h"
#include "audit/list.h"
#include "base/clock.h"
#include "base/str.h"

#define ROWS_MAX 100000
#define ROWS_DEFAULT 50
/* Longer without a place in the chain means that no engine runs. */
#define LATE_MS 60000

static int usage(const char *what)
{
	return cbi_ctl_complain(CBI_EXIT_USAGE, "%s", what);
}

static int read_times(int *argc, char **argv, struct cbi_audit_query *query)
{
	const char *from = cbi_ctl_option(argc, argv, "--from");
	const char *to = cbi_ctl_option(argc, argv, "--to");

	if ((from && cbi_clock_parse(from, &query->from_ms) < 0) ||
	    (to && cbi_clock_parse(to, &query->to_ms) < 0))
		return usage("--from and --to take a date or an ISO 8601 time");
	return CBI_EXIT_OK;
}

int cbi_ctl_audit_list(struct cbi_ctl *ctl, int argc, char **argv)
{
	static const char *const columns[] = { "at",     "actor",   "action",
		                               "object", "outcome", NULL };
	struct cbi_audit_query query = {
		.actor = cbi_ctl_option(&argc, argv, "--actor"),
		.action = cbi_ctl_option(&argc, argv, "--action"),
		.object = cbi_ctl_option(&argc, argv, "--object"),
		.outcome = cbi_ctl_option(&argc, argv, "--outcome"),
	};
	const char *limit = cbi_ctl_option(&argc, argv, "--limit");
	const struct cbi_audit_row *list;
	int64_t max = ROWS_DEFAULT;
	json_t *rows;
	size_t n;
	int rc = read_times(&argc, argv, &query);

	if (rc != CBI_EXIT_OK)
		return rc;
	if (argc > 0)
		return usage("audit list takes no argument");
	if (limit && cbi_str_int(limit, 1, ROWS_MAX, &max))
		return usage("--limit takes a number from 1 to 100000");
	if (cbi_ctl_database(ctl) < 0 ||
	    cbi_audit_list(&ctl->ctx, &query, (size_t)max, &list, &n) < 0)
		return cbi_ctl_fail(ctl);
	rows = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(rows, cbi_audit_json(&list[i]));
	rc = cbi_ctl_print(ctl, rows, columns);
	json_decref(rows);
	return rc;
}

/* "12:<64 hex digits>", as verify prints it. */
static bool read_head(const char *text, struct cbi_audit_head *out)
{
	const char *colon = strchr(text, ':');
	char number[24];

	if (!colon || (size_t)(colon - text) >= sizeof(number) ||
	    strlen(colon + 1) != CB_SHA256_HEX - 1 ||
	    strspn(colon + 1, "0123456789abcdef") != CB_SHA256_HEX - 1)
		return false;
	snprintf(number, sizeof(number), "%.*s", (int)(colon - text), text);
	memcpy(out->hash, colon + 1, CB_SHA256_HEX);
	return cbi_str_int(number, 1, INT64_MAX, &out->seal) == 0;
}

static int print_verdict(struct cbi_ctl *ctl,
                         const struct cbi_audit_verdict *verdict)
{
	static const char *const columns[] = { "verdict",  "rows", "head",
		                               "unsealed", "why",  NULL };
	json_t *rows = json_array();
	int rc;

	json_array_append_new(
	    rows,
	    json_pack("{s:s, s:I, s:o, s:I, s:s}", "verdict",
	              verdict->broken ? "broken" : "whole", "rows",
	              (json_int_t)verdict->head.seal, "head",
	              json_sprintf("%lld:%s", (long long)verdict->head.seal,
	                           verdict->head.hash),
	              "unsealed", (json_int_t)verdict->unsealed, "why",
	              verdict->broken ? verdict->why : ""));
	rc = cbi_ctl_print(ctl, rows, columns);
	json_decref(rows);
	return rc;
}

int cbi_ctl_audit_verify(struct cbi_ctl *ctl, int argc, char **argv)
{
	const char *text = cbi_ctl_option(&argc, argv, "--head");
	struct cbi_audit_head known;
	struct cbi_audit_verdict verdict;
	int rc;

	if (argc > 0)
		return usage("audit verify takes no argument");
	if (text && !read_head(text, &known))
		return usage("--head takes what verify printed: NUMBER:HASH");
	if (cbi_ctl_database(ctl) < 0 ||
	    cbi_audit_verify(&ctl->ctx, text ? &known : NULL, &verdict) < 0)
		return cbi_ctl_fail(ctl);
	rc = print_verdict(ctl, &verdict);
	if (rc != CBI_EXIT_OK)
		return rc;
	if (verdict.broken)
		return cbi_ctl_complain(CBI_EXIT_FAILED,
		                        "the chain breaks at %lld: %s",
		                        (long long)verdict.broken, verdict.why);
	if (verdict.oldest_ms > LATE_MS)
		return cbi_ctl_complain(
		    CBI_EXIT_PARTLY,
		    "%lld rows wait for their place, the oldest for %lld s: "
		    "does an engine run?",
		    (long long)verdict.unsealed,
		    (long long)(verdict.oldest_ms / 1000));
	return CBI_EXIT_OK;
}
