/* SPDX-License-Identifier: Apache-2.0 */
/*
 * places.c - where a card may be drawn: the portal's places by name, those of
 * a plugin's own pages by any other.
 */
#include "registry/registry_priv.h"

#include <string.h>

#include "base/str.h"

static const char *const served[] = { "entity.overview", "entity.side", "home",
	                              "none" };

/* The contract names them; a host that draws them comes later. */
static const char *const later[] = {
	"entity.tab",     "entity.badge",   "entity.link",   "entity.menu",
	"catalog.column", "catalog.filter", "search.result", "banner",
	"settings",       "admin",          "docs.addon",
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool is_in(const char *place, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], place) == 0)
			return true;
	return false;
}

void cbi_places_check(json_t *manifest)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(manifest, "cards"), i, row)
	{
		const char *place = cbi_manifest_text(row, "place");
		const char *card = cbi_manifest_text(row, "name"), *near;

		if (is_in(place, served, COUNT(served)))
			continue;
		if (is_in(place, later, COUNT(later))) {
			cbi_manifest_refuse(manifest,
			                    "card '%s': this host does not "
			                    "draw into '%s' yet",
			                    card, place);
			return;
		}
		/* What begins so is the portal's. */
		if (!cbi_str_starts(place, "entity."))
			continue;
		near = cbi_str_nearest(place, served, COUNT(served));
		cbi_manifest_refuse(manifest,
		                    "card '%s': there is no place '%s'%s%s%s",
		                    card, place, near ? "; did you mean '" : "",
		                    near ? near : "", near ? "'?" : "");
		return;
	}
}
