/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_request.c - one request to a tool: address, method, headers, body.
 *
 * Declared as {name, method, base, path, headers, body, text, follow}: base
 * is the URL key that the address begins with.
 */
#include "declare/take.h"

#include <string.h>

#include "base/limits.h"

#define PAGES_MAX 20

static const struct {
	const char *member, *method;
} verbs[] = {
	{ "get", "GET" },     { "post", "POST" },     { "put", "PUT" },
	{ "patch", "PATCH" }, { "delete", "DELETE" },
};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

/* The address's key and what follows it; NULL when it does not begin so. */
static const char *split(struct cbi_take *take, const struct cbi_yaml *node,
                         const char *what, const char **path)
{
	const char *at = node->text;
	struct cbi_template_part part = { 0 };
	const json_t *key;

	if (!cbi_template_next(&at, &part) || !part.value ||
	    !cbi_span_is(part.root, "config")) {
		cbi_take_wrong(take, node,
		               "%s: an address begins with {config.KEY}, where "
		               "KEY is a key of type url (what is always the "
		               "same is its default)",
		               what);
		return NULL;
	}
	key = cbi_take_key(take, part.rest.ptr, part.rest.len);
	if (key &&
	    strcmp(json_string_value(json_object_get(key, "type")), "url") != 0)
		cbi_take_wrong(take, node,
		               "%s: {config.%.*s} is no key of type url", what,
		               (int)part.rest.len, part.rest.ptr);
	if (*at && *at != '/' && *at != '?')
		cbi_take_wrong(take, node, "%s: expected / after {config.%.*s}",
		               what, (int)part.rest.len, part.rest.ptr);
	*path = at;
	return key ? json_string_value(json_object_get(key, "name")) : NULL;
}

static const struct cbi_yaml *find_verb(struct cbi_take *take,
                                        const struct cbi_yaml *map,
                                        const char *what, const char **method)
{
	const struct cbi_yaml *found = NULL;

	for (size_t i = 0; i < VERBS; i++) {
		const struct cbi_yaml *node =
		    cbi_yaml_get(map, verbs[i].member);

		if (!node || node->type == CBI_YAML_NULL)
			continue;
		if (found)
			cbi_take_wrong_key(take, node,
			                   "%s: '%s' beside another method",
			                   what, node->key);
		found = node;
		*method = verbs[i].method;
	}
	return found;
}

static json_t *take_headers(struct cbi_take *take, const struct cbi_yaml *map,
                            const char *what, const struct cbi_roots *roots)
{
	const struct cbi_yaml *headers = cbi_yaml_get(map, "headers");
	json_t *made = json_object();

	for (const struct cbi_yaml *one = headers ? headers->first : NULL; one;
	     one = one->next) {
		if (one->type != CBI_YAML_TEXT && one->type != CBI_YAML_NUMBER)
			cbi_take_wrong(take, one,
			               "%s: headers: %.60s: expected a text",
			               what, one->key);
		else if (strcspn(one->text, "\r\n") != one->len ||
		         strcspn(one->key, "\r\n: ") != strlen(one->key))
			cbi_take_wrong(take, one,
			               "%s: headers: %.60s: expected one line",
			               what, one->key);
		else
			json_object_set_new(made, one->key,
			                    json_string(one->text));
	}
	if (headers)
		cbi_take_templates(take, headers, what, roots);
	return made;
}

/* follow: link, or {page: NAME, from: 1, most: 5}. */
static json_t *take_follow(struct cbi_take *take, const struct cbi_yaml *map,
                           const char *what)
{
	static const struct cbi_member members[] = {
		{ "link", CBI_MEMBER_TRUTH, false },
		{ "page", CBI_MEMBER_LINE, false },
		{ "from", CBI_MEMBER_NUMBER, false },
		{ "most", CBI_MEMBER_NUMBER, false },
	};
	const struct cbi_yaml *node = cbi_yaml_get(map, "follow"), *most, *from;
	const char *page;
	int64_t n = 5;

	if (!node)
		return json_null();
	if (node->type == CBI_YAML_TEXT && strcmp(node->text, "link") == 0)
		return json_pack("{s:i}", "most", 5);
	what = cb_printf(take->ctx, "%s: follow", what);
	if (node->type != CBI_YAML_MAP) {
		cbi_take_wrong(take, node,
		               "%s: expected link, or a map of page, from and "
		               "most",
		               what);
		return json_null();
	}
	if (!CBI_TAKE_MAP(take, node, what, members))
		return json_null();
	most = cbi_yaml_get(node, "most");
	from = cbi_yaml_get(node, "from");
	page = cbi_take_text(node, "page");
	if (most && most->type == CBI_YAML_NUMBER)
		n = most->whole;
	if (n < 1 || n > PAGES_MAX)
		cbi_take_wrong(take, most, "%s: most: expected 1 to %d", what,
		               PAGES_MAX);
	if (!page)
		return json_pack("{s:I}", "most", (json_int_t)n);
	return json_pack(
	    "{s:I, s:s, s:I}", "most", (json_int_t)n, "page", page, "from",
	    (json_int_t)(from && from->type == CBI_YAML_NUMBER ? from->whole
	                                                       : 1));
}

static json_t *take_body(struct cbi_take *take, const struct cbi_yaml *map,
                         const char *what, const struct cbi_roots *roots,
                         const char *method)
{
	const struct cbi_yaml *body = cbi_yaml_get(map, "body");
	struct cbi_roots loose = *roots;

	if (!body)
		return json_null();
	if (method && strcmp(method, "GET") == 0)
		cbi_take_wrong_key(take, body, "%s: a GET has no body", what);
	/* GraphQL has braces of its own. */
	loose.strict = false;
	cbi_take_templates(take, body, what, &loose);
	return cbi_yaml_json(body);
}

json_t *cbi_take_request(struct cbi_take *take, const struct cbi_yaml *map,
                         const char *what, const struct cbi_roots *roots,
                         const char **base)
{
	const char *method = NULL, *path = NULL, *as = cbi_take_text(map, "as");
	const struct cbi_yaml *node = find_verb(take, map, what, &method);
	json_t *body, *headers, *follow;

	*base = NULL;
	if (as && strcmp(as, "json") != 0 && strcmp(as, "text") != 0)
		cbi_take_wrong(take, cbi_yaml_get(map, "as"),
		               "%s: as: expected json or text, not '%.60s'",
		               what, as);
	if (node) {
		*base = split(take, node, what, &path);
		cbi_take_template(take, node, node->text, what, roots);
	} else {
		cbi_take_wrong_key(take, map,
		                   "%s: 'get' (or post, put, patch, delete) is "
		                   "missing",
		                   what);
	}
	headers = take_headers(take, map, what, roots);
	body = take_body(take, map, what, roots, method);
	follow = take_follow(take, map, what);
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:b, s:o}", "method",
	                 method ? method : "", "base", *base ? *base : "",
	                 "path", path ? path : "", "headers", headers, "body",
	                 body, "text", as && strcmp(as, "text") == 0, "follow",
	                 follow);
}
