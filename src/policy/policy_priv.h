/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_priv.h - the parts of a policy.
 */
#ifndef CB_POLICY_POLICY_PRIV_H
#define CB_POLICY_POLICY_PRIV_H

#include "policy/policy.h"

struct cbi_policy {
	struct cbi_policy_joins joins;
	bool enabled;
	const char *everybody;   /* permission.defaultRole; NULL: none */
	json_t *roles;           /* of the config, checked */
	json_t *admins, *supers; /* refs of permission.rbac.admin */
};

#define CBI_ROLE_ADMIN "admin"
#define CBI_ROLE_GUEST "guest"
#define CBI_ROLE_RBAC "rbac_admin"

#endif
