/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.c - the keys that the house itself reads: one table of path, type,
 * limits and default, and the few that need more than a row.
 */
#include "config/config_priv.h"

#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"

enum type {
	TEXT,
	INT,   /* int */
	BYTES, /* int64_t: plain, or with k, M, G */
	MS,    /* int64_t milliseconds */
	MS_INT,
	BOOL,
};

struct setting {
	const char *path;
	enum type type;
	size_t offset;
	const char *text; /* TEXT: the default */
	int64_t number;   /* the others' default */
	int64_t min, max;
};

/* Backstage's: an hour, at least ten minutes, at most a day. */
#define TOKEN_MS 3600000
#define TOKEN_MIN_MS 600000
#define TOKEN_MAX_MS 86400000

#define AT(field) offsetof(struct cbi_settings, field)

static const struct setting settings[] = {
	{ "app.title", TEXT, AT(app_title), "Callboard", 0, 0, 0 },
	{ "app.language", TEXT, AT(language), "en", 0, 0, 0 },
	{ "organization.name", TEXT, AT(organization), "", 0, 0, 0 },
	{ "backend.baseUrl", TEXT, AT(base_url), "http://localhost:8080", 0, 0,
	  0 },
	{ "backend.runDir", TEXT, AT(run_dir), CALLBOARD_RUNDIR, 0, 0, 0 },
	{ "backend.stateDir", TEXT, AT(state_dir), CALLBOARD_STATEDIR, 0, 0,
	  0 },
	{ "backend.socketGroup", TEXT, AT(socket_group), "", 0, 0, 0 },
	{ "backend.assetDir", TEXT, AT(asset_dir), CALLBOARD_DATADIR "/assets",
	  0, 0, 0 },
	{ "backend.log.level", TEXT, AT(log_level), "info", 0, 0, 0 },
	{ "backend.database.connections", INT, AT(db_connections), NULL, 4, 1,
	  64 },
	{ "backend.database.prepare", BOOL, AT(db_prepare), NULL, 1, 0, 0 },
	{ "backend.database.statementTimeout", MS_INT, AT(db_statement_ms),
	  NULL, 1000, 100, 60000 },
	{ "backend.cache.timeout", MS_INT, AT(redis_ms), NULL,
	  CB_REDIS_TIMEOUT_MS, 1, CB_REDIS_TIMEOUT_MAX_MS },
	{ "backend.web.threads", INT, AT(web_threads), NULL, 8, 1,
	  CB_BOARD_THREADS },
	{ "backend.web.cache", BYTES, AT(web_cache), NULL, CB_CACHE_BYTES,
	  64 * CB_KIB, INT64_C(1) << 40 },
	{ "backend.fetch.threads", INT, AT(fetch_threads), NULL, 16, 1,
	  CB_FETCH_THREADS_MAX },
	{ "backend.fetch.probeInterval", MS_INT, AT(probe_ms), NULL, 30000,
	  1000, 3600000 },
	{ "backend.limits.requestTime", MS_INT, AT(request_ms), NULL, 10000,
	  CB_REQUEST_MS_MIN, CB_REQUEST_MS_MAX },
	{ "backend.limits.pluginTime", MS_INT, AT(plugin_ms), NULL, 2000,
	  CB_PLUGIN_MS_MIN, CB_PLUGIN_MS_MAX },
	{ "backend.limits.memory", BYTES, AT(memory_max), NULL, 0, 0,
	  INT64_MAX },
	{ "catalog.staleIfError", MS, AT(stale_if_error_ms), NULL, 3600000, 0,
	  INT64_C(604800000) },
	{ "auth.guest", BOOL, AT(guest), NULL, 0, 0, 0 },
	{ "auth.omitIdentityTokenOwnershipClaim", BOOL, AT(omit_owns), NULL, 1,
	  0, 0 },
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

static int parse_bytes(const char *text, int64_t *out)
{
	static const char units[] = "kMG";
	char number[24];
	size_t len = strspn(text, "0123456789");
	const char *unit;
	int64_t value;

	if (len == 0 || len >= sizeof(number))
		return -1;
	memcpy(number, text, len);
	number[len] = '\0';
	if (cbi_str_int(number, 0, INT64_MAX / CB_MIB / 1024, &value))
		return -1;
	if (text[len] && text[len + 1])
		return -1;
	if (text[len]) {
		unit = strchr(units, text[len]);
		if (!unit)
			return -1;
		value <<= 10 * (unit - units + 1);
	}
	*out = value;
	return 0;
}

static int64_t number_of(struct cbi_config *config, const struct setting *s)
{
	const char *text = cbi_config_text(config, s->path, NULL);
	int64_t value = -1;

	if (s->type == MS || s->type == MS_INT)
		return cbi_config_ms(config, s->path, -1);
	if (s->type == BYTES && text)
		return parse_bytes(text, &value) == 0 ? value : -1;
	return cbi_config_int(config, s->path, -1);
}

static const char *expectation(enum type type)
{
	switch (type) {
	case INT:
		return "a whole number";
	case BYTES:
		return "a size such as 256M";
	case BOOL:
		return "true or false";
	case TEXT:
		return "a text";
	default:
		return "a duration such as 90s, 5m or {minutes: 5}";
	}
}

static void fill_number(struct cbi_config *config, const struct setting *s,
                        void *field)
{
	int64_t value = s->number;

	if (cbi_config_get(config, s->path)) {
		value = number_of(config, s);
		if (value < s->min || value > s->max) {
			cbi_config_error(config, s->path,
			                 "%s: expected %s from %lld to %lld%s",
			                 s->path, expectation(s->type),
			                 (long long)s->min, (long long)s->max,
			                 s->type == MS || s->type == MS_INT
			                     ? " milliseconds"
			                     : "");
			return;
		}
	}
	if (s->type == MS || s->type == BYTES)
		*(int64_t *)field = value;
	else
		*(int *)field = (int)value;
}

int64_t cbi_config_number(struct cbi_config *config, const char *path,
                          enum cbi_config_unit unit, int64_t fallback,
                          int64_t least, int64_t most)
{
	/* BYTES and MS fill an int64_t, INT an int. */
	static const enum type types[] = { INT, BYTES, MS };
	const struct setting row = { path,     types[unit], 0,   NULL,
		                     fallback, least,       most };
	int64_t wide = fallback;
	int narrow = (int)fallback;

	if (unit == CBI_CONFIG_COUNT)
		fill_number(config, &row, &narrow);
	else
		fill_number(config, &row, &wide);
	return unit == CBI_CONFIG_COUNT ? narrow : wide;
}

static void fill_one(struct cbi_config *config, const struct setting *s)
{
	char *field = (char *)&config->settings + s->offset;
	const json_t *value = cbi_config_get(config, s->path);
	bool fits = true;

	if (json_is_null(value))
		value = NULL;
	if (s->type == TEXT) {
		fits = !value || json_is_string(value);
		*(const char **)(void *)field =
		    cbi_config_text(config, s->path, s->text);
	} else if (s->type == BOOL) {
		bool yes = cbi_config_bool(config, s->path, true);

		fits = !value || yes == cbi_config_bool(config, s->path, false);
		*(bool *)field = value ? yes : s->number != 0;
	} else {
		fill_number(config, s, field);
	}
	if (!fits)
		cbi_config_error(config, s->path, "%s: expected %s", s->path,
		                 expectation(s->type));
}

/* scheme://host[:port][/path] without anything odd. */
static void fill_base(struct cbi_config *config)
{
	struct cbi_settings *s = &config->settings;
	const char *host;
	char *url, *path;
	size_t len;

	host = strstr(s->base_url, "://");
	if (!(cbi_str_starts(s->base_url, "http://") ||
	      cbi_str_starts(s->base_url, "https://")) ||
	    !host[3] || host[3] == '/' || strpbrk(s->base_url, " \t?#<>\"'@")) {
		cbi_config_error(config, "backend.baseUrl",
		                 "backend.baseUrl: expected an address such as "
		                 "https://portal.example/ without user, query "
		                 "or fragment");
		return;
	}
	url = cb_strdup(&config->ctx, s->base_url);
	if (!url)
		return;
	for (len = strlen(url); len > 0 && url[len - 1] == '/'; len--)
		url[len - 1] = '\0';
	path = strchr(url + (host - s->base_url) + 3, '/');
	s->base_url = url;
	s->base_path = path ? path : "";
}

/* key='value' for libpq, quoted. */
static void add_conninfo(struct cb_buf *buf, const char *key, const char *value)
{
	cb_buf_printf(buf, "%s%s='", buf->len ? " " : "", key);
	for (; *value; value++) {
		if (*value == '\'' || *value == '\\')
			cb_buf_text(buf, "\\");
		cb_buf_add(buf, value, 1);
	}
	cb_buf_text(buf, "'");
}

/* Backstage's backend.database.connection: a text, or host, port, user ... */
static void fill_database(struct cbi_config *config)
{
	static const char *const names[][2] = {
		{ "host", "host" },
		{ "port", "port" },
		{ "user", "user" },
		{ "password", "password" },
		{ "database", "dbname" },
		{ "sslmode", "sslmode" },
		{ "sslrootcert", "sslrootcert" },
		{ "target_session_attrs", "target_session_attrs" },
	};
	const char *path = "backend.database.connection";
	json_t *value = cbi_config_get(config, path);
	struct cb_buf buf;

	config->settings.database = "dbname=callboard";
	if (!value)
		return;
	if (json_is_string(value)) {
		config->settings.database = json_string_value(value);
		return;
	}
	if (!json_is_object(value)) {
		cbi_config_error(config, path,
		                 "%s: expected a connection text or host, "
		                 "port, user, password, database",
		                 path);
		return;
	}
	cbi_buf_init(&buf, 64 * CB_KIB);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const json_t *v = json_object_get(value, names[i][0]);
		char number[24];

		if (json_is_integer(v)) {
			snprintf(number, sizeof(number), "%lld",
			         (long long)json_integer_value(v));
			add_conninfo(&buf, names[i][1], number);
		} else if (json_is_string(v)) {
			add_conninfo(&buf, names[i][1], json_string_value(v));
		}
	}
	config->settings.database =
	    cb_strdup(&config->ctx, cbi_buf_string(&buf));
	cbi_buf_finish(&buf);
}

/* redis://host:port, unix:/path; everything else is an error. */
static void fill_redis(struct cbi_config *config)
{
	const char *path = "backend.cache.connection";
	const char *text = cbi_config_text(config, path, "");

	if (cbi_str_starts(text, "redis://"))
		text += strlen("redis://");
	else if (*text && !cbi_str_starts(text, "unix:"))
		cbi_config_error(config, path,
		                 "%s: expected redis://host:port or "
		                 "unix:/path/of/the/socket",
		                 path);
	config->settings.redis = text;
}

const char *const *cbi_config_list(struct cbi_config *config, const char *path)
{
	const json_t *list = cbi_config_get(config, path);
	size_t n = json_array_size(list);
	const char **out = cb_alloc(&config->ctx, (n + 1) * sizeof(*out));

	if (!out)
		return NULL;
	if (list && !json_is_array(list))
		cbi_config_error(config, path, "%s: expected a list", path);
	for (size_t i = 0; i < n; i++) {
		out[i] = json_string_value(json_array_get(list, i));
		if (!out[i]) {
			cbi_config_error(config, path,
			                 "%s: expected texts in the list",
			                 path);
			break;
		}
	}
	return out;
}

static void fill_catalog(struct cbi_config *config)
{
	struct cbi_settings *s = &config->settings;
	const json_t *interval =
	    cbi_config_get(config, "catalog.processingInterval");
	const char *bad =
	    cbi_config_text(config, "catalog.onBadDocument", "isolate");

	s->processing = cbi_config_bool(config, "catalog.processing", true) &&
	                !json_is_false(interval);
	s->interval_ms = 100000;
	if (interval && !json_is_false(interval))
		s->interval_ms =
		    cbi_config_ms(config, "catalog.processingInterval", -1);
	if (s->interval_ms < 0)
		cbi_config_error(config, "catalog.processingInterval",
		                 "catalog.processingInterval: expected %s, or "
		                 "false",
		                 expectation(MS));
	else if (s->interval_ms < 1000)
		s->interval_ms = 1000;
	s->history_ms = cbi_config_ms(config, "catalog.history.retention", 0);
	if (s->history_ms < 0)
		cbi_config_error(config, "catalog.history.retention",
		                 "catalog.history.retention: expected %s",
		                 expectation(MS));
	s->isolate = strcmp(bad, "isolate") == 0;
	if (!s->isolate && strcmp(bad, "block") != 0)
		cbi_config_error(config, "catalog.onBadDocument",
		                 "catalog.onBadDocument: '%s', expected "
		                 "isolate or block",
		                 bad);
}

/* Backstage's bounds are kept silently: a longer or shorter life is not
 * refused there either. */
static void fill_tokens(struct cbi_config *config)
{
	const char *path = "auth.backstageTokenExpiration";
	int64_t ms = cbi_config_ms(config, path, TOKEN_MS);

	if (ms < 0)
		cbi_config_error(config, path, "%s: expected %s", path,
		                 expectation(MS));
	if (ms < TOKEN_MIN_MS)
		ms = TOKEN_MIN_MS;
	if (ms > TOKEN_MAX_MS)
		ms = TOKEN_MAX_MS;
	config->settings.token_ms = ms;
}

void cbi_config_fill_settings(struct cbi_config *config)
{
	static const char *const builtin_dirs[] = { CALLBOARD_PLUGINDIR, NULL };

	for (size_t i = 0; i < SETTINGS; i++)
		fill_one(config, &settings[i]);
	if (config->errors == 0)
		fill_base(config);
	fill_database(config);
	fill_redis(config);
	fill_catalog(config);
	fill_tokens(config);
	cbi_config_fill_pools(config);
	config->settings.plugin_dirs = builtin_dirs;
	if (cbi_config_get(config, "backend.pluginDirs"))
		config->settings.plugin_dirs =
		    cbi_config_list(config, "backend.pluginDirs");
	if (cbi_log_level(config->settings.log_level) < 0)
		cbi_config_error(config, "backend.log.level",
		                 "backend.log.level: '%s', expected error, "
		                 "warn, info or debug",
		                 config->settings.log_level);
	if (strcmp(config->settings.language, "en") != 0 &&
	    strcmp(config->settings.language, "en-XA") != 0)
		cbi_config_error(config, "app.language",
		                 "app.language: '%s', expected en, or en-XA "
		                 "to see what is translated",
		                 config->settings.language);
}
