/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - the house's side of callboard/log.h: who writes, and how much.
 */
#ifndef CB_BASE_LOG_H
#define CB_BASE_LOG_H

#include <callboard/buf.h>
#include <callboard/log.h>

/* Set once at the start of a process, before it has threads.  process is
 * copied ("web core", "engine"); at most 63 bytes are kept. */
void cbi_log_setup(const char *process, enum cb_level least);

/* "error", "warn", "info" or "debug"; -1 for any other word. */
int cbi_log_level(const char *word);

/* Appends text so that it stays one logfmt value: quotes, backslashes and
 * control characters escaped. */
int cbi_log_escape(struct cb_buf *buf, const char *text);

/* Writes a finished line as it is; the access record uses it. */
void cbi_log_line(const char *line, size_t len);

#endif
