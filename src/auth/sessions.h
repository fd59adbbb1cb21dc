/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sessions.h - the table of sessions of people who signed in.
 *
 * It is for people to see and end them; a cookie is valid without it.  An id
 * is known here by its hash alone.
 */
#ifndef CB_AUTH_SESSIONS_H
#define CB_AUTH_SESSIONS_H

#include "auth/auth.h"

struct cbi_session_row {
	const char *hash; /* of the id, 64 letters */
	const char *subject, *idp;
	const char *address, *agent;
	const char *id_token; /* for the provider's sign-out; NULL: none */
	int64_t made, used, expires;
};

/*
 * Writes a new one, in a transaction with its audit row; old_hash (or NULL)
 * is the one that the same browser had, whosever, which ends.  *number is the
 * change's, 0 when nothing ended.
 */
int cbi_sessions_open(struct cb_ctx *ctx, const struct cbi_session_row *row,
                      const char *old_hash, uint64_t *number) CB_USED;
/* Those of subject that are not over, newest first; 200 at most. */
int cbi_sessions_list(struct cb_ctx *ctx, const char *subject,
                      const struct cbi_session_row **out, size_t *n) CB_USED;
/* In use: used_at is now. */
int cbi_sessions_use(struct cb_ctx *ctx, const char *hash) CB_USED;
/*
 * Ends one of subject's and revokes it, with its audit row; address is the
 * client's.  CB_ENOENT when he has none of that hash, or it is over already.
 */
int cbi_sessions_end(struct cb_ctx *ctx, const char *hash, const char *subject,
                     const char *address, uint64_t *number) CB_USED;
/* Takes the ID token out of one that has ended; NULL in *id_token for none,
 * also in *idp when there is no such session. */
int cbi_sessions_leave(struct cb_ctx *ctx, const char *hash, const char **idp,
                       const char **id_token) CB_USED;

#endif
