/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_store_priv.h - what the files that change roles share.
 */
#ifndef CB_POLICY_POLICY_STORE_PRIV_H
#define CB_POLICY_POLICY_STORE_PRIV_H

#include "policy/policy_store.h"

struct cbi_db_stmt;

/* What one transaction does. */
struct cbi_policy_doing {
	const char *role;
	const char *text; /* a description, or a member */
	const struct cbi_policy_entry *entry;
	int64_t id;
	const json_t *roles;
	bool try;
	size_t added;
	struct cbi_policy_change *change;
};

/* The audit's row; takes the values over, both may be NULL. */
int cbi_policy_note(struct cb_ctx *ctx, const struct cbi_policy_doing *d,
                    const char *action, json_t *before, json_t *after) CB_USED;
/* The change number: the last statement of the transaction. */
int cbi_policy_announce(struct cb_ctx *ctx, const struct cbi_policy_doing *d,
                        const char *action) CB_USED;
/* Runs a statement that tells by a row whether anything changed. */
int cbi_policy_run(struct cb_ctx *ctx, const struct cbi_db_stmt *stmt,
                   const char *const *params, size_t n, bool *changed) CB_USED;
/* The role's row, locked, and touched by who changes it. */
int cbi_policy_touch(struct cb_ctx *ctx, const char *role) CB_USED;
/* *added tells whether it was new; CB_EINVAL beyond what a role may have. */
int cbi_policy_insert_member(struct cb_ctx *ctx, const char *role,
                             const char *member, bool *added) CB_USED;
int cbi_policy_insert_entry(struct cb_ctx *ctx, const char *role,
                            const struct cbi_policy_entry *entry,
                            bool *added) CB_USED;

#endif
