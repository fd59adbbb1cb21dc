/* SPDX-License-Identifier: Apache-2.0 */
/*
 * door.h - sign-in, sign-out, theme.
 */
#ifndef CB_WEB_PAGES_DOOR_H
#define CB_WEB_PAGES_DOOR_H

#include "web/router.h"
#include "web/web.h"

extern const struct cbi_endpoint cbi_pages_door[];
extern const struct cbi_endpoint cbi_pages_sign_in[];

#endif
