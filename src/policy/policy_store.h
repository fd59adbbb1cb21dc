/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_store.h - roles in PostgreSQL: reading and changing them, each change
 * with its audit and its change number in one transaction.
 *
 * The follower (catalog/follow_registry.c) puts them into a table of the host's
 * copy:
 *
 *   m\0<member>\0<role>   ""
 *   r\0<role>             [{permission, action, effect, condition}]
 */
#ifndef CB_POLICY_POLICY_STORE_H
#define CB_POLICY_POLICY_STORE_H

#include <callboard/ctx.h>

#include <jansson.h>
#include <stdint.h>

#define CBI_ROLE_MAX 63
/* Of one role: beyond it somebody imports what is no policy. */
#define CBI_ROLE_MEMBERS_MAX 5000
#define CBI_ROLE_ENTRIES_MAX 1000

/* One permission of a role; texts are borrowed. */
struct cbi_policy_entry {
	const char *permission; /* a name, a resource type, or "catalog.*" */
	const char *action;     /* "" for any */
	bool deny;
	const json_t *condition; /* NULL: always */
};

bool cbi_policy_role_ok(const char *name);
/* A user's or group's ref in full and lower case; lives with ctx.  CB_EINVAL
 * says what is wrong. */
int cbi_policy_member(struct cb_ctx *ctx, const char *text,
                      const char **out) CB_USED;
/* CB_EINVAL says what is wrong. */
int cbi_policy_entry_check(struct cb_ctx *ctx,
                           const struct cbi_policy_entry *entry) CB_USED;
/* {permission, action, effect, condition}; a new reference. */
json_t *cbi_policy_entry_json(const struct cbi_policy_entry *entry);
/* Reads one back; texts live with the value. */
void cbi_policy_entry_read(const json_t *value, struct cbi_policy_entry *out);

/* All roles as [{name, description, changedBy, changedAt, members: [...],
 * permissions: [{id, permission, action, effect, condition}]}], by name; *out
 * lives with ctx.  name: only that one; NULL: all. */
int cbi_policy_roles(struct cb_ctx *ctx, const char *name,
                     json_t **out) CB_USED;

/* Who changes, and what became of it; address is for the audit. */
struct cbi_policy_change {
	const char *address;
	uint64_t number; /* the change number, 0 when nothing was to be done */
};

/*
 * A role by this name with this description; CB_OK also when it was there.
 * A name that is not one, a description above 500 bytes: CB_EINVAL.
 */
int cbi_policy_role_put(struct cb_ctx *ctx, const char *name,
                        const char *description,
                        struct cbi_policy_change *change) CB_USED;
/* CB_ENOENT for all that is not there. */
int cbi_policy_role_delete(struct cb_ctx *ctx, const char *name,
                           struct cbi_policy_change *change) CB_USED;
int cbi_policy_member_add(struct cb_ctx *ctx, const char *role,
                          const char *member,
                          struct cbi_policy_change *change) CB_USED;
int cbi_policy_member_remove(struct cb_ctx *ctx, const char *role,
                             const char *member,
                             struct cbi_policy_change *change) CB_USED;
int cbi_policy_entry_add(struct cb_ctx *ctx, const char *role,
                         const struct cbi_policy_entry *entry,
                         struct cbi_policy_change *change) CB_USED;
int cbi_policy_entry_remove(struct cb_ctx *ctx, const char *role, int64_t id,
                            struct cbi_policy_change *change) CB_USED;

/*
 * Roles as [{name, members: [...], permissions: [...]}] are added to what
 * there is, all in one transaction; *added counts members and permissions
 * that were new.  try: nothing is kept.
 */
int cbi_policy_merge(struct cb_ctx *ctx, const json_t *roles, bool try,
                     size_t *added, struct cbi_policy_change *change) CB_USED;

#endif
