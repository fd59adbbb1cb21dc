/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entity.c - see entity.h and callboard/catalog.h.
 */
#include "catalog/entity.h"

#include <string.h>

#include <callboard/json.h>

#include "base/limits.h"
#include "base/str.h"
#include "catalog/fold.h"
#include "catalog/scan.h"

/* What is known of the relations, and where the one that was asked for last
 * stands, so that a loop over them reads the list once. */
struct walk {
	bool looked;          /* for the list */
	bool asked;           /* for the owner */
	const char *owner;    /* NULL: nobody */
	struct cbi_span list; /* empty: there is none */
	char type[CB_ENTITY_NAME_MAX + 1];
	size_t next; /* of this type, the one to be found behind at */
	size_t at;
};

/* Accessors take a const entity and still allocate what they return, and
 * parse when first asked: hence the context, and json behind a pointer. */
struct cb_entity {
	struct cb_ctx *ctx;
	struct cbi_span body;
	struct cbi_span metadata;
	const char *ref, *kind, *space, *name, *title;
	json_t **json;
	struct walk *walk;
};

static struct cbi_span span_of(const char *text)
{
	return (struct cbi_span){ text, strlen(text) };
}

/* A scalar as text; NULL for containers and null. */
static const char *scalar(struct cb_ctx *ctx, struct cbi_span value)
{
	char *out;

	if (value.len == 0 || value.ptr[0] == '{' || value.ptr[0] == '[' ||
	    value.ptr[0] == 'n')
		return NULL;
	if (value.ptr[0] != '"')
		return cb_strndup(ctx, value.ptr, value.len);
	/* Decoded text is never longer than its escaped form. */
	out = cb_alloc(ctx, value.len);
	if (!out || cbi_scan_string(value, out, value.len) < 0)
		return NULL;
	return out;
}

static const char *member(struct cb_ctx *ctx, struct cbi_span object,
                          const char *name)
{
	struct cbi_span value;

	if (!cbi_scan_member(object, span_of(name), &value))
		return NULL;
	return scalar(ctx, value);
}

static bool is_type(struct cbi_span item, const char *type)
{
	char have[CB_ENTITY_NAME_MAX + 1];
	struct cbi_span value;

	return cbi_scan_member(item, span_of("type"), &value) &&
	       cbi_scan_string(value, have, sizeof(have)) >= 0 &&
	       strcmp(have, type) == 0;
}

/* The i-th target of a type among the relations. */
static const char *relation(const struct cb_entity *entity, const char *type,
                            size_t i)
{
	struct walk *walk = entity->walk;
	bool on = i >= walk->next && strcmp(walk->type, type) == 0;
	size_t at = on ? walk->at : 0, n = on ? walk->next : 0;
	struct cbi_span key, item;

	/* A group's list may be long: only who wants it passes over it. */
	if (!walk->looked &&
	    !cbi_scan_member(entity->body, span_of("relations"), &walk->list))
		walk->list.len = 0;
	walk->looked = true;
	if (walk->list.len == 0)
		return NULL;
	while (cbi_scan_next(walk->list, &at, &key, &item)) {
		if (!is_type(item, type) || n++ < i)
			continue;
		/* It is as long as one that was found, so it fits. */
		cbi_str_copy(walk->type, sizeof(walk->type), type);
		walk->next = n;
		walk->at = at;
		return member(entity->ctx, item, "targetRef");
	}
	return NULL;
}

int cbi_entity_create(struct cb_ctx *ctx, const char *body, size_t len,
                      const struct cb_entity **out)
{
	struct cb_entity *entity = cb_alloc(ctx, sizeof(*entity));
	char *ref;

	if (!entity)
		return CB_ENOMEM;
	entity->ctx = ctx;
	entity->body = (struct cbi_span){ body, len };
	entity->kind = member(ctx, entity->body, "kind");
	if (!entity->kind || !cbi_scan_member(entity->body, span_of("metadata"),
	                                      &entity->metadata))
		return cb_fail(ctx, CB_EBUG,
		               "bytes that should be an entity are not");
	entity->name = member(ctx, entity->metadata, "name");
	if (!entity->name)
		return cb_fail(ctx, CB_EBUG, "a served entity has no name");
	entity->space = member(ctx, entity->metadata, "namespace");
	if (!entity->space)
		entity->space = "default";
	entity->title = member(ctx, entity->metadata, "title");
	if (!entity->title)
		entity->title = entity->name;
	entity->walk = cb_alloc(ctx, sizeof(*entity->walk));
	if (!entity->walk)
		return CB_ENOMEM;
	ref = cb_printf(ctx, "%s:%s/%s", entity->kind, entity->space,
	                entity->name);
	entity->ref = ref ? cbi_catalog_fold(ctx, ref) : NULL;
	entity->json = cb_alloc(ctx, sizeof(json_t *));
	if (!entity->ref || !entity->json)
		return CB_ENOMEM;
	*out = entity;
	return CB_OK;
}

json_t *cbi_entity_json(const struct cb_entity *entity)
{
	if (!*entity->json && cb_json_parse(entity->ctx, entity->body.ptr,
	                                    entity->body.len, entity->json) < 0)
		return NULL;
	return *entity->json;
}

const char *cb_entity_ref(const struct cb_entity *entity)
{
	return entity->ref;
}

const char *cb_entity_kind(const struct cb_entity *entity)
{
	return entity->kind;
}

const char *cb_entity_namespace(const struct cb_entity *entity)
{
	return entity->space;
}

const char *cb_entity_name(const struct cb_entity *entity)
{
	return entity->name;
}

const char *cb_entity_title(const struct cb_entity *entity)
{
	return entity->title;
}

const char *cb_entity_owner(const struct cb_entity *entity)
{
	struct walk *walk = entity->walk;

	if (!walk->asked)
		walk->owner = relation(entity, "ownedBy", 0);
	walk->asked = true;
	return walk->owner;
}

const char *cb_entity_annotation(const struct cb_entity *entity,
                                 const char *name)
{
	struct cbi_span list;

	if (!cbi_scan_member(entity->metadata, span_of("annotations"), &list))
		return NULL;
	return member(entity->ctx, list, name);
}

const char *cb_entity_text(const struct cb_entity *entity, const char *path)
{
	struct cbi_span value = entity->body, part = { path, 0 };
	int64_t index;
	char digits[8];

	/* A part that does not fit is joined with the next by its dot, so
	 * that keys with dots are found. */
	for (const char *p = path; *path; p++) {
		bool found;

		if (*p != '.' && *p)
			continue;
		part.len = (size_t)(p - part.ptr);
		found = cbi_scan_member(value, part, &value);
		if (!found && part.len < sizeof(digits)) {
			memcpy(digits, part.ptr, part.len);
			digits[part.len] = '\0';
			found = cbi_str_int(digits, 0, 999999, &index) == 0 &&
			        cbi_scan_element(value, (size_t)index, &value);
		}
		if (!*p)
			return found ? scalar(entity->ctx, value) : NULL;
		if (found)
			part.ptr = p + 1;
	}
	return NULL;
}

const char *cb_entity_relation(const struct cb_entity *entity, const char *type,
                               size_t i)
{
	return relation(entity, type, i);
}

/* Does a search row with this value fit the leaf?  NULL is the null row. */
static bool fits(struct cb_ctx *ctx, const struct cbi_filter *leaf,
                 const char *value)
{
	const char *folded;

	if (leaf->op == CBI_FILTER_EXISTS)
		return true;
	folded = value ? cbi_catalog_fold(ctx, value) : NULL;
	if (!folded || strlen(folded) > CB_SEARCH_VALUE_MAX)
		return false;
	if (leaf->op == CBI_FILTER_PREFIX)
		return cbi_str_starts(folded, leaf->values[0]);
	for (size_t i = 0; i < leaf->value_count; i++)
		if (strcmp(folded, leaf->values[i]) == 0)
			return true;
	return false;
}

struct visit {
	struct cb_ctx *ctx;
	const struct cbi_filter *leaf;
	bool top;
};

static bool visit(const struct visit *v, struct cbi_span value,
                  const char *left);

/* An element that is a string also has the row "<path>.<element>=true". */
static bool visit_array(const struct visit *v, struct cbi_span array,
                        const char *left)
{
	struct cbi_span key, item;
	size_t at = 0;

	while (cbi_scan_next(array, &at, &key, &item)) {
		const char *text;

		if (visit(v, item, left))
			return true;
		if (!left || item.len == 0 || item.ptr[0] != '"')
			continue;
		text = scalar(v->ctx, item);
		text = text ? cbi_catalog_fold(v->ctx, text) : NULL;
		if (text && strcmp(text, left) == 0 &&
		    fits(v->ctx, v->leaf, "true"))
			return true;
	}
	return false;
}

static bool visit_object(const struct visit *v, struct cbi_span object,
                         const char *left)
{
	struct visit below = { v->ctx, v->leaf, false };
	struct cbi_span key, item;
	char name[CB_SEARCH_KEY_MAX + 1];
	size_t at = 0;

	if (!left)
		return false;
	while (cbi_scan_next(object, &at, &key, &item)) {
		struct cbi_span quoted = { key.ptr - 1, key.len + 2 };
		const char *folded;
		size_t len;

		if (cbi_scan_string(quoted, name, sizeof(name)) < 0)
			continue;
		if (v->top && (strcmp(name, "relations") == 0 ||
		               strcmp(name, "status") == 0 ||
		               strcmp(name, "attachments") == 0))
			continue;
		folded = cbi_catalog_fold(v->ctx, name);
		len = folded ? strlen(folded) : 0;
		if (!folded || strncmp(left, folded, len) != 0 ||
		    (left[len] && left[len] != '.'))
			continue;
		if (visit(&below, item, left[len] ? left + len + 1 : NULL))
			return true;
	}
	return false;
}

/* left: what of the key is still to be found below value; NULL: nothing. */
static bool visit(const struct visit *v, struct cbi_span value,
                  const char *left)
{
	if (value.len == 0)
		return false;
	if (value.ptr[0] == '{')
		return visit_object(v, value, left);
	if (value.ptr[0] == '[')
		return visit_array(v, value, left);
	return !left && fits(v->ctx, v->leaf, scalar(v->ctx, value));
}

static bool relation_fits(const struct cb_entity *entity,
                          const struct cbi_filter *leaf)
{
	struct cbi_span list, key, item;
	size_t at = 0;

	if (!cbi_scan_member(entity->body, span_of("relations"), &list))
		return false;
	while (cbi_scan_next(list, &at, &key, &item)) {
		const char *type = member(entity->ctx, item, "type");

		type = type ? cbi_catalog_fold(entity->ctx, type) : NULL;
		if (type && strcmp(type, leaf->key + 10) == 0 &&
		    fits(entity->ctx, leaf,
		         member(entity->ctx, item, "targetRef")))
			return true;
	}
	return false;
}

static bool look(const void *rows, const struct cbi_filter *leaf)
{
	const struct cb_entity *entity = rows;
	struct visit v = { entity->ctx, leaf, true };

	if (cbi_str_starts(leaf->key, "relations."))
		return relation_fits(entity, leaf);
	if (strcmp(leaf->key, "metadata.namespace") == 0)
		return fits(entity->ctx, leaf, entity->space);
	return visit(&v, entity->body, leaf->key);
}

bool cbi_entity_matches(const struct cb_entity *entity,
                        const struct cbi_filter *filter)
{
	return cbi_filter_match(filter, look, entity);
}
