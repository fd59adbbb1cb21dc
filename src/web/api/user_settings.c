/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user_settings.c - /api/user-settings: what a person keeps, by bucket and key
 * (the contract's other-apis, section 13).
 */
#include <stdlib.h>
#include <string.h>

#include "json/json.h"
#include "prefs/prefs.h"
#include "web/api/answer.h"
#include "web/api/api.h"

#define MULTIGET_MAX 200

/* A service is nobody who could keep something; guests are all the same. */
static int check_who(struct cb_req *req, bool change)
{
	if (req->who.kind == CBI_WHO_SERVICE)
		return cb_fail(req->ctx, CB_EDENIED,
		               "This endpoint does not allow 'service' "
		               "credentials");
	if (change && req->who.kind == CBI_WHO_GUEST)
		return cb_fail(req->ctx, CB_EDENIED,
		               "a guest keeps nothing: sign in");
	return CB_OK;
}

static int read_pref(struct cb_req *req, bool change, struct cbi_pref *out)
{
	out->bucket = req->args[0];
	out->key = req->rest ? req->rest : "";
	return check_who(req, change);
}

/* The text as a value of its own; *out lives with the request. */
static int parse(struct cb_req *req, const char *text, json_t **out)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

	*out = value;
	return cbi_json_keep(req->ctx, value);
}

static int answer(struct cb_req *req, const struct cbi_pref *pref,
                  json_t *value)
{
	json_t *body = json_pack("{s:s, s:s, s:O}", "bucket", pref->bucket,
	                         "key", pref->key, "value", value);
	int rc = cbi_json_keep(req->ctx, body);

	return rc < 0 ? rc : cb_req_json(req, 200, body);
}

static int get(struct cb_req *req)
{
	struct cbi_pref pref;
	const char *text;
	json_t *value;
	int rc = read_pref(req, false, &pref);

	if (rc == CB_OK)
		rc = cbi_prefs_get(req->ctx, req->who.subject, &pref, &text);
	if (rc == CB_OK && !text)
		rc = cb_fail(req->ctx, CB_ENOENT,
		             "Unable to find '%.200s' in bucket '%.200s'",
		             pref.key, pref.bucket);
	if (rc == CB_OK)
		rc = parse(req, text, &value);
	return rc < 0 ? rc : answer(req, &pref, value);
}

static int put(struct cb_req *req)
{
	struct cbi_pref pref;
	json_t *body, *value = NULL;
	struct cb_buf text;
	int rc = read_pref(req, true, &pref);

	if (rc == CB_OK)
		rc = cbi_api_body(req, &body);
	if (rc < 0)
		return rc;
	value = json_object_get(body, "value");
	if (!value)
		return cb_fail(req->ctx, CB_EINVAL,
		               "'value' is needed, expected any JSON");
	cbi_buf_init(&text, CB_PREFS_VALUE_MAX * 2);
	rc = cbi_json_canonical(&text, value);
	if (rc < 0)
		rc = cb_fail(req->ctx, CB_ETOOBIG, "'value' is too large");
	else
		rc = cbi_prefs_set(req->ctx, req->who.subject, &pref,
		                   cbi_buf_string(&text), req->address);
	cbi_buf_finish(&text);
	return rc < 0 ? rc : answer(req, &pref, value);
}

static int drop(struct cb_req *req)
{
	struct cbi_pref pref;
	int rc = read_pref(req, true, &pref);

	if (rc == CB_OK)
		rc = cbi_prefs_delete(req->ctx, req->who.subject, &pref,
		                      req->address);
	req->answer.status = 204;
	return rc;
}

static int get_one(struct cb_req *req, const json_t *item, json_t *items)
{
	const struct cbi_pref pref = {
		json_string_value(json_object_get(item, "bucket")),
		json_string_value(json_object_get(item, "key")),
	};
	const char *text;
	json_t *value;
	int rc;

	if (!pref.bucket || !pref.key)
		return cb_fail(req->ctx, CB_EINVAL,
		               "items: expected objects of bucket and key");
	rc = cbi_prefs_get(req->ctx, req->who.subject, &pref, &text);
	if (rc == CB_OK && text)
		rc = parse(req, text, &value);
	if (rc < 0)
		return rc;
	if (json_array_append_new(
		items, text ? json_pack("{s:O}", "value", value) : json_null()))
		return cb_fail(req->ctx, CB_ENOMEM, "no memory for answers");
	return CB_OK;
}

static int multiget(struct cb_req *req)
{
	json_t *body, *asked, *answers = json_array();
	int rc = cbi_json_keep(req->ctx, answers);

	if (rc == CB_OK)
		rc = check_who(req, false);
	if (rc == CB_OK)
		rc = cbi_api_body(req, &body);
	if (rc < 0)
		return rc;
	asked = json_object_get(body, "items");
	if (!json_is_array(asked) || json_array_size(asked) > MULTIGET_MAX)
		return cb_fail(req->ctx, CB_EINVAL,
		               "'items' must be an array of at most %d",
		               MULTIGET_MAX);
	for (size_t i = 0; rc == CB_OK && i < json_array_size(asked); i++)
		rc = get_one(req, json_array_get(asked, i), answers);
	if (rc < 0)
		return rc;
	body = json_pack("{s:O}", "items", answers);
	rc = cbi_json_keep(req->ctx, body);
	return rc < 0 ? rc : cb_req_json(req, 200, body);
}

#define KEYS "/api/user-settings/buckets/{bucket}/keys/*"

/* Each changes what is one's own alone: whoever may read may do that. */
#define ROW(p, m, n, h)                                            \
	{                                                          \
		.path = p, .method = m, .access = CBI_ACCESS_READ, \
		.face = CBI_FACE_API, .name = n, .handle = h,      \
	}

const struct cbi_endpoint cbi_api_user_settings[] = {
	ROW(KEYS, "GET", "user-settings-get", get),
	ROW(KEYS, "PUT", "user-settings-set", put),
	ROW(KEYS, "DELETE", "user-settings-delete", drop),
	ROW("/api/user-settings/multiget", "POST", "user-settings-multiget",
	    multiget),
	{ .path = NULL },
};
