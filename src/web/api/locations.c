/* SPDX-License-Identifier: Apache-2.0 */
/*
 * locations.c - /api/catalog: locations, refresh, and removing an entity.
 *
 * What is changed here is raised on the board before it is answered: this
 * host's readers see it from then on.
 */
#include <string.h>

#include "base/board.h"
#include "catalog/entity.h"
#include "catalog/location.h"
#include "catalog/ref.h"
#include "catalog/uproot.h"
#include "catalog/view.h"
#include "catalog/model.h"
#include "config/config.h"
#include "json/json.h"
#include "source/call.h"
#include "web/api/answer.h"
#include "web/api/api.h"
#include "web/locations.h"
#include "web/may.h"
#include "web/web.h"

static void add_member(struct cb_buf *buf, const char *name, const char *value,
                       const char *end)
{
	cb_buf_printf(buf, "\"%s\":", name);
	cbi_str_json(buf, value, strlen(value));
	cb_buf_text(buf, end);
}

int cbi_api_location(struct cb_req *req, const struct cbi_location *location)
{
	struct cb_buf *buf = req->answer.body;

	cb_buf_text(buf, "{");
	add_member(buf, "id", location->id, ",");
	add_member(buf, "type", location->type, ",");
	add_member(buf, "target", location->target, ",");
	add_member(buf, "entityRef", location->entity_ref, "");
	/* Sends what has gathered, when that is much. */
	return cbi_api_write(req, "}", 1);
}

static int list(struct cb_req *req)
{
	const struct cbi_location *locations;
	size_t n;
	int rc = cbi_location_list(req->ctx, &locations, &n);

	if (rc == CB_OK)
		rc = cbi_api_write(req, "[", 1);
	for (size_t i = 0; i < n && rc == CB_OK; i++) {
		rc = cbi_api_printf(req, "%s{\"data\":", i ? "," : "");
		if (rc == CB_OK)
			rc = cbi_api_location(req, &locations[i]);
		if (rc == CB_OK)
			rc = cbi_api_write(req, "}", 1);
	}
	if (rc == CB_OK)
		rc = cbi_api_write(req, "]", 1);
	return cbi_api_end(req, rc);
}

static int get(struct cb_req *req)
{
	struct cbi_location location;
	int rc = cbi_location_get(req->ctx, req->args[0], &location);

	if (rc == CB_OK)
		rc = cbi_api_location(req, &location);
	return cbi_api_end(req, rc);
}

/* "type:target" of the registered root that led to the entity. */
static int origin_of(struct cb_req *req, const char **type, const char **target)
{
	struct cbi_served served;
	struct cbi_fresh fresh;
	const struct cb_entity *entity;
	const char *ref, *origin, *why;
	int rc = cbi_view_ref(req->ctx, req->args[0], req->args[1],
	                      req->args[2], &ref);

	if (rc == CB_OK)
		rc = cbi_view_by_ref(req->ctx, req->web->catalog, ref, &served,
		                     &fresh);
	if (rc == CB_OK)
		rc = cbi_entity_create(req->ctx, served.body, served.len,
		                       &entity);
	if (rc < 0)
		return rc;
	origin = cb_entity_annotation(
	    entity, "backstage.io/managed-by-origin-location");
	if (!origin ||
	    cbi_location_ref_parse(req->ctx, origin, type, target, &why) < 0)
		return cb_fail(req->ctx, CB_ENOENT,
		               "%s does not say which location it is from",
		               ref);
	return CB_OK;
}

static int by_entity(struct cb_req *req)
{
	struct cbi_location location;
	const char *type, *target;
	int rc = origin_of(req, &type, &target);

	if (rc == CB_OK)
		rc = cbi_location_find(req->ctx, type, target, &location);
	if (rc == CB_OK)
		rc = cbi_api_location(req, &location);
	return cbi_api_end(req, rc);
}

/* --- changes --- */

/* Every key of the body must be one of the names (ends in NULL). */
static int only_keys(struct cb_req *req, const json_t *body,
                     const char *const *names)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)body, key, value)
	{
		size_t i = 0;

		while (names[i] && strcmp(names[i], key) != 0)
			i++;
		if (!names[i])
			return cb_fail(req->ctx, CB_EINVAL,
			               "the body has an unknown field '%.80s'",
			               key);
	}
	return CB_OK;
}

static bool is_yes(const char *text)
{
	static const char *const yes[] = { "true", "1", "yes", "y", "on" };

	for (size_t i = 0; text && i < sizeof(yes) / sizeof(yes[0]); i++)
		if (cbi_str_casecmp(text, yes[i]) == 0)
			return true;
	return false;
}

static int read_conflict(struct cb_req *req, bool *refresh)
{
	const char *text = cbi_req_query(req, "onConflict");

	if (!text)
		text = cbi_config_text(
		    req->web->config, "catalog.defaultLocationConflictStrategy",
		    "reject");
	*refresh = strcmp(text, "refresh") == 0;
	if (!*refresh && strcmp(text, "reject") != 0)
		return cb_fail(req->ctx, CB_EINVAL,
		               "onConflict is '%.80s'; expected 'refresh' or "
		               "'reject'",
		               text);
	return CB_OK;
}

/* A body with type and target; presence is known to some only. */
static int read_location(struct cb_req *req, bool presence,
                         struct cbi_location_wish *wish)
{
	const char *const names[] = { "type", "target",
		                      presence ? "presence" : NULL, NULL };
	json_t *body;
	int rc = cbi_api_body(req, &body);

	if (rc == CB_OK)
		rc = only_keys(req, body, names);
	if (rc == CB_OK)
		rc = cbi_api_text(req, body, "type", &wish->type);
	if (rc == CB_OK)
		rc = cbi_api_text(req, body, "target", &wish->target);
	if (rc == CB_OK)
		rc = cbi_api_text(req, body, "presence", &wish->presence);
	if (rc == CB_OK && (!wish->type || !wish->target))
		rc = cb_fail(req->ctx, CB_EINVAL,
		             "'type' and 'target' are needed");
	if (rc == CB_OK && strcmp(wish->type, "url") != 0)
		rc = cb_fail(req->ctx, CB_EINVAL,
		             "location type '%.80s' cannot be registered; "
		             "expected 'url'",
		             wish->type);
	return rc;
}

int cbi_api_call(struct cb_req *req, const char *name, json_t *in, json_t **out)
{
	int rc = cbi_json_keep(req->ctx, in);

	return rc < 0 ? rc
	              : cbi_source_call(req->ctx,
	                                cbi_config_fetch_pool(req->web->config),
	                                name, in, CB_CALL_MS, out);
}

/* All messages in one. */
static int refuse_trial(struct cb_req *req, const json_t *errors)
{
	const char *all = "";

	for (size_t i = 0; i < json_array_size(errors); i++) {
		const char *one = json_string_value(
		    json_object_get(json_array_get(errors, i), "message"));

		all = cb_printf(req->ctx, "%s%s%s", all, i ? "; " : "",
		                one ? one : "");
		if (!all)
			return CB_ENOMEM;
		if (strlen(all) > CB_FAILURE_MAX)
			break;
	}
	return cb_fail(req->ctx, CB_EINVAL, "%s", all);
}

static int try_location(struct cb_req *req, const struct cbi_location_wish *w)
{
	struct cbi_locations_trial tried;
	json_t *answer;
	const char *id;
	int rc = cbi_locations_try(req, w, false, &tried);

	if (rc == CB_OK && json_array_size(tried.errors))
		rc = refuse_trial(req, tried.errors);
	if (rc < 0)
		return rc;
	id = cb_printf(req->ctx, "%s:%s", w->type, w->target);
	answer =
	    json_pack("{s:b, s:{s:s, s:s, s:s, s:s}, s:O}", "exists",
	              tried.exists, "location", "id", id ? id : "", "type",
	              w->type, "target", w->target, "entityRef",
	              cbi_model_generated_ref(req->ctx, w->type, w->target),
	              "entities", tried.entities);
	rc = answer ? cb_req_json(req, 201, answer)
	            : cb_fail(req->ctx, CB_ENOMEM, "no memory for an answer");
	json_decref(answer);
	return rc;
}

static int add(struct cb_req *req)
{
	struct cbi_location_wish wish = { .address = req->address };
	struct cbi_location location;
	int rc = read_conflict(req, &wish.refresh);

	if (rc == CB_OK)
		rc = read_location(req, true, &wish);
	if (rc == CB_OK && is_yes(cbi_req_query(req, "dryRun")))
		return try_location(req, &wish);
	if (rc == CB_OK)
		rc = cbi_locations_add(req, &wish, &location);
	if (rc < 0)
		return rc;
	req->answer.status = 201;
	rc = cbi_api_printf(req, "{\"location\":");
	if (rc == CB_OK)
		rc = cbi_api_location(req, &location);
	if (rc == CB_OK)
		rc = cbi_api_printf(req, ",\"entities\":[]}");
	return cbi_api_end(req, rc);
}

static int give_target(struct cb_req *req)
{
	struct cbi_location_wish wish = { .address = req->address };
	struct cbi_location location;
	uint64_t number = 0;
	int rc = read_location(req, false, &wish);

	if (rc == CB_OK)
		rc = cbi_locations_open(req);
	if (rc == CB_OK)
		rc = cbi_location_update(req->ctx, req->args[0], &wish,
		                         &location, &number);
	if (rc < 0)
		return rc;
	cbi_board_raise(&cbi_board()->wanted, number);
	return cbi_api_end(req, cbi_api_location(req, &location));
}

static int take_back(struct cb_req *req)
{
	int rc = cbi_locations_delete(req, req->args[0]);

	if (rc < 0)
		return rc;
	req->answer.status = 204;
	return CB_OK;
}

static int refresh_entity(struct cb_req *req)
{
	static const char *const names[] = { "entityRef", "authorizationToken",
		                             NULL };
	const char *text, *ref, *why;
	json_t *body;
	int rc = cbi_api_body(req, &body);

	if (rc == CB_OK)
		rc = only_keys(req, body, names);
	if (rc == CB_OK)
		rc = cbi_api_text(req, body, "entityRef", &text);
	if (rc == CB_OK && !text)
		rc = cb_fail(req->ctx, CB_EINVAL, "'entityRef' is missing");
	if (rc < 0)
		return rc;
	if (cbi_ref_canonical(req->ctx, text, NULL, NULL, &ref, &why) < 0)
		return cb_fail(req->ctx, CB_EINVAL, "entityRef '%.200s' %s",
		               text, why);
	rc = cbi_may_ref(req, "catalog.entity.refresh", ref);
	if (rc == CB_OK)
		rc = cbi_location_refresh(req->ctx, ref);
	req->answer.type = CBI_API_JSON;
	return rc;
}

int cbi_api_uproot(struct cb_req *req)
{
	uint64_t number = 0;
	int rc = cbi_uproot(req->ctx, req->args[0], req->address, &number);

	if (rc < 0)
		return rc;
	cbi_board_raise(&cbi_board()->wanted, number);
	req->answer.status = 204;
	return CB_OK;
}

static int take_out(struct cb_req *req)
{
	int rc = cbi_may_uid(req, "catalog.entity.delete", req->args[0]);

	return rc < 0 ? rc : cbi_api_uproot(req);
}

#define ROW(m, p, a, n, h, q, r)                                           \
	{                                                                  \
		.path = p, .method = m, .access = a, .face = CBI_FACE_API, \
		.name = n, .handle = h, .params = q,                       \
		.permission = "catalog." r,                                \
	}

const struct cbi_endpoint cbi_api_locations[] = {
	ROW("GET", "/api/catalog/locations", CBI_ACCESS_READ,
	    "catalog-locations", list, "", "location.read"),
	ROW("POST", "/api/catalog/locations", CBI_ACCESS_WRITE,
	    "catalog-location-add", add, "dryRun,onConflict",
	    "location.create"),
	ROW("GET", "/api/catalog/locations/{id}", CBI_ACCESS_READ,
	    "catalog-location", get, "", "location.read"),
	ROW("PUT", "/api/catalog/locations/{id}", CBI_ACCESS_WRITE,
	    "catalog-location-update", give_target, "", "location.create"),
	ROW("DELETE", "/api/catalog/locations/{id}", CBI_ACCESS_WRITE,
	    "catalog-location-delete", take_back, "", "location.delete"),
	ROW("GET", "/api/catalog/locations/by-entity/{kind}/{namespace}/{name}",
	    CBI_ACCESS_READ, "catalog-location-by-entity", by_entity, "",
	    "location.read"),
	ROW("POST", "/api/catalog/refresh", CBI_ACCESS_WRITE, "catalog-refresh",
	    refresh_entity, "", "entity.refresh"),
	ROW("DELETE", "/api/catalog/entities/by-uid/{uid}", CBI_ACCESS_WRITE,
	    "catalog-entity-delete", take_out, "", "entity.delete"),
	{ .path = NULL },
};
