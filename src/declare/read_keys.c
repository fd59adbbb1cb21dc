/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_keys.c - config keys and permissions of a plugin.yaml.
 */
#include "declare/take.h"

#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/str.h"

static const char *const types[] = { "text", "url", "int", "bool", "secs" };
#define TYPES (sizeof(types) / sizeof(types[0]))

static const struct cbi_member key_members[] = {
	{ "type", CBI_MEMBER_LINE, false },
	{ "default", CBI_MEMBER_SCALAR, false },
	{ "help", CBI_MEMBER_LINE, false },
	{ "least", CBI_MEMBER_NUMBER, false },
	{ "most", CBI_MEMBER_NUMBER, false },
};

static bool is_key_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= CB_NAME_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX"
	                    "YZ0123456789_") == len;
}

static bool is_credential(const char *name)
{
	static const char *const words[] = { "password", "secret", "token" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		for (const char *at = name; *at; at++)
			if (strncasecmp(at, words[i], strlen(words[i])) == 0)
				return true;
	return false;
}

static const char *take_type(struct cbi_take *take, const struct cbi_yaml *map,
                             const char *what)
{
	const char *type = cbi_take_text(map, "type");

	if (!type)
		return "text";
	for (size_t i = 0; i < TYPES; i++)
		if (strcmp(types[i], type) == 0)
			return types[i];
	cbi_take_wrong(take, cbi_yaml_get(map, "type"),
	               "%s: type: expected text, url, int, bool or secs, not "
	               "'%.60s'%s",
	               what, type,
	               cbi_take_hint(take->ctx, type, types, TYPES));
	return "text";
}

static bool is_address(const char *text)
{
	return cbi_str_starts(text, "https://") ||
	       cbi_str_starts(text, "http://");
}

/* Would the config's reader take the default? */
static void check_default(struct cbi_take *take, const struct cbi_yaml *map,
                          const char *what, const char *type)
{
	const struct cbi_yaml *node = cbi_yaml_get(map, "default");
	const char *text = cbi_take_text(map, "default"), *wanted = NULL;
	int64_t number;

	if (!text)
		return;
	if (strcmp(type, "int") == 0 &&
	    cbi_str_int(text, INT32_MIN, INT32_MAX, &number) < 0)
		wanted = "a whole number";
	else if (strcmp(type, "secs") == 0 &&
	         (cbi_str_duration(text, &number) < 0 || number % 1000 != 0))
		wanted = "a time such as 90, 15m or 1h";
	else if (strcmp(type, "bool") == 0 && strcmp(text, "true") != 0 &&
	         strcmp(text, "false") != 0)
		wanted = "true or false";
	else if (strcmp(type, "url") == 0 && *text && !is_address(text) &&
	         strpbrk(text, ":/ "))
		wanted = "an http(s) address or the name of a connection";
	if (wanted)
		cbi_take_wrong(take, node,
		               "%s: default: expected %s, not '%.60s'", what,
		               wanted, text);
}

static int64_t number_of(const struct cbi_yaml *map, const char *name)
{
	const struct cbi_yaml *node = cbi_yaml_get(map, name);

	return node && node->type == CBI_YAML_NUMBER ? node->whole : 0;
}

static void take_key(struct cbi_take *take, const struct cbi_yaml *node)
{
	const char *what = cb_printf(take->ctx, "key '%.60s'", node->key);
	const char *type, *given, *help;

	if (!what)
		return;
	if (!is_key_name(node->key))
		cbi_take_wrong_key(take, node,
		                   "%s: a name is letters, digits and _, at "
		                   "most %d of them",
		                   what, CB_NAME_MAX);
	if (is_credential(node->key))
		cbi_take_wrong_key(take, node,
		                   "%s: a credential is no key, it belongs to "
		                   "a connection",
		                   what);
	if (!CBI_TAKE_MAP(take, node, what, key_members))
		return;
	type = take_type(take, node, what);
	check_default(take, node, what, type);
	given = cbi_take_text(node, "default");
	help = cbi_take_text(node, "help");
	json_array_append_new(
	    take->keys,
	    json_pack("{s:s, s:s, s:o, s:b, s:s, s:I, s:I}", "name", node->key,
	              "type", type, "default", cbi_take_json(given), "required",
	              given == NULL, "help", help ? help : "", "least",
	              (json_int_t)number_of(node, "least"), "most",
	              (json_int_t)number_of(node, "most")));
}

static bool too_many(struct cbi_take *take, const struct cbi_yaml *map,
                     const char *what)
{
	if (map->count <= CB_PLUGIN_ROWS_MAX)
		return false;
	cbi_take_wrong_key(take, map, "more than %d %s", CB_PLUGIN_ROWS_MAX,
	                   what);
	return true;
}

void cbi_take_keys(struct cbi_take *take, const struct cbi_yaml *root)
{
	const struct cbi_yaml *map = cbi_yaml_get(root, "keys");

	if (!map || too_many(take, map, "keys"))
		return;
	for (const struct cbi_yaml *key = map->first; key; key = key->next)
		take_key(take, key);
}

/* ---- Permissions --------------------------------------------------------- */

static const json_t *find_permission(const struct cbi_take *take,
                                     const char *name)
{
	json_t *row;
	size_t i;

	json_array_foreach(take->permissions, i, row)
	{
		if (strcmp(json_string_value(json_object_get(row, "name")),
		           name) == 0)
			return row;
	}
	return NULL;
}

static void add_permission(struct cbi_take *take, const char *name,
                           const char *action, const char *help)
{
	json_array_append_new(take->permissions,
	                      json_pack("{s:s, s:s, s:o}", "name", name,
	                                "action", action, "help",
	                                cbi_take_json(help)));
}

static void take_permission(struct cbi_take *take, const struct cbi_yaml *node)
{
	static const struct cbi_member in_long[] = {
		{ "action", CBI_MEMBER_LINE, false },
		{ "help", CBI_MEMBER_LINE, false },
	};
	static const char *const actions[] = { "read", "create", "update",
		                               "delete", "use" };
	const char *what =
	    cb_printf(take->ctx, "permission '%.60s'", node->key);
	const char *action = NULL, *help = node->text, *name;
	size_t i = 0;

	if (!what || !cbi_take_name(take, node, "permission"))
		return;
	if (node->type != CBI_YAML_TEXT) {
		if (!CBI_TAKE_MAP(take, node, what, in_long))
			return;
		action = cbi_take_text(node, "action");
		help = cbi_take_text(node, "help");
	}
	if (!action)
		action = strcmp(node->key, "read") == 0 ? "read" : "use";
	while (i < 5 && strcmp(actions[i], action) != 0)
		i++;
	if (i == 5)
		cbi_take_wrong(take, cbi_yaml_get(node, "action"),
		               "%s: action: expected read, create, update, "
		               "delete or use%s",
		               what,
		               cbi_take_hint(take->ctx, action, actions, 5));
	name = cb_printf(take->ctx, "%s.%s", take->plugin, node->key);
	if (name)
		add_permission(take, name, action, help);
}

void cbi_take_permissions(struct cbi_take *take, const struct cbi_yaml *root)
{
	const struct cbi_yaml *map = cbi_yaml_get(root, "permissions");

	if (!map || too_many(take, map, "permissions"))
		return;
	for (const struct cbi_yaml *one = map->first; one; one = one->next)
		take_permission(take, one);
}

const char *cbi_take_needs(struct cbi_take *take, const struct cbi_yaml *map,
                           const char *what, const char *word,
                           const char *action)
{
	const char *given = cbi_take_text(map, "needs"),
		   *names[CB_PLUGIN_ROWS_MAX];
	size_t len = strlen(take->plugin), n = 0, i;
	const char *name;
	json_t *row;

	if (given && strncmp(given, take->plugin, len) == 0 &&
	    given[len] == '.')
		given += len + 1;
	name =
	    cb_printf(take->ctx, "%s.%s", take->plugin, given ? given : word);
	if (!name)
		return "";
	if (find_permission(take, name))
		return name;
	if (!given || strcmp(given, word) == 0) {
		add_permission(take, name, action, NULL);
		return name;
	}
	json_array_foreach(take->permissions, i, row)
	{
		if (n < CB_PLUGIN_ROWS_MAX)
			names[n++] =
			    json_string_value(json_object_get(row, "name")) +
			    len + 1;
	}
	cbi_take_wrong(take, cbi_yaml_get(map, "needs"),
	               "%s: needs: the plugin has no permission '%.60s'%s",
	               what, given, cbi_take_hint(take->ctx, given, names, n));
	return name;
}
