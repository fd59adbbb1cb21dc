/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph.c - the tab "Graph": what is around an entity, as a drawing and as a
 * list, with how far and what of it chosen by a plain form.
 */
#include "web/pages/graph.h"

#include <string.h>

#include "base/str.h"
#include "html/addr.h"
#include "web/at.h"
#include "web/pages/entity.h"
#include "web/pages/shell.h"

static int read_choices(struct cb_req *req, const char *name,
                        struct cbi_graph_choices *out)
{
	for (const struct cbi_param *p = req->query; p; p = p->next) {
		if (strcmp(p->name, name) != 0 || !*p->value)
			continue;
		if (out->n == CBI_GRAPH_CHOICES || strlen(p->value) > 200)
			return cb_fail(req->ctx, CB_EINVAL,
			               "%s: too many, or too long a value",
			               name);
		cbi_graph_choose(out, p->value, true);
	}
	return CB_OK;
}

static int read_form(struct cb_req *req, struct cbi_graph *graph)
{
	const char *depth = cbi_req_query(req, "depth");
	int64_t far = 1;
	int rc;

	if (depth && *depth && cbi_str_int(depth, 1, CBI_GRAPH_DEPTH, &far) < 0)
		return cb_fail(req->ctx, CB_EINVAL,
		               "depth: '%.20s', expected 1 to %d", depth,
		               CBI_GRAPH_DEPTH);
	graph->depth = (int)far;
	rc = read_choices(req, "kind", &graph->kinds);
	return rc < 0 ? rc : read_choices(req, "relation", &graph->types);
}

/* ---- The form ----------------------------------------------------------- */

static void depths(struct cb_html *html, const struct cbi_graph *graph)
{
	cbi_html_lit(html, "<div class=\"field\"><label for=\"depth\">");
	cbi_html_tr(html, "Steps");
	cbi_html_lit(html, "</label><select class=\"input\" id=\"depth\""
	                   " name=\"depth\">");
	for (int i = 1; i <= CBI_GRAPH_DEPTH; i++) {
		const char *text = cb_printf(html->ctx, "%d", i);

		cbi_html_lit(html, "<option");
		cbi_html_attr(html, "value", text);
		if (i == graph->depth)
			cbi_html_lit(html, " selected");
		cbi_html_lit(html, ">");
		cbi_html_esc(html, text);
		cbi_html_lit(html, "</option>");
	}
	cbi_html_lit(html, "</select></div>\n");
}

static void choices(struct cb_html *html, const char *name, const char *title,
                    const struct cbi_graph_choices *list,
                    const char *(*said)(const char *value))
{
	if (!list->n)
		return;
	cbi_html_lit(html, "<fieldset class=\"facet\"><legend>");
	cbi_html_tr(html, title);
	cbi_html_lit(html, "</legend>\n<div class=\"checks\">");
	for (size_t i = 0; i < list->n; i++) {
		cbi_html_lit(html, "<label class=\"check\"><input"
		                   " type=\"checkbox\"");
		cbi_html_attr(html, "name", name);
		cbi_html_attr(html, "value", list->values[i]);
		if (list->chosen[i])
			cbi_html_lit(html, " checked");
		cbi_html_lit(html, "><span>");
		cbi_html_tr(html, said(list->values[i]));
		cbi_html_lit(html, "</span></label>\n");
	}
	cbi_html_lit(html, "</div></fieldset>\n");
}

static void form(const struct cbi_entity_page *page, struct cb_html *html,
                 const struct cbi_graph *graph)
{
	const struct cbi_html_form f = {
		.address = cbi_addr_entity(html->ctx, page->ref, "graph"),
		.cls = "graph-form",
		.label = "What is drawn",
	};
	const char *at = cbi_req_query(page->req, "at");

	cbi_html_form_open(html, &f);
	cbi_html_hidden(html, "at", at && *at ? at : NULL);
	depths(html, graph);
	choices(html, "kind", "Kinds", &graph->kinds, cbi_thing_kinds);
	choices(html, "relation", "Relations", &graph->types,
	        cbi_thing_relation);
	cbi_html_lit(html, "<div class=\"buttons\"><button class=\"button\""
	                   " type=\"submit\">");
	cbi_html_tr(html, "Draw");
	cbi_html_lit(html, "</button>");
	if (graph->kinds.any || graph->types.any)
		cbi_html_button_link(html, "quiet", NULL, "All of it",
		                     f.address);
	cbi_html_lit(html, "</div>\n");
	cbi_html_form_close(html);
}

/* ---- The page ----------------------------------------------------------- */

static void undrawn(struct cb_html *html, int rc)
{
	const char *why =
	    rc == CB_ENOTSUP
		? "Graphviz is not installed on this host; the list below "
		  "says the same."
	    : rc == CB_ETIME
		? "Drawing it took too long; the list below says the same. "
		  "Fewer steps, kinds or relations help."
		: "It could not be drawn just now; the list below says the "
		  "same.";

	cb_html_note(html, why);
}

static void drawing(const struct cbi_entity_page *page, struct cb_html *html,
                    struct cbi_graph *graph)
{
	const struct cbi_html_card card = { .plugin = "catalog",
		                            .name = "graph",
		                            .title = "What is around it",
		                            .wide = true };
	int rc = CB_OK;

	cbi_html_card_open(html, &card);
	form(page, html, graph);
	if (graph->edge_n)
		rc = cbi_graph_lay(page->req, graph);
	if (rc < 0) {
		cb_failure_clear(html->ctx);
		undrawn(html, rc);
	} else if (graph->edge_n) {
		cbi_graph_draw(html, graph);
	} else {
		cb_html_empty(html, "Nothing is drawn",
		              graph->kinds.any || graph->types.any
		                  ? "Nothing around it is of what was chosen."
		                  : "Nothing is known to be related to this.");
	}
	if (graph->cut) {
		cbi_html_block(html);
		cb_html_note(html, "There are more relations among these than "
		                   "are shown.");
	}
	cbi_html_card_close(html);
}

static void list(const struct cbi_entity_page *page, struct cb_html *html,
                 const struct cbi_graph *graph)
{
	struct cbi_html_card card = { .plugin = "catalog",
		                      .name = "graph-list",
		                      .title = "The same as a list",
		                      .wide = true };

	if (!graph->edge_n)
		return;
	card.meta = cbi_html_say_n(html->ctx, "{1} relations of {2} entities",
	                           (int64_t)graph->edge_n, (int64_t)graph->n);
	cbi_html_card_open(html, &card);
	cbi_graph_list(page->req, html, graph);
	cbi_html_card_close(html);
}

static int show(struct cb_req *req)
{
	struct cbi_entity_page page = { .req = req, .tab = "graph" };
	struct cbi_page shell = { .here = "catalog" };
	struct cbi_graph *graph = cb_alloc(req->ctx, sizeof(*graph));
	struct cb_html html;
	int rc;

	if (!graph)
		return CB_ENOMEM;
	memset(graph, 0, sizeof(*graph));
	rc = cbi_entity_load(&page);
	if (rc == CB_OK)
		rc = read_form(req, graph);
	if (rc == CB_OK)
		rc = cbi_graph_walk(req, page.ref, graph);
	if (rc == CB_OK)
		rc = cbi_req_fresh(req, &page.fresh);
	if (rc < 0)
		return rc;
	shell.title = cbi_html_say(req->ctx, "Graph of {1}",
	                           cbi_thing_title(page.entity), NULL);
	rc = cbi_page_open(req, &shell, &html);
	if (rc < 0)
		return rc;
	cbi_entity_header(&page, &html);
	cbi_html_lit(&html, "<div class=\"cards\">\n");
	drawing(&page, &html, graph);
	list(&page, &html, graph);
	cbi_html_lit(&html, "</div>\n");
	return cbi_page_close(req, &html);
}

const struct cbi_endpoint cbi_pages_graph[] = {
	{
	    .path = "/catalog/{namespace}/{kind}/{name}/graph",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.entity.graph",
	    .handle = show,
	},
	{ 0 },
};
