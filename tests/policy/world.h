/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.h - random entities and random policies, and what such a policy says
 * of such an entity: an evaluator that walks JSON and knows neither predicates
 * nor search rows.
 */
#ifndef CB_TESTS_POLICY_WORLD_H
#define CB_TESTS_POLICY_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "policy/policy.h"

#define WORLD_USER "user:default/ada"
#define WORLD_OWNS 3
#define WORLD_TIERS 3
#define WORLD_GRANTS 5

/* The same seed makes the same world. */
void world_seed(uint64_t value);
uint32_t world_dice(uint32_t sides);

/* Entity n<i>, as readers see it but for uid and etag: a new reference. */
json_t *world_entity(size_t i, const char *kind, const char *space);
const char *world_kind(void);
const char *world_space(void);
/* Values of label "tier". */
extern const char *const world_tiers[WORLD_TIERS];

/* Does the entity meet the condition, words already replaced? */
bool world_allows(const json_t *condition, const json_t *entity);
json_t *world_rule(const char *name, json_t *params);

/* What roles say of reading entities. */
struct world_policy {
	struct cbi_policy_grant grants[WORLD_GRANTS];
	size_t n;
};
/* Whose things are WORLD_USER's. */
extern const char *const world_owns[WORLD_OWNS];
void world_policy_make(struct world_policy *policy);
void world_policy_drop(struct world_policy *policy);
/* May WORLD_USER see it?  NULL: there is none. */
bool world_policy_allows(const struct world_policy *policy,
                         const json_t *entity);

#endif
