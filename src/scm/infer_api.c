/* SPDX-License-Identifier: Apache-2.0 */
/*
 * infer_api.c - APIs that a repository describes; their texts stay its files.
 */
#include "scm/infer_priv.h"

#include <callboard/json.h>

#include <stdlib.h>

static int infer_api(struct cbi_scm_look *look, json_t *component,
                     const char *file, const char *type, json_t *names)
{
	struct cb_ctx *ctx = look->ctx;
	json_t *spec = json_object_get(component, "spec");
	const char *base = cb_json_text(component, "metadata.name", "");
	const char *owner = cb_json_text(spec, "owner", NULL);
	size_t n = json_array_size(names);
	const char *name = n ? cb_printf(ctx, "%.55s-api-%zu", base, n + 1)
	                     : cb_printf(ctx, "%.58s-api", base);
	int rc = name ? cbi_scm_look_begin(look, "API", name, type) : CB_ENOMEM;

	if (rc == CB_OK)
		rc = cbi_scm_look_say(look, "metadata.name", CBI_SCM_SUGGESTED,
		                      name, "the repository's name");
	if (rc == CB_OK)
		rc = cbi_scm_infer_lifecycle(look);
	if (rc == CB_OK && owner)
		rc = cbi_scm_look_suggest(look, "spec", "owner", owner,
		                          "CODEOWNERS");
	else if (rc == CB_OK)
		rc = cbi_scm_look_say(look, "spec.owner", CBI_SCM_ASKED, NULL,
		                      "no CODEOWNERS file names an owner");
	if (rc == CB_OK &&
	    (json_object_set_new(
		 cbi_scm_look_part(look, "spec"), "definition",
		 json_pack("{s:s}", "$text", cb_printf(ctx, "./%s", file))) ||
	     json_array_append_new(names, json_string(name))))
		rc = cb_fail(ctx, CB_ENOMEM, "no memory for a proposal");
	if (rc == CB_OK)
		rc = cbi_scm_look_say(look, "spec.definition",
		                      CBI_SCM_SUGGESTED, file, file);
	return rc == CB_OK ? cbi_scm_look_end(look) : rc;
}

int cbi_scm_infer_apis(struct cbi_scm_look *look)
{
	static const struct {
		const char *type, *patterns[6];
	} rows[] = {
		{ "openapi",
		  { "openapi.y*ml", "openapi.json", "swagger.y*ml",
		    "swagger.json", "*.openapi.y*ml", NULL } },
		{ "asyncapi", { "asyncapi.y*ml", "asyncapi.json", NULL } },
		{ "grpc", { "*.proto", NULL } },
		{ "graphql", { "schema.graphql", NULL } },
	};
	json_t *component = look->entity, *fields = look->fields;
	const char *from = look->from;
	json_t *names = json_array();
	int rc = names ? CB_OK : CB_ENOMEM;

	for (size_t i = 0; rc == CB_OK && i < sizeof(rows) / sizeof(rows[0]);
	     i++) {
		const char *file = cbi_scm_look_find(look, rows[i].patterns);

		if (file)
			rc = infer_api(look, component, file, rows[i].type,
			               names);
	}
	look->entity = component;
	look->fields = fields;
	look->from = from;
	if (rc == CB_OK && json_array_size(names)) {
		char *all = json_dumps(names, JSON_COMPACT);
		const char *text = all ? cb_strdup(look->ctx, all) : NULL;

		free(all);
		json_object_set(cbi_scm_look_part(look, "spec"), "providesApis",
		                names);
		rc = text ? cbi_scm_look_say(look, "spec.providesApis",
		                             CBI_SCM_SUGGESTED, text,
		                             "the descriptions beside it")
		          : CB_ENOMEM;
	}
	json_decref(names);
	return rc;
}
