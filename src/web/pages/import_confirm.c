/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_confirm.c - a repository that does not describe itself: the form
 * with what it seems to be, taking that for good, and the page after it.
 */
#include <string.h>

#include "base/str.h"
#include "catalog/explain.h"
#include "catalog/inferred.h"
#include "html/addr.h"
#include "json/json.h"
#include "web/api/answer.h"
#include "web/pages/forms.h"
#include "web/pages/import.h"
#include "web/pages/shell.h"

/* So often the page asks by itself: the last are 15 seconds apart. */
#define ATTEMPTS_MAX 8

static const struct row {
	const char *name, *field, *part, *label, *list;
} rows[CBI_IMPORT_SAID] = {
	{ "name", "metadata.name", "metadata", "Name", NULL },
	{ "owner", "spec.owner", "spec", "Owner", NULL },
	{ "type", "spec.type", "spec", "Type", "types" },
	{ "lifecycle", "spec.lifecycle", "spec", "Lifecycle", "lifecycles" },
	{ "system", "spec.system", "spec", "System", NULL },
};

static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* ---- The form ----------------------------------------------------------- */

static void datalist(struct cb_html *html, const char *id,
                     const char *const *words)
{
	cbi_html_lit(html, "<datalist");
	cbi_html_attr(html, "id", id);
	cbi_html_lit(html, ">");
	for (; *words; words++) {
		cbi_html_lit(html, "<option");
		cbi_html_attr(html, "value", *words);
		cbi_html_lit(html, "></option>");
	}
	cbi_html_lit(html, "</datalist>\n");
}

/* What was seen, of this field; NULL when nothing is said of it. */
static const json_t *said_of(const json_t *fields, const char *field)
{
	const json_t *one;
	size_t i;

	json_array_foreach(fields, i, one)
	{
		if (strcmp(text_at(one, "field"), field) == 0)
			return one;
	}
	return NULL;
}

static void help(struct cb_html *html, const struct row *row,
                 const json_t *fields)
{
	const json_t *said = said_of(fields, row->field);

	cbi_html_lit(html, "<p class=\"field-help\"");
	cbi_html_attr(html, "id", cb_printf(html->ctx, "%s-help", row->name));
	cbi_html_lit(html, ">");
	if (said && *text_at(said, "value"))
		cbi_html_esc(html,
		             cbi_html_say(html->ctx, "Inferred from: {1}",
		                          text_at(said, "description"), NULL));
	else if (said)
		cbi_html_esc(html,
		             cbi_html_say(html->ctx, "Nobody says it yet: {1}",
		                          text_at(said, "description"), NULL));
	else
		cbi_html_tr(html, "Leave it empty when there is none.");
	cbi_html_lit(html, "</p>");
}

static void field(const struct cbi_import *import, struct cb_html *html,
                  size_t at, const json_t *proposal)
{
	const struct row *row = &rows[at];
	const json_t *entity = json_object_get(proposal, "entity");
	const char *value = import->said[at];

	if (!value)
		value = text_at(json_object_get(entity, row->part), row->name);
	cbi_html_lit(html, "<div class=\"field\"><label");
	cbi_html_attr(html, "for", row->name);
	cbi_html_lit(html, ">");
	cbi_html_tr(html, row->label);
	cbi_html_lit(html, "</label><input class=\"input\" type=\"text\""
	                   " autocomplete=\"off\" spellcheck=\"false\"");
	cbi_html_attr(html, "id", row->name);
	cbi_html_attr(html, "name", row->name);
	cbi_html_attr(html, "value", value);
	cbi_html_attr(html, "list", row->list);
	cbi_html_attr(html, "aria-describedby",
	              cb_printf(html->ctx, "%s-help", row->name));
	if (at < 4)
		cbi_html_lit(html, " required");
	cbi_html_lit(html, ">\n");
	help(html, row, json_object_get(proposal, "fields"));
	cbi_html_lit(html, "</div>\n");
}

/* Somebody has done it before. */
static void known(const struct cbi_import *import, struct cb_html *html)
{
	if (!import->confirmed)
		return;
	cbi_html_notice_open(html, CB_TONE_INFO, "note",
	                     "The catalog has it already");
	cbi_html_lit(html, "<p>");
	cb_html_entity(html, import->confirmed);
	cbi_html_lit(html, "</p>");
	cbi_html_notice_close(html);
}

static void refusal(const struct cbi_import *import, struct cb_html *html)
{
	if (!import->refusal)
		return;
	cbi_html_notice_open(html, CB_TONE_BAD, "alert", "It was not stored");
	cbi_html_lit(html, "<p>");
	cbi_html_esc(html, import->refusal);
	cbi_html_lit(html, "</p>");
	cbi_html_notice_close(html);
}

void cbi_import_confirm_form(const struct cbi_import *import,
                             struct cb_html *html, const json_t *proposal)
{
	static const char *const types[] = { "service", "website", "library",
		                             NULL };
	static const char *const lives[] = { "experimental", "production",
		                             "deprecated", NULL };
	const struct cbi_html_card card = { .plugin = "catalog",
		                            .name = "import-confirm",
		                            .title = "What it seems to be",
		                            .wide = true };
	const char *token = import->off ? NULL : cbi_form_token(import->req);
	const struct cbi_html_form form = {
		.address = cbi_addr(html->ctx, "/catalog-import/confirm"),
		.csrf = token,
		.cls = "form roomy",
	};

	cbi_html_card_open(html, &card);
	cbi_html_lit(html, "<div class=\"stack\">\n");
	if (import->off)
		cbi_form_off(html, "You cannot confirm it here", import->off);
	known(import, html);
	refusal(import, html);
	cb_html_text(html, cb_tr(html->ctx,
	                         "This component was inferred from the "
	                         "repository. Correct what is wrong; it is "
	                         "in the catalog once you confirm it, until "
	                         "the repository describes itself."));
	cbi_html_form_open(html, &form);
	cbi_html_hidden(html, "target", import->target);
	for (size_t i = 0; i < CBI_IMPORT_SAID; i++)
		field(import, html, i, proposal);
	datalist(html, "types", types);
	datalist(html, "lifecycles", lives);
	cbi_html_lit(html, "<div class=\"buttons\"><button"
	                   " class=\"button primary\" type=\"submit\"");
	if (!token)
		cbi_html_lit(html, " disabled");
	cbi_html_lit(html, ">");
	cbi_html_icon(html, "plus");
	cbi_html_tr(html, "Confirm and add");
	cbi_html_lit(html, "</button></div>\n");
	cbi_html_form_close(html);
	cbi_html_lit(html, "</div>\n");
	cbi_html_card_close(html);
}

/* ---- Taking it for good ------------------------------------------------- */

static int read_said(struct cbi_import *import)
{
	for (size_t i = 0; i < CBI_IMPORT_SAID; i++) {
		const char *text = cbi_req_form(import->req, rows[i].name);

		import->said[i] = cbi_import_trimmed(import->req, text);
		if (!import->said[i])
			return CB_ENOMEM;
	}
	return CB_OK;
}

/* It is looked at anew: what the form was made of is not sent along. */
static int look(struct cbi_import *import, const json_t **proposal)
{
	struct cb_ctx *ctx = import->req->ctx;
	const json_t *files;
	json_t *analysis;
	int rc = cbi_import_check(import);

	if (rc == CB_OK)
		rc = cbi_api_analyze(import->req, import->target, NULL,
		                     &import->repository, &analysis);
	if (rc < 0)
		return rc;
	files = json_object_get(analysis, "existingEntityFiles");
	if (json_array_size(files))
		return cb_fail(
		    ctx, CB_ECONFLICT,
		    "the repository describes itself: %s can be registered",
		    text_at(
			json_object_get(json_array_get(files, 0), "location"),
			"target"));
	if (!import->repository)
		return cb_fail(ctx, CB_EINVAL,
		               "'%.200s' is no repository of a code host in "
		               "integrations",
		               import->target);
	*proposal =
	    json_array_get(json_object_get(analysis, "generateEntities"), 0);
	import->analysis = analysis;
	return CB_OK;
}

static int store(struct cbi_import *import, const char **ref)
{
	struct cbi_inferred_wish wish = { .address = import->req->address };
	int rc = cbi_locations_open(import->req);

	if (rc == CB_OK)
		rc = look(import, &wish.proposal);
	if (rc < 0)
		return rc;
	wish.repository = import->repository;
	wish.name = import->said[0];
	wish.owner = import->said[1];
	wish.type = import->said[2];
	wish.lifecycle = import->said[3];
	wish.system = import->said[4];
	return cbi_inferred_confirm(import->req->ctx, &wish, ref);
}

static int confirm(struct cb_req *req)
{
	struct cbi_import import;
	const char *ref, *path;
	int rc = cbi_import_begin(req, cbi_req_form(req, "target"), &import);

	if (rc == CB_OK)
		rc = read_said(&import);
	if (rc == CB_OK)
		rc = store(&import, &ref);
	if (rc < 0) {
		rc = cbi_import_explain(&import, rc);
		/* Beside the form, where there is one. */
		if (import.analysis) {
			import.refusal = import.problem;
			import.problem = NULL;
		}
		return rc < 0 ? rc : cbi_import_draw(&import);
	}
	/* Without a namespace of its own it is in the usual one. */
	path = cb_printf(req->ctx,
	                 "/catalog-import/confirmed/default/component/%s",
	                 strchr(ref, '/') + 1);
	return path ? cbi_req_redirect(req, path) : CB_ENOMEM;
}

/* ---- The page after it -------------------------------------------------- */

struct done {
	struct cb_req *req;
	const char *ref;
	int64_t attempt;
	bool served;
};

static int load(struct done *done)
{
	struct cb_req *req = done->req;
	const char *text = cbi_req_query(req, "attempt");
	json_t *why;
	int rc;

	if (text && cbi_str_int(text, 0, 1000, &done->attempt) < 0)
		return cb_fail(req->ctx, CB_EINVAL,
		               "attempt: '%.40s', expected a number", text);
	done->ref = cb_printf(req->ctx, "%s:%s/%s", req->args[1], req->args[0],
	                      req->args[2]);
	rc = done->ref ? cbi_explain(req->ctx, done->ref, &why) : CB_ENOMEM;
	if (rc == CB_OK)
		done->served = json_is_object(json_object_get(why, "served"));
	return rc;
}

static const char *here(const struct done *done, int64_t attempt)
{
	struct cb_ctx *ctx = done->req->ctx;
	const char *address =
	    cbi_addr(ctx, cb_printf(ctx, "/catalog-import/confirmed/%s/%s/%s",
	                            done->req->args[0], done->req->args[1],
	                            done->req->args[2]));

	return attempt
	           ? cbi_addr_with(ctx, address, "attempt",
	                           cb_printf(ctx, "%lld", (long long)attempt))
	           : address;
}

static void state(const struct done *done, struct cb_html *html)
{
	if (done->served) {
		cbi_html_notice_open(html, CB_TONE_GOOD, "status",
		                     "The catalog has it");
		cbi_html_lit(html, "<p>");
		cb_html_entity(html, done->ref);
		cbi_html_lit(html, "</p>");
	} else {
		cbi_html_notice_open(html, CB_TONE_BUSY, "status",
		                     "It comes into the catalog");
		cbi_html_lit(html, "<p>");
		cbi_html_tr(html, "That takes a moment; this page follows.");
		cbi_html_lit(html, " <a");
		cbi_html_attr(html, "href", here(done, 0));
		cbi_html_lit(html, ">");
		cbi_html_tr(html, "Reload");
		cbi_html_lit(html, "</a></p>");
	}
	cbi_html_notice_close(html);
}

static int show(struct cb_req *req)
{
	struct done done = { .req = req };
	const struct cbi_page shell = {
		.title = cb_tr(req->ctx, "Confirmed component"),
		.here = "import",
	};
	const struct cbi_html_card card = { .plugin = "catalog",
		                            .name = "import-confirmed",
		                            .title = "The component",
		                            .wide = true };
	struct cb_html html;
	int rc = load(&done);

	if (rc == CB_OK)
		rc = cbi_page_open(req, &shell, &html);
	if (rc < 0)
		return rc;
	cbi_import_head(&html, CBI_IMPORT_DONE);
	cbi_html_lit(&html, "<div class=\"cards import\" id=\"confirmed\"");
	if (!done.served && done.attempt < ATTEMPTS_MAX)
		cbi_html_again(&html, here(&done, done.attempt + 1),
		               "#confirmed", (int)done.attempt);
	cbi_html_lit(&html, ">\n");
	cbi_html_card_open(&html, &card);
	cbi_html_lit(&html, "<div class=\"stack\">\n");
	state(&done, &html);
	cb_html_text(&html,
	             cb_tr(req->ctx, "It goes by itself when its repository "
	                             "gets a catalog-info.yaml and that is "
	                             "registered."));
	cbi_html_lit(&html, "<div class=\"buttons\">");
	cbi_html_button_link(&html, "", "plus", "Register another",
	                     cbi_addr(html.ctx, "/catalog-import"));
	cbi_html_lit(&html, "</div>\n</div>\n");
	cbi_html_card_close(&html);
	cbi_html_lit(&html, "</div>\n");
	return cbi_page_close(req, &html);
}

const struct cbi_endpoint cbi_pages_import_confirm[] = {
	{
	    .path = "/catalog-import/confirm",
	    .method = "POST",
	    .access = CBI_ACCESS_WRITE,
	    .face = CBI_FACE_PAGE,
	    .name = "page.import.confirm",
	    .permission = "catalog.entity.create",
	    .handle = confirm,
	},
	{
	    .path = "/catalog-import/confirmed/{namespace}/{kind}/{name}",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.import.confirmed",
	    .handle = show,
	},
	{ 0 },
};
