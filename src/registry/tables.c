/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tables.c - the rules for what stands in a descriptor.
 *
 * Runs in the process that loaded the file: a wild pointer in a table ends
 * that process, and with it the plugin's hopes, but nothing else.
 */
#include "registry/registry_priv.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"

#define BROKEN(why, ...) (cb_buf_printf(why, __VA_ARGS__), CB_EINVAL)

/* Paths and config sections that are the portal's own. */
static const char *const taken[] = {
	"admin",        "api-docs",   "app",         "auth",
	"backend",      "catalog",    "connections", "core",
	"docs",         "events",     "fragments",   "integrations",
	"organization", "permission", "pools",       "proxy",
	"registry",     "scaffolder", "search",      "settings",
	"signals",      "techdocs",   "tools",       "notifications",
	NULL,
};

bool cbi_plugin_name_ok(const char *name)
{
	size_t len = strnlen(name, CB_NAME_MAX + 1);

	if (len == 0 || len > CB_NAME_MAX || name[0] < 'a' || name[0] > 'z')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!(name[i] >= 'a' && name[i] <= 'z') &&
		    !(name[i] >= '0' && name[i] <= '9') && name[i] != '-')
			return false;
	return true;
}

bool cbi_plugin_name_taken(const char *name)
{
	for (size_t i = 0; taken[i]; i++)
		if (strcmp(taken[i], name) == 0)
			return true;
	return false;
}

static bool is_line(const char *text)
{
	size_t len = strnlen(text, CB_PLUGIN_TEXT_MAX + 1);

	if (len > CB_PLUGIN_TEXT_MAX || !cbi_str_utf8(text, len))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ')
			return false;
	return true;
}

/* A text that must be there and be one line. */
static int need_text(const char *text, const char *where, const char *what,
                     struct cb_buf *why)
{
	if (!text || !text[0])
		return BROKEN(why, "%s has no %s", where, what);
	if (!is_line(text))
		return BROKEN(why,
		              "%s: %s is not one line of at most %d bytes of "
		              "UTF-8",
		              where, what, CB_PLUGIN_TEXT_MAX);
	return CB_OK;
}

static int may_text(const char *text, const char *where, const char *what,
                    struct cb_buf *why)
{
	return text ? need_text(text, where, what, why) : CB_OK;
}

static int check_reserved(const uint64_t words[2], const char *where,
                          struct cb_buf *why)
{
	if (words[0] || words[1])
		return BROKEN(why, "%s: reserved words are not zero", where);
	return CB_OK;
}

/* "card 'now'"; name may be anything. */
static void where_of(char *out, size_t size, const char *what, const char *name)
{
	snprintf(out, size, "%s '%.*s'", what, CB_NAME_MAX,
	         is_line(name) ? name : "?");
}

static size_t width_of(enum cb_key_type type)
{
	switch (type) {
	case CB_KEY_TYPE_TEXT:
	case CB_KEY_TYPE_URL:
		return sizeof(const char *);
	case CB_KEY_TYPE_INT:
	case CB_KEY_TYPE_SECS:
		return sizeof(int);
	case CB_KEY_TYPE_BOOL:
		return sizeof(bool);
	}
	return 0;
}

static bool key_name_ok(const char *name)
{
	size_t len = strnlen(name, CB_NAME_MAX + 1);

	if (len == 0 || len > CB_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX"
		            "YZ0123456789_",
		            name[i]))
			return false;
	return true;
}

static int check_key(const struct cb_plugin *plugin, const struct cb_key *key,
                     struct cb_buf *why)
{
	union cbi_key_value value;
	char where[96];
	size_t width = width_of(key->type);
	int rc;

	where_of(where, sizeof(where), "key", key->name);
	if (!key_name_ok(key->name))
		return BROKEN(why,
		              "%s: a name is letters, digits and _, at "
		              "most %d of them",
		              where, CB_NAME_MAX);
	if (!width)
		return BROKEN(why, "%s: type %d is not known", where,
		              (int)key->type);
	if (key->offset > plugin->state_size ||
	    plugin->state_size - key->offset < width ||
	    key->offset % width != 0)
		return BROKEN(why,
		              "%s: its field at %zu does not lie in a state "
		              "of %zu bytes",
		              where, key->offset, plugin->state_size);
	if (key->least > key->most)
		return BROKEN(why, "%s: least is more than most", where);
	rc = need_text(key->help, where, "help", why);
	if (rc < 0 || !key->fallback)
		return rc < 0 ? rc : check_reserved(key->reserved, where, why);
	rc = may_text(key->fallback[0] ? key->fallback : NULL, where, "default",
	              why);
	if (rc < 0)
		return rc;
	rc = cbi_key_read_fallback(key, &value, why);
	return rc < 0 ? rc : check_reserved(key->reserved, where, why);
}

static int check_permission(const struct cb_plugin *plugin,
                            const struct cb_permission *row, struct cb_buf *why)
{
	static const char *const actions[] = { "read", "create", "update",
		                               "delete", "use" };
	size_t len = strlen(plugin->name);
	char where[96];
	bool known = false;
	int rc;

	where_of(where, sizeof(where), "permission", row->name);
	if (strncmp(row->name, plugin->name, len) != 0 ||
	    row->name[len] != '.' || !cbi_plugin_name_ok(row->name + len + 1))
		return BROKEN(why, "%s: its name is not '%s.<word>'", where,
		              plugin->name);
	rc = need_text(row->action, where, "action", why);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		known = known || strcmp(actions[i], row->action) == 0;
	if (!known)
		return BROKEN(why,
		              "%s: action '%s' is none of read, create, "
		              "update, delete, use",
		              where, row->action);
	rc = may_text(row->help, where, "help", why);
	return rc < 0 ? rc : check_reserved(row->reserved, where, why);
}

static int check_needs(const struct cb_plugin *plugin, const char *needs,
                       const char *where, struct cb_buf *why)
{
	if (!needs)
		return BROKEN(why, "%s needs no permission; name one", where);
	for (const struct cb_permission *row = plugin->permissions;
	     row && row->name; row++)
		if (strcmp(row->name, needs) == 0)
			return CB_OK;
	return BROKEN(why,
	              "%s needs permission '%s', which the plugin does "
	              "not declare",
	              where, is_line(needs) ? needs : "?");
}

static bool methods_ok(const char *methods)
{
	static const char *const known[] = { "GET", "POST", "PUT", "PATCH",
		                             "DELETE" };
	const char *at = methods;

	for (;;) {
		size_t len = strcspn(at, " "), i;

		for (i = 0; i < 5; i++)
			if (strlen(known[i]) == len &&
			    strncmp(known[i], at, len) == 0)
				break;
		if (i == 5)
			return false;
		if (!at[len])
			return true;
		at += len + 1;
	}
}

static bool path_ok(const char *path)
{
	size_t len = strnlen(path, 201);

	if (len > 200 || path[0] == '/' || (len && path[len - 1] == '/') ||
	    strstr(path, "//") || strstr(path, ".."))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX"
		            "YZ0123456789-._~/",
		            path[i]))
			return false;
	return true;
}

static int check_route(const struct cb_plugin *plugin,
                       const struct cb_route *row, struct cb_buf *why)
{
	char where[96];
	int rc;

	where_of(where, sizeof(where), row->api ? "API" : "page", row->path);
	if (!path_ok(row->path))
		return BROKEN(why,
		              "%s: a path has no slash at either end and "
		              "only letters, digits, - . _ ~ /",
		              where);
	if (!row->methods || !methods_ok(row->methods))
		return BROKEN(why, "%s: methods are 'GET', 'GET POST' ...",
		              where);
	if (!row->handle)
		return BROKEN(why, "%s has no handle", where);
	if (!row->api && (rc = need_text(row->title, where, "title", why)) < 0)
		return rc;
	if (row->api && row->nav)
		return BROKEN(why, "%s stands in the navigation", where);
	if ((rc = may_text(row->nav, where, "nav", why)) < 0 ||
	    (rc = check_needs(plugin, row->needs, where, why)) < 0)
		return rc;
	for (const struct cb_route *other = plugin->routes; other != row;
	     other++)
		if (other->api == row->api &&
		    strcmp(other->path, row->path) == 0)
			return BROKEN(why, "%s stands there twice", where);
	return check_reserved(row->reserved, where, why);
}

static int check_card(const struct cb_plugin *plugin, const struct cb_card *row,
                      struct cb_buf *why)
{
	char where[96];
	int rc;

	where_of(where, sizeof(where), "card", row->name);
	if (!cbi_plugin_name_ok(row->name))
		return BROKEN(why,
		              "%s: a name is [a-z][a-z0-9-]*, at most %d "
		              "bytes",
		              where, CB_NAME_MAX);
	if ((rc = need_text(row->place, where, "place", why)) < 0 ||
	    (rc = need_text(row->title, where, "title", why)) < 0 ||
	    (rc = may_text(row->when, where, "when", why)) < 0 ||
	    (rc = check_needs(plugin, row->needs, where, why)) < 0)
		return rc;
	if (!row->draw)
		return BROKEN(why, "%s has no draw", where);
	for (const struct cb_card *other = plugin->cards; other != row; other++)
		if (strcmp(other->name, row->name) == 0)
			return BROKEN(why, "%s stands there twice", where);
	return check_reserved(row->reserved, where, why);
}

static const struct cb_key *find_key(const struct cb_plugin *plugin,
                                     const char *name)
{
	for (const struct cb_key *key = plugin->keys; key && key->name; key++)
		if (strcmp(key->name, name) == 0)
			return key;
	return NULL;
}

static int check_source_keys(const struct cb_plugin *plugin,
                             const struct cb_source *row, const char *where,
                             struct cb_buf *why)
{
	const struct cb_key *key;

	key = row->hosts_key ? find_key(plugin, row->hosts_key) : NULL;
	if (!key || key->type != CB_KEY_TYPE_URL)
		return BROKEN(why, "%s: hosts_key '%s' is not a URL key", where,
		              row->hosts_key ? row->hosts_key : "");
	if (!row->fresh_key)
		return CB_OK;
	key = find_key(plugin, row->fresh_key);
	if (!key || key->type != CB_KEY_TYPE_SECS)
		return BROKEN(why, "%s: fresh_key '%s' is not a SECS key",
		              where, row->fresh_key);
	return CB_OK;
}

static int check_source(const struct cb_plugin *plugin,
                        const struct cb_source *row, struct cb_buf *why)
{
	char where[96];
	int rc;

	where_of(where, sizeof(where), "source", row->name);
	if (!cbi_plugin_name_ok(row->name))
		return BROKEN(why,
		              "%s: a name is [a-z][a-z0-9-]*, at most %d "
		              "bytes",
		              where, CB_NAME_MAX);
	if (!row->key || !row->fill)
		return BROKEN(why, "%s has no %s", where,
		              row->key ? "fill" : "key");
	if (row->fresh < 0 || row->stale < 0)
		return BROKEN(why, "%s: fresh and stale are not negative",
		              where);
	rc = check_source_keys(plugin, row, where, why);
	if (rc < 0)
		return rc;
	for (const struct cb_source *other = plugin->sources; other != row;
	     other++)
		if (strcmp(other->name, row->name) == 0)
			return BROKEN(why, "%s stands there twice", where);
	return check_reserved(row->reserved, where, why);
}

/* Calls check for each row of a list and bounds it. */
#define CHECK_ROWS(plugin, list, first, check, why)                       \
	do {                                                              \
		for (size_t i_ = 0;                                       \
		     (plugin)->list && (plugin)->list[i_].first; i_++) {  \
			int rc_ =                                         \
			    i_ < CB_PLUGIN_ROWS_MAX                       \
				? check(plugin, &(plugin)->list[i_], why) \
				: BROKEN(why,                             \
			                 "more than %d " #list            \
			                 ", or CB_END is missing",        \
			                 CB_PLUGIN_ROWS_MAX);             \
			if (rc_ < 0)                                      \
				return rc_;                               \
		}                                                         \
	} while (0)

static int check_unserved(const struct cb_plugin *plugin, struct cb_buf *why)
{
	const char *kind = NULL, *name = NULL;

	if (plugin->schedules && plugin->schedules[0].name) {
		kind = "schedules";
		name = plugin->schedules[0].name;
	} else if (plugin->actions && plugin->actions[0].name) {
		kind = "actions";
		name = plugin->actions[0].name;
	} else if (plugin->migrations && plugin->migrations[0].name) {
		kind = "migrations";
		name = plugin->migrations[0].name;
	} else if (plugin->processors && plugin->processors[0].name) {
		kind = "processors";
		name = plugin->processors[0].name;
	} else if (plugin->hosts && plugin->hosts[0]) {
		kind = "hosts";
		name = plugin->hosts[0];
	}
	if (!kind)
		return CB_OK;
	return BROKEN(why,
	              "declares %s ('%s'), which this host does not serve "
	              "yet",
	              kind, is_line(name) ? name : "?");
}

static int check_after(const struct cb_plugin *plugin, struct cb_buf *why)
{
	for (size_t i = 0; plugin->after && plugin->after[i]; i++) {
		if (i >= CB_PLUGIN_ROWS_MAX)
			return BROKEN(why,
			              "after lists more than %d plugins, "
			              "or its NULL is missing",
			              CB_PLUGIN_ROWS_MAX);
		if (!cbi_plugin_name_ok(plugin->after[i]))
			return BROKEN(why, "after names what is no plugin's "
			                   "name");
	}
	return CB_OK;
}

static int check_head(const struct cb_plugin *plugin, struct cb_buf *why)
{
	int rc;

	if (!plugin->name || !cbi_plugin_name_ok(plugin->name))
		return BROKEN(why,
		              "its name is not [a-z][a-z0-9-]* of at most "
		              "%d bytes",
		              CB_NAME_MAX);
	if (cbi_plugin_name_taken(plugin->name))
		return BROKEN(why, "the name '%s' is the portal's own",
		              plugin->name);
	if ((rc = need_text(plugin->version, "it", "version", why)) < 0 ||
	    (rc = need_text(plugin->summary, "it", "summary", why)) < 0)
		return rc;
	if (plugin->contract < 1 || plugin->contract > CB_CONTRACT_LEVEL)
		return BROKEN(why,
		              "written for contract level %u, this host knows "
		              "1 to %d",
		              plugin->contract, CB_CONTRACT_LEVEL);
	if (plugin->state_size > CB_PLUGIN_STATE_MAX)
		return BROKEN(why, "a state of %zu bytes, at most %d are given",
		              plugin->state_size, CB_PLUGIN_STATE_MAX);
	return check_after(plugin, why);
}

int cbi_tables_check(const struct cb_plugin *plugin, struct cb_buf *why)
{
	int rc = check_head(plugin, why);

	if (rc < 0)
		return rc;
	CHECK_ROWS(plugin, keys, name, check_key, why);
	CHECK_ROWS(plugin, permissions, name, check_permission, why);
	CHECK_ROWS(plugin, routes, path, check_route, why);
	CHECK_ROWS(plugin, cards, name, check_card, why);
	CHECK_ROWS(plugin, sources, name, check_source, why);
	return check_unserved(plugin, why);
}
