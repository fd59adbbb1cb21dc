/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the tab "Graph": what is walked, what `dot` says, what is drawn,
 * and the list that stays when nothing can be.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ctx.h"
#include "base/limits.h"
#include "source/ask.h"
#include "tests/source/fetcher.h"
#include "tests/web/pages/house.h"
#include "web/pages/graph.h"

#define EVIL \
	"\\\"><!--# include virtual=\\\"/x\\\" --><script>alert(1)</script>"

/* A hub with 30 parts, one of which depends on another; the last is gone. */
static char *hub;
static const char *entities[16];

static int fill(void **state)
{
	size_t len;
	FILE *out = open_memstream(&hub, &len);

	fprintf(out, "{\"kind\":\"System\",\"metadata\":{\"name\":\"hub\","
	             "\"namespace\":\"default\"},\"spec\":{},\"relations\":[");
	for (int i = 0; i < 30; i++)
		fprintf(out,
		        "{\"type\":\"hasPart\",\"targetRef\":"
		        "\"component:default/p%02d\"},",
		        i);
	fprintf(out, "{\"type\":\"ownedBy\",\"targetRef\":\"group:default/"
	             "crew\"}]}");
	fclose(out);
	entities[0] = hub;
	entities[1] =
	    "{\"kind\":\"Component\",\"metadata\":{\"name\":\"p00\","
	    "\"namespace\":\"default\",\"title\":\"First\"},\"spec\":{},"
	    "\"relations\":[{\"type\":\"partOf\",\"targetRef\":"
	    "\"system:default/hub\"},{\"type\":\"dependsOn\",\"targetRef\":"
	    "\"component:default/p01\"},{\"type\":\"dependsOn\",\"targetRef\":"
	    "\"component:default/far\"},{\"type\":\"tests\",\"targetRef\":"
	    "\"component:default/p01\"}]}";
	entities[2] =
	    "{\"kind\":\"Component\",\"metadata\":{\"name\":\"p01\","
	    "\"namespace\":\"default\"},\"spec\":{},\"relations\":[{\"type\":"
	    "\"dependencyOf\",\"targetRef\":\"component:default/p00\"}]}";
	entities[3] =
	    "{\"kind\":\"Group\",\"metadata\":{\"name\":\"crew\",\"namespace\":"
	    "\"default\",\"title\":\"" EVIL "\"},\"spec\":{},\"relations\":[{"
	    "\"type\":\"ownerOf\",\"targetRef\":\"system:default/hub\"},{"
	    "\"type\":\"" EVIL "\",\"targetRef\":\"component:default/" EVIL
	    "\"}]}";
	entities[4] = "{\"kind\":\"Component\",\"metadata\":{\"name\":"
		      "\"alone\",\"namespace\":\"default\"},\"spec\":{}}";
	*state = house_open("", entities);
	return 0;
}

static int empty(void **state)
{
	house_close(*state);
	free(hub);
	return 0;
}

static const struct house_answer *ask(struct house *house, const char *uri)
{
	house_forget(house);
	house_ask(house, "/sign-in?return=/", NULL);
	return house_ask(house, uri, NULL);
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)); text++)
		n++;
	return n;
}

#define HUB "/catalog/default/system/hub/graph"
#define P00 "/catalog/default/component/p00/graph"

static void without_a_drawing_the_list_is_there(void **state)
{
	const char *body = ask(*state, HUB)->body;

	assert_non_null(strstr(body, "It could not be drawn just now"));
	assert_null(strstr(body, "<svg class=\"graph\""));
	/* Each relation once, whoever says it; p00 > p01 has two types. */
	assert_int_equal(count(body, "<tr>"), 1 + 24 + 1);
	assert_non_null(strstr(body, "Depends on, tests"));
	assert_null(strstr(body, "Has parts</td>"));
	/* 24 of 31 neighbours. */
	assert_non_null(strstr(body, "7 more of hub"));
	assert_non_null(
	    strstr(body, "/catalog/default/system/hub/relations\""));
	assert_null(strstr(body, "<script>alert"));
	assert_null(strstr(body, "<!--# include virtual=\"/x"));
}

static void without_graphviz_that_is_said(void **state)
{
	char dir[] = "/tmp/cb-graph-XXXXXX";
	struct fetcher fetcher;
	const char *body;

	assert_non_null(mkdtemp(dir));
	cbi_source_setup(dir, 1000);
	assert_true(fetcher_start(&fetcher, dir, "tools", false));
	body = ask(*state, HUB)->body;
	assert_non_null(strstr(body, "Graphviz is not installed on this "
	                             "host; the list below says the same."));
	assert_null(strstr(body, "<svg class=\"graph\""));
	assert_int_equal(count(body, "<tr>"), 1 + 24 + 1);
	fetcher_stop(&fetcher);
	unlink(fetcher.path);
	rmdir(dir);
}

static void steps_lead_further(void **state)
{
	const char *body = ask(*state, P00)->body;

	assert_non_null(strstr(body, "/catalog/default/system/hub\""));
	assert_null(strstr(body, "component/p02"));
	assert_non_null(strstr(body, "component:default/far"));
	body = ask(*state, P00 "?depth=2")->body;
	assert_non_null(strstr(body, "component:default/p02"));
	/* Of others fewer are shown. */
	assert_null(strstr(body, "component:default/p20"));
	assert_non_null(strstr(body, "more of hub"));
}

static void kinds_and_relations_can_be_chosen(void **state)
{
	const char *body = ask(*state, P00 "?depth=2&kind=system")->body;

	assert_non_null(strstr(body, "value=\"system\" checked"));
	assert_non_null(strstr(body, "value=\"component\">"));
	assert_int_equal(count(body, "<tr>"), 2);
	body = ask(*state, P00 "?relation=dependsOn&relation=partOf")->body;
	assert_int_equal(count(body, "<tr>"), 1 + 4);
	assert_null(strstr(body, "tests</td>"));
	body = ask(*state, P00 "?kind=robot")->body;
	assert_non_null(
	    strstr(body, "Nothing around it is of what was chosen"));
	body = ask(*state, "/catalog/default/component/alone/graph")->body;
	assert_non_null(strstr(body, "Nothing is known to be related"));
}

static void wrong_questions_are_refused(void **state)
{
	char uri[400], kind[250];

	assert_int_equal(ask(*state, HUB "?depth=0")->status, 400);
	assert_int_equal(ask(*state, HUB "?depth=5")->status, 400);
	assert_int_equal(ask(*state, HUB "?depth=x")->status, 400);
	assert_int_equal(
	    ask(*state, "/catalog/default/system/no/graph")->status, 404);
	memset(kind, 'k', sizeof(kind));
	kind[sizeof(kind) - 1] = '\0';
	snprintf(uri, sizeof(uri), HUB "?kind=%s", kind);
	assert_int_equal(ask(*state, uri)->status, 400);
}

/* --- what dot says --- */

#define PLAIN                                                             \
	"graph 1 4 2\n"                                                   \
	"node n0 0.5 1 1 0.5 \"\" solid box black lightgrey\n"            \
	"node n1 3.5 1.5 1 0.5 \"\" solid box black lightgrey\n"          \
	"node m0 3.5 0.5 1.1 0.33 \"\" solid box black lightgrey\n"       \
	"edge n0 n1 4 1 1 2 1 2.5 1.2 3 1.4 xxxxxxxx 2 1.3 solid black\n" \
	"edge n0 m0 4 1 1 2 1 2.5 0.8 3 0.6 solid black\n"                \
	"stop\n"

static void small(struct cbi_graph *graph)
{
	memset(graph, 0, sizeof(*graph));
	graph->n = 2;
	graph->edge_n = 1;
	graph->edges[0].to = 1;
	graph->nodes[0] = (struct cbi_graph_node){ .ref = "component:default/a",
		                                   .title = "A",
		                                   .kind = "component",
		                                   .known = true,
		                                   .more = 7 };
	graph->nodes[1] = graph->nodes[0];
	graph->nodes[1].more = 0;
}

static void coordinates_are_read_and_turned(void **state)
{
	static struct cbi_graph graph;
	struct cbi_lane lane;
	struct cb_ctx ctx;

	(void)state;
	cbi_lane_init(&lane, CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	small(&graph);
	assert_int_equal(cbi_graph_read(&ctx, PLAIN, &graph), CB_OK);
	assert_true(graph.width == 288 && graph.height == 144);
	assert_true(graph.nodes[0].x == 36 && graph.nodes[0].y == 72);
	assert_true(graph.nodes[1].y == 36 && graph.nodes[1].w == 72);
	assert_true(graph.nodes[0].more_y == 108);
	assert_int_equal(graph.nodes[0].more_n, 4);
	assert_int_equal(graph.edges[0].point_n, 4);
	assert_true(graph.edges[0].points[6] == 216);
	assert_true(graph.edges[0].label_x == 144);
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
}

static void nonsense_is_no_layout(void **state)
{
	static const char *const bad[] = {
		"",
		"stop\n",
		"graph 1 4 2\nstop\n",
		"<html>\n",
		"graph 1 4 2\nnode n0 0.5 1 1 0.5\nnode n1 1 1 1 1\n",
		"graph 1 4 2\nnode n0 1 1 1 1\nnode n1 1 1 1 1\nedge n0 n1 "
		"99999 1 1\nstop\n",
		"graph 1 4 2\nnode n0 1 1 1 1\nnode n1 1 1 1 1\nedge n77 m9 1 "
		"1 1\nstop\n",
		"graph 1 4 2\nnode n77 1 1 1 1\nnode n1 1 1 1 1\nedge\nstop\n",
	};
	static struct cbi_graph graph;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cbi_lane lane;
		struct cb_ctx ctx;

		cbi_lane_init(&lane, CB_MIB);
		cbi_ctx_init(&ctx, &lane);
		small(&graph);
		assert_int_equal(cbi_graph_read(&ctx, bad[i], &graph),
		                 CB_EINVAL);
		assert_true(graph.width == 0);
		cbi_ctx_finish(&ctx);
		cbi_lane_finish(&lane);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_drawing_the_list_is_there),
		cmocka_unit_test(without_graphviz_that_is_said),
		cmocka_unit_test(steps_lead_further),
		cmocka_unit_test(kinds_and_relations_can_be_chosen),
		cmocka_unit_test(wrong_questions_are_refused),
		cmocka_unit_test(coordinates_are_read_and_turned),
		cmocka_unit_test(nonsense_is_no_layout),
	};

	return cmocka_run_group_tests(tests, fill, empty);
}
