/* SPDX-License-Identifier: Apache-2.0 */
/*
 * locations.c - see locations.h.
 */
#include "web/locations.h"

#include "base/board.h"
#include "config/config.h"
#include "web/api/answer.h"
#include "web/web.h"

int cbi_locations_open(struct cb_req *req)
{
	if (!req->web->config ||
	    !cbi_config_bool(req->web->config, "catalog.readonly", false))
		return CB_OK;
	return cb_fail(req->ctx, CB_EDENIED,
	               "catalog.readonly is set: locations cannot be changed");
}

int cbi_locations_try(struct cb_req *req, const struct cbi_location_wish *wish,
                      bool excerpts, struct cbi_locations_trial *out)
{
	json_t *said;
	int rc = cbi_location_check(req->ctx, wish);

	if (rc == CB_OK)
		rc = cbi_api_call(req, "catalog.dry-run",
		                  json_pack("{s:s, s:s, s:s*, s:b}", "type",
		                            wish->type, "target", wish->target,
		                            "presence", wish->presence,
		                            "excerpts", excerpts),
		                  &said);
	if (rc < 0)
		return rc;
	out->entities = json_object_get(said, "entities");
	out->errors = json_object_get(said, "errors");
	rc = cbi_location_find(req->ctx, wish->type, wish->target,
	                       &out->location);
	out->exists = rc == CB_OK;
	if (rc != CB_ENOENT)
		return rc;
	cb_failure_clear(req->ctx);
	return CB_OK;
}

int cbi_locations_add(struct cb_req *req, const struct cbi_location_wish *wish,
                      struct cbi_location *out)
{
	uint64_t number = 0;
	int rc = cbi_locations_open(req);

	if (rc == CB_OK)
		rc = cbi_location_add(req->ctx, wish, out, &number);
	if (rc == CB_OK)
		cbi_board_raise(&cbi_board()->wanted, number);
	return rc;
}

int cbi_locations_delete(struct cb_req *req, const char *id)
{
	uint64_t number = 0;
	int rc = cbi_locations_open(req);

	if (rc == CB_OK)
		rc = cbi_location_delete(req->ctx, id, req->address, &number);
	if (rc == CB_OK)
		cbi_board_raise(&cbi_board()->wanted, number);
	return rc;
}
