/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inspect.c - an entity as it is: where it is from and who keeps it, its
 * annotations and labels, and all of it as YAML and JSON.
 */
#include "web/pages/entity.h"

#include <stdlib.h>
#include <string.h>

#include "catalog/entity.h"
#include "catalog/location.h"
#include "html/addr.h"
#include "json/json.h"

static void code_card(struct cb_html *html, const char *name, const char *title,
                      const char *text)
{
	const struct cbi_html_card card = {
		.plugin = "catalog", .name = name, .title = title, .wide = true
	};

	cbi_html_card_open(html, &card);
	cb_html_code(html, text);
	cbi_html_card_close(html);
}

static void field(struct cb_html *html, const char *label, const char *text)
{
	if (!text || !*text) {
		cb_html_field(html, label, NULL);
		return;
	}
	cbi_html_gather(html, CBI_HTML_FIELDS);
	cbi_html_lit(html, "<div><dt>");
	cbi_html_tr(html, label);
	cbi_html_lit(html, "</dt><dd>");
	cbi_html_path(html, text);
	cbi_html_lit(html, "</dd></div>\n");
}

static void path_cell(struct cb_html *html, const char *text)
{
	cb_html_cell_open(html);
	if (cbi_html_inline(html, CBI_MARK_TEXT))
		cbi_html_path(html, text);
	cb_html_cell_close(html);
}

static void identity(const struct cbi_entity_page *page, struct cb_html *html)
{
	const struct cbi_html_card card = { .plugin = "catalog",
		                            .name = "identity",
		                            .title = "Identity" };

	cbi_html_card_open(html, &card);
	field(html, "Reference", page->ref);
	field(html, "uid", cb_entity_text(page->entity, "metadata.uid"));
	field(html, "etag", cb_entity_text(page->entity, "metadata.etag"));
	field(html, "apiVersion", cb_entity_text(page->entity, "apiVersion"));
	cbi_html_card_close(html);
}

static const char *said(const struct cbi_entity_page *page, const char *name)
{
	return cb_entity_annotation(page->entity, name);
}

static void origin(const struct cbi_entity_page *page, struct cb_html *html)
{
	const struct cbi_html_card card = { .plugin = "catalog",
		                            .name = "origin",
		                            .title = "Where it is from" };
	struct cbi_location location;
	const char *why = cbi_entity_unregister_why(page, &location);

	cbi_html_card_open(html, &card);
	field(html, "Managed by",
	      said(page, "backstage.io/managed-by-location"));
	field(html, "Origin",
	      said(page, "backstage.io/managed-by-origin-location"));
	field(html, "Source", said(page, "backstage.io/source-location"));
	if (said(page, "backstage.io/orphan"))
		field(html, "Orphan",
		      cb_tr(html->ctx, "yes: nothing brings it in any more"));
	if (why)
		cb_html_note(html, why);
	cbi_html_card_close(html);
}

static void pairs(const struct cbi_entity_page *page, struct cb_html *html,
                  const char *member, const char *name, const char *title)
{
	static const char *const heads[] = { "Key", "Value", NULL };
	const struct cbi_html_card card = {
		.plugin = "catalog", .name = name, .title = title, .wide = true
	};
	json_t *list =
	    json_object_get(json_object_get(page->json, "metadata"), member);
	const char *key_name;
	json_t *value;

	if (!json_object_size(list))
		return;
	cbi_html_card_open(html, &card);
	cb_html_table_open(html, title, heads);
	json_object_foreach(list, key_name, value)
	{
		cb_html_row_open(html);
		path_cell(html, key_name);
		path_cell(html, json_string_value(value));
		cb_html_row_close(html);
	}
	cb_html_table_close(html);
	cbi_html_card_close(html);
}

int cbi_entity_inspect(const struct cbi_entity_page *page, struct cb_html *html)
{
	static const char *const views[] = { "overview", "yaml", "json" };
	static const char *const titles[] = { "Overview", "YAML", "JSON" };
	struct cbi_html_tab tabs[3];
	struct cb_ctx *ctx = html->ctx;
	const char *as = cbi_req_query(page->req, "as");
	const char *text = NULL;
	size_t at = 0;
	int rc = CB_OK;

	for (size_t i = 0; i < 3; i++) {
		if (as && strcmp(as, views[i]) == 0)
			at = i;
		tabs[i] = (struct cbi_html_tab){
			titles[i],
			cbi_addr_with(
			    ctx, cbi_addr_entity(ctx, page->ref, "inspect"),
			    "as", i ? views[i] : NULL),
			false, NULL
		};
	}
	tabs[at].here = true;
	cbi_html_tabs(html, cb_tr(ctx, "View"), tabs, 3);
	cbi_html_lit(html, "<div class=\"cards inspect\">\n");
	if (at == 0) {
		identity(page, html);
		origin(page, html);
		pairs(page, html, "annotations", "annotations", "Annotations");
		pairs(page, html, "labels", "labels", "Labels");
	} else if (at == 1) {
		rc = cbi_json_yaml(ctx, page->json, &text);
		if (rc == CB_OK)
			code_card(html, "yaml", "YAML", text);
	} else {
		char *dump = json_dumps(page->json,
		                        JSON_INDENT(2) | JSON_PRESERVE_ORDER);

		text = dump ? cb_strdup(ctx, dump) : NULL;
		free(dump);
		if (text)
			code_card(html, "json", "As the catalog serves it",
			          text);
		else
			rc = cb_fail(ctx, CB_ENOMEM, "no memory for the JSON");
	}
	cbi_html_lit(html, "</div>\n");
	return rc;
}
