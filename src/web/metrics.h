/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.h - the board as Prometheus text.
 */
#ifndef CB_WEB_METRICS_H
#define CB_WEB_METRICS_H

#include <callboard/buf.h>

/* Appends everything; CB_OK or the buffer's failure. */
int cbi_metrics_write(struct cb_buf *out);

#endif
