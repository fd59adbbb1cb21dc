/* SPDX-License-Identifier: Apache-2.0 */
/*
 * door.h - sign-in, sign-out, theme; and how cookies are set.
 */
#ifndef CB_WEB_PAGES_DOOR_H
#define CB_WEB_PAGES_DOOR_H

#include "web/router.h"
#include "web/web.h"

/* Sets a cookie for the portal's path: SameSite=Lax, Secure under https.
 * seconds 0 deletes it, -1 lets it end with the browser. */
int cbi_door_cookie(struct cb_req *req, const char *name, const char *value,
                    int seconds, bool hidden) CB_USED;

extern const struct cbi_endpoint cbi_pages_door[];

#endif
