/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan.h - finding values in served JSON without parsing it.
 *
 * For bytes that the house wrote itself (compact, valid JSON): a scan costs
 * about a nanosecond a byte and no memory, where a parser costs a tree.  Odd
 * bytes end a scan early; they never lead it out of the span.
 */
#ifndef CB_CATALOG_SCAN_H
#define CB_CATALOG_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* The member of an object by name (not escaped); false for none, or when
 * object is not one.  *value keeps its quotes and brackets. */
bool cbi_scan_member(struct cbi_span object, struct cbi_span name,
                     struct cbi_span *value);

/* The i-th element of an array. */
bool cbi_scan_element(struct cbi_span array, size_t i, struct cbi_span *value);

/* Walks an object (name set, still escaped) or an array (name empty): begin
 * with *at 0; false at the end. */
bool cbi_scan_next(struct cbi_span container, size_t *at, struct cbi_span *name,
                   struct cbi_span *value);

/* The text of a JSON string, decoded into out (at most size - 1 bytes, ended
 * by NUL); -1 when value is not a string or does not fit, else its length. */
long cbi_scan_string(struct cbi_span value, char *out, size_t size);

#endif
