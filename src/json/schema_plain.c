/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_plain.c - keywords that look at a value without other schemas.
 */
#include "json/schema_priv.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "json/json.h"

#define SHOWN 60 /* bytes of a text in a message */

/* --- how values are shown --- */

struct shown {
	char text[SHOWN + 16];
};

static struct shown show(const json_t *value)
{
	struct shown out;

	if (json_is_string(value)) {
		snprintf(out.text, SHOWN, "'%s", json_string_value(value));
		cbi_str_cut(out.text);
		snprintf(out.text + strlen(out.text), 16, "%s'",
		         json_string_length(value) + 1 < SHOWN ? "" : "...");
	} else if (json_is_number(value)) {
		cbi_json_number(json_number_value(value), out.text);
	} else {
		snprintf(out.text, sizeof(out.text), "%s",
		         json_is_object(value)  ? "a map"
		         : json_is_array(value) ? "a list"
		         : json_is_null(value)  ? "empty (null)"
		         : json_is_true(value)  ? "true"
		                                : "false");
	}
	return out;
}

static const char *type_of(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "a map";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "a text";
	case JSON_INTEGER:
	case JSON_REAL:
		return "a number";
	case JSON_NULL:
		return "empty (null)";
	default:
		return "a boolean";
	}
}

/* --- any value --- */

static bool is_type(const json_t *value, const char *type)
{
	double number = json_number_value(value);

	if (strcmp(type, "object") == 0)
		return json_is_object(value);
	if (strcmp(type, "array") == 0)
		return json_is_array(value);
	if (strcmp(type, "string") == 0)
		return json_is_string(value);
	if (strcmp(type, "number") == 0)
		return json_is_number(value);
	if (strcmp(type, "integer") == 0)
		return json_is_number(value) && floor(number) == number;
	if (strcmp(type, "boolean") == 0)
		return json_is_boolean(value);
	return json_is_null(value);
}

CBI_SCHEMA_RULE(type)
{
	char all[96] = "";
	size_t i;
	json_t *one;

	(void)schema;
	if (json_is_string(rule))
		return is_type(value, json_string_value(rule))
		           ? CB_OK
		           : cbi_schema_unfit(v, "type", "%s, expected %s",
		                              type_of(value),
		                              json_string_value(rule));
	json_array_foreach((json_t *)(uintptr_t)rule, i, one)
	{
		size_t len = strlen(all);

		if (is_type(value, json_string_value(one)))
			return CB_OK;
		snprintf(all + len, sizeof(all) - len, "%s%s",
		         len ? " or " : "", json_string_value(one));
	}
	return cbi_schema_unfit(v, "type", "%s, expected %s", type_of(value),
	                        all);
}

/* What was expected is written out as JSON, as far as it is short. */
static int expected(struct cbi_schema_visit *v, const char *name,
                    const char *before, const json_t *rule, const json_t *value)
{
	char *text = v->quiet ? NULL : json_dumps(rule, JSON_ENCODE_ANY);
	bool is_list = text && strcmp(name, "enum") == 0 && strlen(text) > 1;
	int rc;

	if (is_list)
		text[strlen(text) - 1] = '\0';
	rc = cbi_schema_unfit(v, name, "%s, expected %s%.160s",
	                      show(value).text, before,
	                      !text     ? "another value"
	                      : is_list ? text + 1
	                                : text);
	free(text);
	return rc;
}

CBI_SCHEMA_RULE(one_of_values)
{
	(void)schema;
	for (size_t i = 0; i < json_array_size(rule); i++) {
		int same = cbi_schema_same(v, json_array_get(rule, i), value);

		if (same)
			return same < 0 ? same : CB_OK;
	}
	return expected(v, "enum", json_array_size(rule) > 1 ? "one of " : "",
	                rule, value);
}

CBI_SCHEMA_RULE(constant)
{
	int same = cbi_schema_same(v, rule, value);

	(void)schema;
	if (same)
		return same < 0 ? same : CB_OK;
	return expected(v, "const", "", rule, value);
}

/* --- numbers --- */

static int beyond(struct cbi_schema_visit *v, const char *name, const char *how,
                  const json_t *rule, const json_t *value)
{
	return cbi_schema_unfit(v, name, "%s, expected %s %s", show(value).text,
	                        how, show(rule).text);
}

CBI_SCHEMA_RULE(minimum)
{
	(void)schema;
	return json_is_number(value) &&
	               json_number_value(value) < json_number_value(rule)
	           ? beyond(v, "minimum", "at least", rule, value)
	           : CB_OK;
}

CBI_SCHEMA_RULE(maximum)
{
	(void)schema;
	return json_is_number(value) &&
	               json_number_value(value) > json_number_value(rule)
	           ? beyond(v, "maximum", "at most", rule, value)
	           : CB_OK;
}

CBI_SCHEMA_RULE(above)
{
	(void)schema;
	return json_is_number(value) &&
	               json_number_value(value) <= json_number_value(rule)
	           ? beyond(v, "exclusiveMinimum", "more than", rule, value)
	           : CB_OK;
}

CBI_SCHEMA_RULE(under)
{
	(void)schema;
	return json_is_number(value) &&
	               json_number_value(value) >= json_number_value(rule)
	           ? beyond(v, "exclusiveMaximum", "less than", rule, value)
	           : CB_OK;
}

CBI_SCHEMA_RULE(multiple)
{
	double quotient = json_number_value(value) / json_number_value(rule);

	(void)schema;
	if (!json_is_number(value))
		return CB_OK;
	/* 0.0075 is 75 times 0.0001, though not in binary. */
	if (isfinite(quotient) && fabs(quotient - round(quotient)) <=
	                              1e-9 + 2 * DBL_EPSILON * fabs(quotient))
		return CB_OK;
	return beyond(v, "multipleOf", "a multiple of", rule, value);
}

/* --- how much of it there is --- */

/* Limits may be written as 2.0. */
static int counted(struct cbi_schema_visit *v, const char *name, double n,
                   const char *what, const json_t *rule)
{
	double limit = json_number_value(rule);
	bool least = name[1] == 'i';

	if (least ? n >= limit : n <= limit)
		return CB_OK;
	return cbi_schema_unfit(v, name, "%.0f %s, expected at %s %s", n, what,
	                        least ? "least" : "most", show(rule).text);
}

static double characters(const json_t *text)
{
	const char *p = json_string_value(text);
	size_t n = 0;

	for (size_t i = 0; i < json_string_length(text); i++)
		n += ((unsigned char)p[i] & 0xc0) != 0x80;
	return (double)n;
}

static int of_text(struct cbi_schema_visit *v, const char *name,
                   const json_t *rule, const json_t *value)
{
	int rc;

	if (!json_is_string(value))
		return CB_OK;
	rc = cbi_schema_spend(v, json_string_length(value) / 16);
	return rc < 0 ? rc
	              : counted(v, name, characters(value), "characters", rule);
}

CBI_SCHEMA_RULE(min_length)
{
	(void)schema;
	return of_text(v, "minLength", rule, value);
}

CBI_SCHEMA_RULE(max_length)
{
	(void)schema;
	return of_text(v, "maxLength", rule, value);
}

static int of_list(struct cbi_schema_visit *v, const char *name,
                   const json_t *rule, const json_t *value)
{
	return json_is_array(value)
	           ? counted(v, name, (double)json_array_size(value), "items",
	                     rule)
	           : CB_OK;
}

CBI_SCHEMA_RULE(min_items)
{
	(void)schema;
	return of_list(v, "minItems", rule, value);
}

CBI_SCHEMA_RULE(max_items)
{
	(void)schema;
	return of_list(v, "maxItems", rule, value);
}

static int of_map(struct cbi_schema_visit *v, const char *name,
                  const json_t *rule, const json_t *value)
{
	return json_is_object(value)
	           ? counted(v, name, (double)json_object_size(value), "fields",
	                     rule)
	           : CB_OK;
}

CBI_SCHEMA_RULE(min_fields)
{
	(void)schema;
	return of_map(v, "minProperties", rule, value);
}

CBI_SCHEMA_RULE(max_fields)
{
	(void)schema;
	return of_map(v, "maxProperties", rule, value);
}

/* --- the rest --- */

CBI_SCHEMA_RULE(pattern)
{
	const char *pattern = json_string_value(rule);
	int fits;

	(void)schema;
	if (!json_is_string(value))
		return CB_OK;
	fits = cbi_schema_fits(v, pattern, json_string_value(value),
	                       json_string_length(value));
	if (fits)
		return fits < 0 ? fits : CB_OK;
	return cbi_schema_unfit(v, "pattern", "%s, expected what fits %.140s",
	                        show(value).text, pattern);
}

CBI_SCHEMA_RULE(unique)
{
	size_t twice = 0;
	int rc;

	(void)schema;
	if (!json_is_array(value) || !json_is_true(rule))
		return CB_OK;
	rc = cbi_schema_distinct(v, value, &twice);
	if (rc != CB_EINVAL)
		return rc;
	return cbi_schema_unfit(v, "uniqueItems",
	                        "%s stands there twice, expected each once",
	                        show(json_array_get(value, twice)).text);
}

CBI_SCHEMA_RULE(required)
{
	(void)schema;
	for (size_t i = 0; json_is_object(value) && i < json_array_size(rule);
	     i++) {
		const char *name = json_string_value(json_array_get(rule, i));
		int rc = cbi_schema_spend(v, 1);

		if (rc < 0)
			return rc;
		if (json_object_get(value, name))
			continue;
		rc = cbi_schema_unfit(v, "required",
		                      "missing, expected a value");
		if (!v->quiet)
			cbi_schema_place(v->at, name, v->problem);
		return rc;
	}
	return CB_OK;
}
