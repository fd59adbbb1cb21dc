/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flight.h - a sign-in on its way through an identity provider.
 *
 * Nothing is stored: what must come back is in `state`, and a cookie of ten
 * minutes holds PKCE's verifier under a MAC over both.  So a state that was
 * changed, one of another browser and one of another provider fit no cookie.
 */
#ifndef CB_AUTH_FLIGHT_H
#define CB_AUTH_FLIGHT_H

#include "auth/auth.h"

/* How long somebody may take at his provider. */
#define CB_FLIGHT_S 600

struct cbi_flight {
	const char *idp, *env;
	const char *flow;     /* "popup" or "redirect" */
	const char *origin;   /* of the page that opened a popup */
	const char *redirect; /* where a stock front end is sent to */
	const char *back;     /* a path of ours: the house's own sign-in */
	const char *scope;
	/* By begin, and again by end. */
	const char *verifier, *challenge, *nonce;
};

/* Fills verifier, challenge and nonce; *state for the provider, *cookie for
 * the browser.  CB_EINVAL for texts that are too long together. */
int cbi_flight_begin(struct cb_ctx *ctx, struct cbi_auth *auth,
                     struct cbi_flight *flight, const char **state,
                     const char **cookie) CB_USED;

/* What begin was given; CB_EDENIED when the cookie is not state's or too
 * old. */
int cbi_flight_end(struct cb_ctx *ctx, struct cbi_auth *auth, const char *idp,
                   const char *state, const char *cookie,
                   struct cbi_flight *out) CB_USED;

/* What a state says without its cookie, to tell a popup of a failure: not to
 * be believed beyond that.  CB_EINVAL, not noted. */
int cbi_flight_peek(struct cb_ctx *ctx, const char *state,
                    struct cbi_flight *out) CB_USED;

#endif
