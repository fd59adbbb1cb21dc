/* SPDX-License-Identifier: Apache-2.0 */
/*
 * touch.h - somebody told that a repository changed: which Locations are to be
 * looked at again.
 */
#ifndef CB_CATALOG_TOUCH_H
#define CB_CATALOG_TOUCH_H

#include <callboard/ctx.h>

#include "base/supply.h"

struct cbi_feed;

/*
 * In an open transaction.  Makes due now the Locations that read (or were
 * asked to read) an address of the event's repository which the feed says is
 * concerned.  *n is how many.
 */
int cbi_touch(struct cb_ctx *ctx, const struct cbi_feed *feed,
              const struct cbi_supply_event *event, size_t *n) CB_USED;

#endif
