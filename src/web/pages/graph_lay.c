/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_lay.c - where nodes and edges of a graph stand.
 *
 * Graphviz says it: `dot` gets boxes and lines without a word of the
 * catalog's (sizes and numbers only), in a fetch process, and what it prints
 * depends on nothing else; so it is kept under its question.
 */
#include "web/pages/graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "cache/cache.h"
#include "crypto/crypto.h"
#include "web/api/answer.h"
#include "web/pages/things.h"
#include "web/web.h"

#define PX_PER_INCH 72
/* Of letters, on average; a box holds an icon and a title. */
#define LETTER_PX 7.3
#define BOX_PX 50
#define BOX_H 36
#define POINTS_MAX 200

static size_t letters(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void add_node(struct cb_buf *buf, const struct cbi_graph *graph,
                     size_t i)
{
	const struct cbi_graph_node *node = &graph->nodes[i];
	size_t n = letters(node->title);
	double w = BOX_PX + LETTER_PX * (double)(n > 30 ? 30 : n);

	cb_buf_printf(buf, "n%zu [width=%.3f height=%.3f];\n", i,
	              w / PX_PER_INCH, (double)BOX_H / PX_PER_INCH);
	if (node->more)
		cb_buf_printf(buf,
		              "m%zu [width=1.1 height=0.33]; n%zu->m%zu "
		              "[label=\"\"];\n",
		              i, i, i);
}

static void add_edge(struct cb_buf *buf, const struct cbi_graph_edge *edge)
{
	size_t n = 0;

	for (size_t i = 0; i < edge->type_n; i++)
		n += letters(cbi_thing_relation(edge->types[i])) + 2;
	cb_buf_printf(buf, "n%zu->n%zu [label=\"%.*s\"];\n", edge->from,
	              edge->to, (int)(n > 40 ? 40 : n),
	              "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
}

static void question(struct cb_buf *buf, const struct cbi_graph *graph)
{
	cb_buf_text(buf, "digraph g {\nrankdir=LR; nodesep=0.18; ranksep=0.5;"
	                 " node [shape=box fixedsize=true label=\"\"];"
	                 " edge [arrowsize=0.7 fontsize=9 "
	                 "fontname=\"Helvetica\"];\n");
	for (size_t i = 0; i < graph->n; i++)
		add_node(buf, graph, i);
	for (size_t i = 0; i < graph->edge_n; i++)
		add_edge(buf, &graph->edges[i]);
	cb_buf_text(buf, "}\n");
}

/* ---- Reading the answer ------------------------------------------------- */

struct reader {
	struct cb_ctx *ctx;
	struct cbi_graph *graph;
	char *at; /* of the line */
};

static const char *word(struct reader *r)
{
	char *from = r->at + strspn(r->at, " ");

	r->at = from + strcspn(from, " ");
	if (*r->at)
		*r->at++ = '\0';
	return from;
}

static double px(struct reader *r)
{
	double value = strtod(word(r), NULL) * PX_PER_INCH;

	return value > -1e6 && value < 1e6 ? value : 0;
}

/* dot counts upwards. */
static double py(struct reader *r)
{
	return r->graph->height - px(r);
}

static size_t number(const char *name)
{
	return strtoul(name + (*name != '\0'), NULL, 10);
}

static void read_node(struct reader *r)
{
	const char *name = word(r);
	size_t i = number(name);
	struct cbi_graph_node *node;
	double x = px(r), y = py(r), w = px(r), h = px(r);

	if (i >= r->graph->n)
		return;
	node = &r->graph->nodes[i];
	if (*name == 'n') {
		node->x = x;
		node->y = y;
		node->w = w;
		node->h = h;
	} else {
		node->more_x = x;
		node->more_y = y;
	}
}

static int read_edge(struct reader *r)
{
	const char *from = word(r), *to = word(r);
	size_t n = strtoul(word(r), NULL, 10), i = 0;
	struct cbi_graph_edge *edge = NULL;
	const char *label;
	double *points;

	if (n > POINTS_MAX || *from != 'n')
		return CB_EINVAL;
	for (; !edge && *to == 'n' && i < r->graph->edge_n; i++)
		if (r->graph->edges[i].from == number(from) &&
		    r->graph->edges[i].to == number(to))
			edge = &r->graph->edges[i];
	points = cb_alloc(r->ctx, (2 * n + 1) * sizeof(*points));
	if (!points)
		return CB_ENOMEM;
	for (size_t k = 0; k < n; k++) {
		points[2 * k] = px(r);
		points[2 * k + 1] = py(r);
	}
	if (!edge) {
		if (number(from) >= r->graph->n)
			return CB_EINVAL;
		r->graph->nodes[number(from)].more_points = points;
		r->graph->nodes[number(from)].more_n = n;
		return CB_OK;
	}
	edge->points = points;
	edge->point_n = n;
	label = word(r);
	if (*label == 'x') {
		edge->label_x = px(r);
		edge->label_y = py(r);
	}
	return CB_OK;
}

static int read_line(struct reader *r, bool *stop)
{
	const char *what = word(r);

	if (strcmp(what, "stop") == 0) {
		*stop = true;
	} else if (strcmp(what, "graph") == 0) {
		word(r);
		r->graph->width = px(r);
		r->graph->height = px(r);
	} else if (strcmp(what, "node") == 0) {
		read_node(r);
	} else if (strcmp(what, "edge") == 0) {
		return read_edge(r);
	} else {
		return CB_EINVAL;
	}
	return CB_OK;
}

int cbi_graph_read(struct cb_ctx *ctx, const char *plain,
                   struct cbi_graph *graph)
{
	struct reader r = { ctx, graph, NULL };
	char *text = cb_strdup(ctx, plain), *line = text;
	bool stop = false;
	int rc = text ? CB_OK : CB_ENOMEM;

	while (rc == CB_OK && !stop && *line) {
		size_t len = strcspn(line, "\n");
		char *next = line + len + (line[len] == '\n');

		line[len] = '\0';
		r.at = line;
		rc = read_line(&r, &stop);
		line = next;
	}
	for (size_t i = 0; rc == CB_OK && i < graph->n; i++)
		if (graph->nodes[i].w <= 0)
			rc = CB_EINVAL;
	if (rc == CB_OK && !stop)
		rc = CB_EINVAL;
	if (rc < 0)
		graph->width = graph->height = 0;
	return rc == CB_EINVAL
	           ? cb_fail(ctx, rc, "dot answered what it never answers")
	           : rc;
}

/* ---- Asking ------------------------------------------------------------- */

static const struct cbi_cache_key *key_of(struct cb_req *req,
                                          const struct cb_buf *question)
{
	char hash[CB_SHA1_HEX];

	cbi_crypto_sha1_hex(question->data, question->len, hash);
	return cbi_cache_key(req->ctx, &req->ctx->scope, "graph\n%s", hash);
}

static int ask(struct cb_req *req, const struct cb_buf *question,
               const char **plain)
{
	struct cbi_cache *cache = req->web->cache;
	const struct cbi_cache_key *key = cache ? key_of(req, question) : NULL;
	const struct cbi_blob *kept;
	struct cbi_blob blob = { .status = 200 };
	json_t *reply;
	int rc;

	if (key && cbi_cache_get(req->ctx, cache, key, 0, &kept) == CB_OK) {
		*plain = cb_strndup(req->ctx, kept->body, kept->len);
		return *plain ? CB_OK : CB_ENOMEM;
	}
	rc = cbi_api_call(req, "graph.layout",
	                  json_pack("{s:s}", "dot", cbi_buf_string(question)),
	                  &reply);
	if (rc < 0)
		return rc;
	*plain = json_string_value(json_object_get(reply, "plain"));
	if (!*plain)
		return cb_fail(req->ctx, CB_EBUG, "a layout without a text");
	blob.body = *plain;
	blob.len = strlen(*plain);
	return key ? cbi_cache_put(req->ctx, cache, key, 0, &blob, NULL)
	           : CB_OK;
}

int cbi_graph_lay(struct cb_req *req, struct cbi_graph *graph)
{
	struct cb_buf text;
	const char *plain = NULL;
	int rc;

	cbi_buf_init(&text, CB_MIB);
	question(&text, graph);
	rc = text.failed ? cb_fail(req->ctx, text.failed, "too large a graph")
	                 : ask(req, &text, &plain);
	cbi_buf_finish(&text);
	return rc < 0 ? rc : cbi_graph_read(req->ctx, plain, graph);
}
