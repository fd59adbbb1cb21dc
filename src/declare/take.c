/* SPDX-License-Identifier: Apache-2.0 */
/*
 * take.c - see take.h.
 */
#include "declare/take.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/* More are not read by anybody. */
#define MISTAKES_MAX 20
#define HINTS_MAX 32

static CB_PRINTF(4, 0) void note(struct cbi_take *take, int line, int column,
                                 const char *fmt, va_list args)
{
	char text[CB_FAILURE_MAX];

	vsnprintf(text, sizeof(text), fmt, args);
	cbi_str_mend(text);
	for (char *at = text; *at; at++)
		if ((unsigned char)*at < ' ')
			*at = ' ';
	if (take->count++ < MISTAKES_MAX)
		cb_buf_printf(take->mistakes, "%s:%d:%d: %s\n",
		              take->file->path, line, column, text);
}

void cbi_take_wrong(struct cbi_take *take, const struct cbi_yaml *at,
                    const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	note(take, at->line, at->column, fmt, args);
	va_end(args);
}

void cbi_take_wrong_key(struct cbi_take *take, const struct cbi_yaml *at,
                        const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	note(take, at->key_line ? at->key_line : at->line,
	     at->key_line ? at->key_column : at->column, fmt, args);
	va_end(args);
}

const char *cbi_take_hint(struct cb_ctx *ctx, const char *text,
                          const char *const *names, size_t n)
{
	const char *nearest =
	    strlen(text) <= 64 ? cbi_str_nearest(text, names, n) : NULL;
	const char *hint =
	    nearest ? cb_printf(ctx, "; did you mean '%s'?", nearest) : NULL;

	return hint ? hint : "";
}

static const char *called(enum cbi_yaml_type type)
{
	static const char *const names[] = {
		[CBI_YAML_NULL] = "nothing",
		[CBI_YAML_BOOL] = "true or false",
		[CBI_YAML_NUMBER] = "a number",
		[CBI_YAML_TEXT] = "a text",
		[CBI_YAML_LIST] = "a list",
		[CBI_YAML_MAP] = "a map",
	};

	return names[type];
}

static bool is_scalar(const struct cbi_yaml *node)
{
	return node->type == CBI_YAML_TEXT || node->type == CBI_YAML_NUMBER ||
	       node->type == CBI_YAML_BOOL;
}

static bool is_line(const struct cbi_yaml *node)
{
	if (!is_scalar(node) || node->len == 0 ||
	    node->len > CB_PLUGIN_TEXT_MAX)
		return false;
	for (size_t i = 0; i < node->len; i++)
		if ((unsigned char)node->text[i] < ' ')
			return false;
	return true;
}

static bool is_time(const struct cbi_yaml *node)
{
	int64_t ms;

	return is_scalar(node) && cbi_str_duration(node->text, &ms) == 0 &&
	       ms % 1000 == 0 && ms / 1000 <= INT32_MAX;
}

/* NULL when node is what the type says, else what that would have been. */
static const char *expected(const struct cbi_yaml *node,
                            enum cbi_member_type type)
{
	switch (type) {
	case CBI_MEMBER_LINE:
		return is_line(node) ? NULL : "one line of text";
	case CBI_MEMBER_TEXT:
		return is_scalar(node) && node->len ? NULL : "a text";
	case CBI_MEMBER_NUMBER:
		return node->type == CBI_YAML_NUMBER && node->integer &&
		               node->whole >= 0 && node->whole <= INT32_MAX
		           ? NULL
		           : "a whole number";
	case CBI_MEMBER_TRUTH:
		return node->type == CBI_YAML_BOOL ? NULL : "true or false";
	case CBI_MEMBER_TIME:
		return is_time(node) ? NULL : "a time such as 90, 15m or 1h";
	case CBI_MEMBER_LIST:
		return node->type == CBI_YAML_LIST ? NULL : "a list";
	case CBI_MEMBER_MAP:
		return node->type == CBI_YAML_MAP ? NULL : "a map";
	case CBI_MEMBER_SCALAR:
		return is_scalar(node) ? NULL : "a text, number or truth";
	case CBI_MEMBER_ANY:
		break;
	}
	return NULL;
}

static const struct cbi_member *find(const struct cbi_member *members, size_t n,
                                     const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(members[i].name, name) == 0)
			return &members[i];
	return NULL;
}

static void check_member(struct cbi_take *take, struct cbi_yaml *child,
                         const char *what, const struct cbi_member *members,
                         size_t n)
{
	const struct cbi_member *member = find(members, n, child->key);
	const char *names[HINTS_MAX], *wanted;

	if (!member) {
		for (size_t i = 0; i < n && i < HINTS_MAX; i++)
			names[i] = members[i].name;
		cbi_take_wrong_key(
		    take, child, "%s: there is no '%.60s'%s", what, child->key,
		    cbi_take_hint(take->ctx, child->key, names,
		                  n < HINTS_MAX ? n : HINTS_MAX));
		return;
	}
	wanted = expected(child, member->type);
	if (!wanted)
		return;
	cbi_take_wrong(take, child, "%s: %s: expected %s, not %s", what,
	               child->key, wanted,
	               is_scalar(child) && child->len <= 60
	                   ? cb_printf(take->ctx, "'%s'", child->text)
	                   : called(child->type));
	/* From here on as if it were absent. */
	child->type = CBI_YAML_NULL;
	child->first = NULL;
}

bool cbi_take_map(struct cbi_take *take, const struct cbi_yaml *node,
                  const char *what, const struct cbi_member *members, size_t n)
{
	if (node->type != CBI_YAML_MAP) {
		cbi_take_wrong(take, node, "%s: expected a map, not %s", what,
		               called(node->type));
		return false;
	}
	for (struct cbi_yaml *child = node->first; child; child = child->next)
		check_member(take, child, what, members, n);
	for (size_t i = 0; i < n; i++)
		if (members[i].required && !cbi_yaml_get(node, members[i].name))
			cbi_take_wrong_key(take, node, "%s: '%s' is missing",
			                   what, members[i].name);
	return true;
}

bool cbi_take_name(struct cbi_take *take, const struct cbi_yaml *node,
                   const char *what)
{
	const char *name = node->key;
	size_t len = strlen(name);
	bool good =
	    len > 0 && len <= CB_NAME_MAX && *name >= 'a' && *name <= 'z';

	for (size_t i = 0; good && i < len; i++)
		good = (name[i] >= 'a' && name[i] <= 'z') ||
		       (name[i] >= '0' && name[i] <= '9') || name[i] == '-';
	if (!good)
		cbi_take_wrong_key(take, node,
		                   "%s '%.60s': a name is [a-z][a-z0-9-]*, at "
		                   "most %d bytes",
		                   what, name, CB_NAME_MAX);
	return good;
}

const char *cbi_take_text(const struct cbi_yaml *map, const char *name)
{
	const struct cbi_yaml *node = cbi_yaml_get(map, name);

	return node && is_scalar(node) ? node->text : NULL;
}

int cbi_take_seconds(const struct cbi_yaml *map, const char *name, int fallback)
{
	const char *text = cbi_take_text(map, name);
	int64_t ms;

	if (!text || cbi_str_duration(text, &ms) < 0)
		return fallback;
	return (int)(ms / 1000);
}

json_t *cbi_take_json(const char *text)
{
	return text ? json_string(text) : json_null();
}
