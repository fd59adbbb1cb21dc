/* SPDX-License-Identifier: Apache-2.0 */
/*
 * infer_say.c - what is there, and what is said of it: see infer_priv.h.
 */
#include "scm/infer_priv.h"

#include <callboard/json.h>

#include <fnmatch.h>
#include <string.h>

/* ---- what is there ------------------------------------------------------ */

const char *cbi_scm_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The first file that fits, of those nearest to the root. */
const char *cbi_scm_look_find(const struct cbi_scm_look *look,
                              const char *const *patterns)
{
	const char *best = NULL;
	size_t best_depth = 0;

	for (size_t i = 0; i < look->n; i++) {
		const char *path = look->leaf[i].path;
		size_t depth = 0;
		bool fits = false;

		for (const char *p = path; *p; p++)
			depth += *p == '/';
		for (size_t k = 0; patterns[k] && !fits; k++)
			fits =
			    strchr(patterns[k], '/')
				? fnmatch(patterns[k], path, FNM_PATHNAME) == 0
				: fnmatch(patterns[k], cbi_scm_base_name(path),
			                  0) == 0;
		if (fits && (!best || depth < best_depth)) {
			best = path;
			best_depth = depth;
		}
	}
	return best;
}

/* ---- what is said ------------------------------------------------------- */

json_t *cbi_scm_look_part(const struct cbi_scm_look *look, const char *name)
{
	return json_object_get(look->entity, name);
}

/* One row, and one of the annotation. */
int cbi_scm_look_say(struct cbi_scm_look *look, const char *field,
                     const char *state, const char *value, const char *why)
{
	json_t *row =
	    json_pack("{s:s, s:s, s:s*, s:s}", "field", field, "state", state,
	              "value", value, "description", why);

	if (!row || json_array_append_new(look->fields, row))
		return cb_fail(look->ctx, CB_ENOMEM,
		               "no memory for a proposal");
	if (!value)
		return CB_OK;
	look->from = cb_printf(look->ctx, "%s%s%s: %s", look->from,
	                       *look->from ? "; " : "", field, why);
	return look->from ? CB_OK : CB_ENOMEM;
}

int cbi_scm_look_suggest(struct cbi_scm_look *look, const char *where,
                         const char *key, const char *value, const char *why)
{
	json_t *map = cbi_scm_look_part(look, where);
	const char *field = cb_printf(look->ctx, "%s.%s", where, key);

	if (!value || !why || !field)
		return CB_ENOMEM;
	if (json_object_set_new(map, key, json_string(value)))
		return cb_fail(look->ctx, CB_ENOMEM,
		               "no memory for a proposal");
	return cbi_scm_look_say(look, field, CBI_SCM_SUGGESTED, value, why);
}

int cbi_scm_look_begin(struct cbi_scm_look *look, const char *kind,
                       const char *name, const char *type)
{
	json_t *one;

	look->entity = json_pack(
	    "{s:s, s:s, s:{s:s, s:{s:s}}, s:{}}", "apiVersion",
	    "backstage.io/v1alpha1", "kind", kind, "metadata", "name", name,
	    "annotations", "backstage.io/source-location",
	    cb_printf(look->ctx, "url:%s", look->place.before), "spec");
	look->fields = json_array();
	look->from = "";
	one = json_pack("{s:o, s:o}", "entity", look->entity, "fields",
	                look->fields);
	if (!one || json_array_append_new(look->proposals, one))
		return cb_fail(look->ctx, CB_ENOMEM,
		               "no memory for a proposal");
	return type ? cbi_scm_look_suggest(look, "spec", "type", type,
	                                   "the file's name")
	            : CB_OK;
}

int cbi_scm_look_end(struct cbi_scm_look *look)
{
	json_t *all =
	    json_object_get(cbi_scm_look_part(look, "metadata"), "annotations");

	return json_object_set_new(all, "callboard.io/inferred-from",
	                           json_string(look->from))
	           ? cb_fail(look->ctx, CB_ENOMEM, "no memory for a proposal")
	           : CB_OK;
}

/* An API of each description; its text is taken from the file. */
