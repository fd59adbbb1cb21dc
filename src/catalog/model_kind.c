/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_kind.c - the nine kinds, as tables, and those of the config.
 *
 * Kinds are told apart by case; extra fields are nobody's business.
 */
#include "catalog/model_priv.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "catalog/kinds.h"

enum rule {
	TEXT,  /* not empty */
	TEXTS, /* a list of such */
	MAP,
	PRESENCE, /* required or optional */
	STEPS,    /* of a Template */
	SCHEMAS,  /* a map, or a list of maps */
	MAPS,     /* a list of maps */
	RULE_END,
};

struct field {
	const char *name; /* "profile.email" is one level down */
	enum rule rule;
	bool required;
};

#define FIELDS_END                    \
	{                             \
		NULL, RULE_END, false \
	}

static const struct field component[] = {
	{ "type", TEXT, true },
	{ "lifecycle", TEXT, true },
	{ "owner", TEXT, true },
	{ "system", TEXT, false },
	{ "subcomponentOf", TEXT, false },
	{ "providesApis", TEXTS, false },
	{ "consumesApis", TEXTS, false },
	{ "dependsOn", TEXTS, false },
	FIELDS_END,
};
static const struct field api[] = {
	{ "type", TEXT, true },    { "lifecycle", TEXT, true },
	{ "owner", TEXT, true },   { "definition", TEXT, true },
	{ "system", TEXT, false }, FIELDS_END,
};
static const struct field resource[] = {
	{ "type", TEXT, true },
	{ "owner", TEXT, true },
	{ "dependsOn", TEXTS, false },
	{ "system", TEXT, false },
	FIELDS_END,
};
static const struct field systems[] = {
	{ "owner", TEXT, true },
	{ "domain", TEXT, false },
	{ "type", TEXT, false },
	FIELDS_END,
};
static const struct field domain[] = {
	{ "owner", TEXT, true },
	{ "subdomainOf", TEXT, false },
	{ "type", TEXT, false },
	FIELDS_END,
};
static const struct field group[] = {
	{ "type", TEXT, true },
	{ "children", TEXTS, true },
	{ "profile", MAP, false },
	{ "profile.displayName", TEXT, false },
	{ "profile.email", TEXT, false },
	{ "profile.picture", TEXT, false },
	{ "parent", TEXT, false },
	{ "members", TEXTS, false },
	FIELDS_END,
};
static const struct field user[] = {
	{ "memberOf", TEXTS, true },
	{ "profile", MAP, false },
	{ "profile.displayName", TEXT, false },
	{ "profile.email", TEXT, false },
	{ "profile.picture", TEXT, false },
	FIELDS_END,
};
static const struct field location[] = {
	{ "type", TEXT, false },
	{ "target", TEXT, false },
	{ "targets", TEXTS, false },
	{ "presence", PRESENCE, false },
	FIELDS_END,
};
static const struct field template[] = {
	{ "type", TEXT, true },
	{ "steps", STEPS, true },
	{ "owner", TEXT, false },
	{ "lifecycle", TEXT, false },
	{ "parameters", SCHEMAS, false },
	{ "output", MAP, false },
	{ "output.links", MAPS, false },
	{ "output.text", MAPS, false },
	{ "secrets", MAP, false },
	{ "secrets.schema", MAP, false },
	{ "presentation", MAP, false },
	{ "presentation.buttonLabels", MAP, false },
	{ "formDecorators", MAPS, false },
	{ "EXPERIMENTAL_formDecorators", MAPS, false },
	{ "EXPERIMENTAL_recovery", MAP, false },
	FIELDS_END,
};

#define BACKSTAGE                                               \
	{                                                       \
		"backstage.io/v1alpha1", "backstage.io/v1beta1" \
	}

static const struct kind {
	const char *name;
	const char *versions[2];
	const struct field *fields;
} kinds[] = {
	{ "Component", BACKSTAGE, component },
	{ "API", BACKSTAGE, api },
	{ "Resource", BACKSTAGE, resource },
	{ "System", BACKSTAGE, systems },
	{ "Domain", BACKSTAGE, domain },
	{ "Group", BACKSTAGE, group },
	{ "User", BACKSTAGE, user },
	{ "Location", BACKSTAGE, location },
	{ "Template", { "scaffolder.backstage.io/v1beta3", NULL }, template },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static int texts(const json_t *list, const char *path,
                 struct cbi_problem *problem)
{
	if (!json_is_array(list))
		return cbi_problem_set(problem, path,
		                       "%s, expected a list of texts",
		                       cbi_model_type_name(list));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		char at[CBI_PROBLEM_PATH];

		if (json_string_length(item) > 0)
			continue;
		snprintf(at, sizeof(at), "%s.%zu", path, i);
		return cbi_problem_set(problem, at,
		                       "%s, expected a text that is not empty",
		                       cbi_model_type_name(item));
	}
	return CB_OK;
}

static int maps(const json_t *list, const char *path,
                struct cbi_problem *problem)
{
	if (!json_is_array(list))
		return cbi_problem_set(problem, path,
		                       "%s, expected a list of maps",
		                       cbi_model_type_name(list));
	for (size_t i = 0; i < json_array_size(list); i++) {
		char at[CBI_PROBLEM_PATH];

		if (json_is_object(json_array_get(list, i)))
			continue;
		snprintf(at, sizeof(at), "%s.%zu", path, i);
		return cbi_problem_set(
		    problem, at, "%s, expected a map",
		    cbi_model_type_name(json_array_get(list, i)));
	}
	return CB_OK;
}

static int step(const json_t *value, const char *path,
                struct cbi_problem *problem)
{
	const json_t *action = json_object_get(value, "action");
	const json_t *input = json_object_get(value, "input");
	const json_t *cond = json_object_get(value, "if");
	char at[CBI_PROBLEM_PATH];

	if (!json_is_string(action)) {
		snprintf(at, sizeof(at), "%s.action", path);
		return cbi_problem_set(problem, at,
		                       "%s, expected an action's name",
		                       cbi_model_type_name(action));
	}
	if (input && !json_is_object(input)) {
		snprintf(at, sizeof(at), "%s.input", path);
		return cbi_problem_set(problem, at, "%s, expected a map",
		                       cbi_model_type_name(input));
	}
	if (cond && !json_is_string(cond) && !json_is_boolean(cond)) {
		snprintf(at, sizeof(at), "%s.if", path);
		return cbi_problem_set(problem, at,
		                       "%s, expected a text or a boolean",
		                       cbi_model_type_name(cond));
	}
	return CB_OK;
}

static int steps(const json_t *list, const char *path,
                 struct cbi_problem *problem)
{
	int rc = maps(list, path, problem);

	for (size_t i = 0; rc == CB_OK && i < json_array_size(list); i++) {
		char at[64];

		snprintf(at, sizeof(at), "%.40s.%zu", path, i);
		rc = step(json_array_get(list, i), at, problem);
	}
	return rc;
}

static int apply(const json_t *value, enum rule rule, const char *path,
                 struct cbi_problem *problem)
{
	const char *text = json_string_value(value);

	switch (rule) {
	case TEXT:
		if (text && *text)
			return CB_OK;
		return cbi_problem_set(problem, path,
		                       "%s, expected a text that is not empty",
		                       cbi_model_type_name(value));
	case TEXTS:
		return texts(value, path, problem);
	case SCHEMAS:
		if (json_is_object(value))
			return CB_OK;
		return maps(value, path, problem);
	case MAPS:
		return maps(value, path, problem);
	case STEPS:
		return steps(value, path, problem);
	case PRESENCE:
		if (text && (strcmp(text, "required") == 0 ||
		             strcmp(text, "optional") == 0))
			return CB_OK;
		return cbi_problem_set(problem, path,
		                       "expected 'required' or 'optional'");
	default:
		if (json_is_object(value))
			return CB_OK;
		return cbi_problem_set(problem, path, "%s, expected a map",
		                       cbi_model_type_name(value));
	}
}

static int check_field(const json_t *spec, const struct field *field,
                       struct cbi_problem *problem)
{
	const char *dot = strchr(field->name, '.');
	const json_t *value;
	char path[64];

	if (dot) {
		value = json_object_getn(spec, field->name,
		                         (size_t)(dot - field->name));
		value = json_object_get(value, dot + 1);
	} else {
		value = json_object_get(spec, field->name);
	}
	if (!value && !field->required)
		return CB_OK;
	snprintf(path, sizeof(path), "spec.%s", field->name);
	return apply(value, field->rule, path, problem);
}

/* Nobody claims it: say which of the two is off, and what was meant. */
static int unknown(const struct cbi_kinds *more, const char *version,
                   const char *name, struct cbi_problem *problem)
{
	const char *names[KINDS], *meant = NULL;
	const char *expected = cbi_kinds_version(more, name);
	struct cb_buf others;
	int rc;

	for (size_t i = 0; i < KINDS; i++) {
		names[i] = kinds[i].name;
		if (strcmp(kinds[i].name, name) == 0)
			expected = kinds[i].versions[0];
		if (cbi_str_casecmp(kinds[i].name, name) == 0)
			meant = kinds[i].name;
	}
	if (expected)
		return cbi_problem_set(
		    problem, "apiVersion",
		    "'%.80s' is not known for kind %s, expected %s", version,
		    name, expected);
	if (!meant)
		meant = cbi_str_nearest(name, names, KINDS);
	cbi_buf_init(&others, CB_KIB);
	cbi_kinds_names(more, &others);
	rc = cbi_problem_set(problem, "kind",
	                     "unknown kind '%.80s'%s%s%s, expected one of "
	                     "Component, API, Resource, System, Domain, "
	                     "Group, User, Location, Template%s",
	                     name, meant ? " (did you mean " : "",
	                     meant ? meant : "", meant ? "?)" : "",
	                     cbi_buf_string(&others));
	cbi_buf_finish(&others);
	return rc;
}

static const struct kind *find(const char *version, const char *name)
{
	for (size_t i = 0; i < KINDS; i++) {
		const char *second = kinds[i].versions[1];

		if (strcmp(kinds[i].name, name) == 0 &&
		    (strcmp(kinds[i].versions[0], version) == 0 ||
		     (second && strcmp(second, version) == 0)))
			return &kinds[i];
	}
	return NULL;
}

bool cbi_model_is_own(const char *version, const char *kind)
{
	return find(version, kind) != NULL;
}

int cbi_model_kind(struct cb_ctx *ctx, const struct cbi_kinds *more,
                   const json_t *entity, struct cbi_problem *problem)
{
	const char *version =
	    json_string_value(json_object_get(entity, "apiVersion"));
	const char *name = json_string_value(json_object_get(entity, "kind"));
	const json_t *spec = json_object_get(entity, "spec");
	const struct kind *kind = find(version, name);
	bool mine;
	int rc = CB_OK;

	if (kind && !spec)
		return cbi_problem_set(problem, "spec",
		                       "missing, expected a map");
	for (const struct field *f = kind ? kind->fields : NULL;
	     rc == CB_OK && f && f->name; f++)
		rc = check_field(spec, f, problem);
	if (rc == CB_OK)
		rc = cbi_kinds_check(ctx, more, entity, &mine, problem);
	if (rc < 0 || kind || mine)
		return rc;
	return unknown(more, version, name, problem);
}
