/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shell.h - what stands around every page: head, top bar, navigation, foot.
 *
 * A page opens a shell, draws into the writer it gets, and closes it:
 *
 *	struct cb_html html;
 *
 *	rc = cbi_page_open(req, &page, &html);
 *	if (rc < 0)
 *		return rc;
 *	...
 *	return cbi_page_close(req, &html);
 *
 * Pages are personal; `send` says `Cache-Control: private, no-store` for them.
 */
#ifndef CB_WEB_PAGES_SHELL_H
#define CB_WEB_PAGES_SHELL_H

#include "html/parts.h"
#include "web/web.h"

struct cbi_page {
	const char *title; /* said already; of the window */
	const char *here;  /* "home", "catalog", a plugin's name ...; or NULL */
	/* Only the bar with the mark: for who is not signed in, and where the
	 * stores that navigation needs are away. */
	bool bare;
};

/* Empties the answer's body and writes all that stands before the page. */
int cbi_page_open(struct cb_req *req, const struct cbi_page *page,
                  struct cb_html *html) CB_USED;
int cbi_page_close(struct cb_req *req, struct cb_html *html) CB_USED;

/* Until and with `<body ...>`, for pages without a bar. */
void cbi_page_head(struct cb_req *req, struct cb_html *html, const char *title,
                   const char *cls);

/* The CSRF token of who asks; NULL when there is no session to tie one to,
 * and then no form is drawn. */
const char *cbi_page_csrf(struct cb_req *req);

/* What the portal is called: app.title, the organization's name. */
const char *cbi_page_app(const struct cb_req *req);
const char *cbi_page_organization(const struct cb_req *req);

/* How long ago this host was last level with PostgreSQL, when that is worth
 * telling; 0 when it is level, or never was. */
int64_t cbi_page_behind_ms(void);

#endif
