/* SPDX-License-Identifier: Apache-2.0 */
/*
 * req.h - the request that walks through the house.
 *
 * Each step of steps.c fills its own part and reads only what stands above
 * it.  All texts live in the context's arena.
 */
#ifndef CB_WEB_REQ_H
#define CB_WEB_REQ_H

#include <callboard/req.h>

#include "auth/auth.h"
#include "base/buf.h"
#include "base/ctx.h"
#include "web/port.h"

struct cbi_web;      /* web/web.h: what the process knows for all requests */
struct cbi_endpoint; /* web/router.h */

struct cbi_param {
	const char *name;
	const char *value; /* decoded; "" when there was no '=' */
	const struct cbi_param *next;
};

struct cbi_header {
	const char *name;
	const char *value;
	const struct cbi_header *next;
};

/* What will be sent.  A handler sets status and type and either fills body,
 * points at kept bytes, or streams (cbi_req_stream). */
struct cbi_answer {
	int status;       /* 200 unless set */
	const char *type; /* "text/html; charset=utf-8" unless set */
	const struct cbi_header *headers;
	struct cb_buf *body; /* emptied for each request, kept by the lane */
	struct cb_buf *head; /* for `send` alone */
	const char *kept; /* instead of body: bytes that outlive the request */
	size_t kept_len;
	const char *etag; /* quoted; 304 is made of it by `send` */
	int64_t sent;     /* bytes of a stream, so far */
	bool streamed;    /* head and bytes are on their way already */
	bool partial; /* the stream broke: the connection must not be kept */
};

struct cb_req {
	struct cb_ctx *ctx;
	const struct cbi_web *web;
	const struct cbi_port *port;

	/* read */
	const char *method; /* upper case */
	const char *path;   /* decoded once, without the base path */
	const char *raw;    /* path and query as sent, without the base path */
	const struct cbi_param *query;
	size_t query_count;
	const struct cbi_param *form; /* of an urlencoded POST */
	const char *body_type; /* "application/json", lower case, no options */
	const char *body;
	size_t body_len;
	const char *address; /* the client's, for the audit */
	bool head;           /* HEAD: answered like GET, without body */
	bool fragment;       /* asked by SSI: the internal /_cards/ twin */

	/* who */
	struct cbi_who who;
	int who_code; /* of an Authorization header that nobody knows */

	/* route */
	const struct cbi_endpoint *endpoint;
	const char *args[6]; /* what the path's {holes} held, decoded */
	const char *rest;    /* behind a path that ends in a slash-star */
	int plugin;          /* board index + 1 of the plugin that serves */

	struct cbi_answer answer;
	int code; /* what the first failing step returned, else CB_OK */
	/* The session that was opened for this request; NULL for none. */
	const struct cbi_auth_entry *opened;
	/* Why this was refused, for the audit: the page that says so has
	 * forgotten it.  missed: it is somebody who signs in. */
	const char *refused;
	bool missed;
	int64_t began_us;
	int64_t handle_us; /* what the handler took */
};

/* The first value of a query parameter, NULL for none. */
const char *cbi_req_query(const struct cb_req *req, const char *name);
const char *cbi_req_form(const struct cb_req *req, const char *name);
/* The query as it came, without '?'; "" for none. */
const char *cbi_req_raw_query(const struct cb_req *req);
/* A request header by its HTTP name ("If-None-Match"), NULL for none. */
const char *cbi_req_header(const struct cb_req *req, const char *name);
/* What the web server before us says under a name that no client can send
 * (it has no HTTP_): "CB_AUTH_USER"; NULL for none. */
const char *cbi_req_server(const struct cb_req *req, const char *name);
/* The value of a cookie, NULL for none; lives with the request. */
const char *cbi_req_cookie(const struct cb_req *req, const char *name);

/* Adds a response header; CR and LF in value make it CB_EINVAL. */
int cbi_req_add_header(struct cb_req *req, const char *name, const char *value);
/* 303 to a path of ours (the base path is added) with nothing else. */
int cbi_req_redirect(struct cb_req *req, const char *path);

/* Sends the head now and what follows through the port; bounded memory. */
int cbi_req_stream(struct cb_req *req, const char *type);
int cbi_req_stream_write(struct cb_req *req, const void *data, size_t len);

#endif
