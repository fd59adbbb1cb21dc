/* SPDX-License-Identifier: Apache-2.0 */
/*
 * town.h - a world's entities on a shelf, as they were and as they are.
 */
#ifndef CB_TESTS_POLICY_TOWN_H
#define CB_TESTS_POLICY_TOWN_H

#include <jansson.h>

#include "tests/catalog/shelf.h"

/* then and now: NULL for none; both references.  ref is in lower case. */
struct town_thing {
	char ref[80], uid[40];
	json_t *then, *now;
};

void town_put(struct shelf *shelf, const json_t *entity);

/* n entities; a moment at which all are there. */
int64_t town_fill(struct shelf *shelf, struct town_thing *things, size_t n);
/* Then some become others, and some go. */
void town_age(struct shelf *shelf, struct town_thing *things, size_t n);

#endif
