/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assertion.h - what a load balancer before us signs about somebody: ALB's
 * x-amzn-oidc-data and IAP's x-goog-iap-jwt-assertion.
 *
 * Web processes take it out of the request and hand it to fetch, which has
 * the keys; there it is verified, and nothing of it is believed before.
 */
#ifndef CB_AUTH_ASSERTION_H
#define CB_AUTH_ASSERTION_H

#include "auth/idp.h"
#include "jose/jose.h"

/* One that was taken apart, not verified; lives with ctx. */
struct cbi_assertion {
	const char *text;   /* as it came: that is what was signed */
	struct cbi_jwt jwt; /* without ALB's padding */
};

/* CB_EAUTH for a text that is none. */
int cbi_assertion_read(struct cb_ctx *ctx, const char *text,
                       struct cbi_assertion *out) CB_USED;

/* Whom it names, not verified: to see that it is somebody else.  NULL for
 * nobody; leaves no failure. */
const char *cbi_assertion_subject(struct cb_ctx *ctx, const char *text);

/*
 * Is it signed by key (a JWK, or a JSON text of a PEM), for this portal, by
 * whom the config names, and of now?  CB_EAUTH says what is not right.
 */
int cbi_assertion_check(struct cb_ctx *ctx, const struct cbi_idp *idp,
                        const struct cbi_assertion *assertion,
                        const json_t *key) CB_USED;

#endif
