/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.c - config keys: one reader of values for the check, the defaults and
 * the state.
 */
#include "registry/registry_priv.h"

#include <limits.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "config/config.h"

static const char *const type_names[] = {
	[CB_KEY_TYPE_TEXT] = "text", [CB_KEY_TYPE_URL] = "url",
	[CB_KEY_TYPE_INT] = "int",   [CB_KEY_TYPE_BOOL] = "bool",
	[CB_KEY_TYPE_SECS] = "secs",
};
#define TYPES (sizeof(type_names) / sizeof(type_names[0]))

const char *cbi_key_type_name(enum cb_key_type type)
{
	return type > 0 && type < TYPES ? type_names[type] : "?";
}

static enum cb_key_type type_of(const char *name)
{
	for (size_t i = 1; i < TYPES; i++)
		if (strcmp(type_names[i], name) == 0)
			return (enum cb_key_type)i;
	return 0;
}

/* "expected a number, not 'soon'" */
static int unexpected(const char *expected, const json_t *value,
                      struct cb_buf *why)
{
	char *text;

	if (json_is_string(value)) {
		cb_buf_printf(why, "expected %s, not '%.80s'", expected,
		              json_string_value(value));
		return CB_EINVAL;
	}
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	cb_buf_printf(why, "expected %s, not %.80s", expected,
	              text ? text : "something else");
	free(text);
	return CB_EINVAL;
}

static void limits_of(const struct cb_key *key, int64_t *least, int64_t *most)
{
	*least = key->type == CB_KEY_TYPE_SECS ? 0 : INT_MIN;
	*most = INT_MAX;
	if (key->least || key->most) {
		*least = key->least;
		*most = key->most;
	}
}

static int read_number(const struct cb_key *key, const json_t *value,
                       union cbi_key_value *out, struct cb_buf *why)
{
	bool secs = key->type == CB_KEY_TYPE_SECS;
	int64_t least, most, number, ms;
	const char *text = json_string_value(value);

	limits_of(key, &least, &most);
	if (json_is_integer(value)) {
		number = json_integer_value(value);
	} else if (text && secs && cbi_str_duration(text, &ms) == 0) {
		if (ms % 1000 != 0)
			return unexpected("whole seconds", value, why);
		number = ms / 1000;
	} else if (!text || secs ||
	           cbi_str_int(text, INT64_MIN, INT64_MAX, &number) < 0) {
		return unexpected(secs ? "a time such as 90, 15m or 1h"
		                       : "a whole number",
		                  value, why);
	}
	if (number < least || number > most) {
		cb_buf_printf(why, "expected %lld to %lld%s, not %lld",
		              (long long)least, (long long)most,
		              secs ? " seconds" : "", (long long)number);
		return CB_EINVAL;
	}
	out->number = (int)number;
	return CB_OK;
}

static int read_bool(const json_t *value, union cbi_key_value *out,
                     struct cb_buf *why)
{
	const char *text = json_string_value(value);

	if (json_is_boolean(value))
		out->truth = json_is_true(value);
	else if (text &&
	         (strcmp(text, "true") == 0 || strcmp(text, "false") == 0))
		out->truth = text[0] == 't';
	else
		return unexpected("true or false", value, why);
	return CB_OK;
}

static bool url_or_name(const char *text)
{
	const char *rest = NULL;

	if (cbi_str_starts(text, "http://"))
		rest = text + strlen("http://");
	else if (cbi_str_starts(text, "https://"))
		rest = text + strlen("https://");
	if (rest)
		return rest[0] && rest[0] != '/' && !strpbrk(text, " \t\r\n");
	return text[0] && strlen(text) <= CB_ENTITY_NAME_MAX &&
	       !strpbrk(text, ":/ \t\r\n");
}

/* Reads a value; CB_EINVAL says what was expected and what was there. */
static int read_key(const struct cb_key *key, const json_t *value,
                    union cbi_key_value *out, struct cb_buf *why)
{
	switch (key->type) {
	case CB_KEY_TYPE_TEXT:
		if (!json_is_string(value))
			return unexpected("a text", value, why);
		out->text = json_string_value(value);
		return CB_OK;
	case CB_KEY_TYPE_URL:
		if (!json_is_string(value) ||
		    !url_or_name(json_string_value(value)))
			return unexpected("an http(s) address or the name of a "
			                  "connection",
			                  value, why);
		out->text = json_string_value(value);
		return CB_OK;
	case CB_KEY_TYPE_INT:
	case CB_KEY_TYPE_SECS:
		return read_number(key, value, out, why);
	case CB_KEY_TYPE_BOOL:
		return read_bool(value, out, why);
	}
	return unexpected("a type this host knows", value, why);
}

int cbi_key_read_fallback(const struct cb_key *key, union cbi_key_value *out,
                          struct cb_buf *why)
{
	json_t *value;
	int rc;

	/* An empty default of a text or an address means: none given. */
	if ((key->type == CB_KEY_TYPE_TEXT || key->type == CB_KEY_TYPE_URL) &&
	    !key->fallback[0]) {
		out->text = key->fallback;
		return CB_OK;
	}
	value = json_string(key->fallback);
	if (!value) {
		cb_buf_printf(why, "key '%s': its default is not UTF-8",
		              key->name);
		return CB_EINVAL;
	}
	rc = read_key(key, value, out, why);
	if (rc < 0)
		cb_buf_printf(why, " (the default of key '%s')", key->name);
	else if (key->type == CB_KEY_TYPE_TEXT || key->type == CB_KEY_TYPE_URL)
		out->text = key->fallback;
	json_decref(value);
	return rc;
}

/* ---- The config's section against a manifest --------------------------- */

/* "callboard.yaml:12:3: jenkins.fresh: " */
static void add_where(const struct cbi_config *config, const char *path,
                      struct cb_buf *why)
{
	struct cbi_config_pos pos = cbi_config_where(config, path);

	if (pos.file)
		cb_buf_printf(why, "%s:%d:%d: ", pos.file, pos.line,
		              pos.column);
}

static int complain(const struct cbi_config *config, const char *plugin,
                    const char *key, const char *message, struct cb_buf *why)
{
	struct cbi_buf_path {
		char text[2 * CB_NAME_MAX + 128];
	} path;

	snprintf(path.text, sizeof(path.text), "%s.%.100s", plugin, key);
	add_where(config, path.text, why);
	cb_buf_printf(why, "%s: %s", path.text, message);
	return CB_EINVAL;
}

/* As a struct cb_key, without offset and default. */
static struct cb_key key_of(const json_t *row)
{
	struct cb_key key = { 0 };

	key.name = cbi_manifest_text(row, "name");
	key.type = type_of(cbi_manifest_text(row, "type"));
	key.fallback = json_string_value(json_object_get(row, "default"));
	key.least = json_integer_value(json_object_get(row, "least"));
	key.most = json_integer_value(json_object_get(row, "most"));
	return key;
}

static int check_known(const struct cbi_config *config, const char *plugin,
                       const json_t *keys, const char *name, struct cb_buf *why)
{
	const char *names[CB_PLUGIN_ROWS_MAX], *nearest;
	char message[160];
	json_t *row;
	size_t i, n = 0;

	json_array_foreach(keys, i, row)
	{
		names[n] = cbi_manifest_text(row, "name");
		if (strcmp(names[n], name) == 0)
			return CB_OK;
		if (++n == CB_PLUGIN_ROWS_MAX)
			break;
	}
	nearest = cbi_str_nearest(name, names, n);
	snprintf(message, sizeof(message), "there is no such key%s%s%s",
	         nearest ? "; did you mean '" : "", nearest ? nearest : "",
	         nearest ? "'?" : "");
	return complain(config, plugin, name, message, why);
}

/* A name, not an address, must be one of the config's connections. */
static int check_connection(const struct cbi_config *config, const char *plugin,
                            const struct cb_key *key, const char *text,
                            struct cb_buf *why)
{
	json_t *all = cbi_config_get(config, "connections"), *one;
	const char *names[CB_PLUGIN_ROWS_MAX], *name, *nearest;
	char message[240];
	size_t n = 0;

	if (!text[0] || strchr(text, ':') || json_object_get(all, text))
		return CB_OK;
	json_object_foreach(all, name, one)
	{
		if (n < CB_PLUGIN_ROWS_MAX)
			names[n++] = name;
	}
	nearest = cbi_str_nearest(text, names, n);
	snprintf(message, sizeof(message),
	         "there is no connection '%s' in connections%s%s%s", text,
	         nearest ? "; did you mean '" : "", nearest ? nearest : "",
	         nearest ? "'?" : "");
	return complain(config, plugin, key->name, message, why);
}

static int check_value(const struct cbi_config *config, const char *plugin,
                       const struct cb_key *key, const json_t *value,
                       struct cb_buf *why)
{
	union cbi_key_value read;
	struct cb_buf detail;
	int rc;

	if (!value && !key->fallback)
		return complain(config, plugin, key->name,
		                "this key is required", why);
	if (!value && key->type == CB_KEY_TYPE_URL)
		return check_connection(config, plugin, key, key->fallback,
		                        why);
	if (!value)
		return CB_OK;
	cbi_buf_init(&detail, REASON_MAX);
	rc = read_key(key, value, &read, &detail);
	if (rc < 0)
		complain(config, plugin, key->name, cbi_buf_string(&detail),
		         why);
	else if (key->type == CB_KEY_TYPE_URL)
		rc = check_connection(config, plugin, key, read.text, why);
	cbi_buf_finish(&detail);
	return rc;
}

int cbi_section_check(const struct cbi_config *config, const json_t *manifest,
                      struct cb_buf *why)
{
	const char *plugin = cbi_manifest_text(manifest, "name"), *name;
	json_t *keys = json_object_get(manifest, "keys"), *row, *value;
	json_t *section = cbi_config_get(config, plugin);
	size_t i;
	int rc;

	if (section && !json_is_object(section) && !json_is_null(section)) {
		add_where(config, plugin, why);
		cb_buf_printf(why, "%s: expected a section of keys", plugin);
		return CB_EINVAL;
	}
	json_object_foreach(section, name, value)
	{
		rc = check_known(config, plugin, keys, name, why);
		if (rc < 0)
			return rc;
	}
	json_array_foreach(keys, i, row)
	{
		struct cb_key key = key_of(row);

		rc = check_value(config, plugin, &key,
		                 json_object_get(section, key.name), why);
		if (rc < 0)
			return rc;
	}
	return CB_OK;
}

/* ---- The state ---------------------------------------------------------- */

static void put_value(const struct cb_key *key,
                      const union cbi_key_value *value, void *state)
{
	char *field = (char *)state + key->offset;

	switch (key->type) {
	case CB_KEY_TYPE_TEXT:
	case CB_KEY_TYPE_URL:
		memcpy(field, &value->text, sizeof(value->text));
		break;
	case CB_KEY_TYPE_INT:
	case CB_KEY_TYPE_SECS:
		memcpy(field, &value->number, sizeof(value->number));
		break;
	case CB_KEY_TYPE_BOOL:
		memcpy(field, &value->truth, sizeof(value->truth));
		break;
	}
}

static int fill_key(struct cb_ctx *ctx, const struct cbi_config *config,
                    const struct cb_plugin *plugin, const struct cb_key *key,
                    void *state)
{
	json_t *section = cbi_config_get(config, plugin->name);
	json_t *given = json_object_get(section, key->name);
	union cbi_key_value value;
	struct cb_buf why;
	int rc = CB_EINVAL;

	cbi_buf_init(&why, REASON_MAX);
	if (given)
		rc = read_key(key, given, &value, &why);
	else if (key->fallback)
		rc = cbi_key_read_fallback(key, &value, &why);
	else
		cb_buf_text(&why, "this key is required");
	if (rc == CB_OK)
		put_value(key, &value, state);
	else
		cb_fail(ctx, rc, "%s.%s: %s", plugin->name, key->name,
		        cbi_buf_string(&why));
	cbi_buf_finish(&why);
	return rc;
}

int cbi_registry_fill_state(struct cb_ctx *ctx, const struct cbi_config *config,
                            const struct cb_plugin *plugin, void *state)
{
	for (const struct cb_key *key = plugin->keys; key && key->name; key++) {
		int rc = fill_key(ctx, config, plugin, key, state);

		if (rc < 0)
			return rc;
	}
	return CB_OK;
}
