/* SPDX-License-Identifier: Apache-2.0 */
/*
 * who.h - who asks, as a value: `auth` finds it out, `policy` judges it.
 */
#ifndef CB_BASE_WHO_H
#define CB_BASE_WHO_H

enum cbi_who_kind {
	CBI_WHO_NOBODY = 0,
	CBI_WHO_GUEST,   /* a session made by the guest door */
	CBI_WHO_SERVICE, /* a static externalAccess token */
};

/* Texts live with the context that asked. */
struct cbi_who {
	enum cbi_who_kind kind;
	const char
	    *subject; /* "user:default/guest", "external:<subject>"; "" */
	const char *session; /* id of the session, NULL for tokens */
};

#endif
