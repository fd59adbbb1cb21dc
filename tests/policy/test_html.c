/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_html.c - random policies over a random catalog, as pages: the rows of
 * the table on all of its leaves, the counts beside it, and entity pages show
 * what the policy, evaluated by itself (world.h), allows, and nothing else.
 *
 * What test_proof.c asks of functions is read off the HTML here.
 * PROOF_POLICIES and PROOF_ENTITIES say how many (40 and 150 here, 1,000 and
 * 1,000 in tests/slow), PROOF_SEED makes others.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/policy/world.h"
#include "tests/web/pages/house.h"

#define MOST 1001

static struct house *house;
static size_t entities = 150, policies = 40;
/* The last one is ada herself. */
static json_t *things[MOST];
static bool allowed[MOST], seen[MOST];

/* ---- Reading pages ---------------------------------------------------------
 */

/* The body of a page, which is there. */
static const char *get(const char *uri)
{
	const struct house_answer *answer = house_ask(house, uri, NULL);

	if (answer->status != 200)
		fail_msg("%s: %d", uri, answer->status);
	return answer->body;
}

/* What stands between two marks behind at; *rest is behind the second.  NULL
 * when the first does not come before end (NULL: anywhere). */
static char *between(const char *at, const char *end, const char *first,
                     const char *second, const char **rest)
{
	const char *from = strstr(at, first), *to;

	if (!from || (end && from > end))
		return NULL;
	from += strlen(first);
	to = strstr(from, second);
	assert_non_null(to);
	*rest = to + strlen(second);
	return strndup(from, (size_t)(to - from));
}

/* "1,234" */
static size_t number_of(char *text)
{
	size_t n = 0;

	for (char *at = text; *at; at++)
		if (*at >= '0' && *at <= '9')
			n = n * 10 + (size_t)(*at - '0');
	free(text);
	return n;
}

/* ---- What must be there -----------------------------------------------------
 */

static size_t count(const json_t *condition)
{
	size_t n = 0;

	for (size_t i = 0; i < entities; i++)
		n += allowed[i] &&
		     (!condition || world_allows(condition, things[i]));
	return n;
}

/* Of a box in the rail: its parameter and value; SIZE_MAX: not looked at. */
static size_t right_count(const char *name, const char *value)
{
	static const char *const rules[][4] = {
		{ "kind", "IS_ENTITY_KIND", "kinds", NULL },
		{ "owner", "IS_ENTITY_OWNER", "claims", NULL },
		{ "type", "HAS_SPEC", "key", "type" },
		{ "lifecycle", "HAS_SPEC", "key", "lifecycle" },
		{ "tag", "HAS_METADATA", "key", "tags" },
	};
	json_t *condition;
	size_t i = 0, n;

	while (i < 5 && strcmp(rules[i][0], name) != 0)
		i++;
	if (i == 5)
		return SIZE_MAX;
	condition =
	    world_rule(rules[i][1],
	               rules[i][3] ? json_pack("{s:s, s:s}", rules[i][2],
	                                       rules[i][3], "value", value)
	                           : json_pack("{s:[s]}", rules[i][2], value));
	n = count(condition);
	json_decref(condition);
	return n;
}

static size_t index_of(const char *name)
{
	return strcmp(name, "ada") == 0 ? entities - 1 : (size_t)atoi(name + 1);
}

/* ---- The ways ---------------------------------------------------------------
 */

static void see_rows(const char *body)
{
	const char *at = body;
	char *path;

	while ((path = between(at, NULL, "<th class=\"lead\" scope=\"row\">",
	                       "</th>", &at))) {
		const char *rest, *link = strstr(path, "href=\"/catalog/");
		char *address =
		    link ? between(link, NULL, "/catalog/", "\"", &rest) : NULL;
		size_t i;

		assert_non_null(address);
		i = index_of(strrchr(address, '/') + 1);
		assert_true(i < entities);
		assert_false(seen[i]);
		seen[i] = true;
		free(address);
		free(path);
	}
}

/* The address of the next leaf; false at the end. */
static bool next_leaf(const char *body, char *uri, size_t size)
{
	const char *at = strstr(body, "rel=\"next\""), *from, *to;
	size_t n = 0;

	if (!at)
		return false;
	from = at;
	while (from > body && *from != '<')
		from--;
	from = strstr(from, "href=\"");
	assert_non_null(from);
	from += 6;
	to = strchr(from, '"');
	for (; from < to && n + 1 < size; from++) {
		uri[n++] = *from;
		if (strncmp(from, "&amp;", 5) == 0)
			from += 4;
	}
	uri[n] = '\0';
	return true;
}

static void every_leaf(void)
{
	char uri[2048] = "/catalog";
	size_t leaves = 0;
	const char *body;

	memset(seen, 0, sizeof(seen));
	do {
		body = get(uri);
		see_rows(body);
		leaves++;
	} while (next_leaf(body, uri, sizeof(uri)));
	assert_int_equal(leaves, count(NULL) ? (count(NULL) + 24) / 25 : 1);
	for (size_t i = 0; i < entities; i++)
		if (seen[i] != allowed[i])
			fail_msg("n%zu is %s", i,
			         allowed[i] ? "missing" : "there");
}

static size_t kinds_beside(const char *body)
{
	const char *at = strstr(body, "<nav class=\"kinds\"");
	const char *end = at ? strstr(at, "</nav>") : NULL;
	size_t n = 0, sum = 0, all = SIZE_MAX;
	char *link;

	assert_non_null(end);
	while ((link = between(at, end, "<a", "</a>", &at))) {
		const char *rest;
		char *kind = between(link, NULL, "?kind=", "\"", &rest);
		size_t have = number_of(
		    between(link, NULL, "class=\"count\">", "<", &rest));

		if (kind) {
			assert_int_equal(have, right_count("kind", kind));
			sum += have;
		} else {
			all = have;
		}
		n++;
		free(kind);
		free(link);
	}
	assert_int_equal(all, count(NULL));
	assert_int_equal(sum, count(NULL));
	return n;
}

static size_t boxes_beside(const char *body)
{
	const char *at = body;
	size_t n = 0;
	char *box;

	while ((box = between(at, NULL, "<input type=\"checkbox\"", "</label>",
	                      &at))) {
		const char *rest;
		char *name = between(box, NULL, "name=\"", "\"", &rest);
		char *value = between(box, NULL, "value=\"", "\"", &rest);
		size_t right = right_count(name, value);

		if (right != SIZE_MAX) {
			size_t have = number_of(
			    between(box, NULL, "class=\"count\">", "<", &rest));

			if (have != right)
				fail_msg("%s=%s: %zu, not %zu", name, value,
				         have, right);
			assert_true(have > 0);
			n++;
		}
		free(name);
		free(value);
		free(box);
	}
	return n;
}

static void some_pages(void)
{
	for (int n = 0; n < 12; n++) {
		size_t i = world_dice((uint32_t)entities);
		const json_t *metadata = json_object_get(things[i], "metadata");
		char uri[200];
		int status;

		snprintf(
		    uri, sizeof(uri), "/catalog/%s/%s/%s",
		    json_string_value(json_object_get(metadata, "namespace")),
		    json_string_value(json_object_get(things[i], "kind")),
		    json_string_value(json_object_get(metadata, "name")));
		for (char *c = uri; *c; c++)
			if (*c >= 'A' && *c <= 'Z')
				*c = (char)(*c + 32);
		status = house_ask(house, uri, NULL)->status;
		if (status != (allowed[i] ? 200 : 404))
			fail_msg("%s: %d", uri, status);
	}
}

/* ---- Policies
 * ---------------------------------------------------------------- */

static void use(const struct world_policy *policy)
{
	json_t *list = json_array(), *config;
	char *text;

	for (size_t i = 0; i < policy->n; i++)
		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:s, s:O*}", "permission",
		                    policy->grants[i].permission, "action",
		                    policy->grants[i].action, "effect",
		                    policy->grants[i].deny ? "deny" : "allow",
		                    "condition", policy->grants[i].condition));
	config =
	    json_pack("{s:{s:[{s:s, s:[s], s:o}]}}", "permission", "roles",
	              "name", "x", "members", WORLD_USER, "permissions", list);
	text = json_dumps(config, 0);
	assert_non_null(text);
	house_policy(house, text);
	free(text);
	json_decref(config);
}

static void pages_show_what_the_policy_allows(void **state)
{
	size_t some = 0, boxes = 0;

	(void)state;
	for (size_t n = 0; n < policies; n++) {
		struct world_policy policy;
		const char *body;

		world_policy_make(&policy);
		use(&policy);
		for (size_t i = 0; i < entities; i++)
			allowed[i] = world_policy_allows(&policy, things[i]);
		every_leaf();
		body = get("/catalog");
		if (count(NULL)) {
			kinds_beside(body);
			boxes += boxes_beside(body);
		}
		some_pages();
		some += count(NULL) > 0 && count(NULL) < entities;
		world_policy_drop(&policy);
	}
	/* Most must tell apart, and counts must have been there. */
	assert_true(some > policies / 2);
	assert_true(boxes > policies);
}

static size_t number(const char *name, size_t usual)
{
	const char *text = getenv(name);

	return text ? (size_t)strtoull(text, NULL, 10) : usual;
}

static int start(void **state)
{
	static char *texts[MOST + 1];
	static char value[4096];

	(void)state;
	entities = number("PROOF_ENTITIES", entities);
	policies = number("PROOF_POLICIES", policies);
	world_seed(number("PROOF_SEED", 20261127));
	if (entities > MOST)
		entities = MOST;
	for (size_t i = 0; i + 1 < entities; i++)
		things[i] = world_entity(i, world_kind(), world_space());
	things[entities - 1] = json_pack(
	    "{s:s, s:{s:s, s:s}, s:{}, s:[{s:s, s:s}, {s:s, s:s}]}", "kind",
	    "User", "metadata", "name", "ada", "namespace", "default", "spec",
	    "relations", "type", "memberOf", "targetRef", world_owns[1], "type",
	    "memberOf", "targetRef", world_owns[2]);
	for (size_t i = 0; i < entities; i++)
		texts[i] = json_dumps(things[i], JSON_COMPACT);
	house = house_open("", (const char *const *)texts);
	for (size_t i = 0; i < entities; i++)
		free(texts[i]);
	snprintf(value, sizeof(value), "Bearer %s",
	         house_user_token(house, WORLD_USER));
	house_header(house, "HTTP_AUTHORIZATION", value);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	house_close(house);
	for (size_t i = 0; i < entities; i++)
		json_decref(things[i]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_show_what_the_policy_allows),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
