/* SPDX-License-Identifier: Apache-2.0 */
/*
 * describe.c - a descriptor's tables as a manifest.
 *
 * Members: format, name, tier, version, summary, abi, contract, state, reason,
 * after, keys, routes, cards, sources, permissions; scan.c adds file, id and
 * pool.  Absent texts are null.  Only what cbi_tables_check passed comes here.
 */
#include "registry/registry_priv.h"

static json_t *text(const char *value)
{
	return value ? json_string(value) : json_null();
}

static json_t *describe_keys(const struct cb_plugin *plugin)
{
	json_t *list = json_array();

	for (const struct cb_key *key = plugin->keys; key && key->name; key++)
		json_array_append_new(
		    list,
		    json_pack("{s:s, s:s, s:o, s:b, s:s, s:I, s:I}", "name",
		              key->name, "type", cbi_key_type_name(key->type),
		              "default", text(key->fallback), "required",
		              key->fallback == NULL, "help", key->help, "least",
		              (json_int_t)key->least, "most",
		              (json_int_t)key->most));
	return list;
}

static json_t *describe_routes(const struct cb_plugin *plugin)
{
	json_t *list = json_array();

	for (const struct cb_route *row = plugin->routes; row && row->path;
	     row++)
		json_array_append_new(
		    list, json_pack("{s:s, s:o, s:b, s:s, s:s, s:o}", "path",
		                    row->path, "title", text(row->title), "api",
		                    row->api, "methods", row->methods, "needs",
		                    row->needs, "nav", text(row->nav)));
	return list;
}

static json_t *describe_cards(const struct cb_plugin *plugin)
{
	json_t *list = json_array();

	for (const struct cb_card *row = plugin->cards; row && row->name; row++)
		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:o, s:s, s:s, s:i}", "name",
		                    row->name, "place", row->place, "when",
		                    text(row->when), "title", row->title,
		                    "needs", row->needs, "order", row->order));
	return list;
}

static json_t *describe_sources(const struct cb_plugin *plugin)
{
	json_t *list = json_array();

	for (const struct cb_source *row = plugin->sources; row && row->name;
	     row++)
		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:i, s:i, s:o}", "name",
		                    row->name, "hosts_key", row->hosts_key,
		                    "fresh", row->fresh, "stale", row->stale,
		                    "fresh_key", text(row->fresh_key)));
	return list;
}

static json_t *describe_permissions(const struct cb_plugin *plugin)
{
	json_t *list = json_array();

	for (const struct cb_permission *row = plugin->permissions;
	     row && row->name; row++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "name",
		                                      row->name, "action",
		                                      row->action, "help",
		                                      text(row->help)));
	return list;
}

static json_t *describe_after(const struct cb_plugin *plugin)
{
	json_t *list = json_array();

	for (const char *const *name = plugin->after; name && *name; name++)
		json_array_append_new(list, json_string(*name));
	return list;
}

json_t *cbi_describe(const struct cb_plugin *plugin)
{
	return json_pack(
	    "{s:i, s:s, s:s, s:s, s:s, s:o, s:i, s:s, s:s, s:o, s:o, s:o, s:o, "
	    "s:o, s:o}",
	    "format", 1, "name", plugin->name, "tier", "native", "version",
	    plugin->version, "summary", plugin->summary, "abi",
	    json_sprintf("%u.%u", plugin->abi_major, plugin->abi_minor),
	    "contract", (int)plugin->contract, "state", "checked", "reason", "",
	    "after", describe_after(plugin), "keys", describe_keys(plugin),
	    "routes", describe_routes(plugin), "cards", describe_cards(plugin),
	    "sources", describe_sources(plugin), "permissions",
	    describe_permissions(plugin));
}
