/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outside_assert.c - who a load balancer's assertion is about: its key is
 * fetched, then it is verified.
 */
#include <string.h>

#include "auth/assertion.h"
#include "auth/outside_priv.h"
#include "json/json.h"

/* Where each key has an address of its own, or in a set. */
static int find_key(struct cb_ctx *ctx, struct cbi_outside *outside,
                    const struct cbi_idp *idp, const struct cbi_jwt *jwt,
                    const json_t **out)
{
	if (idp->keys_by_kid)
		return cbi_outside_pem(ctx, outside, idp, jwt->kid, out);
	return cbi_outside_pick(ctx, outside, idp, idp->keys_url, jwt, out);
}

int cbi_outside_assert(struct cb_ctx *ctx, struct cbi_outside *outside,
                       const json_t *in, json_t **out)
{
	const char *token = json_string_value(json_object_get(in, "token"));
	struct cbi_assertion assertion;
	const struct cbi_idp *idp;
	const json_t *key;
	json_t *person;
	int rc = cbi_outside_idp(ctx, outside, in, &idp);

	if (rc < 0)
		return rc;
	if (idp->kind != CBI_IDP_SIGNED || !token)
		return cb_fail(ctx, CB_ENOTSUP, "it signs nothing");
	rc = cbi_assertion_read(ctx, token, &assertion);
	if (rc == CB_OK)
		rc = find_key(ctx, outside, idp, &assertion.jwt, &key);
	if (rc == CB_OK)
		rc = cbi_assertion_check(ctx, idp, &assertion, key);
	if (rc == CB_OK)
		rc = cbi_outside_claimed(ctx, idp, assertion.jwt.payload,
		                         &person);
	if (rc < 0)
		return rc;
	*out = json_pack("{s:O}", "person", person);
	return cbi_json_keep(ctx, *out);
}
