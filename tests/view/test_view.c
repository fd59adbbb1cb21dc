/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/html/html_room.h"

#include <callboard/json.h>

#include "view/view.h"

static json_t *parse(struct room *room, const char *text)
{
	json_t *model;

	assert_int_equal(cb_json_parse(&room->ctx, text, strlen(text), &model),
	                 CB_OK);
	return model;
}

/* What is said against a model; "" for nothing. */
static const char *said(struct room *room, const char *text)
{
	int rc;

	cb_failure_clear(&room->ctx);
	rc = cbi_view_check(&room->ctx, parse(room, text));
	assert_int_equal(rc, cb_failure_code(&room->ctx));
	return cb_failure(&room->ctx);
}

/* One component in a model. */
static const char *one(struct room *room, const char *component)
{
	const char *text =
	    cb_printf(&room->ctx, "{\"level\":1,\"show\":[%s]}", component);

	assert_non_null(text);
	return text;
}

static const char *drawn(struct room *room, const char *component)
{
	const char *text = one(room, component);

	assert_string_equal(said(room, text), "");
	assert_int_equal(
	    cbi_view_draw(&room->ctx, &room->html, parse(room, text)), CB_OK);
	return written(room);
}

#define DRAWS(component, part) \
	assert_non_null(strstr(drawn(room, component), part))

static void mistakes_are_named_with_their_place(void **state)
{
	static const char *const rows[][2] = {
		{ "{\"tabel\":{}}",
		  "show.0: there is no component 'tabel'; did you mean "
		  "'table'?" },
		{ "{\"table\":{\"columns\":[{\"title\":5}],\"rows\":[]}}",
		  "show.0.table.columns.0.title: expected a text, not 5" },
		{ "{\"table\":{\"columns\":[\"a\"],\"rows\":[[1,2]]}}",
		  "show.0.table.rows.0: 2 cells for 1 columns" },
		{ "{\"table\":{\"rows\":[]}}",
		  "show.0.table: 'columns' is needed (a list)" },
		{ "{\"table\":{\"columns\":[\"a\"],\"rows\":[[{\"tabs\":[]}]]"
		  "}}",
		  "show.0.table.rows.0.0: 'tabs' cannot stand within a line" },
		{ "{\"stat\":{\"label\":\"a\",\"value\":1,\"tune\":\"bad\"}}",
		  "show.0.stat: there is no member 'tune' here; did you mean "
		  "'tone'?" },
		{ "{\"stat\":{\"label\":\"a\",\"value\":1,\"tone\":\"red\"}}",
		  "show.0.stat.tone: expected one of good, warn, bad, info, "
		  "busy, neutral, not 'red'" },
		{ "{\"stat\":{\"label\":\"a\",\"value\":[]}}",
		  "show.0.stat.value: expected a text, number or truth, not a "
		  "list" },
		{ "{\"time\":\"tomorrow\"}",
		  "show.0.time: expected a time (RFC 3339, or seconds since "
		  "the epoch), not 'tomorrow'" },
		{ "{\"time\":1e300}",
		  "show.0.time: expected a time (RFC 3339, or seconds since "
		  "the epoch), not 1e+300" },
		{ "{\"entity\":\"ferry\"}",
		  "show.0.entity: expected an entity (kind:namespace/name), "
		  "not 'ferry'" },
		{ "{\"sparkline\":{\"label\":\"a\",\"values\":[1,\"2\"]}}",
		  "show.0.sparkline.values.1: expected a number, not '2'" },
		{ "{\"text\":\"a\",\"note\":\"b\"}",
		  "show.0: expected an object with one component, not an "
		  "object" },
		{ "\"text\"",
		  "show.0: expected an object with one component, not "
		  "'text'" },
		{ "{\"tabs\":[{\"title\":\"a\",\"show\":[{\"tabs\":[]}]}]}",
		  "show.0.tabs.0.show.0: tabs cannot stand within tabs" },
		{ "{\"note\":\"a\"},{\"list\":[\"a\",{\"titel\":\"b\"}]}",
		  "show.1.list.1: there is no member 'titel' here; did you "
		  "mean 'title'?" },
		{ "{\"fields\":[{\"label\":\"a\",\"value\":[{\"x\":1}]}]}",
		  "show.0.fields.0.value.0: there is no component 'x'" },
	};
	struct room *room = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(said(room, one(room, rows[i][0])),
		                    rows[i][1]);
}

static void the_level_is_looked_at_first(void **state)
{
	struct room *room = *state;

	assert_string_equal(said(room, "{\"show\":[]}"),
	                    "level: expected a number from 1 to 1");
	assert_string_equal(said(room, "{\"level\":\"1\",\"show\":[]}"),
	                    "level: expected a number from 1 to 1, not '1'");
	assert_string_equal(said(room, "{\"level\":2,\"show\":[{\"new\":1}]}"),
	                    "level: 2 is newer than this host, which serves "
	                    "levels 1 to 1");
	assert_int_equal(cb_failure_code(&room->ctx), CB_ENOTSUP);
	assert_string_equal(said(room, "{\"level\":0,\"show\":[]}"),
	                    "level: 0 is older than this host, which serves "
	                    "levels 1 to 1");
	assert_string_equal(said(room, "[]"),
	                    "a view model is an object with 'level' and "
	                    "'show'");
	assert_string_equal(said(room, "{\"level\":1}"),
	                    "show: expected a list of components");
	assert_string_equal(said(room, "{\"level\":1,\"shows\":[],\"show\":[]"
	                               "}"),
	                    "there is no member 'shows' of a view model "
	                    "(level, show)");
}

/* n times the same, with commas between. */
static const char *many(struct room *room, const char *what, int n)
{
	size_t len = strlen(what) + 1;
	char *out = cb_alloc(&room->ctx, len * (size_t)n + 1);

	assert_non_null(out);
	for (int i = 0; i < n; i++) {
		memcpy(out + (size_t)i * len, what, len - 1);
		out[(size_t)(i + 1) * len - 1] = ',';
	}
	out[len * (size_t)n - 1] = '\0';
	return out;
}

static void a_model_has_limits(void **state)
{
	struct room *room = *state;
	struct cb_ctx *ctx = &room->ctx;
	char *text = cb_alloc(ctx, CBI_VIEW_TEXT_MAX + 20);

	assert_string_equal(
	    said(room, one(room, many(room, "{\"text\":1}", 101))),
	    "show: 101 entries, at most 100");
	assert_int_equal(cb_failure_code(ctx), CB_ETOOBIG);
	assert_string_equal(
	    said(room, one(room, cb_printf(ctx, "{\"list\":[%s]}",
	                                   many(room, "1", 1001)))),
	    "show.0.list: 1001 entries, at most 1000");
	assert_string_equal(
	    said(room, one(room, cb_printf(ctx,
	                                   "{\"table\":{\"columns\":[%s],"
	                                   "\"rows\":[]}}",
	                                   many(room, "\"a\"", 21)))),
	    "show.0.table.columns: 21 entries, at most 20");
	assert_string_equal(
	    said(room,
	         one(room, cb_printf(ctx, "{\"tabs\":[%s]}",
	                             many(room, "{\"title\":\"a\",\"show\":[]}",
	                                  13)))),
	    "show.0.tabs: 13 entries, at most 12");
	assert_string_equal(
	    said(room, one(room, cb_printf(ctx,
	                                   "{\"fields\":[{\"label\":\"a\","
	                                   "\"value\":[%s]}]}",
	                                   many(room, "1", 17)))),
	    "show.0.fields.0.value: 17 values in one place, at most 16");
	assert_string_equal(
	    said(room,
	         one(room, many(room,
	                        cb_printf(ctx, "{\"list\":[%s]}",
	                                  many(room, "{\"title\":1,\"text\":2}",
	                                       700)),
	                        12))),
	    "show.9.list.360: 20001 values in one model, at most "
	    "20000");
	memset(text, 'x', CBI_VIEW_TEXT_MAX + 1);
	assert_string_equal(
	    said(room, one(room, cb_printf(ctx, "{\"text\":\"%s\"}", text))),
	    "show.0.text: 32769 bytes, at most 32768");
}

static void deep_nesting_is_refused(void **state)
{
	struct room *room = *state;

	/* Deeper than JSON may be here never gets this far. */
	assert_string_equal(
	    said(room, one(room, "{\"text\":[[[[[[[[[[1]]]]]]]]]]}")),
	    "show.0.text: expected a text, number or truth, not a list");
	assert_string_equal(
	    said(room, one(room, "{\"fields\":[{\"label\":\"a\",\"value\":"
	                         "[[1]]}]}")),
	    "show.0.fields.0.value.0: expected a text, number or truth, not "
	    "a list");
}

static void every_component_is_drawn(void **state)
{
	struct room *room = *state;

	DRAWS("{\"text\":\"a\"}", "<p>a</p>");
	DRAWS("{\"heading\":\"a\"}", "<h3>a</h3>");
	DRAWS("{\"note\":{\"text\":\"a\"}}", "<p class=\"note\">a</p>");
	DRAWS("{\"empty\":{\"title\":\"No\",\"hint\":\"h\"}}",
	      "<p class=\"empty-title\">No</p><p>h</p>");
	DRAWS("{\"error\":{\"title\":\"No\",\"text\":\"how\"}}",
	      "<p><strong>No</strong></p><p>how</p>");
	DRAWS("{\"fields\":[{\"label\":\"a\",\"value\":{\"badge\":\"b\"}}]}",
	      "<dt>a</dt><dd><span class=\"badge\" "
	      "data-tone=\"neutral\">b</span></dd></div>");
	DRAWS("{\"list\":[\"a\",{\"title\":\"b\",\"text\":\"c\","
	      "\"mark\":{\"status\":{\"text\":\"d\",\"tone\":\"good\"}}}]}",
	      "<li><div class=\"list-main\">b<p>c</p></div><span "
	      "class=\"list-end\"><span class=\"status\" data-tone=\"good\">");
	DRAWS("{\"links\":[\"https://a.example/\"]}",
	      "<ul class=\"links\">\n<li><a href=\"https://a.example/\">");
	DRAWS("{\"table\":{\"columns\":[\"a\",{\"title\":\"n\","
	      "\"align\":\"end\"}],\"rows\":[[\"x\",1234.5],[\"y\"]]}}",
	      "<td class=\"lead\">x</td><td class=\"num\" "
	      "data-label=\"n\">1,234.5</td></tr>\n<tr><td "
	      "class=\"lead\">y</td><td></td></tr>");
	DRAWS("{\"stat\":{\"label\":\"a\",\"value\":12345,\"tone\":\"bad\"}}",
	      "data-tone=\"bad\"><dt>a</dt><dd>12,345</dd>");
	DRAWS("{\"status\":{\"text\":true,\"tone\":\"busy\"}}", "yes</span>");
	DRAWS("{\"badge\":\"a\"}", "data-tone=\"neutral\">a</span>");
	DRAWS("{\"progress\":{\"label\":\"a\",\"value\":3,\"max\":4,"
	      "\"tone\":\"warn\"}}",
	      "<div class=\"progress\" data-tone=\"warn\"><label "
	      "for=\"t-p1\">a</label><span class=\"progress-value\">3 of "
	      "4</span>");
	DRAWS("{\"timeline\":[{\"title\":\"a\",\"tone\":\"bad\",\"text\":"
	      "\"b\",\"time\":0}]}",
	      "<li data-tone=\"bad\"><time "
	      "datetime=\"1970-01-01T00:00:00.000Z\"");
	DRAWS("{\"sparkline\":{\"label\":\"a\",\"values\":[1,null,2]}}",
	      "<polyline points=\"0.0,29.0 50.0,29.0 100.0,3.0\"/>");
	DRAWS("{\"bars\":{\"label\":\"a\",\"items\":[{\"label\":\"x\","
	      "\"value\":1},{\"label\":\"y\",\"value\":2}]}}",
	      "aria-label=\"a: x 1, y 2\"");
	DRAWS("{\"markdown\":\"*a*\"}", "<p><em>a</em></p>");
	DRAWS("{\"html\":\"<i>a</i>\"}", "<em>a</em>");
	DRAWS("{\"tabs\":[{\"title\":\"a\",\"show\":[{\"text\":\"x\"}]},"
	      "{\"title\":\"b\",\"show\":[{\"text\":\"y\"}]}]}",
	      "id=\"t-t2-1\" checked><label for=\"t-t2-1\">a</label><div "
	      "class=\"tabset-panel\">\n<p>x</p>\n</div>\n<input "
	      "type=\"radio\" class=\"vh\" name=\"t-t2\" id=\"t-t2-2\">");
	DRAWS("{\"code\":\"a\"}", "<code>a</code></pre>");
	DRAWS("{\"link\":{\"url\":\"https://a.example/\",\"text\":\"a\"}}",
	      "<a href=\"https://a.example/\">a</a>");
	DRAWS("{\"entity\":\"api:default/a\"}",
	      "href=\"/catalog/default/api/a\"");
	DRAWS("{\"time\":\"2026-11-27T18:00:00+01:00\"}",
	      "datetime=\"2026-11-27T17:00:00.000Z\"");
	DRAWS("{\"duration\":80}", "1 min 20 s");
}

/* Every row of the table has a drawer: a name alone says nothing. */
static void no_component_is_forgotten(void **state)
{
	static const char *const known =
	    " text heading note empty error fields list links table stat "
	    "status badge progress timeline sparkline bars markdown html tabs "
	    "code "
	    "link entity time duration ";
	struct room *room = *state;
	size_t n;
	const struct cbi_view_component *all = cbi_view_components(&n);

	for (size_t i = 0; i < n; i++) {
		const char *name = cb_printf(&room->ctx, " %s ", all[i].name);

		assert_non_null(strstr(known, name));
		assert_non_null(all[i].help);
		if (all[i].shape.main)
			assert_non_null(
			    cbi_view_member(&all[i].shape, all[i].shape.main));
	}
}

static void what_nobody_knows_is_a_dash(void **state)
{
	struct room *room = *state;

	DRAWS("{\"text\":null}", "\xe2\x80\x93");
	DRAWS("{\"stat\":{\"label\":null,\"value\":null}}",
	      "<dt>\xe2\x80\x93</dt><dd>\xe2\x80\x93</dd>");
	DRAWS("{\"time\":null}", "\xe2\x80\x93");
	DRAWS("{\"duration\":1e300}", "\xe2\x80\x93");
	DRAWS("{\"progress\":{\"label\":\"a\",\"value\":null}}",
	      "<dt>a</dt><dd><span class=\"muted\">");
	DRAWS("{\"list\":null}", "There is nothing here.");
	DRAWS("{\"table\":{\"columns\":[\"a\"],\"rows\":null,\"empty\":"
	      "\"None open\"}}",
	      "<p class=\"note\">None open</p>");
	DRAWS("{\"timeline\":[]}", "There is nothing here.");
	DRAWS("{\"bars\":{\"label\":\"a\",\"items\":[]}}",
	      "<p class=\"note\">a</p>");
}

static void numbers_are_grouped(void **state)
{
	struct room *room = *state;

	DRAWS("{\"text\":-1234567}", "<p>-1,234,567</p>");
	DRAWS("{\"text\":-0.25}", "<p>-0.25</p>");
	DRAWS("{\"text\":81.4}", "<p>81.4</p>");
	DRAWS("{\"text\":1.9999}", "<p>2</p>");
	DRAWS("{\"text\":-1.9999}", "<p>-2</p>");
	DRAWS("{\"text\":1e300}", "<p>1e+300</p>");
	DRAWS("{\"text\":9223372036854775807}",
	      "<p>9,223,372,036,854,775,807</p>");
}

static void nothing_in_a_model_is_markup(void **state)
{
	struct room *room = *state;
	const char *html = drawn(
	    room,
	    "{\"text\":\"<!--#include virtual=x -->\"},"
	    "{\"markdown\":\"<script>a</script> <b onclick=x>b</b> "
	    "[c](javascript:alert(1)) [d](javascript&colon;alert(1)) "
	    "![e](data:text/html,x)\\n\\n<!--#exec -->\\n\\n&lt;\"},"
	    "{\"link\":{\"url\":\"javascript:alert(1)\",\"text\":\"<i>\"}},"
	    "{\"list\":[{\"title\":\"\\\"><img src=x>\",\"url\":"
	    "\"//evil.example\"}]},"
	    "{\"timeline\":[{\"title\":\"<u>\",\"url\":\"vbscript:x\"}]},"
	    "{\"tabs\":[{\"title\":\"<s>\",\"show\":[]}]},"
	    "{\"bars\":{\"label\":\"\\\" onload=x\",\"items\":[{\"label\":"
	    "\"<b>\",\"value\":-1e308},{\"label\":\"c\",\"value\":1e308}]}},"
	    "{\"table\":{\"columns\":[\"<th>\"],\"rows\":[[\"<td>\"]]}}");

	assert_null(strstr(html, "<!--"));
	assert_null(strstr(html, "<script"));
	assert_null(strstr(html, "<b "));
	assert_null(strstr(html, "<b>"));
	assert_null(strstr(html, "<i>"));
	assert_null(strstr(html, "<u>"));
	assert_null(strstr(html, "<s>"));
	assert_null(strstr(html, "<img"));
	assert_null(strstr(html, "href=\"javascript:"));
	assert_null(strstr(html, "href=\"data"));
	assert_null(strstr(html, "href=\"vb"));
	assert_null(strstr(html, "href=\"//"));
	assert_null(strstr(html, "&colon;"));
	assert_non_null(strstr(html, "<p>&lt;</p>"));
	assert_null(strstr(html, "\" onload"));
}

/* Drawing leans on the check for sense, not for safety. */
static void what_was_not_checked_draws_no_markup(void **state)
{
	static const char *const odd[] = {
		"{\"show\":5}",
		"{\"show\":[5,[],{},{\"x\":1},{\"table\":5},{\"table\":"
		"{\"columns\":5,\"rows\":[5]}},{\"tabs\":[5,{\"show\":[{"
		"\"tabs\":[{\"show\":5}]}]}]},{\"fields\":[5,{\"value\":"
		"{\"table\":{\"columns\":[1],\"rows\":[[1]]}}}]},"
		"{\"list\":[{\"mark\":{\"list\":[1]}}]},{\"bars\":{\"items\":"
		"[1]}},{\"sparkline\":{\"values\":[\"a\"]}},{\"markdown\":5},"
		"{\"time\":{}},{\"entity\":5},{\"link\":{}},{\"links\":[5]}]}",
	};
	struct room *room = *state;

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		(void)!cbi_view_draw(&room->ctx, &room->html,
		                     parse(room, odd[i]));
		(void)!cbi_html_end(&room->html);
		cbi_buf_clear(&room->buf);
		cb_failure_clear(&room->ctx);
		cbi_html_init(&room->html, &room->ctx, &room->buf, "t", 3);
	}
}

static void markdown_is_drawn_as_prose(void **state)
{
	struct room *room = *state;

	cbi_view_markdown(&room->html,
	                  "# Head\n\n1. one\n2. two\n\n- [x] done\n- [ ] to "
	                  "do\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```sh\nls "
	                  "<x>\n```\n\n> q\n\n[r](/docs/a?b=1&amp;c=2) "
	                  "[![img](https://a.example/x.png)](https://b.example)"
	                  " ~~s~~ `t` a  \nb &copy; &#60;");
	assert_string_equal(
	    written(room),
	    "<div class=\"prose\" hx-ignore>\n<h3>Head</h3>\n<ol>\n<li>one"
	    "</li>\n<li>two</li>\n</ol>\n<ul>\n<li>\xe2\x98\x91 done</li>\n"
	    "<li>\xe2\x98\x90 to do</li>\n</ul>\n<div class=\"table-box\">"
	    "<table class=\"table\">\n<thead>\n<tr><th scope=\"col\">a</th>"
	    "<th scope=\"col\">b</th></tr>\n</thead>\n<tbody>\n<tr><td>1</td>"
	    "<td>2</td></tr>\n</tbody>\n</table></div>\n<pre class=\"code\" "
	    "tabindex=\"0\" role=\"region\" aria-label=\"Code 1\"><code>ls "
	    "&lt;x&gt;\n</code></pre>\n<blockquote>\n<p>q</p>\n</blockquote>\n"
	    "<p><a href=\"/docs/a?b=1&amp;c=2\">r</a> "
	    "<a href=\"https://b.example\">img</a> <del>s</del> "
	    "<code>t</code> a<br>\nb &copy; &#60;</p>\n</div>\n");
}

static const char *anew(struct room *room, const char *text)
{
	cbi_view_markup(&room->html, text);
	return written(room);
}

static void html_of_others_is_made_anew(void **state)
{
	static const char *const rows[][2] = {
		{ "<p class=x onclick=y>a <b>b</b> &amp; c<br/>d",
		  "<p>a <strong>b</strong> &amp; c<br>d</p>\n" },
		{ "<DIV><h1>A</h1><span>b</span></DIV>", "<h3>A</h3>b" },
		{ "<ul><li>a<li>b</ul>c",
		  "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\nc" },
		{ "<table><tr><th>a<td>b<tr><td><p>c</table>",
		  "<div class=\"table-box\"><table class=\"table\">\n<tr><th "
		  "scope=\"col\">a</th><td>b</td></tr>\n<tr><td><p>c</p>\n"
		  "</td></tr>\n</table></div>\n" },
		{ "<p>a<p>b<ul><p>c</ul>",
		  "<p>a</p>\n<p>b</p>\n<ul>\n</ul>\n" },
		{ "a</p></b></table>b", "ab" },
		{ "<a href='/docs?a=1&amp;b=2' target=_top>x</a>",
		  "<a href=\"/docs?a=1&amp;b=2\">x</a>" },
		{ "<a href=javascript:alert(1)>x</a>", "x" },
		/* As it is written: a relative address. */
		{ "<a href=\"java&#115;cript:x\">x</a>",
		  "<a href=\"java&amp;#115;cript:x\">x</a>" },
		{ "<a href=/a><a href=/b>x</a>y</a>", "<a href=\"/a\">x</a>y" },
		{ "<script>alert(1)</script>a<SCRIPT>b", "a" },
		{ "<style>a</style ><svg><a href=/x>b</a></svg>c", "c" },
		{ "<!--# include virtual=\"/x\" -->a<!doctype html><?php x ?>b",
		  "ab" },
		{ "a<!-- never ends", "a" },
		{ "1 < 2 &lt;b&gt; &nosuch &#x41; <", "1 &lt; 2 &lt;b&gt; "
		                                      "&amp;nosuch &#x41; "
		                                      "&lt;" },
		{ "<img src=x onerror=y><iframe src=z>a</iframe>b", "b" },
		{ "<p title='>'>a", "<p>a</p>\n" },
		{ "<p title='a", "<p></p>\n" },
	};
	struct room *room = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *want = cb_printf(
		    &room->ctx, "<div class=\"prose\" hx-ignore>\n%s\n</div>\n",
		    rows[i][1]);

		assert_string_equal(anew(room, rows[i][0]), want);
	}
	assert_non_null(strstr(anew(room, "<pre>a\n <b>"),
	                       "><code>a\n <strong></strong></code></pre>"));
}

static void html_of_others_nests_to_a_limit(void **state)
{
	struct room *room = *state;
	const char *html = anew(room, many(room, "<blockquote>", 500));
	size_t n = 0;

	for (; (html = strstr(html, "<blockquote>")) != NULL; html++)
		n++;
	assert_int_equal(n, 32);
}

static void a_full_buffer_is_a_failure(void **state)
{
	struct room *room = *state;

	cbi_buf_finish(&room->buf);
	cbi_buf_init(&room->buf, 20);
	(void)!cbi_view_draw(&room->ctx, &room->html,
	                     parse(room, one(room, "{\"markdown\":\"a *b* c\"},"
	                                           "{\"text\":\"a\"}")));
	assert_int_equal(cbi_html_end(&room->html), CB_ETOOBIG);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, room_open, room_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(mistakes_are_named_with_their_place),
		TEST(the_level_is_looked_at_first),
		TEST(a_model_has_limits),
		TEST(deep_nesting_is_refused),
		TEST(every_component_is_drawn),
		TEST(no_component_is_forgotten),
		TEST(what_nobody_knows_is_a_dash),
		TEST(numbers_are_grouped),
		TEST(nothing_in_a_model_is_markup),
		TEST(what_was_not_checked_draws_no_markup),
		TEST(markdown_is_drawn_as_prose),
		TEST(html_of_others_is_made_anew),
		TEST(html_of_others_nests_to_a_limit),
		TEST(a_full_buffer_is_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
