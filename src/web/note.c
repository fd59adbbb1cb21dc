/* SPDX-License-Identifier: Apache-2.0 */
/*
 * note.c - the last step: counters, and the access record.
 */
#include "web/steps.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"

static void write_record(struct cb_req *req, int64_t us)
{
	struct cb_buf *line = req->answer.head;
	char time[CBI_TIME_LEN];

	cbi_clock_iso(cbi_clock_wall_ms(), time);
	cbi_buf_clear(line);
	cb_buf_printf(
	    line,
	    "time=%s level=info access=%s method=%s status=%d us=%lld "
	    "request=%s actor=\"",
	    time, req->endpoint ? req->endpoint->name : "none", req->method,
	    req->answer.status, (long long)us, req->ctx->request_id);
	cbi_log_escape(line, req->ctx->actor);
	cb_buf_text(line, "\" path=\"");
	cbi_log_escape(line, req->path ? req->path : "");
	cb_buf_text(line, req->answer.partial ? "\" cut=true\n" : "\"\n");
	if (!line->failed)
		cbi_log_line(line->data, line->len);
}

/* Whoever only came without a credential was told where to get one: that is
 * no refusal. */
static bool is_refused(const struct cb_req *req)
{
	bool change = !req->head && strcmp(req->method, "GET") != 0;

	return req->answer.status == 403 || req->missed ||
	       (req->answer.status == 401 && (change || req->who_code));
}

int cbi_step_note(struct cb_req *req)
{
	int64_t us = cbi_clock_us() - req->began_us;
	int status = req->answer.status;

	cbi_metric_add(CBI_COUNT_REQUESTS, 1);
	if (status >= 500)
		cbi_metric_add(CBI_COUNT_ERRORS_5XX, 1);
	else if (status >= 400)
		cbi_metric_add(CBI_COUNT_ERRORS_4XX, 1);
	cbi_metric_time(&cbi_board()->requests, us);
	if (is_refused(req))
		cbi_web_refused(req);
	cbi_web_used(req);
	/* Failures of ours are always recorded, the rest when asked for:
	 * nginx has a log of its own. */
	if (req->web->access_log || status >= 500 || req->answer.partial)
		write_record(req, us);
	return CB_NEXT;
}
