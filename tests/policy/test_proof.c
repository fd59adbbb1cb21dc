/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_proof.c - random policies over a random catalog: whatever way an
 * entity may come out by, it comes if and only if the policy, evaluated by
 * itself over that entity, allows it.
 *
 * The evaluator (world.h) knows neither predicates nor search rows.
 * PROOF_POLICIES and PROOF_ENTITIES say how many (60 and 400 here, 1,000 and
 * 1,000 in tests/slow), PROOF_SEED makes others.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/ancestry.h"
#include "catalog/explain.h"
#include "catalog/facets.h"
#include "catalog/history.h"
#include "catalog/query.h"
#include "catalog/table.h"
#include "catalog/view.h"
#include "json/json.h"
#include "policy/policy.h"
#include "search/search.h"
#include "tests/catalog/shelf.h"
#include "tests/lib/stores.h"
#include "tests/policy/town.h"
#include "tests/policy/world.h"

#define MOST 2000

static struct shelf shelf;
static size_t entities = 400, policies = 60;
static struct town_thing things[MOST];
static int64_t then_ms;

/* Of one policy. */
static bool allowed_then[MOST], allowed_now[MOST];
static bool seen[MOST];

static struct cb_ctx *next(const struct cbi_scope *scope, bool then)
{
	struct cb_ctx *ctx = shelf_next(&shelf);

	ctx->scope = *scope;
	ctx->scope.as_of = then ? then_ms : 0;
	return ctx;
}

/* ---- What came out
 * -------------------------------------------------------------- */

static void see(const char *body, size_t len)
{
	json_t *entity = json_loadb(body, len, 0, NULL);
	const char *name = json_string_value(
	    json_object_get(json_object_get(entity, "metadata"), "name"));
	size_t i = name ? (size_t)atoi(name + 1) : MOST;

	assert_true(i < entities);
	assert_false(seen[i]);
	seen[i] = true;
	json_decref(entity);
}

static int on_item(void *arg, struct cbi_span body)
{
	(void)arg;
	see(body.ptr, body.len);
	return CB_OK;
}

static int on_begin(void *arg, bool more)
{
	(void)arg;
	(void)more;
	return CB_OK;
}

static void compare(const char *way, bool then, bool (*fits)(size_t i))
{
	for (size_t i = 0; i < entities; i++) {
		bool right = (then ? allowed_then[i] : allowed_now[i]) &&
		             (!fits || fits(i));

		if (seen[i] != right)
			fail_msg("%s%s: %s is %s", way, then ? " then" : "",
			         things[i].ref, right ? "missing" : "there");
	}
	memset(seen, 0, sizeof(seen));
}

static size_t count(bool then)
{
	size_t n = 0;

	for (size_t i = 0; i < entities; i++)
		n += then ? allowed_then[i] : allowed_now[i];
	return n;
}

#define MUST(call)                                       \
	do {                                             \
		if ((call) < 0)                          \
			fail_msg("%s", cb_failure(ctx)); \
	} while (0)

/* ---- The ways
 * --------------------------------------------------------------------- */

static bool is_component(size_t i)
{
	return strncmp(things[i].ref, "component:", 10) == 0;
}

static void by_list(const struct cbi_scope *scope, bool then)
{
	static const struct cbi_list_order orders[] = { { "metadata.name",
		                                          true } };
	struct cbi_list list = { .limit = -1 };
	const char *kind = "kind=component";
	struct cbi_fresh fresh;
	struct cb_ctx *ctx = next(scope, then);

	MUST(cbi_list_run(ctx, &shelf.catalog, &list, on_begin, on_item, NULL,
	                  &fresh));
	compare("list", then, NULL);
	ctx = next(scope, then);
	MUST(cbi_filter_parse(ctx, &kind, 1, &list.filter));
	MUST(cbi_list_run(ctx, &shelf.catalog, &list, on_begin, on_item, NULL,
	                  &fresh));
	compare("list of components", then, is_component);
	list = (struct cbi_list){ .limit = -1,
		                  .orders = orders,
		                  .order_count = 1 };
	ctx = next(scope, then);
	MUST(cbi_list_run(ctx, &shelf.catalog, &list, on_begin, on_item, NULL,
	                  &fresh));
	compare("ordered list", then, NULL);
}

static bool has_zone(size_t i)
{
	return json_object_get(json_object_get(things[i].now, "metadata"),
	                       "annotations") != NULL;
}

static void by_query(const struct cbi_scope *scope, bool then)
{
	struct cbi_query query = { .limit = 7000, .count = true };
	const char *zone = "metadata.annotations.example.com/zone";
	struct cbi_query_page page;
	struct cb_ctx *ctx = next(scope, then);

	MUST(cbi_query_run(ctx, &shelf.catalog, &query, on_item, NULL, &page));
	assert_int_equal(page.total, count(then));
	compare("query", then, NULL);
	/* Page after page. */
	ctx = next(scope, then);
	query.at.order_key = "metadata.name";
	query.limit = 97;
	MUST(cbi_query_run(ctx, &shelf.catalog, &query, on_item, NULL, &page));
	assert_int_equal(page.total, count(then));
	while (page.next) {
		char *cursor = strdup(page.next);

		ctx = next(scope, then);
		query = (struct cbi_query){ .limit = 97 };
		MUST(cbi_cursor_read(ctx, &shelf.catalog, cursor, &query.at));
		free(cursor);
		MUST(cbi_query_run(ctx, &shelf.catalog, &query, on_item, NULL,
		                   &page));
	}
	compare("pages", then, NULL);
	if (then)
		return;
	/* What columns do not know. */
	query = (struct cbi_query){ .limit = 7000, .count = true };
	ctx = next(scope, then);
	MUST(cbi_filter_parse(ctx, &zone, 1, &query.at.filter));
	MUST(cbi_query_run(ctx, &shelf.catalog, &query, on_item, NULL, &page));
	compare("query by annotation", then, has_zone);
}

static void by_refs(const struct cbi_scope *scope, bool then)
{
	static struct cbi_served served[MOST];
	const char *refs[MOST];
	struct cbi_fresh fresh;
	struct cb_ctx *ctx = next(scope, then);

	for (size_t i = 0; i < entities; i++)
		refs[i] = things[i].ref;
	MUST(cbi_view_by_refs(ctx, &shelf.catalog, refs, entities, served,
	                      &fresh));
	for (size_t i = 0; i < entities; i++)
		if (served[i].body)
			see(served[i].body, served[i].len);
	compare("refs", then, NULL);
}

/* A few by name and uid, with their titles, their ancestry and why. */
static void one_by_one(const struct cbi_scope *scope, bool then)
{
	for (int n = 0; n < 12; n++) {
		size_t i = world_dice((uint32_t)entities);
		bool right = then ? allowed_then[i] : allowed_now[i];
		const struct cbi_ancestor *above;
		struct cbi_served served;
		struct cb_ctx *ctx = next(scope, then);
		const char *title;
		json_t *why;
		size_t count;

		assert_int_equal(cbi_view_by_ref(ctx, &shelf.catalog,
		                                 things[i].ref, &served, NULL),
		                 right ? CB_OK : CB_ENOENT);
		ctx = next(scope, then);
		assert_int_equal(cbi_view_by_uid(ctx, &shelf.catalog,
		                                 things[i].uid, &served, NULL),
		                 right ? CB_OK : CB_ENOENT);
		ctx = next(scope, then);
		assert_int_equal(
		    cbi_table_title(ctx, &shelf.catalog, things[i].ref, &title),
		    right ? CB_OK : CB_ENOENT);
		if (then)
			continue;
		ctx = next(scope, then);
		assert_int_equal(
		    cbi_ancestry(ctx, things[i].ref, &above, &count),
		    right ? CB_OK : CB_ENOENT);
		ctx = next(scope, then);
		assert_int_equal(cbi_explain(ctx, things[i].ref, &why),
		                 right ? CB_OK : CB_ENOENT);
	}
}

/* How many of them have this kind, as written. */
static size_t of_kind(const char *kind, bool then)
{
	size_t n = 0;

	for (size_t i = 0; i < entities; i++)
		if (then ? allowed_then[i] : allowed_now[i])
			n += strcmp(json_string_value(json_object_get(
					then ? things[i].then : things[i].now,
					"kind")),
			            kind) == 0;
	return n;
}

static size_t of_owner(const char *owner, bool then)
{
	json_t *condition = world_rule("IS_ENTITY_OWNER",
	                               json_pack("{s:[s]}", "claims", owner));
	size_t n = 0;

	for (size_t i = 0; i < entities; i++)
		if (then ? allowed_then[i] : allowed_now[i])
			n += world_allows(condition, then ? things[i].then
			                                  : things[i].now);
	json_decref(condition);
	return n;
}

static size_t of_tier(const char *tier, bool then)
{
	size_t n = 0;

	for (size_t i = 0; i < entities; i++) {
		const json_t *labels = json_object_get(
		    json_object_get(then ? things[i].then : things[i].now,
		                    "metadata"),
		    "labels");
		const char *have =
		    json_string_value(json_object_get(labels, "tier"));

		if ((then ? allowed_then[i] : allowed_now[i]) && have)
			n += strcmp(have, tier) == 0;
	}
	return n;
}

static void by_table(const struct cbi_scope *scope, bool then)
{
	struct cbi_table_query query = { .limit = 300 };
	const struct cbi_table_count *kinds_now;
	struct cbi_table_rail rail;
	struct cbi_table table;
	struct cbi_fresh fresh;
	char position[200];
	size_t n, sum = 0;
	struct cb_ctx *ctx;

	do {
		ctx = next(scope, then);
		MUST(cbi_table_read(ctx, &shelf.catalog, &query, &table, &rail,
		                    &fresh));
		assert_int_equal(table.total, count(then));
		for (size_t i = 0; i < table.count; i++) {
			size_t at = (size_t)atoi(table.rows[i].name + 1);

			assert_false(seen[at]);
			seen[at] = true;
		}
		if (table.next)
			snprintf(position, sizeof(position), "%s", table.next);
		query.after = position;
	} while (table.next);
	compare("table", then, NULL);
	for (size_t i = 0; i < rail.n[CBI_COLUMN_KIND]; i++) {
		const struct cbi_table_count *c =
		    &rail.counts[CBI_COLUMN_KIND][i];

		assert_int_equal(c->count, of_kind(c->value, then));
		sum += c->count;
	}
	assert_int_equal(sum, count(then));
	for (size_t i = 0; i < rail.n[CBI_COLUMN_OWNER]; i++) {
		const struct cbi_table_count *c =
		    &rail.counts[CBI_COLUMN_OWNER][i];

		assert_true(c->count > 0);
		assert_int_equal(c->count, of_owner(c->value, then));
	}
	ctx = next(scope, then);
	MUST(cbi_table_kinds(ctx, &shelf.catalog, &kinds_now, &n, &fresh));
	for (size_t i = 0; i < n; i++)
		assert_int_equal(kinds_now[i].count,
		                 of_kind(kinds_now[i].value, then));
	ctx = next(scope, then);
	MUST(cbi_table_recent(ctx, &shelf.catalog, 100, &table, &fresh));
	assert_int_equal(table.total, count(then));
	assert_int_equal(table.count, count(then) < 100 ? count(then) : 100);
	for (size_t i = 0; i < table.count; i++) {
		size_t at = (size_t)atoi(table.rows[i].name + 1);

		assert_true(then ? allowed_then[at] : allowed_now[at]);
	}
}

static void by_facets(const struct cbi_scope *scope, bool then)
{
	static const char *const names[] = { "kind", "relations.ownedBy" };
	static const char *const tier[] = { "metadata.labels.tier" };
	const struct cbi_facet *facets;
	struct cbi_fresh fresh;
	struct cb_ctx *ctx = next(scope, then);
	size_t sum = 0;

	MUST(cbi_facets_count(ctx, &shelf.catalog, NULL, names, 2, &facets,
	                      &fresh));
	for (size_t i = 0; i < facets[0].n; i++) {
		assert_int_equal(facets[0].values[i].count,
		                 of_kind(facets[0].values[i].value, then));
		sum += facets[0].values[i].count;
	}
	assert_int_equal(sum, count(then));
	for (size_t i = 0; i < facets[1].n; i++)
		assert_int_equal(facets[1].values[i].count,
		                 of_owner(facets[1].values[i].value, then));
	ctx = next(scope, then);
	MUST(cbi_facets_count(ctx, &shelf.catalog, NULL, tier, 1, &facets,
	                      &fresh));
	for (size_t i = 0; i < WORLD_TIERS; i++) {
		size_t have = 0;

		for (size_t k = 0; k < facets[0].n; k++)
			if (strcmp(facets[0].values[k].value, world_tiers[i]) ==
			    0)
				have = facets[0].values[k].count;
		assert_int_equal(have, of_tier(world_tiers[i], then));
	}
}

static size_t word;

static bool has_word(size_t i)
{
	return i % 40 == word;
}

static int search_scope(struct cb_ctx *ctx, size_t before,
                        struct cbi_search_seen *out)
{
	struct cbi_query_scope condition;
	int rc = cbi_query_scope(ctx, before, &condition);

	if (rc == CB_OK)
		*out =
		    (struct cbi_search_seen){ condition.text, condition.params,
			                      condition.n };
	return rc;
}

static void by_search(const struct cbi_scope *scope)
{
	struct cbi_search search = { .seen = search_scope, .limit = 100 };
	const struct cbi_search_kind *found_kinds;
	struct cbi_search_found found;
	struct cb_ctx *ctx = next(scope, false);
	char term[24];
	size_t n, sum = 0, right = 0;

	/* "word1" would find "word12", too. */
	word = 4 + world_dice(36);
	snprintf(term, sizeof(term), "word%zu", word);
	search.term = term;
	MUST(cbi_search_run(ctx, &search, &found));
	for (size_t i = 0; i < found.count && !found.similar; i++)
		see(found.hits[i].body, found.hits[i].len);
	for (size_t i = 0; i < entities; i++)
		right += allowed_now[i] && has_word(i);
	assert_int_equal(found.similar ? 0 : found.total, right);
	compare("search", false, has_word);
	ctx = next(scope, false);
	MUST(cbi_search_kinds(ctx, term, search_scope, &found_kinds, &n));
	for (size_t i = 0; i < n; i++)
		sum += (size_t)found_kinds[i].count;
	assert_int_equal(sum, right);
	search.term = "";
	ctx = next(scope, false);
	MUST(cbi_search_run(ctx, &search, &found));
	if (count(false) < 1000)
		assert_int_equal(found.total, count(false));
	for (size_t i = 0; i < found.count; i++)
		see(found.hits[i].body, found.hits[i].len);
	for (size_t i = 0; i < entities; i++)
		assert_true(!seen[i] || allowed_now[i]);
	memset(seen, 0, sizeof(seen));
}

/* Each version is judged by what it was; a deletion by what was deleted. */
static void by_versions(const struct cbi_scope *scope)
{
	for (int n = 0; n < 6; n++) {
		size_t i = world_dice((uint32_t)entities), count = 0, right = 0;
		const struct town_thing *thing = &things[i];
		struct cb_ctx *ctx = next(scope, false);
		struct cbi_version *versions;
		bool more;
		int rc = cbi_history_list(ctx, thing->ref, 0, 10, &versions,
		                          &count, &more);

		right += allowed_then[i];
		if (!thing->now)
			right += allowed_then[i];
		else if (thing->now != thing->then)
			right += allowed_now[i];
		assert_int_equal(rc, right ? CB_OK : CB_ENOENT);
		if (right)
			assert_int_equal(count, right);
	}
}

static void try_policy(const struct world_policy *policy)
{
	const struct cbi_member ada = { WORLD_USER, 0 };
	const struct cbi_policy_standing standing = {
		.members = &ada,
		.member_count = 1,
		.owns = world_owns,
		.owns_count = WORLD_OWNS,
		.grants = policy->grants,
		.count = policy->n,
	};
	struct cb_ctx *ctx = shelf_next(&shelf);
	struct cbi_policy_decision decision;
	struct cbi_scope scope = { .cls = "none" };
	static char where[1 << 20], cls[64];

	MUST(cbi_policy_judge(ctx, &standing,
	                      cbi_permission_find("catalog.entity.read"),
	                      &decision));
	scope.all = decision.result == CBI_POLICY_ALLOW;
	if (decision.result == CBI_POLICY_SOME) {
		snprintf(where, sizeof(where), "%s", decision.where);
		snprintf(cls, sizeof(cls), "%s", decision.cls);
		scope.where = where;
		scope.cls = cls;
	}
	for (size_t i = 0; i < entities; i++) {
		allowed_then[i] = world_policy_allows(policy, things[i].then);
		allowed_now[i] = world_policy_allows(policy, things[i].now);
	}
	for (int then = 0; then < 2; then++) {
		by_list(&scope, then);
		by_query(&scope, then);
		by_refs(&scope, then);
		one_by_one(&scope, then);
		by_table(&scope, then);
		by_facets(&scope, then);
	}
	by_search(&scope);
	by_versions(&scope);
}

static void every_way_shows_what_the_policy_allows(void **state)
{
	size_t whole = 0, none = 0;

	(void)state;
	for (size_t n = 0; n < policies; n++) {
		struct world_policy policy;
		size_t allowed;

		world_policy_make(&policy);
		try_policy(&policy);
		allowed = count(false);
		whole += allowed + 40 > entities;
		none += allowed == 0;
		world_policy_drop(&policy);
	}
	/* Most must tell apart, else this proves little. */
	assert_true(whole + none < policies / 2);
}

/* Columns that follow a change keep what classes saw of the rows before. */
static void a_change_shows_at_once(void **state)
{
	const char *condition =
	    "{\"metadata.labels.tier\":{\"$in\":[\"gold\"]}}";
	const struct cbi_scope scope = { .cls = "gold", .where = condition };
	json_t *gold =
	    json_pack("{s:s, s:{s:s, s:s, s:{s:s}}, s:{}, s:[]}", "kind",
	              "Component", "metadata", "name", "n0", "namespace",
	              "moving", "labels", "tier", "gold", "spec", "relations");
	struct cbi_table_query query = { .limit = 1 };
	struct cbi_table table;
	struct cbi_fresh fresh;
	struct cb_ctx *ctx = next(&scope, false);
	size_t before;

	(void)state;
	MUST(cbi_table_read(ctx, &shelf.catalog, &query, &table, NULL, &fresh));
	before = table.total;
	town_put(&shelf, gold);
	shelf_follow(&shelf);
	ctx = next(&scope, false);
	MUST(cbi_table_read(ctx, &shelf.catalog, &query, &table, NULL, &fresh));
	assert_int_equal(table.total, before + 1);
	json_object_set_new(
	    json_object_get(json_object_get(gold, "metadata"), "labels"),
	    "tier", json_string("bronze"));
	town_put(&shelf, gold);
	shelf_follow(&shelf);
	ctx = next(&scope, false);
	MUST(cbi_table_read(ctx, &shelf.catalog, &query, &table, NULL, &fresh));
	assert_int_equal(table.total, before);
	json_decref(gold);
	shelf_delete(&shelf, "component:moving/n0");
	shelf_follow(&shelf);
}

static size_t number(const char *name, size_t usual)
{
	const char *text = getenv(name);

	return text ? (size_t)strtoull(text, NULL, 10) : usual;
}

static int open_shelf(void **state)
{
	(void)state;
	entities = number("PROOF_ENTITIES", entities);
	policies = number("PROOF_POLICIES", policies);
	world_seed(number("PROOF_SEED", 20261127));
	if (entities > MOST)
		entities = MOST;
	shelf_open(&shelf, "proof");
	then_ms = town_fill(&shelf, things, entities);
	town_age(&shelf, things, entities);
	return 0;
}

static int close_shelf(void **state)
{
	(void)state;
	for (size_t i = 0; i < entities; i++) {
		json_decref(things[i].then);
		json_decref(things[i].now);
	}
	shelf_close(&shelf);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_shows_at_once),
		cmocka_unit_test(every_way_shows_what_the_policy_allows),
	};

	return cmocka_run_group_tests(tests, open_shelf, close_shelf);
}
