/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreign.h - plugins that are programs of their own: asked by FastCGI or
 * HTTP, at the address that their plugin.yaml names under `serve:`.
 *
 * Only who may go out asks (a fetch process).  Nothing of an answer is
 * believed: it has a ceiling and a deadline, and what it holds is made a view
 * model by host/, which view/ checks and draws.
 */
#ifndef CB_FOREIGN_FOREIGN_H
#define CB_FOREIGN_FOREIGN_H

#include <callboard/ctx.h>

struct cbi_http;

/* What a program is told who asks, as a header or a FastCGI parameter. */
#define CBI_FOREIGN_IDENTITY "X-Callboard-Identity"
/* The type of a view model. */
#define CBI_FOREIGN_VIEW "application/vnd.callboard.view+json"
/* Who signs such a token: the portal itself, as its `sub`. */
#define CBI_FOREIGN_SUBJECT "callboard"

/* ---- serve.c: where a program listens --------------------------------------
 */

enum cbi_foreign_kind {
	CBI_FOREIGN_UNIX = 1, /* fastcgi:unix:/run/weather.sock */
	CBI_FOREIGN_TCP,      /* fastcgi:127.0.0.1:9000 */
	CBI_FOREIGN_HTTP,     /* http://127.0.0.1:9001 */
};

/* Texts live with ctx. */
struct cbi_foreign_serve {
	enum cbi_foreign_kind kind;
	const char *text; /* as it stands in the file */
	const char *path; /* of the socket */
	const char *host; /* a name or address, IPv6 without brackets */
	const char *port;
	const char *place; /* "host:port", as http/ and nginx name it */
};

/* CB_EINVAL says what was expected.  What passes may stand in an nginx file
 * between quotes. */
int cbi_foreign_serve(struct cb_ctx *ctx, const char *text,
                      struct cbi_foreign_serve *out) CB_USED;

/* ---- foreign.c: one question, one answer ------------------------------------
 */

struct cbi_foreign_ask {
	const char *path;  /* "/fragments/weather/today", encoded */
	const char *query; /* without '?', encoded; "" for none */
	const char *accept;
	const char *identity; /* the token; NULL: none */
	size_t body_max;      /* of the answer, bytes */
};

/* Texts live with ctx. */
struct cbi_foreign_reply {
	int status;
	const char *type; /* lower case, without parameters; "" for none */
	const char *body; /* NUL-terminated, may hold others */
	size_t body_len;
	const char *complaint; /* first line it wrote to FCGI_STDERR; "" */
};

/*
 * GETs.  CB_OK for every answer, whatever its status; CB_EAWAY when nobody
 * listens or it ends in the middle, CB_ETIME, CB_ETOOBIG, CB_EUPSTREAM for
 * what is no answer, CB_EDENIED for an address that may not be reached:
 * link-local ones, unless they are named.
 */
int cbi_foreign_get(struct cb_ctx *ctx, struct cbi_http *http,
                    const struct cbi_foreign_serve *serve,
                    const struct cbi_foreign_ask *ask,
                    struct cbi_foreign_reply *out) CB_USED;

/* ---- fastcgi.c
 * --------------------------------------------------------------- */

struct cbi_foreign_param {
	const char *name; /* NULL ends the list */
	const char *value;
};

/* One request on a connected, non-blocking socket: what came on FCGI_STDOUT
 * and the beginning of FCGI_STDERR, until its end; as long as ctx. */
int cbi_fastcgi_ask(struct cb_ctx *ctx, int fd,
                    const struct cbi_foreign_param *params, size_t out_max,
                    const char **out, size_t *out_len,
                    const char **err) CB_USED;

/* connect.c: CB_EAWAY, CB_ETIME, CB_EDENIED; the caller closes *fd. */
int cbi_foreign_connect(struct cb_ctx *ctx,
                        const struct cbi_foreign_serve *serve, int *fd) CB_USED;

#endif
