/* SPDX-License-Identifier: Apache-2.0 */
/*
 * who.h - who asks, as a value: `auth` finds it out, `policy` judges it.
 */
#ifndef CB_BASE_WHO_H
#define CB_BASE_WHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cbi_who_kind {
	CBI_WHO_NOBODY = 0,
	CBI_WHO_GUEST,   /* a user who came through the guest door */
	CBI_WHO_SERVICE, /* an externalAccess token, or a plugin's */
	CBI_WHO_USER,    /* somebody who signed in, or holds a user's token */
};

/* One row of what a credential is limited to (accessRestrictions, the scope
 * of a personal token).  NULL lists do not limit; lists end with NULL. */
struct cbi_who_limit {
	const char *plugin; /* "catalog"; NULL: every plugin */
	const char *const *permissions;
	const char *const *actions; /* "create", "read", "update", "delete" */
};

/* What somebody belongs to: himself first, then the groups that he is a member
 * of, and those above them. */
struct cbi_member {
	const char *ref;
	size_t from; /* the place of what leads here; its own of the first */
};

/* Texts live with the context that asked. */
struct cbi_who {
	enum cbi_who_kind kind;
	const char
	    *subject; /* "user:default/guest", "external:<subject>"; "" */
	const char *session; /* id of the session, NULL for tokens */
	/* The plugin that asks for subject ("on behalf of"), or NULL. */
	const char *plugin;
	/* Who really looks, when subject is somebody viewed as; else NULL.
	 * Such a request changes nothing. */
	const char *viewer;
	/* Whose things are the subject's own: his ref and those of his groups,
	 * as far as the credential said; count 0: it did not say. */
	const char *const *owns;
	size_t owns_count;
	/* What the credential is limited to; count 0: it is not. */
	const struct cbi_who_limit *limits;
	size_t limits_count;
	/* Milliseconds since the epoch when the credential ends; 0: it does
	 * not say. */
	int64_t expires;
	const char *personal; /* id of the personal token, NULL for others */
};

#endif
