/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c - is a value a view model?
 *
 * Goes by the table alone, so that what is drawn and what is checked cannot
 * part.  It stops at the first mistake and names the way to it.
 */
#include "view/view_priv.h"

#include <stdio.h>
#include <string.h>

#include "base/ctx.h"
#include "base/str.h"
#include "html/addr.h"
#include "json/json.h"

struct walk {
	struct cb_ctx *ctx;
	size_t nodes;
	bool in_tab;
	size_t columns; /* of the table whose rows are looked at */
	size_t len;
	char path[240];
};

/* ---- The way, and what was found there ---------------------------------- */

static size_t step(struct walk *walk, const char *name)
{
	size_t was = walk->len;
	int n = snprintf(walk->path + was, sizeof(walk->path) - was, "%s%.40s",
	                 was ? "." : "", name);

	walk->len = was + (size_t)(n > 0 ? n : 0);
	if (walk->len >= sizeof(walk->path))
		walk->len = sizeof(walk->path) - 1;
	cbi_str_mend(walk->path);
	return was;
}

static size_t step_n(struct walk *walk, size_t i)
{
	char name[24];

	snprintf(name, sizeof(name), "%zu", i);
	return step(walk, name);
}

static void back(struct walk *walk, size_t was)
{
	walk->len = was;
	walk->path[was] = '\0';
}

/* "5", "'abc'", "a list": short enough for a message. */
static const char *found(struct walk *walk, const json_t *value)
{
	char number[CBI_JSON_NUMBER_LEN];
	const char *text;

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_TRUE:
		return "true";
	case JSON_FALSE:
		return "false";
	case JSON_NULL:
		return "null";
	case JSON_STRING:
		text =
		    cb_printf(walk->ctx, "'%.60s'", json_string_value(value));
		return text ? text : "a text";
	default:
		cbi_json_number(json_number_value(value), number);
		text = cb_strdup(walk->ctx, number);
		return text ? text : "a number";
	}
}

static int expected(struct walk *walk, const char *what, const json_t *value)
{
	return cb_fail(walk->ctx, CB_EINVAL, "%s: expected %s, not %s",
	               walk->path, what, found(walk, value));
}

static int too_many(struct walk *walk, size_t n, int most, const char *what)
{
	return cb_fail(walk->ctx, CB_ETOOBIG, "%s: %zu %s, at most %d",
	               walk->path, n, what, most);
}

/* ---- Values -------------------------------------------------------------- */

static int look_component(struct walk *walk, const json_t *value,
                          bool is_inline);
static int look_shape(struct walk *walk, const struct cbi_view_shape *shape,
                      const json_t *value);

static int look_text(struct walk *walk, const json_t *value)
{
	if (!json_is_string(value))
		return expected(walk, cbi_view_type_name(CBI_VIEW_TEXT), value);
	if (json_string_length(value) > CBI_VIEW_TEXT_MAX)
		return too_many(walk, json_string_length(value),
		                CBI_VIEW_TEXT_MAX, "bytes");
	return CB_OK;
}

static int look_value(struct walk *walk, const json_t *value)
{
	if (json_is_string(value))
		return look_text(walk, value);
	if (json_is_number(value) || json_is_boolean(value) ||
	    json_is_null(value))
		return CB_OK;
	return expected(walk, cbi_view_type_name(CBI_VIEW_VALUE), value);
}

static int look_cell(struct walk *walk, const json_t *value)
{
	size_t i;
	json_t *part;
	int rc = CB_OK;

	if (json_is_object(value))
		return look_component(walk, value, true);
	if (!json_is_array(value))
		return look_value(walk, value);
	if (json_array_size(value) > CBI_VIEW_MARKS_MAX)
		return too_many(walk, json_array_size(value),
		                CBI_VIEW_MARKS_MAX, "values in one place");
	json_array_foreach(value, i, part)
	{
		size_t was = step_n(walk, i);

		if (rc == CB_OK && json_is_object(part))
			rc = look_component(walk, part, true);
		else if (rc == CB_OK)
			rc = look_value(walk, part);
		if (rc == CB_OK)
			back(walk, was);
	}
	return rc;
}

static int look_word(struct walk *walk, const struct cbi_view_member *member,
                     const json_t *value)
{
	const char *word = json_string_value(value);
	struct cbi_addr_ref ref;
	enum cb_tone tone;
	int64_t ms;
	bool good = false;

	switch (member->type) {
	case CBI_VIEW_BOOL:
		good = json_is_boolean(value);
		break;
	case CBI_VIEW_NUMBER:
		good = json_is_number(value);
		break;
	case CBI_VIEW_TIME:
		good = cbi_view_time(value, &ms);
		break;
	case CBI_VIEW_TONE:
		good = word && cbi_view_tone(word, &tone);
		break;
	case CBI_VIEW_ALIGN:
		good = word &&
		       (strcmp(word, "start") == 0 || strcmp(word, "end") == 0);
		break;
	case CBI_VIEW_REF:
		good = word && strlen(word) <= CB_REF_MAX &&
		       cbi_addr_ref(walk->ctx, word, &ref) == CB_OK;
		break;
	default:
		return look_text(walk, value);
	}
	return good ? CB_OK
	            : expected(walk, cbi_view_type_name(member->type), value);
}

/* ---- Lists --------------------------------------------------------------- */

static int look_numbers(struct walk *walk, const json_t *list)
{
	size_t i;
	json_t *value;

	json_array_foreach(list, i, value)
	{
		if (json_is_number(value) || json_is_null(value))
			continue;
		step_n(walk, i);
		return expected(walk, "a number", value);
	}
	return CB_OK;
}

static int count(struct walk *walk)
{
	if (++walk->nodes > CBI_VIEW_NODES_MAX)
		return too_many(walk, walk->nodes, CBI_VIEW_NODES_MAX,
		                "values in one model");
	return CB_OK;
}

static int look_row(struct walk *walk, const json_t *row)
{
	size_t i;
	json_t *cell;
	int rc = CB_OK;

	if (!json_is_array(row))
		return expected(walk, "a list of cells", row);
	if (json_array_size(row) > walk->columns)
		return cb_fail(walk->ctx, CB_EINVAL,
		               "%s: %zu cells for %zu columns", walk->path,
		               json_array_size(row), walk->columns);
	json_array_foreach(row, i, cell)
	{
		size_t was = step_n(walk, i);

		if (rc == CB_OK)
			rc = count(walk);
		if (rc == CB_OK)
			rc = look_cell(walk, cell);
		if (rc == CB_OK)
			back(walk, was);
	}
	return rc;
}

static int look_entry(struct walk *walk, const struct cbi_view_member *member,
                      const json_t *entry)
{
	if (member->type == CBI_VIEW_ROWS)
		return look_row(walk, entry);
	if (member->type == CBI_VIEW_SHOW)
		return look_component(walk, entry, false);
	return look_shape(walk, member->of, entry);
}

/* A table's columns and a card's tabs have less room than rows have. */
static int most_of(const struct cbi_view_member *member)
{
	if (member->type == CBI_VIEW_SHOW)
		return CBI_VIEW_SHOW_MAX;
	if (strcmp(member->name, "columns") == 0)
		return CBI_VIEW_COLUMNS_MAX;
	if (member->of && cbi_view_member(member->of, "show"))
		return CBI_VIEW_TABS_MAX;
	return CBI_VIEW_ITEMS_MAX;
}

static int look_list(struct walk *walk, const struct cbi_view_member *member,
                     const json_t *list)
{
	size_t i;
	json_t *entry;
	int rc = CB_OK;

	if (!json_is_array(list))
		return expected(walk, cbi_view_type_name(member->type), list);
	if (json_array_size(list) > (size_t)most_of(member))
		return too_many(walk, json_array_size(list), most_of(member),
		                member->type == CBI_VIEW_ROWS ? "rows"
		                                              : "entries");
	if (member->type == CBI_VIEW_NUMBERS)
		return look_numbers(walk, list);
	json_array_foreach(list, i, entry)
	{
		size_t was = step_n(walk, i);

		if (rc == CB_OK)
			rc = count(walk);
		if (rc == CB_OK)
			rc = look_entry(walk, member, entry);
		if (rc == CB_OK)
			back(walk, was);
	}
	return rc;
}

/* ---- Members, shapes, components ------------------------------------------
 */

static int look_member(struct walk *walk, const struct cbi_view_member *member,
                       const json_t *value)
{
	int rc = count(walk);

	if (rc < 0)
		return rc;
	if (json_is_null(value))
		return CB_OK;
	switch (member->type) {
	case CBI_VIEW_VALUE:
		return look_value(walk, value);
	case CBI_VIEW_CELL:
		return look_cell(walk, value);
	case CBI_VIEW_NUMBERS:
	case CBI_VIEW_ITEMS:
	case CBI_VIEW_ROWS:
	case CBI_VIEW_SHOW:
		return look_list(walk, member, value);
	default:
		return look_word(walk, member, value);
	}
}

static int no_member(struct walk *walk, const struct cbi_view_shape *shape,
                     const char *name)
{
	const char *near = cbi_view_nearest_member(shape, name);

	return cb_fail(walk->ctx, CB_EINVAL,
	               "%s: there is no member '%.40s' here%s%s%s", walk->path,
	               name, near ? "; did you mean '" : "", near ? near : "",
	               near ? "'?" : "");
}

static int look_members(struct walk *walk, const struct cbi_view_shape *shape,
                        const json_t *body)
{
	const struct cbi_view_member *member = shape->members;
	int rc = CB_OK;

	/* In the table's order: columns come before rows. */
	for (; rc == CB_OK && member->name; member++) {
		const json_t *value = json_object_get(body, member->name);
		size_t was;

		if (!value && member->required)
			return cb_fail(walk->ctx, CB_EINVAL,
			               "%s: '%s' is needed (%s)", walk->path,
			               member->name,
			               cbi_view_type_name(member->type));
		if (!value)
			continue;
		if (strcmp(member->name, "columns") == 0)
			walk->columns = json_array_size(value);
		was = step(walk, member->name);
		rc = look_member(walk, member, value);
		if (rc == CB_OK)
			back(walk, was);
	}
	return rc;
}

static int look_shape(struct walk *walk, const struct cbi_view_shape *shape,
                      const json_t *value)
{
	const char *name;
	json_t *member;

	if (!json_is_object(value)) {
		if (!shape->main)
			return expected(walk, "an object", value);
		return look_member(walk, cbi_view_member(shape, shape->main),
		                   value);
	}
	json_object_foreach((json_t *)(uintptr_t)value, name, member)
	{
		if (!cbi_view_member(shape, name))
			return no_member(walk, shape, name);
	}
	return look_members(walk, shape, value);
}

static int no_component(struct walk *walk, const char *name)
{
	const char *near = cbi_view_nearest_component(name);

	return cb_fail(walk->ctx, CB_EINVAL,
	               "%s: there is no component '%.40s'%s%s%s", walk->path,
	               name, near ? "; did you mean '" : "", near ? near : "",
	               near ? "'?" : "");
}

/* Where the way has ended stays in walk->path after a failure. */
static int look_component(struct walk *walk, const json_t *value,
                          bool is_inline)
{
	const struct cbi_view_component *component;
	json_t *body;
	const char *name = cbi_view_only(value, &body);
	bool tabs, was_in_tab = walk->in_tab;
	size_t was;
	int rc;

	if (!name)
		return expected(walk, "an object with one component", value);
	component = cbi_view_component(name);
	if (!component)
		return no_component(walk, name);
	if (is_inline && !component->is_inline)
		return cb_fail(walk->ctx, CB_EINVAL,
		               "%s: '%s' cannot stand within a line",
		               walk->path, name);
	tabs = strcmp(name, "tabs") == 0;
	if (tabs && walk->in_tab)
		return cb_fail(walk->ctx, CB_EINVAL,
		               "%s: tabs cannot stand within tabs", walk->path);
	was = step(walk, name);
	walk->in_tab = walk->in_tab || tabs;
	rc = look_shape(walk, &component->shape, body);
	walk->in_tab = was_in_tab;
	if (rc == CB_OK)
		back(walk, was);
	return rc;
}

/* ---- The model ------------------------------------------------------------
 */

static int look_level(struct walk *walk, const json_t *model)
{
	const json_t *level = json_object_get(model, "level");
	json_int_t n = json_integer_value(level);

	if (!json_is_integer(level))
		return cb_fail(walk->ctx, CB_EINVAL,
		               "level: expected a number from %d to %d%s%s",
		               CBI_VIEW_LEVEL_LEAST, CBI_VIEW_LEVEL,
		               level ? ", not " : "",
		               level ? found(walk, level) : "");
	if (n >= CBI_VIEW_LEVEL_LEAST && n <= CBI_VIEW_LEVEL)
		return CB_OK;
	return cb_fail(walk->ctx, CB_ENOTSUP,
	               "level: %" JSON_INTEGER_FORMAT
	               " is %s than this host, which serves levels %d to %d",
	               n, n > CBI_VIEW_LEVEL ? "newer" : "older",
	               CBI_VIEW_LEVEL_LEAST, CBI_VIEW_LEVEL);
}

int cbi_view_check(struct cb_ctx *ctx, const json_t *model)
{
	static const struct cbi_view_member show = { "show", CBI_VIEW_SHOW,
		                                     true, NULL, NULL };
	struct walk walk = { .ctx = ctx };
	const json_t *list = json_object_get(model, "show");
	const char *name;
	json_t *value;
	int rc;

	if (!json_is_object(model))
		return cb_fail(ctx, CB_EINVAL,
		               "a view model is an object with 'level' and "
		               "'show'");
	rc = look_level(&walk, model);
	if (rc < 0)
		return rc;
	json_object_foreach((json_t *)(uintptr_t)model, name, value)
	{
		if (strcmp(name, "level") != 0 && strcmp(name, "show") != 0)
			return cb_fail(ctx, CB_EINVAL,
			               "there is no member '%.40s' of a view "
			               "model (level, show)",
			               name);
	}
	if (!json_is_array(list))
		return cb_fail(ctx, CB_EINVAL,
		               "show: expected a list of components");
	step(&walk, "show");
	return look_list(&walk, &show, list);
}
