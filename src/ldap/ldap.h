/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ldap.h - the one door to libldap: a bound connection, searched page by page.
 *
 * Certificates are verified unless the config says otherwise; referrals are
 * not followed.  A search that the server cuts short (a size limit) fails:
 * half of a directory is no answer.  Each answer is waited for 30 s, or until
 * the context's deadline.  Failures: CB_EAWAY nobody answers, CB_EAUTH the
 * bind was refused, CB_ETIME, CB_ENOENT no such base, CB_EINVAL an address,
 * filter or name that is none, CB_ETOOBIG the server's limit or an entry
 * beyond 16 MiB, CB_EUPSTREAM anything else.
 */
#ifndef CB_LDAP_LDAP_H
#define CB_LDAP_LDAP_H

#include <stdbool.h>

#include <callboard/ctx.h>

#include <jansson.h>

struct cbi_ldap;

struct cbi_ldap_config {
	/* "ldaps://host:636", "ldap://host", "ldapi://..."; several of them
	 * between blanks are tried in turn. */
	const char *url;
	const char *dn, *secret; /* NULL: anonymous */
	const char *ca;         /* a file of certificates; NULL: the system's */
	const char *cert, *key; /* files of our own; NULL: none */
	bool start_tls;         /* ask for TLS on an ldap:// connection */
	bool unverified;        /* take any certificate */
};

/* Connects and binds; config outlives it.  Secrets never stand in a failure's
 * text. */
int cbi_ldap_open(struct cb_ctx *ctx, const struct cbi_ldap_config *config,
                  struct cbi_ldap **out) CB_USED;
void cbi_ldap_close(struct cbi_ldap *ldap);

/* "ldap://host", "ldaps://host" or "ldapi://file", perhaps with a port, and
 * nothing behind it?  Or several of them between blanks. */
bool cbi_ldap_is_url(const char *url);

struct cbi_ldap_search {
	const char *base, *filter; /* filter NULL: all */
	const char *scope;         /* base, one or sub; NULL: one */
	int page;                  /* entries at once; 0: 500 */
};

/* Who takes what is found. */
struct cbi_ldap_taker {
	void *arg;
	/* Between pages; NULL: nobody asks. */
	int (*alive)(void *arg, struct cb_ctx *ctx);
	/*
	 * An entry: {"dn": text, <attribute in lower case>: [texts]}, which
	 * lives for the call.  Values that are no UTF-8 come in hex, an
	 * objectGUID as Windows writes it.
	 */
	int (*each)(void *arg, struct cb_ctx *ctx, json_t *entry);
};

/* What the taker returns but CB_OK ends the search. */
int cbi_ldap_search(struct cb_ctx *ctx, struct cbi_ldap *ldap,
                    const struct cbi_ldap_search *search,
                    const struct cbi_ldap_taker *taker) CB_USED;

/* The same text for the same name however it is written; lives with ctx.
 * What is no name comes back in lower case.  NULL without memory. */
char *cbi_ldap_dn(struct cb_ctx *ctx, const char *dn) CB_USED;

#endif
