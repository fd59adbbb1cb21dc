/* SPDX-License-Identifier: Apache-2.0 */
/*
 * casbin.h - policies as Backstage's RBAC plugin keeps them in a file:
 *
 *	p, role:default/team, catalog-entity, read, allow
 *	g, user:default/ada, role:default/team
 */
#ifndef CB_POLICY_CASBIN_H
#define CB_POLICY_CASBIN_H

#include <callboard/buf.h>
#include <callboard/ctx.h>

#include <jansson.h>

#define CBI_CASBIN_MAX (8 * 1024 * 1024)
#define CBI_CASBIN_LINES_MAX 100000

/*
 * Reads it to roles as cbi_policy_merge takes them; role:default/x is role x,
 * role:other/x is other.x.  Every line that is not understood is told in
 * report, one line each ("12: ..."), and then it is CB_EINVAL.  *out lives
 * with ctx.
 */
int cbi_casbin_read(struct cb_ctx *ctx, const char *text, struct cb_buf *report,
                    json_t **out) CB_USED;

/* "role:default/x" as the house calls it; CB_EINVAL. */
int cbi_casbin_role(struct cb_ctx *ctx, const char *ref,
                    const char **out) CB_USED;

/*
 * Reads the file of conditional policies that stands beside it, documents of
 *
 *	result: CONDITIONAL
 *	roleEntityRef: role:default/team
 *	pluginId: catalog
 *	resourceType: catalog-entity
 *	permissionMapping: [read, update]
 *	conditions: {rule: IS_ENTITY_OWNER, ...}
 *
 * in the same way; a report's line is that of the document.
 */
int cbi_casbin_conditions(struct cb_ctx *ctx, const char *text,
                          struct cb_buf *report, json_t **out) CB_USED;

#endif
