/* SPDX-License-Identifier: Apache-2.0 */
/*
 * personal.h - personal access tokens: made, listed and revoked in
 * PostgreSQL, known on every host by the copy within a second.
 *
 * Only a token's SHA-256 is kept; itself is shown once, to who made it.  Each
 * function is a transaction of its own with a row of the audit log in it.
 */
#ifndef CB_AUTH_PERSONAL_H
#define CB_AUTH_PERSONAL_H

#include <callboard/ctx.h>

#include <jansson.h>

/* How they begin, so that scanners for secrets find them. */
#define CBI_AUTH_PERSONAL "cbp_"
#define CBI_PERSONAL_NAME_MAX 80
/* Of one owner. */
#define CBI_PERSONAL_MAX 50
#define CBI_PERSONAL_DAYS 90
#define CBI_PERSONAL_DAYS_MAX 366

/* What a new one shall be; texts are borrowed. */
struct cbi_personal_wish {
	const char *owner; /* a user's ref */
	const char *name;  /* for people */
	/* [{plugin, permission, permissionAttribute}], all optional; NULL: it
	 * may what its owner may. */
	const json_t *scope;
	int days;            /* until it expires */
	const char *address; /* of who asks, for the audit log; NULL */
};

struct cbi_personal_row {
	const char *id, *owner, *name, *hint, *scope, *created_by;
	int64_t created_ms, expires_ms;
	const char *used; /* "2026-11-27", "" for never */
	bool expired;
};

/*
 * *token is the token itself and lives with ctx; *number is the change that
 * tells of it.  CB_EINVAL names what of the wish is wrong, CB_ECONFLICT says
 * that the owner has too many.
 */
int cbi_personal_create(struct cb_ctx *ctx,
                        const struct cbi_personal_wish *wish,
                        const char **token, struct cbi_personal_row *out,
                        uint64_t *number) CB_USED;

/* All of an owner, or everybody's with NULL, newest first. */
int cbi_personal_list(struct cb_ctx *ctx, const char *owner,
                      struct cbi_personal_row **out, size_t *n) CB_USED;

/* CB_ENOENT when there is none of this id, or with an owner none of his. */
int cbi_personal_revoke(struct cb_ctx *ctx, const char *id, const char *owner,
                        const char *address, uint64_t *number) CB_USED;

/* Notes that it was used today; does nothing when that is known already. */
int cbi_personal_used(struct cb_ctx *ctx, const char *id) CB_USED;

#endif
