/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules.c - see rules.h.
 */
#include "catalog/rules.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define BRACES_MAX 6 /* in one pattern */
#define PATTERN_MAX 1024

struct rule {
	const json_t *allow;     /* list of kinds; NULL: the default three */
	const json_t *locations; /* list of {type, exact | pattern} */
	/* Set for the rules of one location of the config. */
	const char *type, *target;
};

struct cbi_rules {
	struct rule *rules;
	size_t n;
};

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int bad(struct cb_ctx *ctx, const char *path, size_t i, const char *what)
{
	return cb_fail(ctx, CB_EINVAL, "%s.%zu%s", path, i, what);
}

static bool kinds_are_good(const json_t *allow)
{
	if (!json_is_array(allow) || json_array_size(allow) == 0)
		return false;
	for (size_t i = 0; i < json_array_size(allow); i++) {
		const json_t *item = json_array_get(allow, i);

		if (!json_is_string(item) && !text_of(item, "kind"))
			return false;
	}
	return true;
}

static int read_rule(struct cb_ctx *ctx, const json_t *json, const char *path,
                     size_t i, struct rule *rule)
{
	rule->allow = json_object_get(json, "allow");
	rule->locations = json_object_get(json, "locations");
	if (!kinds_are_good(rule->allow))
		return bad(ctx, path, i,
		           ".allow: expected a list of kinds, each a name or "
		           "{kind, spec.type}");
	if (rule->locations && !json_is_array(rule->locations))
		return bad(ctx, path, i, ".locations: expected a list");
	for (size_t k = 0; k < json_array_size(rule->locations); k++) {
		const json_t *l = json_array_get(rule->locations, k);

		if (!text_of(l, "type"))
			return bad(ctx, path, i,
			           ".locations: each needs a type");
		if (json_object_get(l, "exact") &&
		    json_object_get(l, "pattern"))
			return bad(ctx, path, i,
			           ".locations: exact and pattern exclude "
			           "each other");
	}
	return CB_OK;
}

static size_t count_of(const json_t *rules, const json_t *locations)
{
	size_t n = rules ? json_array_size(rules) : 1;

	for (size_t i = 0; i < json_array_size(locations); i++)
		n += json_array_size(
		    json_object_get(json_array_get(locations, i), "rules"));
	return n;
}

static int read_own(struct cb_ctx *ctx, const json_t *location,
                    const char *target, size_t at, struct cbi_rules *out)
{
	const json_t *list = json_object_get(location, "rules");
	int rc = CB_OK;

	for (size_t i = 0; rc == CB_OK && i < json_array_size(list); i++) {
		struct rule *rule = &out->rules[out->n++];

		rule->type = text_of(location, "type");
		rule->target = target;
		if (!rule->type || !rule->target)
			return bad(ctx, "catalog.locations", at,
			           ": expected type and target");
		rc = read_rule(ctx, json_array_get(list, i),
		               "catalog.locations.rules", i, rule);
	}
	return rc;
}

int cbi_rules_read(struct cb_ctx *ctx, const json_t *rules,
                   const json_t *locations, const char *const *targets,
                   const struct cbi_rules **out)
{
	struct cbi_rules *mine = cb_alloc(ctx, sizeof(*mine));
	int rc = CB_OK;

	if (!mine)
		return CB_ENOMEM;
	mine->rules = cb_alloc(ctx, (count_of(rules, locations) + 1) *
	                                sizeof(*mine->rules));
	if (!mine->rules)
		return CB_ENOMEM;
	if (rules && !json_is_array(rules))
		return cb_fail(ctx, CB_EINVAL,
		               "catalog.rules: expected a list");
	if (!rules)
		mine->n++; /* zeroed: the default */
	for (size_t i = 0; rc == CB_OK && i < json_array_size(rules); i++)
		rc = read_rule(ctx, json_array_get(rules, i), "catalog.rules",
		               i, &mine->rules[mine->n++]);
	for (size_t i = 0; rc == CB_OK && i < json_array_size(locations); i++)
		rc = read_own(ctx, json_array_get(locations, i), targets[i], i,
		              mine);
	if (rc == CB_OK)
		*out = mine;
	return rc;
}

/* --- patterns --- */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* After a class that holds c; NULL when it does not, or is not closed. */
static const char *class_end(const char *p, char c)
{
	bool not = *p == '!' || *p == '^', in = false;

	p += not ;
	for (bool first = true; *p && (first || *p != ']'); first = false) {
		char from = lower(*p++), to = from;

		if (*p == '-' && p[1] && p[1] != ']') {
			to = lower(p[1]);
			p += 2;
		}
		in = in || (c >= from && c <= to);
	}
	return *p == ']' && in != not ? p + 1 : NULL;
}

/* One segment's '*' or any number of them for '**'. */
static bool fits(const char *p, const char *text)
{
	for (; *p; p++, text++) {
		if (*p == '*') {
			bool deep = p[1] == '*';

			p += deep ? 2 : 1;
			if (deep && *p == '/' && fits(p + 1, text))
				return true;
			for (;; text++) {
				if (fits(p, text))
					return true;
				if (!*text || (!deep && *text == '/'))
					return false;
			}
		}
		if (!*text || (*text == '/' && *p != '/'))
			return false;
		if (*p == '[') {
			const char *end = class_end(p + 1, lower(*text));

			if (!end)
				return false;
			p = end - 1;
		} else if (*p != '?' && lower(*p) != lower(*text)) {
			return false;
		}
	}
	return !*text;
}

/* Where the alternative at p ends: a ',' or '}' of its own depth. */
static const char *alternative_end(const char *p)
{
	int depth = 0;

	for (; *p; p++) {
		if (*p == '{')
			depth++;
		else if (*p == '}' && depth-- == 0)
			return p;
		else if (*p == ',' && depth == 0)
			return p;
	}
	return NULL;
}

/* Writes out the first braces, one alternative after another. */
static bool expand(const char *pattern, const char *text, int depth)
{
	const char *open = strchr(pattern, '{'), *p, *end, *close;
	char one[PATTERN_MAX];

	for (close = open; close && *close != '}';)
		close = alternative_end(close + 1);
	if (!open || !close)
		return fits(pattern, text);
	if (depth == BRACES_MAX)
		return false;
	for (p = open + 1; p <= close; p = end + 1) {
		int n;

		end = alternative_end(p);
		n = snprintf(one, sizeof(one), "%.*s%.*s%s",
		             (int)(open - pattern), pattern, (int)(end - p), p,
		             close + 1);
		if (n > 0 && (size_t)n < sizeof(one) &&
		    expand(one, text, depth + 1))
			return true;
	}
	return false;
}

bool cbi_rules_fits(const char *pattern, const char *text)
{
	return expand(pattern, text, 0);
}

/* --- judging --- */

static bool kind_fits(const struct rule *rule, const json_t *entity)
{
	static const char *const defaults[] = { "Component", "API",
		                                "Location" };
	const char *kind = text_of(entity, "kind");
	const char *type = text_of(json_object_get(entity, "spec"), "type");

	for (size_t i = 0; !rule->allow && i < 3; i++)
		if (cbi_str_casecmp(defaults[i], kind) == 0)
			return true;
	for (size_t i = 0; i < json_array_size(rule->allow); i++) {
		const json_t *item = json_array_get(rule->allow, i);
		const char *name = json_string_value(item);
		const char *want = text_of(item, "spec.type");

		if (!name)
			name = text_of(item, "kind");
		if (cbi_str_casecmp(name, kind) == 0 &&
		    (!want || (type && cbi_str_casecmp(want, type) == 0)))
			return true;
	}
	return false;
}

static bool place_fits(const struct rule *rule, const char *type,
                       const char *target)
{
	if (rule->type && (strcmp(rule->type, type) != 0 ||
	                   strcmp(rule->target, target) != 0))
		return false;
	if (!rule->locations)
		return true;
	for (size_t i = 0; i < json_array_size(rule->locations); i++) {
		const json_t *l = json_array_get(rule->locations, i);
		const char *exact = text_of(l, "exact");
		const char *pattern = text_of(l, "pattern");

		if (strcmp(text_of(l, "type"), type) == 0 &&
		    (!exact || strcmp(exact, target) == 0) &&
		    (!pattern || cbi_rules_fits(pattern, target)))
			return true;
	}
	return false;
}

bool cbi_rules_allow(const struct cbi_rules *rules, const json_t *entity,
                     const char *origin)
{
	const char *colon = strchr(origin, ':');
	char type[32];

	if (!rules)
		return true;
	if (!colon || (size_t)(colon - origin) >= sizeof(type))
		return false;
	memcpy(type, origin, (size_t)(colon - origin));
	type[colon - origin] = '\0';
	for (size_t i = 0; i < rules->n; i++)
		if (kind_fits(&rules->rules[i], entity) &&
		    place_fits(&rules->rules[i], type, colon + 1))
			return true;
	return false;
}
