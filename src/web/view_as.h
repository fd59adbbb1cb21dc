/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view_as.h - beginning and ending to view the portal as somebody else.
 */
#ifndef CB_WEB_VIEW_AS_H
#define CB_WEB_VIEW_AS_H

#include "web/req.h"

/* Sets the cookie; who may is asked by the caller, and the audit is his.
 * CB_EINVAL without a session. */
int cbi_view_as_begin(struct cb_req *req, const char *ref) CB_USED;
/* Takes it back. */
int cbi_view_as_end(struct cb_req *req) CB_USED;

#endif
