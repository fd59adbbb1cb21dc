/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/html/html_room.h"

#define ICON(cls, name)                                                \
	"<svg class=\"icon" cls "\" aria-hidden=\"true\"><use href=\"" \
	"/assets/current/icons.svg#" name "\"></use></svg>"

static void fields_gather_in_one_list(void **state)
{
	struct room *room = *state;

	cb_html_field(&room->html, "Team", "Boarding");
	cb_html_field(&room->html, "Pager", NULL);
	cb_html_note(&room->html, "Nobody is on call.");
	cb_html_field(&room->html, "Room", "4");
	assert_string_equal(
	    written(room),
	    "<dl class=\"fields "
	    "rows\"><div><dt>Team</dt><dd>Boarding</dd></div>\n"
	    "<div><dt>Pager</dt><dd><span class=\"muted\">\xe2\x80\x93</span>"
	    "</dd></div>\n</dl>\n"
	    "<p class=\"note\">Nobody is on call.</p>\n"
	    "<dl class=\"fields rows\"><div><dt>Room</dt><dd>4</dd></div>\n"
	    "</dl>\n");
}

static void entities_are_linked_by_their_page(void **state)
{
	struct room *room = *state;

	assert_int_equal(cbi_addr_set("/portal", "current"), CB_OK);
	cb_html_field_entity(&room->html, "Team", "group:default/boarding");
	assert_non_null(strstr(
	    written(room),
	    "<a class=\"ref\" href=\"/portal/catalog/default/group/boarding\">"
	    "<svg class=\"icon kind-group\" aria-hidden=\"true\"><use href=\""
	    "/portal/assets/current/icons.svg#group\"></use></svg>"
	    "boarding</a>"));
	assert_int_equal(cbi_addr_set("", "current"), CB_OK);
	cb_html_entity(&room->html, "widget:default/x");
	assert_string_equal(written(room),
	                    "<p class=\"run\"><a class=\"ref\" "
	                    "href=\"/catalog/default/widget/x\">" ICON(
				" kind-other", "other") "x</a></p>\n");
	cb_html_entity(&room->html, "no ref at all");
	assert_string_equal(written(room),
	                    "<p class=\"run\">no ref at all</p>\n");
}

static void inline_marks_share_a_paragraph(void **state)
{
	struct room *room = *state;

	cb_html_badge(&room->html, CB_TONE_GOOD, "production");
	cb_html_status(&room->html, CB_TONE_BAD, "Failed");
	cb_html_text(&room->html, "next");
	assert_string_equal(written(room),
	                    "<p class=\"run\"><span class=\"badge\" "
	                    "data-tone=\"good\">production</span> "
	                    "<span class=\"status\" data-tone=\"bad\">" ICON(
				"", "bad") "Failed</span></p>\n<p>next</p>\n");
}

static void tables_keep_their_shape(void **state)
{
	static const char *const heads[] = { "Build", "Result", "Took", NULL };
	struct room *room = *state;
	struct cb_html *html = &room->html;

	cb_html_table_open(html, "Last builds", heads);
	cb_html_row_open(html);
	cb_html_cell_open(html);
	cb_html_link(html, "#1", "https://ci.example/1");
	cb_html_cell_open(html); /* ends the one before */
	cb_html_status(html, CB_TONE_GOOD, "Passed");
	cb_html_cell_close(html);
	cb_html_cell_open(html);
	cb_html_duration(html, 80000);
	cb_html_row_open(html); /* and so does a row */
	cb_html_cell(html, NULL);
	assert_string_equal(
	    written(room),
	    "<div class=\"table-box\"><table class=\"table\">"
	    "<caption class=\"vh\">Last builds</caption>\n"
	    "<thead><tr><th scope=\"col\">Build</th><th scope=\"col\">Result"
	    "</th><th scope=\"col\">Took</th></tr></thead>\n<tbody>\n"
	    "<tr><td class=\"lead\"><a "
	    "href=\"https://ci.example/1\">#1</a></td>"
	    "<td><span class=\"status\" data-tone=\"good\">" ICON(
		"", "good") "Passed</span></td>"
			    "<td data-label=\"Took\">1 min 20 s</td></tr>\n"
			    "<tr><td class=\"lead\"><span "
			    "class=\"muted\">\xe2\x80\x93"
			    "</span></td><td></td><td></td></tr>\n"
			    "</tbody></table></div>\n");
}

static void times_stand_at_the_end_of_items(void **state)
{
	struct room *room = *state;
	struct cb_html *html = &room->html;

	cb_html_list_open(html);
	cb_html_item_open(html);
	cb_html_link(html, "Deploy", "https://cd.example");
	cb_html_text(html, "by Amara");
	cb_html_duration(html, 4000);
	cb_html_item_open(html);
	cb_html_text(html, "plain");
	cb_html_item_close(html);
	cb_html_list_close(html);
	assert_string_equal(
	    written(room),
	    "<ul class=\"list\">\n<li><div class=\"list-main\">"
	    "<a href=\"https://cd.example\">Deploy</a><p>by Amara</p></div>"
	    "<span class=\"list-end\">4 s</span></li>\n"
	    "<li><div class=\"list-main\">plain</div></li>\n</ul>\n");
}

static void what_stands_in_the_wrong_place_is_named(void **state)
{
	struct room *room = *state;

	cb_html_row_open(&room->html);
	assert_int_equal(cbi_html_end(&room->html), CB_EBUG);
	assert_string_equal(cb_failure(&room->ctx),
	                    "a row stands outside of a table");
	cb_failure_clear(&room->ctx);
	cbi_buf_clear(&room->buf);
	cb_html_list_open(&room->html);
	cb_html_badge(&room->html, CB_TONE_GOOD, "x");
	assert_int_equal(cbi_html_end(&room->html), CB_EBUG);
	assert_string_equal(cb_failure(&room->ctx),
	                    "text stands outside of a list item");
}

static void figures_stay_within_their_bounds(void **state)
{
	struct room *room = *state;
	const double rising[] = { 1, 3, 2 };
	const double odd[] = { 0.0 / 0.0 * 1, 1, 1.0 / 0.0 };
	const char *text;

	cb_html_stat(&room->html, CB_TONE_NEUTRAL, "Bugs", "2", "A");
	cb_html_stat(&room->html, CB_TONE_BAD, "Debt", "3 d", "worst");
	text = written(room);
	assert_non_null(strstr(text, "<dl class=\"stats\"><div class=\"stat\">"
	                             "<dt>Bugs</dt><dd>2 <span class=\"rating\""
	                             " data-rating=\"a\">"));
	assert_non_null(strstr(text, "3 d <small>worst</small>"));
	cb_html_progress(&room->html, "Done", 17, 20);
	assert_non_null(
	    strstr(written(room),
	           "<progress id=\"t-p1\" max=\"20\" value=\"17\">17 of 20"));
	cb_html_progress(&room->html, "Odd", -1, 0);
	assert_non_null(strstr(written(room), "max=\"1\" value=\"0\""));
	cb_html_sparkline(&room->html, "Builds", rising, 3);
	assert_non_null(
	    strstr(written(room),
	           "<polyline points=\"0.0,29.0 50.0,3.0 100.0,16.0\""));
	cb_html_sparkline(&room->html, "Builds", odd, 3);
	assert_null(strstr(written(room), "nan"));
	cb_html_sparkline(&room->html, "None", NULL, 0);
	assert_string_equal(written(room), "<p class=\"note\">None</p>\n");
}

static void times_are_said_as_people_do(void **state)
{
	static const struct {
		int64_t ago;
		const char *text;
	} rows[] = {
		{ 0, "just now" },
		{ -2000, "just now" },
		{ 59999, "59 s ago" },
		{ 720000, "12 min ago" },
		{ 3600000, "1 h ago" },
		{ -3600000, "in 1 h" },
		{ 86400000, "1 day ago" },
		{ 3 * INT64_C(86400000), "3 days ago" },
		{ 100 * INT64_C(86400000), "3 months ago" },
		{ 800 * INT64_C(86400000), "2 years ago" },
	};
	static const struct {
		int64_t ms;
		const char *text;
	} spans[] = {
		{ 0, "0 ms" },           { -5, "0 ms" },
		{ 999, "999 ms" },       { 38000, "38 s" },
		{ 80000, "1 min 20 s" }, { 5400000, "1 h 30 min" },
		{ 90000000, "1 d 1 h" },
	};
	struct room *room = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
		    cbi_html_ago_text(&room->ctx, INT64_C(1700000000000),
		                      INT64_C(1700000000000) + rows[i].ago),
		    rows[i].text);
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++)
		assert_string_equal(
		    cbi_html_duration_text(&room->ctx, spans[i].ms),
		    spans[i].text);
	cbi_html_ago(&room->html, INT64_C(1700000000000));
	assert_non_null(strstr(written(room),
	                       "<time datetime=\"2023-11-14T22:13:20.000Z\""
	                       " title=\"2023-11-14 22:13:20 UTC\">"));
}

static void messages_take_what_is_put_into_them(void **state)
{
	struct room *room = *state;

	assert_string_equal(
	    cbi_html_say(&room->ctx, "{2} of {1}, {3} {", "%s", "2"),
	    "2 of %s, {3} {");
	assert_string_equal(cbi_html_number_text(&room->ctx, 1234567),
	                    "1,234,567");
	assert_string_equal(cbi_html_number_text(&room->ctx, -999), "-999");
	assert_string_equal(cbi_html_number_text(&room->ctx, INT64_MIN),
	                    "-9,223,372,036,854,775,808");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_gather_in_one_list),
		cmocka_unit_test(entities_are_linked_by_their_page),
		cmocka_unit_test(inline_marks_share_a_paragraph),
		cmocka_unit_test(tables_keep_their_shape),
		cmocka_unit_test(times_stand_at_the_end_of_items),
		cmocka_unit_test(figures_stay_within_their_bounds),
		cmocka_unit_test(times_are_said_as_people_do),
		cmocka_unit_test(messages_take_what_is_put_into_them),
		cmocka_unit_test(what_stands_in_the_wrong_place_is_named),
	};

	return cmocka_run_group_tests(tests, room_open, room_close);
}
