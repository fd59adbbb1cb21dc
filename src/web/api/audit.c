/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.c - GET /api/audit/events: the audit log as JSON lines or CSV, newest
 * first, all of it or what the filters leave.
 */
#include <string.h>

#include "base/str.h"
#include "json/json.h"
#include "web/api/answer.h"
#include "web/api/api.h"
#include "web/audit_ask.h"

#define NDJSON "application/x-ndjson; charset=utf-8"
#define CSV "text/csv; charset=utf-8"
#define CSV_HEAD                                                            \
	"id,at,actor,action,object,outcome,before,after,requestId,address," \
	"seal,hash\r\n"

struct export
{
	struct cb_req *req;
	bool csv;
	struct cb_buf line;
};

/* Quoted as RFC 4180 has it.  A text that a spreadsheet would take for a
 * formula gets an apostrophe in front: actors and objects are anybody's. */
static void add_field(struct cb_buf *buf, const char *text)
{
	cb_buf_text(buf, buf->len ? ",\"" : "\"");
	if (text && *text && strchr("=+-@\t\r", *text))
		cb_buf_text(buf, "'");
	for (; text && *text; text++) {
		if (*text == '"')
			cb_buf_text(buf, "\"");
		cb_buf_add(buf, text, 1);
	}
	cb_buf_text(buf, "\"");
}

static void csv_line(struct cb_buf *buf, const json_t *row)
{
	static const char *const names[] = {
		"id",     "at",    "actor",     "action",  "object", "outcome",
		"before", "after", "requestId", "address", "seal",   "hash",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const json_t *value = json_object_get(row, names[i]);

		if (json_is_integer(value))
			cb_buf_printf(buf, "%s%lld", i ? "," : "",
			              (long long)json_integer_value(value));
		else
			add_field(buf, json_string_value(value));
	}
	cb_buf_text(buf, "\r\n");
}

static int write_row(void *arg, const struct cbi_audit_row *row)
{
	struct export *export = arg;
	struct cb_req *req = export->req;
	json_t *json = cbi_audit_json(row);
	int rc = json ? CB_OK : CB_ENOMEM;

	cbi_buf_clear(&export->line);
	if (rc == CB_OK && export->csv) {
		csv_line(&export->line, json);
	} else if (rc == CB_OK) {
		rc = cbi_json_canonical(&export->line, json);
		cb_buf_text(&export->line, "\n");
	}
	json_decref(json);
	if (rc == CB_OK)
		rc = export->line.failed;
	if (rc < 0)
		return cb_fail(req->ctx, rc, "no memory for a line");
	return cbi_api_write(req, export->line.data, export->line.len);
}

static int read_format(struct cb_req *req, bool *csv)
{
	const char *format = cbi_req_query(req, "format");

	*csv = format && strcmp(format, "csv") == 0;
	if (format && !*csv && strcmp(format, "ndjson") != 0)
		return cb_fail(req->ctx, CB_EINVAL,
		               "format: '%.40s', expected ndjson or csv",
		               format);
	return CB_OK;
}

static int events(struct cb_req *req)
{
	struct cbi_audit_query query = { 0 };
	struct export export = { .req = req };
	int rc = read_format(req, &export.csv);

	if (rc == CB_OK)
		rc = cbi_audit_ask(req, &query);
	if (rc == CB_OK)
		rc = cbi_req_add_header(
		    req, "Content-Disposition",
		    export.csv ? "attachment; filename=\"audit.csv\""
			       : "attachment; filename=\"audit.ndjson\"");
	if (rc < 0)
		return rc;
	req->answer.type = export.csv ? CSV : NDJSON;
	cbi_buf_init(&export.line, 64 * CB_MIB);
	if (export.csv)
		rc = cbi_api_write(req, CSV_HEAD, sizeof(CSV_HEAD) - 1);
	if (rc == CB_OK)
		rc = cbi_audit_each(req->ctx, &query, write_row, &export);
	cbi_buf_finish(&export.line);
	return cbi_api_end(req, rc);
}

const struct cbi_endpoint cbi_api_audit[] = {
	{
	    .path = "/api/audit/events",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .permission = "admin.audit.read",
	    .face = CBI_FACE_API,
	    .name = "audit-export",
	    .handle = events,
	    .params = "format,actor,action,object,outcome,from,to,before",
	},
	{ .path = NULL },
};
