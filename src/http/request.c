/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.c - a request from its policy to its reply: checks, budget,
 * breaker, redirects.
 */
#include "http/http_priv.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/metric.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

/* A 429 that names no time. */
#define WAIT_UNNAMED_MS 10000

struct run {
	struct cb_ctx *ctx;
	struct cbi_http *http;
	struct cbi_http_ask ask;
	const struct cbi_http_connection *conn;
	struct cbi_http_ranges allow;
	const char *who; /* whose budget: a connection or host:port */
	int64_t until;   /* cbi_clock_ms() */
};

static bool token(const char *text)
{
	static const char chars[] = "!#$%&'*+-.^_`|~0123456789"
				    "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return *text && strspn(text, chars) == strlen(text);
}

static bool clean(const char *text)
{
	for (; text && *text; text++)
		if (((unsigned char)*text < 0x20 && *text != '\t') ||
		    *text == 0x7f)
			return false;
	return true;
}

static int check_header(struct cb_ctx *ctx, const char *line)
{
	static const char *const ours[] = { "Host", "Content-Length",
		                            "Transfer-Encoding", "Connection",
		                            "Proxy-Authorization" };
	const char *colon = strchr(line, ':');
	char name[64];

	if (!colon || colon == line || (size_t)(colon - line) >= sizeof(name))
		return cb_fail(ctx, CB_EINVAL, "a header without a name");
	memcpy(name, line, (size_t)(colon - line));
	name[colon - line] = '\0';
	if (!token(name))
		return cb_fail(ctx, CB_EINVAL, "a header's name is no token");
	if (!clean(colon))
		return cb_fail(ctx, CB_EINVAL, "control character in header %s",
		               name);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (cbi_str_casecmp(name, ours[i]) == 0)
			return cb_fail(ctx, CB_EINVAL,
			               "header %s is not the caller's", name);
	return CB_OK;
}

static int check_ask(struct run *run)
{
	const struct cbi_http_ask *ask = &run->ask;
	int rc = CB_OK;

	if (ask->method && !token(ask->method))
		return cb_fail(run->ctx, CB_EINVAL, "a method that is none");
	if (!clean(ask->etag) || !clean(ask->modified))
		return cb_fail(run->ctx, CB_EINVAL,
		               "control character in an etag");
	for (size_t i = 0; rc == CB_OK && ask->headers && ask->headers[i]; i++)
		rc = check_header(run->ctx, ask->headers[i]);
	return rc;
}

static int read_policy(struct run *run)
{
	const struct cbi_http_policy *policy = &run->ask.policy;

	if (policy->connection) {
		run->conn = cbi_http_connection(run->http, policy->connection);
		if (!run->conn)
			return cb_fail(run->ctx, CB_EINVAL,
			               "no connection '%s' in the config",
			               policy->connection);
		run->allow = run->conn->allow;
	}
	for (size_t i = 0; policy->allow && policy->allow[i]; i++)
		if (!cbi_http_range_add(&run->allow, policy->allow[i]))
			return cb_fail(run->ctx, CB_EINVAL,
			               "'%s' is no address range",
			               policy->allow[i]);
	return CB_OK;
}

static int first_target(struct run *run, struct cbi_http_target *target)
{
	int rc;

	if (run->conn)
		rc = cbi_http_target_within(run->ctx, run->conn, run->ask.url,
		                            target);
	else
		rc =
		    cbi_http_target_parse(run->ctx, run->ask.url, NULL, target);
	if (rc < 0)
		return rc;
	return cbi_http_target_check(run->ctx, target, run->conn,
	                             &run->ask.policy, &run->allow);
}

static int spend(struct run *run)
{
	int64_t ms = cbi_http_waits(run->ctx, run->http, run->who);
	int per_minute = run->conn ? run->conn->per_minute : 0;

	if (ms > 0)
		return cb_fail(run->ctx, CB_EBUSY,
		               "%s asked to wait %lld s longer", run->who,
		               (long long)(ms + 999) / 1000);
	if (!cbi_http_spend(run->ctx, run->http, run->who, per_minute))
		return cb_fail(run->ctx, CB_EBUSY,
		               "%s: its %d requests a minute are spent",
		               run->who, per_minute);
	return CB_OK;
}

static bool redirects(int status)
{
	return status == 301 || status == 302 || status == 303 ||
	       status == 307 || status == 308;
}

/* One hop, past the breaker of its host. */
static int hop_once(struct run *run, const struct cbi_http_target *target,
                    bool own_origin, struct cbi_http_answer *answer)
{
	struct cbi_http_host *host = cbi_http_host(run->http, target->place);
	enum cbi_http_pass pass = cbi_http_host_try(host);
	struct cbi_http_hop hop = {
		.conn = run->conn,
		.ca = run->conn ? run->conn->ca : run->ask.policy.ca,
		.target = target,
		.allow = &run->allow,
		.own_origin = own_origin,
		.total_ms = (int)(run->until - cbi_clock_ms()),
	};
	int rc;

	if (pass == CBI_HTTP_STOP)
		return cb_fail(run->ctx, CB_EAWAY,
		               "%s failed lately and is left alone for now",
		               target->place);
	if (hop.total_ms <= 0)
		rc = cb_fail(run->ctx, CB_ETIME, "%s: no time left",
		             target->place);
	else
		rc = cbi_http_exchange(run->ctx, run->http, &run->ask, &hop,
		                       answer);
	/* What is too big or misaddressed is not the host's failing. */
	cbi_http_host_note(host, pass,
	                   rc == CB_EAWAY || rc == CB_ETIME ||
	                       rc == CB_EUPSTREAM ||
	                       (rc == CB_OK && answer->status >= 500));
	return rc;
}

static int verdict(struct run *run, const struct cbi_http_target *target,
                   int status)
{
	struct cb_ctx *ctx = run->ctx;

	if (run->ask.any_status || (status >= 200 && status <= 299) ||
	    status == 304)
		return CB_OK;
	if (status == 404 || status == 410)
		return cb_fail(ctx, CB_ENOENT, "%s answered %d", target->place,
		               status);
	if (status == 401 || status == 403)
		return cb_fail(ctx, CB_EAUTH,
		               "%s answered %d: it wants other credentials",
		               target->place, status);
	if (status == 429)
		return cb_fail(ctx, CB_EBUSY, "%s answered 429", target->place);
	return cb_fail(ctx, CB_EUPSTREAM, "%s answered %d", target->place,
	               status);
}

/* GitHub's way of saying 429. */
static bool spent(const struct cbi_http_answer *answer)
{
	return answer->status == 403 && strcmp(answer->remaining, "0") == 0;
}

/* X-RateLimit-Reset is a time in seconds, Retry-After goes before it. */
static int64_t until_reset(const struct cbi_http_answer *answer)
{
	int64_t at;
	char text[24];

	if (answer->retry_after[0] ||
	    cbi_str_int(answer->reset, 0, INT64_C(1) << 40, &at) < 0)
		return cbi_http_retry_after(answer->retry_after,
		                            WAIT_UNNAMED_MS);
	at -= cbi_clock_wall_ms() / 1000;
	snprintf(text, sizeof(text), "%lld", (long long)(at > 0 ? at : 0));
	return cbi_http_retry_after(text, WAIT_UNNAMED_MS);
}

static int conclude(struct run *run, const struct cbi_http_target *target,
                    const struct cbi_http_answer *answer,
                    struct cbi_http_reply *out)
{
	int64_t retry = 0;
	int rc;

	if (answer->status == 429 || answer->status == 503)
		retry = cbi_http_retry_after(
		    answer->retry_after,
		    answer->status == 429 ? WAIT_UNNAMED_MS : 0);
	if (spent(answer))
		retry = until_reset(answer);
	if (answer->status == 429 || spent(answer))
		cbi_http_wait(run->ctx, run->http, run->who, retry);
	rc = spent(answer) && !run->ask.any_status
	         ? cb_fail(run->ctx, CB_EBUSY,
	                   "%s answered 403: its limit is spent", target->place)
	         : verdict(run, target, answer->status);
	if (rc < 0)
		return rc;
	*out = (struct cbi_http_reply){
		.status = answer->status,
		.body = cbi_buf_string(answer->body),
		.body_len = answer->body->len,
		.type = answer->type,
		.etag = answer->etag,
		.modified = answer->modified,
		.link = answer->link,
		.url = target->url,
		.retry_after_ms = retry,
	};
	return CB_OK;
}

static int follow(struct run *run, struct cbi_http_target *target,
                  struct cbi_http_reply *out)
{
	const struct cbi_http_target first = *target;
	const char *method = run->ask.method;
	bool reads = !method || strcmp(method, "GET") == 0 ||
	             strcmp(method, "HEAD") == 0;
	struct cbi_http_answer answer;

	for (int hops = 0;; hops++) {
		struct cbi_http_target next;
		int rc = hop_once(
		    run, target, cbi_http_same_origin(&first, target), &answer);

		if (rc < 0)
			return rc;
		/* A changing request is never sent twice. */
		if (!redirects(answer.status) || !reads || !answer.location[0])
			return conclude(run, target, &answer, out);
		if (hops == CB_TOOL_REDIRECTS)
			return cb_fail(run->ctx, CB_EUPSTREAM,
			               "%s: more than %d redirects",
			               first.place, CB_TOOL_REDIRECTS);
		rc = cbi_http_target_parse(run->ctx, answer.location, target,
		                           &next);
		if (rc == CB_OK)
			rc = cbi_http_target_check(run->ctx, &next, run->conn,
			                           &run->ask.policy,
			                           &run->allow);
		if (rc < 0)
			return rc;
		*target = next;
	}
}

int cbi_http_request(struct cb_ctx *ctx, struct cbi_http *http,
                     const struct cbi_http_ask *ask, struct cbi_http_reply *out)
{
	struct run run = { .ctx = ctx, .http = http, .ask = *ask };
	struct cbi_http_target target;
	int64_t ms = ask->total_ms ? ask->total_ms : CB_TOOL_TOTAL_MS;
	int rc = check_ask(&run);

	if (rc == CB_OK)
		rc = read_policy(&run);
	if (rc == CB_OK)
		rc = first_target(&run, &target);
	if (rc < 0)
		return rc;
	run.who = run.conn ? run.conn->name : target.place;
	if (run.conn && run.conn->timeout_ms < ms)
		ms = run.conn->timeout_ms;
	if (cb_time_left(ctx) < ms)
		ms = cb_time_left(ctx);
	run.until = cbi_clock_ms() + ms;
	rc = spend(&run);
	if (rc == CB_OK)
		rc = follow(&run, &target, out);
	if (rc < 0 && rc != CB_ENOENT)
		cbi_metric_add(CBI_COUNT_FETCH_ERRORS, 1);
	return rc;
}
