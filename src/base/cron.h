/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cron.h - the five fields of crontab(5), in UTC.
 *
 * minute hour day month weekday: numbers, lists, ranges, steps and '*'; 7 is
 * Sunday too.  A day fits when either of day and weekday does, unless one of
 * them is '*'.
 */
#ifndef CB_BASE_CRON_H
#define CB_BASE_CRON_H

#include <stdint.h>

/* The first moment after `after` (seconds since 1970) that fits; -1 when the
 * text is none, or fits no day of the next five years. */
int64_t cbi_cron_next(const char *cron, int64_t after);

#endif
