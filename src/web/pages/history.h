/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.h - the tab of an entity's versions, and its parts.
 */
#ifndef CB_WEB_PAGES_HISTORY_H
#define CB_WEB_PAGES_HISTORY_H

#include "catalog/history.h"
#include "web/pages/entity.h"
#include "web/router.h"

struct cbi_history_page {
	struct cbi_entity_page page; /* entity NULL: it is gone */
	const char *title;
	struct cbi_version *all; /* without bodies, to choose from */
	size_t all_n;
	bool all_more;
	struct cbi_version *shown;
	size_t n;
	bool more;
	/* Why nothing of it can be brought back here, for people; NULL. */
	const char *restore_why;
};

/* The versions, each with what it changed. */
int cbi_history_versions(const struct cbi_history_page *h,
                         struct cb_html *html) CB_USED;
/* Any two of them; 0 for none chosen yet. */
int cbi_history_compare(const struct cbi_history_page *h, struct cb_html *html,
                        int64_t from, int64_t to) CB_USED;

extern const struct cbi_endpoint cbi_pages_history[];

#endif
