/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outside_ask.c - one request to an identity provider.
 */
#include <string.h>

#include "auth/outside_priv.h"
#include "base/limits.h"
#include "callboard/json.h"
#include "json/json.h"

#define ANSWER_MAX (512 * CB_KIB)

/* "host:port": no redirect leads elsewhere, and the port is one that config
 * or the provider's own document names. */
static const char *host_of(struct cb_ctx *ctx, const char *url)
{
	const char *host = strstr(url, "://");

	host = host ? host + 3 : url;
	return cb_strndup(ctx, host, strcspn(host, "/?#"));
}

int cbi_outside_ask(struct cb_ctx *ctx, const struct cbi_outside *outside,
                    const struct cbi_idp *idp, struct cbi_outside_ask *ask,
                    json_t **out)
{
	const char *headers[4] = { "Accept: application/json" };
	const char *hosts[2] = { host_of(ctx, ask->url), NULL };
	struct cbi_http_ask http = {
		.method = ask->body ? "POST" : "GET",
		.url = ask->url,
		.headers = headers,
		.body = ask->body,
		.body_len = ask->body ? strlen(ask->body) : 0,
		.body_max = ANSWER_MAX,
		.any_status = true,
		.policy = { .hosts = hosts,
		            .allow = idp->allow,
		            .ca = idp->ca },
	};
	struct cbi_http_reply reply;
	size_t n = 1;
	int rc;

	if (!hosts[0])
		return CB_ENOMEM;
	if (ask->header)
		headers[n++] = ask->header;
	if (ask->body)
		headers[n++] =
		    "Content-Type: application/x-www-form-urlencoded";
	rc = cbi_http_request(ctx, outside->http, &http, &reply);
	if (rc < 0)
		return rc;
	ask->status = reply.status;
	if (reply.status >= 500)
		return cb_fail(ctx, CB_EUPSTREAM, "%s answered %d", idp->title,
		               reply.status);
	if (ask->text) {
		*out = json_stringn(reply.body, reply.body_len);
		return cbi_json_keep(ctx, *out);
	}
	if (cb_json_parse(ctx, reply.body, reply.body_len, out) < 0) {
		/* Where it is wrong would show what it is. */
		cb_failure_clear(ctx);
		return cb_fail(ctx, CB_EUPSTREAM,
		               "%s answered %d with what is no JSON",
		               idp->title, reply.status);
	}
	if (ask->list ? !json_is_array(*out) : !json_is_object(*out))
		return cb_fail(ctx, CB_EUPSTREAM,
		               "%s answered %d with JSON of another form",
		               idp->title, reply.status);
	return CB_OK;
}
