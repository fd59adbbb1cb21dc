/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinds.h - one kind of supplier is one file; supply.c lists them.
 */
#ifndef CB_PROVIDER_KINDS_H
#define CB_PROVIDER_KINDS_H

#include "provider/supply.h"

extern const struct cbi_supply_kind cbi_supply_graph, cbi_supply_keycloak,
    cbi_supply_ldap, cbi_supply_github_org;
/* discovery_config.c */
extern const struct cbi_supply_kind cbi_supply_github, cbi_supply_gitlab,
    cbi_supply_gitea, cbi_supply_bitbucket, cbi_supply_azure;

#endif
