/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <string.h>

#include "tests/web/pages/house.h"

#define EVIL \
	"\\\"><!--# include virtual=\\\"/x\\\" --><script>alert(1)</script>"

static const char *const entities[] = {
	"{\"kind\":\"Component\",\"metadata\":{\"name\":\"gate\",\"namespace\":"
	"\"default\",\"title\":\"Gangway Gate\",\"description\":\"Opens the "
	"gate\",\"tags\":[\"rust\",\"grpc\"],\"links\":[{\"url\":\"https://"
	"x.example/\",\"title\":\"Board\",\"icon\":\"dashboard\"},{\"url\":"
	"\"javascript:alert(1)\",\"title\":\"Trap\"}]},\"spec\":{\"type\":"
	"\"service\",\"lifecycle\":\"production\",\"owner\":\"crew\"},"
	"\"relations\":[{\"type\":\"ownedBy\",\"targetRef\":\"group:default/"
	"crew\"},{\"type\":\"partOf\",\"targetRef\":\"system:default/board\"},"
	"{\"type\":\"dependsOn\",\"targetRef\":\"resource:default/gone\"}]}",
	"{\"kind\":\"Component\",\"metadata\":{\"name\":\"kit\",\"namespace\":"
	"\"harbour\"},\"spec\":{\"type\":\"library\",\"lifecycle\":"
	"\"deprecated\"}}",
	"{\"kind\":\"API\",\"metadata\":{\"name\":\"gate-api\",\"namespace\":"
	"\"default\"},\"spec\":{\"type\":\"openapi\",\"definition\":\"openapi: "
	"3.0.0\\n\"}}",
	"{\"kind\":\"Group\",\"metadata\":{\"name\":\"crew\",\"namespace\":"
	"\"default\"},\"spec\":{\"type\":\"team\",\"profile\":{\"displayName\":"
	"\"Boarding Crew\",\"email\":\"crew@x.example\"}}}",
	"{\"kind\":\"System\",\"metadata\":{\"name\":\"board\",\"namespace\":"
	"\"default\",\"title\":\"Boarding\"},\"spec\":{},\"relations\":[{"
	"\"type\":\"partOf\",\"targetRef\":\"domain:default/sea\"}]}",
	"{\"kind\":\"Domain\",\"metadata\":{\"name\":\"sea\",\"namespace\":"
	"\"default\",\"title\":\"At Sea\"},\"spec\":{}}",
	"{\"kind\":\"Component\",\"metadata\":{\"name\":\"evil\",\"namespace\":"
	"\"default\",\"title\":\"" EVIL "\",\"description\":\"" EVIL
	"\",\"tags\":[\"" EVIL "\"],\"annotations\":{\"backstage.io/"
	"managed-by-location\":\"url:" EVIL "\"},\"links\":[{\"url\":\"" EVIL
	"\",\"title\":\"" EVIL "\",\"icon\":\"" EVIL "\"}]},\"spec\":{\"type\":"
	"\"" EVIL "\",\"lifecycle\":\"" EVIL "\",\"definition\":\"" EVIL
	"\"},\"relations\":[{\"type\":\"" EVIL "\",\"targetRef\":\"" EVIL
	"\"},{\"type\":\"ownedBy\",\"targetRef\":\"group:default/" EVIL
	"\"}],\"status\":{\"items\":[{\"level\":\"error\",\"message\":\"" EVIL
	"\"}]}}",
	NULL,
};

static int open_house(void **state)
{
	*state = house_open("", entities);
	return 0;
}

static int open_below(void **state)
{
	*state = house_open("/portal", entities);
	return 0;
}

static int close_house(void **state)
{
	house_close(*state);
	return 0;
}

/* The page as a guest sees it. */
static const char *page(struct house *house, const char *uri)
{
	const struct house_answer *answer;

	house_forget(house);
	house_ask(house, "/sign-in?return=/", NULL);
	answer = house_ask(house, uri, NULL);
	assert_int_equal(answer->status, 200);
	return answer->body;
}

#define assert_says(text, part)                                           \
	do {                                                              \
		if (!strstr(text, part))                                  \
			fail_msg("'%s' is not said in:\n%s", part, text); \
	} while (0)
#define assert_silent(text, part)                                     \
	do {                                                          \
		if (strstr(text, part))                               \
			fail_msg("'%s' is said in:\n%s", part, text); \
	} while (0)

static void whoever_comes_is_let_in_as_guest(void **state)
{
	struct house *house = *state;

	assert_int_equal(house_ask(house, "/catalog?kind=api", NULL)->status,
	                 302);
	assert_string_equal(house_said(house, "Location"),
	                    "/sign-in?return=/catalog%3Fkind%3Dapi");
	assert_int_equal(
	    house_ask(house, "/sign-in?return=/catalog%3Fkind%3Dapi", NULL)
		->status,
	    303);
	assert_string_equal(house_said(house, "Location"), "/catalog?kind=api");
	assert_says(house_said(house, "Set-Cookie"),
	            "; Path=/; SameSite=Lax; HttpOnly");
	assert_int_equal(house_ask(house, "/catalog?kind=api", NULL)->status,
	                 200);
	assert_string_equal(house_said(house, "Cache-Control"),
	                    "private, no-store");
}

static void the_door_leads_nowhere_else(void **state)
{
	static const char *const bad[] = { "//evil.example",
		                           "https%3A%2F%2Fevil.example",
		                           "/%5Cevil.example", "x" };
	struct house *house = *state;
	char uri[80];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(uri, sizeof(uri), "/sign-in?return=%s", bad[i]);
		assert_int_equal(house_ask(house, uri, NULL)->status, 303);
		assert_string_equal(house_said(house, "Location"), "/");
	}
}

static void home_counts_and_remembers(void **state)
{
	const char *body = page(*state, "/");

	assert_says(body, "<h1>Ondry &amp; Line</h1>");
	assert_says(body, "7 things on the board.");
	assert_says(body, "href=\"/catalog?kind=Component\"><b>3</b>");
	assert_says(body, ">Gangway Gate</a>");
	assert_says(body, "You are signed in as guest");
	assert_says(body, "href=\"/settings\"");
}

static void the_catalog_filters_by_what_the_address_says(void **state)
{
	struct house *house = *state;
	const char *body = page(house, "/catalog?kind=component&type=service");

	assert_says(body, ">Gangway Gate</a>");
	assert_silent(body, ">kit</a>");
	assert_says(body, "<b>1</b> Component</p>");
	assert_says(body, "value=\"service\" checked>");
	assert_says(body, "<input type=\"hidden\" name=\"kind\""
	                  " value=\"component\">");
	/* The chip takes its filter away, and keeps the rest. */
	assert_says(body, "<a class=\"chip active\""
	                  " href=\"/catalog?kind=component\"");
	assert_says(body, ">Boarding Crew</a>");
	body = page(house, "/catalog?tag=grpc&lifecycle=production&q=gang");
	assert_says(body, "<b>1</b> entity</p>");
	assert_says(body, "value=\"gang\"");
	body = page(house, "/catalog?namespace=harbour");
	assert_says(body, ">kit</a>");
	assert_silent(body, ">Gangway Gate</a>");
	body = page(house, "/catalog?q=no-such-thing");
	assert_says(body, "Nothing fits these filters");
}

static void columns_sort_both_ways(void **state)
{
	struct house *house = *state;
	const char *body = page(house, "/catalog?kind=component&sort=-name");

	assert_says(body, "aria-sort=\"descending\"");
	assert_true(strstr(body, ">kit</a>") < strstr(body, ">Gangway"));
	assert_says(body, "href=\"/catalog?kind=component&amp;sort=name\"");
}

static void a_bad_address_says_what_is_wrong(void **state)
{
	static const struct {
		const char *uri, *says;
		int status;
	} rows[] = {
		{ "/catalog?sort=secret", "sort: &#39;secret&#39; is no column",
		  400 },
		{ "/catalog?after=x&row=-1", "row: &#39;-1&#39; is no position",
		  400 },
		{ "/catalog?after=%25%25", "", 400 },
		{ "/catalog/default/component/gate?at=yesterday",
		  "at: &#39;yesterday&#39; is no time", 400 },
		{ "/catalog/default/component/none",
		  "There is no such page on the board", 404 },
		{ "/catalog/default/component/gate/nothing", "has no tab",
		  404 },
		{ "/nowhere", "There is no such page on the board", 404 },
	};
	struct house *house = *state;

	page(house, "/");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct house_answer *answer =
		    house_ask(house, rows[i].uri, NULL);

		assert_int_equal(answer->status, rows[i].status);
		assert_says(answer->body, rows[i].says);
		assert_says(answer->body, "class=\"side\"");
	}
}

static void an_entity_shows_what_is_known(void **state)
{
	struct house *house = *state;
	const char *body = page(house, "/catalog/default/component/gate");

	assert_says(body, "<title>Gangway Gate \xc2\xb7 Callboard</title>");
	assert_says(body, "href=\"/catalog/default/domain/sea\">At Sea</a>");
	assert_says(body, "data-plugin=\"catalog\"");
	assert_says(body, ">Boarding Crew</a>");
	assert_says(body, "<span class=\"ref missing\"");
	assert_says(body, "<a href=\"https://x.example/\">");
	assert_silent(body, "javascript:");
	body = page(house, "/catalog/default/api/gate-api/definition");
	assert_says(body, "openapi: 3.0.0");
	/* Any case leads there, as in references. */
	body = page(house, "/catalog/Default/component/Gate/inspect?as=json");
	assert_says(body, "&quot;kind&quot;: &quot;Component&quot;");
	body = page(house, "/catalog/default/group/crew");
	assert_says(body, "<h1>Boarding Crew</h1>");
	assert_says(body, "href=\"mailto:crew@x.example\"");
}

static void the_catalog_says_what_was_just_done(void **state)
{
	struct house *house = *state;

	assert_says(page(house, "/catalog?asked=unregister"),
	            "The location was unregistered");
	assert_says(page(house, "/catalog?asked=delete"),
	            "The entity was deleted");
	assert_silent(page(house, "/catalog?asked=%3Cb%3E"), "its history");
}

static void addresses_break_behind_their_slashes(void **state)
{
	assert_says(page(*state, "/catalog/default/component/evil/inspect"),
	            "backstage.io/<wbr>managed-by-location");
}

static void nothing_a_user_wrote_is_markup(void **state)
{
	static const char *const pages[] = {
		"/",
		"/catalog",
		"/catalog?q=%22%3E%3C!--%23+include+virtual%3D%22/x%22+--%3E",
		"/catalog?type=%3Cscript%3E&owner=%3C!--%23",
		"/catalog/default/component/evil",
		"/catalog/default/component/evil/relations",
		"/catalog/default/component/evil/inspect",
		"/catalog/default/component/evil/inspect?as=yaml",
		"/catalog/default/component/evil/inspect?as=json",
		"/catalog/default/component/evil/definition",
	};
	struct house *house = *state;

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		const char *body = page(house, pages[i]);

		assert_silent(body, "<!--");
		assert_silent(body, "<script>");
		assert_silent(body, "style=");
	}
	assert_int_equal(
	    house_ask(house, "/%3C!--%23include%20virtual=%22/x%22--%3E", NULL)
		->status,
	    404);
	assert_silent(house_ask(house, "/%3C!--%23x", NULL)->body, "<!--");
}

static void every_address_stands_below_the_base_path(void **state)
{
	static const char *const pages[] = {
		"/portal/",
		"/portal/catalog?kind=component",
		"/portal/catalog/default/component/gate",
		"/portal/admin",
		"/portal/admin/plugins",
		"/portal/admin/gallery"
	};
	static const char *const marks[] = { "href=\"/", "action=\"/",
		                             "src=\"/", "hx-get=\"/" };
	struct house *house = *state;

	assert_int_equal(
	    house_ask(house, "/portal/sign-in?return=/", NULL)->status, 303);
	assert_string_equal(house_said(house, "Location"), "/portal/");
	assert_says(house_said(house, "Set-Cookie"), "; Path=/portal/;");
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		const char *body = house_ask(house, pages[i], NULL)->body;

		for (size_t j = 0; j < sizeof(marks) / sizeof(marks[0]); j++)
			for (const char *p = body; (p = strstr(p, marks[j]));
			     p++)
				assert_int_equal(
				    strncmp(strchr(p, '/'), "/portal/", 8), 0);
	}
}

static void the_theme_is_kept_in_a_cookie(void **state)
{
	struct house *house = *state;
	char form[256];

	page(house, "/catalog");
	snprintf(form, sizeof(form), "csrf=%s&theme=dark&return=/catalog",
	         house_csrf(house));
	assert_int_equal(house_ask(house, "/settings/theme", form)->status,
	                 303);
	assert_string_equal(house_said(house, "Location"), "/catalog");
	assert_says(house_ask(house, "/catalog", NULL)->body,
	            "<html lang=\"en\" data-theme=\"dark\">");
	snprintf(form, sizeof(form), "csrf=%s&theme=pink", house_csrf(house));
	assert_int_equal(house_ask(house, "/settings/theme", form)->status,
	                 400);
	assert_int_equal(
	    house_ask(house, "/settings/theme", "theme=dark")->status, 403);
}

static void signing_out_ends_the_session(void **state)
{
	struct house *house = *state;
	char form[128];

	page(house, "/");
	snprintf(form, sizeof(form), "csrf=%s", house_csrf(house));
	assert_int_equal(house_ask(house, "/sign-out", form)->status, 303);
	assert_string_equal(house_said(house, "Location"), "/sign-in?out=1");
	assert_int_equal(house_ask(house, "/", NULL)->status, 302);
	assert_says(house_ask(house, "/sign-in", NULL)->body, "Enter as guest");
}

static void an_old_catalog_says_so(void **state)
{
	struct house *house = *state;
	const char *body;

	house_behind(house, 720000);
	body = page(house, "/catalog/default/component/gate");
	assert_says(body, "The catalog is 12 min 0 s old");
	assert_says(house_said(house, "Warning"), "110");
	assert_string_equal(house_said(house, "Age"), "720");
	house_behind(house, 0);
	assert_silent(page(house, "/catalog"), "The catalog is 12 min");
	assert_null(house_said(house, "Warning"));
}

static void admin_pages_stand_without_stores_and_plugins(void **state)
{
	struct house *house = *state;

	/* There is no PostgreSQL here, and the page says so in its card. */
	assert_says(page(house, "/admin"), "data-state=\"off\"");
	assert_says(page(house, "/admin/plugins"), "No plugins yet");
	assert_silent(page(house, "/admin/plugins"),
	              "action=\"/admin/plugins/");
	/* A sample that is no view model would be an error page. */
	assert_says(page(house, "/admin/gallery"), "data-state=\"stale\"");
	assert_says(page(house, "/admin/gallery"), "class=\"timeline\"");
	assert_says(page(house, "/admin/gallery"), "class=\"tabset\"");
	assert_int_equal(
	    house_ask(house, "/admin/plugins/x", "action=disable")->status,
	    403);
}

static void fragments_answer_without_their_plugin(void **state)
{
	struct house *house = *state;
	const struct house_answer *answer;

	page(house, "/");
	answer = house_ask(
	    house, "/fragments/none/card?entity=component:default/gate", NULL);
	assert_int_equal(answer->status, 200);
	assert_says(answer->body, "data-plugin=\"none\" data-state=\"off\"");
	answer = house_ask(house, "/fragments/none/card?entity=<!--", NULL);
	assert_says(answer->body, "&lt;!--");
	answer = house_ask(house, "/fragments/none/card?level=9", NULL);
	assert_says(answer->body, "level: 9 is newer than this host, which "
	                          "serves levels 1 to 1");
	house_header(house, "HTTP_ACCEPT", "application/json");
	answer = house_ask(house, "/fragments/none/card", NULL);
	assert_says(answer->body, "\"state\":\"unavailable\"");
	house_header(house, "HTTP_ACCEPT", "text/plain");
	answer = house_ask(house, "/fragments/none/card", NULL);
	assert_says(answer->body, "not available: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_comes_is_let_in_as_guest),
		cmocka_unit_test(the_door_leads_nowhere_else),
		cmocka_unit_test(home_counts_and_remembers),
		cmocka_unit_test(the_catalog_filters_by_what_the_address_says),
		cmocka_unit_test(columns_sort_both_ways),
		cmocka_unit_test(a_bad_address_says_what_is_wrong),
		cmocka_unit_test(an_entity_shows_what_is_known),
		cmocka_unit_test(the_catalog_says_what_was_just_done),
		cmocka_unit_test(addresses_break_behind_their_slashes),
		cmocka_unit_test(nothing_a_user_wrote_is_markup),
		cmocka_unit_test(the_theme_is_kept_in_a_cookie),
		cmocka_unit_test(signing_out_ends_the_session),
		cmocka_unit_test(an_old_catalog_says_so),
		cmocka_unit_test(admin_pages_stand_without_stores_and_plugins),
		cmocka_unit_test(fragments_answer_without_their_plugin),
	};
	const struct CMUnitTest below[] = {
		cmocka_unit_test(every_address_stands_below_the_base_path),
	};
	int failed = cmocka_run_group_tests(tests, open_house, close_house);

	return failed + cmocka_run_group_tests(below, open_below, close_house);
}
