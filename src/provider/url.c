/* SPDX-License-Identifier: Apache-2.0 */
/*
 * url.c - catalog files at addresses of allowed hosts.
 */
#include "provider/provider_priv.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "http/http.h"

/* Reading a file may take longer than a reader of a page would wait. */
#define TOTAL_MS 20000

/* The index of the allow row that holds this host; -1 for none. */
static int row_of(const struct cbi_provider *provider, const char *host)
{
	size_t len = strlen(host);
	const char *colon = strrchr(host, ':');

	for (int i = 0; provider->hosts[i]; i++) {
		const char *row = provider->hosts[i];
		size_t name =
		    colon && !strchr(row, ':') ? (size_t)(colon - host) : len;

		if (cbi_str_starts(row, "*.")) {
			size_t tail = strlen(row) - 1;

			if (name > tail &&
			    strncasecmp(host + name - tail, row + 1, tail) == 0)
				return i;
		} else if (strlen(row) == name &&
		           strncasecmp(row, host, name) == 0) {
			return i;
		}
	}
	return -1;
}

/* Prefixes hold at segment boundaries: /a fits /a/b, not /ab. */
static bool path_fits(const json_t *paths, const char *path)
{
	const json_t *item;
	size_t i;

	if (!paths)
		return true;
	json_array_foreach(paths, i, item)
	{
		const char *prefix = json_string_value(item);
		size_t len = prefix ? strlen(prefix) : 0;

		while (len > 0 && prefix[len - 1] == '/')
			len--;
		if (prefix && strncmp(path, prefix, len) == 0 &&
		    (path[len] == '/' || path[len] == '?' || !path[len]))
			return true;
	}
	return false;
}

static int check_target(struct cb_ctx *ctx, const struct cbi_provider *provider,
                        const char *target)
{
	const char *host = strstr(target, "://");
	size_t len;
	char *name;
	int row;

	if (!host || !(cbi_str_starts(target, "https://") ||
	               cbi_str_starts(target, "http://")))
		return cb_fail(ctx, CB_EINVAL,
		               "%s: expected an http or https address", target);
	host += 3;
	len = strcspn(host, "/?#");
	name = cb_strndup(ctx, host, len);
	if (!name)
		return CB_ENOMEM;
	row = row_of(provider, name);
	if (row < 0)
		return cb_fail(ctx, CB_EDENIED,
		               "host %s is not in backend.reading.allow", name);
	if (strstr(host, "/../") || strstr(host, "%2e") ||
	    strstr(host, "%2E") ||
	    !path_fits(provider->paths[row], host[len] ? host + len : "/"))
		return cb_fail(ctx, CB_EDENIED,
		               "%s is not below the paths that "
		               "backend.reading.allow names",
		               target);
	return CB_OK;
}

static const char *known_etag(const struct cbi_provider_read *read,
                              const char *target, const char *name)
{
	const json_t *known = json_object_get(read->ask->before, target);

	return json_string_value(json_object_get(known, name));
}

int cbi_provider_read_url(struct cb_ctx *ctx, struct cbi_provider_read *read)
{
	struct cbi_provider *provider = read->provider;
	const char *target = read->ask->target;
	struct cbi_provider_file file = { .target = target };
	struct cbi_http_reply reply;
	struct cbi_http_ask ask = {
		.url = target,
		.etag = known_etag(read, target, "etag"),
		.modified = known_etag(read, target, "modified"),
		.body_max = CB_YAML_BYTES_MAX,
		.total_ms = TOTAL_MS,
		.policy = { .hosts = provider->hosts,
		            .allow = provider->allow },
	};
	int rc = check_target(ctx, provider, target);

	if (rc < 0)
		return rc;
	if (!provider->http)
		return cb_fail(ctx, CB_ENOTSUP,
		               "%s: addresses cannot be read here", target);
	rc = cbi_http_request(ctx, provider->http, &ask, &reply);
	if (rc < 0)
		return rc;
	file.unchanged = reply.status == 304;
	if (file.unchanged) {
		json_object_set(read->after, target,
		                json_object_get(read->ask->before, target));
	} else {
		file.text = reply.body;
		file.len = reply.body_len;
		json_object_set_new(read->after, target,
		                    json_pack("{s:s, s:s}", "etag", reply.etag,
		                              "modified", reply.modified));
	}
	return read->each(read->arg, ctx, &file);
}
