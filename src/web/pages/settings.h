/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - /settings: what is somebody's own, section by section.
 *
 * A section is a row of the table in settings.c and a file of its own; its
 * forms post to addresses below /settings/ and come back to
 * /settings?done=<what> or fail as any page does.
 */
#ifndef CB_WEB_PAGES_SETTINGS_H
#define CB_WEB_PAGES_SETTINGS_H

#include "html/parts.h"
#include "web/router.h"
#include "web/web.h"

struct cbi_settings_section {
	const char *name;  /* of its card: "sessions" */
	const char *title; /* message id */
	/* Is there anything for who asks?  NULL: for everybody. */
	bool (*fits)(const struct cb_req *req);
	/* Writes the card's body; a failure ends the page. */
	int (*draw)(struct cb_req *req, struct cb_html *html);
};

extern const struct cbi_settings_section cbi_settings_sessions;
extern const struct cbi_settings_section cbi_settings_tokens;

/* Is it a person who signed in (not a guest, not a program)? */
bool cbi_settings_person(const struct cb_req *req);

extern const struct cbi_endpoint cbi_pages_settings[];
extern const struct cbi_endpoint cbi_pages_settings_sessions[];
extern const struct cbi_endpoint cbi_pages_settings_tokens[];

#endif
