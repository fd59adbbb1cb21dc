/* SPDX-License-Identifier: Apache-2.0 */
/*
 * home.h - see home.c.
 */
#ifndef CB_WEB_PAGES_HOME_H
#define CB_WEB_PAGES_HOME_H

#include "web/router.h"
#include "web/web.h"

extern const struct cbi_endpoint cbi_pages_home[];

#endif
