/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.h - what a location or an entity would be in the catalog, without
 * writing anything: reads, rules, placeholders and models as an engine has
 * them.
 *
 * The outside is reached through in->feed, so it runs where that may be done.
 */
#ifndef CB_CATALOG_TRIAL_H
#define CB_CATALOG_TRIAL_H

#include <callboard/ctx.h>

#include <jansson.h>

#include "catalog/ingest.h"

/* What one trial may bring in, and how many Locations it follows. */
#define CBI_TRIAL_ENTITIES 5000
#define CBI_TRIAL_LOCATIONS 200

/*
 * Reads the location and those inside it.  entities gets what it brings in,
 * its own Location first, then depth-first from the last; errors gets status
 * items, also for a ref that came twice.  Both are arrays of the caller's.
 * CB_ETOOBIG beyond the ceilings, CB_ETIME past the deadline.
 */
int cbi_trial_location(struct cb_ctx *ctx, const struct cbi_ingest *in,
                       const char *type, const char *target,
                       const char *presence, json_t *entities,
                       json_t *errors) CB_USED;

/*
 * Processes one entity as if it stood at location ("url:https://..."), and
 * reads the targets of a Location.  errors gets what is wrong.  entity is
 * changed.
 */
int cbi_trial_entity(struct cb_ctx *ctx, const struct cbi_ingest *in,
                     const char *location, json_t *entity,
                     json_t *errors) CB_USED;

#endif
