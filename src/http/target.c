/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target.c - URLs taken apart, and whether the policy holds them.
 *
 * One parser (curl's) for the check and for the request, so that the two
 * cannot read a URL differently.
 */
#include "http/http_priv.h"

#include "base/str.h"

#include <curl/curl.h>
#include <string.h>

/* Printable ASCII without space and backslash, which clients read in
 * different ways. */
static int check_bytes(struct cb_ctx *ctx, const char *url, bool redirect)
{
	if (strlen(url) > CB_URL_MAX)
		return cb_fail(ctx, CB_ETOOBIG, "url longer than %d bytes",
		               CB_URL_MAX);
	for (const char *p = url; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c < 0x20 || c == 0x7f || c == '\\' ||
		    (!redirect && (c == ' ' || c > 0x7f)))
			return cb_fail(ctx, CB_EINVAL,
			               "byte 0x%02x in a url, encode it", c);
	}
	return CB_OK;
}

/* A part as text of the context; NULL when there is none. */
static char *part(struct cb_ctx *ctx, CURLU *parsed, CURLUPart which,
                  unsigned flags)
{
	char *text, *copy;

	if (curl_url_get(parsed, which, &text, flags))
		return NULL;
	copy = cb_strdup(ctx, text);
	curl_free(text);
	return copy;
}

static int denied(struct cb_ctx *ctx, CURLUcode rc)
{
	if (rc == CURLUE_USER_NOT_ALLOWED)
		return cb_fail(ctx, CB_EDENIED, "user name in a url");
	if (rc == CURLUE_UNSUPPORTED_SCHEME)
		return cb_fail(ctx, CB_EDENIED, "scheme is not http or https");
	return cb_fail(ctx, CB_EINVAL, "not a url: %s", curl_url_strerror(rc));
}

static int fill(struct cb_ctx *ctx, CURLU *parsed, struct cbi_http_target *out)
{
	struct cbi_http_target t;
	char *host;
	size_t len;

	curl_url_set(parsed, CURLUPART_FRAGMENT, NULL, 0);
	if (part(ctx, parsed, CURLUPART_ZONEID, 0))
		return cb_fail(ctx, CB_EDENIED, "zone in an address");
	t.url = part(ctx, parsed, CURLUPART_URL, 0);
	t.scheme = part(ctx, parsed, CURLUPART_SCHEME, 0);
	host = part(ctx, parsed, CURLUPART_HOST, 0);
	t.port = part(ctx, parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	t.path = part(ctx, parsed, CURLUPART_PATH, 0);
	if (!t.url || !t.scheme || !host || !t.port || !t.path)
		return cb_fail(ctx, CB_EINVAL, "not a url of a host");
	if (strcmp(t.scheme, "http") != 0 && strcmp(t.scheme, "https") != 0)
		return cb_fail(ctx, CB_EDENIED, "scheme '%s', not http(s)",
		               t.scheme);
	cbi_str_lower(host);
	len = strlen(host);
	if (host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		host++;
		len -= 2;
	}
	/* A name with a final dot is the same host. */
	while (len > 1 && host[len - 1] == '.')
		host[--len] = '\0';
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)host[i] > 0x7f)
			return cb_fail(ctx, CB_EINVAL, "host is not ascii");
	t.host = host;
	t.place = cb_printf(ctx, "%s:%s", host, t.port);
	if (!t.place)
		return CB_ENOMEM;
	*out = t;
	return CB_OK;
}

int cbi_http_target_parse(struct cb_ctx *ctx, const char *url,
                          const struct cbi_http_target *base,
                          struct cbi_http_target *out)
{
	CURLU *parsed;
	CURLUcode uc = CURLUE_OK;
	unsigned flags = CURLU_DISALLOW_USER;
	int rc = check_bytes(ctx, url, base != NULL);

	if (rc < 0)
		return rc;
	parsed = curl_url();
	if (!parsed)
		return cb_fail(ctx, CB_ENOMEM, "no memory for a url");
	if (base) {
		flags |= CURLU_URLENCODE;
		uc = curl_url_set(parsed, CURLUPART_URL, base->url, 0);
	}
	if (uc == CURLUE_OK)
		uc = curl_url_set(parsed, CURLUPART_URL, url, flags);
	rc = uc == CURLUE_OK ? fill(ctx, parsed, out) : denied(ctx, uc);
	curl_url_cleanup(parsed);
	return rc;
}

/* Is the segment of len bytes "." or "..", also when encoded? */
static bool dots(const char *segment, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; n++) {
		if (segment[i] == '.')
			i++;
		else if (len - i >= 3 && segment[i] == '%' &&
		         segment[i + 1] == '2' && (segment[i + 2] | 32) == 'e')
			i += 3;
		else
			return false;
	}
	return n == 1 || n == 2;
}

static bool climbs(const char *path)
{
	const char *end = path + strcspn(path, "?#");

	while (path < end) {
		size_t len = strcspn(path, "/?#");

		if (dots(path, len))
			return true;
		path += len + 1;
	}
	return false;
}

int cbi_http_target_within(struct cb_ctx *ctx,
                           const struct cbi_http_connection *conn,
                           const char *url, struct cbi_http_target *out)
{
	struct cbi_http_target target;
	size_t len = strlen(conn->prefix);
	int rc;

	if (url[0] == '/') {
		const char *base = conn->base.url;

		/* base.url ends with its path, which is prefix or prefix/. */
		url = cb_printf(ctx, "%.*s%s%s",
		                (int)(strlen(base) - strlen(conn->base.path)),
		                base, conn->prefix, url);
		if (!url)
			return CB_ENOMEM;
	}
	if (climbs(url))
		return cb_fail(ctx, CB_EINVAL, "'..' in a path of %s",
		               conn->name);
	rc = cbi_http_target_parse(ctx, url, NULL, &target);
	if (rc < 0)
		return rc;
	if (!cbi_http_same_origin(&target, &conn->base) ||
	    strncmp(target.path, conn->prefix, len) != 0 ||
	    (target.path[len] != '/' && target.path[len] != '\0'))
		return cb_fail(ctx, CB_EDENIED,
		               "%s is not below the base url of %s",
		               target.place, conn->name);
	*out = target;
	return CB_OK;
}

bool cbi_http_same_origin(const struct cbi_http_target *a,
                          const struct cbi_http_target *b)
{
	return strcmp(a->scheme, b->scheme) == 0 &&
	       strcmp(a->place, b->place) == 0;
}

/* 1: the pattern holds the host on any usual port; 2: on just this port. */
static int pattern_holds(const char *pattern,
                         const struct cbi_http_target *target)
{
	const char *colon = strrchr(pattern, ':');
	size_t len = strlen(pattern), host_len = strlen(target->host);
	bool with_port = colon && colon[1] && strchr(pattern, ':') == colon;
	char name[256];

	if (with_port) {
		if (strcmp(colon + 1, target->port) != 0)
			return 0;
		len = (size_t)(colon - pattern);
	}
	if (len >= sizeof(name))
		return 0;
	memcpy(name, pattern, len);
	name[len] = '\0';
	if (name[0] == '*' && name[1] == '.') {
		if (host_len <= len - 1 ||
		    cbi_str_casecmp(target->host + host_len - (len - 1),
		                    name + 1) != 0)
			return 0;
	} else if (cbi_str_casecmp(target->host, name) != 0) {
		return 0;
	}
	return with_port ? 2 : 1;
}

static bool usual_port(const char *port)
{
	static const char *const ports[] = { "80", "443", "8080", "8443" };

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (strcmp(port, ports[i]) == 0)
			return true;
	return false;
}

int cbi_http_target_check(struct cb_ctx *ctx,
                          const struct cbi_http_target *target,
                          const struct cbi_http_connection *conn,
                          const struct cbi_http_policy *policy,
                          const struct cbi_http_ranges *allow)
{
	bool own = conn && strcmp(conn->base.place, target->place) == 0;
	int held = own ? 2 : policy->hosts ? 0 : 1;

	for (size_t i = 0; held < 2 && policy->hosts && policy->hosts[i]; i++) {
		int holds = pattern_holds(policy->hosts[i], target);

		held = holds > held ? holds : held;
	}
	if (!held)
		return cb_fail(ctx, CB_EDENIED, "host %s is not allowed",
		               target->host);
	if (held < 2 && !usual_port(target->port))
		return cb_fail(ctx, CB_EDENIED,
		               "blocked address: port %s of %s is not allowed",
		               target->port, target->host);
	if (strcmp(target->host, "metadata.google.internal") == 0 ||
	    !cbi_http_literal_ok(target->host, allow, true))
		return cb_fail(ctx, CB_EDENIED, "blocked address %s",
		               target->host);
	return CB_OK;
}
