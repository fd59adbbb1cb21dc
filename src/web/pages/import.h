/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import.h - registering what exists: an address, what stands there, and the
 * location that comes of it.
 *
 *	GET  /catalog-import               the form
 *	POST /catalog-import               what stands at `target`
 *	POST /catalog-import/register      makes it a location, then
 *	GET  /catalog-import/{id}          what the location brought
 *	POST /catalog-import/confirm       takes what a repository at `target`
 *	                                   seems to be for good, then
 *	GET  /catalog-import/confirmed/... is there when it is
 *
 * Looking stores nothing; it is a POST because it reaches the outside.
 */
#ifndef CB_WEB_PAGES_IMPORT_H
#define CB_WEB_PAGES_IMPORT_H

#include <jansson.h>

#include "html/parts.h"
#include "web/locations.h"
#include "web/router.h"

#define CBI_IMPORT_SAID 5

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
	const char *repository; /* its address, as its host has it, or NULL */
	/* What was confirmed of it before, and, while it is being confirmed,
	 * what was typed and why it was refused; or NULL. */
	const char *confirmed;
	const char *said[CBI_IMPORT_SAID];
	const char *refusal;
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

/* import_confirm.c: the form with a proposal of the repository. */
void cbi_import_confirm_form(const struct cbi_import *import,
                             struct cb_html *html, const json_t *proposal);

/* import.c, for import_confirm.c: an import of what was typed, whether that
 * can be an address at all, the page, and a failure that the page explains. */
int cbi_import_begin(struct cb_req *req, const char *typed,
                     struct cbi_import *import) CB_USED;
int cbi_import_check(const struct cbi_import *import) CB_USED;
int cbi_import_draw(const struct cbi_import *import) CB_USED;
int cbi_import_explain(struct cbi_import *import, int rc) CB_USED;
/* Without blanks around it; what a form did not send is "". */
const char *cbi_import_trimmed(struct cb_req *req, const char *text);

/* import_done.c */
int cbi_import_show_location(struct cb_req *req);

extern const struct cbi_endpoint cbi_pages_import[];
extern const struct cbi_endpoint cbi_pages_import_confirm[];

#endif
