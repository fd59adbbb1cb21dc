/* SPDX-License-Identifier: Apache-2.0 */
/*
 * permission.h - the names of what can be permitted.
 *
 * Backstage's for the catalog, the house's own for what is administered (all
 * begin with "admin."); plugins bring theirs in their manifests.
 */
#ifndef CB_POLICY_PERMISSION_H
#define CB_POLICY_PERMISSION_H

#include <stdbool.h>
#include <stddef.h>

#define CBI_RESOURCE_ENTITY "catalog-entity"

struct cbi_permission {
	const char *name;
	const char *action;   /* "read", "create" ...; NULL: none */
	const char *resource; /* CBI_RESOURCE_ENTITY; NULL: about nothing */
	const char *help;     /* message id */
};

/* The house's; the catalog's come first, in the order that the contract lists
 * them. */
const struct cbi_permission *cbi_permissions(size_t *n);
#define CBI_PERMISSIONS_CATALOG 10

/* NULL for one that is not the house's. */
const struct cbi_permission *cbi_permission_find(const char *name);

#endif
