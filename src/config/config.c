/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.c - finding, loading and asking: see config.h.
 */
#include "config/config_priv.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/str.h"
#include "yaml/yaml.h"

#define FILES_MAX 64
#define ARENA_MAX (64 * CB_MIB)

static void complain_at(struct cb_buf *report,
                        const struct cbi_config_file *file, int line,
                        int column, const char *label, const char *fmt,
                        va_list args) CB_PRINTF(6, 0);

static void complain_at(struct cb_buf *report,
                        const struct cbi_config_file *file, int line,
                        int column, const char *label, const char *fmt,
                        va_list args)
{
	char message[CB_FAILURE_MAX], *veiled;

	vsnprintf(message, sizeof(message), fmt, args);
	if (!file) {
		cb_buf_printf(report, "%s%s\n", label, message);
		return;
	}
	cb_buf_printf(report, "%s:%d:%d: %s%s\n", file->name, line, column,
	              label, message);
	/* Lines around an error may hold a secret. */
	veiled = cbi_config_veiled(file->text, file->len);
	if (veiled)
		cbi_yaml_excerpt(report, veiled, file->len, line, column);
	free(veiled);
}

/* The place of path, or of the nearest thing that holds it. */
const struct cbi_config_place *cbi_config_place(const struct cbi_config *config,
                                                const char *path)
{
	char part[1024];
	const struct cbi_config_place *place = NULL;
	char *dot;

	cbi_str_copy(part, sizeof(part), path);
	for (;;) {
		HASH_FIND_STR(config->places, part, place);
		if (place)
			return place;
		dot = strrchr(part, '.');
		if (!dot)
			return NULL;
		*dot = '\0';
	}
}

static void complain(struct cbi_config *config, struct cb_buf *report,
                     const char *path, const char *label, const char *fmt,
                     va_list args) CB_PRINTF(5, 0);

static void complain(struct cbi_config *config, struct cb_buf *report,
                     const char *path, const char *label, const char *fmt,
                     va_list args)
{
	const struct cbi_config_place *place = cbi_config_place(config, path);

	if (place)
		complain_at(report, place->file, place->line, place->column,
		            label, fmt, args);
	else
		complain_at(report, NULL, 0, 0, label, fmt, args);
}

void cbi_config_error(struct cbi_config *config, const char *path,
                      const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(config, config->report, path, "", fmt, args);
	va_end(args);
	config->errors++;
}

void cbi_config_warn(struct cbi_config *config, const char *path,
                     const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(config, config->report, path, "warning: ", fmt, args);
	va_end(args);
}

void cbi_config_error_at(struct cbi_config *config,
                         const struct cbi_config_file *file, int line,
                         int column, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain_at(config->report, file, line, column, "", fmt, args);
	va_end(args);
	config->errors++;
}

struct cbi_config_pos cbi_config_where(const struct cbi_config *config,
                                       const char *path)
{
	const struct cbi_config_place *place = cbi_config_place(config, path);
	struct cbi_config_pos pos = { "", 0, 0 };

	if (place) {
		pos.file = place->file->name;
		pos.line = place->line;
		pos.column = place->column;
	}
	return pos;
}

static const char *first_file(struct cb_ctx *ctx)
{
	const char *file = getenv("CALLBOARD_CONFIG");
	const char *home = getenv("CALLBOARD_HOME");

	if (file && *file)
		return file;
	if (home && *home)
		return cb_printf(ctx, "%s/callboard.yaml", home);
	return CALLBOARD_SYSCONFDIR "/callboard.yaml";
}

/* conf.d/ *.yaml beside the file, in the order of their names. */
static size_t find_more(struct cb_ctx *ctx, const char *file, const char **list,
                        size_t n)
{
	const char *slash = strrchr(file, '/');
	char *pattern;
	glob_t found;

	pattern = cb_printf(ctx, "%.*sconf.d/*.yaml",
	                    slash ? (int)(slash - file) + 1 : 0, file);
	if (!pattern || glob(pattern, 0, NULL, &found) != 0)
		return n;
	for (size_t i = 0; i < found.gl_pathc && n < FILES_MAX; i++) {
		list[n] = cb_strdup(ctx, found.gl_pathv[i]);
		if (list[n])
			n++;
	}
	globfree(&found);
	return n;
}

int cbi_config_find(struct cb_ctx *ctx, const char *const *given, size_t n,
                    const char *const **files)
{
	const char **list = cb_alloc(ctx, (FILES_MAX + 1) * sizeof(*list));
	size_t count = 0;

	if (!list)
		return CB_ENOMEM;
	if (n > FILES_MAX)
		return cb_fail(ctx, CB_EINVAL, "more than %d config files",
		               FILES_MAX);
	for (size_t i = 0; i < n; i++)
		list[count++] = given[i];
	if (n == 0) {
		list[0] = first_file(ctx);
		if (!list[0])
			return CB_ENOMEM;
		count = find_more(ctx, list[0], list, 1);
	}
	*files = list;
	return CB_OK;
}

int cbi_config_load(struct cb_ctx *ctx, const char *const *files,
                    struct cb_buf *report, struct cbi_config **out)
{
	struct cbi_config *config = calloc(1, sizeof(*config));

	if (!config)
		return cb_fail(ctx, CB_ENOMEM, "no memory for the config");
	cbi_lane_init(&config->lane, ARENA_MAX);
	cbi_ctx_init(&config->ctx, &config->lane);
	config->root = json_object();
	config->report = report;
	for (; *files; files++)
		cbi_config_merge_file(config, *files);
	if (config->errors == 0) {
		cbi_config_fill_settings(config);
		cbi_config_check_kinds(config);
		cbi_config_check_known(config);
	}
	config->report = NULL;
	if (config->errors || cb_failure_code(&config->ctx)) {
		int n = config->errors;

		cbi_config_destroy(config);
		return cb_fail(ctx, CB_EINVAL, "%d errors in the config", n);
	}
	*out = config;
	return CB_OK;
}

void cbi_config_destroy(struct cbi_config *config)
{
	if (!config)
		return;
	json_decref(config->root);
	json_decref(config->routed);
	HASH_CLEAR(hh, config->places);
	cbi_ctx_finish(&config->ctx);
	cbi_lane_finish(&config->lane);
	free(config);
}

const json_t *cbi_config_root(const struct cbi_config *config)
{
	return config->root;
}

json_t *cbi_config_get(const struct cbi_config *config, const char *path)
{
	json_t *value = config->root;

	while (value && *path) {
		size_t len = strcspn(path, ".");
		char name[256];
		int64_t index;

		if (len >= sizeof(name))
			return NULL;
		memcpy(name, path, len);
		name[len] = '\0';
		path += len + (path[len] == '.');
		if (json_is_array(value))
			value = cbi_str_int(name, 0, INT32_MAX, &index) == 0
			            ? json_array_get(value, (size_t)index)
			            : NULL;
		else
			value = json_object_get(value, name);
	}
	return value;
}

const char *cbi_config_text(const struct cbi_config *config, const char *path,
                            const char *fallback)
{
	const char *text = json_string_value(cbi_config_get(config, path));

	return text ? text : fallback;
}

int64_t cbi_config_int(const struct cbi_config *config, const char *path,
                       int64_t fallback)
{
	const json_t *value = cbi_config_get(config, path);
	int64_t number;

	if (json_is_integer(value))
		return json_integer_value(value);
	if (json_is_string(value) &&
	    cbi_str_int(json_string_value(value), INT64_MIN, INT64_MAX,
	                &number) == 0)
		return number;
	return fallback;
}

bool cbi_config_bool(const struct cbi_config *config, const char *path,
                     bool fallback)
{
	const json_t *value = cbi_config_get(config, path);

	if (json_is_boolean(value))
		return json_is_true(value);
	if (json_is_string(value)) {
		if (strcmp(json_string_value(value), "true") == 0)
			return true;
		if (strcmp(json_string_value(value), "false") == 0)
			return false;
	}
	return fallback;
}

/* Backstage's {hours: 1, minutes: 30}; -1 when it is not one. */
static int64_t ms_of_map(const json_t *map)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = {
		{ "milliseconds", 1 }, { "seconds", 1000 },
		{ "minutes", 60000 },  { "hours", 3600000 },
		{ "days", 86400000 },  { "weeks", 604800000 },
	};
	int64_t sum = 0;
	size_t known = 0;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		const json_t *n = json_object_get(map, units[i].name);

		if (!n)
			continue;
		if (!json_is_integer(n) || json_integer_value(n) < 0)
			return -1;
		sum += json_integer_value(n) * units[i].ms;
		known++;
	}
	return known == json_object_size(map) ? sum : -1;
}

int64_t cbi_config_ms(const struct cbi_config *config, const char *path,
                      int64_t fallback)
{
	int64_t ms = cbi_config_duration(cbi_config_get(config, path));

	return ms >= 0 ? ms : fallback;
}

int64_t cbi_config_duration(const json_t *value)
{
	int64_t ms = -1;

	if (json_is_integer(value) && json_integer_value(value) >= 0)
		return json_integer_value(value) * 1000;
	if (json_is_object(value))
		ms = ms_of_map(value);
	else if (json_is_string(value) &&
	         cbi_str_duration(json_string_value(value), &ms) < 0)
		ms = -1;
	return ms >= 0 ? ms : -1;
}

const struct cbi_settings *cbi_config_settings(const struct cbi_config *c)
{
	return &c->settings;
}

bool cbi_config_secret(const char *key)
{
	static const char *const words[] = { "password",  "token", "secret",
		                             "key",       "value", "private",
		                             "connection" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		for (const char *p = key; *p; p++)
			if (strncasecmp(p, words[i], strlen(words[i])) == 0)
				return true;
	return false;
}
