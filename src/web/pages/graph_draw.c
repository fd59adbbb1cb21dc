/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_draw.c - a graph as SVG, in the design system's colours, and as a
 * table.
 */
#include "web/pages/graph.h"

#include <stdio.h>
#include <string.h>

#include "base/ctx.h"
#include "html/addr.h"
#include "web/pages/things.h"

/* Around everything, for lines and rings. */
#define MARGIN 12
/* Wider drawings would be too small to read when they fit the page: they
 * scroll. */
#define FIT_MAX 1400
#define TITLE_MAX 30
#define MORE_W 80
#define MORE_H 24

static void number(struct cb_html *html, const char *name, double value)
{
	char text[64];

	snprintf(text, sizeof(text), " %s=\"%.1f\"", name, value);
	cb_buf_text(html->buf, text);
}

/* At most so many letters of a title. */
static const char *cut(struct cb_ctx *ctx, const char *title)
{
	size_t n = 0, len = 0;
	const char *text;

	while (title[len]) {
		if (((unsigned char)title[len] & 0xc0) != 0x80 &&
		    ++n > TITLE_MAX)
			break;
		len++;
	}
	if (!title[len])
		return title;
	text = cb_printf(ctx, "%.*s\xe2\x80\xa6", (int)(len - 1), title);
	return text ? text : "";
}

static void curve(struct cb_html *html, const double *points, size_t n,
                  const char *cls)
{
	if (n < 4)
		return;
	cbi_html_lit(html, "<path");
	cbi_html_attr(html, "class", cls);
	cbi_html_lit(html, " d=\"");
	for (size_t i = 0; i < n; i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s%.1f,%.1f",
		         i == 0       ? "M"
		         : i % 3 == 1 ? "C"
		                      : " ",
		         points[2 * i], points[2 * i + 1]);
		cb_buf_text(html->buf, text);
	}
	cbi_html_lit(html, "\"/>\n");
}

static const char *said(struct cb_ctx *ctx, const struct cbi_graph_edge *edge)
{
	const char *all = "";

	for (size_t i = 0; all && i < edge->type_n; i++)
		all = cb_printf(ctx, "%s%s%s", all, i ? ", " : "",
		                cb_tr(ctx, cbi_thing_relation(edge->types[i])));
	return all ? all : "";
}

static void draw_edge(struct cb_html *html, const struct cbi_graph_edge *edge)
{
	if (!edge->points)
		return;
	curve(html, edge->points, edge->point_n, "graph-edge");
	if (edge->label_x <= 0)
		return;
	cbi_html_lit(html, "<text class=\"graph-label\"");
	number(html, "x", edge->label_x);
	number(html, "y", edge->label_y + 3);
	cbi_html_lit(html, ">");
	cbi_html_esc(html, cut(html->ctx, said(html->ctx, edge)));
	cbi_html_lit(html, "</text>\n");
}

static void box(struct cb_html *html, double x, double y, double w, double h)
{
	cbi_html_lit(html, "<rect");
	number(html, "x", x - w / 2);
	number(html, "y", y - h / 2);
	number(html, "width", w);
	number(html, "height", h);
	cbi_html_lit(html, " rx=\"6\"/>");
}

static void kind_icon(struct cb_html *html, const struct cbi_graph_node *node)
{
	cbi_html_lit(html, "<use class=\"icon kind-");
	cbi_html_esc(html, cbi_html_kind(node->kind));
	cbi_html_lit(html, "\" width=\"16\" height=\"16\"");
	number(html, "x", node->x - node->w / 2 + 11);
	number(html, "y", node->y - 8);
	cbi_html_attr(
	    html, "href",
	    cb_printf(html->ctx, "%s#%s",
	              cbi_addr_asset(html->ctx, "icons.svg"),
	              node->known ? cbi_html_kind(node->kind) : "unknown"));
	cbi_html_lit(html, "/>");
}

static void draw_node(struct cb_html *html, const struct cbi_graph *graph,
                      size_t i)
{
	const struct cbi_graph_node *node = &graph->nodes[i];
	const char *address =
	    node->known ? cbi_addr_entity(html->ctx, node->ref, NULL) : NULL;

	cbi_html_lit(html, "<a class=\"graph-node");
	if (i == 0)
		cbi_html_lit(html, " here");
	if (!address)
		cbi_html_lit(html, " missing");
	cbi_html_lit(html, "\"");
	cbi_html_attr(html, "href", address);
	cbi_html_lit(html, "><title>");
	cbi_html_esc(html, node->ref);
	if (!node->known) {
		cbi_html_lit(html, ": ");
		cbi_html_tr(html, "Not in the catalog");
	}
	cbi_html_lit(html, "</title>");
	box(html, node->x, node->y, node->w, node->h);
	kind_icon(html, node);
	cbi_html_lit(html, "<text");
	number(html, "x", node->x - node->w / 2 + 34);
	number(html, "y", node->y + 4.5);
	cbi_html_lit(html, ">");
	cbi_html_esc(html, cut(html->ctx, node->title));
	cbi_html_lit(html, "</text></a>\n");
}

/* Where what is not here can be seen: all of the middle's on its own tab,
 * that of others in their own graph. */
static const char *more_address(struct cb_ctx *ctx,
                                const struct cbi_graph *graph, size_t i)
{
	return cbi_addr_entity(ctx, graph->nodes[i].ref,
	                       i ? "graph" : "relations");
}

static void draw_more(struct cb_html *html, const struct cbi_graph *graph,
                      size_t i)
{
	const struct cbi_graph_node *node = &graph->nodes[i];

	if (!node->more || node->more_x <= 0)
		return;
	curve(html, node->more_points, node->more_n, "graph-edge more");
	cbi_html_lit(html, "<a class=\"graph-node more\"");
	cbi_html_attr(html, "href", more_address(html->ctx, graph, i));
	cbi_html_lit(html, "><title>");
	cbi_html_esc(html,
	             cbi_html_say(html->ctx, "More of {1}", node->ref, NULL));
	cbi_html_lit(html, "</title>");
	box(html, node->more_x, node->more_y, MORE_W, MORE_H);
	cbi_html_lit(html, "<text text-anchor=\"middle\"");
	number(html, "x", node->more_x);
	number(html, "y", node->more_y + 4);
	cbi_html_lit(html, ">");
	cbi_html_esc(html, cbi_html_say_n(html->ctx, "{1} more",
	                                  (int64_t)node->more, 0));
	cbi_html_lit(html, "</text></a>\n");
}

static void head(struct cb_html *html, const struct cbi_graph *graph)
{
	double w = graph->width + 2 * MARGIN, h = graph->height + 2 * MARGIN;
	char text[96];

	/* It scrolls, so the keyboard must reach it. */
	cbi_html_lit(html, "<div class=\"graph-box\" tabindex=\"0\""
	                   " role=\"region\"");
	cbi_html_attr_tr(html, "aria-label", "Relations, drawn");
	cbi_html_lit(html, "><svg class=\"graph");
	if (w <= FIT_MAX)
		cbi_html_lit(html, " fit");
	cbi_html_lit(html, "\"");
	number(html, "width", w);
	number(html, "height", h);
	snprintf(text, sizeof(text), " viewBox=\"%d %d %.1f %.1f\"", -MARGIN,
	         -MARGIN, w, h);
	cb_buf_text(html->buf, text);
	cbi_html_lit(html, ">\n<defs><marker id=\"graph-tip\" refX=\"1\""
	                   " refY=\"4\" markerWidth=\"9\" markerHeight=\"8\""
	                   " markerUnits=\"userSpaceOnUse\" orient=\"auto\">"
	                   "<path d=\"M0,0.5L8,4L0,7.5z\"/></marker></defs>\n");
}

void cbi_graph_draw(struct cb_html *html, const struct cbi_graph *graph)
{
	cbi_html_block(html);
	head(html, graph);
	for (size_t i = 0; i < graph->edge_n; i++)
		draw_edge(html, &graph->edges[i]);
	for (size_t i = 0; i < graph->n; i++)
		draw_more(html, graph, i);
	for (size_t i = 0; i < graph->n; i++)
		draw_node(html, graph, i);
	cbi_html_lit(html, "</svg></div>\n");
}

/* ---- The same as a table ------------------------------------------------ */

static void ref_cell(struct cb_req *req, struct cb_html *html, const char *ref)
{
	cb_html_cell_open(html);
	cbi_html_inline(html, CBI_MARK_TEXT);
	cbi_thing_ref(req, html, ref);
	cb_html_cell_close(html);
}

static void more_row(struct cb_html *html, const struct cbi_graph *graph,
                     size_t i)
{
	cbi_html_lit(html, "<li><a");
	cbi_html_attr(html, "href", more_address(html->ctx, graph, i));
	cbi_html_lit(html, ">");
	cbi_html_esc(html,
	             cbi_html_say(html->ctx, "{1} more of {2}",
	                          cbi_html_number_text(
				      html->ctx, (int64_t)graph->nodes[i].more),
	                          graph->nodes[i].title));
	cbi_html_lit(html, "</a></li>\n");
}

void cbi_graph_list(struct cb_req *req, struct cb_html *html,
                    const struct cbi_graph *graph)
{
	static const char *const heads[] = { "From", "Relation", "To", NULL };
	size_t left = 0;

	cb_html_table_open(html, "Relations as a list", heads);
	for (size_t i = 0; i < graph->edge_n; i++) {
		const struct cbi_graph_edge *edge = &graph->edges[i];

		cb_html_row_open(html);
		ref_cell(req, html, graph->nodes[edge->from].ref);
		cb_html_cell(html, said(html->ctx, edge));
		ref_cell(req, html, graph->nodes[edge->to].ref);
		cb_html_row_close(html);
	}
	cb_html_table_close(html);
	for (size_t i = 0; i < graph->n; i++)
		left += graph->nodes[i].more;
	if (!left)
		return;
	cbi_html_lit(html, "<ul class=\"refs\">\n");
	for (size_t i = 0; i < graph->n; i++)
		if (graph->nodes[i].more)
			more_row(html, graph, i);
	cbi_html_lit(html, "</ul>\n");
}
