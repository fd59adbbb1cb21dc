/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink.h - what is sealed is told elsewhere as well: to a file, to syslog.
 *
 * Each row goes to each sink of the fleet once, in the order of the chain, by
 * whichever engine comes to it first; who collects the files of all hosts has
 * every row.  An engine that dies between telling and noting it tells again:
 * at least once, and the row's "seal" says which it is.  A sink begins with
 * what is sealed after it was configured first.
 */
#ifndef CB_AUDIT_SINK_H
#define CB_AUDIT_SINK_H

#include <stddef.h>

#include <callboard/ctx.h>

/* A line is at most this long for syslog; where it would be longer, before
 * and after are left out and "cut": true stands there instead. */
#define CBI_AUDIT_SYSLOG_MAX 8000

/* Members that are NULL are not there; texts outlive the calls. */
struct cbi_audit_sinks {
	const char *file;   /* JSON lines are appended; opened anew each time,
	                       so it may be renamed to rotate it */
	const char *syslog; /* a datagram socket: "/dev/log" */
	int facility;       /* "authpriv" is 10 */
};

/* The number of a facility by its name, -1 for no such one. */
int cbi_audit_facility(const char *name);

/*
 * Tells at most max rows to each sink; *told is how many, of all sinks.  What
 * one sink does not take is kept for the next time and does not hold up the
 * other; the first failure is returned, and names the sink.
 */
int cbi_audit_tell(struct cb_ctx *ctx, const struct cbi_audit_sinks *sinks,
                   size_t max, size_t *told) CB_USED;

#endif
