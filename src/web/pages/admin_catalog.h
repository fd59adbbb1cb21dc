/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_catalog.h - /admin/catalog: what the catalog's engines work on, and
 * what waits for a person.
 */
#ifndef CB_WEB_PAGES_ADMIN_CATALOG_H
#define CB_WEB_PAGES_ADMIN_CATALOG_H

#include "catalog/overview.h"
#include "html/parts.h"
#include "web/req.h"

/* The lists of catalog/overview.h, and entity providers. */
#define CBI_ADMIN_PROVIDERS ((int)CBI_OVERVIEW_LISTS)
#define CBI_ADMIN_LISTS (CBI_ADMIN_PROVIDERS + 1)
#define CBI_ADMIN_PAGE 50

struct cbi_job_row;

struct cbi_admin_catalog {
	struct cb_req *req;
	int list;
	const char *text; /* what is looked for, or "" */
	int64_t page;     /* from 1 */
	const char *why;  /* why nothing can be done here, or NULL */
	struct cbi_overview_counts counts;
	const struct cbi_overview_row *rows;
	const struct cbi_job_row *jobs;
	size_t n; /* of rows, or of jobs on their list */
	size_t job_count;
	int64_t total;
};

/* The name of a list in addresses. */
const char *cbi_admin_list_name(int list);

/* A button that does act to `of` and comes back to this list. */
void cbi_admin_act(const struct cbi_admin_catalog *page, struct cb_html *html,
                   const char *act, const char *of, const char *icon,
                   const char *title);

/* admin_rows.c: the table of the list. */
void cbi_admin_rows(const struct cbi_admin_catalog *page, struct cb_html *html);
/* admin_jobs.c */
void cbi_admin_jobs(const struct cbi_admin_catalog *page, struct cb_html *html);

#endif
