/* SPDX-License-Identifier: Apache-2.0 */
/*
 * origin.h - what one location brings into the catalog.
 */
#ifndef CB_WEB_PAGES_ORIGIN_H
#define CB_WEB_PAGES_ORIGIN_H

#include "html/parts.h"
#include "web/req.h"

/* So many are named. */
#define CBI_ORIGIN_MAX 100

struct cbi_origin {
	const char *refs[CBI_ORIGIN_MAX];
	size_t n;
	int64_t total;
};

/* All served entities whose origin is "type:target", by their names. */
int cbi_origin_find(struct cb_req *req, const char *origin,
                    struct cbi_origin *out) CB_USED;

/* Links to them; but not to except (NULL: to all).  How many more there are
 * is said. */
void cbi_origin_list(struct cb_req *req, struct cb_html *html,
                     const struct cbi_origin *origin, const char *except);

#endif
