/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - the one HTTP client of the house, and the only door to libcurl.
 *
 * A request goes through a connection (`connections.<name>` of the config) or
 * to a plain URL; the policy says which.  Promised for every request:
 *
 *  - http and https only, ports 80, 443, 8080, 8443 and those that a base URL
 *    or the policy's hosts name; no user part, no control characters;
 *  - the address is checked when the socket is opened and again before the
 *    request is sent, so redirects, rebinding and kept connections are
 *    covered: loopback, private, link-local, shared, multicast and reserved
 *    ranges of both families, also when wrapped (v4-mapped, NAT64, 6to4), are
 *    refused unless an `allow` range holds them;
 *  - at most CB_TOOL_REDIRECTS redirects, credential and headers of the
 *    caller dropped when the origin changes;
 *  - body capped after decoding, TLS verified (1.2 at least), time limited,
 *    no proxy from the environment;
 *  - a host that fails is left alone at growing distance, and after a 429, or
 *    a 403 whose X-RateLimit-Remaining is 0, its credential waits as long as
 *    the tool says (1 s to 1 h);
 *  - no secret in a failure's text.
 *
 * Any number of threads may use one struct cbi_http; each has a handle of its
 * own, whose connections are kept.
 */
#ifndef CB_HTTP_HTTP_H
#define CB_HTTP_HTTP_H

#include <callboard/ctx.h>
#include <callboard/http.h>

#include <jansson.h>

struct cbi_http;

/*
 * Reads the `connections` map of a config (NULL for none):
 *
 *	<name>:
 *	  baseUrl: https://ci.example/jenkins
 *	  credential: {type: basic, user: u, password: p}
 *	              {type: bearer, token: t}
 *	              {type: header, name: X-Token, value: v}
 *	  proxy: http://proxy.example:3128
 *	  ca: /etc/ssl/company.pem
 *	  allow: [loopback, private, 10.1.0.0/16, "fd00::/8"]
 *	  budget: {perMinute: 60}
 *	  timeout: 3s       (at most 5 s)
 *
 * CB_EINVAL names the path of what is wrong ("connections.ci.allow.1: ...").
 * Call before the process has threads; the caller destroys *out when no
 * thread uses it any more.
 */
int cbi_http_create(struct cb_ctx *ctx, const json_t *connections,
                    struct cbi_http **out) CB_USED;
void cbi_http_destroy(struct cbi_http *http);

/* Whether the config has a connection of that name. */
bool cbi_http_has(const struct cbi_http *http, const char *connection);

/* Where a request may go. */
struct cbi_http_policy {
	/* A connection's name: its credential, CA, proxy, ranges and budget
	 * hold.  NULL: a plain request. */
	const char *connection;
	/* Hosts it may reach, also by redirect: "host", "host:port",
	 * "*.host"; ends in NULL.  NULL: any host (a connection: its own
	 * host, and by redirect any public one). */
	const char *const *hosts;
	/* Address ranges beyond public ones: "loopback", "private", CIDR;
	 * ends in NULL.  Added to the connection's. */
	const char *const *allow;
	/* A file of certificates instead of the system's, of a plain request;
	 * NULL: the system's. */
	const char *ca;
};

struct cbi_http_ask {
	const char *method; /* NULL: GET */
	/* Absolute; with a connection also a path below its base URL, which
	 * begins with '/' and may have a query. */
	const char *url;
	const char *const *headers; /* "Name: value"; ends in NULL */
	const char *etag;           /* as the tool gave it; NULL for none */
	const char *modified;       /* Last-Modified as given; NULL */
	const void *body;           /* sent with body_len > 0 */
	size_t body_len;
	size_t body_max; /* of the answer, bytes; 0: CB_TOOL_BODY_MAX */
	int total_ms;    /* 0: CB_TOOL_TOTAL_MS; the context's deadline and
	                  * the connection's timeout shorten it */
	bool any_status; /* CB_OK for every answer, whatever its status */
	struct cbi_http_policy policy;
};

/* Texts live with the context; "" for what the tool did not say. */
struct cbi_http_reply {
	int status;
	const char *body; /* NUL-terminated, may hold others */
	size_t body_len;
	const char *type, *etag, *modified;
	const char *link;       /* Link, as it came */
	const char *url;        /* after redirects */
	int64_t retry_after_ms; /* of 429 and 503, clamped; 0 for none */
};

/*
 * CB_OK for 2xx and 304 (status tells); else as cb_http_get:
 * CB_ENOENT 404 and 410, CB_EAUTH 401 and 403, CB_EBUSY 429, a spent limit or
 * budget or a waiting credential, CB_EUPSTREAM other answers, CB_EAWAY nothing
 * came or the host is left alone for now, CB_ETIME, CB_ETOOBIG, CB_EDENIED a
 * blocked address, port, scheme or host, CB_EINVAL a URL or header that is
 * none.  *out is untouched on failure.
 */
int cbi_http_request(struct cb_ctx *ctx, struct cbi_http *http,
                     const struct cbi_http_ask *ask,
                     struct cbi_http_reply *out) CB_USED;

/*
 * For programs that connect by themselves: the one address of host (a name or
 * a literal, IPv6 without brackets) that they shall use, looked up and judged
 * as for a request; allow ends in NULL.  CB_EDENIED when any of its addresses
 * is blocked, CB_EAWAY when it has none, CB_EINVAL for a range that is none.
 * Lives with ctx.
 */
int cbi_http_pin(struct cb_ctx *ctx, const char *host, const char *const *allow,
                 const char **out) CB_USED;

/*
 * What the fleet knows together, handed in by who can reach Redis; NULL
 * functions and a store that is away mean that this process counts alone.
 * `who` is a connection's name or "host:port".  Set before threads start.
 */
struct cbi_http_fleet {
	void *arg;
	/* Milliseconds that `who` must wait still; 0 for none. */
	int64_t (*waits)(void *arg, struct cb_ctx *ctx, const char *who);
	void (*wait)(void *arg, struct cb_ctx *ctx, const char *who,
	             int64_t ms);
	/* Takes one of `per_minute`; false when they are spent. */
	bool (*spend)(void *arg, struct cb_ctx *ctx, const char *who,
	              int per_minute);
};
void cbi_http_set_fleet(struct cbi_http *http,
                        const struct cbi_http_fleet *fleet);

/*
 * Opens callboard/http.h to the plugins of this process (a fetch process);
 * until then it answers CB_EPLACE.  policy may be NULL; else it narrows what
 * the plugin that runs in ctx may reach, and its failure is passed on.
 */
struct cbi_http_place {
	struct cbi_http *http;
	void *arg;
	int (*policy)(void *arg, struct cb_ctx *ctx,
	              struct cbi_http_policy *policy);
};
void cbi_http_open_to_plugins(const struct cbi_http_place *place);

/*
 * As cb_http_get, with everything that a request may have.  ask->url is as
 * cb_url makes it; its policy is the plugin's, but for a connection that is
 * named in it already, for an absolute address below that one.
 */
int cbi_http_from_plugin(struct cb_ctx *ctx, struct cbi_http_ask *ask,
                         struct cbi_http_reply *out) CB_USED;

/* Tests: "host:port:address" rows that stand for the resolver's answers (see
 * CURLOPT_RESOLVE); borrowed, ends in NULL.  Not while requests run. */
void cbi_http_test_resolve(struct cbi_http *http, const char *const *rows);

#endif
