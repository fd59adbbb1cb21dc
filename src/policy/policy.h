/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - who may do what, and see what.
 *
 * Roles have members (users and groups, also by groups above their groups) and
 * permissions, each allowed or denied, always or on a condition on the entity
 * that it is about.  They come from the config, from PostgreSQL through the
 * host's copy (so decisions are made with every store away), and a few are
 * built in.  Nobody may what no role gives him; what one role denies, no other
 * allows.
 *
 * A decision is kept in the process until the catalog or a role changes.
 */
#ifndef CB_POLICY_POLICY_H
#define CB_POLICY_POLICY_H

#include <callboard/ctx.h>

#include <jansson.h>

#include "base/scope.h"
#include "base/who.h"
#include "policy/permission.h"

struct cbi_cache;
struct cbi_config;
struct cbi_copy;
struct cbi_copy_txn;

/* What a policy joins; everything outlives it. */
struct cbi_policy_joins {
	struct cbi_copy *copy;   /* NULL: roles of the config alone */
	int table;               /* of the copy, see policy_store.h */
	struct cbi_cache *cache; /* NULL: nothing is kept */
	/* catalog/member.h has both. */
	uint64_t (*number)(struct cbi_copy_txn *txn, char database[40]);
	int (*members)(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
	               const char *const *refs, size_t n,
	               const struct cbi_member **out, size_t *count);
};

/* Section `permission` of the config is read here: what is wrong with it is
 * CB_EINVAL with file and line. */
struct cbi_policy;
int cbi_policy_create(struct cb_ctx *ctx, const struct cbi_config *config,
                      const struct cbi_policy_joins *joins,
                      struct cbi_policy **out) CB_USED;
void cbi_policy_destroy(struct cbi_policy *policy);

/* ---- Decisions; policy NULL: the built-in roles alone -------------------- */

enum cbi_policy_result {
	CBI_POLICY_DENY = 0,
	CBI_POLICY_ALLOW,
	CBI_POLICY_SOME, /* of the entities that fit `where` */
};

struct cbi_policy_decision {
	enum cbi_policy_result result;
	/* Of SOME: a predicate of the catalog's query language as JSON text,
	 * and a hash of it.  They live with ctx. */
	const char *where, *cls;
};

/* CB_EAWAY while there is no copy to read roles from. */
int cbi_policy_decide(struct cb_ctx *ctx, struct cbi_policy *policy,
                      const struct cbi_who *who,
                      const struct cbi_permission *permission,
                      struct cbi_policy_decision *out) CB_USED;

/* CB_OK (also when it is so for some entities only: whoever knows the entity
 * asks again), CB_EAUTH for nobody, CB_EDENIED. */
int cbi_policy_may(struct cb_ctx *ctx, struct cbi_policy *policy,
                   const struct cbi_who *who,
                   const struct cbi_permission *permission) CB_USED;

/* What who may see: catalog.entity.read as a scope.  as_of stays. */
int cbi_policy_scope(struct cb_ctx *ctx, struct cbi_policy *policy,
                     const struct cbi_who *who, struct cbi_scope *out) CB_USED;

/* Does everybody who signed in hold something?  Not without permission.enabled:
 * then they may do everything. */
bool cbi_policy_enabled(const struct cbi_policy *policy);

/* ---- Why ------------------------------------------------------------------
 */

/* One entry of a role that somebody has, about some permission. */
struct cbi_policy_grant {
	const char *role, *from; /* "built in", "config" or "database" */
	size_t member;           /* why he has the role: the member, */
	const char *because;     /* or in other words; else NULL */
	const char *permission;  /* a name, a resource type, or "catalog.*" */
	const char *action;      /* "" for any */
	bool deny;
	const json_t *condition; /* NULL: always */
};

struct cbi_policy_standing {
	const struct cbi_member *members; /* himself first */
	size_t member_count;
	const char *const *owns; /* what "$ownerRefs" stands for */
	size_t owns_count;
	const struct cbi_policy_grant *grants;
	size_t count;
};

/* Everything that speaks for or against who; lives with ctx. */
int cbi_policy_stand(struct cb_ctx *ctx, struct cbi_policy *policy,
                     const struct cbi_who *who,
                     struct cbi_policy_standing *out) CB_USED;

/* Is the grant about the permission? */
bool cbi_policy_about(const struct cbi_policy_grant *grant,
                      const struct cbi_permission *permission);

/* The decision that a standing comes to; without limits of the credential. */
int cbi_policy_judge(struct cb_ctx *ctx,
                     const struct cbi_policy_standing *standing,
                     const struct cbi_permission *permission,
                     struct cbi_policy_decision *out) CB_USED;

/* The same of SOME as Backstage's conditions; a new reference in *out. */
int cbi_policy_criteria(struct cb_ctx *ctx,
                        const struct cbi_policy_standing *standing,
                        const struct cbi_permission *permission,
                        json_t **out) CB_USED;

/* An entity that a decision is about: does it fit a predicate?  The catalog
 * knows. */
struct cbi_policy_entity {
	int (*fits)(struct cb_ctx *ctx, void *arg, const char *where,
	            bool *out);
	void *arg;
};

/*
 * Why: {permission, members: [refs], grants: [{role, from, by: [how he comes
 * to it], permission, action, effect, condition, holds}], result: ALLOW, DENY
 * or CONDITIONAL}.  entity NULL: about none; then `holds` of a condition is
 * null.  *out lives with ctx.
 */
int cbi_policy_explain(struct cb_ctx *ctx,
                       const struct cbi_policy_standing *standing,
                       const struct cbi_permission *permission,
                       const struct cbi_policy_entity *entity,
                       json_t **out) CB_USED;

/* Names of the built-in roles; the i-th, NULL behind the last. */
const char *cbi_policy_builtin(size_t i);
/* Its n-th permission; false behind the last. */
bool cbi_policy_builtin_grant(const char *role, size_t n,
                              struct cbi_policy_grant *out);
/* Roles of the config as [{name, description, members, permissions}];
 * borrowed, never NULL. */
const json_t *cbi_policy_config_roles(const struct cbi_policy *policy);

#endif
