/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callboard/req.h - a request, as a route handler of a plugin sees it.
 *
 * All texts live as long as the request.  The answer of a route is what the
 * handler writes: HTML through `html` (drawn within the portal's shell), or
 * JSON by cb_req_json.
 */
#ifndef CALLBOARD_REQ_H
#define CALLBOARD_REQ_H

#include <callboard/ctx.h>
#include <callboard/json.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cb_req;

/* "GET", "HEAD", "POST" ... */
const char *cb_req_method(const struct cb_req *req);
/* What follows the route's own path, without a leading slash; "" for none. */
const char *cb_req_rest(const struct cb_req *req);
/* The first value of a query or form parameter, decoded; NULL for none. */
const char *cb_req_param(const struct cb_req *req, const char *name);
/* Answers JSON with a status; value is borrowed. */
int cb_req_json(struct cb_req *req, int status, const json_t *value) CB_USED;

#ifdef __cplusplus
}
#endif

#endif
