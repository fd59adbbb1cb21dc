/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entity_cards.c - the house's own cards of an entity's page.
 */
#include "web/pages/entity.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "catalog/entity.h"
#include "html/addr.h"

static void field_open(struct cb_html *html, const char *label, bool span)
{
	if (span)
		cbi_html_lit(html, "<div class=\"span\"><dt>");
	else
		cbi_html_lit(html, "<div><dt>");
	cbi_html_tr(html, label);
	cbi_html_lit(html, "</dt><dd>");
}

static void field_close(struct cb_html *html)
{
	cbi_html_lit(html, "</dd></div>\n");
}

static void field(struct cb_html *html, const char *label, const char *text)
{
	if (!text || !*text)
		return;
	field_open(html, label, false);
	cbi_html_esc(html, text);
	field_close(html);
}

/* "url:https://host/path": where a person can read it; NULL for files. */
static const char *source_of(const struct cbi_entity_page *page)
{
	static const char *const names[] = {
		"backstage.io/view-url",
		"backstage.io/source-location",
		"backstage.io/managed-by-location",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *at = cb_entity_annotation(page->entity, names[i]);

		if (!at)
			continue;
		if (cbi_str_starts(at, "url:"))
			at += strlen("url:");
		if (cbi_str_starts(at, "http://") ||
		    cbi_str_starts(at, "https://"))
			return cbi_html_safe_url(page->req->ctx, at);
	}
	return NULL;
}

static void mail(const struct cbi_entity_page *page, struct cb_html *html)
{
	const char *address =
	    cb_entity_text(page->entity, "spec.profile.email");
	const char *link;

	if (!address || !*address)
		return;
	link = cb_printf(html->ctx, "mailto:%s", address);
	field_open(html, "Mail", false);
	cbi_html_lit(html, "<a");
	cbi_html_attr(html, "href", cbi_html_safe_url(html->ctx, link));
	cbi_html_lit(html, ">");
	cbi_html_esc(html, address);
	cbi_html_lit(html, "</a>");
	field_close(html);
}

static void fields(const struct cbi_entity_page *page, struct cb_html *html)
{
	const struct cb_entity *entity = page->entity;
	const char *text = cb_entity_text(entity, "metadata.description");
	const char *at =
	    cb_entity_annotation(entity, "backstage.io/managed-by-location");

	if (text && *text) {
		field_open(html, "Description", true);
		cbi_html_esc(html, text);
		field_close(html);
	}
	mail(page, html);
	field(html, "Target", cb_entity_text(entity, "spec.target"));
	if (at && !source_of(page)) {
		const char *colon = strchr(at, ':');

		field(html, "From", colon && colon[1] ? colon + 1 : at);
	}
	if (page->served.updated_ms) {
		field_open(html, "Last changed", false);
		cbi_html_ago(html, page->served.updated_ms);
		field_close(html);
	}
}

void cbi_entity_about(const struct cbi_entity_page *page, struct cb_html *html)
{
	const struct cbi_html_card card = {
		.plugin = "catalog",
		.name = "about",
		.title = "About",
		.wide = true,
		.link = source_of(page),
		.link_title = "Source",
		.link_icon = "external-link",
	};

	cbi_html_card_open(html, &card);
	cbi_html_lit(html, "<dl class=\"fields\">\n");
	fields(page, html);
	cbi_html_lit(html, "</dl>\n");
	cbi_html_card_close(html);
}

void cbi_entity_links(const struct cbi_entity_page *page, struct cb_html *html)
{
	const struct cbi_html_card card = { .plugin = "catalog",
		                            .name = "links",
		                            .title = "Links" };
	const json_t *links =
	    json_object_get(json_object_get(page->json, "metadata"), "links");

	if (!json_array_size(links))
		return;
	cbi_html_card_open(html, &card);
	cbi_html_lit(html, "<ul class=\"links\">\n");
	for (size_t i = 0; i < json_array_size(links); i++) {
		const json_t *link = json_array_get(links, i);
		const char *url =
		    json_string_value(json_object_get(link, "url"));
		const char *title =
		    json_string_value(json_object_get(link, "title"));
		const char *icon =
		    json_string_value(json_object_get(link, "icon"));
		const char *safe = cbi_html_safe_url(html->ctx, url);

		cbi_html_lit(html, "<li>");
		if (safe) {
			cbi_html_lit(html, "<a");
			cbi_html_attr(html, "href", safe);
			cbi_html_lit(html, ">");
			cbi_html_icon(html, cbi_thing_link_icon(icon));
		}
		cbi_html_esc(html, title ? title : url);
		if (safe)
			cbi_html_lit(html, "</a>");
		cbi_html_lit(html, "</li>\n");
	}
	cbi_html_lit(html, "</ul>\n");
	cbi_html_card_close(html);
}

struct relation {
	const char *type, *target;
};

static int by_type(const void *a, const void *b)
{
	const struct relation *x = a, *y = b;
	int order = cbi_thing_relation_order(x->type) -
	            cbi_thing_relation_order(y->type);

	if (!order)
		order = strcmp(x->type, y->type);
	return order ? order : strcmp(x->target, y->target);
}

static size_t gather(const struct cbi_entity_page *page, struct relation **out)
{
	const json_t *list = json_object_get(page->json, "relations");
	size_t all = json_array_size(list), n = 0;
	struct relation *found =
	    cb_alloc(page->req->ctx, (all + 1) * sizeof(*found));

	if (!found)
		return 0;
	for (size_t i = 0; i < all; i++) {
		const json_t *one = json_array_get(list, i);

		found[n].type = json_string_value(json_object_get(one, "type"));
		found[n].target =
		    json_string_value(json_object_get(one, "targetRef"));
		n += found[n].type && found[n].target;
	}
	qsort(found, n, sizeof(*found), by_type);
	*out = found;
	return n;
}

static void group(const struct cbi_entity_page *page, struct cb_html *html,
                  const struct relation *from, size_t n, size_t most)
{
	size_t shown = n > most ? most : n;

	cbi_html_lit(html, "<div><h3>");
	cbi_html_tr(html, cbi_thing_relation(from->type));
	cbi_html_lit(html, " <span class=\"count\">");
	cbi_html_esc(html, cbi_html_number_text(html->ctx, (int64_t)n));
	cbi_html_lit(html, "</span></h3><ul class=\"refs\">\n");
	for (size_t i = 0; i < shown; i++) {
		cbi_html_lit(html, "<li>");
		cbi_thing_ref(page->req, html, from[i].target);
		cbi_html_lit(html, "</li>\n");
	}
	if (shown < n) {
		cbi_html_lit(html, "<li><a");
		cbi_html_attr(
		    html, "href",
		    cbi_addr_entity(html->ctx, page->ref, "relations"));
		cbi_html_lit(html, ">");
		cbi_html_esc(html, cbi_html_say_n(html->ctx, "{1} more",
		                                  (int64_t)(n - shown), 0));
		cbi_html_lit(html, "</a></li>\n");
	}
	cbi_html_lit(html, "</ul></div>\n");
}

void cbi_entity_relations(const struct cbi_entity_page *page,
                          struct cb_html *html, size_t most)
{
	const struct cbi_html_card card = { .plugin = "catalog",
		                            .name = "relations",
		                            .title = "Relations" };
	struct relation *list = NULL;
	size_t n = gather(page, &list), from = 0;

	cbi_html_card_open(html, &card);
	if (!n)
		cb_html_note(html, "Nothing is known to be related to this.");
	else
		cbi_html_lit(html, "<div class=\"groups\">\n");
	while (from < n) {
		size_t to = from + 1;

		while (to < n && strcmp(list[to].type, list[from].type) == 0)
			to++;
		group(page, html, list + from, to - from, most);
		from = to;
	}
	if (n)
		cbi_html_lit(html, "</div>\n");
	cbi_html_card_close(html);
}

/* status.items of level error: what processing found wrong with it. */
void cbi_entity_errors(const struct cbi_entity_page *page, struct cb_html *html)
{
	const json_t *items =
	    json_object_get(json_object_get(page->json, "status"), "items");

	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *item = json_array_get(items, i);
		const char *level =
		    json_string_value(json_object_get(item, "level"));
		const char *message =
		    json_string_value(json_object_get(item, "message"));

		if (!message || !level || strcmp(level, "info") == 0)
			continue;
		cbi_html_notice_open(
		    html,
		    strcmp(level, "error") == 0 ? CB_TONE_BAD : CB_TONE_WARN,
		    "note", "Processing found something wrong");
		cbi_html_lit(html, "<p>");
		cbi_html_esc(html, message);
		cbi_html_lit(html, "</p>");
		cbi_html_notice_close(html);
	}
}
