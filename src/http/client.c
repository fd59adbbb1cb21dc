/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.c - one exchange through libcurl.
 *
 * A handle per thread is reset before each exchange; reset keeps its
 * connections, so the guard looks at the address twice: when a socket is
 * opened, and (a kept connection may have been opened for somebody whose
 * ranges are wider) before the request is sent.
 */
#include "http/http_priv.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/ctx.h"
#include "base/metric.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD_MAX (64 * CB_KIB)
#define HEADERS_MAX 64
/* Slower than this for so long is no answer (F29). */
#define LOW_BYTES 16
#define LOW_SECS 4

struct handle {
	CURL *curl;
};

/* What the callbacks of one exchange see. */
struct work {
	struct cb_ctx *ctx;
	struct cbi_http *http;
	const struct cbi_http_hop *hop;
	struct cbi_http_answer *answer;
	struct curl_slist *lines, *resolve;
	size_t head;
	bool too_big;
	bool blocked;
	char address[INET6_ADDRSTRLEN + 20];
	char error[CURL_ERROR_SIZE];
};

void cbi_http_handle_free(void *ptr)
{
	struct handle *handle = ptr;

	if (!handle)
		return;
	curl_easy_cleanup(handle->curl);
	free(handle);
}

static CURL *own_handle(struct cbi_http *http)
{
	struct handle *handle = pthread_getspecific(http->handles);

	if (handle) {
		curl_easy_reset(handle->curl);
		return handle->curl;
	}
	handle = calloc(1, sizeof(*handle));
	if (!handle)
		return NULL;
	handle->curl = curl_easy_init();
	if (!handle->curl || pthread_setspecific(http->handles, handle) != 0) {
		cbi_http_handle_free(handle);
		return NULL;
	}
	return handle->curl;
}

static void name_address(struct work *work, const struct sockaddr *addr)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	work->blocked = true;
	cbi_str_copy(work->address, sizeof(work->address), "of another family");
	if (addr->sa_family == AF_INET) {
		memcpy(&v4, addr, sizeof(v4));
		inet_ntop(AF_INET, &v4.sin_addr, work->address,
		          sizeof(work->address));
	} else if (addr->sa_family == AF_INET6) {
		memcpy(&v6, addr, sizeof(v6));
		inet_ntop(AF_INET6, &v6.sin6_addr, work->address,
		          sizeof(work->address));
	}
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose,
                                 struct curl_sockaddr *addr)
{
	struct work *work = arg;
	bool proxied = work->hop->conn && work->hop->conn->proxy[0];

	/* A proxy stands where the administrator says. */
	if (purpose != CURLSOCKTYPE_IPCXN ||
	    (!proxied && !cbi_http_address_ok(&addr->addr, work->hop->allow))) {
		name_address(work, &addr->addr);
		return CURL_SOCKET_BAD;
	}
	atomic_fetch_add(&work->http->opened, 1);
	return socket(addr->family, addr->socktype | SOCK_CLOEXEC,
	              addr->protocol);
}

static int before_request(void *arg, char *primary, char *local, int port,
                          int local_port)
{
	struct work *work = arg;

	(void)local;
	(void)port;
	(void)local_port;
	if (work->hop->conn && work->hop->conn->proxy[0])
		return CURL_PREREQFUNC_OK;
	if (cbi_http_literal_ok(primary, work->hop->allow, false))
		return CURL_PREREQFUNC_OK;
	work->blocked = true;
	cbi_str_copy(work->address, sizeof(work->address), primary);
	return CURL_PREREQFUNC_ABORT;
}

static size_t take_body(char *data, size_t one, size_t n, void *arg)
{
	struct work *work = arg;

	if (cb_buf_add(work->answer->body, data, one * n) < 0) {
		work->too_big = true;
		return 0;
	}
	return one * n;
}

static void keep_header(struct work *work, const char *line, size_t len)
{
	struct cbi_http_answer *answer = work->answer;
	const struct {
		const char *name;
		const char **out;
	} wanted[] = {
		{ "content-type:", &answer->type },
		{ "etag:", &answer->etag },
		{ "last-modified:", &answer->modified },
		{ "link:", &answer->link },
		{ "location:", &answer->location },
		{ "retry-after:", &answer->retry_after },
		{ "x-ratelimit-remaining:", &answer->remaining },
		{ "x-ratelimit-reset:", &answer->reset },
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		size_t name = strlen(wanted[i].name);
		char *text;

		if (len < name || !curl_strnequal(line, wanted[i].name, name))
			continue;
		text = cb_strndup(work->ctx, line + name, len - name);
		if (text)
			*wanted[i].out = text + strspn(text, " \t");
	}
}

static size_t take_header(char *line, size_t one, size_t n, void *arg)
{
	struct work *work = arg;
	size_t len = one * n, rest = len;

	work->head += len;
	if (work->head > HEAD_MAX) {
		work->too_big = true;
		return 0;
	}
	/* An interim answer's headers (100, 103) do not count. */
	if (len > 5 && memcmp(line, "HTTP/", 5) == 0) {
		struct cbi_http_answer *a = work->answer;

		a->type = a->etag = a->modified = "";
		a->location = a->retry_after = a->link = "";
		a->remaining = a->reset = "";
	}
	while (rest > 0 && strchr("\r\n \t", line[rest - 1]))
		rest--;
	if (memchr(line, '\0', rest) == NULL)
		keep_header(work, line, rest);
	return len;
}

static bool add_line(struct work *work, const char *line)
{
	struct curl_slist *list = curl_slist_append(work->lines, line);

	if (!line || !list)
		return false;
	work->lines = list;
	return true;
}

static bool add_lines(struct work *work, const struct cbi_http_ask *ask)
{
	const struct cbi_http_hop *hop = work->hop;
	struct cb_ctx *ctx = work->ctx;

	/* No 100-continue dance: bodies are small. */
	if (!add_line(work, "Expect:"))
		return false;
	if (ask->etag && *ask->etag &&
	    !add_line(work, cb_printf(ctx, "If-None-Match: %s", ask->etag)))
		return false;
	if (ask->modified && *ask->modified &&
	    !add_line(work,
	              cb_printf(ctx, "If-Modified-Since: %s", ask->modified)))
		return false;
	if (!hop->own_origin)
		return true;
	if (ctx->traceparent[0] &&
	    !add_line(work,
	              cb_printf(ctx, "traceparent: %s", ctx->traceparent)))
		return false;
	for (size_t i = 0; ask->headers && ask->headers[i]; i++)
		if (!add_line(work, ask->headers[i]))
			return false;
	return !hop->conn ||
	       hop->conn->credential != CBI_HTTP_CREDENTIAL_HEADER ||
	       add_line(work, hop->conn->line);
}

static void set_safety(CURL *curl, struct work *work)
{
	const struct cbi_http_connection *conn = work->hop->conn;

	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	/* "" also keeps curl from looking into the environment. */
	curl_easy_setopt(curl, CURLOPT_PROXY, conn ? conn->proxy : "");
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION,
	                 (long)CURL_SSLVERSION_TLSv1_2);
	if (work->hop->ca)
		curl_easy_setopt(curl, CURLOPT_CAINFO, work->hop->ca);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, work);
	curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, before_request);
	curl_easy_setopt(curl, CURLOPT_PREREQDATA, work);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
	                 (long)CB_TOOL_CONNECT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)work->hop->total_ms);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)LOW_BYTES);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)LOW_SECS);
	curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, 16L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, work->error);
}

static void set_request(CURL *curl, struct work *work,
                        const struct cbi_http_ask *ask)
{
	const struct cbi_http_hop *hop = work->hop;
	const char *method = ask->method ? ask->method : "GET";

	curl_easy_setopt(curl, CURLOPT_URL, hop->target->url);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION,
	                 (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "callboard");
	curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
	if (strcmp(method, "HEAD") == 0) {
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	} else if (ask->body_len > 0) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
		                 (curl_off_t)ask->body_len);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, ask->body);
	}
	if (strcmp(method, "HEAD") != 0)
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	if (hop->own_origin && hop->conn &&
	    hop->conn->credential == CBI_HTTP_CREDENTIAL_BASIC) {
		curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(curl, CURLOPT_USERNAME, hop->conn->user);
		curl_easy_setopt(curl, CURLOPT_PASSWORD, hop->conn->password);
	}
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, work->lines);
	curl_easy_setopt(curl, CURLOPT_RESOLVE, work->resolve);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, work);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, work);
}

/* Failures name the place and curl's reason, never the URL: a query may
 * hold what is nobody's business. */
static int explain(struct work *work, CURLcode code)
{
	const char *place = work->hop->target->place;
	const char *why =
	    work->error[0] ? work->error : curl_easy_strerror(code);
	struct cb_ctx *ctx = work->ctx;

	if (work->too_big)
		return cb_fail(ctx, CB_ETOOBIG,
		               "%s: answer larger than %zu bytes", place,
		               work->answer->body->max);
	if (work->blocked)
		return cb_fail(ctx, CB_EDENIED, "%s: blocked address %s", place,
		               work->address);
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return cb_fail(ctx, CB_ETIME, "%s: no answer in time", place);
	case CURLE_OUT_OF_MEMORY:
		return cb_fail(ctx, CB_ENOMEM, "%s: no memory", place);
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_WRITE_ERROR: /* too many or broken content encodings */
		return cb_fail(ctx, CB_EUPSTREAM, "%s: %s", place, why);
	default:
		return cb_fail(ctx, CB_EAWAY, "%s: %s", place, why);
	}
}

static void finish_body(void *ptr)
{
	cbi_buf_finish(ptr);
}

static int prepare(struct work *work, const struct cbi_http_ask *ask)
{
	struct cbi_http_answer *answer = work->answer;
	const char *const *rows = work->http->resolve;

	answer->status = 0;
	answer->remaining = answer->reset = "";
	answer->type = answer->etag = answer->modified = "";
	answer->location = answer->retry_after = answer->link = "";
	answer->body = cb_alloc(work->ctx, sizeof(*answer->body));
	if (!answer->body)
		return CB_ENOMEM;
	cbi_buf_init(answer->body,
	             ask->body_max ? ask->body_max : CB_TOOL_BODY_MAX);
	if (cb_defer(work->ctx, finish_body, answer->body) < 0)
		return CB_ENOMEM;
	for (size_t i = 0; rows && rows[i]; i++)
		work->resolve = curl_slist_append(work->resolve, rows[i]);
	if (!add_lines(work, ask))
		return cb_fail(work->ctx, CB_ENOMEM, "no memory for headers");
	return CB_OK;
}

int cbi_http_exchange(struct cb_ctx *ctx, struct cbi_http *http,
                      const struct cbi_http_ask *ask,
                      const struct cbi_http_hop *hop,
                      struct cbi_http_answer *out)
{
	struct work work = {
		.ctx = ctx, .http = http, .hop = hop, .answer = out
	};
	CURL *curl = own_handle(http);
	CURLcode code;
	long status = 0;
	int rc;

	if (!curl)
		return cb_fail(ctx, CB_ENOMEM, "no memory for a handle");
	rc = prepare(&work, ask);
	if (rc == CB_OK) {
		set_safety(curl, &work);
		set_request(curl, &work, ask);
		cbi_metric_add(CBI_COUNT_FETCHES, 1);
		code = curl_easy_perform(curl);
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
		out->status = (int)status;
		if (code != CURLE_OK)
			rc = explain(&work, code);
		/* The lists go before the handle's next use. */
		curl_easy_reset(curl);
	}
	curl_slist_free_all(work.lines);
	curl_slist_free_all(work.resolve);
	return rc;
}
