/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idp.h - identity providers: who vouches for people, as `auth.providers` has
 * them.
 *
 *	auth:
 *	  environment: production
 *	  providers:
 *	    okta:                   # the id stands in addresses
 *	      production:           # or without this level
 *	        clientId: ...
 *	        signIn: {resolvers: [{resolver: ...}]}
 *
 * Backstage's ids say what a provider speaks; another id says it by `type`.
 */
#ifndef CB_AUTH_IDP_H
#define CB_AUTH_IDP_H

#include <callboard/ctx.h>

#include <jansson.h>

#include "ldap/ldap.h"

struct cbi_config;

enum cbi_idp_kind {
	CBI_IDP_OIDC = 1, /* OpenID Connect, by its discovery document */
	CBI_IDP_OAUTH,    /* OAuth 2 and a user API: GitHub, GitLab, others */
	CBI_IDP_HEADER,   /* the web server before us says who it is */
	CBI_IDP_LDAP,     /* a name and a password, tried at a directory */
	CBI_IDP_SIGNED,   /* a load balancer before us signs who it is */
};

/* What a claim is compared with. */
enum cbi_rule_field {
	CBI_RULE_EMAIL = 1, /* spec.profile.email */
	CBI_RULE_NAME,      /* user:default/<name> */
	CBI_RULE_ANNOTATION,
};

/* A row of signIn.resolvers. */
struct cbi_rule {
	const char *name;  /* as the config has it */
	const char *claim; /* "email", "username", or a path in the claims */
	enum cbi_rule_field field;
	const char *annotation;
	bool local;                 /* what stands before the @ */
	bool plus;                  /* then again without a +tag */
	const char *const *domains; /* allowedDomains; NULL: any */
	bool without;               /* ...SignInWithoutUserInCatalog is set */
	const void *pattern;        /* regex_t of POSIX; NULL: none */
	const char *value;          /* what becomes of it: "$1" */
};

struct cbi_idp {
	const char *id, *env; /* env "" in the form without that level */
	const char *title;    /* for people */
	enum cbi_idp_kind kind;
	const char *client_id, *client_secret;
	const char *metadata;                  /* OIDC: discovery */
	const char *authorize_url, *token_url; /* OAUTH */
	const char *user_url, *emails_url;     /* OAUTH */
	const char *scope;                     /* what is always asked for */
	const char *scope_more;   /* and for who wants to refresh */
	const char *extra;        /* likewise, "&name=value"; "" for none */
	const char *prompt;       /* as configured; NULL: not */
	const char *callback;     /* the config's; NULL: our own address */
	bool secret_post;         /* the secret goes into the body */
	bool trust_email;         /* an address counts without email_verified */
	unsigned algs;            /* of ID tokens: bits of jose/jose.h */
	const char *const *allow; /* address ranges beyond public ones */
	const char *ca;           /* a file of certificates; NULL: system's */
	int64_t refresh_s;        /* how long a refresh cookie lives */
	const char *secret;       /* HEADER: what the web server says, too */
	/* SIGNED: the header that has it, where the keys are (each below the
	 * address by its kid, or a set), and what has to be said in it. */
	const char *header, *keys_url;
	bool keys_by_kid;
	const char *issuer, *audience, *signer; /* NULL: not looked at */
	struct cbi_ldap_config ldap;
	const char *base, *filter; /* LDAP: where people are; "{user}" */
	const char *user_attr;     /* LDAP */
	const struct cbi_rule *rules;
	size_t rule_count; /* 0: nobody signs in by it */
};

struct cbi_idps;

/* CB_EINVAL names file, line and key.  A section without clientId and
 * clientSecret (their variables are not set) is left out, as is one whose id
 * says nothing and that has no type. */
int cbi_idps_create(struct cb_ctx *ctx, const struct cbi_config *config,
                    struct cbi_idps **out) CB_USED;
void cbi_idps_destroy(struct cbi_idps *idps);

/* All of them, env by env, in the config's order. */
size_t cbi_idps_all(const struct cbi_idps *idps, const struct cbi_idp **out);
/* env NULL: the one that pages use: of auth.environment, or without that
 * level.  NULL for none. */
const struct cbi_idp *cbi_idps_find(const struct cbi_idps *idps, const char *id,
                                    const char *env);
/* Has the config that provider in any environment? */
bool cbi_idps_has(const struct cbi_idps *idps, const char *id);
/* Is it one that pages offer: the environment's, with resolvers? */
bool cbi_idps_offers(const struct cbi_idps *idps, const struct cbi_idp *idp);

/* Does whatever stands before us say who it is? */
bool cbi_idp_before_us(const struct cbi_idp *idp);

/* idp_read.c: fills idp, whose id is set, from a section at path; texts are
 * kept in keep.  kind stays 0 for one that is left out. */
int cbi_idp_read(struct cb_ctx *ctx, struct cb_ctx *keep,
                 const struct cbi_config *config, const json_t *json,
                 const char *path, struct cbi_idp *idp) CB_USED;
/* idp_rules.c: reads signIn.resolvers of a section at path. */
int cbi_idp_rules(struct cb_ctx *ctx, struct cb_ctx *keep,
                  const struct cbi_config *config, const json_t *section,
                  const char *path, struct cbi_idp *idp) CB_USED;
void cbi_idp_rules_free(const struct cbi_idp *idp);
/* "file:line:column: path: what" as CB_EINVAL. */
int cbi_idp_bad(struct cb_ctx *ctx, const struct cbi_config *config,
                const char *path, const char *key, const char *what);
/* An array of texts, or one text cut at spaces and commas; NULL for none. */
const char *const *cbi_idp_list(struct cb_ctx *keep, const json_t *value);

#endif
