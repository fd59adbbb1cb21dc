/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth_priv.h - what the files of this room share.
 */
#ifndef CB_AUTH_AUTH_PRIV_H
#define CB_AUTH_AUTH_PRIV_H

#include "auth/auth.h"
#include "crypto/crypto.h"

/* A static externalAccess row; the token itself is not kept. */
struct cbi_auth_token {
	unsigned char hash[CB_SHA256_LEN];
	const char *subject; /* "external:<subject>", owned */
};

struct cbi_auth {
	struct cbi_copy *copy;
	int table;
	bool guest;
	bool https;
	struct cbi_auth_token *tokens;
	size_t count;
};

/* A MAC as base64url: 43 letters and the end. */
#define CBI_AUTH_MAC 44

/* sign.c: with the newest key; with any key. */
int cbi_auth_mac(struct cb_ctx *ctx, struct cbi_auth *auth, const char *purpose,
                 const char *text, size_t len, char out[CBI_AUTH_MAC]);
bool cbi_auth_mac_valid(struct cb_ctx *ctx, struct cbi_auth *auth,
                        const char *purpose, const char *text, size_t len,
                        const char *mac);

/* session.c: CB_OK, with NOBODY for a cookie that is not valid any more. */
int cbi_auth_session(struct cb_ctx *ctx, struct cbi_auth *auth,
                     const char *cookie, struct cbi_who *out);

#endif
