/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refused.c - attempts to change something that were refused go into the
 * audit log, as far as an attacker cannot fill it with them.
 *
 * At most a few a second and process are written; the rest is counted.  The
 * answer is on its way already: nobody waits.
 */
#include "web/steps.h"

#include <stdatomic.h>
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/metric.h"
#include "base/str.h"
#include "db/db.h"

/* Of one process: what people do by mistake is far below. */
#define PER_MINUTE 60

/* The minute under way in the upper half, how many it has had below. */
static _Atomic uint64_t window;

static bool may_write(void)
{
	uint64_t minute = (uint64_t)(cbi_clock_ms() / 60000) << 32;
	uint64_t was = atomic_load(&window), now;

	do {
		now = (was >> 32 << 32) == minute ? was + 1 : minute + 1;
		if ((now & UINT32_MAX) > PER_MINUTE)
			return false;
	} while (!atomic_compare_exchange_weak(&window, &was, now));
	return true;
}

static int write_row(struct cb_req *req, const char *why)
{
	struct cbi_audit entry = {
		.action =
		    req->endpoint ? req->endpoint->name : "request.unknown",
		.object = cb_printf(req->ctx, "%s %.500s", req->method,
		                    req->path ? req->path : ""),
		.address = req->address,
		.outcome = CBI_AUDIT_REFUSED,
	};
	struct cb_buf after;
	int rc;

	if (!entry.object)
		return CB_ENOMEM;
	cbi_buf_init(&after, 16 * CB_KIB);
	cb_buf_printf(&after, "{\"status\":%d,\"why\":", req->answer.status);
	cbi_str_json(&after, why, strlen(why));
	cb_buf_text(&after, "}");
	entry.after = cbi_buf_string(&after);
	rc = after.failed ? after.failed : cbi_audit_refused(req->ctx, &entry);
	cbi_buf_finish(&after);
	return rc;
}

void cbi_web_refused(struct cb_req *req)
{
	const char *why;

	if (!cbi_db_there() || !may_write()) {
		cbi_metric_add(CBI_COUNT_REFUSED_LOST, 1);
		return;
	}
	why = cb_strdup(req->ctx, cb_failure(req->ctx));
	cb_failure_clear(req->ctx);
	if (!why || write_row(req, why) < 0) {
		cbi_metric_add(CBI_COUNT_REFUSED_LOST, 1);
		cb_failure_clear(req->ctx);
	}
}
