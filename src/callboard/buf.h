/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callboard/buf.h - bytes that grow, up to a ceiling.
 *
 * The first failure sticks: later calls do nothing and return it, so that a
 * caller may look once, at the end.
 */
#ifndef CALLBOARD_BUF_H
#define CALLBOARD_BUF_H

#include <callboard/ctx.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cb_buf;

/* Copies len bytes; CB_ETOOBIG at the buffer's ceiling, CB_ENOMEM. */
int cb_buf_add(struct cb_buf *buf, const void *data, size_t len);
int cb_buf_text(struct cb_buf *buf, const char *text);
int cb_buf_printf(struct cb_buf *buf, const char *fmt, ...) CB_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif

#endif
