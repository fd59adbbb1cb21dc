/* SPDX-License-Identifier: Apache-2.0 */
/*
 * at.h - which time an answer is of: ?at=<time> reads the catalog as it was
 * then, and what is behind PostgreSQL says so.
 */
#ifndef CB_WEB_AT_H
#define CB_WEB_AT_H

#include "catalog/fresh.h"
#include "web/req.h"

/*
 * Reads the parameter into the context's scope; without it nothing happens.
 * CB_EINVAL for what is no time, is given twice, still to come or no longer
 * kept (catalog/past.h).
 */
int cbi_req_at(struct cb_req *req) CB_USED;

/* The request's own address without it and without positions of a page: the
 * same, now. */
const char *cbi_req_now(struct cb_req *req);

/* Warning and Age, when what was read is stale. */
int cbi_req_fresh(struct cb_req *req, const struct cbi_fresh *fresh) CB_USED;

#endif
