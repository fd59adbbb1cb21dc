/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.h - failures of API endpoints, in the contract's shape.
 */
#ifndef CB_WEB_API_ERROR_H
#define CB_WEB_API_ERROR_H

#include "web/req.h"

/* The HTTP status of a code; unknown_too_big is what CB_ETOOBIG becomes: 400
 * on Backstage's paths, 413 on our own. */
int cbi_api_status(int code, int unknown_too_big);

/* "NotFoundError"; static. */
const char *cbi_api_error_name(int status);

/*
 * Makes the answer from the context's failure: status, JSON body, and
 * Retry-After with a 503.  Without an endpoint (no path fitted) a failure
 * CB_ENOENT has an empty body, as upstream has it.  What the house did wrong
 * (CB_EBUG, CB_ENOMEM) is not told; the request id is.  Never fails: without
 * memory for a body there is none.
 */
void cbi_api_error(struct cb_req *req);

/* The same with status and text of the caller's own (405, 415). */
void cbi_api_error_as(struct cb_req *req, int status, const char *text);

#endif
