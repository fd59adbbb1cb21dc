/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fill.c - a source's key of an entity, and its value by requests and shape.
 */
#include "declare/declare.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/limits.h"
#include "declare/entity.h"
#include "declare/template.h"
#include "json/json.h"

/* Parts of a key, where it has several, in the order of the file. */
#define PART_END '\n'

static const char *text_at(const json_t *row, const char *name)
{
	const char *text = json_string_value(json_object_get(row, name));

	return text ? text : "";
}

const json_t *cbi_declare_row(const json_t *manifest, const char *kind,
                              const char *name)
{
	return json_object_get(
	    json_object_get(json_object_get(manifest, "declared"), kind), name);
}

/* ---- Keys ---------------------------------------------------------------- */

static int entity_value(struct cb_ctx *ctx, void *arg,
                        const struct cbi_template_part *part, const char **out)
{
	return cbi_entity_value(ctx, arg, part, out);
}

int cbi_declare_key(struct cb_ctx *ctx, const json_t *source,
                    const struct cb_entity *entity, const char **out)
{
	const struct cbi_template_how how = {
		.value = entity_value,
		.arg = (void *)(uintptr_t)entity,
	};
	json_t *key = json_object_get(source, "key"), *part;
	const char *name, *text, *all = NULL;

	if (json_is_string(key))
		return cbi_template_fill(ctx, json_string_value(key), &how,
		                         out);
	json_object_foreach(key, name, part)
	{
		int rc = cbi_template_fill(ctx, json_string_value(part), &how,
		                           &text);

		if (rc < 0)
			return rc;
		if (strchr(text, PART_END))
			return cb_fail(ctx, CB_EINVAL,
			               "a part of the source key has two "
			               "lines");
		all =
		    all ? cb_printf(ctx, "%s%c%s", all, PART_END, text) : text;
		if (!all)
			return CB_ENOMEM;
	}
	*out = all;
	return all ? CB_OK : CB_ENOKEY;
}

/* ---- Requests ------------------------------------------------------------ */

struct flight {
	const json_t *source;
	const struct cbi_declare_with *with;
	const char *key;
	json_t *bodies; /* by request, what was answered so far */
};

static const char *part_of_key(struct cb_ctx *ctx, const struct flight *flight,
                               struct cbi_span rest)
{
	json_t *key = json_object_get(flight->source, "key"), *part;
	const char *at = flight->key, *name;

	if (rest.len == 0)
		return at;
	json_object_foreach(key, name, part)
	{
		size_t len = strcspn(at, "\n");

		if (cbi_span_is(rest, name))
			return cb_strndup(ctx, at, len);
		at += len + (at[len] == PART_END);
	}
	return NULL;
}

/* A scalar in an earlier answer. */
static int body_value(struct cb_ctx *ctx, const json_t *body,
                      const struct cbi_template_part *part, const char **out)
{
	char *path = cb_strndup(ctx, part->rest.ptr, part->rest.len);
	json_t *found;

	if (!path)
		return CB_ENOMEM;
	/* "body" or "body.x" */
	found = path[4] ? cb_json_at((json_t *)(uintptr_t)body, path + 5)
	                : (json_t *)(uintptr_t)body;
	if (json_is_string(found))
		*out = json_string_value(found);
	else if (json_is_integer(found))
		*out = cb_printf(ctx, "%" JSON_INTEGER_FORMAT,
		                 json_integer_value(found));
	else
		return cb_fail(ctx, CB_EUPSTREAM,
		               "the answer to '%.*s' has no text or number at "
		               "%s",
		               (int)part->root.len, part->root.ptr, path);
	return *out ? CB_OK : CB_ENOMEM;
}

static int request_value(struct cb_ctx *ctx, void *arg,
                         const struct cbi_template_part *part, const char **out)
{
	const struct flight *flight = arg;
	const char *name = cb_strndup(ctx, part->root.ptr, part->root.len);
	const json_t *body;

	if (!name)
		return CB_ENOMEM;
	if (strcmp(name, "key") == 0) {
		*out = part_of_key(ctx, flight, part->rest);
		return *out ? CB_OK : CB_ENOTSUP;
	}
	if (strcmp(name, "config") == 0) {
		name = cb_strndup(ctx, part->rest.ptr, part->rest.len);
		*out = name ? flight->with->config(ctx, flight->with->arg, name)
		            : NULL;
		return *out ? CB_OK : CB_ENOTSUP;
	}
	body = json_object_get(flight->bodies, name);
	return body ? body_value(ctx, body, part, out) : CB_ENOTSUP;
}

static int make_headers(struct cb_ctx *ctx, const json_t *request,
                        const struct cbi_template_how *how, bool json,
                        const char *const **out)
{
	json_t *headers = json_object_get(request, "headers"), *value;
	const char **list, *name, *text;
	size_t n = 0;
	bool typed = false;

	list = cb_alloc(ctx, (json_object_size(headers) + 2) * sizeof(*list));
	if (!list)
		return CB_ENOMEM;
	json_object_foreach(headers, name, value)
	{
		int rc = cbi_template_fill(ctx, json_string_value(value), how,
		                           &text);

		if (rc < 0)
			return rc;
		if (strpbrk(text, "\r\n"))
			return cb_fail(ctx, CB_EINVAL,
			               "header %s: more than one line", name);
		typed = typed || strcasecmp(name, "Content-Type") == 0;
		list[n] = cb_printf(ctx, "%s: %s", name, text);
		if (!list[n++])
			return CB_ENOMEM;
	}
	if (json && !typed)
		list[n] = "Content-Type: application/json";
	*out = list;
	return CB_OK;
}

/* A copy with all texts filled in. */
static json_t *fill_json(struct cb_ctx *ctx, const json_t *node,
                         const struct cbi_template_how *how, int *rc)
{
	json_t *all = (json_t *)(uintptr_t)node, *made, *one;
	const char *text = "", *name;
	size_t i;

	if (json_is_string(node)) {
		if (*rc == CB_OK)
			*rc = cbi_template_fill(ctx, json_string_value(node),
			                        how, &text);
		return json_string(text);
	}
	if (json_is_object(node)) {
		made = json_object();
		json_object_foreach(all, name, one)
		{
			json_object_set_new(made, name,
			                    fill_json(ctx, one, how, rc));
		}
		return made;
	}
	if (!json_is_array(node))
		return json_incref(all);
	made = json_array();
	json_array_foreach(all, i, one)
	{
		json_array_append_new(made, fill_json(ctx, one, how, rc));
	}
	return made;
}

static int make_body(struct cb_ctx *ctx, const json_t *request,
                     const struct cbi_template_how *how,
                     struct cbi_declare_request *out)
{
	const json_t *body = json_object_get(request, "body");
	int rc = CB_OK;
	json_t *made;
	char *text;

	if (!body || json_is_null(body))
		return CB_OK;
	if (json_is_string(body)) {
		rc = cbi_template_fill(ctx, json_string_value(body), how,
		                       &out->body);
	} else {
		made = fill_json(ctx, body, how, &rc);
		text = rc == CB_OK
		           ? json_dumps(made, JSON_COMPACT | JSON_ENCODE_ANY)
		           : NULL;
		json_decref(made);
		if (rc == CB_OK)
			out->body = cb_strdup(ctx, text ? text : "null");
		free(text);
	}
	if (rc == CB_OK && !out->body)
		return CB_ENOMEM;
	if (rc == CB_OK)
		out->body_len = strlen(out->body);
	return rc;
}

static int make_request(struct cb_ctx *ctx, struct flight *flight,
                        const json_t *request, struct cbi_declare_request *out)
{
	struct cbi_template_how how = { .encode = CBI_TEMPLATE_URL,
		                        .value = request_value,
		                        .arg = flight };
	const json_t *body = json_object_get(request, "body");
	int rc;

	memset(out, 0, sizeof(*out));
	out->name = text_at(request, "name");
	out->method = text_at(request, "method");
	out->base = flight->with->config(ctx, flight->with->arg,
	                                 text_at(request, "base"));
	if (!out->base || !*out->base)
		return cb_fail(ctx, CB_EINVAL,
		               "no address is configured for "
		               "'%s'",
		               text_at(request, "base"));
	rc = cbi_template_fill(ctx, text_at(request, "path"), &how, &out->path);
	how.encode = CBI_TEMPLATE_PLAIN;
	if (rc == CB_OK)
		rc = make_headers(ctx, request, &how,
		                  json_is_object(body) || json_is_array(body),
		                  &out->headers);
	return rc == CB_OK ? make_body(ctx, request, &how, out) : rc;
}

/* The answer as JSON; a new reference. */
static int read_reply(struct cb_ctx *ctx, const json_t *request,
                      const struct cbi_declare_reply *reply, json_t **out)
{
	json_error_t error;

	if (json_is_true(json_object_get(request, "text"))) {
		*out = json_stringn(reply->body, reply->len);
		return *out ? CB_OK
		            : cb_fail(ctx, CB_EUPSTREAM,
		                      "the answer is not UTF-8");
	}
	*out = json_loadb(reply->body, reply->len,
	                  JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	return *out ? CB_OK
	            : cb_fail(ctx, CB_EUPSTREAM,
	                      "the answer is not JSON: line %d, column %d: %s",
	                      error.line, error.column, error.text);
}

/* Pages of lists become one list, others a list of pages. */
static void add_page(json_t **all, json_t *page, bool first)
{
	if (first) {
		*all = page;
		return;
	}
	if (!json_is_array(*all) || !json_is_array(page)) {
		json_t *list = json_array();

		if (json_is_array(*all) && !json_is_array(page))
			json_array_extend(list, *all);
		else
			json_array_append(list, *all);
		json_decref(*all);
		*all = list;
		json_array_append_new(list, page);
		return;
	}
	json_array_extend(*all, page);
	json_decref(page);
}

static bool is_empty(const json_t *page)
{
	return json_is_array(page) && json_array_size(page) == 0;
}

static const char *with_page(struct cb_ctx *ctx, const char *path,
                             const char *name, json_int_t number)
{
	return cb_printf(ctx, "%s%c%s=%" JSON_INTEGER_FORMAT, path,
	                 strchr(path, '?') ? '&' : '?', name, number);
}

static int ask_all(struct cb_ctx *ctx, struct flight *flight,
                   const json_t *request, json_t **out)
{
	const json_t *follow = json_object_get(request, "follow");
	const char *page = json_string_value(json_object_get(follow, "page"));
	json_int_t most = json_integer_value(json_object_get(follow, "most"));
	json_int_t from = json_integer_value(json_object_get(follow, "from"));
	struct cbi_declare_request ask;
	const char *path;
	json_t *all = NULL;
	int rc = make_request(ctx, flight, request, &ask);

	path = ask.path;
	for (json_int_t i = 0; rc == CB_OK && (i == 0 || i < most); i++) {
		struct cbi_declare_reply reply = { .next = "" };
		json_t *one = NULL;
		bool last;

		if (page)
			ask.path = with_page(ctx, path, page, from + i);
		rc = ask.path ? flight->with->ask(ctx, flight->with->arg, &ask,
		                                  &reply)
		              : CB_ENOMEM;
		if (rc == CB_OK)
			rc = read_reply(ctx, request, &reply, &one);
		if (rc < 0)
			break;
		last = page ? is_empty(one) : !reply.next || !*reply.next;
		ask.url = page ? NULL : reply.next;
		if (page && last && i > 0)
			json_decref(one);
		else
			add_page(&all, one, i == 0);
		if (last)
			break;
	}
	if (rc < 0)
		json_decref(all);
	else
		*out = all;
	return rc;
}

/* ---- The value ----------------------------------------------------------- */

/* {"key": .., "config": {..}}, what a shape knows beside its input. */
static int make_vars(struct cb_ctx *ctx, const json_t *manifest,
                     const struct flight *flight, const char **out)
{
	json_t *keys = json_object_get(manifest, "keys"), *row;
	json_t *config = json_object(), *vars;
	char *text;
	size_t i;

	json_array_foreach(keys, i, row)
	{
		const char *name = text_at(row, "name");
		const char *value =
		    flight->with->config(ctx, flight->with->arg, name);

		json_object_set_new(config, name,
		                    value ? json_string(value) : json_null());
	}
	vars = json_pack("{s:s, s:o}", "key", flight->key, "config", config);
	text = vars ? json_dumps(vars, JSON_COMPACT) : NULL;
	json_decref(vars);
	*out = text ? cb_strdup(ctx, text) : NULL;
	free(text);
	return *out ? CB_OK : cb_fail(ctx, CB_ENOMEM, "out of memory");
}

static int shape(struct cb_ctx *ctx, const json_t *manifest,
                 const struct flight *flight, const json_t *input,
                 struct cb_buf *out)
{
	const char *program = text_at(flight->source, "shape"), *vars;
	char *text = json_dumps(input, JSON_COMPACT | JSON_ENCODE_ANY);
	int rc = text ? make_vars(ctx, manifest, flight, &vars)
	              : cb_fail(ctx, CB_ENOMEM, "out of memory");

	/* The commonest of all needs no helper. */
	if (rc == CB_OK && strcmp(program, ".") == 0)
		rc = cb_buf_text(out, text);
	else if (rc == CB_OK)
		rc = flight->with->shape(ctx, flight->with->arg, program, vars,
		                         text, strlen(text), out);
	free(text);
	return rc;
}

int cbi_declare_act(struct cb_ctx *ctx, const json_t *action,
                    const struct cbi_declare_with *with, const char *key)
{
	struct flight flight = { .source = action, .with = with, .key = key };
	json_t *request =
	    json_array_get(json_object_get(action, "requests"), 0);
	struct cbi_declare_reply reply = { .next = "" };
	struct cbi_declare_request ask;
	int rc = make_request(ctx, &flight, request, &ask);

	return rc == CB_OK ? with->ask(ctx, with->arg, &ask, &reply) : rc;
}

int cbi_declare_fill(struct cb_ctx *ctx, const json_t *manifest,
                     const json_t *source, const struct cbi_declare_with *with,
                     const char *key, struct cb_buf *out)
{
	struct flight flight = { .source = source,
		                 .with = with,
		                 .key = key,
		                 .bodies = json_object() };
	json_t *requests = json_object_get(source, "requests"), *request,
	       *body = NULL;
	const json_t *input = flight.bodies;
	int rc =
	    flight.bodies ? CB_OK : cb_fail(ctx, CB_ENOMEM, "out of memory");
	size_t i;

	json_array_foreach(requests, i, request)
	{
		if (rc < 0)
			break;
		rc = ask_all(ctx, &flight, request, &body);
		if (rc == CB_OK)
			json_object_set_new(flight.bodies,
			                    text_at(request, "name"), body);
		/* The only one has no name: its answer is the input. */
		if (rc == CB_OK && !*text_at(request, "name"))
			input = json_object_get(flight.bodies, "");
	}
	if (rc == CB_OK)
		rc = shape(ctx, manifest, &flight, input, out);
	json_decref(flight.bodies);
	return rc;
}
