/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.c - who caused what: nginx's request id, and W3C's traceparent.
 */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/str.h"
#include "web/steps.h"

#define HEX "0123456789abcdef"

/* Unique, not secret: seeded once per thread, then counted through a
 * permutation of 64 bits. */
static uint64_t next_number(void)
{
	static __thread uint64_t state;
	uint64_t z;

	if (!state && getrandom(&state, sizeof(state), GRND_NONBLOCK) !=
	                  (ssize_t)sizeof(state))
		state = (uint64_t)cbi_clock_us();
	state += UINT64_C(0x9e3779b97f4a7c15);
	z = state;
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Goes into logs, SQL and other headers. */
static bool is_id(const char *text)
{
	size_t len = strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz"
	                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_");

	return len > 0 && !text[len] && len <= CB_REQUEST_ID_MAX;
}

/* 00-<32>-<16>-<2>, lower case, and neither id all zeros. */
static bool is_traceparent(const char *text)
{
	return strlen(text) == CB_TRACEPARENT_LEN &&
	       strncmp(text, "00-", 3) == 0 && strspn(text + 3, HEX) == 32 &&
	       text[35] == '-' && strspn(text + 36, HEX) == 16 &&
	       text[52] == '-' && strspn(text + 53, HEX) == 2 &&
	       strspn(text + 3, "0") < 32 && strspn(text + 36, "0") < 16;
}

void cbi_trace_take(struct cb_req *req)
{
	const struct cbi_port *port = req->port;
	const char *id = port->param(port->carrier, "REQUEST_ID");
	const char *trace = cbi_req_header(req, "traceparent");
	struct cb_ctx *ctx = req->ctx;
	char trace_id[33], flags[3] = "00";

	if (id && is_id(id))
		cbi_str_copy(ctx->request_id, sizeof(ctx->request_id), id);
	else
		snprintf(ctx->request_id, sizeof(ctx->request_id),
		         "%016llx%016llx", (unsigned long long)next_number(),
		         (unsigned long long)next_number());
	if (trace && is_traceparent(trace)) {
		memcpy(trace_id, trace + 3, 32);
		memcpy(flags, trace + 53, 2);
	} else if (strspn(ctx->request_id, HEX) == 32 &&
	           strlen(ctx->request_id) == 32) {
		memcpy(trace_id, ctx->request_id, 32);
	} else {
		snprintf(trace_id, sizeof(trace_id), "%016llx%016llx",
		         (unsigned long long)next_number(),
		         (unsigned long long)next_number());
	}
	trace_id[32] = '\0';
	snprintf(ctx->traceparent, sizeof(ctx->traceparent),
	         "00-%.32s-%016llx-%.2s", trace_id,
	         (unsigned long long)(next_number() | 1), flags);
}
