/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalog.h - the parts of the catalog page, for its own files.
 */
#ifndef CB_WEB_PAGES_CATALOG_H
#define CB_WEB_PAGES_CATALOG_H

#include "web/pages/things.h"
#include "web/router.h"

#define CBI_CATALOG_PAGE 25

/* What the address asks for, and what the catalog answered. */
struct cbi_catalog_page {
	struct cb_req *req;
	struct cbi_table_query query;
	const char *kind; /* in lower case; NULL: all */
	size_t at;        /* rows before the first one, as the links count */
	struct cbi_table table;
	struct cbi_table_rail rail;
	/* Counted without the types, which each kind has its own of. */
	const struct cbi_table_count *kinds;
	size_t kind_count;
	struct cbi_fresh fresh;
};

/* The parameter of a column: "type". */
const char *cbi_catalog_param(enum cbi_table_column column);
/* Message id of a column: "Type". */
const char *cbi_catalog_column(enum cbi_table_column column);
/* The parameter of a sort and a direction: "-type". */
const char *cbi_catalog_sort_param(enum cbi_table_sort sort, bool descending);

/* CB_EINVAL names the parameter that is wrong. */
int cbi_catalog_query_read(struct cb_req *req,
                           struct cbi_catalog_page *page) CB_USED;

/*
 * The address of this page with a change: without the parameter `drop` (all
 * its values, or only drop_value), then with name=value behind.  Positions are
 * dropped always.  Every argument may be NULL.
 */
struct cbi_catalog_change {
	const char *drop, *drop_value;
	const char *drop_too;
	const char *name, *value;
};
const char *cbi_catalog_addr(const struct cbi_catalog_page *page,
                             const struct cbi_catalog_change *change);

/* What a filter's value is shown as: owners by their titles. */
const char *cbi_catalog_shown(const struct cbi_catalog_page *page,
                              enum cbi_table_column column, const char *value);

void cbi_catalog_rail(const struct cbi_catalog_page *page,
                      struct cb_html *html);
void cbi_catalog_results(const struct cbi_catalog_page *page,
                         struct cb_html *html);

extern const struct cbi_endpoint cbi_pages_catalog[];

#endif
