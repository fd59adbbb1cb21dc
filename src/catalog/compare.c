/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compare.c - see compare.h: both trees are walked side by side.
 */
#include "catalog/compare.h"

#include <string.h>

#include "base/ctx.h"

struct walk {
	struct cb_ctx *ctx;
	json_t *out;
	int rc;
};

static const char *const aside[] = {
	"metadata.uid",
	"metadata.etag",
	"metadata.generation",
	"metadata.annotations.backstage.io/managed-by-location",
	"metadata.annotations.backstage.io/managed-by-origin-location",
	"metadata.annotations.backstage.io/source-location",
	"metadata.annotations.backstage.io/view-url",
	"metadata.annotations.backstage.io/edit-url",
	"metadata.annotations.backstage.io/orphan",
	"status",
	"relations", /* compared as a set */
};

static bool is_aside(const char *path)
{
	for (size_t i = 0; i < sizeof(aside) / sizeof(aside[0]); i++)
		if (strcmp(aside[i], path) == 0)
			return true;
	return false;
}

static void tell(struct walk *w, const char *path, const json_t *there,
                 const json_t *here)
{
	json_t *row;

	if (w->rc < 0 || json_array_size(w->out) >= CBI_COMPARE_MAX)
		return;
	row =
	    json_pack("{s:s, s:o, s:o}", "path", path, "there",
	              there ? json_incref((json_t *)there) : json_null(),
	              "here", here ? json_incref((json_t *)here) : json_null());
	if (!row || json_array_append_new(w->out, row) < 0)
		w->rc = cb_fail(w->ctx, CB_ENOMEM, "out of memory");
}

static void walk(struct walk *w, const char *path, const json_t *there,
                 const json_t *here);

static void walk_member(struct walk *w, const char *path, const char *key,
                        const json_t *there, const json_t *here)
{
	struct cbi_ctx_mark mark;
	const char *below;

	cbi_ctx_mark(w->ctx, &mark);
	below = *path ? cb_printf(w->ctx, "%s.%s", path, key) : key;
	if (!below)
		w->rc = CB_ENOMEM;
	else if (!is_aside(below))
		walk(w, below, json_object_get(there, key),
		     json_object_get(here, key));
	cbi_ctx_rewind(w->ctx, &mark);
}

static void walk_object(struct walk *w, const char *path, const json_t *there,
                        const json_t *here)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)there, key, value)
	    walk_member(w, path, key, there, here);
	json_object_foreach((json_t *)here, key, value)
	{
		if (!json_object_get(there, key))
			walk_member(w, path, key, there, here);
	}
}

static void walk_array(struct walk *w, const char *path, const json_t *there,
                       const json_t *here)
{
	size_t n = json_array_size(there), i;

	if (n != json_array_size(here)) {
		tell(w, path, there, here);
		return;
	}
	for (i = 0; i < n && w->rc == CB_OK; i++) {
		struct cbi_ctx_mark mark;
		const char *below;

		cbi_ctx_mark(w->ctx, &mark);
		below = cb_printf(w->ctx, "%s[%zu]", path, i);
		if (below)
			walk(w, below, json_array_get(there, i),
			     json_array_get(here, i));
		else
			w->rc = CB_ENOMEM;
		cbi_ctx_rewind(w->ctx, &mark);
	}
}

static void walk(struct walk *w, const char *path, const json_t *there,
                 const json_t *here)
{
	if (w->rc < 0)
		return;
	/* A container without anything in it says as much as none. */
	if (json_is_object(there) && (json_is_object(here) || !here))
		walk_object(w, path, there, here);
	else if (json_is_object(here) && !there)
		walk_object(w, path, there, here);
	else if (json_is_array(there) && json_is_array(here))
		walk_array(w, path, there, here);
	else if (json_is_number(there) && json_is_number(here)) {
		if (json_number_value(there) < json_number_value(here) ||
		    json_number_value(there) > json_number_value(here))
			tell(w, path, there, here);
	} else if (!there || !here || !json_equal(there, here))
		tell(w, path, there, here);
}

/* --- relations --- */

/* By type and target, so that a group that owns ten thousand components is
 * compared in one go; NULL without memory. */
static json_t *set_of(struct cb_ctx *ctx, const json_t *list)
{
	json_t *set = json_object(), *item;
	size_t i;

	json_array_foreach((json_t *)list, i, item)
	{
		struct cbi_ctx_mark mark;
		const char *type, *target, *key;

		type = json_string_value(json_object_get(item, "type"));
		target = json_string_value(json_object_get(item, "targetRef"));
		cbi_ctx_mark(ctx, &mark);
		key = cb_printf(ctx, "%s %s", type ? type : "",
		                target ? target : "");
		if (!key || json_object_set(set, key, item) < 0) {
			json_decref(set);
			return NULL;
		}
		cbi_ctx_rewind(ctx, &mark);
	}
	return set;
}

static void compare_relations(struct walk *w, const json_t *there,
                              const json_t *here)
{
	json_t *theirs = set_of(w->ctx, there), *ours = set_of(w->ctx, here);
	const char *key;
	json_t *item;

	if (!theirs || !ours)
		w->rc = CB_ENOMEM;
	json_object_foreach(theirs, key, item)
	{
		if (!json_object_get(ours, key))
			tell(w, "relations", item, NULL);
	}
	json_object_foreach(ours, key, item)
	{
		if (!json_object_get(theirs, key))
			tell(w, "relations", NULL, item);
	}
	json_decref(theirs);
	json_decref(ours);
}

int cbi_compare(struct cb_ctx *ctx, const json_t *there, const json_t *here,
                json_t *out)
{
	struct walk w = { .ctx = ctx, .out = out };

	walk_object(&w, "", there, here);
	if (w.rc == CB_OK)
		compare_relations(&w, json_object_get(there, "relations"),
		                  json_object_get(here, "relations"));
	return w.rc;
}
