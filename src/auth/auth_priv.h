/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth_priv.h - what the files of this room share.
 */
#ifndef CB_AUTH_AUTH_PRIV_H
#define CB_AUTH_AUTH_PRIV_H

#include "auth/auth.h"
#include "auth/external.h"
#include "auth/memory.h"
#include "base/arena.h"
#include "crypto/crypto.h"

/* Clocks of two hosts may differ so much, both for times in tokens and for
 * how long a new key waits before it signs. */
#define CBI_AUTH_SKEW_S 60
#define CBI_AUTH_RIPE_MS (CBI_AUTH_SKEW_S * 1000)
#define CBI_AUTH_KID_MAX 64
#define CBI_AUTH_PLUGIN_MAX 64
/* A session as tokens name it: the hash of its id, in hex. */
#define CBI_AUTH_SID_LEN (CB_SHA256_HEX - 1)
/* Who comes through the guest door into a session. */
#define CBI_AUTH_GUEST "user:default/guest"
#define CBI_AUTH_AUDIENCE "backstage"
#define CBI_AUTH_TYP_USER "vnd.backstage.user"
#define CBI_AUTH_TYP_LIMITED "vnd.backstage.limited-user"
#define CBI_AUTH_TYP_PLUGIN "vnd.backstage.plugin"

struct cbi_jwt;

struct cbi_auth {
	struct cbi_copy *copy;
	int table;
	int token_keys, personal; /* tables of the copy, -1 for none */
	int revocations;          /* table of the copy, -1 for none */
	struct cbi_idps *idps;
	int64_t idle_s, absolute_s; /* of sessions */
	bool guest;
	bool https;
	bool omit_owns;    /* of a user's token */
	bool guest_tokens; /* the door gives tokens, too */
	int64_t token_ms;
	struct cbi_arena arena; /* what follows lies in it */
	const char *issuer;     /* <backend.baseUrl>/api/auth */
	const char *guest_ref;  /* of tokens */
	const char *const *guest_owns;
	size_t guest_owns_count;
	struct cbi_external *external;
	size_t external_count;
	struct cbi_memory *memory;
	struct cbi_auth_fetch fetch;
};

/* A MAC as base64url: 43 letters and the end. */
#define CBI_AUTH_MAC 44

/* sign.c: with the newest key; with any key. */
int cbi_auth_mac(struct cb_ctx *ctx, struct cbi_auth *auth, const char *purpose,
                 const char *text, size_t len, char out[CBI_AUTH_MAC]);
bool cbi_auth_mac_valid(struct cb_ctx *ctx, struct cbi_auth *auth,
                        const char *purpose, const char *text, size_t len,
                        const char *mac);

/* session.c: providers, and how long sessions live. */
int cbi_auth_read_sign_in(struct cb_ctx *ctx, const struct cbi_config *config,
                          struct cbi_auth *auth) CB_USED;
/* session.c: CB_OK, with NOBODY for a cookie that is not valid any more. */
int cbi_auth_session(struct cb_ctx *ctx, struct cbi_auth *auth,
                     const char *cookie, struct cbi_who *out);

/* keys.c: 8 bytes, big-endian; the key that signs; the key of a kid, or
 * CB_EAUTH.  CB_EAWAY while none is known. */
int64_t cbi_auth_number(const char *bytes);
int cbi_auth_signer(struct cb_ctx *ctx, const struct cbi_auth *auth,
                    json_t **jwk, int64_t *expires_ms) CB_USED;
int cbi_auth_verifier(struct cb_ctx *ctx, const struct cbi_auth *auth,
                      const char *kid, json_t **jwk) CB_USED;

/* verify.c: whose bearer token; are its times good? */
int cbi_auth_bearer_who(struct cb_ctx *ctx, struct cbi_auth *auth,
                        const char *token, struct cbi_who *out) CB_USED;
int cbi_auth_times(struct cb_ctx *ctx, const struct cbi_jwt *jwt,
                   int64_t *expires_ms) CB_USED;

/* external_who.c, personal.c: CB_EAUTH for one that nobody knows. */
int cbi_auth_static(struct cb_ctx *ctx, const struct cbi_auth *auth,
                    const char *token, struct cbi_who *out) CB_USED;
int cbi_auth_external(struct cb_ctx *ctx, const struct cbi_auth *auth,
                      const struct cbi_jwt *jwt, struct cbi_memory_note *note,
                      struct cbi_who *out) CB_USED;
int cbi_auth_personal(struct cb_ctx *ctx, const struct cbi_auth *auth,
                      const char *token, struct cbi_who *out) CB_USED;

#endif
