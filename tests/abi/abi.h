/* SPDX-License-Identifier: Apache-2.0 */
/*
 * abi.h - what the tiny plugins of this folder share: a state, a permission
 * and a card `main` that draws one line.
 *
 * A plugin that misbehaves does so when its key `always` is true, or when the
 * entity it draws has the annotation `callboard.test/<plugin>`.
 */
#ifndef CB_TESTS_ABI_ABI_H
#define CB_TESTS_ABI_ABI_H

#include <string.h>

#include <callboard/callboard.h>

struct tiny {
	bool always;
};

static const struct cb_key keys[] = {
	CB_KEY_BOOL(struct tiny, always, "false", "Misbehave at every call"),
	CB_END,
};

static inline bool provoked(const struct tiny *tiny,
                            const struct cb_entity *entity,
                            const char *annotation)
{
	return tiny->always ||
	       (entity && cb_entity_annotation(entity, annotation));
}

/* The tables of a plugin whose card calls draw. */
#define TINY_TABLES(plugin, draw_card)                        \
	static const struct cb_permission permissions[] = {   \
		{ .name = plugin ".read", .action = "read" }, \
		CB_END,                                       \
	};                                                    \
	static const struct cb_card cards[] = {               \
		{                                             \
		    .name = "main",                           \
		    .place = "entity.overview",               \
		    .title = "Test card of " plugin,          \
		    .needs = plugin ".read",                  \
		    .draw = draw_card,                        \
		    .order = 900,                             \
		},                                            \
		CB_END,                                       \
	}

/* The members that all of them set alike. */
#define TINY_MEMBERS(plugin)                                             \
	.name = plugin, .version = "1.0.0",                              \
	.summary = "A test plugin called " plugin,                       \
	.state_size = sizeof(struct tiny), .keys = keys, .cards = cards, \
	.permissions = permissions

#endif
