/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuer.c - the keys of an issuer elsewhere, fetched by fetch and remembered
 * by this process.
 *
 * A key that is not known makes one request, at most every 30 seconds; keys
 * older than ten minutes are asked for anew in passing, so that one which the
 * issuer took back does not hold for ever.  While he is down what is known
 * goes on.
 */
#include "auth/auth_priv.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/limits.h"
#include "jose/jose.h"
#include "json/json.h"

#define AGAIN_MS 30000
/* After a failure. */
#define RETRY_MS 5000
#define OLD_MS 600000
/* Others wait so long for who fetches. */
#define WAIT_MS 1500

/* What is known now, under the lock. */
static int look(struct cb_ctx *ctx, const struct cbi_issuer *issuer,
                const struct cbi_jwt *jwt, const json_t **out)
{
	json_t *set;
	int rc;

	*out = NULL;
	if (!issuer->keys)
		return CB_OK;
	rc = cb_json_parse(ctx, issuer->keys, strlen(issuer->keys), &set);
	if (rc == CB_OK)
		*out = cbi_jose_pick(set, jwt);
	return rc;
}

static void take(struct cbi_issuer *issuer, const json_t *set)
{
	char *text = json_dumps(set, JSON_COMPACT | JSON_SORT_KEYS);

	if (!text)
		return;
	if (issuer->keys && strcmp(issuer->keys, text) == 0) {
		free(text);
		return;
	}
	free(issuer->keys);
	issuer->keys = text;
	atomic_fetch_add(&issuer->number, 1);
}

static void ask(struct cb_ctx *ctx, const struct cbi_auth *auth,
                struct cbi_issuer *issuer, int64_t now)
{
	json_t *set = NULL;
	int rc = CB_EPLACE;

	issuer->tried_ms = now;
	if (auth->fetch.keys)
		rc = auth->fetch.keys(auth->fetch.arg, ctx, issuer->url, &set);
	issuer->failed = rc != CB_OK;
	if (rc == CB_OK) {
		issuer->fetched_ms = now;
		take(issuer, set);
	}
	cb_failure_clear(ctx);
}

static bool is_due(const struct cbi_issuer *issuer, bool known, int64_t now)
{
	int64_t since = now - issuer->tried_ms;

	if (issuer->tried_ms && since < (issuer->failed ? RETRY_MS : AGAIN_MS))
		return false;
	return !known || now - issuer->fetched_ms >= OLD_MS;
}

static bool enter(struct cbi_issuer *issuer)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_MS / 1000;
	until.tv_nsec += WAIT_MS % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	return pthread_mutex_timedlock(&issuer->lock, &until) == 0;
}

int cbi_issuer_key(struct cb_ctx *ctx, const struct cbi_auth *auth,
                   struct cbi_issuer *issuer, const struct cbi_jwt *jwt,
                   const json_t **out, uint64_t *number)
{
	int64_t now = cbi_clock_ms();
	bool some;
	int rc;

	if (!enter(issuer))
		return cb_fail(ctx, CB_EAWAY,
		               "the issuer's keys are being fetched");
	rc = look(ctx, issuer, jwt, out);
	if (rc == CB_OK && is_due(issuer, *out != NULL, now)) {
		ask(ctx, auth, issuer, now);
		rc = look(ctx, issuer, jwt, out);
	}
	*number = atomic_load(&issuer->number);
	some = issuer->keys != NULL;
	pthread_mutex_unlock(&issuer->lock);
	if (rc < 0 || *out)
		return rc;
	return some ? cb_fail(ctx, CB_EAUTH, "the issuer has no such key")
	            : cb_fail(ctx, CB_EAWAY,
	                      "the issuer's keys cannot be had just now");
}
