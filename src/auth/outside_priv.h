/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outside_priv.h - the parts of outside.h.
 */
#ifndef CB_AUTH_OUTSIDE_PRIV_H
#define CB_AUTH_OUTSIDE_PRIV_H

#include <pthread.h>

#include "auth/idp.h"
#include "auth/outside.h"
#include "http/http.h"

/* A document that is kept, as text: each reader parses his own. */
struct cbi_kept {
	char *text;
	int64_t at_ms;    /* when it came */
	int64_t tried_ms; /* when it was last asked for */
};

struct cbi_outside {
	struct cbi_http *http;
	struct cbi_idps *idps;
	/* Held only to copy a text in or out, never while anybody waits. */
	pthread_mutex_t lock;
	struct cbi_kept *documents, *keys; /* one per provider of idps */
	const char *state_dir;             /* the config's: auth/kept.h */
};

/* Of which provider in speaks. */
int cbi_outside_idp(struct cb_ctx *ctx, const struct cbi_outside *outside,
                    const json_t *in, const struct cbi_idp **out) CB_USED;

/* outside_ask.c: one request to a provider.  body NULL: a GET; bearer NULL:
 * none.  CB_EUPSTREAM for what is no JSON object (or array, with list). */
struct cbi_outside_ask {
	const char *url;
	const char *body;   /* of a form */
	const char *header; /* "Authorization: ..." or NULL */
	bool list;          /* an array is expected */
	bool text;          /* any text is, and given as a JSON text */
	int status;         /* filled */
};
int cbi_outside_ask(struct cb_ctx *ctx, const struct cbi_outside *outside,
                    const struct cbi_idp *idp, struct cbi_outside_ask *ask,
                    json_t **out) CB_USED;

/* outside_keys.c: the discovery document; checked. */
int cbi_outside_document(struct cb_ctx *ctx, struct cbi_outside *outside,
                         const struct cbi_idp *idp, json_t **out) CB_USED;
/* outside_keys.c: the set of keys; anew asks again, unless that was done
 * within 30 s (CB_ECHANGED: it was not done, not noted). */
int cbi_outside_keys(struct cb_ctx *ctx, struct cbi_outside *outside,
                     const struct cbi_idp *idp, const char *url, bool anew,
                     json_t **out) CB_USED;

/* outside_keys.c: the key of a kid below keys_url, as a JSON text in PEM.
 * CB_EAUTH for one that there is not, or that was asked for too soon. */
int cbi_outside_pem(struct cb_ctx *ctx, struct cbi_outside *outside,
                    const struct cbi_idp *idp, const char *kid,
                    const json_t **out) CB_USED;
/* outside_token.c: the key of a set at url that a token asks for; a set that
 * lacks it is asked for once more. */
struct cbi_jwt;
int cbi_outside_pick(struct cb_ctx *ctx, struct cbi_outside *outside,
                     const struct cbi_idp *idp, const char *url,
                     const struct cbi_jwt *jwt, const json_t **out) CB_USED;

/* outside_token.c: an ID token's claims.  nonce NULL: none was asked for. */
int cbi_outside_id_token(struct cb_ctx *ctx, struct cbi_outside *outside,
                         const struct cbi_idp *idp, json_t *document,
                         const char *token, const char *nonce,
                         const json_t **claims) CB_USED;

/* outside_person.c: who a token is of; subject (or NULL) is what the ID token
 * called him.  claims (or NULL) are the ID token's. */
int cbi_outside_person(struct cb_ctx *ctx, struct cbi_outside *outside,
                       const struct cbi_idp *idp, json_t *document,
                       const char *access, const json_t *claims,
                       json_t **out) CB_USED;

/* outside_person.c: who these claims, which were verified, are of. */
int cbi_outside_claimed(struct cb_ctx *ctx, const struct cbi_idp *idp,
                        const json_t *claims, json_t **out) CB_USED;

#endif
