/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.c - /api/catalog/history: paths of our own, for the versions of an
 * entity.
 */
#include "catalog/history.h"

#include <stdlib.h>

#include "base/board.h"
#include "base/buf.h"
#include "base/diff.h"
#include "base/limits.h"
#include "catalog/view.h"
#include "json/json.h"
#include "web/api/answer.h"
#include "web/api/api.h"

#define LIST_DEFAULT 50
#define LIST_MAX 500

static int ref_of(struct cb_req *req, const char **ref)
{
	return cbi_view_ref(req->ctx, req->args[0], req->args[1], req->args[2],
	                    ref);
}

/* A version's number. */
static int number_of(struct cb_req *req, const char *text, int64_t *out)
{
	char *end;
	long long number = strtoll(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || number <= 0)
		return cb_fail(req->ctx, CB_EINVAL,
		               "'%.40s' is no version, expected a number such "
		               "as the list has",
		               text);
	*out = number;
	return CB_OK;
}

static int answer(struct cb_req *req, json_t *value)
{
	int rc = value
	             ? cb_json_write(req->answer.body, value)
	             : cb_fail(req->ctx, CB_ENOMEM, "no memory for an answer");

	json_decref(value);
	return cbi_api_end(req, rc);
}

static int list(struct cb_req *req)
{
	int64_t limit = LIST_DEFAULT, before = 0;
	struct cbi_version *versions;
	json_t *all, *items;
	const char *ref;
	size_t n;
	bool more;
	int rc = ref_of(req, &ref);

	if (rc == CB_OK)
		rc = cbi_api_int(req, "limit", 1, &limit);
	if (rc == CB_OK)
		rc = cbi_api_int(req, "before", 1, &before);
	if (rc == CB_OK)
		rc = cbi_history_list(
		    req->ctx, ref, before,
		    (size_t)(limit > LIST_MAX ? LIST_MAX : limit), &versions,
		    &n, &more);
	if (rc < 0)
		return rc;
	all = json_pack("{s:s, s:[], s:{}}", "entityRef", ref, "items",
	                "pageInfo");
	items = json_object_get(all, "items");
	for (size_t i = 0; i < n; i++)
		json_array_append_new(items, cbi_history_json(&versions[i]));
	if (more)
		json_object_set_new(
		    json_object_get(all, "pageInfo"), "before",
		    json_integer((json_int_t)versions[n - 1].number));
	return answer(req, all);
}

static int get_version(struct cb_req *req, const char **ref,
                       struct cbi_version *out)
{
	int64_t number;
	int rc = ref_of(req, ref);

	if (rc == CB_OK)
		rc = number_of(req, req->args[3], &number);
	return rc < 0 ? rc : cbi_history_get(req->ctx, *ref, number, out);
}

static int show(struct cb_req *req)
{
	struct cbi_version version;
	json_t *all, *entity = NULL;
	const char *ref;
	int rc = get_version(req, &ref, &version);

	if (rc == CB_OK && version.body.len)
		rc = cb_json_parse(req->ctx, version.body.ptr, version.body.len,
		                   &entity);
	if (rc < 0)
		return rc;
	all = cbi_history_json(&version);
	json_object_set_new(all, "entityRef", json_string(ref));
	json_object_set(all, "entity", entity ? entity : json_null());
	return answer(req, all);
}

/* What the diff is with: the one named, or the one before. */
static int other(struct cb_req *req, const char *ref, int64_t number,
                 struct cbi_version *out)
{
	const char *text = NULL;
	int64_t with;
	int rc = cbi_api_value(req, "with", &text);

	if (rc == CB_OK && !text)
		return cbi_history_before(req->ctx, ref, number, out);
	if (rc == CB_OK)
		rc = number_of(req, text, &with);
	return rc < 0 ? rc : cbi_history_get(req->ctx, ref, with, out);
}

static int differ(struct cb_req *req)
{
	struct cbi_version new, old;
	struct cbi_diff_line *lines;
	struct cb_buf text;
	const char *ref, *a, *b;
	json_t *all;
	size_t n;
	int rc = get_version(req, &ref, &new);

	if (rc == CB_OK)
		rc = other(req, ref, new.number, &old);
	if (rc == CB_OK)
		rc = cbi_history_yaml(req->ctx, &old, &a);
	if (rc == CB_OK)
		rc = cbi_history_yaml(req->ctx, &new, &b);
	if (rc == CB_OK)
		rc = cbi_diff_lines(req->ctx, a, b, &lines, &n);
	if (rc < 0)
		return rc;
	cbi_buf_init(&text, 8 * CB_MIB);
	cbi_diff_unified(&text, lines, n);
	all = json_pack("{s:s, s:o?, s:o, s:s}", "entityRef", ref, "from",
	                old.number ? cbi_history_json(&old) : NULL, "to",
	                cbi_history_json(&new), "diff", cbi_buf_string(&text));
	rc = text.failed;
	cbi_buf_finish(&text);
	if (rc < 0) {
		json_decref(all);
		return cb_fail(req->ctx, rc, "the difference is too large");
	}
	return answer(req, all);
}

static int restore(struct cb_req *req)
{
	uint64_t brought = 0;
	int64_t number;
	const char *ref;
	int rc = ref_of(req, &ref);

	if (rc == CB_OK)
		rc = number_of(req, req->args[3], &number);
	if (rc == CB_OK)
		rc = cbi_history_restore(req->ctx, ref, number, req->address,
		                         &brought);
	if (rc < 0)
		return rc;
	cbi_board_raise(&cbi_board()->wanted, brought);
	req->answer.status = 204;
	return CB_OK;
}

#define BASE "/api/catalog/history/by-name/{kind}/{namespace}/{name}"
#define ROW(m, p, a, n, h, q, r)                                           \
	{                                                                  \
		.path = p, .method = m, .access = a, .face = CBI_FACE_API, \
		.name = n, .handle = h, .params = q, .permission = r,      \
	}

const struct cbi_endpoint cbi_api_history[] = {
	ROW("GET", BASE, CBI_ACCESS_READ, "catalog-history", list,
	    "limit,before", NULL),
	ROW("GET", BASE "/{version}", CBI_ACCESS_READ, "catalog-version", show,
	    "", NULL),
	ROW("GET", BASE "/{version}/diff", CBI_ACCESS_READ, "catalog-diff",
	    differ, "with", NULL),
	ROW("POST", BASE "/{version}/restore", CBI_ACCESS_WRITE,
	    "catalog-restore", restore, "", "catalog.entity.create"),
	{ .path = NULL },
};
