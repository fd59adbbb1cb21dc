/* SPDX-License-Identifier: Apache-2.0 */
/*
 * town.c - see town.h.
 */
#include "tests/policy/town.h"

#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "catalog/view.h"
#include "tests/policy/world.h"

void town_put(struct shelf *shelf, const json_t *entity)
{
	char *text = json_dumps(entity, JSON_COMPACT);

	shelf_put(shelf, text);
	free(text);
}

/* The uid that shelf.c gave it. */
static void note_uid(struct shelf *shelf, struct town_thing *thing)
{
	struct cb_ctx *ctx = shelf_next(shelf);
	struct cbi_served served;

	if (cbi_view_by_ref(ctx, &shelf->catalog, thing->ref, &served, NULL) <
	    0)
		fail_msg("%s", cb_failure(ctx));
	snprintf(thing->uid, sizeof(thing->uid), "%s", served.uid);
}

int64_t town_fill(struct shelf *shelf, struct town_thing *things, size_t n)
{
	int64_t then_ms;
	char lower[16];

	for (size_t i = 0; i < n; i++) {
		struct town_thing *thing = &things[i];
		const char *kind = world_kind(), *space = world_space();

		snprintf(lower, sizeof(lower), "%s", kind);
		cbi_str_lower(lower);
		snprintf(thing->ref, sizeof(thing->ref), "%s:%s/n%zu", lower,
		         space, i);
		thing->then = world_entity(i, kind, space);
		thing->now = json_incref(thing->then);
		town_put(shelf, thing->then);
	}
	shelf_follow(shelf);
	for (size_t i = 0; i < n; i++)
		note_uid(shelf, &things[i]);
	/* Versions of then end after this moment. */
	then_ms = cbi_clock_wall_ms() + 2;
	while (cbi_clock_wall_ms() < then_ms + 3)
		;
	return then_ms;
}

/* Some become others, some go. */
void town_age(struct shelf *shelf, struct town_thing *things, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct town_thing *thing = &things[i];
		const char *space = json_string_value(json_object_get(
		    json_object_get(thing->then, "metadata"), "namespace"));
		const char *kind =
		    json_string_value(json_object_get(thing->then, "kind"));

		if (world_dice(3) == 0) {
			json_decref(thing->now);
			thing->now = world_entity(i, kind, space);
			town_put(shelf, thing->now);
		} else if (world_dice(16) == 0) {
			json_decref(thing->now);
			thing->now = NULL;
			shelf_delete(shelf, thing->ref);
		}
	}
	shelf_follow(shelf);
}
