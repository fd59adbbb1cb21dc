/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fleet.c - what the fleet's hosts know together of a credential: until when
 * it waits after a 429, and what is spent of its minute.
 */
#include "source/serve.h"

#include "base/clock.h"
#include "base/str.h"
#include "http/http.h"
#include "redis/redis.h"

#include <stdio.h>
#include <string.h>

#define KEY_MAX 320
#define MINUTE_MS 60000

static void name_key(char *out, const char *kind, const char *who)
{
	snprintf(out, KEY_MAX, "cb:%s:%zu:%s", kind, strlen(who), who);
}

static int64_t waits(void *arg, struct cb_ctx *ctx, const char *who)
{
	char key[KEY_MAX], text[24];
	struct cbi_span span;
	int64_t until;

	(void)arg;
	name_key(key, "wait", who);
	if (cbi_redis_get(ctx, key, &span) != CB_OK || span.len >= sizeof(text))
		return 0;
	memcpy(text, span.ptr, span.len);
	text[span.len] = '\0';
	if (cbi_str_int(text, 0, INT64_MAX, &until) < 0)
		return 0;
	until -= cbi_clock_wall_ms();
	return until > 0 ? until : 0;
}

static void wait_set(void *arg, struct cb_ctx *ctx, const char *who, int64_t ms)
{
	char key[KEY_MAX], text[24];

	(void)arg;
	name_key(key, "wait", who);
	snprintf(text, sizeof(text), "%lld",
	         (long long)(cbi_clock_wall_ms() + ms));
	(void)!cbi_redis_set(ctx, key, text, strlen(text), ms);
}

static bool spend(void *arg, struct cb_ctx *ctx, const char *who,
                  int per_minute)
{
	char key[KEY_MAX];
	int64_t sum;

	(void)arg;
	name_key(key, "budget", who);
	if (cbi_redis_incr(ctx, key, 1, MINUTE_MS, &sum) != CB_OK)
		return true;
	return sum <= per_minute;
}

void cbi_source_fleet(struct cbi_http *http)
{
	static const struct cbi_http_fleet fleet = {
		.waits = waits,
		.wait = wait_set,
		.spend = spend,
	};

	cbi_http_set_fleet(http, &fleet);
}
