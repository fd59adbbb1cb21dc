/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/ownership/ownership.c"

#include "tests/lib/plugin_test.h"

#define HEAD                                                           \
	"{\"apiVersion\":\"backstage.io/v1alpha1\",\"metadata\":{"     \
	"\"namespace\":\"default\",\"uid\":\"6a0e2d5c-4f3b-4c1a-9d8e-" \
	"7f6a5b4c3d2a\",\"etag\":\"x\","

static const char crew[] =
    HEAD "\"name\":\"crew\"},\"kind\":\"Group\",\"spec\":{\"type\":\"team\","
	 "\"profile\":{\"email\":\"crew@example.com\"}},\"relations\":["
	 "{\"type\":\"childOf\",\"targetRef\":\"group:default/fleet\"},"
	 "{\"type\":\"hasMember\",\"targetRef\":\"user:default/ada\"},"
	 "{\"type\":\"hasMember\",\"targetRef\":\"user:default/bob\"},"
	 "{\"type\":\"ownerOf\",\"targetRef\":\"component:default/buoy\"},"
	 "{\"type\":\"ownerOf\",\"targetRef\":\"component:default/ferry\"}]}";
static const char ada[] =
    HEAD "\"name\":\"ada\"},\"kind\":\"User\",\"spec\":{},\"relations\":["
	 "{\"type\":\"memberOf\",\"targetRef\":\"group:default/crew\"},"
	 "{\"type\":\"ownerOf\",\"targetRef\":\"component:default/ferry\"}]}";

static void a_group_is_shown_with_its_people_and_things(void **state)
{
	(void)state;
	known_ref = "group:default/crew";
	known_body = crew;
	assert_int_equal(
	    draw(NULL, component(NULL, NULL, "group:default/crew")), CB_OK);
	assert_shows("mailto:crew@example.com");
	assert_shows("<dt>Members</dt><dd>2</dd>");
	assert_shows("fleet");
	assert_shows("Also looks after");
	assert_shows("buoy");
	/* Not the entity that is being looked at. */
	assert_hides("ferry");
}

static void a_user_is_shown_with_the_team(void **state)
{
	(void)state;
	known_ref = "user:default/ada";
	known_body = ada;
	assert_int_equal(draw(NULL, component(NULL, NULL, "user:default/ada")),
	                 CB_OK);
	assert_shows("Member of");
	assert_shows("crew");
	assert_hides("Members");
	assert_hides("Also looks after");
}

static void an_owner_who_is_not_there_is_named(void **state)
{
	(void)state;
	assert_int_equal(
	    draw(NULL, component(NULL, NULL, "group:default/ghosts")), CB_OK);
	assert_shows("ghosts");
	assert_shows("The owner is not in the catalog.");
}

static void nobody_is_said_with_what_to_do(void **state)
{
	(void)state;
	assert_int_equal(draw(NULL, component(NULL, NULL, NULL)), CB_OK);
	assert_shows("Nobody looks after this.");
	assert_shows("spec.owner");
}

static void many_things_are_counted(void **state)
{
	struct cb_buf text;

	(void)state;
	cbi_buf_init(&text, 1 << 20);
	cb_buf_text(&text, HEAD "\"name\":\"crew\"},\"kind\":\"Group\","
	                        "\"spec\":{},\"relations\":[");
	for (int i = 0; i < 30; i++)
		cb_buf_printf(&text,
		              "%s{\"type\":\"ownerOf\",\"targetRef\":"
		              "\"component:default/c%02d\"}",
		              i ? "," : "", i);
	cb_buf_text(&text, "]}");
	known_ref = "group:default/crew";
	known_body = cb_strdup(&ctx, cbi_buf_string(&text));
	cbi_buf_finish(&text);
	assert_int_equal(
	    draw(NULL, component(NULL, NULL, "group:default/crew")), CB_OK);
	assert_shows("c05");
	assert_hides("c06");
	assert_shows("<dd>29</dd>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_group_is_shown_with_its_people_and_things),
		TEST(a_user_is_shown_with_the_team),
		TEST(an_owner_who_is_not_there_is_named),
		TEST(nobody_is_said_with_what_to_do),
		TEST(many_things_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
