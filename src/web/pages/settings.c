/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.c - see settings.h: the page, and who one is.
 */
#include "web/pages/settings.h"

#include <string.h>

#include "catalog/entity.h"
#include "html/addr.h"
#include "web/pages/shell.h"
#include "web/sign_in.h"

bool cbi_settings_person(const struct cb_req *req)
{
	return cbi_sign_in_self(req) != NULL;
}

static const char *way_in(struct cb_req *req)
{
	const char *id = cbi_sign_in_idp(req);
	const struct cbi_idp *idp =
	    id ? cbi_idps_find(cbi_auth_idps(req->web->auth), id, NULL) : NULL;

	if (idp)
		return idp->title;
	return req->who.kind == CBI_WHO_GUEST
	           ? cb_tr(req->ctx, "the guest door")
	           : cb_tr(req->ctx, "a token");
}

static int draw_profile(struct cb_req *req, struct cb_html *html)
{
	const struct cb_entity *user = NULL;
	const char *group;
	int rc = CB_OK;

	if (req->who.kind == CBI_WHO_USER)
		rc = cbi_sign_in_user(req, req->who.subject, &user);
	if (rc < 0)
		return rc;
	if (user) {
		cb_html_field(html, "Name",
		              cb_entity_text(user, "spec.profile.displayName"));
		cb_html_field(html, "E-mail",
		              cb_entity_text(user, "spec.profile.email"));
		cb_html_field_entity(html, "In the catalog", req->who.subject);
	} else {
		cb_html_field(html, "Known as", req->who.subject);
	}
	cb_html_field(html, "Signed in by", way_in(req));
	if (!user && req->who.kind == CBI_WHO_USER)
		cb_html_note(html, "The catalog has no User of this name.");
	if (req->who.kind == CBI_WHO_GUEST)
		cb_html_note(html, "Guests look at everything and change "
		                   "nothing.");
	if (!user || !cb_entity_relation(user, "memberOf", 0))
		return CB_OK;
	cb_html_heading(html, "Member of");
	cb_html_list_open(html);
	for (size_t i = 0;
	     i < 50 && (group = cb_entity_relation(user, "memberOf", i)); i++) {
		cb_html_item_open(html);
		cb_html_entity(html, group);
		cb_html_item_close(html);
	}
	cb_html_list_close(html);
	return CB_OK;
}

static const struct cbi_settings_section profile = {
	.name = "profile",
	.title = "Who you are",
	.draw = draw_profile,
};

/* In the order of the page. */
static const struct cbi_settings_section *const sections[] = {
	&profile,
	&cbi_settings_sessions,
	&cbi_settings_tokens,
};

static int draw_section(struct cb_req *req, struct cb_html *html,
                        const struct cbi_settings_section *section)
{
	const struct cbi_html_card card = { .plugin = "settings",
		                            .name = section->name,
		                            .title = section->title,
		                            .wide = true };
	int rc;

	cbi_html_card_open(html, &card);
	rc = section->draw(req, html);
	cbi_html_card_close(html);
	return rc;
}

static void say_done(struct cb_req *req, struct cb_html *html)
{
	static const char *const said[][2] = {
		{ "session", "That session is over, everywhere, within a "
		             "second." },
		{ "sessions", "All other sessions are over." },
		{ "token", "That token is revoked, everywhere, within a "
		           "second." },
	};
	const char *done = cbi_req_query(req, "done");

	for (size_t i = 0; done && i < sizeof(said) / sizeof(said[0]); i++) {
		if (strcmp(done, said[i][0]) != 0)
			continue;
		cbi_html_notice_open(html, CB_TONE_GOOD, "status", NULL);
		cbi_html_lit(html, "<p>");
		cbi_html_tr(html, said[i][1]);
		cbi_html_lit(html, "</p>");
		cbi_html_notice_close(html);
	}
}

static int settings(struct cb_req *req)
{
	const struct cbi_page page = { .title = cb_tr(req->ctx, "Settings"),
		                       .here = "settings" };
	struct cb_html html;
	int rc = cbi_page_open(req, &page, &html);

	if (rc < 0)
		return rc;
	cbi_html_page_head(&html, "Settings",
	                   "What is yours here, and only yours to see.");
	say_done(req, &html);
	cbi_html_lit(&html, "<div class=\"cards settings\">\n");
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (rc == CB_OK &&
		    (!sections[i]->fits || sections[i]->fits(req)))
			rc = draw_section(req, &html, sections[i]);
	if (rc < 0)
		return rc;
	cbi_html_lit(&html, "</div>\n");
	return cbi_page_close(req, &html);
}

const struct cbi_endpoint cbi_pages_settings[] = {
	{
	    .path = "/settings",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.settings",
	    .handle = settings,
	},
	{ .path = NULL },
};
