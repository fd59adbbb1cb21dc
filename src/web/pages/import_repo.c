/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_repo.c - what a repository holds: its catalog files, or what to
 * begin with where it has none.
 *
 * It draws what analyze-location answers, whoever made that.
 */
#include <string.h>

#include "html/addr.h"
#include "json/json.h"
#include "web/pages/forms.h"
#include "web/pages/import.h"

static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* ---- Files that are there ----------------------------------------------- */

static void file_row(const struct cbi_import *import, struct cb_html *html,
                     const json_t *file)
{
	const char *target =
	    text_at(json_object_get(file, "location"), "target");
	const struct cbi_form_button look = {
		.address = cbi_addr(html->ctx, "/catalog-import"),
		.name = "target",
		.value = target,
		.cls = "button",
		.icon = "search",
		.title = "Preview",
	};

	cbi_html_lit(html, "<li>");
	cbi_html_icon(html, "file-text");
	cbi_html_lit(html, "<div class=\"list-main\"><code class=\"path\">");
	cbi_html_path(html, target);
	cbi_html_lit(html, "</code>");
	if (json_is_true(json_object_get(file, "isRegistered"))) {
		cbi_html_lit(html, "<p>");
		cbi_html_tr(html, "Registered already");
		cbi_html_lit(html, "</p>");
	}
	cbi_html_lit(html, "</div>");
	cbi_form_button(import->req, html, &look);
	cbi_html_lit(html, "</li>\n");
}

static void files(const struct cbi_import *import, struct cb_html *html,
                  const json_t *list)
{
	struct cbi_html_card card = { .plugin = "catalog",
		                      .name = "import-files",
		                      .title = "Catalog files in it",
		                      .wide = true };

	card.meta =
	    cbi_html_number_text(html->ctx, (int64_t)json_array_size(list));
	cbi_html_card_open(html, &card);
	cbi_html_lit(html, "<ul class=\"list\">\n");
	for (size_t i = 0; i < json_array_size(list); i++)
		file_row(import, html, json_array_get(list, i));
	cbi_html_lit(html, "</ul>\n");
	cbi_html_card_close(html);
}

/* ---- What to begin with ------------------------------------------------- */

/* Where each proposed value is from; of the APIs behind the first, with their
 * names. */
static void fields(struct cb_html *html, const json_t *proposals)
{
	static const char *const heads[] = { "Field", "Proposed", "Why", NULL };
	const json_t *proposal, *one;
	size_t i, k;

	if (!json_array_size(
		json_object_get(json_array_get(proposals, 0), "fields")))
		return;
	cb_html_table_open(html, "Where the proposal is from", heads);
	json_array_foreach(proposals, i, proposal)
	{
		const json_t *entity = json_object_get(proposal, "entity");
		const char *name =
		    text_at(json_object_get(entity, "metadata"), "name");

		json_array_foreach(json_object_get(proposal, "fields"), k, one)
		{
			const char *field = text_at(one, "field");

			cb_html_row_open(html);
			cb_html_cell(html, i ? cb_printf(html->ctx, "%s (%s)",
			                                 field, name)
			                     : field);
			cb_html_cell(html, json_string_value(
					       json_object_get(one, "value")));
			cb_html_cell(html, text_at(one, "description"));
			cb_html_row_close(html);
		}
	}
	cb_html_table_close(html);
	cbi_html_block(html);
}

/* All of them are documents of one file. */
static int proposal(struct cb_html *html, const json_t *proposals)
{
	const struct cbi_html_card card = { .plugin = "catalog",
		                            .name = "import-proposal",
		                            .title = "A catalog-info.yaml to "
		                                     "begin with",
		                            .wide = true };
	const char *yaml = "", *one;
	size_t n = json_array_size(proposals);

	for (size_t i = 0; i < n; i++) {
		int rc = cbi_json_yaml(
		    html->ctx,
		    json_object_get(json_array_get(proposals, i), "entity"),
		    &one);

		if (rc < 0)
			return rc;
		yaml =
		    cb_printf(html->ctx, "%s%s%s", yaml, i ? "---\n" : "", one);
		if (!yaml)
			return CB_ENOMEM;
	}
	cbi_html_card_open(html, &card);
	cb_html_text(html,
	             cb_tr(html->ctx, "Put this into the repository as "
	                              "catalog-info.yaml, say who owns it, "
	                              "and register the file's address."));
	cb_html_code(html, yaml);
	fields(html, proposals);
	cbi_html_card_close(html);
	return CB_OK;
}

static void place(const struct cbi_import *import, struct cb_html *html,
                  bool has_files)
{
	const struct cbi_html_card card = { .plugin = "catalog",
		                            .name = "import-repository",
		                            .title = "The repository",
		                            .wide = true };

	cbi_html_card_open(html, &card);
	cbi_html_lit(html, "<div class=\"stack\">\n<p class=\"place\">");
	cbi_html_icon(html, "git-branch");
	cbi_html_lit(html, "<code class=\"path\">");
	cbi_html_path(html, import->target);
	cbi_html_lit(html, "</code></p>\n");
	cbi_html_notice_open(html, CB_TONE_INFO, "status",
	                     has_files ? "It describes itself"
	                               : "No catalog file was found there");
	cbi_html_lit(html, "<p>");
	if (has_files)
		cbi_html_tr(html, "Choose a file to see what it brings.");
	else
		cbi_html_tr(html, "Nothing was stored.");
	cbi_html_lit(html, "</p>");
	cbi_html_notice_close(html);
	cbi_html_lit(html, "<div class=\"buttons\">");
	cbi_html_button_link(
	    html, "quiet", NULL, "Another address",
	    cbi_addr_with(html->ctx, cbi_addr(html->ctx, "/catalog-import"),
	                  "target", import->target));
	cbi_html_lit(html, "</div>\n</div>\n");
	cbi_html_card_close(html);
}

int cbi_import_repository(const struct cbi_import *import, struct cb_html *html)
{
	const json_t *there =
	    json_object_get(import->analysis, "existingEntityFiles");
	const json_t *generated =
	    json_object_get(import->analysis, "generateEntities");

	/* Whatever was tried has said already that nothing stands there. */
	if (!import->tried)
		place(import, html, json_array_size(there) > 0);
	if (json_array_size(there)) {
		files(import, html, there);
		return CB_OK;
	}
	if (import->repository)
		cbi_import_confirm_form(import, html,
		                        json_array_get(generated, 0));
	return json_array_size(generated) ? proposal(html, generated) : CB_OK;
}
