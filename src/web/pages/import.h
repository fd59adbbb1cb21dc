/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import.h - registering what exists: an address, what stands there, and the
 * location that comes of it.
 *
 *	GET  /catalog-import               the form
 *	POST /catalog-import               what stands at `target`
 *	POST /catalog-import/register      makes it a location, then
 *	GET  /catalog-import/{id}          what the location brought
 *
 * Looking stores nothing; it is a POST because it reaches the outside.
 */
#ifndef CB_WEB_PAGES_IMPORT_H
#define CB_WEB_PAGES_IMPORT_H

#include <jansson.h>

#include "html/parts.h"
#include "web/locations.h"
#include "web/router.h"

struct cbi_import {
	struct cb_req *req;
	const char *target;  /* as typed, without blanks around it; or "" */
	const char *off;     /* why nothing can be registered here, or NULL */
	const char *problem; /* why nothing was found out, or NULL */
	int status;          /* of the answer */
	bool tried;          /* trial says what stands there */
	struct cbi_locations_trial trial;
	/* Of a repository: in the shape of analyze-location's answer; NULL
	 * where target is a catalog file. */
	const json_t *analysis;
};

enum cbi_import_step {
	CBI_IMPORT_ADDRESS,
	CBI_IMPORT_PREVIEW,
	CBI_IMPORT_DONE,
};
/* The page's head, and how far one is. */
void cbi_import_head(struct cb_html *html, enum cbi_import_step step);

/* import_preview.c: what trial found: errors at their lines, entities, and
 * the button. */
int cbi_import_preview(const struct cbi_import *import,
                       struct cb_html *html) CB_USED;

/* import_repo.c: what a repository holds: catalog files to go on with, or
 * what to begin with where it has none. */
int cbi_import_repository(const struct cbi_import *import,
                          struct cb_html *html) CB_USED;

/* import_done.c */
int cbi_import_show_location(struct cb_req *req);

extern const struct cbi_endpoint cbi_pages_import[];

#endif
