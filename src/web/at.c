/* SPDX-License-Identifier: Apache-2.0 */
/*
 * at.c - see at.h.
 */
#include "web/at.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "catalog/past.h"
#include "html/addr.h"

int cbi_req_at(struct cb_req *req)
{
	const char *text = NULL;
	int64_t at;

	for (const struct cbi_param *p = req->query; p; p = p->next) {
		if (strcmp(p->name, "at") != 0 || !*p->value)
			continue;
		if (text)
			return cb_fail(req->ctx, CB_EINVAL,
			               "at is given twice; expected once");
		text = p->value;
	}
	if (!text)
		return CB_OK;
	if (cbi_clock_parse_past(text, cbi_clock_wall_ms(), &at) < 0)
		return cb_fail(req->ctx, CB_EINVAL,
		               "at: '%.40s' is no time, expected one such as "
		               "2026-01-31, 2026-01-31T12:00:00Z or 2h",
		               text);
	return cbi_past_set(req->ctx, at);
}

const char *cbi_req_now(struct cb_req *req)
{
	static const char *const left[] = { "at", "after", "before", "row" };
	const char *addr = cbi_addr(req->ctx, req->path);

	for (const struct cbi_param *p = req->query; p; p = p->next) {
		bool kept = *p->value;

		for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++)
			kept = kept && strcmp(p->name, left[i]) != 0;
		if (kept)
			addr = cbi_addr_with(req->ctx, addr, p->name, p->value);
	}
	return addr;
}

int cbi_req_fresh(struct cb_req *req, const struct cbi_fresh *fresh)
{
	char age[24];
	int rc;

	if (!fresh->stale)
		return CB_OK;
	snprintf(age, sizeof(age), "%lld", (long long)(fresh->age_ms / 1000));
	rc = cbi_req_add_header(req, "Warning",
	                        "110 callboard \"Response is Stale\"");
	return rc == CB_OK ? cbi_req_add_header(req, "Age", age) : rc;
}
