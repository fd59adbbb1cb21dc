/* SPDX-License-Identifier: Apache-2.0 */
/*
 * params.c - reading parameters and bodies: see answer.h.
 */
#include <string.h>

#include <callboard/json.h>

#include "web/api/answer.h"

int cbi_api_values(struct cb_req *req, const char *name,
                   const char *const **out, size_t *n)
{
	const char **values;
	size_t count = 0, at = 0;

	for (const struct cbi_param *p = req->query; p; p = p->next)
		count += strcmp(p->name, name) == 0;
	values = cb_alloc(req->ctx, (count + 1) * sizeof(*values));
	if (!values)
		return CB_ENOMEM;
	for (const struct cbi_param *p = req->query; p; p = p->next)
		if (strcmp(p->name, name) == 0)
			values[at++] = p->value;
	if (count == 1 && !*values[0])
		return cb_fail(req->ctx, CB_EINVAL,
		               "query parameter '%s' is empty", name);
	*out = values;
	*n = count;
	return CB_OK;
}

int cbi_api_value(struct cb_req *req, const char *name, const char **out)
{
	const char *const *values;
	size_t n;
	int rc = cbi_api_values(req, name, &values, &n);

	if (rc < 0)
		return rc;
	if (n > 1)
		return cb_fail(req->ctx, CB_EINVAL,
		               "query parameter '%s' is given %zu times; "
		               "expected once",
		               name, n);
	*out = n ? values[0] : NULL;
	return CB_OK;
}

int cbi_api_int(struct cb_req *req, const char *name, int64_t min, int64_t *out)
{
	const char *text;
	int rc = cbi_api_value(req, name, &text);

	if (rc < 0 || !text)
		return rc;
	if (cbi_str_int(text, min, INT64_MAX / 2, out) < 0)
		return cb_fail(req->ctx, CB_EINVAL,
		               "query parameter '%s' is '%.80s'; expected a "
		               "whole number from %lld",
		               name, text, (long long)min);
	return CB_OK;
}

int cbi_api_filter(struct cb_req *req, const struct cbi_filter **out)
{
	const char *const *values;
	size_t n;
	int rc = cbi_api_values(req, "filter", &values, &n);

	return rc < 0 ? rc : cbi_filter_parse(req->ctx, values, n, out);
}

int cbi_api_fields(struct cb_req *req, struct cbi_fields **out)
{
	const char *const *values;
	size_t n;
	int rc = cbi_api_values(req, "fields", &values, &n);

	return rc < 0 ? rc : cbi_fields_parse(req->ctx, values, n, out);
}

/* --- bodies --- */

int cbi_api_body(struct cb_req *req, json_t **out)
{
	json_t *body;
	int rc;

	if (!req->body_type || strcmp(req->body_type, "application/json") != 0)
		return cb_fail(req->ctx, CB_EINVAL,
		               "the body must be application/json, not "
		               "'%.80s'",
		               req->body_type ? req->body_type : "");
	rc = cb_json_parse(req->ctx, req->body ? req->body : "", req->body_len,
	                   &body);
	if (rc < 0)
		return rc;
	if (!json_is_object(body))
		return cb_fail(req->ctx, CB_EINVAL,
		               "the body must be an object");
	*out = body;
	return CB_OK;
}

int cbi_api_texts(struct cb_req *req, const json_t *body, const char *name,
                  const char *const **out, size_t *n)
{
	const json_t *list = json_object_get(body, name);
	size_t count = json_array_size(list);
	const char **texts;

	*out = NULL;
	*n = 0;
	if (!list)
		return CB_OK;
	texts = cb_alloc(req->ctx, (count + 1) * sizeof(*texts));
	if (!texts)
		return CB_ENOMEM;
	for (size_t i = 0; i < count; i++)
		texts[i] = json_string_value(json_array_get(list, i));
	for (size_t i = 0; i < count || !json_is_array(list); i++)
		if (!json_is_array(list) || !texts[i])
			return cb_fail(req->ctx, CB_EINVAL,
			               "'%s' must be an array of texts", name);
	*out = texts;
	*n = count;
	return CB_OK;
}

int cbi_api_text(struct cb_req *req, const json_t *body, const char *name,
                 const char **out)
{
	const json_t *value = json_object_get(body, name);

	*out = json_string_value(value);
	return value && !*out
	           ? cb_fail(req->ctx, CB_EINVAL, "'%s' must be a text", name)
	           : CB_OK;
}

int cbi_api_number(struct cb_req *req, const json_t *body, const char *name,
                   int64_t *out)
{
	const json_t *value = json_object_get(body, name);

	if (!value)
		return CB_OK;
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    json_integer_value(value) > INT64_MAX / 2)
		return cb_fail(req->ctx, CB_EINVAL,
		               "'%s' must be a whole number from 0", name);
	*out = json_integer_value(value);
	return CB_OK;
}

int cbi_api_query(struct cb_req *req, const json_t *body,
                  const struct cbi_filter **out)
{
	const json_t *query = json_object_get(body, "query");

	*out = NULL;
	if (!query)
		return CB_OK;
	return cbi_filter_predicate(req->ctx, query, out);
}

int cbi_api_body_fields(struct cb_req *req, const json_t *body,
                        struct cbi_fields **out)
{
	const char *const *texts;
	size_t n;
	int rc = cbi_api_texts(req, body, "fields", &texts, &n);

	return rc < 0 ? rc : cbi_fields_parse(req->ctx, texts, n, out);
}

size_t cbi_api_count_refs(const json_t *items)
{
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *refs =
		    json_object_get(json_array_get(items, i), "resourceRef");

		n += json_is_array(refs) ? json_array_size(refs) : 1;
	}
	return n;
}
