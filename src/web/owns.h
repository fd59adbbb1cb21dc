/* SPDX-License-Identifier: Apache-2.0 */
/*
 * owns.h - whose things are somebody's own, for what tells others of him: a
 * token, userinfo.
 */
#ifndef CB_WEB_OWNS_H
#define CB_WEB_OWNS_H

#include "web/req.h"

/* Fills owns of a user: his ref and his direct groups as the catalog has
 * them.  Whom it does not know keeps what his credential or the config said,
 * else he is his own alone. */
int cbi_web_owns(struct cb_req *req, struct cbi_who *who) CB_USED;

#endif
