/* SPDX-License-Identifier: Apache-2.0 */
/*
 * permission.c - see permission.h.
 */
#include "policy/permission.h"

#include <string.h>

#define ENTITY CBI_RESOURCE_ENTITY

static const struct cbi_permission all[] = {
	{ "catalog.entity.read", "read", ENTITY, "See entities" },
	{ "catalog.entity.create", "create", NULL, "Bring in entities" },
	{ "catalog.entity.delete", "delete", ENTITY, "Take out entities" },
	{ "catalog.entity.refresh", "update", ENTITY,
	  "Have entities read again" },
	{ "catalog.entity.validate", NULL, NULL, "Have an entity judged" },
	{ "catalog.location.read", "read", NULL, "See registered locations" },
	{ "catalog.location.create", "create", NULL, "Register locations" },
	{ "catalog.location.delete", "delete", NULL, "Take out locations" },
	{ "catalog.location.analyze", NULL, NULL, "Have an address analysed" },
	{ "catalog.entity.unprocessed.delete", "delete", NULL,
	  "Take out what could not be processed" },
	{ "admin.catalog.read", "read", NULL, "See processing and its jobs" },
	{ "admin.catalog.update", "update", NULL,
	  "Run and confirm jobs, change nodes" },
	{ "admin.plugins.read", "read", NULL, "See plugins and their state" },
	{ "admin.plugins.update", "update", NULL, "Switch plugins" },
	{ "admin.policy.read", "read", NULL,
	  "See roles and explain decisions" },
	{ "admin.policy.update", "update", NULL, "Change roles" },
	{ "admin.policy.view-as", "use", NULL, "View the portal as somebody" },
	{ "admin.audit.read", "read", NULL, "Read the audit log" },
};

const struct cbi_permission *cbi_permissions(size_t *n)
{
	*n = sizeof(all) / sizeof(all[0]);
	return all;
}

const struct cbi_permission *cbi_permission_find(const char *name)
{
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i].name, name) == 0)
			return &all[i];
	return NULL;
}
