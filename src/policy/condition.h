/* SPDX-License-Identifier: Apache-2.0 */
/*
 * condition.h - conditions on entities, in Backstage's words: {rule,
 * resourceType, params}, {allOf: [...]}, {anyOf: [...]}, {not: ...}.
 *
 * In claims of IS_ENTITY_OWNER "$currentUser" stands for who asks and
 * "$ownerRefs" for him and his groups.
 */
#ifndef CB_POLICY_CONDITION_H
#define CB_POLICY_CONDITION_H

#include <callboard/buf.h>
#include <callboard/ctx.h>

#include <jansson.h>

#define CBI_CONDITION_DEPTH_MAX 16

/* A rule's parameters: the first is needed, second may be NULL; list: the
 * first is an array of texts. */
struct cbi_condition_rule {
	const char *name, *description;
	const char *first, *second;
	bool list;
};
extern const struct cbi_condition_rule cbi_condition_rules[];
#define CBI_CONDITION_RULES 6

/* NULL for none of that name. */
const struct cbi_condition_rule *cbi_condition_rule(const char *name);

/* Is it one?  CB_EINVAL says what is wrong. */
int cbi_condition_check(struct cb_ctx *ctx, const json_t *condition) CB_USED;

/* Are these the parameters of the rule?  CB_EINVAL. */
int cbi_condition_params(struct cb_ctx *ctx,
                         const struct cbi_condition_rule *rule,
                         const json_t *params) CB_USED;

/* Who "$currentUser" and "$ownerRefs" are. */
struct cbi_condition_claims {
	const char *user;
	const char *const *owns;
	size_t n;
};

/* Appends a checked one as a predicate of the catalog's query language. */
void cbi_condition_write(struct cb_buf *buf, const json_t *condition,
                         const struct cbi_condition_claims *claims);

/* A copy with the words replaced; a new reference, NULL without memory. */
json_t *cbi_condition_fill(const json_t *condition,
                           const struct cbi_condition_claims *claims);

#endif
