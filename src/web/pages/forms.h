/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forms.h - what pages with forms that change something have in common:
 * their token, and why there is no form.
 */
#ifndef CB_WEB_PAGES_FORMS_H
#define CB_WEB_PAGES_FORMS_H

#include "html/parts.h"
#include "web/req.h"

/* A form's token; "" for a service, which has no session and needs none.
 * NULL: no form can be sent. */
const char *cbi_form_token(struct cb_req *req);

/* Why who asks cannot do what needs a permission (NULL: what is asked for
 * elsewhere), for people; NULL when he can. */
const char *cbi_form_why(struct cb_req *req, const char *permission);
/* The same for locations, which catalog.readonly may have closed. */
const char *cbi_form_location_why(struct cb_req *req, const char *permission);
/* "Your roles do not allow this", in the words for who asks. */
const char *cbi_form_denied(struct cb_req *req);

/* Says it. */
void cbi_form_off(struct cb_html *html, const char *title, const char *why);

/* A form of one button; icon may be NULL, cls is a literal of ours. */
struct cbi_form_button {
	const char *address;
	const char *name, *value; /* hidden; NULL for none */
	const char *cls, *icon, *title;
};
/* Nothing without a token. */
void cbi_form_button(struct cb_req *req, struct cb_html *html,
                     const struct cbi_form_button *button);

#endif
