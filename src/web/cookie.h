/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cookie.h - cookies that the portal sets: SameSite=Lax, Secure under https,
 * HttpOnly unless a script of ours reads it.
 */
#ifndef CB_WEB_COOKIE_H
#define CB_WEB_COOKIE_H

#include "web/req.h"

struct cbi_cookie {
	const char *name, *value;
	const char *path; /* below the base path; NULL: "/" */
	int64_t seconds;  /* 0 takes it back, -1: until the browser ends */
	bool open;        /* scripts may read it */
};

int cbi_cookie_set(struct cb_req *req, const struct cbi_cookie *cookie) CB_USED;
/* Our session's; NULL takes it back. */
int cbi_cookie_session(struct cb_req *req, const char *value) CB_USED;

/* A value that may be longer than a cookie: then in pieces "<name>-0",
 * "<name>-1" ..., as Backstage's.  CB_ETOOBIG beyond eight of them. */
int cbi_cookie_set_long(struct cb_req *req,
                        const struct cbi_cookie *cookie) CB_USED;
/* NULL for none. */
const char *cbi_cookie_long(const struct cb_req *req, const char *name);

#endif
