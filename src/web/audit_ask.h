/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_ask.h - which rows of the audit log a request asks for: what the page
 * and the export have in common.
 */
#ifndef CB_WEB_AUDIT_ASK_H
#define CB_WEB_AUDIT_ASK_H

#include "audit/list.h"
#include "web/req.h"

/*
 * The parameters actor, action, object, outcome, from, to, before (a row's id:
 * older than it).  A to without a time of day takes the whole day in.
 * CB_EINVAL names what is no time, no number or too long.
 */
int cbi_audit_ask(struct cb_req *req, struct cbi_audit_query *out) CB_USED;

/* path with the same filters, without before; lives with the request. */
const char *cbi_audit_ask_address(struct cb_req *req, const char *path);

#endif
