/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph.h - what is around an entity: walked, laid out, drawn.
 */
#ifndef CB_WEB_PAGES_GRAPH_H
#define CB_WEB_PAGES_GRAPH_H

#include "html/html.h"
#include "web/router.h"

#define CBI_GRAPH_NODES 60
#define CBI_GRAPH_EDGES 160
#define CBI_GRAPH_DEPTH 4
#define CBI_GRAPH_CHOICES 40

struct cbi_graph_node {
	const char *ref, *title, *kind;
	int depth;
	bool known;            /* the catalog has it */
	size_t more;           /* of its neighbours are not here */
	double x, y, w, h;     /* its middle and size, in pixels */
	double more_x, more_y; /* the box that says how many more */
	const double *more_points;
	size_t more_n;
};

struct cbi_graph_edge {
	size_t from, to;
	/* Types of relations, as `from` says them; a few at most. */
	const char *types[4];
	size_t type_n;
	const double *points; /* x, y: a Bezier curve; NULL: not laid out */
	size_t point_n;
	double label_x, label_y;
};

/* Values to choose from: all that were met, and what was chosen. */
struct cbi_graph_choices {
	const char *values[CBI_GRAPH_CHOICES];
	bool chosen[CBI_GRAPH_CHOICES];
	size_t n;
	bool any; /* some are chosen, so others are left out */
};

struct cbi_graph {
	int depth;
	struct cbi_graph_choices kinds, types;
	struct cbi_graph_node nodes[CBI_GRAPH_NODES];
	size_t n; /* node 0 is where it begins */
	struct cbi_graph_edge edges[CBI_GRAPH_EDGES];
	size_t edge_n;
	bool cut;             /* there were more edges */
	double width, height; /* 0: not laid out */
};

/* A value is added once, up to the most there can be. */
void cbi_graph_choose(struct cbi_graph_choices *choices, const char *value,
                      bool chosen);

/* Fills nodes and edges from depth, kinds and types; ref is canonical. */
int cbi_graph_walk(struct cb_req *req, const char *ref,
                   struct cbi_graph *graph) CB_USED;

/* Asks fetch for coordinates, or the process's cache.  CB_ENOTSUP where
 * Graphviz is missing; whatever fails, the graph is as good as before. */
int cbi_graph_lay(struct cb_req *req, struct cbi_graph *graph) CB_USED;
/* Reads what `dot -Tplain` printed; CB_EINVAL for anything else. */
int cbi_graph_read(struct cb_ctx *ctx, const char *plain,
                   struct cbi_graph *graph) CB_USED;

/* An SVG of what was laid out, and the same as a table. */
void cbi_graph_draw(struct cb_html *html, const struct cbi_graph *graph);
void cbi_graph_list(struct cb_req *req, struct cb_html *html,
                    const struct cbi_graph *graph);

extern const struct cbi_endpoint cbi_pages_graph[];

#endif
