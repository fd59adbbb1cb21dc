/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge.c - /api/catalog/validate-entity and analyze-location: what the
 * catalog would say, without storing anything.
 */
#include <string.h>

#include "base/limits.h"
#include "catalog/location.h"
#include "catalog/model.h"
#include "catalog/ref.h"
#include "config/config.h"
#include "json/json.h"
#include "web/api/answer.h"
#include "web/api/api.h"
#include "web/web.h"

/* ---- validate-entity ------------------------------------------------------
 */

/* The contract's own shape for what is wrong with an entity. */
static int refuse(struct cb_req *req, const char *name, const char *message)
{
	int rc = cbi_api_printf(req,
	                        "{\"errors\":[{\"name\":\"%s\","
	                        "\"message\":",
	                        name);

	cbi_str_json(req->answer.body, message, strlen(message));
	req->answer.status = 400;
	if (rc == CB_OK)
		rc = cbi_api_printf(req, "}]}");
	return cbi_api_end(req, rc);
}

static int check_place(struct cb_req *req, const char *location,
                       const char **why)
{
	const char *type, *target;

	if (cbi_location_ref_parse(req->ctx, location, &type, &target, why) < 0)
		return CB_EINVAL;
	*why = "the location is not of type url";
	return strcmp(type, "url") == 0 ? CB_OK : CB_EINVAL;
}

static int give_errors(struct cb_req *req, json_t *errors)
{
	json_t *answer = json_pack("{s:O}", "errors", errors), *one;
	size_t i;
	int rc;

	/* Status items without their level: name and message. */
	json_array_foreach(errors, i, one)
	{
		json_t *error = json_object_get(one, "error");

		if (error)
			json_array_set(errors, i, error);
	}
	rc = answer ? cb_req_json(req, 400, answer)
	            : cb_fail(req->ctx, CB_ENOMEM, "no memory for an answer");
	json_decref(answer);
	return rc;
}

/* What only reading can tell is asked of fetch: placeholders, and the targets
 * of a Location. */
static int validate(struct cb_req *req)
{
	struct cbi_problem problem;
	const char *location, *why;
	json_t *body, *entity, *said, *errors;
	int rc = cbi_api_body(req, &body);

	if (rc == CB_OK)
		rc = cbi_api_text(req, body, "location", &location);
	entity = rc == CB_OK ? json_object_get(body, "entity") : NULL;
	if (rc == CB_OK && (!location || !json_is_object(entity)))
		rc = cb_fail(req->ctx, CB_EINVAL,
		             "'location' (a text) and 'entity' (an object) are "
		             "needed");
	if (rc < 0)
		return rc;
	if (check_place(req, location, &why) < 0)
		return refuse(req, "TypeError",
		              cb_printf(req->ctx, "location '%.200s': %s",
		                        location, why));
	rc = cbi_model_envelope(req->ctx, entity, NULL, &problem);
	if (rc == CB_EINVAL && !cb_failure_code(req->ctx))
		return refuse(req, problem.name, problem.text);
	if (rc == CB_OK)
		rc = cbi_api_call(req, "catalog.validate",
		                  json_pack("{s:s, s:O}", "location", location,
		                            "entity", entity),
		                  &said);
	if (rc < 0)
		return rc;
	errors = json_object_get(said, "errors");
	if (json_array_size(errors))
		return give_errors(req, errors);
	req->answer.type = CBI_API_JSON;
	return CB_OK;
}

/* ---- analyze-location ------------------------------------------------------
 */

/* The last part of a path that says anything, without ".git" and endings. */
static const char *name_of(struct cb_req *req, const char *target)
{
	const char *path = strstr(target, "://") + 3;
	size_t len = strcspn(path, "?#");
	const char *from = path, *to = path + len;
	char *name;

	/* A host's page of a file: the repository is the second part. */
	if (cbi_str_starts(path, "github.com/") ||
	    cbi_str_starts(path, "gitlab.com/")) {
		const char *repo = strchr(path + 11, '/');

		if (repo && repo < to) {
			from = repo + 1;
			to = from + strcspn(from, "/?#");
		}
	} else {
		while (to > path && to[-1] == '/')
			to--;
		for (const char *p = path; p < to; p++)
			if (*p == '/')
				from = p + 1;
	}
	name = cb_strndup(req->ctx, from, (size_t)(to - from));
	if (!name)
		return NULL;
	if (strlen(name) > 4 && strcmp(name + strlen(name) - 4, ".git") == 0)
		name[strlen(name) - 4] = '\0';
	for (char *p = name; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX"
		            "YZ0123456789-_.",
		            *p))
			*p = '-';
	if (strlen(name) > 63)
		name[63] = '\0';
	return *name ? name : "component";
}

/* "github.com/project-slug": "owner/repo", where the host is known. */
static void add_slug(struct cb_req *req, json_t *entity, const char *target)
{
	static const char *const hosts[] = { "github.com", "gitlab.com",
		                             "bitbucket.org" };
	const char *path = strstr(target, "://") + 3;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		size_t len = strlen(hosts[i]);
		const char *owner, *repo;

		if (strncmp(path, hosts[i], len) != 0 || path[len] != '/')
			continue;
		owner = path + len + 1;
		repo = strchr(owner, '/');
		if (!repo || !repo[1])
			return;
		repo++;
		json_object_set_new(
		    json_object_get(entity, "metadata"), "annotations",
		    json_pack("{s:s}",
		              cb_printf(req->ctx, "%s/project-slug", hosts[i]),
		              cb_printf(req->ctx, "%.*s",
		                        (int)(repo - owner +
		                              (long)strcspn(repo, "/?#")),
		                        owner)));
	}
}

static int read_place(struct cb_req *req, const char **target)
{
	static const char *const names[] = { "type", "target", NULL };
	const char *type = NULL, *key;
	json_t *body, *location, *value;
	int rc = cbi_api_body(req, &body);

	if (rc < 0)
		return rc;
	location = json_object_get(body, "location");
	if (!json_is_object(location))
		return cb_fail(req->ctx, CB_EINVAL, "'location' is missing");
	json_object_foreach(location, key, value)
	{
		if (strcmp(key, names[0]) != 0 && strcmp(key, names[1]) != 0)
			return cb_fail(req->ctx, CB_EINVAL,
			               "location has an unknown field '%.80s'",
			               key);
	}
	rc = cbi_api_text(req, location, "type", &type);
	if (rc == CB_OK)
		rc = cbi_api_text(req, location, "target", target);
	if (rc == CB_OK && (!type || !*target))
		rc = cb_fail(req->ctx, CB_EINVAL,
		             "location needs 'type' and 'target'");
	if (rc == CB_OK && !cbi_str_starts(*target, "http://") &&
	    !cbi_str_starts(*target, "https://"))
		rc = cb_fail(req->ctx, CB_EINVAL,
		             "'%.200s' is no http or https address", *target);
	return rc;
}

/* An address of which nothing is known but itself. */
static json_t *guess(struct cb_req *req, const char *target)
{
	json_t *entity =
	    json_pack("{s:s, s:s, s:{s:s}, s:{s:s, s:s}}", "apiVersion",
	              "backstage.io/v1alpha1", "kind", "Component", "metadata",
	              "name", name_of(req, target), "spec", "type", "other",
	              "lifecycle", "unknown");

	if (entity)
		add_slug(req, entity, target);
	return json_pack("[{s:o, s:[]}]", "entity", entity, "fields");
}

/* A row for each entity that stands in a file, with the file's address. */
static int add_file(struct cb_req *req, const json_t *file, json_t *rows)
{
	const char *target = json_string_value(json_object_get(file, "target"));
	struct cbi_location location;
	json_t *entity;
	bool known;
	size_t i;
	int rc;

	if (!target)
		return CB_OK;
	rc = cbi_location_find(req->ctx, "url", target, &location);
	if (rc < 0 && rc != CB_ENOENT)
		return rc;
	known = rc == CB_OK;
	cb_failure_clear(req->ctx);
	json_array_foreach(json_object_get(file, "entities"), i, entity)
	{
		const char *kind =
		    json_string_value(json_object_get(entity, "kind"));

		/* The trial's own Location is none of the file's. */
		if (i == 0 && kind && strcmp(kind, "Location") == 0 &&
		    json_array_size(json_object_get(file, "entities")) > 1)
			continue;
		if (json_array_append_new(
			rows,
			json_pack("{s:{s:s, s:s}, s:b, s:O}", "location",
		                  "type", "url", "target", target,
		                  "isRegistered", known, "entity", entity)))
			return cb_fail(req->ctx, CB_ENOMEM,
			               "no memory for an answer");
	}
	return CB_OK;
}

/* What fetch finds at a code host; *found is NULL when none has it. */
static int look(struct cb_req *req, const char *target, const char *catalog,
                json_t **found)
{
	json_t *reply = NULL;
	int rc = CB_OK;

	*found = NULL;
	if (strlen(target) > CB_URL_MAX ||
	    !cbi_config_get(req->web->config, "integrations"))
		return CB_OK;
	rc = cbi_api_call(
	    req, "catalog.analyze",
	    json_pack("{s:s, s:s*}", "target", target, "catalog", catalog),
	    &reply);
	/* It is the portal's credential that the host refuses, not theirs. */
	if (rc == CB_EAUTH || rc == CB_EDENIED) {
		const char *why = cb_strdup(req->ctx, cb_failure(req->ctx));

		cb_failure_clear(req->ctx);
		rc = cb_fail(req->ctx, CB_EUPSTREAM, "%s", why ? why : target);
	}
	if (rc == CB_OK && json_is_true(json_object_get(reply, "known")))
		*found = reply;
	return rc;
}

int cbi_api_analyze(struct cb_req *req, const char *target, const char *catalog,
                    const char **repository, json_t **out)
{
	json_t *rows = json_array(), *found, *file, *generate;
	int rc = cbi_json_keep(req->ctx, rows);
	size_t i;

	if (rc == CB_OK)
		rc = look(req, target, catalog, &found);
	if (rc < 0)
		return rc;
	if (repository)
		*repository = json_string_value(json_object_get(found, "url"));
	json_array_foreach(json_object_get(found, "files"), i, file)
	{
		rc = add_file(req, file, rows);
		if (rc < 0)
			return rc;
	}
	generate = found ? json_incref(json_object_get(found, "proposals"))
	                 : guess(req, target);
	*out = json_pack("{s:O, s:o}", "existingEntityFiles", rows,
	                 "generateEntities", generate);
	return cbi_json_keep(req->ctx, *out);
}

static int analyze(struct cb_req *req)
{
	const char *target;
	json_t *answer;
	const char *catalog = NULL;
	json_t *body;
	int rc = read_place(req, &target);

	if (rc == CB_OK)
		rc = cbi_api_body(req, &body);
	if (rc == CB_OK)
		rc = cbi_api_text(req, body, "catalogFilename", &catalog);
	if (rc == CB_OK)
		rc = cbi_api_analyze(req, target, catalog, NULL, &answer);
	return rc < 0 ? rc : cb_req_json(req, 200, answer);
}

const struct cbi_endpoint cbi_api_judge[] = {
	{
	    .path = "/api/catalog/validate-entity",
	    .method = "POST",
	    .access = CBI_ACCESS_WRITE,
	    .face = CBI_FACE_API,
	    .name = "catalog-validate",
	    .permission = "catalog.entity.validate",
	    .handle = validate,
	    .params = "",
	},
	{
	    .path = "/api/catalog/analyze-location",
	    .method = "POST",
	    .access = CBI_ACCESS_WRITE,
	    .face = CBI_FACE_API,
	    .name = "catalog-analyze",
	    .permission = "catalog.location.analyze",
	    .handle = analyze,
	    .params = "",
	},
	{ .path = NULL },
};
