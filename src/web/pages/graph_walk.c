/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_walk.c - what is around an entity, step by step outwards.
 *
 * One lookup for each step.  A relation stands in both of its entities; it is
 * drawn once, as the one who declares it says it.
 */
#include "web/pages/graph.h"

#include <stdlib.h>
#include <string.h>

#include "catalog/entity.h"
#include "catalog/view.h"
#include "web/pages/things.h"

/* New neighbours of the entity in the middle, and of others. */
#define MIDDLE_MAX 24
#define OTHERS_MAX 8

struct walk {
	struct cb_req *req;
	struct cbi_graph *graph;
};

void cbi_graph_choose(struct cbi_graph_choices *choices, const char *value,
                      bool chosen)
{
	size_t i = 0;

	while (i < choices->n && strcmp(choices->values[i], value) != 0)
		i++;
	if (i == CBI_GRAPH_CHOICES)
		return;
	if (i == choices->n) {
		choices->values[choices->n++] = value;
		choices->chosen[i] = false;
	}
	choices->chosen[i] = choices->chosen[i] || chosen;
	choices->any = choices->any || chosen;
}

static bool wanted(const struct cbi_graph_choices *choices, const char *value)
{
	if (!choices->any)
		return true;
	for (size_t i = 0; i < choices->n; i++)
		if (choices->chosen[i] &&
		    strcmp(choices->values[i], value) == 0)
			return true;
	return false;
}

static size_t find(const struct cbi_graph *graph, const char *ref)
{
	size_t i = 0;

	while (i < graph->n && strcmp(graph->nodes[i].ref, ref) != 0)
		i++;
	return i;
}

/* An edge between two, or one type more on it. */
static void join(struct cbi_graph *graph, size_t from, size_t to,
                 const char *type)
{
	struct cbi_graph_edge *edge = graph->edges;
	struct cbi_graph_edge *end = edge + graph->edge_n;

	while (edge < end && (edge->from != from || edge->to != to))
		edge++;
	if (edge == end && graph->edge_n == CBI_GRAPH_EDGES) {
		graph->cut = true;
		return;
	}
	if (edge == end) {
		graph->edge_n++;
		*edge = (struct cbi_graph_edge){ .from = from, .to = to };
	}
	for (size_t i = 0; i < edge->type_n; i++)
		if (strcmp(edge->types[i], type) == 0)
			return;
	if (edge->type_n < sizeof(edge->types) / sizeof(edge->types[0]))
		edge->types[edge->type_n++] = type;
}

/* "component" of "component:default/a"; lives with the request. */
static const char *kind_of(struct cb_req *req, const char *ref)
{
	return cb_strndup(req->ctx, ref, strcspn(ref, ":"));
}

static int add_node(struct walk *walk, const char *ref, const char *kind,
                    int depth)
{
	struct cbi_graph *graph = walk->graph;
	struct cbi_graph_node *node = &graph->nodes[graph->n];
	const char *slash = strchr(ref, '/');

	*node = (struct cbi_graph_node){ .kind = kind, .depth = depth };
	node->ref = cb_strdup(walk->req->ctx, ref);
	if (!node->ref || !kind)
		return CB_ENOMEM;
	node->title = slash ? node->ref + (slash - ref) + 1 : node->ref;
	graph->n++;
	return CB_OK;
}

struct relation {
	const char *type, *target;
};

static int by_weight(const void *a, const void *b)
{
	const struct relation *x = a, *y = b;
	int order = cbi_thing_relation_order(x->type) -
	            cbi_thing_relation_order(y->type);

	return order ? order : strcmp(x->target, y->target);
}

/* The entity's relations, the more telling ones first. */
static size_t relations_of(struct walk *walk, const json_t *list,
                           struct relation **out)
{
	size_t all = json_array_size(list), n = 0;
	struct relation *found =
	    cb_alloc(walk->req->ctx, (all + 1) * sizeof(*found));

	for (size_t i = 0; found && i < all; i++) {
		const json_t *one = json_array_get(list, i);

		found[n].type = json_string_value(json_object_get(one, "type"));
		found[n].target =
		    json_string_value(json_object_get(one, "targetRef"));
		n += found[n].type && found[n].target;
	}
	if (found)
		qsort(found, n, sizeof(*found), by_weight);
	*out = found;
	return n;
}

/* One relation of node at; *added counts what is new. */
static int follow(struct walk *walk, size_t at, const struct relation *r,
                  size_t *added)
{
	struct cbi_graph *graph = walk->graph;
	struct cbi_graph_node *node = &graph->nodes[at];
	size_t most = at ? OTHERS_MAX : MIDDLE_MAX;
	size_t to = find(graph, r->target);
	bool turned, inner = node->depth < graph->depth;
	const char *type = cbi_thing_relation_forward(r->type, &turned);
	const char *kind;
	int rc;

	if (to == graph->n && !inner)
		return CB_OK;
	kind = to < graph->n ? graph->nodes[to].kind
	                     : kind_of(walk->req, r->target);
	if (!kind)
		return CB_ENOMEM;
	cbi_graph_choose(&graph->types, type, false);
	cbi_graph_choose(&graph->kinds, kind, false);
	if (!wanted(&graph->types, type) ||
	    (to == graph->n && !wanted(&graph->kinds, kind)))
		return CB_OK;
	if (to == graph->n) {
		if (graph->n == CBI_GRAPH_NODES || *added == most) {
			node->more++;
			return CB_OK;
		}
		rc = add_node(walk, r->target, kind, node->depth + 1);
		if (rc < 0)
			return rc;
		++*added;
	}
	join(graph, turned ? to : at, turned ? at : to, type);
	return CB_OK;
}

static int look_around(struct walk *walk, size_t at,
                       const struct cbi_served *served)
{
	struct cbi_graph_node *node = &walk->graph->nodes[at];
	const struct cb_entity *entity;
	struct relation *relations;
	size_t n, added = 0;
	const json_t *json;
	int rc;

	if (!served->body)
		return CB_OK;
	rc = cbi_entity_create(walk->req->ctx, served->body, served->len,
	                       &entity);
	if (rc < 0)
		return rc;
	json = cbi_entity_json(entity);
	if (!json)
		return cb_failure_code(walk->req->ctx);
	node->known = true;
	node->title = cbi_thing_title(entity);
	n = relations_of(walk, json_object_get(json, "relations"), &relations);
	for (size_t i = 0; rc == CB_OK && i < n; i++)
		rc = follow(walk, at, &relations[i], &added);
	return rc;
}

/* All nodes from `from` on: those of one depth. */
static int step(struct walk *walk, size_t from)
{
	struct cb_ctx *ctx = walk->req->ctx;
	struct cbi_graph *graph = walk->graph;
	size_t n = graph->n - from;
	const char **refs = cb_alloc(ctx, n * sizeof(*refs));
	struct cbi_served *served = cb_alloc(ctx, n * sizeof(*served));
	struct cbi_fresh fresh;
	int rc;

	if (!refs || !served)
		return CB_ENOMEM;
	for (size_t i = 0; i < n; i++)
		refs[i] = graph->nodes[from + i].ref;
	rc = cbi_view_by_refs(ctx, walk->req->web->catalog, refs, n, served,
	                      &fresh);
	for (size_t i = 0; rc == CB_OK && i < n; i++)
		rc = look_around(walk, from + i, &served[i]);
	return rc;
}

int cbi_graph_walk(struct cb_req *req, const char *ref, struct cbi_graph *graph)
{
	struct walk walk = { req, graph };
	size_t from = 0;
	int rc = add_node(&walk, ref, kind_of(req, ref), 0);

	/* The last step finds no further entities, but how those there are
	 * belong together. */
	for (int depth = 0; rc == CB_OK && depth <= graph->depth; depth++) {
		size_t to = graph->n;

		if (from == to)
			break;
		rc = step(&walk, from);
		from = to;
	}
	return rc;
}
