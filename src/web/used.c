/* SPDX-License-Identifier: Apache-2.0 */
/*
 * used.c - notes on which day a personal token was last used: one statement a
 * day, token and process, after the answer was sent.
 */
#include "web/steps.h"

#include <stdatomic.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "auth/personal.h"
#include "base/clock.h"
#include "db/db.h"

#define SLOTS 1024
#define DAY_MS 86400000

/* Token and day as one number; two tokens that share a slot cost statements
 * that change nothing. */
static _Atomic uint64_t noted[SLOTS];

void cbi_web_used(struct cb_req *req)
{
	const char *id = req->who.personal;
	uint64_t hash, today;

	if (!id || !cbi_db_there())
		return;
	hash = XXH3_64bits(id, strlen(id));
	today = hash ^ (uint64_t)(cbi_clock_wall_ms() / DAY_MS);
	if (atomic_exchange(&noted[hash % SLOTS], today) == today)
		return;
	/* A day that is not noted is no failure of the request. */
	if (cbi_personal_used(req->ctx, id) < 0) {
		atomic_store(&noted[hash % SLOTS], 0);
		cb_failure_clear(req->ctx);
	}
}
