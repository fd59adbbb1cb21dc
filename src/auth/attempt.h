/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attempt.h - how often somebody may try to sign in.
 *
 * Counted over the fleet by Redis; without it each host counts by itself, on
 * its board.
 */
#ifndef CB_AUTH_ATTEMPT_H
#define CB_AUTH_ATTEMPT_H

#include <callboard/ctx.h>

/* A window, and what it may have: failures of one address (an office may sit
 * behind it), attempts by one name (nobody forgets his password so often). */
#define CB_ATTEMPT_WINDOW_S 300
#define CB_ATTEMPT_ADDRESS 60
#define CB_ATTEMPT_NAME 10

/*
 * Counts n attempts of what ("address", "name") by who; 0 only looks.
 * CB_EBUSY when there have been max within the window already.
 */
int cbi_attempt(struct cb_ctx *ctx, const char *what, const char *who, int max,
                int n) CB_USED;

/* Once only: CB_ECONFLICT, not noted, when key was used within seconds.
 * Without Redis it is not known, and CB_OK. */
int cbi_attempt_once(struct cb_ctx *ctx, const char *what, const char *key,
                     int seconds) CB_USED;

#endif
