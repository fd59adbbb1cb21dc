/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalog's endpoints, by whole requests on a real PostgreSQL and copy.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"
#include "base/board.h"
#include "base/clock.h"
#include "base/str.h"
#include "cache/cache.h"
#include "config/config.h"
#include "copy/copy.h"
#include "crypto/crypto.h"
#include "db/db.h"
#include "source/ask.h"
#include "tests/catalog/shelf.h"
#include "tests/lib/stores.h"
#include "tests/web/port_memory.h"
#include "web/api/api.h"
#include "web/steps.h"

static struct shelf shelf;
static struct memory_port memory;
static struct cbi_web_lane lane;
static struct cbi_config *config;
static struct cbi_settings settings = {
	.base_path = "",
	.base_url = "https://portal.example",
	.request_ms = 5000,
};
static struct cbi_web web = { .settings = &settings, .pool = "core" };

static void load_config(void)
{
	char path[160];
	const char *files[] = { path, NULL };
	struct cb_buf report;
	FILE *file;

	snprintf(path, sizeof(path), "%s/api.yaml", stores_start(0)->dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("backend:\n  auth:\n    externalAccess:\n      - type: static\n"
	      "        options:\n          token: token-of-tests\n"
	      "          subject: tests\n",
	      file);
	fclose(file);
	cbi_buf_init(&report, CB_MIB);
	if (cbi_config_load(shelf_next(&shelf), files, &report, &config) < 0)
		fail_msg("%s", cbi_buf_string(&report));
	cbi_buf_finish(&report);
}

static int open_house(void **state)
{
	static const struct cbi_endpoint *const tables[] = {
		cbi_api_entities, cbi_api_queries, cbi_api_locations
	};
	static struct cbi_router *router;
	struct cbi_auth *auth;

	(void)state;
	shelf_open(&shelf, "api");
	shelf_fill(&shelf);
	load_config();
	assert_int_equal(cbi_auth_create(shelf_next(&shelf), config,
	                                 shelf.catalog.copy, CBI_TABLE_KEY,
	                                 &auth),
	                 CB_OK);
	assert_int_equal(cbi_router_create(tables, 3, &router), CB_OK);
	cbi_api_sign_cursors(&shelf.catalog, auth);
	web.config = config;
	web.auth = auth;
	web.router = router;
	web.copy = shelf.catalog.copy;
	web.catalog = &shelf.catalog;
	web.cache = cbi_cache_create(0);
	cbi_web_lane_init(&lane, -1, -1);
	return 0;
}

static int close_house(void **state)
{
	(void)state;
	cbi_source_lane_finish(&lane.lane);
	cbi_db_lane_finish(&lane.lane);
	cbi_copy_lane_finish(&lane.lane);
	cbi_web_lane_finish(&lane);
	cbi_router_destroy((struct cbi_router *)web.router);
	cbi_auth_destroy(web.auth);
	cbi_cache_destroy(web.cache);
	shelf_close(&shelf);
	cbi_config_destroy(config);
	return 0;
}

static void prepare(const char *method, const char *uri, const char *body)
{
	memory_request(&memory, method, uri);
	memory_param(&memory, "HTTP_AUTHORIZATION", "Bearer token-of-tests");
	if (body)
		memory_body(&memory, "application/json", body, strlen(body));
}

static int serve(void)
{
	assert_true(cbi_web_serve(&web, &lane, &memory.port));
	return memory_status(&memory);
}

static int ask(const char *method, const char *path, const char *body)
{
	char uri[4096];

	snprintf(uri, sizeof(uri), "/api/catalog%s", path);
	prepare(method, uri, body);
	return serve();
}

static void answers(const char *text)
{
	assert_string_equal(memory_answer(&memory), text);
}

static void contains(const char *text)
{
	if (!strstr(memory_answer(&memory), text))
		fail_msg("no %s in %.400s", text, memory_answer(&memory));
}

#define BY_NAME "/entities/by-name/component/default/"

static void an_entity_is_sent_as_it_is_kept(void **state)
{
	char etag[64];

	(void)state;
	assert_int_equal(ask("GET", BY_NAME "web", NULL), 200);
	assert_string_equal(memory_header(&memory, "Content-Type"),
	                    "application/json; charset=utf-8");
	contains("\"title\":\"The 100%_Web\"");
	assert_true(
	    cbi_str_copy(etag, sizeof(etag), memory_header(&memory, "ETag")));
	assert_string_equal(etag, "W/\"e1\"");
	assert_int_equal(ask("GET",
	                     "/entities/by-name/COMPONENT/Billing/"
	                     "LEDGER",
	                     NULL),
	                 200);
	prepare("GET", "/api/catalog" BY_NAME "web", NULL);
	memory_param(&memory, "HTTP_IF_NONE_MATCH", etag);
	assert_int_equal(serve(), 304);
	assert_int_equal(ask("HEAD", BY_NAME "web", NULL), 200);
	answers("");
	assert_int_equal(ask("GET",
	                     "/entities/by-uid/"
	                     "00000000-0000-4000-8000-000000000001",
	                     NULL),
	                 200);
	contains("\"name\":\"web\"");
}

static void what_is_not_there_is_a_404_in_its_shape(void **state)
{
	(void)state;
	assert_int_equal(ask("GET", BY_NAME "nope", NULL), 404);
	contains("{\"error\":{\"name\":\"NotFoundError\"");
	contains("\"url\":\"/entities/by-name/component/default/nope\"");
	assert_int_equal(ask("GET", "/entities/by-uid/none", NULL), 404);
	assert_int_equal(ask("GET", "/nowhere", NULL), 404);
	answers("");
	memory_request(&memory, "GET", "/api/catalog" BY_NAME "web");
	assert_int_equal(serve(), 401);
	contains("AuthenticationError");
}

/* Each is 400 with the contract's error. */
static void bad_requests_are_refused(void **state)
{
	static const struct {
		const char *method, *path, *body;
	} rows[] = {
		{ "GET", "/entities?bogus=1", NULL },
		{ "GET", "/entities?filter=", NULL },
		{ "GET", "/entities?filter==x", NULL },
		{ "GET", "/entities?fields=", NULL },
		{ "GET", "/entities?fields=a[0]", NULL },
		{ "GET", "/entities?limit=0", NULL },
		{ "GET", "/entities?limit=5&limit=6", NULL },
		{ "GET", "/entities?offset=-1", NULL },
		{ "GET", "/entities?after=x", NULL },
		{ "GET", "/entities?order=up:kind", NULL },
		{ "GET", "/entities?order=asc:", NULL },
		{ "GET", "/entities/by-query?limit=-1", NULL },
		{ "GET", "/entities/by-query?limit=0x10", NULL },
		{ "GET", "/entities/by-query?limit=1e9", NULL },
		{ "GET", "/entities/by-query?limit=2.5", NULL },
		{ "GET", "/entities/by-query?limit=", NULL },
		{ "GET", "/entities/by-query?limit=9223372036854775808", NULL },
		{ "GET", "/entities/by-query?cursor=", NULL },
		{ "GET", "/entities/by-query?cursor=abc", NULL },
		{ "GET", "/entities/by-query?totalItems=some", NULL },
		{ "GET",
		  "/entities/by-query?orderField=metadata.name,desc;drop",
		  NULL },
		{ "GET", "/entity-facets", NULL },
		{ "GET", "/entity-facets?facet=", NULL },
		{ "POST", "/entity-facets", "{\"facets\":[]}" },
		{ "POST", "/entity-facets", "{\"facets\":[1]}" },
		{ "POST", "/entity-facets?filter=kind",
		  "{\"facets\":[\"a\"]}" },
		{ "POST", "/entities/by-refs", "{}" },
		{ "POST", "/entities/by-refs", "{\"entityRefs\":[null]}" },
		{ "POST", "/entities/by-refs?fields=kind",
		  "{\"entityRefs\":[]}" },
		{ "POST", "/entities/by-query", "{\"query\":{\"$nope\":1}}" },
		{ "POST", "/entities/by-query", "{\"query\":[]}" },
		{ "POST", "/entities/by-query", "{\"limit\":\"5\"}" },
		{ "POST", "/entities/by-query",
		  "{\"orderBy\":[{\"field\":\"a\"}]}" },
		{ "POST", "/entities/by-query", "[]" },
		{ "POST", "/entities/by-query", "nul" },
		{ "POST", "/entities/by-query", "" },
		{ "POST", "/locations", "{\"type\":\"url\"}" },
		{ "POST", "/locations",
		  "{\"type\":\"file\",\"target\":\"/etc\"}" },
		{ "POST", "/locations",
		  "{\"type\":\"url\",\"target\":\"https://x/y\",\"z\":1}" },
		{ "POST", "/locations?onConflict=x",
		  "{\"type\":\"url\",\"target\":\"https://x/y\"}" },
		{ "POST", "/refresh", "{\"entityRef\":\":/\"}" },
		{ "POST", "/refresh", "{\"entityRef\":\"a:b/c\",\"x\":1}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (ask(rows[i].method, rows[i].path, rows[i].body) != 400)
			fail_msg("%s %s %s: %d %s", rows[i].method,
			         rows[i].path, rows[i].body ? rows[i].body : "",
			         memory_status(&memory),
			         memory_answer(&memory));
		contains("\"name\":\"InputError\"");
	}
	prepare("POST", "/api/catalog/entities/by-query", NULL);
	memory_body(&memory, "text/plain", "{}", 2);
	assert_int_equal(serve(), 400);
}

static void odd_but_legal_requests_are_answered(void **state)
{
	static const char *const paths[] = {
		"/entities?filter=,",
		"/entities?filter=kind=' OR 1=1--",
		"/entities?fields=__proto__,constructor,..,a..b",
		"/entities?offset=999999999999",
		"/entities/by-query?offset=999999999999&limit=1",
		"/entities/by-query?fullTextFilterTerm=%25_%5C",
		"/entities/by-query?orderField=secret",
		"/entity-facets?facet=%27;drop",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (ask("GET", paths[i], NULL) != 200)
			fail_msg("%s: %d %s", paths[i], memory_status(&memory),
			         memory_answer(&memory));
}

static void refs_are_answered_in_order(void **state)
{
	(void)state;
	assert_int_equal(
	    ask("POST", "/entities/by-refs",
	        "{\"entityRefs\":[\"component:default/web\",\"Component:"
	        "default/web\",\"nope\",\"group:billing/b\",\"component:"
	        "default/web\"],\"fields\":[\"kind\",\"metadata.name\"]}"),
	    200);
	answers("{\"items\":[{\"kind\":\"Component\",\"metadata\":{\"name\":"
	        "\"web\"}},null,null,{\"kind\":\"Group\",\"metadata\":{"
	        "\"name\":\"b\"}},{\"kind\":\"Component\",\"metadata\":{"
	        "\"name\":\"web\"}}]}");
	assert_int_equal(
	    ask("POST", "/entities/by-refs?filter=metadata.tags.go",
	        "{\"entityRefs\":[\"component:default/web\",\"component:"
	        "default/api-gate\",\"api:default/quota\"],\"fields\":["
	        "\"metadata.name\"],\"query\":{\"metadata.title\":{"
	        "\"$exists\":true}}}"),
	    200);
	answers("{\"items\":[{\"metadata\":{\"name\":\"web\"}},null,null]}");
}

/* The value of a cursor in the answer, percent-encoded. */
static void cursor_in(const char *name, char *out, size_t size)
{
	char mark[32];
	const char *p;
	struct cb_buf buf;
	char plain[2048];

	snprintf(mark, sizeof(mark), "\"%s\":\"", name);
	p = strstr(memory_answer(&memory), mark);
	assert_non_null(p);
	p += strlen(mark);
	snprintf(plain, sizeof(plain), "%.*s", (int)strcspn(p, "\""), p);
	cbi_buf_init(&buf, 8192);
	cbi_str_url_encode(&buf, plain, "");
	assert_true(cbi_str_copy(out, size, cbi_buf_string(&buf)));
	cbi_buf_finish(&buf);
}

static void pages_follow_on_either_verb(void **state)
{
	char cursor[3000], path[4096], body[8192];

	(void)state;
	assert_int_equal(ask("GET",
	                     "/entities/by-query?filter=kind=component&"
	                     "orderField=metadata.name&limit=2&fields="
	                     "metadata.name",
	                     NULL),
	                 200);
	contains("{\"items\":[{\"metadata\":{\"name\":\"api-gate\"}},{"
	         "\"metadata\":{\"name\":\"Ledger\"}}],\"totalItems\":4,"
	         "\"pageInfo\":{\"nextCursor\":\"");
	cursor_in("nextCursor", cursor, sizeof(cursor));
	snprintf(path, sizeof(path),
	         "/entities/by-query?cursor=%s&limit=2&fields=metadata.name",
	         cursor);
	assert_int_equal(ask("GET", path, NULL), 200);
	contains("{\"items\":[{\"metadata\":{\"name\":\"ledger\"}},{"
	         "\"metadata\":{\"name\":\"web\"}}],\"totalItems\":4,"
	         "\"pageInfo\":{\"prevCursor\":\"");
	/* The same by POST, where it is not percent-encoded. */
	{
		size_t len;

		assert_int_equal(cbi_str_url_decode(cursor, strlen(cursor),
		                                    false, path, &len),
		                 0);
	}
	snprintf(body, sizeof(body),
	         "{\"cursor\":\"%s\",\"limit\":1,\"fields\":[\"metadata.name\""
	         "]}",
	         path);
	assert_int_equal(ask("POST", "/entities/by-query", body), 200);
	contains("{\"items\":[{\"metadata\":{\"name\":\"ledger\"}}],");
	/* Without fields and limit: whole entities, 200 of them. */
	snprintf(body, sizeof(body), "{\"cursor\":\"%s\"}", path);
	assert_int_equal(ask("POST", "/entities/by-query", body), 200);
	contains("\"apiVersion\"");
	path[10] ^= 1;
	snprintf(body, sizeof(body), "{\"cursor\":\"%s\"}", path);
	assert_int_equal(ask("POST", "/entities/by-query", body), 400);
}

static void lists_link_to_what_follows(void **state)
{
	const char *link;
	char path[512];

	(void)state;
	assert_int_equal(
	    ask("GET", "/entities?filter=kind=component&fields=metadata.name",
	        NULL),
	    200);
	answers("[{\"metadata\":{\"name\":\"web\"}},{\"metadata\":{\"name\":"
	        "\"api-gate\"}},{\"metadata\":{\"name\":\"Ledger\"}},{"
	        "\"metadata\":{\"name\":\"ledger\"}}]");
	assert_string_equal(memory_header(&memory, "Link"), "");
	assert_int_equal(ask("GET",
	                     "/entities?filter=kind=component&offset=1&"
	                     "limit=2&fields=metadata.name",
	                     NULL),
	                 200);
	answers("[{\"metadata\":{\"name\":\"api-gate\"}},{\"metadata\":{"
	        "\"name\":\"ledger\"}}]");
	link = memory_header(&memory, "Link");
	assert_true(cbi_str_starts(link, "</entities?filter=kind=component&"
	                                 "limit=2&fields=metadata.name&"
	                                 "after="));
	assert_true(cbi_str_ends(link, ">; rel=\"next\""));
	snprintf(path, sizeof(path), "%.*s", (int)strcspn(link + 1, ">"),
	         link + 1);
	assert_int_equal(ask("GET", path, NULL), 200);
	answers("[{\"metadata\":{\"name\":\"web\"}}]");
	assert_string_equal(memory_header(&memory, "Link"), "");
}

static void facets_are_counted_and_kept(void **state)
{
	size_t bytes, before, after;

	(void)state;
	assert_int_equal(ask("GET",
	                     "/entity-facets?facet=kind&facet=spec.Type&"
	                     "facet=nope&facet=kind&filter=metadata."
	                     "namespace=billing",
	                     NULL),
	                 200);
	answers("{\"facets\":{\"kind\":[{\"value\":\"Component\",\"count\":1},"
	        "{\"value\":\"Group\",\"count\":1}],\"spec.Type\":[{\"value\":"
	        "\"service\",\"count\":1},{\"value\":\"team\",\"count\":1}],"
	        "\"nope\":[]}}");
	assert_int_equal(ask("POST", "/entity-facets",
	                     "{\"facets\":[\"kind\"],\"query\":{\"kind\":"
	                     "\"user\"}}"),
	                 200);
	answers("{\"facets\":{\"kind\":[{\"value\":\"User\",\"count\":1}]}}");
	cbi_cache_usage(web.cache, &bytes, &before);
	assert_int_equal(ask("POST", "/entity-facets",
	                     "{\"facets\":[\"kind\"],\"query\":{\"kind\":"
	                     "\"user\"}}"),
	                 200);
	answers("{\"facets\":{\"kind\":[{\"value\":\"User\",\"count\":1}]}}");
	cbi_cache_usage(web.cache, &bytes, &after);
	assert_int_equal(before, after);
	assert_true(after > 0);
	/* A change makes kept answers old. */
	shelf_put(&shelf, "{\"kind\":\"User\",\"metadata\":{\"name\":"
	                  "\"new\"}}");
	assert_int_equal(ask("POST", "/entity-facets",
	                     "{\"facets\":[\"kind\"],\"query\":{\"kind\":"
	                     "\"user\"}}"),
	                 200);
	answers("{\"facets\":{\"kind\":[{\"value\":\"User\",\"count\":2}]}}");
	shelf_delete(&shelf, "user:default/new");
	shelf_follow(&shelf);
}

static void locations_are_shown_at_once(void **state)
{
	char id[40], path[100];
	const char *p;

	(void)state;
	assert_int_equal(ask("GET", "/locations", NULL), 200);
	answers("[]");
	assert_int_equal(ask("POST", "/locations",
	                     "{\"type\":\"url\",\"target\":\"https://x.example/"
	                     "c.yaml\"}"),
	                 201);
	contains("{\"location\":{\"id\":\"");
	contains("\"type\":\"url\",\"target\":\"https://x.example/c.yaml\","
	         "\"entityRef\":\"location:default/generated-");
	contains("},\"entities\":[]}");
	p = strstr(memory_answer(&memory), "\"id\":\"") + 6;
	snprintf(id, sizeof(id), "%.36s", p);
	assert_int_equal(ask("POST", "/locations",
	                     "{\"type\":\"url\",\"target\":\"https://x.example/"
	                     "c.yaml\"}"),
	                 409);
	contains("ConflictError");
	assert_int_equal(ask("POST", "/locations?onConflict=refresh",
	                     "{\"type\":\"url\",\"target\":\"https://x.example/"
	                     "c.yaml\"}"),
	                 201);
	contains(id);
	assert_int_equal(ask("POST", "/locations?dryRun=true",
	                     "{\"type\":\"url\",\"target\":\"https://x.example/"
	                     "d.yaml\"}"),
	                 503);
	contains("no fetch process");
	assert_int_equal(ask("GET", "/locations", NULL), 200);
	contains("[{\"data\":{\"id\":\"");
	snprintf(path, sizeof(path), "/locations/%s", id);
	assert_int_equal(ask("GET", path, NULL), 200);
	contains(id);
	assert_int_equal(ask("DELETE", path, NULL), 204);
	answers("");
	assert_int_equal(ask("DELETE", path, NULL), 404);
	assert_int_equal(ask("GET", path, NULL), 404);
	assert_int_equal(ask("GET", "/locations", NULL), 200);
	answers("[]");
	shelf_follow(&shelf);
}

static void entities_are_refreshed_and_removed(void **state)
{
	(void)state;
	assert_int_equal(ask("POST", "/refresh",
	                     "{\"entityRef\":\"Component:default/WEB\"}"),
	                 200);
	answers("");
	assert_int_equal(ask("POST", "/refresh",
	                     "{\"entityRef\":\"component:default/none\"}"),
	                 404);
	assert_int_equal(ask("DELETE", "/entities/by-uid/none", NULL), 204);
	shelf_put(&shelf, "{\"kind\":\"User\",\"metadata\":{\"name\":"
	                  "\"gone\"}}");
	assert_int_equal(
	    ask("GET", "/entities/by-name/user/default/gone", NULL), 200);
	{
		const char *p = strstr(memory_answer(&memory), "\"uid\":\"");
		char path[100];

		assert_non_null(p);
		snprintf(path, sizeof(path), "/entities/by-uid/%.36s", p + 7);
		assert_int_equal(ask("DELETE", path, NULL), 204);
	}
	assert_int_equal(
	    ask("GET", "/entities/by-name/user/default/gone", NULL), 404);
	shelf_follow(&shelf);
	assert_int_equal(
	    ask("GET", "/entities/by-name/user/default/gone", NULL), 404);
}

static void without_postgresql_the_api_says_how_old_it_is(void **state)
{
	struct cbi_board *board = cbi_board();

	(void)state;
	shelf_follow(&shelf);
	assert_int_equal(
	    ask("GET", "/entities/by-query?filter=spec.x.y=z", NULL), 200);
	stores_stop(STORES_POSTGRES);
	assert_int_equal(
	    cbi_follow_once(shelf_next(&shelf), shelf.follower, 10), CB_EAWAY);
	atomic_store(&board->level_ms, cbi_clock_ms() - 5000);
	assert_int_equal(ask("GET", BY_NAME "web", NULL), 200);
	assert_string_equal(memory_header(&memory, "Age"), "5");
	assert_true(cbi_str_starts(memory_header(&memory, "Warning"), "110 "));
	assert_int_equal(ask("POST", "/entities/by-refs",
	                     "{\"entityRefs\":[\"component:default/web\"]}"),
	                 200);
	assert_int_equal(ask("GET", "/entity-facets?facet=kind", NULL), 200);
	assert_int_equal(ask("GET", "/entities?filter=kind=user", NULL), 200);
	assert_string_equal(memory_header(&memory, "Age"), "5");
	assert_int_equal(ask("GET",
	                     "/entities/by-query?filter=kind=group&orderField="
	                     "metadata.name",
	                     NULL),
	                 200);
	assert_string_equal(memory_header(&memory, "Age"), "5");
	/* Kept answers go on too. */
	assert_int_equal(
	    ask("GET", "/entities/by-query?filter=spec.x.y=z", NULL), 200);
	assert_string_equal(memory_header(&memory, "Age"), "5");
	/* What neither holds, and writes. */
	assert_int_equal(
	    ask("GET", "/entities/by-query?filter=spec.x.y=q", NULL), 503);
	assert_string_not_equal(memory_header(&memory, "Retry-After"), "");
	assert_int_equal(ask("POST", "/locations",
	                     "{\"type\":\"url\",\"target\":\"https://x/y\"}"),
	                 503);
	stores_start(STORES_POSTGRES);
}

/* Not a test of right or wrong: prints what the house itself costs. */
static void by_name_costs_little(void **state)
{
	const int rounds = 20000;
	int64_t began;

	(void)state;
	if (!getenv("CALLBOARD_TEST_TIMES"))
		skip();
	for (int i = 0; i < 2; i++) {
		const char *path = i == 0 ? "/api/catalog" BY_NAME "web"
		                          : "/api/catalog/entity-facets?"
		                            "facet=kind";

		began = cbi_clock_us();
		for (int j = 0; j < rounds; j++) {
			prepare("GET", path, NULL);
			serve();
		}
		print_message("%s: %.2f us\n", path,
		              (double)(cbi_clock_us() - began) / rounds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entity_is_sent_as_it_is_kept),
		cmocka_unit_test(what_is_not_there_is_a_404_in_its_shape),
		cmocka_unit_test(bad_requests_are_refused),
		cmocka_unit_test(odd_but_legal_requests_are_answered),
		cmocka_unit_test(refs_are_answered_in_order),
		cmocka_unit_test(pages_follow_on_either_verb),
		cmocka_unit_test(lists_link_to_what_follows),
		cmocka_unit_test(facets_are_counted_and_kept),
		cmocka_unit_test(locations_are_shown_at_once),
		cmocka_unit_test(entities_are_refreshed_and_removed),
		cmocka_unit_test(by_name_costs_little),
		cmocka_unit_test(without_postgresql_the_api_says_how_old_it_is),
	};

	stores_start(STORES_POSTGRES);
	return cmocka_run_group_tests(tests, open_house, close_house);
}
