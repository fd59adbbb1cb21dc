/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_priv.h - what the files of the room share.
 */
#ifndef CB_HTTP_HTTP_PRIV_H
#define CB_HTTP_HTTP_PRIV_H

#include "http/http.h"

#include "base/arena.h"
#include "base/limits.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

/* An address range; v4 addresses stand in the first four bytes. */
struct cbi_http_range {
	int family;
	int bits;
	uint8_t addr[16];
};

#define CB_HTTP_RANGES_MAX 32
struct cbi_http_ranges {
	size_t n;
	struct cbi_http_range range[CB_HTTP_RANGES_MAX];
};

enum cbi_http_credential {
	CBI_HTTP_CREDENTIAL_NONE,
	CBI_HTTP_CREDENTIAL_BASIC,
	CBI_HTTP_CREDENTIAL_HEADER, /* bearer too: a line ready to be sent */
};

/* A URL taken apart.  Texts live with the context or the table. */
struct cbi_http_target {
	const char *url; /* normal form, without fragment */
	const char *scheme;
	const char *host; /* lower case, IPv6 without brackets */
	const char *port;
	const char *path;  /* begins with '/' */
	const char *place; /* "host:port", as failures name it */
};

struct cbi_http_connection {
	const char *name;
	struct cbi_http_target base;
	const char *prefix; /* path of base without its last '/' */
	enum cbi_http_credential credential;
	const char *user, *password;
	const char *line;
	const char *proxy; /* "" for none */
	const char *ca;    /* NULL: the system's */
	struct cbi_http_ranges allow;
	int per_minute;
	int timeout_ms;
};

/*
 * What is known of one host or credential.  A fixed table of atomics: a row
 * is taken by writing its id and never given back; when the table is full
 * a name has no row and so no breaker.
 */
#define CB_HTTP_HOSTS 512
struct cbi_http_host {
	_Atomic uint64_t id; /* hash of the name; 0 is free */
	_Atomic uint32_t failures;
	_Atomic uint32_t opened;
	_Atomic int64_t open_until; /* cbi_clock_ms() */
	_Atomic int64_t wait_until;
	_Atomic int64_t minute; /* of the budget */
	_Atomic int32_t spent;
};

struct cbi_http {
	struct cbi_arena arena;
	struct cbi_http_connection *connections;
	size_t n;
	struct cbi_http_fleet fleet;
	const char *const *resolve; /* tests */
	pthread_key_t handles;
	_Atomic uint64_t opened; /* sockets, for tests */
	struct cbi_http_host hosts[CB_HTTP_HOSTS];
};

/* table.c */
const struct cbi_http_connection *cbi_http_connection(
    const struct cbi_http *http, const char *name);

/* guard.c */
/* "loopback", "private" or CIDR, appended; false for anything else and when
 * the list is full. */
bool cbi_http_range_add(struct cbi_http_ranges *ranges, const char *word);
/* May a socket be opened to addr? */
bool cbi_http_address_ok(const struct sockaddr *addr,
                         const struct cbi_http_ranges *allow);
/* The same for a literal; a text that is no address gives `otherwise`. */
bool cbi_http_literal_ok(const char *text, const struct cbi_http_ranges *allow,
                         bool otherwise);

/* target.c */
/* Takes an absolute URL apart, or one relative to base (a redirect's, then
 * odd bytes are encoded instead of refused). */
int cbi_http_target_parse(struct cb_ctx *ctx, const char *url,
                          const struct cbi_http_target *base,
                          struct cbi_http_target *out) CB_USED;
/* The target of a path or absolute URL within a connection's base. */
int cbi_http_target_within(struct cb_ctx *ctx,
                           const struct cbi_http_connection *conn,
                           const char *url,
                           struct cbi_http_target *out) CB_USED;
bool cbi_http_same_origin(const struct cbi_http_target *a,
                          const struct cbi_http_target *b);
/* CB_EDENIED for a host, port or literal address the policy does not hold. */
int cbi_http_target_check(struct cb_ctx *ctx,
                          const struct cbi_http_target *target,
                          const struct cbi_http_connection *conn,
                          const struct cbi_http_policy *policy,
                          const struct cbi_http_ranges *allow) CB_USED;

/* host.c */
struct cbi_http_host *cbi_http_host(struct cbi_http *http, const char *name);
enum cbi_http_pass {
	CBI_HTTP_STOP,
	CBI_HTTP_PASS,
	CBI_HTTP_TRIAL, /* the breaker is open, this one looks again */
};
enum cbi_http_pass cbi_http_host_try(struct cbi_http_host *host);
void cbi_http_host_note(struct cbi_http_host *host, enum cbi_http_pass pass,
                        bool failed);
/* Waiting after a 429 and the budget of a minute, here and in the fleet. */
int64_t cbi_http_waits(struct cb_ctx *ctx, struct cbi_http *http,
                       const char *who);
void cbi_http_wait(struct cb_ctx *ctx, struct cbi_http *http, const char *who,
                   int64_t ms);
bool cbi_http_spend(struct cb_ctx *ctx, struct cbi_http *http, const char *who,
                    int per_minute);
/* Milliseconds of a Retry-After, clamped; fallback when it says nothing. */
int64_t cbi_http_retry_after(const char *text, int64_t fallback);

/* client.c: one exchange, no redirect followed. */
struct cbi_http_hop {
	const struct cbi_http_connection *conn; /* proxy */
	const char *ca;                         /* NULL: the system's */
	const struct cbi_http_target *target;
	const struct cbi_http_ranges *allow;
	bool own_origin; /* credential and headers of the caller go along */
	int total_ms;
};
struct cbi_http_answer {
	int status;
	struct cb_buf *body;
	const char *type, *etag, *modified, *location, *retry_after, *link;
	const char *remaining, *reset; /* of a limit, as GitHub says it */
};
int cbi_http_exchange(struct cb_ctx *ctx, struct cbi_http *http,
                      const struct cbi_http_ask *ask,
                      const struct cbi_http_hop *hop,
                      struct cbi_http_answer *out) CB_USED;
/* Frees a thread's handle; the key's destructor. */
void cbi_http_handle_free(void *handle);

/* Tests: sockets opened so far. */
uint64_t cbi_http_test_opened(const struct cbi_http *http);

#endif
