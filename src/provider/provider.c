/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider.c - see provider.h.
 */
#include "provider/provider_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "config/config.h"
#include "scm/git.h"

/* An administrator who names a host opens the private ranges to it; this
 * host's own services only when it is named as such. */
static const char *const with_private[] = { "private", NULL };
static const char *const with_loopback[] = { "private", "loopback", NULL };

static bool is_loopback(const char *host)
{
	return cbi_str_starts(host, "127.") ||
	       cbi_str_starts(host, "localhost") ||
	       cbi_str_starts(host, "[::1]");
}

int cbi_provider_create(struct cb_ctx *ctx, const struct cbi_config *config,
                        struct cbi_http *http, struct cbi_provider **out)
{
	const json_t *rows = cbi_config_get(config, "backend.reading.allow");
	size_t n = json_array_size(rows), kept = 0;
	struct cbi_provider *provider = calloc(1, sizeof(*provider));
	int rc;

	if (provider) {
		provider->hosts = calloc(n + 1, sizeof(*provider->hosts));
		provider->paths = calloc(n + 1, sizeof(*provider->paths));
	}
	if (!provider || !provider->hosts || !provider->paths) {
		cbi_provider_destroy(provider);
		return cb_fail(ctx, CB_ENOMEM, "no memory for a provider");
	}
	provider->http = http;
	provider->allow = with_private;
	for (size_t i = 0; i < n; i++) {
		const json_t *row = json_array_get(rows, i);
		const char *host =
		    json_string_value(json_object_get(row, "host"));

		if (!host)
			continue;
		if (is_loopback(host))
			provider->allow = with_loopback;
		provider->hosts[kept] = host;
		provider->paths[kept++] = json_object_get(row, "paths");
	}
	rc = cbi_scm_create(ctx, cbi_config_get(config, "integrations"), http,
	                    &provider->scm);
	if (rc < 0) {
		cbi_provider_destroy(provider);
		return rc;
	}
	cbi_scm_git_keep(provider->scm, cbi_config_settings(config)->state_dir);
	*out = provider;
	return CB_OK;
}

void cbi_provider_destroy(struct cbi_provider *provider)
{
	if (!provider)
		return;
	cbi_scm_destroy(provider->scm);
	free(provider->hosts);
	free(provider->paths);
	free(provider);
}

const struct cbi_scm *cbi_provider_scm(const struct cbi_provider *provider)
{
	return provider->scm;
}

int cbi_provider_failed(struct cb_ctx *ctx, struct cbi_provider_read *read,
                        const char *target)
{
	const json_t *known = json_object_get(read->ask->before, target);
	struct cbi_provider_file file = {
		.target = target,
		.code = cb_failure_code(ctx),
		.problem = cb_strdup(ctx, cb_failure(ctx)),
	};

	cb_failure_clear(ctx);
	if (!file.problem)
		return CB_ENOMEM;
	if (known)
		json_object_set(read->after, target, (json_t *)known);
	return read->each(read->arg, ctx, &file);
}

int cbi_provider_read(struct cb_ctx *ctx, struct cbi_provider *provider,
                      const struct cbi_provider_ask *ask,
                      int (*each)(void *arg, struct cb_ctx *ctx,
                                  const struct cbi_provider_file *file),
                      void *arg, json_t **after)
{
	struct cbi_provider_read read = { provider, ask, each, arg, NULL };
	int rc;

	read.after = json_object();
	if (!read.after)
		return cb_fail(ctx, CB_ENOMEM, "no memory to read %s",
		               ask->target);
	if (strcmp(ask->type, "file") == 0)
		rc = cbi_provider_read_files(ctx, &read);
	else if (strcmp(ask->type, "url") == 0 && cbi_scm_is_git(ask->target))
		rc = cbi_provider_read_git(ctx, &read);
	else if (strcmp(ask->type, "url") == 0 &&
	         cbi_scm_knows(provider->scm, ask->target))
		rc = cbi_provider_read_hosted(ctx, &read);
	else if (strcmp(ask->type, "url") == 0)
		rc = cbi_provider_read_url(ctx, &read);
	else
		rc = cb_fail(ctx, CB_EINVAL,
		             "location type '%s', expected file or url",
		             ask->type);
	if (rc < 0) {
		json_decref(read.after);
		return rc;
	}
	*after = read.after;
	return CB_OK;
}

/* Takes "." and ".." out of a path that begins with '/'; ".." at the top is
 * dropped, as a browser does. */
static void tidy(char *path)
{
	char *out = path;
	const char *p = path;

	while (*p) {
		size_t len = strcspn(p + 1, "/");

		if (len == 2 && p[1] == '.' && p[2] == '.') {
			while (out > path && *--out != '/')
				;
		} else if (!(len == 1 && p[1] == '.') && !(len == 0 && p[1])) {
			memmove(out, p, len + 1);
			out += len + 1;
		}
		p += len + 1;
	}
	if (out == path)
		*out++ = '/';
	*out = '\0';
}

static bool is_absolute(const char *type, const char *target)
{
	return strcmp(type, "url") == 0 ? strstr(target, "://") != NULL
	                                : target[0] == '/';
}

/* NULL without a message: base is no address of a code host's file. */
static const char *resolve_hosted(struct cb_ctx *ctx,
                                  const struct cbi_provider *provider,
                                  const char *base, const char *target)
{
	struct cbi_scm_place place;
	const char *out = NULL;

	if (!provider || !cbi_scm_knows(provider->scm, base))
		return NULL;
	if (cbi_scm_parse(ctx, provider->scm, base, &place) < 0) {
		cb_failure_clear(ctx);
		return NULL;
	}
	return cbi_scm_resolve(ctx, &place, target, &out) == CB_OK ? out : NULL;
}

const char *cbi_provider_resolve(struct cb_ctx *ctx,
                                 const struct cbi_provider *provider,
                                 const char *type, const char *base,
                                 const char *target)
{
	bool url = strcmp(type, "url") == 0;
	const char *start = url ? strstr(base, "://") : base;
	const char *path, *slash;
	char *joined;
	size_t end;

	if (is_absolute(type, target))
		return cb_strdup(ctx, target);
	if (url) {
		const char *out = resolve_hosted(ctx, provider, base, target);

		if (out || cb_failure_code(ctx) < 0)
			return out;
	}
	if (!start || (!url && base[0] != '/')) {
		cb_fail(ctx, CB_EINVAL,
		        "'%s' is relative to '%s', which is "
		        "no absolute %s",
		        target, base, url ? "address" : "path");
		return NULL;
	}
	path = url ? start + 3 + strcspn(start + 3, "/?#") : base;
	end = strcspn(path, "?#");
	slash = path;
	for (size_t i = 0; i < end; i++)
		if (path[i] == '/')
			slash = path + i;
	if (url && target[0] == '/')
		slash = path;
	joined = cb_printf(ctx, "%.*s/%s%s", (int)(slash - base), base,
	                   target[0] == '/' ? target + 1 : target,
	                   url ? path + end : "");
	if (joined) {
		char *query = joined + (path - base);
		char *mark = url ? strpbrk(query, "?#") : NULL;
		char saved = mark ? *mark : '\0';
		char *rest = mark ? cb_strdup(ctx, mark) : NULL;

		if (mark)
			*mark = '\0';
		tidy(query);
		if (saved && rest)
			return cb_printf(ctx, "%s%s", joined, rest);
	}
	return joined;
}

static int feed_read(struct cb_ctx *ctx, void *arg,
                     const struct cbi_provider_ask *ask,
                     int (*each)(void *each_arg, struct cb_ctx *ctx,
                                 const struct cbi_provider_file *file),
                     void *each_arg, json_t **after)
{
	return cbi_provider_read(ctx, arg, ask, each, each_arg, after);
}

static const char *feed_resolve(struct cb_ctx *ctx, void *arg, const char *type,
                                const char *base, const char *target)
{
	return cbi_provider_resolve(ctx, arg, type, base, target);
}

static bool feed_concerned(struct cb_ctx *ctx, void *arg, const char *target,
                           const struct cbi_supply_event *event)
{
	return cbi_provider_concerned(ctx, arg, target, event);
}

void cbi_provider_feed(struct cbi_provider *provider, struct cbi_feed *out)
{
	out->arg = provider;
	out->read = feed_read;
	out->resolve = feed_resolve;
	out->concerned = feed_concerned;
}
