/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_preview.c - what a location would bring in: its errors at their
 * lines, its entities, and the button that registers it.
 */
#include <string.h>

#include "catalog/entity.h"
#include "catalog/ref.h"
#include "html/addr.h"
#include "web/pages/forms.h"
#include "web/pages/import.h"
#include "web/pages/things.h"

/* Of errors and entities, so many are shown. */
#define ERRORS_MAX 20
#define ENTITIES_MAX 200

#define ORIGIN "backstage.io/managed-by-origin-location"

static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* ---- Errors ------------------------------------------------------------- */

/* The lines around it, numbered; the one at fault is marked. */
static void excerpt(struct cb_html *html, const json_t *found)
{
	const json_t *lines = json_object_get(found, "lines");
	int64_t from = json_integer_value(json_object_get(found, "from"));
	int64_t line = json_integer_value(json_object_get(found, "line"));

	if (!json_array_size(lines))
		return;
	cbi_html_lit(html, "<pre class=\"code excerpt\" tabindex=\"0\""
	                   " role=\"region\"");
	cbi_html_attr(html, "aria-label",
	              cbi_html_say(html->ctx, "Line {1} of {2}",
	                           cbi_html_number_text(html->ctx, line),
	                           text_at(found, "target")));
	cbi_html_lit(html, "><code>");
	for (size_t i = 0; i < json_array_size(lines); i++) {
		int64_t at = from + (int64_t)i;

		if (at == line)
			cbi_html_lit(html, "<mark>");
		else
			cbi_html_lit(html, "<span>");
		cbi_html_lit(html, "<b>");
		cbi_html_esc(html, cb_printf(html->ctx, "%lld", (long long)at));
		cbi_html_lit(html, "</b>");
		cbi_html_esc(html, json_string_value(json_array_get(lines, i)));
		if (at == line)
			cbi_html_lit(html, "</mark>");
		else
			cbi_html_lit(html, "</span>");
	}
	cbi_html_lit(html, "</code></pre>\n");
}

static void errors(const struct cbi_import *import, struct cb_html *html)
{
	const json_t *list = import->trial.errors;
	size_t n = json_array_size(list);
	struct cbi_html_card card = { .plugin = "catalog",
		                      .name = "import-errors",
		                      .title = "What is wrong there",
		                      .wide = true };

	if (!n)
		return;
	card.meta = cbi_html_number_text(html->ctx, (int64_t)n);
	cbi_html_card_open(html, &card);
	cbi_html_lit(html, "<ul class=\"faults\">\n");
	for (size_t i = 0; i < n && i < ERRORS_MAX; i++) {
		const json_t *one = json_array_get(list, i);

		cbi_html_lit(html, "<li>");
		cbi_html_icon(html, "bad");
		cbi_html_lit(html, "<div><p class=\"path\">");
		cbi_html_path(html, text_at(one, "message"));
		cbi_html_lit(html, "</p>\n");
		excerpt(html, json_object_get(one, "excerpt"));
		cbi_html_lit(html, "</div></li>\n");
	}
	cbi_html_lit(html, "</ul>\n");
	if (n > ERRORS_MAX)
		cb_html_note(html,
		             cbi_html_say_n(html->ctx, "and {1} more",
		                            (int64_t)(n - ERRORS_MAX), 0));
	cbi_html_card_close(html);
}

/* ---- What the catalog knows of them ---- */

struct preview {
	const struct cbi_import *import;
	/* Of the shown ones, in their order: as the catalog has it. */
	const struct cb_entity *known[ENTITIES_MAX];
	const char *refs[ENTITIES_MAX];
	const char *mine; /* the origin of what comes from here */
	size_t shown;
	size_t coming; /* of them: what no other source keeps */
};

static const char *ref_of(struct cb_ctx *ctx, const json_t *entity)
{
	const json_t *metadata = json_object_get(entity, "metadata");
	const char *space = text_at(metadata, "namespace");
	const struct cbi_ref ref = {
		.kind = text_at(entity, "kind"),
		.space = *space ? space : "default",
		.name = text_at(metadata, "name"),
	};

	return cbi_ref_text(ctx, &ref);
}

static bool is_mine(const struct preview *p, const struct cb_entity *known)
{
	const char *origin = cb_entity_annotation(known, ORIGIN);

	return origin && strcmp(origin, p->mine) == 0;
}

static int look_up(struct preview *p)
{
	struct cb_req *req = p->import->req;
	const json_t *list = p->import->trial.entities;

	p->mine = cb_printf(req->ctx, "url:%s", p->import->target);
	if (!p->mine)
		return CB_ENOMEM;
	/* The first is the Location that is made for it. */
	for (size_t i = 1; i < json_array_size(list); i++) {
		size_t at = p->shown;

		if (at == ENTITIES_MAX)
			break;
		p->refs[at] = ref_of(req->ctx, json_array_get(list, i));
		if (!p->refs[at])
			return CB_ENOMEM;
		p->known[at] = cbi_thing_get(req, p->refs[at]);
		if (!p->known[at] || is_mine(p, p->known[at]))
			p->coming++;
		p->shown++;
	}
	return CB_OK;
}

/* ---- Entities ----------------------------------------------------------- */

static void name_cell(struct cb_html *html, const json_t *entity,
                      const char *ref, bool known)
{
	const json_t *metadata = json_object_get(entity, "metadata");
	const char *title = text_at(metadata, "title");
	const char *kind = text_at(entity, "kind");

	cbi_html_lit(html, "<th class=\"lead\" scope=\"row\">"
	                   "<div class=\"entity-cell\">");
	cbi_html_kind_icon(html, kind);
	cbi_html_lit(html, "<div>");
	if (known) {
		cbi_html_lit(html, "<a");
		cbi_html_attr(html, "href",
		              cbi_addr_entity(html->ctx, ref, NULL));
		cbi_html_lit(html, ">");
	} else {
		cbi_html_lit(html, "<strong>");
	}
	cbi_html_esc(html, *title ? title : text_at(metadata, "name"));
	if (known)
		cbi_html_lit(html, "</a>");
	else
		cbi_html_lit(html, "</strong>");
	cbi_html_lit(html, "<p><code class=\"path\">");
	cbi_html_path(html, ref);
	cbi_html_lit(html, "</code></p></div></div></th>\n");
}

static void text_cell(struct cb_html *html, const char *label, const char *text)
{
	cbi_html_lit(html, "<td");
	cbi_html_attr_tr(html, "data-label", label);
	cbi_html_lit(html, ">");
	if (*text)
		cbi_html_esc(html, text);
	else
		cbi_html_lit(html, "<span class=\"muted\">\xe2\x80\x93</span>");
	cbi_html_lit(html, "</td>\n");
}

/* New, from this very location, or another source's, which keeps it. */
static void state_cell(const struct preview *p, struct cb_html *html,
                       const struct cb_entity *known)
{
	bool mine = known && is_mine(p, known);

	/* It says itself what it is. */
	cbi_html_lit(html, "<td>");
	if (!known)
		cb_html_badge(html, CB_TONE_GOOD, cb_tr(html->ctx, "New"));
	else if (mine)
		cb_html_badge(html, CB_TONE_INFO,
		              cb_tr(html->ctx, "Already there"));
	else
		cb_html_badge(html, CB_TONE_WARN,
		              cb_tr(html->ctx, "Kept by another source"));
	cbi_html_block(html);
	if (known && !mine) {
		cbi_html_lit(html, "<span class=\"muted small path\">");
		cbi_html_path(html, cb_entity_annotation(known, ORIGIN));
		cbi_html_lit(html, "</span>");
	}
	cbi_html_lit(html, "</td>\n");
}

static void entity_row(const struct preview *p, struct cb_html *html, size_t i)
{
	const json_t *entity = json_array_get(p->import->trial.entities, i + 1);
	const json_t *spec = json_object_get(entity, "spec");

	cbi_html_lit(html, "<tr>\n");
	name_cell(html, entity, p->refs[i], p->known[i] != NULL);
	text_cell(html, "Kind",
	          cb_tr(html->ctx, cbi_thing_kind(text_at(entity, "kind"))));
	text_cell(html, "Type", text_at(spec, "type"));
	text_cell(html, "Owner", text_at(spec, "owner"));
	state_cell(p, html, p->known[i]);
	cbi_html_lit(html, "</tr>\n");
}

static void entities(const struct preview *p, struct cb_html *html)
{
	static const char *const heads[] = { "Name", "Kind", "Type", "Owner",
		                             "In the catalog" };
	size_t n = json_array_size(p->import->trial.entities);
	struct cbi_html_card card = { .plugin = "catalog",
		                      .name = "import-entities",
		                      .title = "Entities that it brings",
		                      .wide = true };

	if (n < 2)
		return;
	card.meta = cbi_html_number_text(html->ctx, (int64_t)n - 1);
	cbi_html_card_open(html, &card);
	cbi_html_lit(html, "<div class=\"table-box\"><table class=\"table\">"
	                   "<caption class=\"vh\">");
	cbi_html_tr(html, "Entities that it brings");
	cbi_html_lit(html, "</caption>\n<thead><tr>");
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		cbi_html_lit(html, "<th scope=\"col\">");
		cbi_html_tr(html, heads[i]);
		cbi_html_lit(html, "</th>");
	}
	cbi_html_lit(html, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < p->shown; i++)
		entity_row(p, html, i);
	cbi_html_lit(html, "</tbody></table></div>\n");
	if (n - 1 > ENTITIES_MAX)
		cb_html_note(
		    html, cbi_html_say_n(html->ctx, "and {1} more",
		                         (int64_t)(n - 1 - ENTITIES_MAX), 0));
	cbi_html_card_close(html);
}

/* ---- The location ------------------------------------------------------- */

static void again(struct cb_html *html, const struct cbi_import *import)
{
	cbi_html_button_link(
	    html, "quiet", NULL, "Another address",
	    cbi_addr_with(html->ctx, cbi_addr(html->ctx, "/catalog-import"),
	                  "target", import->target));
}

static void known_buttons(const struct cbi_import *import, struct cb_html *html)
{
	const struct cbi_location *location = &import->trial.location;
	const struct cbi_form_button refresh = {
		.address =
		    cbi_addr_entity(html->ctx, location->entity_ref, "refresh"),
		.cls = "button",
		.icon = "refresh",
		.title = "Read it again now",
	};

	cbi_html_button_link(
	    html, "primary", "location", "What it brought",
	    cbi_addr(html->ctx,
	             cb_printf(html->ctx, "/catalog-import/%s", location->id)));
	cbi_form_button(import->req, html, &refresh);
}

static void register_form(const struct preview *p, struct cb_html *html)
{
	const struct cbi_import *import = p->import;
	const struct cbi_html_form form = {
		.address = cbi_addr(html->ctx, "/catalog-import/register"),
		.csrf = cbi_form_token(import->req),
	};
	bool good = json_array_size(import->trial.errors) == 0;

	if (!form.csrf)
		return;
	cbi_html_form_open(html, &form);
	cbi_html_hidden(html, "target", import->target);
	cbi_html_hidden(html, "expect", cb_printf(html->ctx, "%zu", p->coming));
	if (good)
		cbi_html_lit(html, "<button class=\"button primary\""
		                   " type=\"submit\">");
	else
		cbi_html_lit(html, "<button class=\"button\""
		                   " type=\"submit\">");
	cbi_html_icon(html, "plus");
	cbi_html_tr(html, good ? "Register" : "Register all the same");
	cbi_html_lit(html, "</button>");
	cbi_html_form_close(html);
}

static void verdict(const struct cbi_import *import, struct cb_html *html)
{
	const struct cbi_locations_trial *trial = &import->trial;
	size_t n = json_array_size(trial->entities);
	size_t wrong = json_array_size(trial->errors);

	if (trial->exists) {
		cbi_html_notice_open(html, CB_TONE_INFO, "status",
		                     "This location is registered already");
		cbi_html_lit(html, "<p>");
		cbi_html_tr(html, "It is read again whenever it changes. "
		                  "Below is what stands there now.");
	} else if (n < 2) {
		cbi_html_notice_open(html, CB_TONE_BAD, "alert",
		                     "There is nothing to register");
		cbi_html_lit(html, "<p>");
		cbi_html_tr(html, "No entity could be read from this address. "
		                  "Nothing was stored.");
	} else if (wrong) {
		cbi_html_notice_open(html, CB_TONE_WARN, "alert",
		                     "Part of it cannot be used");
		cbi_html_lit(html, "<p>");
		cbi_html_tr(html, "Mend it first, or register what is good: "
		                  "the rest comes in once it is mended.");
	} else {
		cbi_html_notice_open(html, CB_TONE_GOOD, "status",
		                     "It can be registered");
		cbi_html_lit(html, "<p>");
		cbi_html_esc(
		    html, cbi_html_say_n(html->ctx,
		                         n == 2 ? "{1} entity stands there. "
		                                  "Nothing is stored yet."
		                                : "{1} entities stand there. "
		                                  "Nothing is stored yet.",
		                         (int64_t)n - 1, 0));
	}
	cbi_html_lit(html, "</p>");
	cbi_html_notice_close(html);
}

static void location(const struct preview *p, struct cb_html *html)
{
	const struct cbi_import *import = p->import;
	const struct cbi_html_card card = { .plugin = "catalog",
		                            .name = "import-location",
		                            .title = "The location",
		                            .wide = true };
	const struct cbi_locations_trial *trial = &import->trial;

	cbi_html_card_open(html, &card);
	cbi_html_lit(html, "<div class=\"stack\">\n<p class=\"place\">");
	cbi_html_icon(html, "location");
	cbi_html_lit(html, "<code class=\"path\">");
	cbi_html_path(html, import->target);
	cbi_html_lit(html, "</code></p>\n");
	verdict(import, html);
	cbi_html_lit(html, "<div class=\"buttons\">");
	if (trial->exists)
		known_buttons(import, html);
	else if (json_array_size(trial->entities) > 1)
		register_form(p, html);
	again(html, import);
	cbi_html_lit(html, "</div>\n</div>\n");
	cbi_html_card_close(html);
}

int cbi_import_preview(const struct cbi_import *import, struct cb_html *html)
{
	struct preview *p = cb_alloc(html->ctx, sizeof(*p));
	int rc = p ? CB_OK : CB_ENOMEM;

	if (rc == CB_OK) {
		p->import = import;
		rc = look_up(p);
	}
	if (rc < 0)
		return rc;
	location(p, html);
	errors(import, html);
	entities(p, html);
	return CB_OK;
}
