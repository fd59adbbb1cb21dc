/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ldap_org.h - one section of catalog.providers.ldapOrg, read; within the
 * room.
 */
#ifndef CB_PROVIDER_LDAP_ORG_H
#define CB_PROVIDER_LDAP_ORG_H

#include "ldap/ldap.h"
#include "provider/supply.h"

#define CBI_LDAP_PARTS 20

/* Which attribute holds what, in lower case; NULL: none. */
struct cbi_ldap_map {
	const char *rdn, *name, *display, *email, *picture, *description;
	const char *type, *member_of, *members;
};

/* One place to search. */
struct cbi_ldap_part {
	struct cbi_ldap_search search;
	struct cbi_ldap_map map;
	json_t *set; /* "spec.type": value */
};

struct cbi_ldap_org {
	struct cbi_ldap_config config;
	const char *id, *key;
	const char *uuid, *dn; /* attributes; NULL: as servers have them */
	struct cbi_ldap_part users[CBI_LDAP_PARTS], groups[CBI_LDAP_PARTS];
	size_t users_n, groups_n;
};

/* ldap_config.c; *out lives with ctx. */
int cbi_ldap_org_read(struct cb_ctx *ctx, const json_t *settings,
                      const char *path, struct cbi_ldap_org **out) CB_USED;

#endif
