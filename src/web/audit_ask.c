/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_ask.c - see audit_ask.h.
 */
#include "web/audit_ask.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "html/addr.h"

#define TEXT_MAX 200
#define DATE_LEN 10
#define DAY_MS 86400000

static const char *const filters[] = { "actor",   "action", "object",
	                               "outcome", "from",   "to" };
#define FILTERS (sizeof(filters) / sizeof(filters[0]))

static int read_text(struct cb_req *req, const char *name, const char **out)
{
	const char *text = cbi_req_query(req, name);

	if (text && strlen(text) > TEXT_MAX)
		return cb_fail(req->ctx, CB_EINVAL,
		               "%s: more than %d bytes to look for", name,
		               TEXT_MAX);
	*out = text && *text ? text : NULL;
	return CB_OK;
}

static int read_time(struct cb_req *req, const char *name, int64_t *out)
{
	const char *text;
	int rc = read_text(req, name, &text);

	if (rc < 0 || !text)
		return rc;
	if (cbi_clock_parse(text, out) < 0 || *out <= 0)
		return cb_fail(req->ctx, CB_EINVAL,
		               "%s: '%.40s', expected a date or an ISO 8601 "
		               "time",
		               name, text);
	if (strcmp(name, "to") == 0 && strlen(text) == DATE_LEN)
		*out += DAY_MS;
	return CB_OK;
}

int cbi_audit_ask(struct cb_req *req, struct cbi_audit_query *out)
{
	const char *before;
	int rc = read_text(req, "actor", &out->actor);

	if (rc == CB_OK)
		rc = read_text(req, "action", &out->action);
	if (rc == CB_OK)
		rc = read_text(req, "object", &out->object);
	if (rc == CB_OK)
		rc = read_text(req, "outcome", &out->outcome);
	if (rc == CB_OK)
		rc = read_time(req, "from", &out->from_ms);
	if (rc == CB_OK)
		rc = read_time(req, "to", &out->to_ms);
	if (rc == CB_OK)
		rc = read_text(req, "before", &before);
	if (rc == CB_OK && before &&
	    cbi_str_int(before, 1, INT64_MAX, &out->before_id))
		rc = cb_fail(req->ctx, CB_EINVAL,
		             "before: '%.40s', expected a row's id", before);
	return rc;
}

const char *cbi_audit_ask_address(struct cb_req *req, const char *path)
{
	const char *to = cbi_addr(req->ctx, path);

	for (size_t i = 0; i < FILTERS; i++) {
		const char *value = cbi_req_query(req, filters[i]);

		if (value && *value)
			to = cbi_addr_with(req->ctx, to, filters[i], value);
	}
	return to;
}
