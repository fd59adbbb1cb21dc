/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search.h - the page that finds entities by words.
 */
#ifndef CB_WEB_PAGES_SEARCH_H
#define CB_WEB_PAGES_SEARCH_H

#include "web/router.h"

extern const struct cbi_endpoint cbi_pages_search[];

#endif
