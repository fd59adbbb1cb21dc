/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/html/html_room.h"

static void text_is_escaped(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "plain", "plain" },
		{ "<script>alert(1)</script>",
		  "&lt;script&gt;alert(1)&lt;/script&gt;" },
		{ "a & b", "a &amp; b" },
		{ "\" ' onclick=x", "&quot; &#39; onclick=x" },
		{ "&lt;", "&amp;lt;" },
		{ "<!--# include virtual=\"/etc\" -->",
		  "&lt;!--# include virtual=&quot;/etc&quot; --&gt;" },
		{ "]]></x>", "]]&gt;&lt;/x&gt;" },
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
		{ "\xf0\x9f\x9a\xa2", "\xf0\x9f\x9a\xa2" },
		{ "tab\tand\nline", "tab\tand\nline" },
		{ "cr\rx", "cr&#13;x" },
		/* What is no text is shown as such. */
		{ "bell\a\x1b[0m", "bell\xef\xbf\xbd\xef\xbf\xbd[0m" },
		{ "lat\xe9", "lat\xef\xbf\xbd" },
		{ "\xc0\xbcscript>", "\xef\xbf\xbd\xef\xbf\xbdscript&gt;" },
		{ "\xe0\x80\xbc", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "cut\xf0\x9f\x9a",
		  "cut\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	};
	struct room *room = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cbi_html_esc(&room->html, rows[i].in);
		assert_string_equal(written(room), rows[i].out);
	}
	cbi_html_esc(&room->html, NULL);
	assert_string_equal(written(room), "");
}

static void attributes_are_escaped(void **state)
{
	struct room *room = *state;

	cbi_html_attr(&room->html, "title", "a\" onload=\"x' <b>&");
	assert_string_equal(
	    written(room),
	    " title=\"a&quot; onload=&quot;x&#39; &lt;b&gt;&amp;\"");
	cbi_html_attr(&room->html, "title", NULL);
	assert_string_equal(written(room), "");
}

static void links_lead_to_the_web_mail_and_the_portal(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "https://example.org/a?b=c&d=e#f",
		  "https://example.org/a?b=c&d=e#f" },
		{ "HTTP://example.org", "HTTP://example.org" },
		{ "mailto:crew@ondry.example", "mailto:crew@ondry.example" },
		{ "https://example.org/two words",
		  "https://example.org/two%20words" },
		{ "/catalog", "/portal/catalog" },
		{ "docs/index.html", "docs/index.html" },
		{ "?q=a:b", "?q=a:b" },
		{ "#top", "#top" },
		{ "./x:y", "./x:y" },
	};
	struct room *room = *state;

	assert_int_equal(cbi_addr_set("/portal", "r1"), CB_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(cbi_html_safe_url(&room->ctx, rows[i].in),
		                    rows[i].out);
}

static void other_addresses_stay_text(void **state)
{
	static const char *const bad[] = {
		"",
		" https://example.org",
		"javascript:alert(1)",
		"JaVaScRiPt:alert(1)",
		" javascript:alert(1)",
		"\tjavascript:alert(1)",
		"\x01javascript:alert(1)",
		"java\tscript:alert(1)",
		"java\nscript:alert(1)",
		"java\rscript:alert(1)",
		"javascript&colon;alert(1):x",
		"vbscript:msgbox(1)",
		"data:text/html,<script>alert(1)</script>",
		"data:image/svg+xml;base64,AA",
		"file:///etc/passwd",
		"ftp://example.org",
		"blob:https://example.org/x",
		"view-source:https://example.org",
		"tel:112",
		"//evil.example/x",
		"/\\evil.example",
		"\\\\evil.example",
		"https:evil.example",
		"https:/evil.example",
		"https:///evil.example",
		"http://",
		"https://example.org\\@evil.example",
		"https://example.org/\x7f",
		":alert(1)",
		"%6aavascript:alert(1)",
		"\xe2\x80\x8bjavascript:alert(1)",
	};
	struct room *room = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_null(cbi_html_safe_url(&room->ctx, bad[i]));
		assert_false(cbi_html_url(&room->html, bad[i]));
		cb_html_link(&room->html, "here", bad[i]);
		assert_string_equal(written(room),
		                    "<p class=\"run\">here</p>\n");
	}
	assert_null(cbi_html_safe_url(&room->ctx, NULL));
}

/* Every call that takes a text, with a text that is an SSI command and
 * markup: no `<` of it may be left. */
static void no_field_lets_markup_through(void **state)
{
	static const char evil[] =
	    "\"><!--# include virtual=\"/x\" --><img src=x onerror=y>'";
	const char *const heads[] = { evil, evil, NULL };
	const double values[] = { 1, 2 };
	struct room *room = *state;
	struct cb_html *html = &room->html;
	const char *text;

	html->id = evil;
	cb_html_text(html, evil);
	cb_html_note(html, evil);
	cb_html_empty(html, evil, evil);
	cb_html_field(html, evil, evil);
	cb_html_field_link(html, evil, evil, evil);
	cb_html_field_link(html, evil, evil, "https://x.example/\"><!--#");
	cb_html_field_entity(html, evil, evil);
	cb_html_field_entity(html, evil, "<!--#:<b>/<!--# echo -->");
	cb_html_link(html, evil, "/<!--# echo -->");
	cb_html_entity(html, "a:b/<!--#>\"");
	cb_html_badge(html, CB_TONE_BAD, evil);
	cb_html_status(html, (enum cb_tone)99, evil);
	cb_html_stat(html, CB_TONE_GOOD, evil, evil, evil);
	cb_html_progress(html, evil, 1, 2);
	cb_html_sparkline(html, evil, values, 2);
	cb_html_list_open(html);
	cb_html_item_open(html);
	cb_html_text(html, evil);
	cb_html_text(html, evil);
	cb_html_list_close(html);
	cb_html_table_open(html, evil, heads);
	cb_html_row_open(html);
	cb_html_cell(html, evil);
	cb_html_cell_open(html);
	cb_html_code(html, evil);
	cb_html_table_close(html);
	cb_html_code(html, evil);
	cb_html_heading(html, evil);
	text = written(room);
	assert_null(strstr(text, "<!--"));
	assert_null(strstr(text, "<img"));
	assert_null(strstr(text, "\"><!"));
	assert_null(strstr(text, "onerror=y>"));
	assert_non_null(strstr(text, "&lt;!--# include"));
}

static void a_ceiling_ends_the_writing(void **state)
{
	struct room *room = *state;
	struct cb_buf small;
	struct cb_html html;

	cbi_buf_init(&small, 64);
	cbi_html_init(&html, &room->ctx, &small, "t", 3);
	for (int i = 0; i < 10; i++)
		cb_html_text(&html, "a paragraph of some length");
	assert_true(cbi_html_failed(&html));
	assert_int_equal(cbi_html_end(&html), CB_ETOOBIG);
	assert_true(small.len <= 64);
	assert_string_equal(cb_failure(&room->ctx),
	                    "more than 64 bytes of HTML");
	cbi_buf_finish(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(text_is_escaped, room_open,
		                                room_close),
		cmocka_unit_test_setup_teardown(attributes_are_escaped,
		                                room_open, room_close),
		cmocka_unit_test_setup_teardown(
		    links_lead_to_the_web_mail_and_the_portal, room_open,
		    room_close),
		cmocka_unit_test_setup_teardown(other_addresses_stay_text,
		                                room_open, room_close),
		cmocka_unit_test_setup_teardown(no_field_lets_markup_through,
		                                room_open, room_close),
		cmocka_unit_test_setup_teardown(a_ceiling_ends_the_writing,
		                                room_open, room_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
