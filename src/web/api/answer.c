/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.c - writing answers: see answer.h.
 */
#include "web/api/answer.h"

#include <stdio.h>
#include <string.h>

#include "cache/cache.h"
#include "catalog/catalog.h"
#include "web/at.h"
#include "web/steps.h"
#include "web/web.h"

/* Requests with longer bodies are not asked twice. */
#define KEY_BODY_MAX 4096
/* nginx packs from here on what is not packed yet. */
#define GZIP_MIN 1000
/* A stream is sent in pieces of this size. */
#define PIECE (64 * 1024)

/* JSON, unless a handler has said what else. */
static const char *type_of(const struct cb_req *req)
{
	return req->answer.type ? req->answer.type : CBI_API_JSON;
}

static int send_held(struct cb_req *req)
{
	struct cb_buf *body = req->answer.body;
	int rc = CB_OK;

	if (!req->answer.streamed)
		rc = cbi_req_stream(req, type_of(req));
	if (rc == CB_OK && body->len)
		rc = cbi_req_stream_write(req, body->data, body->len);
	cbi_buf_clear(body);
	return rc;
}

int cbi_api_write(struct cb_req *req, const void *data, size_t len)
{
	struct cb_buf *body = req->answer.body;
	size_t room = req->answer.streamed ? PIECE : CBI_API_HELD_MAX;
	int rc;

	if (body->len + len > room) {
		rc = send_held(req);
		if (rc < 0)
			return rc;
	}
	/* What is larger than a piece goes out from where it lies. */
	if (req->answer.streamed && len > PIECE)
		return cbi_req_stream_write(req, data, len);
	rc = cb_buf_add(body, data, len);
	return rc < 0 ? cb_fail(req->ctx, rc, "no memory for the answer")
	              : CB_OK;
}

int cbi_api_printf(struct cb_req *req, const char *fmt, ...)
{
	char text[160];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(text))
		return cb_fail(req->ctx, CB_EBUG, "a piece is too long");
	return cbi_api_write(req, text, (size_t)len);
}

static int write_cut(struct cb_req *req, struct cbi_fields *fields,
                     struct cbi_span entity)
{
	struct cb_buf *body = req->answer.body;
	int rc = CB_OK;

	if (body->len > CBI_API_HELD_MAX ||
	    (req->answer.streamed && body->len > PIECE))
		rc = send_held(req);
	if (rc == CB_OK)
		rc = cbi_fields_write(fields, entity, body);
	return rc;
}

int cbi_api_entity(struct cb_req *req, struct cbi_fields *fields,
                   struct cbi_span body)
{
	if (fields)
		return write_cut(req, fields, body);
	return cbi_api_write(req, body.ptr, body.len);
}

int cbi_api_end(struct cb_req *req, int rc)
{
	if (!req->answer.streamed) {
		req->answer.type = type_of(req);
		return rc;
	}
	if (rc == CB_OK)
		rc = send_held(req);
	if (rc < 0)
		req->answer.partial = true;
	return rc;
}

/* --- the cache --- */

/* May kept answers be given now, of which number, and how old are they?
 * While PostgreSQL is thought to be there an old one is no answer. */
static bool may_give_kept(struct cb_req *req, struct cbi_fresh *fresh,
                          uint64_t *number)
{
	struct cbi_copy_txn *txn = NULL;
	int rc = CB_OK;

	if (req->web->catalog->copy)
		rc = cbi_fresh_begin(req->ctx, req->web->catalog, fresh, &txn);
	if (rc < 0)
		cb_failure_clear(req->ctx);
	*number = cbi_fresh_number(txn);
	return txn || !req->web->catalog->copy;
}

/* Does the client take gzip?  "gzip;q=0" says no; other weights say yes. */
static bool takes_gzip(const struct cb_req *req)
{
	const char *list = cbi_req_header(req, "Accept-Encoding");

	while (list && *list) {
		size_t len;

		list += strspn(list, " ,");
		len = strcspn(list, " ,;");
		if (len == 4 && memcmp(list, "gzip", 4) == 0) {
			list += len + strspn(list + len, " ;");
			return !cbi_str_starts(list, "q=0") ||
			       strspn(list + 3, ".0") < strcspn(list + 3, " ,");
		}
		list += strcspn(list, ",");
	}
	return false;
}

/* The body as gzip, which is made once and kept. */
static int pack(struct cb_req *req, const struct cbi_blob *blob)
{
	struct cbi_span gzip;
	int rc = cbi_cache_gzip(req->ctx, req->web->cache, blob, &gzip);

	if (rc == CB_ENOENT)
		return CB_OK;
	if (rc == CB_OK)
		rc = cbi_req_add_header(req, "Content-Encoding", "gzip");
	if (rc == CB_OK)
		rc = cbi_req_add_header(req, "Vary", "Accept-Encoding");
	if (rc < 0)
		return rc;
	req->answer.kept = gzip.ptr;
	req->answer.kept_len = gzip.len;
	return CB_OK;
}

static int give(struct cb_req *req, const struct cbi_blob *blob,
                const struct cbi_fresh *fresh)
{
	req->answer.status = blob->status;
	req->answer.type = CBI_API_JSON;
	req->answer.kept = blob->body;
	req->answer.kept_len = blob->len;
	if (*blob->etag)
		req->answer.etag = blob->etag;
	if (blob->len >= GZIP_MIN && takes_gzip(req)) {
		int rc = pack(req, blob);

		if (rc < 0)
			return rc;
	}
	return cbi_req_fresh(req, fresh);
}

static void keep(struct cb_req *req, const struct cbi_cache_key *key,
                 uint64_t number)
{
	struct cbi_answer *answer = &req->answer;
	struct cbi_blob blob = { .status = 200, .type = CBI_API_JSON };

	/* One with headers of its own (a Link, a Warning) is made anew. */
	if (answer->streamed || answer->headers || answer->kept ||
	    (answer->status && answer->status != 200))
		return;
	blob.body = cbi_buf_string(answer->body);
	blob.len = answer->body->len;
	if (strcmp(req->method, "POST") != 0 &&
	    cbi_send_etag(req, blob.body, blob.len) < 0)
		return;
	blob.etag = answer->etag;
	if (cbi_cache_put(req->ctx, req->web->cache, key, number, &blob, NULL) <
	    0)
		cb_failure_clear(req->ctx);
}

int cbi_api_cached(struct cb_req *req, int (*make)(struct cb_req *req))
{
	struct cbi_cache *cache = req->web->cache;
	/* Taken first: an answer is at least as new as this. */
	uint64_t number;
	struct cbi_fresh fresh = { false, 0 };
	const struct cbi_cache_key *key;
	const struct cbi_blob *blob;
	int rc;

	if (!cache || req->body_len > KEY_BODY_MAX || !req->raw)
		return cbi_api_end(req, make(req));
	/* The type as well: the same bytes as a text are refused. */
	key = cbi_cache_key(req->ctx, &req->ctx->scope, "%s %s\n%s\n%.*s",
	                    req->head ? "GET" : req->method, req->raw,
	                    req->body_type ? req->body_type : "",
	                    (int)req->body_len, req->body ? req->body : "");
	if (!key)
		return CB_ENOMEM;
	if (may_give_kept(req, &fresh, &number)) {
		rc = cbi_cache_get(req->ctx, cache, key, number, &blob);
		if (rc == CB_OK)
			return give(req, blob, &fresh);
		if (rc != CB_ENOENT)
			return rc;
	}
	rc = cbi_api_end(req, make(req));
	if (rc == CB_OK)
		keep(req, key, number);
	return rc;
}
