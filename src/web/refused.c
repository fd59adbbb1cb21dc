/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refused.c - attempts that were refused go into the audit log, as far as
 * nobody can fill it with them.
 *
 * A read that is refused is written once a minute and host for each actor,
 * object and reason, and the next row says how many there were between.  At
 * most a few rows a second and process are written; the rest is counted.  The
 * answer is on its way already: nobody waits.
 */
#include "web/steps.h"

#include <stdatomic.h>
#include <string.h>

#include "audit/audit.h"
#include "base/board.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/metric.h"
#include "base/str.h"
#include "crypto/crypto.h"
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

static bool is_change(const struct cb_req *req)
{
	return !req->head && strcmp(req->method, "GET") != 0;
}

/*
 * How many of the same were left out since the last row, -1 when this one is.
 * On the board: what it is of in the upper half, the minute of the last row
 * and their number below.
 */
static int left_out(struct cb_req *req, const char *why)
{
	const char *actor = cb_actor(req->ctx);
	const char *all =
	    cb_printf(req->ctx, "%s\n%s\n%s", *actor ? actor : req->address,
	              req->path ? req->path : "", why);
	uint64_t minute = (uint64_t)(cbi_clock_ms() / 60000) & 0xffff;
	uint64_t was, now, tag = 0;
	unsigned char hash[CB_SHA256_LEN];
	_Atomic uint64_t *place;
	bool same, again;

	if (!all)
		return -1;
	cbi_crypto_sha256(all, strlen(all), hash);
	for (int i = 2; i < 6; i++)
		tag = tag << 8 | hash[i];
	place = &cbi_board()
	             ->refusals[(hash[0] << 8 | hash[1]) % CB_BOARD_REFUSALS];
	was = atomic_load(place);
	do {
		same = was >> 32 == tag && was;
		again = same && (was >> 16 & 0xffff) == minute;
		now = again ? was + ((was & 0xffff) != 0xffff)
		            : tag << 32 | minute << 16;
	} while (!atomic_compare_exchange_weak(place, &was, now));
	if (again)
		return -1;
	return same ? (int)(was & 0xffff) : 0;
}

static int write_row(struct cb_req *req, const char *why, int before)
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
	if (before)
		cb_buf_printf(&after, ",\"leftOut\":%d", before);
	cb_buf_text(&after, "}");
	entry.after = cbi_buf_string(&after);
	rc = after.failed ? after.failed : cbi_audit_refused(req->ctx, &entry);
	cbi_buf_finish(&after);
	return rc;
}

void cbi_web_refused(struct cb_req *req)
{
	const char *why = req->refused
	                      ? req->refused
	                      : cb_strdup(req->ctx, cb_failure(req->ctx));
	int before = 0;

	cb_failure_clear(req->ctx);
	if (why && !is_change(req))
		before = left_out(req, why);
	if (before < 0) {
		cbi_metric_add(CBI_COUNT_REFUSED_AGAIN, 1);
		return;
	}
	if (!cbi_db_there() || !may_write()) {
		cbi_metric_add(CBI_COUNT_REFUSED_LOST, 1);
		return;
	}
	if (!why || write_row(req, why, before) < 0) {
		cbi_metric_add(CBI_COUNT_REFUSED_LOST, 1);
		cb_failure_clear(req->ctx);
	}
}
