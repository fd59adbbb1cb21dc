/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_show.c - `show` of a card or page: components and members, as the
 * table of the room view/ has them.
 *
 * A text that begins with a dot is a path into the source's value; what it
 * finds is judged when it is drawn.  All else is judged here.
 */
#include "declare/take.h"

#include <string.h>

#include "view/view.h"

struct show {
	struct cbi_take *take;
	const char *what; /* "card 'open'" */
	struct cbi_roots roots;
};

static void look_shape(const struct show *show, const struct cbi_yaml *node,
                       const char *name, const struct cbi_view_shape *shape);
static void look_show(const struct show *show, const struct cbi_yaml *list);

static bool is_scalar(const struct cbi_yaml *node)
{
	return node->type != CBI_YAML_LIST && node->type != CBI_YAML_MAP;
}

/* A text whose value is known only when it is drawn. */
static bool is_later(const struct cbi_yaml *node)
{
	return node->type == CBI_YAML_TEXT &&
	       (node->text[0] == '.' || strchr(node->text, '{'));
}

static void wrong_type(const struct show *show, const struct cbi_yaml *node,
                       const char *name, enum cbi_view_type type)
{
	cbi_take_wrong(show->take, node, "%s: %s: expected %s, or a path",
	               show->what, name, cbi_view_type_name(type));
}

static void look_scalar(const struct show *show, const struct cbi_yaml *node,
                        const char *name, enum cbi_view_type type)
{
	enum cb_tone tone;
	bool good = is_scalar(node);

	if (node->type == CBI_YAML_TEXT)
		cbi_take_template(show->take, node, node->text, show->what,
		                  &show->roots);
	if (node->type == CBI_YAML_NULL || is_later(node))
		return;
	if (good && type == CBI_VIEW_NUMBER)
		good = node->type == CBI_YAML_NUMBER;
	else if (good && type == CBI_VIEW_BOOL)
		good = node->type == CBI_YAML_BOOL;
	else if (good && type == CBI_VIEW_TONE)
		good = node->text && cbi_view_tone(node->text, &tone);
	else if (good && type == CBI_VIEW_ALIGN)
		good = node->text && (strcmp(node->text, "start") == 0 ||
		                      strcmp(node->text, "end") == 0);
	if (!good)
		wrong_type(show, node, name, type);
}

/* The component that a node is keyed by, noted when there is none. */
static const struct cbi_view_component *component_of(
    const struct show *show, const struct cbi_yaml *node, bool is_inline)
{
	const struct cbi_view_component *one = cbi_view_component(node->key);
	const char *nearest;

	if (one && (one->is_inline || !is_inline))
		return one;
	nearest = one ? NULL : cbi_view_nearest_component(node->key);
	cbi_take_wrong_key(show->take, node, "%s: %s '%.60s'%s%s%s", show->what,
	                   one ? "expected an inline component, not"
	                       : "there is no component",
	                   node->key, nearest ? "; did you mean '" : "",
	                   nearest ? nearest : "", nearest ? "'?" : "");
	return NULL;
}

static void look_cell(const struct show *show, const struct cbi_yaml *node,
                      const char *name)
{
	const struct cbi_view_component *one;

	if (node->type == CBI_YAML_LIST) {
		for (const struct cbi_yaml *at = node->first; at; at = at->next)
			look_cell(show, at, name);
		return;
	}
	if (is_scalar(node)) {
		look_scalar(show, node, name, CBI_VIEW_VALUE);
		return;
	}
	if (node->count != 1) {
		cbi_take_wrong(show->take, node,
		               "%s: %s: expected one component", show->what,
		               name);
		return;
	}
	one = component_of(show, node->first, true);
	if (one)
		look_shape(show, node->first, one->name, &one->shape);
}

/* A list, a path to one, or {each: path, ...} with the members of each. */
static void look_items(const struct show *show, const struct cbi_yaml *node,
                       const struct cbi_view_member *member)
{
	if (node->type == CBI_YAML_LIST) {
		for (const struct cbi_yaml *at = node->first; at; at = at->next)
			look_shape(show, at, member->name, member->of);
	} else if (node->type == CBI_YAML_MAP && cbi_yaml_get(node, "each")) {
		look_shape(show, node, member->name, member->of);
	} else if (!is_later(node)) {
		cbi_take_wrong(show->take, node,
		               "%s: %s: expected a list, a path to one, or "
		               "{each: .path, ...}",
		               show->what, member->name);
	}
}

static void look_member(const struct show *show, const struct cbi_yaml *node,
                        const struct cbi_view_member *member)
{
	switch (member->type) {
	case CBI_VIEW_CELL:
		look_cell(show, node, member->name);
		break;
	case CBI_VIEW_ITEMS:
		look_items(show, node, member);
		break;
	case CBI_VIEW_SHOW:
		look_show(show, node);
		break;
	case CBI_VIEW_ROWS:
	case CBI_VIEW_NUMBERS:
		if (node->type != CBI_YAML_LIST && !is_later(node))
			wrong_type(show, node, member->name, member->type);
		break;
	default:
		look_scalar(show, node, member->name, member->type);
	}
}

/* A column of a table: title, align, and one inline component: its cells. */
static void look_column(const struct show *show, const struct cbi_yaml *node,
                        bool cells)
{
	const struct cbi_yaml *cell = NULL;
	const struct cbi_view_component *one;

	if (node->type != CBI_YAML_MAP || !cbi_yaml_get(node, "title")) {
		cbi_take_wrong(
		    show->take, node,
		    "%s: table: columns: expected a map with a title "
		    "and a component, such as {title: Name, text: "
		    ".name}",
		    show->what);
		return;
	}
	for (const struct cbi_yaml *at = node->first; at; at = at->next) {
		if (strcmp(at->key, "title") == 0 ||
		    strcmp(at->key, "align") == 0) {
			look_scalar(show, at, at->key,
			            *at->key == 't' ? CBI_VIEW_TEXT
			                            : CBI_VIEW_ALIGN);
			continue;
		}
		one = component_of(show, at, true);
		if (one)
			look_shape(show, at, one->name, &one->shape);
		if (cell)
			cbi_take_wrong_key(show->take, at,
			                   "%s: table: columns: a second "
			                   "component",
			                   show->what);
		cell = at;
	}
	if (!cell && cells)
		cbi_take_wrong(show->take, node,
		               "%s: table: columns: expected a component "
		               "beside the title, such as text: .name",
		               show->what);
}

static void look_columns(const struct show *show, const struct cbi_yaml *table)
{
	const struct cbi_yaml *columns = cbi_yaml_get(table, "columns");
	const struct cbi_yaml *rows = cbi_yaml_get(table, "rows");

	if (!columns)
		return;
	if (columns->type != CBI_YAML_LIST || !columns->first)
		wrong_type(show, columns, "columns", CBI_VIEW_ITEMS);
	else
		for (const struct cbi_yaml *at = columns->first; at;
		     at = at->next)
			look_column(show, at,
			            rows && rows->type == CBI_YAML_TEXT);
}

/* fields: {Label: value, ...} */
static bool is_fields(const struct cbi_yaml *node, const char *name)
{
	return strcmp(name, "fields") == 0 && node->type == CBI_YAML_MAP &&
	       !cbi_yaml_get(node, "items") && !cbi_yaml_get(node, "each");
}

static void look_members(const struct show *show, const struct cbi_yaml *node,
                         const char *name, const struct cbi_view_shape *shape)
{
	bool table = strcmp(name, "table") == 0;

	for (const struct cbi_yaml *at = node->first; at; at = at->next) {
		const struct cbi_view_member *member =
		    cbi_view_member(shape, at->key);
		const char *nearest;

		if (strcmp(at->key, "each") == 0) {
			if (!is_later(at))
				cbi_take_wrong(show->take, at,
				               "%s: %s: each: expected a path "
				               "such as .items",
				               show->what, name);
			continue;
		}
		if (table && strcmp(at->key, "columns") == 0)
			continue;
		if (member) {
			look_member(show, at, member);
			continue;
		}
		nearest = cbi_view_nearest_member(shape, at->key);
		cbi_take_wrong_key(show->take, at,
		                   "%s: %s: there is no '%.60s'%s%s%s",
		                   show->what, name, at->key,
		                   nearest ? "; did you mean '" : "",
		                   nearest ? nearest : "", nearest ? "'?" : "");
	}
	if (table)
		look_columns(show, node);
	for (const struct cbi_view_member *m = shape->members; m->name; m++)
		if (m->required && !cbi_yaml_get(node, m->name))
			cbi_take_wrong_key(show->take, node,
			                   "%s: %s: '%s' is missing",
			                   show->what, name, m->name);
}

static void look_shape(const struct show *show, const struct cbi_yaml *node,
                       const char *name, const struct cbi_view_shape *shape)
{
	const struct cbi_view_member *main =
	    shape->main ? cbi_view_member(shape, shape->main) : NULL;

	if (is_fields(node, name)) {
		for (const struct cbi_yaml *at = node->first; at; at = at->next)
			look_cell(show, at, at->key);
	} else if (main && main->type == CBI_VIEW_ITEMS &&
	           node->type == CBI_YAML_MAP && cbi_yaml_get(node, "each")) {
		look_items(show, node, main);
	} else if (node->type == CBI_YAML_MAP) {
		look_members(show, node, name, shape);
	} else if (main) {
		look_member(show, node, main);
	} else {
		cbi_take_wrong(show->take, node,
		               "%s: %s: expected a map of its members",
		               show->what, name);
	}
}

static void look_show(const struct show *show, const struct cbi_yaml *list)
{
	if (list->type != CBI_YAML_LIST) {
		wrong_type(show, list, "show", CBI_VIEW_SHOW);
		return;
	}
	for (const struct cbi_yaml *at = list->first; at; at = at->next) {
		const struct cbi_yaml *cond = cbi_yaml_get(at, "if"), *body;
		const struct cbi_view_component *one;

		if (at->type != CBI_YAML_MAP || at->count != (cond ? 2u : 1u)) {
			cbi_take_wrong(show->take, at,
			               "%s: show: expected one component, such "
			               "as - text: .name",
			               show->what);
			continue;
		}
		if (cond && !is_later(cond))
			cbi_take_wrong(
			    show->take, cond,
			    "%s: if: expected a path such as .failed",
			    show->what);
		body = at->first == cond ? cond->next : at->first;
		one = component_of(show, body, false);
		if (one)
			look_shape(show, body, one->name, &one->shape);
	}
}

json_t *cbi_take_show(struct cbi_take *take, const struct cbi_yaml *map,
                      const char *what, const json_t *key)
{
	const struct show show = {
		.take = take,
		.what = what,
		.roots = { .kinds = CBI_ROOT_CONFIG | CBI_ROOT_ENTITY |
		                    CBI_ROOT_DATA,
		           .key = key },
	};
	const struct cbi_yaml *list = cbi_yaml_get(map, "show");

	if (!list || list->type != CBI_YAML_LIST)
		return json_array();
	if (!list->first)
		cbi_take_wrong_key(take, list, "%s: show: is empty", what);
	look_show(&show, list);
	return cbi_yaml_json(list);
}
