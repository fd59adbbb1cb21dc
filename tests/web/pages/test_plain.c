/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/html/html_room.h"

#include "web/pages/cards.h"

static void cards_read_as_text(void **state)
{
	static const char *const heads[] = { "Build", "Result", NULL };
	struct room *room = *state;
	struct cb_html *html = &room->html;
	struct cb_buf out;

	cb_html_field(html, "Team", "Booking & Crew");
	cb_html_field(html, "Pager", NULL);
	cb_html_note(html, "Nobody < here.");
	cb_html_table_open(html, "Last builds", heads);
	cb_html_row_open(html);
	cb_html_cell(html, "#1");
	cb_html_cell_open(html);
	cb_html_status(html, CB_TONE_GOOD, "Passed");
	cb_html_table_close(html);
	assert_int_equal(cbi_html_end(html), CB_OK);
	cbi_buf_init(&out, CB_MIB);
	cbi_card_plain(&out, room->buf.data, room->buf.len);
	assert_string_equal(cbi_buf_string(&out), "Team: Booking & Crew\n"
	                                          "Pager: \xe2\x80\x93\n"
	                                          "Nobody < here.\n"
	                                          "Last builds\n"
	                                          "Build   Result  \n"
	                                          "#1   Passed  \n");
	cbi_buf_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(cards_read_as_text, room_open,
		                                room_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
