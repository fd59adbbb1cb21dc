/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - the two clocks.  Deadlines and ages within a host are monotonic;
 * what is stored, sent or shown is wall time.  Both in milliseconds.
 */
#ifndef CB_BASE_CLOCK_H
#define CB_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Monotonic, the same for all processes of the host, never 0. */
int64_t cbi_clock_ms(void);

/* Monotonic microseconds, for measuring. */
int64_t cbi_clock_us(void);

/* Milliseconds since the epoch. */
int64_t cbi_clock_wall_ms(void);

/* "2026-01-31T12:00:00.000Z" (24 characters and the end). */
#define CBI_TIME_LEN 25
void cbi_clock_iso(int64_t wall_ms, char out[CBI_TIME_LEN]);

/*
 * Reads "2026-01-31", "2026-01-31T12:00:00Z" with optional fraction, and an
 * offset such as +02:00 instead of Z.  Returns 0, or -1 for anything else.
 */
int cbi_clock_parse(const char *text, int64_t *out);

/*
 * The same, and what people type: a space instead of the T, no seconds, no
 * zone (UTC), a zone whose plus became a space on its way through an address;
 * and how long before now: "2h", "3d ago" (s, m, h, d, w).
 */
int cbi_clock_parse_past(const char *text, int64_t now_ms, int64_t *out);

#endif
