/* SPDX-License-Identifier: Apache-2.0 */
/*
 * req.c - see req.h and callboard/req.h.
 */
#include "web/req.h"

#include <string.h>
#include <time.h>

#include "base/str.h"
#include "host/host.h"
#include "html/addr.h"
#include "web/steps.h"

/* A response header's name and value are a line's. */
#define HEADER_NAME_MAX 64

static const char *find(const struct cbi_param *list, const char *name)
{
	for (; list; list = list->next)
		if (strcmp(list->name, name) == 0)
			return list->value;
	return NULL;
}

const char *cbi_req_raw_query(const struct cb_req *req)
{
	const char *at = req->raw ? strchr(req->raw, '?') : NULL;

	return at ? at + 1 : "";
}

const char *cbi_req_query(const struct cb_req *req, const char *name)
{
	return find(req->query, name);
}

const char *cbi_req_form(const struct cb_req *req, const char *name)
{
	return find(req->form, name);
}

const char *cbi_req_header(const struct cb_req *req, const char *name)
{
	char key[HEADER_NAME_MAX + 6] = "HTTP_";
	const char *value;
	size_t len = 5;

	for (; *name && len < sizeof(key) - 1; name++, len++)
		key[len] = *name == '-' ? '_'
		           : *name >= 'a' && *name <= 'z'
		               ? (char)(*name - 'a' + 'A')
		               : *name;
	key[len] = '\0';
	value = req->port->param(req->port->carrier, key);
	/* nginx passes headers on that its template emptied. */
	return value && *value ? value : NULL;
}

const char *cbi_req_server(const struct cb_req *req, const char *name)
{
	const char *value = req->port->param(req->port->carrier, name);

	return value && *value ? value : NULL;
}

const char *cbi_req_cookie(const struct cb_req *req, const char *name)
{
	const char *at = cbi_req_header(req, "Cookie");
	size_t len = strlen(name);

	while (at && *at) {
		at += strspn(at, " ;\t");
		if (strncmp(at, name, len) == 0 && at[len] == '=') {
			at += len + 1;
			return cb_strndup(req->ctx, at, strcspn(at, ";"));
		}
		at = strchr(at, ';');
	}
	return NULL;
}

static bool is_line(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 && *text != '\t')
			return false;
	return true;
}

int cbi_req_add_header(struct cb_req *req, const char *name, const char *value)
{
	struct cbi_header *header;

	if (!is_line(name) || !is_line(value) || strchr(name, ':'))
		return cb_fail(req->ctx, CB_EINVAL,
		               "a response header would hold a line end");
	header = cb_alloc(req->ctx, sizeof(*header));
	if (!header)
		return CB_ENOMEM;
	header->name = cb_strdup(req->ctx, name);
	header->value = cb_strdup(req->ctx, value);
	if (!header->name || !header->value)
		return CB_ENOMEM;
	header->next = req->answer.headers;
	req->answer.headers = header;
	return CB_OK;
}

int cbi_req_redirect(struct cb_req *req, const char *path)
{
	req->answer.status = 303;
	cbi_buf_clear(req->answer.body);
	req->answer.kept = NULL;
	return cbi_req_add_header(req, "Location", cbi_addr(req->ctx, path));
}

int cbi_req_stream(struct cb_req *req, const char *type)
{
	int rc;

	req->answer.type = type;
	rc = cbi_send_head(req, -1);
	if (rc != CB_OK)
		return rc;
	req->answer.streamed = true;
	return CB_OK;
}

/* One reader of the whole catalog would keep a processor to itself, and those
 * who ask for one entity would wait for it. */
static void give_way(struct cbi_answer *answer, size_t len)
{
	const struct timespec pause = { .tv_nsec = CB_STREAM_PAUSE_US * 1000L };
	int64_t before = answer->sent;

	answer->sent += (int64_t)len;
	if (answer->sent > CB_STREAM_FAST &&
	    answer->sent / CB_STREAM_PIECE != before / CB_STREAM_PIECE)
		nanosleep(&pause, NULL);
}

int cbi_req_stream_write(struct cb_req *req, const void *data, size_t len)
{
	if (req->head)
		return CB_OK;
	if (!req->answer.partial &&
	    req->port->write(req->port->carrier, data, len) == 0) {
		give_way(&req->answer, len);
		return CB_OK;
	}
	req->answer.partial = true;
	return cb_fail(req->ctx, CB_EAWAY, "the reader went away");
}

/* ---- callboard/req.h ---- */

const char *cb_req_method(const struct cb_req *req)
{
	return req->method;
}

const char *cb_req_rest(const struct cb_req *req)
{
	const char *rest = cbi_host_rest(req->ctx);

	if (!rest)
		rest = req->rest;
	return rest ? rest : "";
}

const char *cb_req_param(const struct cb_req *req, const char *name)
{
	const char *value = find(req->query, name);

	return value ? value : find(req->form, name);
}

static int add_json(const char *data, size_t len, void *arg)
{
	return cb_buf_add(arg, data, len) == CB_OK ? 0 : -1;
}

int cb_req_json(struct cb_req *req, int status, const json_t *value)
{
	if (status < 200 || status > 599)
		return cb_fail(req->ctx, CB_EINVAL,
		               "%d is not the status of an answer", status);
	cbi_buf_clear(req->answer.body);
	if (json_dump_callback(value, add_json, req->answer.body,
	                       JSON_COMPACT | JSON_ENCODE_ANY) < 0)
		return cb_fail(
		    req->ctx, req->answer.body->failed ? CB_ETOOBIG : CB_EINVAL,
		    "the answer cannot be written as JSON");
	req->answer.status = status;
	req->answer.type = "application/json; charset=utf-8";
	return CB_OK;
}
