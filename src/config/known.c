/* SPDX-License-Identifier: Apache-2.0 */
/*
 * known.c - which keys somebody reads, so that a misspelt one is noticed.
 *
 * "*" stands for any name or index, a trailing ".**" for everything below.
 * Sections at the top that nobody here knows may be a plugin's: they are
 * mentioned only when they look like a misspelling.
 */
#include "config/config_priv.h"

#include <string.h>

#include "base/str.h"

static const char *const known[] = {
	"app.title",
	"app.language",
	"app.baseUrl",
	"organization.name",
	"backend.baseUrl",
	"backend.listen.**",
	"backend.cors.**",
	"backend.csp.**",
	"backend.reading.allow.*.host",
	"backend.reading.allow.*.paths.**",
	"backend.runDir",
	"backend.stateDir",
	"backend.socketGroup",
	"backend.assetDir",
	"backend.pluginDirs.**",
	"backend.log.level",
	"backend.database.client",
	"backend.database.connection.**",
	"backend.database.connections",
	"backend.database.prepare",
	"backend.database.statementTimeout",
	"backend.database.listenConnection",
	"backend.cache.store",
	"backend.cache.connection",
	"backend.cache.timeout",
	"backend.sandbox.enabled",
	"backend.sandbox.read.**",
	"backend.sandbox.write.**",
	"backend.web.cache",
	"backend.web.threads",
	"backend.fetch.probeInterval",
	"backend.fetch.threads",
	"backend.limits.requestTime",
	"backend.limits.pluginTime",
	"backend.limits.memory",
	"backend.auth.externalAccess.*.type",
	"backend.auth.externalAccess.*.options.**",
	"backend.auth.externalAccess.*.accessRestrictions.**",
	"backend.auth.keys.**",
	"catalog.processing",
	"catalog.processingInterval.**",
	"catalog.onBadDocument",
	"catalog.orphanStrategy",
	"catalog.orphanProviderStrategy",
	"catalog.readonly",
	"catalog.staleIfError.**",
	"catalog.rules.**",
	"catalog.kinds.*.kind",
	"catalog.kinds.*.apiVersions.**",
	"catalog.kinds.*.schema.**",
	"catalog.locations.*.type",
	"catalog.locations.*.target",
	"catalog.locations.*.rules.**",
	"catalog.locations.*.presence",
	"catalog.history.retention",
	"catalog.import.**",
	"catalog.defaultLocationConflictStrategy",
	"catalog.locationTypes.**",
	"catalog.providers.**",
	"auth.guest",
	"auth.environment",
	"auth.providers.**",
	"auth.session.**",
	"auth.backstageTokenExpiration.**",
	"auth.omitIdentityTokenOwnershipClaim",
	"auth.experimentalExtraAllowedOrigins.**",
	"connections.*.baseUrl",
	"connections.*.credential.**",
	"connections.*.proxy",
	"connections.*.ca",
	"connections.*.allow.**",
	"connections.*.budget.**",
	"connections.*.timeout.**",
	"pools.*.web",
	"pools.*.fetch",
	"pools.*.plugins.**",
	"pools.*.limits.memory",
	"pools.*.limits.requestTime.**",
	"pools.*.limits.pluginTime.**",
	"pools.*.limits.output",
	"pools.*.limits.nice",
	"nginx.dir",
	"nginx.test.**",
	"nginx.reload.**",
	"nginx.pidFile",
	/* Backstage's sections whose features come with other parts. */
	"integrations.**",
	"proxy.**",
	"techdocs.**",
	"scaffolder.**",
	"kubernetes.**",
	"permission.**",
	"search.**",
	"events.**",
	"audit.sinks.file",
	"audit.sinks.syslog.socket",
	"audit.sinks.syslog.facility",
};

#define KNOWN (sizeof(known) / sizeof(known[0]))

/* Does the path fit, or begin, the pattern? */
static bool fits(const char *pattern, const char *path)
{
	while (*pattern && *path) {
		size_t want = strcspn(pattern, ".");
		size_t have = strcspn(path, ".");

		if (want == 2 && memcmp(pattern, "**", 2) == 0)
			return true;
		if (!(want == 1 && *pattern == '*') &&
		    (want != have || memcmp(pattern, path, want) != 0))
			return false;
		pattern += want + (pattern[want] == '.');
		path += have + (path[have] == '.');
	}
	return !*path || strcmp(pattern, "**") == 0;
}

static bool is_known(const char *path)
{
	for (size_t i = 0; i < KNOWN; i++)
		if (fits(known[i], path))
			return true;
	return false;
}

/* The known name nearest to the last part of path, at the same depth. */
static const char *suggestion(struct cbi_config *config, const char *path)
{
	const char *names[KNOWN];
	const char *dot = strrchr(path, '.');
	size_t parent = dot ? (size_t)(dot - path) : 0;
	char *holder = cb_strndup(&config->ctx, path, parent);
	size_t n = 0;

	for (size_t i = 0; holder && i < KNOWN; i++) {
		const char *p = known[i];

		if (parent && !fits(p, holder))
			continue;
		for (const char *c = holder; parent && *c; c++)
			if (*c == '.')
				p += strcspn(p, ".") + 1;
		if (parent)
			p += strcspn(p, ".") + 1;
		names[n] = cb_strndup(&config->ctx, p, strcspn(p, "."));
		if (names[n])
			n++;
	}
	return cbi_str_nearest(dot ? dot + 1 : path, names, n);
}

static void check(struct cbi_config *config, json_t *map, const char *path);

static void check_list(struct cbi_config *config, json_t *list,
                       const char *path)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *at = cb_printf(&config->ctx, "%s.%zu", path, i);

		if (at && json_is_object(item))
			check(config, item, at);
	}
}

static void check(struct cbi_config *config, json_t *map, const char *path)
{
	const char *key;
	json_t *value;

	json_object_foreach(map, key, value)
	{
		const char *at =
		    *path ? cb_printf(&config->ctx, "%s.%s", path, key) : key;
		const char *near;

		if (!at)
			return;
		if (is_known(at)) {
			if (json_is_object(value))
				check(config, value, at);
			else if (json_is_array(value))
				check_list(config, value, at);
			continue;
		}
		near = suggestion(config, at);
		if (near)
			cbi_config_warn(config, at,
			                "unknown key '%s', did you mean '%s'?",
			                at, near);
		else if (*path)
			cbi_config_warn(config, at, "unknown key '%s'", at);
	}
}

void cbi_config_check_known(struct cbi_config *config)
{
	check(config, config->root, "");
}
