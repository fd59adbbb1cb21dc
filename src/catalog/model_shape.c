/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_shape.c - envelope and metadata: types first, then the formats of
 * single fields.
 */
#include "catalog/model_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/format.h"
#include "base/limits.h"
#include "base/str.h"

#define SHOWN 80

int cbi_problem_set(struct cbi_problem *problem, const char *path,
                    const char *fmt, ...)
{
	va_list args;
	int n;

	problem->name = "InputError";
	snprintf(problem->path, sizeof(problem->path), "%s", path);
	n = snprintf(problem->text, sizeof(problem->text), "%s%s",
	             problem->path, *path ? ": " : "");
	va_start(args, fmt);
	vsnprintf(problem->text + n, sizeof(problem->text) - (size_t)n, fmt,
	          args);
	va_end(args);
	/* Values are quoted in part: what is no UTF-8 could not be told. */
	cbi_str_mend(problem->text);
	return CB_EINVAL;
}

const char *cbi_model_type_name(const json_t *value)
{
	if (!value)
		return "missing";
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "a map";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return json_string_length(value) ? "a text" : "an empty text";
	case JSON_INTEGER:
	case JSON_REAL:
		return "a number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a boolean";
	case JSON_NULL:
		return "empty (null)";
	}
	return "odd";
}

/* --- types --- */

enum shape { TEXT, ANY_TEXT, MAP, LIST };

struct field {
	const char *path; /* below metadata, for metadata's own */
	enum shape shape;
	bool required;
};

static int check_shape(const json_t *value, const char *prefix,
                       const struct field *field, struct cbi_problem *problem)
{
	static const char *const expected[] = { "a text that is not empty",
		                                "a text", "a map", "a list" };
	char path[64];
	bool good = false;

	if (!value && !field->required)
		return CB_OK;
	switch (field->shape) {
	case TEXT:
		good = json_string_length(value) > 0;
		break;
	case ANY_TEXT:
		good = json_is_string(value);
		break;
	case MAP:
		good = json_is_object(value);
		break;
	case LIST:
		good = json_is_array(value);
		break;
	}
	if (good)
		return CB_OK;
	snprintf(path, sizeof(path), "%s%s", prefix, field->path);
	return cbi_problem_set(problem, path, "%s, expected %s",
	                       cbi_model_type_name(value),
	                       expected[field->shape]);
}

static int check_texts(const json_t *map, const char *path,
                       struct cbi_problem *problem)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)map, key, value)
	{
		char at[CBI_PROBLEM_PATH];

		if (json_is_string(value))
			continue;
		snprintf(at, sizeof(at), "%s.%s", path, key);
		return cbi_problem_set(problem, at,
		                       "%s, expected a text (quote it)",
		                       cbi_model_type_name(value));
	}
	return CB_OK;
}

static int check_link(const json_t *link, size_t i, struct cbi_problem *problem)
{
	static const struct field fields[] = {
		{ "url", TEXT, true },
		{ "title", TEXT, false },
		{ "icon", TEXT, false },
		{ "type", TEXT, false },
	};
	char at[64];
	int rc = CB_OK;

	snprintf(at, sizeof(at), "metadata.links.%zu", i);
	if (!json_is_object(link))
		return cbi_problem_set(problem, at, "%s, expected a map",
		                       cbi_model_type_name(link));
	snprintf(at, sizeof(at), "metadata.links.%zu.", i);
	for (size_t k = 0; rc == CB_OK && k < 4; k++)
		rc = check_shape(json_object_get(link, fields[k].path), at,
		                 &fields[k], problem);
	return rc;
}

static int check_metadata(const json_t *metadata, struct cbi_problem *problem)
{
	static const struct field fields[] = {
		{ "name", TEXT, true },   { "uid", TEXT, false },
		{ "etag", TEXT, false },  { "namespace", TEXT, false },
		{ "title", TEXT, false }, { "description", ANY_TEXT, false },
		{ "labels", MAP, false }, { "annotations", MAP, false },
		{ "tags", LIST, false },  { "links", LIST, false },
	};
	const json_t *list;
	int rc = CB_OK;

	for (size_t i = 0; rc == CB_OK && i < sizeof(fields) / sizeof(*fields);
	     i++)
		rc = check_shape(json_object_get(metadata, fields[i].path),
		                 "metadata.", &fields[i], problem);
	if (rc == CB_OK)
		rc = check_texts(json_object_get(metadata, "labels"),
		                 "metadata.labels", problem);
	if (rc == CB_OK)
		rc = check_texts(json_object_get(metadata, "annotations"),
		                 "metadata.annotations", problem);
	list = json_object_get(metadata, "tags");
	for (size_t i = 0; rc == CB_OK && i < json_array_size(list); i++) {
		char index[32];

		snprintf(index, sizeof(index), "%zu", i);
		rc = check_shape(json_array_get(list, i), "metadata.tags.",
		                 &(struct field){ index, TEXT, true }, problem);
	}
	list = json_object_get(metadata, "links");
	for (size_t i = 0; rc == CB_OK && i < json_array_size(list); i++)
		rc = check_link(json_array_get(list, i), i, problem);
	return rc;
}

int cbi_model_shape(const json_t *entity, struct cbi_problem *problem)
{
	static const struct field fields[] = {
		{ "apiVersion", TEXT, true },
		{ "kind", TEXT, true },
		{ "metadata", MAP, true },
		{ "spec", MAP, false },
	};
	int rc = CB_OK;

	if (!json_is_object(entity))
		return cbi_problem_set(problem, "",
		                       "the document is %s, "
		                       "expected a map",
		                       cbi_model_type_name(entity));
	for (size_t i = 0; rc == CB_OK && i < sizeof(fields) / sizeof(*fields);
	     i++)
		rc = check_shape(json_object_get(entity, fields[i].path), "",
		                 &fields[i], problem);
	if (rc == CB_OK)
		rc = check_metadata(json_object_get(entity, "metadata"),
		                    problem);
	return rc;
}

/* --- formats --- */

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n\v\f")] == '\0';
}

#define NAME_RULE                                                              \
	"expected 1 to 63 letters, digits, '-', '_' or '.', with a letter or " \
	"digit at both ends"
#define KEY_RULE                                                              \
	"expected a name, or a lower-case domain, '/' and a name, each name " \
	"of at most 63 letters, digits, '-', '_' or '.'"

static int check_keys(const json_t *map, const char *path,
                      struct cbi_problem *problem)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)map, key, value)
	{
		if (!cbi_format_key(key))
			return cbi_problem_set(problem, path,
			                       "bad key '%.*s', " KEY_RULE,
			                       SHOWN, key);
	}
	return CB_OK;
}

static int check_labels(const json_t *labels, struct cbi_problem *problem)
{
	const char *key;
	json_t *value;
	int rc = check_keys(labels, "metadata.labels", problem);

	if (rc < 0)
		return rc;
	json_object_foreach((json_t *)(uintptr_t)labels, key, value)
	{
		const char *text = json_string_value(value);
		char at[CBI_PROBLEM_PATH];

		if (!*text || cbi_format_name(text, strlen(text)))
			continue;
		snprintf(at, sizeof(at), "metadata.labels.%s", key);
		return cbi_problem_set(
		    problem, at, "bad value '%.*s', " NAME_RULE ", or nothing",
		    SHOWN, text);
	}
	return CB_OK;
}

static int check_tags(const json_t *tags, struct cbi_problem *problem)
{
	for (size_t i = 0; i < json_array_size(tags); i++) {
		const char *tag = json_string_value(json_array_get(tags, i));
		char at[64];

		if (cbi_format_tag(tag))
			continue;
		snprintf(at, sizeof(at), "metadata.tags.%zu", i);
		return cbi_problem_set(
		    problem, at,
		    "bad tag '%.*s', expected 1 to 63 lower-case letters, "
		    "digits, ':', '+' or '#', with single '-' between",
		    SHOWN, tag);
	}
	return CB_OK;
}

static int check_links(const json_t *links, struct cbi_problem *problem)
{
	static const char *const shown[] = { "title", "icon" };

	for (size_t i = 0; i < json_array_size(links); i++) {
		const json_t *link = json_array_get(links, i);
		const char *url =
		    json_string_value(json_object_get(link, "url"));
		char at[64];

		snprintf(at, sizeof(at), "metadata.links.%zu.url", i);
		if (!cbi_model_is_url(url))
			return cbi_problem_set(problem, at,
			                       "'%.*s', expected an absolute "
			                       "URL",
			                       SHOWN, url);
		for (size_t k = 0; k < 2; k++) {
			const char *text =
			    json_string_value(json_object_get(link, shown[k]));

			if (!text || !is_blank(text))
				continue;
			snprintf(at, sizeof(at), "metadata.links.%zu.%s", i,
			         shown[k]);
			return cbi_problem_set(problem, at,
			                       "blank, expected a text");
		}
	}
	return CB_OK;
}

static int check_names(const json_t *entity, const json_t *metadata,
                       struct cbi_problem *problem)
{
	const char *text;

	text = json_string_value(json_object_get(entity, "apiVersion"));
	if (!cbi_format_api_version(text))
		return cbi_problem_set(problem, "apiVersion",
		                       "'%.*s', expected a version, or a "
		                       "lower-case domain, '/' and a version",
		                       SHOWN, text);
	text = json_string_value(json_object_get(entity, "kind"));
	if (!cbi_format_kind(text))
		return cbi_problem_set(problem, "kind",
		                       "'%.*s', expected 1 to 63 letters and "
		                       "digits, a letter first",
		                       SHOWN, text);
	text = json_string_value(json_object_get(metadata, "name"));
	if (!cbi_format_name(text, strlen(text)))
		return cbi_problem_set(problem, "metadata.name",
		                       "'%.*s', " NAME_RULE, SHOWN, text);
	text = json_string_value(json_object_get(metadata, "namespace"));
	if (!cbi_format_label(text, strlen(text)))
		return cbi_problem_set(problem, "metadata.namespace",
		                       "'%.*s', expected 1 to 63 lower-case "
		                       "letters and digits, with '-' between",
		                       SHOWN, text);
	return CB_OK;
}

int cbi_model_formats(const json_t *entity, struct cbi_problem *problem)
{
	const json_t *metadata = json_object_get(entity, "metadata");
	int rc = check_names(entity, metadata, problem);

	if (rc == CB_OK)
		rc = check_labels(json_object_get(metadata, "labels"), problem);
	if (rc == CB_OK)
		rc = check_keys(json_object_get(metadata, "annotations"),
		                "metadata.annotations", problem);
	if (rc == CB_OK)
		rc = check_tags(json_object_get(metadata, "tags"), problem);
	if (rc == CB_OK)
		rc = check_links(json_object_get(metadata, "links"), problem);
	return rc;
}
