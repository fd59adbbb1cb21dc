/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi.c - /api/catalog/openapi.json: what this catalog serves, made of the
 * very tables that serve it, so that nothing is described that is not there.
 *
 * Bodies and answers are described as JSON of any shape: what is in them is
 * the contract's, and clients bring types of their own.
 */
#include <string.h>

#include "base/str.h"
#include "config/config.h"
#include "json/json.h"
#include "web/api/api.h"
#include "web/web.h"

/* Parameters that may be given more than once. */
static bool is_list(const char *name, size_t len)
{
	static const char *const lists[] = { "filter", "fields", "order",
		                             "orderField", "facet" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (strlen(lists[i]) == len && !memcmp(lists[i], name, len))
			return true;
	return false;
}

static json_t *schema_of(const char *name, size_t len)
{
	static const char *const numbers[] = { "limit", "offset" };

	for (size_t i = 0; i < 2; i++)
		if (strlen(numbers[i]) == len && !memcmp(numbers[i], name, len))
			return json_pack("{s:s, s:i}", "type", "integer",
			                 "minimum", 0);
	if (is_list(name, len))
		return json_pack("{s:s, s:{s:s}}", "type", "array", "items",
		                 "type", "string");
	return json_pack("{s:s}", "type", "string");
}

static void add_param(json_t *list, const char *in, const char *name,
                      size_t len)
{
	json_array_append_new(
	    list, json_pack("{s:s, s:s#, s:b, s:o}", "in", in, "name", name,
	                    (int)len, "required", strcmp(in, "path") == 0,
	                    "schema", schema_of(name, len)));
}

static json_t *params_of(const struct cbi_endpoint *one)
{
	json_t *list = json_array();

	for (const char *p = strchr(one->path, '{'); p; p = strchr(p, '{')) {
		size_t len = strcspn(++p, "}");

		add_param(list, "path", p, len);
	}
	for (const char *p = one->params ? one->params : ""; *p;) {
		size_t len = strcspn(p, ",");

		add_param(list, "query", p, len);
		p += len + (p[len] == ',');
	}
	return list;
}

static json_t *describe(struct cb_req *req, const struct cbi_endpoint *one)
{
	bool body =
	    strcmp(one->method, "POST") == 0 || strcmp(one->method, "PUT") == 0;
	json_t *what =
	    json_pack("{s:s, s:s, s:o, s:{s:{s:s}, s:{s:s}}}", "operationId",
	              cb_printf(req->ctx, "%s-%s", one->method, one->name),
	              "summary", one->name, "parameters", params_of(one),
	              "responses", "2XX", "description", "Done", "default",
	              "description", "An error in the contract's shape");

	if (body && what)
		json_object_set_new(what, "requestBody",
		                    json_pack("{s:{s:{s:{s:s}}}}", "content",
		                              "application/json", "schema",
		                              "type", "object"));
	return what;
}

static void add_table(struct cb_req *req, json_t *paths,
                      const struct cbi_endpoint *table)
{
	for (; table->path; table++) {
		json_t *path = json_object_get(paths, table->path);
		char *method = cb_strdup(req->ctx, table->method);

		if (!path) {
			path = json_object();
			json_object_set_new(paths, table->path, path);
		}
		if (!method)
			continue;
		cbi_str_lower(method);
		json_object_set_new(path, method, describe(req, table));
	}
}

static int give(struct cb_req *req)
{
	static const struct cbi_endpoint *const tables[] = {
		cbi_api_entities,       cbi_api_queries, cbi_api_locations,
		cbi_api_location_query, cbi_api_judge,   cbi_api_unprocessed,
		cbi_api_permissions,    cbi_api_explain, cbi_api_history,
		cbi_api_openapi,
	};
	json_t *paths = json_object(), *all;
	int rc;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		add_table(req, paths, tables[i]);
	all = json_pack(
	    "{s:s, s:{s:s, s:s}, s:[{s:s}], s:o, s:{s:{s:{s:s, s:s}}},"
	    " s:[{s:[]}]}",
	    "openapi", "3.0.3", "info", "title", "catalog", "version", "1",
	    "servers", "url",
	    req->web->settings ? req->web->settings->base_url : "/", "paths",
	    paths, "components", "securitySchemes", "JWT", "type", "http",
	    "scheme", "bearer", "security", "JWT");
	rc = cbi_json_keep(req->ctx, all);
	return rc < 0 ? rc : cb_req_json(req, 200, all);
}

const struct cbi_endpoint cbi_api_openapi[] = {
	{
	    .path = "/api/catalog/openapi.json",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_API,
	    .name = "catalog-openapi",
	    .handle = give,
	    .params = "",
	},
	{ .path = NULL },
};
