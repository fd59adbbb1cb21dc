/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plugin_page.h - see plugin_page.c.
 */
#ifndef CB_WEB_PAGES_PLUGIN_PAGE_H
#define CB_WEB_PAGES_PLUGIN_PAGE_H

#include "web/router.h"
#include "web/web.h"

extern const struct cbi_endpoint cbi_pages_plugin[];

#endif
