/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reach.c - where a plugin's requests may go: a fill to what its source's
 * hosts_key names, a probe to what any of the plugin's sources may.
 */
#include "host/host_priv.h"

#include <string.h>

#include "http/http.h"

/* "host:port" of an address; lives with ctx. */
static const char *host_of(struct cb_ctx *ctx, const char *url)
{
	const char *begin = strstr(url, "://");

	begin = begin ? begin + 3 : url;
	return cb_strndup(ctx, begin, strcspn(begin, "/?#"));
}

/* An address, or the name of a connection. */
static const char *reach_of(const struct cbi_loaded *loaded,
                            const struct cb_source *source)
{
	const struct cb_key *key = cbi_host_key(loaded, source->hosts_key);
	const char *value;

	memcpy(&value, (const char *)loaded->data + key->offset, sizeof(value));
	return value;
}

static bool is_name(const char *value)
{
	return strstr(value, "://") == NULL;
}

static int refuse(struct cb_ctx *ctx, const struct cbi_call *call,
                  const struct cbi_http_policy *policy)
{
	const char *where =
	    policy->connection ? policy->connection : "a plain address";
	const char *value;

	if (!call->filling)
		return cb_fail(ctx, CB_EDENIED,
		               "a probe reaches what the sources of its plugin "
		               "reach, not %s",
		               where);
	value = reach_of(call->loaded, call->filling);
	return cb_fail(ctx, CB_EDENIED,
	               "source '%s' reaches %s '%s' only, not %s",
	               call->filling->name,
	               is_name(value) ? "connection" : "address", value, where);
}

/* Another connection's credential is not this source's, nor does a plain
 * address get the one of its own. */
int cbi_host_http_policy(void *host, struct cb_ctx *ctx,
                         struct cbi_http_policy *policy)
{
	const struct cbi_call *call = cbi_call_of(ctx);
	const struct cb_source *all, *source;
	struct cb_source acting[2] = { { 0 } };
	const char **hosts;
	size_t n = 0;

	(void)host;
	if (call && call->acting)
		acting[0] = *call->acting;
	if (!call || (!call->filling && !call->probing))
		return cb_fail(
		    ctx, CB_EPLACE,
		    "only the fill of a source and a probe reach tools");
	all = call->acting ? acting : call->loaded->plugin.sources;
	for (source = all; source && source->name; source++)
		n++;
	hosts = cb_alloc(ctx, (n + 1) * sizeof(*hosts));
	if (!hosts)
		return CB_ENOMEM;
	n = 0;
	for (source = all; source && source->name; source++) {
		const char *value;

		if (call->filling && !call->acting && source != call->filling)
			continue;
		value = reach_of(call->loaded, source);
		if (policy->connection &&
		    strcmp(policy->connection, value) == 0)
			return CB_OK;
		if (policy->connection || is_name(value))
			continue;
		hosts[n] = host_of(ctx, value);
		if (!hosts[n++])
			return CB_ENOMEM;
	}
	if (n == 0)
		return refuse(ctx, call, policy);
	policy->hosts = hosts;
	return CB_OK;
}
