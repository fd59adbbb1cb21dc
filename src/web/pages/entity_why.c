/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entity_why.c - the tab "Why is it so": what catalog/explain.h says, for
 * people.
 */
#include <string.h>

#include "catalog/explain.h"
#include "html/parts.h"
#include "web/pages/entity.h"

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int64_t number_at(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void card_open(struct cb_html *html, const char *name, const char *title,
                      bool wide)
{
	const struct cbi_html_card card = {
		.plugin = "catalog", .name = name, .title = title, .wide = wide
	};

	cbi_html_card_open(html, &card);
}

static const char *joined(struct cb_ctx *ctx, const json_t *list)
{
	const char *all = NULL;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *one = json_string_value(json_array_get(list, i));

		all = all ? cb_printf(ctx, "%s, %s", all, one) : one;
	}
	return all;
}

static void state(struct cb_html *html, const json_t *all)
{
	static const struct {
		const char *state;
		const char *title;
	} words[] = {
		{ "good", "Read and served" },
		{ "failing", "Served as it was when it was last good" },
		{ "broken", "Never good: nobody sees it" },
		{ "waiting", "Waits to be read" },
	};
	const char *now = text_at(all, "state");

	for (size_t i = 0; i < 4; i++)
		if (strcmp(words[i].state, now) == 0)
			cb_html_field(html, "State",
			              cb_tr(html->ctx, words[i].title));
}

static void facts(struct cb_html *html, const json_t *all)
{
	struct cb_ctx *ctx = html->ctx;
	const json_t *served = json_object_get(all, "served");
	const char *due = text_at(all, "due");

	card_open(html, "why", "Where it comes from", true);
	state(html, all);
	cb_html_field(html, "Stands in", text_at(all, "source"));
	cb_html_field(html, "Owned by source", text_at(all, "owner"));
	cb_html_field(html, "Processors",
	              joined(ctx, json_object_get(all, "processors")));
	cb_html_field(html, "Relations declared",
	              cbi_html_number_text(ctx, number_at(all, "emitted")));
	cb_html_field(html, "Relations by others",
	              cbi_html_number_text(ctx, number_at(all, "received")));
	if (number_at(all, "below"))
		cb_html_field(
		    html, "Brings in",
		    cbi_html_number_text(ctx, number_at(all, "below")));
	if (json_is_object(served)) {
		cb_html_field(html, "Change", text_at(served, "change"));
		cb_html_field(html, "Served since",
		              text_at(served, "updatedAt"));
	}
	if (due)
		cb_html_field(html, "Looked at again", due);
	if (json_array_size(json_object_get(all, "keys")))
		cb_html_field(html, "Refresh keys",
		              joined(ctx, json_object_get(all, "keys")));
	cbi_html_card_close(html);
}

static void above(struct cb_html *html, const json_t *list)
{
	const json_t *item;
	size_t i;

	card_open(html, "above", "Brought in by", false);
	if (json_array_size(list) == 0)
		cb_html_empty(html, "Nothing brings it in any more",
		              "It is an orphan.");
	cb_html_list_open(html);
	json_array_foreach(list, i, item)
	{
		const char *ref = text_at(item, "ref");
		const char *provider = text_at(item, "provider");

		cb_html_item_open(html);
		if (ref)
			cb_html_entity(html, ref);
		if (provider)
			cb_html_badge(html, CB_TONE_INFO, provider);
		if (ref && text_at(item, "source"))
			cb_html_text(html, text_at(item, "source"));
		if (number_at(item, "errors"))
			cb_html_status(html, CB_TONE_BAD,
			               cb_tr(html->ctx, "Has errors"));
		cb_html_item_close(html);
	}
	cb_html_list_close(html);
	cbi_html_card_close(html);
}

static void conflicts(struct cb_html *html, const json_t *list)
{
	static const char *const heads[] = { "Where", "Read for", NULL };
	const json_t *item;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	card_open(html, "conflicts", "Declared elsewhere too, and passed over",
	          false);
	cb_html_table_open(html, "Declared elsewhere too", heads);
	json_array_foreach(list, i, item)
	{
		cb_html_row_open(html);
		cb_html_cell(html, text_at(item, "source"));
		cb_html_cell_open(html);
		cb_html_entity(html, text_at(item, "location"));
		cb_html_cell_close(html);
		cb_html_row_close(html);
	}
	cb_html_table_close(html);
	cbi_html_card_close(html);
}

int cbi_entity_why(const struct cbi_entity_page *page, struct cb_html *html)
{
	json_t *all;
	int rc = cbi_explain(page->req->ctx, page->ref, &all);

	if (rc < 0)
		return rc;
	cbi_html_lit(html, "<div class=\"cards\">\n");
	facts(html, all);
	above(html, json_object_get(all, "above"));
	conflicts(html, json_object_get(all, "conflicts"));
	cbi_html_lit(html, "</div>\n");
	return CB_OK;
}
