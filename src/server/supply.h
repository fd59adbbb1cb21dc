/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supply.h - the engine's thread that runs entity providers: a run may take
 * minutes, and must not hold up what files and webhooks bring.
 */
#ifndef CB_SERVER_SUPPLY_H
#define CB_SERVER_SUPPLY_H

#include <stdatomic.h>

#include "base/supply.h"

struct cbi_kinds;

struct cbi_engine_supply {
	const struct cbi_supplier *suppliers;
	size_t n;
	const struct cbi_kinds *kinds; /* catalog.kinds */
	bool keep_vanished;  /* catalog.orphanProviderStrategy: keep */
	const char *unknown; /* a section that nobody reads; NULL */
	const char *host;    /* for people, beside the process */
	const _Atomic bool *stop;
	const _Atomic bool *ready; /* the schema is there */
};

/* Makes those due now that the event concerns, in the open transaction. */
int cbi_engine_supply_wake(struct cb_ctx *ctx,
                           const struct cbi_engine_supply *supply,
                           const struct cbi_supply_event *event) CB_USED;

/* A thread's function; arg is the struct above. */
void *cbi_engine_supply(void *arg);

#endif
