/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin.h - the pages for who runs the portal.
 */
#ifndef CB_WEB_PAGES_ADMIN_H
#define CB_WEB_PAGES_ADMIN_H

#include "web/router.h"
#include "web/web.h"

extern const struct cbi_endpoint cbi_pages_admin[];
extern const struct cbi_endpoint cbi_pages_admin_catalog[];
extern const struct cbi_endpoint cbi_pages_audit[];
extern const struct cbi_endpoint cbi_pages_plugins[];
extern const struct cbi_endpoint cbi_pages_gallery[];

#endif
