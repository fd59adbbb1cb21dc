/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pages.h - the tables of all pages, for who makes the router, and how
 * failures of pages and fragments look.
 */
#ifndef CB_WEB_PAGES_PAGES_H
#define CB_WEB_PAGES_PAGES_H

#include "web/router.h"
#include "web/web.h"

/* Every table of web/pages; *n is how many. */
const struct cbi_endpoint *const *cbi_pages_tables(size_t *n);

/* /api/<plugin>/...: for pools that host plugins; where the house's own APIs
 * are, too, the paths would overlap. */
extern const struct cbi_endpoint cbi_plugin_apis[];

/* How failures of pages and fragments look. */
extern const struct cbi_faces cbi_page_faces;

#endif
