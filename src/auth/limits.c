/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits.c - what a credential is limited to, as the config and the rows of
 * personal tokens write it:
 *
 *	- plugin: catalog
 *	  permission: [catalog.entity.read]      (a text or a list)
 *	  permissionAttribute: {action: [read]}  (a text or a list)
 *
 * What is not understood is refused: a limit that is ignored is none.
 */
#include "auth/external.h"

#include <string.h>

#include <jansson.h>

#define ROWS_MAX 64
#define NAMES_MAX 64
#define KEY_MAX 64

static int bad(struct cb_ctx *ctx, const struct cbi_limits_say *say, size_t row,
               const char *key, const char *what)
{
	char path[KEY_MAX + 32];

	snprintf(path, sizeof(path), ".%zu%.*s", row, KEY_MAX, key);
	return say->bad(say->arg, ctx, path, what);
}

char *cbi_arena_text(struct cbi_arena *arena, const char *text, size_t len)
{
	char *out = cbi_arena_alloc(arena, len + 1);

	if (out)
		memcpy(out, text, len);
	return out;
}

int cbi_arena_words(struct cb_ctx *ctx, struct cbi_arena *arena,
                    const json_t *value, const char *const **out)
{
	size_t n = 0, many = json_array_size(value);
	const char **list =
	    cbi_arena_alloc(arena, (NAMES_MAX + 1) * sizeof(*list));

	if (!list)
		return cb_fail(ctx, CB_ENOMEM, "no memory for names");
	if (!json_is_string(value) && (!json_is_array(value) || many == 0))
		return CB_EINVAL;
	for (size_t i = 0; i < (json_is_string(value) ? 1 : many); i++) {
		const char *text = json_string_value(
		    json_is_string(value) ? value : json_array_get(value, i));

		if (!text || !text[strspn(text, ", ")])
			return CB_EINVAL;
		/* Upstream reads "a, b" as two. */
		for (text += strspn(text, ", "); *text;
		     text += strspn(text, ", ")) {
			size_t len = strcspn(text, ", ");

			if (n == NAMES_MAX)
				return CB_EINVAL;
			list[n] = cbi_arena_text(arena, text, len);
			if (!list[n++])
				return cb_fail(ctx, CB_ENOMEM,
				               "no memory for names");
			text += len;
		}
	}
	*out = list;
	return CB_OK;
}

static bool are_actions(const char *const *names)
{
	static const char *const known[] = { "create", "read", "update",
		                             "delete" };

	for (; *names; names++) {
		size_t i = 0;

		while (i < 4 && strcmp(known[i], *names) != 0)
			i++;
		if (i == 4)
			return false;
	}
	return true;
}

static int read_actions(struct cb_ctx *ctx, const json_t *value,
                        struct cbi_arena *arena,
                        const struct cbi_limits_say *say, size_t row,
                        struct cbi_who_limit *out)
{
	const json_t *action = json_object_get(value, "action");
	int rc;

	if (!json_is_object(value) || !action || json_object_size(value) != 1)
		return bad(ctx, say, row, ".permissionAttribute",
		           "expected 'action' and nothing else");
	rc = cbi_arena_words(ctx, arena, action, &out->actions);
	if (rc == CB_EINVAL || (rc == CB_OK && !are_actions(out->actions)))
		return bad(ctx, say, row, ".permissionAttribute.action",
		           "expected create, read, update or delete, or a "
		           "list of these");
	return rc;
}

static int read_row(struct cb_ctx *ctx, const json_t *value,
                    struct cbi_arena *arena, const struct cbi_limits_say *say,
                    size_t row, struct cbi_who_limit *out)
{
	const char *name;
	json_t *member;
	int rc = CB_OK;

	if (!json_is_object(value))
		return bad(ctx, say, row, "",
		           "expected plugin, permission "
		           "and permissionAttribute");
	json_object_foreach((json_t *)(uintptr_t)value, name, member)
	{
		char key[KEY_MAX];

		snprintf(key, sizeof(key), ".%.40s", name);
		if (strcmp(name, "plugin") == 0) {
			const char *plugin = json_string_value(member);

			if (!plugin || !*plugin || strpbrk(plugin, " /\t\n"))
				return bad(ctx, say, row, key,
				           "expected a plugin's name");
			out->plugin =
			    cbi_arena_text(arena, plugin, strlen(plugin));
			if (!out->plugin)
				return cb_fail(ctx, CB_ENOMEM,
				               "no memory for names");
		} else if (strcmp(name, "permission") == 0) {
			rc = cbi_arena_words(ctx, arena, member,
			                     &out->permissions);
			if (rc == CB_EINVAL)
				return bad(ctx, say, row, key,
				           "expected the name of a permission, "
				           "or a list of such");
		} else if (strcmp(name, "permissionAttribute") == 0) {
			rc = read_actions(ctx, member, arena, say, row, out);
		} else {
			return bad(ctx, say, row, key,
			           "not known: expected plugin, permission or "
			           "permissionAttribute");
		}
		if (rc < 0)
			return rc;
	}
	return CB_OK;
}

int cbi_limits_read(struct cb_ctx *ctx, const json_t *list,
                    struct cbi_arena *arena, const struct cbi_limits_say *say,
                    const struct cbi_who_limit **out, size_t *n)
{
	size_t count = json_array_size(list);
	struct cbi_who_limit *rows;

	*out = NULL;
	*n = 0;
	if (!list)
		return CB_OK;
	if (!json_is_array(list) || count > ROWS_MAX)
		return say->bad(say->arg, ctx, "",
		                "expected a list of at most 64 rows");
	rows = cbi_arena_alloc(arena, (count + 1) * sizeof(*rows));
	if (!rows)
		return cb_fail(ctx, CB_ENOMEM, "no memory for names");
	for (size_t i = 0; i < count; i++) {
		int rc = read_row(ctx, json_array_get(list, i), arena, say, i,
		                  &rows[i]);

		if (rc < 0)
			return rc;
		if (say->plugins && !rows[i].plugin)
			return bad(ctx, say, i, ".plugin",
			           "expected a plugin's name");
		for (size_t k = 0; say->plugins && k < i; k++)
			if (strcmp(rows[k].plugin, rows[i].plugin) == 0)
				return bad(ctx, say, i, ".plugin",
				           "this plugin has a row already");
	}
	*out = rows;
	*n = count;
	return CB_OK;
}
