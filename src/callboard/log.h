/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callboard/log.h - one line per event, to the host's log.
 *
 * Lines are logfmt: time, level, process, plugin, request id, message.
 * Control characters are escaped, so that a line stays one line.  At most
 * 2,000 bytes of a message are kept.  Never fails, never blocks for long.
 */
#ifndef CALLBOARD_LOG_H
#define CALLBOARD_LOG_H

#include <callboard/ctx.h>

#ifdef __cplusplus
extern "C" {
#endif

enum cb_level {
	CB_LOG_ERROR = 0, /* somebody must look */
	CB_LOG_WARN = 1,  /* works on, but not as wished */
	CB_LOG_INFO = 2,  /* changes of state: started, stopped, switched */
	CB_LOG_DEBUG = 3, /* for the one who writes the code */
};

/* ctx may be NULL outside of any work. */
void cb_log(const struct cb_ctx *ctx, enum cb_level level, const char *fmt, ...)
    CB_PRINTF(3, 4);

#ifdef __cplusplus
}
#endif

#endif
