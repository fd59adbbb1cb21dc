/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idp_before.c - sections of what stands before us: a web server that says who
 * it is, with a secret, and load balancers that sign it.
 */
#include "auth/idp_priv.h"

#include <string.h>

/* A secret that somebody could guess lets everybody in. */
#define SECRET_MIN 16

static int read_header(const struct cbi_idp_section *s)
{
	s->idp->secret = cbi_idp_text(s, "secret");
	if (!s->idp->secret || strlen(s->idp->secret) < SECRET_MIN)
		return cbi_idp_say(
		    s, "secret",
		    "expected the secret of 16 characters or more that "
		    "the web server sends with a name ({$file: ...})");
	return CB_OK;
}

#define ALB_KEYS "https://public-keys.auth.elb.%s.amazonaws.com"
#define IAP_KEYS "https://www.gstatic.com/iap/verify/public_key-jwk"
#define IAP_ISSUER "https://cloud.google.com/iap"

static int read_alb(const struct cbi_idp_section *s)
{
	struct cbi_idp *idp = s->idp;
	const char *region = cbi_idp_text(s, "region");

	idp->header = "X-Amzn-Oidc-Data";
	idp->keys_by_kid = true;
	idp->issuer = cbi_idp_text(s, "issuer") ? cbi_idp_text(s, "issuer")
	                                        : cbi_idp_text(s, "iss");
	idp->signer = cbi_idp_text(s, "signer");
	if (!idp->keys_url && region &&
	    !region[strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-")])
		idp->keys_url = cb_printf(s->keep, ALB_KEYS, region);
	if (!idp->keys_url)
		return cbi_idp_say(
		    s, "region",
		    "expected the load balancer's region (or `secret`, "
		    "when nginx says who it is)");
	if (!idp->issuer)
		return cbi_idp_say(
		    s, "issuer",
		    "expected the issuer that the load balancer asks");
	/* Every load balancer's keys are at the same address. */
	return idp->signer
	           ? CB_OK
	           : cbi_idp_say(s, "signer",
	                         "expected the load balancer's ARN: without "
	                         "it anybody's would do");
}

static int read_iap(const struct cbi_idp_section *s)
{
	struct cbi_idp *idp = s->idp;

	idp->header = cbi_idp_text(s, "jwtHeader");
	if (!idp->header)
		idp->header = "X-Goog-Iap-Jwt-Assertion";
	if (!idp->keys_url)
		idp->keys_url = IAP_KEYS;
	idp->issuer = IAP_ISSUER;
	idp->audience = cbi_idp_text(s, "audience");
	/* Google has verified whom it lets in. */
	idp->trust_email = true;
	return idp->audience
	           ? CB_OK
	           : cbi_idp_say(s, "audience",
	                         "expected the audience of the signed header "
	                         "(or `secret`, when nginx says who it is)");
}

static int read_signed(const struct cbi_idp_section *s)
{
	struct cbi_idp *idp = s->idp;

	idp->kind = CBI_IDP_SIGNED;
	idp->keys_url = cbi_idp_text(s, "keysUrl");
	if (idp->keys_url && !cbi_idp_is_url(idp->keys_url))
		return cbi_idp_say(s, "keysUrl", "expected an address");
	return strcmp(s->as, "awsAlb") == 0 ? read_alb(s) : read_iap(s);
}

/* What comes from these is signed, unless nginx vouches for it. */
static bool is_signed(const struct cbi_idp_section *s)
{
	return (strcmp(s->as, "awsAlb") == 0 || strcmp(s->as, "gcpIap") == 0) &&
	       !json_object_get(s->json, "secret");
}

int cbi_idp_read_before(const struct cbi_idp_section *s)
{
	return is_signed(s) ? read_signed(s) : read_header(s);
}
