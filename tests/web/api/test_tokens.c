/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a token counts: restrictions to plugins, and the limited token that
 * stock frontends keep in a cookie.
 *
 * With `cost KIND N` it is no test: it asks for one entity N times, as a
 * service, a user, or a user who sees by conditions, for tests/bench/tokens to
 * count instructions.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/web/pages/house.h"
#include "web/router.h"
#include "web/web.h"

#define BY_NAME "/api/catalog/entities/by-name/component/default/desk"

static const char *const entities[] = {
	"{\"apiVersion\":\"backstage.io/v1alpha1\",\"kind\":\"Component\","
	"\"metadata\":{\"name\":\"desk\",\"namespace\":\"default\"},\"spec\":"
	"{\"type\":\"service\",\"lifecycle\":\"production\",\"owner\":\"crew\"}"
	",\"relations\":[{\"type\":\"ownedBy\",\"targetRef\":"
	"\"group:default/crew\"}]}",
	"{\"apiVersion\":\"backstage.io/v1alpha1\",\"kind\":\"Group\","
	"\"metadata\":{\"name\":\"crew\",\"namespace\":\"default\"},\"spec\":"
	"{\"type\":\"team\",\"children\":[]},\"relations\":[{\"type\":"
	"\"hasMember\",\"targetRef\":\"user:default/ada\"}]}",
	"{\"apiVersion\":\"backstage.io/v1alpha1\",\"kind\":\"User\","
	"\"metadata\":{\"name\":\"ada\",\"namespace\":\"default\"},\"spec\":{"
	"\"memberOf\":[\"crew\"]},\"relations\":[{\"type\":\"memberOf\","
	"\"targetRef\":\"group:default/crew\"}]}",
	NULL,
};

static int say_who(struct cb_req *req)
{
	return cb_buf_printf(req->answer.body, "%s|%s", req->who.subject,
	                     req->ctx->actor);
}

#define ROW(verb, at, with_cookie)                                     \
	{                                                              \
		.path = at, .method = verb, .access = CBI_ACCESS_READ, \
		.face = CBI_FACE_API, .name = at, .handle = say_who,   \
		.cookie = with_cookie                                  \
	}

static const struct cbi_endpoint extra[] = {
	ROW("GET", "/api/docs/static", true),
	ROW("POST", "/api/docs/static", true),
	ROW("GET", "/api/docs/meta", false),
	{ .path = NULL },
};

static struct house *house;

/* The status of a request with this credential; NULL: without. */
static int ask(const char *uri, const char *token)
{
	char value[4096];
	int status;

	snprintf(value, sizeof(value), "Bearer %s", token ? token : "");
	house_forget(house);
	house_header(house, "HTTP_AUTHORIZATION", token ? value : NULL);
	status = house_ask(house, uri, NULL)->status;
	house_header(house, "HTTP_AUTHORIZATION", NULL);
	return status;
}

static void a_restricted_service_reaches_what_is_named(void **state)
{
	(void)state;
	assert_int_equal(ask(BY_NAME, HOUSE_SERVICE), 200);
	assert_int_equal(ask("/api/docs/meta", HOUSE_SERVICE), 200);
	assert_int_equal(
	    ask(BY_NAME, house_user_token(house, "user:default/ada")), 200);
	assert_int_equal(ask(BY_NAME, HOUSE_RESTRICTED), 200);
	assert_int_equal(ask("/api/docs/meta", HOUSE_RESTRICTED), 403);
	assert_int_equal(ask("/catalog", HOUSE_RESTRICTED), 403);
	assert_int_equal(ask("/api/auth/v1/userinfo", HOUSE_RESTRICTED), 403);
	assert_int_equal(ask(BY_NAME, HOUSE_RESTRICTED "x"), 401);
}

static void a_plugins_token_is_good_for_one_plugin(void **state)
{
	const char *own = house_plugin_token(house, "todo", "catalog", NULL);
	const char *ada =
	    house_plugin_token(house, "todo", "docs", "user:default/ada");

	(void)state;
	assert_int_equal(ask(BY_NAME, own), 200);
	assert_int_equal(ask("/api/docs/meta", own), 401);
	/* A page leads to the sign-in page. */
	assert_int_equal(ask("/catalog", own), 302);
	assert_int_equal(ask("/api/docs/meta", ada), 200);
	assert_string_equal(house_last(house)->body,
	                    "user:default/ada|user:default/ada");
	assert_int_equal(ask(BY_NAME, ada), 401);
	/* It is limited to a plugin: no cookie is made of it. */
	assert_int_equal(ask("/api/catalog/.backstage/auth/v1/cookie", own),
	                 403);
}

static void a_cookie_counts_where_the_endpoint_says_so(void **state)
{
	const char *token = house_user_token(house, "user:default/ada");
	const struct house_answer *answer;
	char cookie[4096];
	const char *set;

	(void)state;
	assert_int_equal(ask("/api/catalog/.backstage/auth/v1/cookie", token),
	                 200);
	set = house_said(house, "Set-Cookie");
	assert_non_null(set);
	snprintf(cookie, sizeof(cookie), "%.*s", (int)strcspn(set, ";"), set);
	house_forget(house);
	house_header(house, "HTTP_COOKIE", cookie);
	answer = house_ask(house, "/api/docs/static", NULL);
	assert_int_equal(answer->status, 200);
	assert_string_equal(answer->body, "user:default/ada|user:default/ada");
	assert_int_equal(house_ask(house, "/api/docs/meta", NULL)->status, 401);
	assert_int_equal(house_ask(house, BY_NAME, NULL)->status, 401);
	assert_int_equal(house_ask(house, "/api/docs/static", "a=b")->status,
	                 401);
	/* A bearer token that is bad is not made good by it. */
	house_header(house, "HTTP_AUTHORIZATION", "Bearer nonsense");
	assert_int_equal(house_ask(house, "/api/docs/static", NULL)->status,
	                 401);
	house_header(house, "HTTP_AUTHORIZATION", NULL);
	cookie[strlen(cookie) - 1] ^= 4;
	assert_int_equal(house_ask(house, "/api/docs/static", NULL)->status,
	                 401);
	house_header(house, "HTTP_COOKIE", "backstage-auth=");
	assert_int_equal(house_ask(house, "/api/docs/static", NULL)->status,
	                 401);
	house_header(house, "HTTP_COOKIE", NULL);
}

static void who_a_token_is_of_is_told(void **state)
{
	const char *token = house_user_token(house, "user:default/ada");

	(void)state;
	assert_int_equal(ask("/api/auth/v1/userinfo", token), 200);
	assert_non_null(
	    strstr(house_last(house)->body, "\"sub\":\"user:default/ada\""));
	assert_non_null(strstr(house_last(house)->body,
	                       "\"ent\":[\"user:default/ada\","
	                       "\"group:default/crew\"]"));
	assert_int_equal(ask("/api/auth/v1/userinfo",
	                     house_user_token(house, "user:default/eve")),
	                 200);
	assert_non_null(
	    strstr(house_last(house)->body, "\"ent\":[\"user:default/eve\"]"));
	assert_int_equal(ask("/api/auth/guest/refresh", NULL), 200);
	assert_non_null(strstr(house_last(house)->body,
	                       "\"ownershipEntityRefs\":["
	                       "\"user:development/guest\"]"));
	assert_int_equal(ask("/api/auth/v1/userinfo", HOUSE_SERVICE), 400);
	assert_int_equal(ask("/api/auth/v1/userinfo", NULL), 401);
	assert_int_equal(ask("/api/auth/.well-known/jwks.json", NULL), 200);
	assert_null(strstr(house_last(house)->body, "\"d\""));
	assert_int_equal(ask("/api/none/.backstage/auth/v1/jwks.json", NULL),
	                 404);
}

static int start(void **state)
{
	(void)state;
	house_extra = extra;
	house = house_open("", entities);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	house_close(house);
	return 0;
}

/* What sees the entity by the second of three roles, by conditions alone. */
static const char conditions[] =
    "permission: {roles: [{name: one, members: ['group:default/crew'], "
    "permissions: [{permission: catalog.entity.read, condition: {anyOf: ["
    "{rule: HAS_LABEL, resourceType: catalog-entity, params: {label: tier, "
    "value: gold}}, {rule: HAS_METADATA, resourceType: catalog-entity, params: "
    "{key: tags, value: java}}]}}]}, {name: two, members: "
    "['user:default/ada'], permissions: [{permission: catalog-entity, action: "
    "read, condition: {rule: IS_ENTITY_OWNER, resourceType: catalog-entity, "
    "params: {claims: [$ownerRefs]}}}]}, {name: three, members: "
    "['user:default/ada'], permissions: [{permission: catalog.entity.read, "
    "effect: deny, condition: {allOf: [{rule: IS_ENTITY_KIND, resourceType: "
    "catalog-entity, params: {kinds: [Resource, API]}}, {not: {rule: HAS_SPEC, "
    "resourceType: catalog-entity, params: {key: type, value: public}}}]}}]}]}"
    "\n";

static int cost(const char *kind, int n)
{
	char value[4096];
	const char *token;
	int bad = 0;

	start(NULL);
	token = strcmp(kind, "service") == 0
	            ? HOUSE_SERVICE
	            : house_user_token(house, "user:default/ada");
	if (strcmp(kind, "conditions") == 0)
		house_policy(house, conditions);
	snprintf(value, sizeof(value), "Bearer %s", token);
	house_header(house, "HTTP_AUTHORIZATION", value);
	for (int i = 0; i < n; i++)
		bad += house_ask(house, BY_NAME, NULL)->status != 200;
	finish(NULL);
	return bad != 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_restricted_service_reaches_what_is_named),
		cmocka_unit_test(a_plugins_token_is_good_for_one_plugin),
		cmocka_unit_test(a_cookie_counts_where_the_endpoint_says_so),
		cmocka_unit_test(who_a_token_is_of_is_told),
	};

	if (argc == 4 && strcmp(argv[1], "cost") == 0)
		return cost(argv[2], (int)strtol(argv[3], NULL, 10));
	return cmocka_run_group_tests(tests, start, finish);
}
