/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entity_head.c - the head of an entity's page: where it stands, what it is
 * called, what matters most of it, and the tabs.
 */
#include "web/pages/entity.h"

#include <string.h>

#include "base/str.h"
#include "catalog/entity.h"
#include "html/addr.h"

/* The first relation of a type that leads to a kind ("system"). */
static const char *related(const struct cb_entity *entity, const char *type,
                           const char *kind)
{
	size_t len = strlen(kind);
	const char *ref;

	for (size_t i = 0; (ref = cb_entity_relation(entity, type, i)); i++)
		if (strncmp(ref, kind, len) == 0 && ref[len] == ':')
			return ref;
	return NULL;
}

/* Catalog / domain / system / name: as far up as the catalog knows. */
static void crumbs(const struct cbi_entity_page *page, struct cb_html *html)
{
	struct cbi_html_step steps[4] = {
		{ cb_tr(html->ctx, "Catalog"),
		  cbi_addr_then(html->ctx, cbi_addr(html->ctx, "/catalog")) }
	};
	const char *system = related(page->entity, "partOf", "system");
	const char *domain = related(page->entity, "partOf", "domain");
	const struct cb_entity *above =
	    system ? cbi_thing_get(page->req, system) : NULL;
	size_t n = 1;

	if (above && !domain)
		domain = related(above, "partOf", "domain");
	if (domain && cbi_thing_known(page->req, domain)) {
		steps[n].text = cbi_thing_ref_title(page->req, domain);
		steps[n++].address = cbi_addr_entity(html->ctx, domain, NULL);
	}
	if (above) {
		steps[n].text = cbi_thing_title(above);
		steps[n++].address = cbi_addr_entity(html->ctx, system, NULL);
	}
	steps[n++].text = cbi_thing_title(page->entity);
	cbi_html_crumbs(html, steps, n);
}

static void name(const struct cbi_entity_page *page, struct cb_html *html)
{
	cbi_html_lit(html, "<div class=\"entity-name\"><span class=\"tile big"
	                   " kind-");
	cbi_html_esc(html, cbi_html_kind(page->kind));
	cbi_html_lit(html, "\">");
	cbi_html_icon(html, cbi_html_kind(page->kind));
	cbi_html_lit(html, "</span><div><h1>");
	cbi_html_esc(html, cbi_thing_title(page->entity));
	cbi_html_lit(html, "</h1><p><code>");
	cbi_html_esc(html, page->ref);
	cbi_html_lit(html, "</code></p></div>");
	cbi_entity_menu(page, html);
	cbi_html_lit(html, "</div>\n");
}

static void fact_open(struct cb_html *html, const char *label)
{
	cbi_html_lit(html, "<div><dt>");
	cbi_html_tr(html, label);
	cbi_html_lit(html, "</dt><dd>");
}

static void fact_close(struct cb_html *html)
{
	cbi_html_lit(html, "</dd></div>\n");
}

static void fact(struct cb_html *html, const char *label, const char *text)
{
	if (!text || !*text)
		return;
	fact_open(html, label);
	cbi_html_esc(html, text);
	fact_close(html);
}

static void fact_ref(const struct cbi_entity_page *page, struct cb_html *html,
                     const char *label, const char *ref)
{
	if (!ref)
		return;
	fact_open(html, label);
	cbi_thing_ref(page->req, html, ref);
	fact_close(html);
}

static void fact_tags(const struct cbi_entity_page *page, struct cb_html *html)
{
	const json_t *tags =
	    json_object_get(json_object_get(page->json, "metadata"), "tags");
	const char *catalog =
	    cbi_addr_then(html->ctx, cbi_addr(html->ctx, "/catalog"));

	if (!json_array_size(tags))
		return;
	fact_open(html, "Tags");
	cbi_html_lit(html, "<ul class=\"chips\">");
	for (size_t i = 0; i < json_array_size(tags); i++) {
		const char *tag = json_string_value(json_array_get(tags, i));

		if (!tag)
			continue;
		cbi_html_lit(html, "<li><a class=\"chip\"");
		cbi_html_attr(html, "href",
		              cbi_addr_with(html->ctx, catalog, "tag", tag));
		cbi_html_lit(html, ">");
		cbi_html_esc(html, tag);
		cbi_html_lit(html, "</a></li>");
	}
	cbi_html_lit(html, "</ul>");
	fact_close(html);
}

static void facts(const struct cbi_entity_page *page, struct cb_html *html)
{
	const char *lifecycle = cb_entity_text(page->entity, "spec.lifecycle");
	const char *space = cb_entity_namespace(page->entity);

	cbi_html_lit(html, "<dl class=\"facts\">\n");
	fact(html, "Kind", cb_tr(html->ctx, cbi_thing_kind(page->kind)));
	fact(html, "Type", cb_entity_text(page->entity, "spec.type"));
	if (lifecycle && *lifecycle) {
		fact_open(html, "Lifecycle");
		cbi_thing_lifecycle_badge(html, lifecycle);
		fact_close(html);
	}
	if (strcmp(space, "default") != 0)
		fact(html, "Namespace", space);
	fact_ref(page, html, "Owner", cb_entity_owner(page->entity));
	fact_ref(page, html, "System",
	         related(page->entity, "partOf", "system"));
	fact_tags(page, html);
	cbi_html_lit(html, "</dl>\n");
}

static const char *tab_address(const struct cbi_entity_page *page,
                               struct cb_html *html, const char *tab)
{
	return cbi_addr_entity(html->ctx, page->ref, tab);
}

static void tabs(const struct cbi_entity_page *page, struct cb_html *html)
{
	struct cbi_html_tab list[7] = {
		{ "Overview", tab_address(page, html, NULL), !*page->tab,
		  NULL },
		{ "Relations", tab_address(page, html, "relations"),
		  strcmp(page->tab, "relations") == 0, NULL },
	};
	size_t n = 2;

	list[n++] =
	    (struct cbi_html_tab){ "Graph", tab_address(page, html, "graph"),
		                   strcmp(page->tab, "graph") == 0, NULL };
	if (cb_entity_text(page->entity, "spec.definition"))
		list[n++] = (struct cbi_html_tab){
			"Definition", tab_address(page, html, "definition"),
			strcmp(page->tab, "definition") == 0, NULL
		};
	list[n++] =
	    (struct cbi_html_tab){ "Inspect",
		                   tab_address(page, html, "inspect"),
		                   strcmp(page->tab, "inspect") == 0, NULL };
	list[n++] =
	    (struct cbi_html_tab){ "History",
		                   tab_address(page, html, "history"),
		                   strcmp(page->tab, "history") == 0, NULL };
	/* Known for now only. */
	if (!html->ctx->scope.as_of)
		list[n++] = (struct cbi_html_tab){
			"Why is it so", tab_address(page, html, "why"),
			strcmp(page->tab, "why") == 0, NULL
		};
	cbi_html_tabs(html, cbi_thing_title(page->entity), list, n);
}

void cbi_entity_header(const struct cbi_entity_page *page, struct cb_html *html)
{
	cbi_html_lit(html, "<header class=\"entity\">\n");
	crumbs(page, html);
	name(page, html);
	facts(page, html);
	cbi_html_lit(html, "</header>\n");
	tabs(page, html);
}
