/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prober.c - see prober.h.
 */
#include "server/prober.h"

#include <time.h>

#include "base/ctx.h"
#include "base/str.h"
#include "host/host.h"
#include "server/charge.h"
#include "server/rooms.h"

/* How soon *stop is seen. */
#define TURN_MS 100
/* What ails is looked at more often. */
#define AILING_SHARE 6

static void pause_for(const struct cbi_prober *prober, int ms)
{
	const struct timespec turn = { 0, TURN_MS * 1000000L };

	for (; ms > 0 && !atomic_load(prober->stop); ms -= TURN_MS)
		nanosleep(&turn, NULL);
}

static void *probe(void *arg)
{
	const struct cbi_prober *prober = arg;
	struct cbi_lane lane;

	cbi_charge_thread(CBI_PROBER_SLOT);
	cbi_rooms_lane_init(&lane, CBI_PROBER_SLOT, CB_ARENA_REQUEST_MAX);
	while (!atomic_load(prober->stop)) {
		int ms = prober->every_ms;
		struct cb_ctx ctx;

		cbi_ctx_init(&ctx, &lane);
		ctx.actor = "service:probe";
		/* A plugin that crashes here is left alone for a minute. */
		cbi_str_copy(ctx.request_id, sizeof(ctx.request_id), "probe");
		if (cbi_host_probe(&ctx, prober->host) > 0)
			ms /= AILING_SHARE;
		cbi_ctx_finish(&ctx);
		pause_for(prober, ms);
	}
	cbi_rooms_lane_finish(&lane);
	return NULL;
}

int cbi_prober_start(struct cbi_prober *prober)
{
	return pthread_create(&prober->thread, NULL, probe, prober);
}
