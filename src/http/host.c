/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host.c - what failed lately: breaker per host, waiting and budget per
 * credential.  Counts in this process; the fleet's part is handed in.
 */
#include "http/http_priv.h"

#include "base/clock.h"
#include "base/str.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define FAILURES_OPEN 3
#define OPEN_FIRST_MS 1000
#define OPEN_MAX_MS 60000
/* The trial of an open breaker keeps the others away for this long. */
#define TRIAL_MS (CB_TOOL_TOTAL_MS + 1000)
#define RETRY_LEAST_MS 1000
#define RETRY_MOST_MS (3600 * 1000)
/* Rows looked at before a name counts as having none. */
#define PROBES 16

struct cbi_http_host *cbi_http_host(struct cbi_http *http, const char *name)
{
	uint64_t id = XXH64(name, strlen(name), 0);

	if (id == 0)
		id = 1;
	for (unsigned i = 0; i < PROBES; i++) {
		struct cbi_http_host *host =
		    &http->hosts[(id + i) % CB_HTTP_HOSTS];
		uint64_t seen = 0;

		if (atomic_compare_exchange_strong(&host->id, &seen, id) ||
		    seen == id)
			return host;
	}
	return NULL;
}

enum cbi_http_pass cbi_http_host_try(struct cbi_http_host *host)
{
	int64_t until, now = cbi_clock_ms();

	until = host ? atomic_load(&host->open_until) : 0;
	if (until == 0)
		return CBI_HTTP_PASS;
	if (until <= now && atomic_compare_exchange_strong(
				&host->open_until, &until, now + TRIAL_MS))
		return CBI_HTTP_TRIAL;
	return CBI_HTTP_STOP;
}

/* ms with up to a quarter taken off, so that hosts do not try in step. */
static int64_t jitter(int64_t ms)
{
	uint32_t r = 0;

	if (getrandom(&r, sizeof(r), GRND_NONBLOCK) != sizeof(r))
		r = (uint32_t)cbi_clock_us();
	return ms - ms / 4 * (int64_t)(r % 1000) / 1000;
}

void cbi_http_host_note(struct cbi_http_host *host, enum cbi_http_pass pass,
                        bool failed)
{
	uint32_t opened;
	int64_t ms;

	if (!host)
		return;
	if (!failed) {
		atomic_store(&host->failures, 0);
		atomic_store(&host->opened, 0);
		atomic_store(&host->open_until, 0);
		return;
	}
	if (atomic_fetch_add(&host->failures, 1) + 1 < FAILURES_OPEN)
		return;
	/* Those under way when it opened do not lengthen it. */
	if (pass != CBI_HTTP_TRIAL && atomic_load(&host->open_until) != 0)
		return;
	opened = atomic_fetch_add(&host->opened, 1);
	ms = opened < 6 ? (int64_t)OPEN_FIRST_MS << opened : OPEN_MAX_MS;
	atomic_store(&host->open_until, cbi_clock_ms() + jitter(ms));
}

int64_t cbi_http_waits(struct cb_ctx *ctx, struct cbi_http *http,
                       const char *who)
{
	struct cbi_http_host *host = cbi_http_host(http, who);
	int64_t left = 0;

	if (host)
		left = atomic_load(&host->wait_until) - cbi_clock_ms();
	if (left <= 0 && http->fleet.waits)
		left = http->fleet.waits(http->fleet.arg, ctx, who);
	return left > 0 ? left : 0;
}

void cbi_http_wait(struct cb_ctx *ctx, struct cbi_http *http, const char *who,
                   int64_t ms)
{
	struct cbi_http_host *host = cbi_http_host(http, who);

	if (host)
		atomic_store(&host->wait_until, cbi_clock_ms() + ms);
	if (http->fleet.wait)
		http->fleet.wait(http->fleet.arg, ctx, who, ms);
}

bool cbi_http_spend(struct cb_ctx *ctx, struct cbi_http *http, const char *who,
                    int per_minute)
{
	struct cbi_http_host *host = cbi_http_host(http, who);
	int64_t now = cbi_clock_ms() / 60000 + 1, minute;

	if (per_minute <= 0)
		return true;
	if (host) {
		minute = atomic_load(&host->minute);
		if (minute != now &&
		    atomic_compare_exchange_strong(&host->minute, &minute, now))
			atomic_store(&host->spent, 0);
		if (atomic_fetch_add(&host->spent, 1) >= per_minute)
			return false;
	}
	return !http->fleet.spend ||
	       http->fleet.spend(http->fleet.arg, ctx, who, per_minute);
}

int64_t cbi_http_retry_after(const char *text, int64_t fallback)
{
	bool minus = *text == '-';
	const char *digits = minus ? text + 1 : text;
	int64_t ms;

	if (!*text)
		return fallback;
	if (*digits && strspn(digits, "0123456789") == strlen(digits)) {
		/* What does not fit into 64 bits is longer than an hour. */
		if (cbi_str_int(digits, 0, RETRY_MOST_MS / 1000, &ms) < 0)
			ms = RETRY_MOST_MS / 1000;
		ms = minus ? 0 : ms * 1000;
	} else {
		time_t at = curl_getdate(text, NULL);

		if (at == (time_t)-1)
			return fallback;
		ms = (int64_t)at * 1000 - cbi_clock_wall_ms();
	}
	if (ms < RETRY_LEAST_MS)
		ms = RETRY_LEAST_MS;
	return ms > RETRY_MOST_MS ? RETRY_MOST_MS : ms;
}
