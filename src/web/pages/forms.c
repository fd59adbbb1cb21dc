/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forms.c - see forms.h.
 */
#include "web/pages/forms.h"

#include "web/locations.h"
#include "web/may.h"
#include "web/pages/shell.h"

const char *cbi_form_token(struct cb_req *req)
{
	const char *csrf = cbi_page_csrf(req);

	return csrf ? csrf : req->who.kind == CBI_WHO_SERVICE ? "" : NULL;
}

const char *cbi_form_denied(struct cb_req *req)
{
	if (req->who.kind == CBI_WHO_GUEST)
		return cb_tr(req->ctx,
		             "Guests read; changes need a token or the "
		             "command line.");
	return cb_tr(req->ctx, "None of your roles allows this.");
}

const char *cbi_form_why(struct cb_req *req, const char *permission)
{
	if (req->ctx->scope.as_of)
		return cb_tr(req->ctx, "This is the past: nothing in it can be "
		                       "changed.");
	if (req->who.viewer)
		return cb_tr(req->ctx, "You view the portal as somebody else: "
		                       "nothing can be changed.");
	if (permission && !cbi_may_show(req, permission))
		return cbi_form_denied(req);
	return NULL;
}

const char *cbi_form_location_why(struct cb_req *req, const char *permission)
{
	const char *why = cbi_form_why(req, permission);

	if (why || cbi_locations_open(req) == CB_OK)
		return why;
	cb_failure_clear(req->ctx);
	return cb_tr(req->ctx, "catalog.readonly is set: locations cannot be "
	                       "changed.");
}

void cbi_form_off(struct cb_html *html, const char *title, const char *why)
{
	cbi_html_notice_open(html, CB_TONE_NEUTRAL, "note", title);
	cbi_html_lit(html, "<p>");
	cbi_html_esc(html, why);
	cbi_html_lit(html, "</p>");
	cbi_html_notice_close(html);
}

void cbi_form_button(struct cb_req *req, struct cb_html *html,
                     const struct cbi_form_button *button)
{
	const struct cbi_html_form form = { .address = button->address,
		                            .csrf = cbi_form_token(req) };

	if (!form.csrf)
		return;
	cbi_html_form_open(html, &form);
	if (button->name)
		cbi_html_hidden(html, button->name, button->value);
	cbi_html_lit(html, "<button type=\"submit\"");
	cbi_html_attr(html, "class", button->cls);
	cbi_html_lit(html, ">");
	if (button->icon)
		cbi_html_icon(html, button->icon);
	cbi_html_tr(html, button->title);
	cbi_html_lit(html, "</button>");
	cbi_html_form_close(html);
}
