/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str.h - small things about text that every room needs once.
 */
#ifndef CB_BASE_STR_H
#define CB_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <callboard/buf.h>

/* A piece of text that is not terminated. */
struct cbi_span {
	const char *ptr;
	size_t len;
};

bool cbi_str_starts(const char *text, const char *prefix);
bool cbi_str_ends(const char *text, const char *suffix);

/* ASCII only, whatever the locale; in place. */
void cbi_str_lower(char *text);

/* 0 for equal letters of either case, ASCII only. */
int cbi_str_casecmp(const char *a, const char *b);

/* Copies at most size - 1 bytes and always ends out; true when all fitted. */
bool cbi_str_copy(char *out, size_t size, const char *text);

/* Decimal with optional '-', nothing before or after; -1 for anything else
 * and when it does not lie within [min, max]. */
int cbi_str_int(const char *text, int64_t min, int64_t max, int64_t *out);

/* "90", "90s", "15m", "2h", "1d", "250ms", and ISO "PT5M"; milliseconds, a
 * bare number being seconds.  -1 for anything else. */
int cbi_str_duration(const char *text, int64_t *out_ms);

/* Is it valid UTF-8 without NUL, overlong forms and surrogates? */
bool cbi_str_utf8(const char *text, size_t len);

/* Takes off an end that was cut within a character of UTF-8. */
void cbi_str_cut(char *text);

/* Bytes that are no UTF-8, as where "%.80s" has cut, become '?'. */
void cbi_str_mend(char *text);

/*
 * Decodes %XX (and '+' as a space when plus is set) into out, which has room
 * for len + 1 bytes.  -1 for a bad escape, for NUL and for what is not UTF-8.
 */
int cbi_str_url_decode(const char *text, size_t len, bool plus, char *out,
                       size_t *out_len);

/* Appends text with everything escaped but A-Z a-z 0-9 - . _ ~ and what
 * stands in keep. */
int cbi_str_url_encode(struct cb_buf *buf, const char *text, const char *keep);

/* Appends text as a JSON string with its quotes; bytes that are not UTF-8
 * become U+FFFD. */
int cbi_str_json(struct cb_buf *buf, const char *text, size_t len);

/* How many edits turn a into b, capped at 8; both at most 64 bytes. */
int cbi_str_distance(const char *a, const char *b);

/* The nearest of n names within 3 edits, NULL when none is near. */
const char *cbi_str_nearest(const char *text, const char *const *names,
                            size_t n);

/* Compares without leaking by time where they differ. */
bool cbi_str_equal_secret(const char *a, const char *b);

#endif
