/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.h - the inside of struct cb_buf (callboard/buf.h), for the house.
 */
#ifndef CB_BASE_BUF_H
#define CB_BASE_BUF_H

#include <callboard/buf.h>

struct cb_buf {
	char *data; /* NUL-terminated as soon as anything was added */
	size_t len;
	size_t cap;
	size_t max; /* bytes */
	int failed; /* CB_OK or the first failure */
};

/* Needs no memory yet. */
void cbi_buf_init(struct cb_buf *buf, size_t max);

/* Empties it and forgets a failure; keeps the memory. */
void cbi_buf_clear(struct cb_buf *buf);

void cbi_buf_finish(struct cb_buf *buf);

/* "" instead of NULL for an empty one; lives until the next change. */
const char *cbi_buf_string(const struct cb_buf *buf);

/* Hands the bytes over to the caller, who frees them; the buffer is empty
 * afterwards.  NULL when it failed or nothing was added. */
char *cbi_buf_take(struct cb_buf *buf, size_t *len);

#endif
