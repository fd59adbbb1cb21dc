/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/html/html_room.h"

static void addresses_stand_below_the_base_path(void **state)
{
	struct room *room = *state;
	struct cb_ctx *ctx = &room->ctx;

	assert_int_equal(cbi_addr_set("/portal", "0123abcd"), CB_OK);
	assert_string_equal(cbi_addr_base(), "/portal");
	assert_string_equal(cbi_addr(ctx, "/catalog"), "/portal/catalog");
	assert_string_equal(cbi_addr_asset(ctx, "callboard.css"),
	                    "/portal/assets/0123abcd/callboard.css");
	assert_string_equal(
	    cbi_addr_entity(ctx, "component:default/gangway-gate", NULL),
	    "/portal/catalog/default/component/gangway-gate");
	assert_string_equal(
	    cbi_addr_entity(ctx, "component:default/x", "relations"),
	    "/portal/catalog/default/component/x/relations");
	assert_string_equal(
	    cbi_addr_card(ctx, "jenkins", "builds", "component:default/x"),
	    "/portal/_cards/jenkins/builds?entity=component:default/x");
	assert_string_equal(cbi_addr_fragment(ctx, "jenkins", "builds", NULL),
	                    "/portal/fragments/jenkins/builds");
	assert_string_equal(cbi_addr_plugin(ctx, "jenkins", "a/b c"),
	                    "/portal/p/jenkins/a/b%20c");
	assert_string_equal(
	    cbi_addr_with(ctx, cbi_addr_with(ctx, "/x", "a", "1&2"), "b", "<"),
	    "/x?a=1%262&b=%3C");
	assert_string_equal(cbi_addr_with(ctx, "/x", "a", NULL), "/x");
}

static void names_are_encoded(void **state)
{
	struct room *room = *state;

	assert_string_equal(
	    cbi_addr_entity(&room->ctx, "component:de\"f/a b%?#<", NULL),
	    "/catalog/de%22f/component/a%20b%25%3F%23%3C");
	assert_string_equal(
	    cbi_addr_card(&room->ctx, "p", "c", "a:b/c\" --><!--# x"),
	    "/_cards/p/c?entity=a:b/c%22%20--%3E%3C%21--%23%20x");
}

static void what_is_no_ref_has_no_address(void **state)
{
	static const char *const bad[] = {
		"",     "x",    "a:b",     "a/b",  ":b/c",
		"a:/c", "a:b/", "a:b/c/d", "/a:b",
	};
	struct room *room = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(cbi_addr_entity(&room->ctx, bad[i], NULL));
	assert_null(cbi_addr_entity(&room->ctx, NULL, NULL));
	assert_int_equal(cb_failure_code(&room->ctx), CB_OK);
}

static void base_paths_are_checked(void **state)
{
	static const char *const bad[] = { "/",     "portal",  "/portal/",
		                           "//x",   "/a/../b", "/a b",
		                           "/a\"b", "/a<b",    "/a?b" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(cbi_addr_set(bad[i], "current"), CB_EINVAL);
	assert_int_equal(cbi_addr_set("", ""), CB_EINVAL);
	assert_int_equal(cbi_addr_set("", "../x"), CB_EINVAL);
	assert_int_equal(cbi_addr_set("/a/b.c-d_e~", "r"), CB_OK);
}

static void returns_lead_to_pages_of_ours_only(void **state)
{
	static const char *const bad[] = {
		"",
		"catalog",
		"//evil.example",
		"/\\evil.example",
		"\\\\x",
		"https://evil",
		"/x\r\nSet-Cookie: a",
		"/\t/evil",
		"javascript:alert(1)",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_string_equal(cbi_addr_local(bad[i]), "/");
	assert_string_equal(cbi_addr_local(NULL), "/");
	assert_string_equal(cbi_addr_local("/catalog?kind=api"),
	                    "/catalog?kind=api");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    addresses_stand_below_the_base_path, room_open, room_close),
		cmocka_unit_test_setup_teardown(names_are_encoded, room_open,
		                                room_close),
		cmocka_unit_test_setup_teardown(what_is_no_ref_has_no_address,
		                                room_open, room_close),
		cmocka_unit_test_setup_teardown(base_paths_are_checked,
		                                room_open, room_close),
		cmocka_unit_test_setup_teardown(
		    returns_lead_to_pages_of_ours_only, room_open, room_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
