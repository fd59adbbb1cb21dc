/* SPDX-License-Identifier: Apache-2.0 */
/*
 * show.c - `show` with a source's value put in: a view model.
 *
 * Goes by the table of the room view/.  A text that begins with a dot is the
 * value at that path; one with {.path} or another known value in braces is
 * text with them put in.  What is not there is null.
 */
#include "declare/declare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "declare/entity.h"
#include "declare/template.h"
#include "json/json.h"
#include "view/view.h"

struct fill {
	struct cb_ctx *ctx;
	const struct cb_entity *entity;
	const struct cbi_declare_with *with;
	const json_t *data; /* the source's value, or a row of it */
};

static json_t *fill_shape(const struct fill *fill, const char *name,
                          const struct cbi_view_shape *shape,
                          const json_t *node);
static json_t *fill_show(const struct fill *fill, const json_t *list);

/* ---- Values -------------------------------------------------------------- */

/* jansson takes no const where it changes nothing but counts. */
static json_t *loose(const json_t *value)
{
	return (json_t *)(uintptr_t)value;
}

static json_t *at_path(const json_t *data, const char *path)
{
	return *path ? cb_json_at(loose(data), path) : loose(data);
}

/* A scalar as text, "" for others; lives with ctx or the value. */
static const char *text_of(struct cb_ctx *ctx, const json_t *value)
{
	char number[CBI_JSON_NUMBER_LEN];
	const char *text;

	if (json_is_string(value))
		return json_string_value(value);
	if (json_is_integer(value))
		text = cb_printf(ctx, "%" JSON_INTEGER_FORMAT,
		                 json_integer_value(value));
	else if (json_is_real(value))
		text = cbi_json_number(json_real_value(value), number)
		           ? cb_strdup(ctx, number)
		           : NULL;
	else
		text = json_is_true(value)    ? "true"
		       : json_is_false(value) ? "false"
		                              : "";
	return text ? text : "";
}

static int value_of(struct cb_ctx *ctx, void *arg,
                    const struct cbi_template_part *part, const char **out)
{
	const struct fill *fill = arg;
	const char *name;
	int rc;

	if (part->root.len == 0 || cbi_span_is(part->root, "config")) {
		name = cb_strndup(ctx, part->rest.ptr, part->rest.len);
		if (!name)
			return CB_ENOMEM;
		*out = part->root.len == 0
		           ? text_of(ctx, at_path(fill->data, name))
		           : fill->with->config(ctx, fill->with->arg, name);
		if (!*out)
			*out = "";
		return CB_OK;
	}
	rc = cbi_entity_value(ctx, fill->entity, part, out);
	if (rc == CB_ENOKEY) {
		*out = "";
		rc = CB_OK;
	}
	return rc;
}

static json_t *fill_text(const struct fill *fill, const char *text)
{
	const struct cbi_template_how how = { .value = value_of,
		                              .arg = (void *)(uintptr_t)fill };
	const char *made;

	if (text[0] == '.') {
		json_t *found = at_path(fill->data, text + 1);

		return found ? json_incref(found) : json_null();
	}
	if (!strchr(text, '{') ||
	    cbi_template_fill(fill->ctx, text, &how, &made) < 0)
		return json_string(text);
	return json_string(made);
}

/* As the member wants it, where that is plain: a number as a text. */
static json_t *as_type(const struct fill *fill, json_t *value,
                       enum cbi_view_type type)
{
	json_t *made = value;
	char *end;
	double number;

	if ((type == CBI_VIEW_TEXT || type == CBI_VIEW_URL ||
	     type == CBI_VIEW_REF) &&
	    (json_is_number(value) || json_is_boolean(value))) {
		made = json_string(text_of(fill->ctx, value));
	} else if (type == CBI_VIEW_NUMBER && json_is_string(value)) {
		number = strtod(json_string_value(value), &end);
		if (end != json_string_value(value) && !*end &&
		    isfinite(number))
			made = json_real(number);
	}
	if (made != value)
		json_decref(value);
	return made;
}

static json_t *fill_value(const struct fill *fill, const json_t *node,
                          enum cbi_view_type type)
{
	json_t *value = json_is_string(node)
	                    ? fill_text(fill, json_string_value(node))
	                    : json_incref(loose(node));

	return as_type(fill, value, type);
}

/* What `if` means: not null, false, 0, "" nor empty. */
static bool holds(const json_t *value)
{
	if (json_is_number(value))
		return json_number_value(value) != 0;
	if (json_is_string(value))
		return json_string_length(value) > 0;
	return json_is_true(value) || json_array_size(value) > 0 ||
	       json_object_size(value) > 0;
}

/* ---- Lists --------------------------------------------------------------- */

/* Calls fn for each row of the list at a path, the row as data. */
static json_t *each(const struct fill *fill, const char *path,
                    json_t *(*fn)(const struct fill *row, const void *arg),
                    const void *arg)
{
	json_t *rows = *path == '.' ? at_path(fill->data, path + 1) : NULL;
	json_t *made = json_array(), *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		struct fill one = *fill;

		one.data = row;
		if (i <= CBI_VIEW_ITEMS_MAX)
			json_array_append_new(made, fn(&one, arg));
	}
	return made;
}

struct template
{
	const char *name;
	const struct cbi_view_shape *shape;
	const json_t *node;
};

static json_t *fill_item(const struct fill *row, const void *arg)
{
	const struct template *item = arg;

	return fill_shape(row, item->name, item->shape, item->node);
}

static json_t *fill_items(const struct fill *fill,
                          const struct cbi_view_member *member,
                          const json_t *node)
{
	struct template item = { member->name, member->of, node };
	const char *path = json_string_value(json_object_get(node, "each"));
	json_t *made, *one;
	size_t i;

	if (path)
		return each(fill, path, fill_item, &item);
	if (!json_is_array(node))
		return fill_value(fill, node, member->type);
	made = json_array();
	json_array_foreach(loose(node), i, one)
	{
		item.node = one;
		json_array_append_new(made, fill_item(fill, &item));
	}
	return made;
}

/* ---- Tables -------------------------------------------------------------- */

static bool is_cell(const char *member)
{
	return strcmp(member, "title") != 0 && strcmp(member, "align") != 0;
}

static json_t *fill_row(const struct fill *row, const void *arg)
{
	json_t *columns = loose(arg), *made = json_array(), *column, *body;
	const char *name;
	size_t i;

	json_array_foreach(columns, i, column)
	{
		json_t *cell = NULL;

		json_object_foreach(column, name, body)
		{
			if (!is_cell(name) || cell)
				continue;
			cell = json_object();
			json_object_set_new(
			    cell, name,
			    fill_shape(row, name,
			               &cbi_view_component(name)->shape, body));
		}
		json_array_append_new(made, cell ? cell : json_null());
	}
	return made;
}

static json_t *heads_of(const struct fill *fill, const json_t *columns)
{
	json_t *made = json_array(), *column, *value;
	const char *name;
	size_t i;

	json_array_foreach(loose(columns), i, column)
	{
		json_t *head = json_object();

		json_object_foreach(column, name, value)
		{
			if (!is_cell(name))
				json_object_set_new(
				    head, name,
				    fill_value(fill, value, CBI_VIEW_TEXT));
		}
		json_array_append_new(made, head);
	}
	return made;
}

static json_t *fill_table(const struct fill *fill,
                          const struct cbi_view_shape *shape,
                          const json_t *node)
{
	const json_t *columns = json_object_get(node, "columns");
	json_t *made = json_object(), *value;
	const char *name, *path;

	json_object_foreach(loose(node), name, value)
	{
		path = json_string_value(value);
		if (strcmp(name, "columns") == 0)
			value = heads_of(fill, columns);
		else if (strcmp(name, "rows") == 0)
			value = path ? each(fill, path, fill_row, columns)
			             : json_incref(value);
		else
			value = fill_value(fill, value,
			                   cbi_view_member(shape, name)->type);
		json_object_set_new(made, name, value);
	}
	return made;
}

/* ---- Components ---------------------------------------------------------- */

static json_t *fill_component(const struct fill *fill, const char *name,
                              const json_t *body)
{
	const struct cbi_view_component *one = cbi_view_component(name);
	json_t *made = json_object();

	json_object_set_new(made, name,
	                    one ? fill_shape(fill, name, &one->shape, body)
	                        : json_null());
	return made;
}

static json_t *fill_cell(const struct fill *fill, const json_t *node)
{
	json_t *made, *one;
	size_t i;

	if (json_is_object(node)) {
		void *at = json_object_iter(loose(node));

		return fill_component(fill, json_object_iter_key(at),
		                      json_object_iter_value(at));
	}
	if (!json_is_array(node))
		return fill_value(fill, node, CBI_VIEW_CELL);
	made = json_array();
	json_array_foreach(loose(node), i, one)
	{
		json_array_append_new(made, fill_cell(fill, one));
	}
	return made;
}

static json_t *fill_member(const struct fill *fill,
                           const struct cbi_view_member *member,
                           const json_t *node)
{
	switch (member->type) {
	case CBI_VIEW_CELL:
		return fill_cell(fill, node);
	case CBI_VIEW_ITEMS:
		return fill_items(fill, member, node);
	case CBI_VIEW_SHOW:
		return fill_show(fill, node);
	default:
		return fill_value(fill, node, member->type);
	}
}

/* {Label: value, ...} as the items of fields. */
static json_t *fill_fields(const struct fill *fill, const json_t *node)
{
	json_t *made = json_array(), *value;
	const char *label;

	json_object_foreach(loose(node), label, value)
	{
		json_array_append_new(made, json_pack("{s:s, s:o}", "label",
		                                      label, "value",
		                                      fill_cell(fill, value)));
	}
	return made;
}

static json_t *fill_shape(const struct fill *fill, const char *name,
                          const struct cbi_view_shape *shape,
                          const json_t *node)
{
	const struct cbi_view_member *main =
	    shape->main ? cbi_view_member(shape, shape->main) : NULL;
	bool each_of = json_object_get(node, "each") != NULL;
	const char *key;
	json_t *made, *value;

	if (strcmp(name, "table") == 0)
		return fill_table(fill, shape, node);
	if (strcmp(name, "fields") == 0 && json_is_object(node) && !each_of &&
	    !json_object_get(node, "items"))
		return fill_fields(fill, node);
	if (main && (!json_is_object(node) ||
	             (each_of && main->type == CBI_VIEW_ITEMS)))
		return fill_member(fill, main, node);
	made = json_object();
	json_object_foreach(loose(node), key, value)
	{
		const struct cbi_view_member *member =
		    cbi_view_member(shape, key);

		if (member)
			json_object_set_new(made, key,
			                    fill_member(fill, member, value));
	}
	return made;
}

static json_t *fill_show(const struct fill *fill, const json_t *list)
{
	json_t *made = json_array(), *one, *body, *cond;
	const char *name;
	size_t i;

	json_array_foreach(loose(list), i, one)
	{
		bool wanted;

		cond = json_object_get(one, "if");
		cond =
		    cond ? fill_value(fill, cond, CBI_VIEW_VALUE) : json_true();
		wanted = holds(cond);
		json_decref(cond);
		json_object_foreach(one, name, body)
		{
			if (wanted && strcmp(name, "if") != 0)
				json_array_append_new(
				    made, fill_component(fill, name, body));
		}
	}
	return made;
}

int cbi_declare_show(struct cb_ctx *ctx, const json_t *show,
                     const json_t *value, const struct cb_entity *entity,
                     const struct cbi_declare_with *with, json_t **out)
{
	const struct fill fill = { ctx, entity, with, value };
	json_t *model = json_pack("{s:i, s:o}", "level", CBI_VIEW_LEVEL, "show",
	                          fill_show(&fill, show));
	char *why;

	if (!model)
		return cb_fail(ctx, CB_ENOMEM, "out of memory");
	if (cbi_view_check(ctx, model) == CB_OK) {
		*out = model;
		return CB_OK;
	}
	json_decref(model);
	why = cb_strdup(ctx, cb_failure(ctx));
	cb_failure_clear(ctx);
	return cb_fail(ctx, CB_EUPSTREAM, "%s", why ? why : "");
}
