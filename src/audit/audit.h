/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.h - the one place that writes what somebody changed, or tried to.
 */
#ifndef CB_AUDIT_AUDIT_H
#define CB_AUDIT_AUDIT_H

#include <callboard/ctx.h>

/* What an attempt that was refused ended with. */
#define CBI_AUDIT_REFUSED "refused"

/* Texts are borrowed for the call.  Never put a secret here. */
struct cbi_audit {
	const char *action;  /* "location.add", "plugin.disable", ... */
	const char *object;  /* what: a ref, a location's id, a plugin's name */
	const char *before;  /* JSON; NULL when there was nothing */
	const char *after;   /* JSON; NULL when nothing is left */
	const char *address; /* the client's; NULL when there is none */
	const char *outcome; /* NULL: "done" */
};

/*
 * Writes one row in the open transaction, so that it stands if and only if the
 * change does; CB_EBUG without one.  Actor ("" is refused with CB_EBUG: a
 * change nobody made does not exist) and request id are ctx's.
 */
int cbi_audit_write(struct cb_ctx *ctx, const struct cbi_audit *entry) CB_USED;

/*
 * Writes what was attempted and refused, in a transaction of its own; the
 * actor of a ctx without one is "anonymous".  Whoever calls it bounds how
 * often: an attacker decides how many attempts there are.  Fails as the
 * database does, CB_EBUG in an open transaction.
 */
int cbi_audit_refused(struct cb_ctx *ctx,
                      const struct cbi_audit *entry) CB_USED;

#endif
