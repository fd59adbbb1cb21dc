/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinds.c - catalog.kinds: kinds of entities beside the catalog's own, each
 * with a JSON Schema.
 *
 *	catalog:
 *	  kinds:
 *	    - kind: Database
 *	      apiVersions: [acme.com/v1]
 *	      schema: database.schema.json
 *
 * A schema that is a file's name becomes what the file holds, so that who
 * reads the config finds the schema itself, and a change of the file is a
 * change of the config.
 */
#include "config/config_priv.h"

#include <string.h>

#include "base/format.h"
#include "json/schema.h"

static void check_schema(struct cbi_config *config, json_t *kind,
                         const char *path)
{
	json_t *schema = json_object_get(kind, "schema");
	const char *at = cb_printf(&config->ctx, "%s.schema", path);
	struct cbi_schema_problem problem = { .rule = "" };
	const struct cbi_schema *read;
	int errors = config->errors;

	if (!schema || !at)
		return;
	if (json_is_string(schema)) {
		schema = cbi_config_read_beside(config, at,
		                                json_string_value(schema));
		if (!schema && config->errors == errors)
			cbi_config_error(config, at,
			                 "%s: the file is empty, expected a "
			                 "JSON Schema",
			                 at);
		if (!schema || json_object_set_new(kind, "schema", schema))
			return;
	}
	if (cbi_schema_read(&config->ctx, schema, &read, &problem) != CB_EINVAL)
		return;
	cbi_config_error(config,
	                 cb_printf(&config->ctx, "%s%s%s", at,
	                           problem.path[0] ? "." : "", problem.path),
	                 "%s: %s%s%s", at, problem.pointer,
	                 problem.pointer[0] ? ": " : "", problem.text);
}

static void check_versions(struct cbi_config *config, const json_t *kind,
                           const char *path)
{
	const json_t *list = json_object_get(kind, "apiVersions");
	bool good = json_array_size(list) > 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *one = json_string_value(json_array_get(list, i));

		good = good && one && cbi_format_api_version(one);
	}
	if (!good)
		cbi_config_error(
		    config, cb_printf(&config->ctx, "%s.apiVersions", path),
		    "%s.apiVersions: expected a list such as "
		    "[acme.com/v1]",
		    path);
}

/* One entity is never judged by two schemas. */
static void check_twice(struct cbi_config *config, const json_t *kinds,
                        const json_t *kind, const char *path)
{
	const char *name = json_string_value(json_object_get(kind, "kind"));
	const json_t *mine = json_object_get(kind, "apiVersions");

	for (size_t i = 0; json_array_get(kinds, i) != kind; i++) {
		const json_t *other = json_array_get(kinds, i);
		const json_t *theirs = json_object_get(other, "apiVersions");
		const char *same =
		    json_string_value(json_object_get(other, "kind"));

		if (!name || !same || strcmp(name, same) != 0)
			continue;
		for (size_t k = 0; k < json_array_size(mine); k++)
			for (size_t l = 0; l < json_array_size(theirs); l++)
				if (json_equal(json_array_get(mine, k),
				               json_array_get(theirs, l)))
					cbi_config_error(
					    config, path,
					    "%s: %s with this apiVersion "
					    "stands in catalog.kinds.%zu "
					    "already, expected it once",
					    path, name, i);
	}
}

void cbi_config_check_kinds(struct cbi_config *config)
{
	json_t *kinds = cbi_config_get(config, "catalog.kinds"), *kind;
	size_t i;

	if (kinds && !json_is_array(kinds))
		cbi_config_error(config, "catalog.kinds",
		                 "catalog.kinds: expected a list");
	json_array_foreach(kinds, i, kind)
	{
		const char *path =
		    cb_printf(&config->ctx, "catalog.kinds.%zu", i);
		const char *name =
		    json_string_value(json_object_get(kind, "kind"));

		if (!path)
			return;
		if (!name || !cbi_format_kind(name))
			cbi_config_error(config, path,
			                 "%s.kind: expected a name of letters "
			                 "and digits, such as Database",
			                 path);
		check_versions(config, kind, path);
		check_twice(config, kinds, kind, path);
		check_schema(config, kind, path);
	}
}
