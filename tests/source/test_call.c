/* SPDX-License-Identifier: Apache-2.0 */
/*
 * House calls over a real fetch socket.
 */
#include "tests/lib/cmock.h"
#include "tests/source/reader.h"

#include "base/buf.h"
#include "base/clock.h"
#include "json/json.h"
#include "source/ask.h"
#include "source/call.h"
#include "source/value.h"
#include "source/wire.h"

#include <callboard/json.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int call(struct reader *reader, const char *pool, const char *name,
                json_t *in, int budget_ms, json_t **out)
{
	int64_t before = cbi_clock_ms();
	int rc;

	cb_failure_clear(&reader->ctx);
	assert_int_equal(cbi_json_keep(&reader->ctx, in), CB_OK);
	rc = cbi_source_call(&reader->ctx, pool, name, in, budget_ms, out);
	took = cbi_clock_ms() - before;
	return rc;
}

#define TRACE "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static void a_call_brings_actor_and_request_and_json_back(void **state)
{
	struct reader reader;
	json_t *out;

	(void)state;
	reader_enter(&reader);
	reader.ctx.actor = "user:default/ada";
	memcpy(reader.ctx.request_id, "req-7", 6);
	strcpy(reader.ctx.traceparent, TRACE);
	for (int i = 0; i < 3; i++) {
		json_t *in = json_pack("{s:i, s:s}", "n", i, "s", "\xc3\xa4");

		assert_int_equal(
		    call(&reader, "one", "test.echo", in, 2000, &out), CB_OK);
		assert_true(json_equal(json_object_get(out, "in"), in));
		assert_string_equal(cb_json_text(out, "actor", ""),
		                    "user:default/ada");
		assert_string_equal(cb_json_text(out, "request", ""), "req-7");
		assert_string_equal(cb_json_text(out, "trace", ""), TRACE);
		assert_in_range(cb_json_number(out, "left", 0), 1500, 2000);
	}
	reader_leave(&reader);
}

static void a_failure_comes_as_it_was(void **state)
{
	struct reader reader;
	json_t *out = NULL;

	(void)state;
	reader_enter(&reader);
	assert_int_equal(
	    call(&reader, "one", "test.refuse", json_object(), 2000, &out),
	    CB_ECONFLICT);
	assert_string_equal(cb_failure(&reader.ctx), "it is: taken\nalready");
	assert_int_equal(
	    call(&reader, "one", "test.unknown", json_object(), 2000, &out),
	    CB_ENOTSUP);
	assert_int_equal(
	    call(&reader, "nowhere", "test.echo", json_object(), 2000, &out),
	    CB_EAWAY);
	assert_null(out);
	reader_leave(&reader);
}

static void large_ones_pass_up_to_their_ceilings(void **state)
{
	size_t much = CB_CALL_IN_MAX - 100;
	char *text = malloc(much);
	struct reader reader;
	json_t *out;

	(void)state;
	memset(text, 'y', much);
	reader_enter(&reader);
	assert_int_equal(call(&reader, "one", "test.echo",
	                      json_pack("{s:s#}", "t", text, (int)much), 5000,
	                      &out),
	                 CB_OK);
	assert_int_equal(json_string_length(
			     json_object_get(json_object_get(out, "in"), "t")),
	                 much);
	assert_int_equal(call(&reader, "one", "test.swell",
	                      json_pack("{s:i}", "bytes", 8 * CB_MIB - 100),
	                      5000, &out),
	                 CB_OK);
	assert_int_equal(json_string_length(json_object_get(out, "text")),
	                 8 * CB_MIB - 100);
	assert_int_equal(call(&reader, "one", "test.swell",
	                      json_pack("{s:i}", "bytes", 8 * CB_MIB), 5000,
	                      &out),
	                 CB_ETOOBIG);
	assert_int_equal(
	    call(&reader, "one", "test.echo",
	         json_pack("{s:s#, s:s}", "t", text, (int)much, "u",
	                   "and a hundred more bytes than fit in, which is the "
	                   "reason for this long text, and not yet enough"),
	         5000, &out),
	    CB_ETOOBIG);
	free(text);
	reader_leave(&reader);
}

static void a_late_reply_is_nobodys(void **state)
{
	struct cbi_source_value value;
	struct reader reader;
	json_t *out;

	(void)state;
	reader_enter(&reader);
	assert_int_equal(call(&reader, "one", "test.doze",
	                      json_pack("{s:i}", "ms", 400), 150, &out),
	                 CB_ETIME);
	assert_in_range(took, 140, 350);
	/* The same lane goes on with asks and calls at once. */
	assert_int_equal(get(&reader, "long", "ok-call", &value), CB_OK);
	assert_int_equal(call(&reader, "one", "test.echo",
	                      json_pack("{s:i}", "n", 2), 2000, &out),
	                 CB_OK);
	assert_int_equal(cb_json_number(out, "in.n", 0), 2);
	/* An ask that was given up leaves its answer in the way. */
	assert_int_equal(get(&reader, "long", "slow-call", &value),
	                 CB_EPENDING);
	assert_int_equal(call(&reader, "one", "test.doze",
	                      json_pack("{s:i}", "ms", 300), 2000, &out),
	                 CB_OK);
	assert_int_equal(cb_json_number(out, "in.ms", 0), 300);
	reader_leave(&reader);
}

static void the_deadline_of_the_request_is_kept(void **state)
{
	struct reader reader;
	json_t *out;

	(void)state;
	reader_enter(&reader);
	reader.ctx.deadline = cbi_clock_ms() + 150;
	assert_int_equal(call(&reader, "one", "test.doze",
	                      json_pack("{s:i}", "ms", 500), 5000, &out),
	                 CB_ETIME);
	assert_in_range(took, 100, 350);
	reader_leave(&reader);
}

struct caller {
	pthread_t thread;
	int rc;
};

static void *call_thread(void *arg)
{
	struct caller *caller = arg;
	struct reader reader;
	json_t *in = json_pack("{s:i}", "ms", 500), *out;

	reader_enter(&reader);
	caller->rc =
	    cbi_source_call(&reader.ctx, "one", "test.doze", in, 5000, &out);
	json_decref(in);
	reader_leave(&reader);
	return NULL;
}

static void half_of_the_threads_may_wait(void **state)
{
	struct caller callers[6];
	int good = 0, busy = 0;

	(void)state;
	cbi_source_setup(stores->dir, 8);
	for (int i = 0; i < 6; i++)
		assert_int_equal(pthread_create(&callers[i].thread, NULL,
		                                call_thread, &callers[i]),
		                 0);
	for (int i = 0; i < 6; i++) {
		pthread_join(callers[i].thread, NULL);
		good += callers[i].rc == CB_OK;
		busy += callers[i].rc == CB_EBUSY;
	}
	assert_int_equal(good, 4);
	assert_int_equal(busy, 2);
}

static void a_process_that_falls_is_away(void **state)
{
	struct fetcher third;
	struct reader reader;
	json_t *out;

	(void)state;
	assert_true(fetcher_start(&third, stores->dir, "three", true));
	reader_enter(&reader);
	assert_int_equal(
	    call(&reader, "three", "test.fall", json_object(), 3000, &out),
	    CB_EAWAY);
	assert_in_range(took, 0, 1000);
	reader_leave(&reader);
	fetcher_stop(&third);
}

/* Bytes that are no call close the connection, and fetch goes on. */
static void nonsense_closes_its_connection_alone(void **state)
{
	static const struct {
		const char *payload;
		size_t len, said;
		uint32_t budget;
	} rows[] = {
		{ "", 0, 0, 1000 },                   /* no payload */
		{ "\5\0ab", 4, 4, 1000 },             /* a text that is cut */
		{ "\1\0a\1\0b\xff\xff", 8, 8, 1000 }, /* too long a text */
		{ "\1\0a\1\0b\1\0c{}", 11, 11, 99999999 }, /* a budget */
		{ "\1\0a", 3, 3 << 20, 1000 }, /* over its ceiling */
	};
	struct reader reader;
	json_t *out;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cbi_wire_head head = { .kind = CBI_WIRE_CALL,
			                      .id = 3,
			                      .budget_ms = rows[i].budget,
			                      .len = (uint32_t)rows[i].said };
		char raw[CB_WIRE_HEAD], byte;
		int fd = dial();

		cbi_wire_put_head(&head, raw);
		assert_int_equal(send(fd, raw, sizeof(raw), MSG_NOSIGNAL),
		                 sizeof(raw));
		(void)!send(fd, rows[i].payload, rows[i].len, MSG_NOSIGNAL);
		assert_true(recv(fd, &byte, 1, 0) <= 0);
		close(fd);
	}
	reader_enter(&reader);
	assert_int_equal(
	    call(&reader, "one", "test.echo", json_object(), 2000, &out),
	    CB_OK);
	reader_leave(&reader);
}

/* In pieces, and two frames in one. */
static void a_call_may_come_in_pieces(void **state)
{
	struct cbi_wire_call wire = { .name = "test.echo",
		                      .who = { .actor = "a",
		                               .request_id = "r" },
		                      .json = "{\"k\":1}",
		                      .len = 7 };
	struct cbi_wire_head head = { .id = 11, .budget_ms = 3000 };
	struct cb_buf buf;
	int fd = dial();

	(void)state;
	cbi_buf_init(&buf, CB_MIB);
	assert_int_equal(cbi_wire_put_call(&buf, head, &wire), CB_OK);
	head.id = 12;
	assert_int_equal(cbi_wire_put_call(&buf, head, &wire), CB_OK);
	for (size_t at = 0; at < buf.len;) {
		size_t n = at < 30 ? 1 : buf.len - at;

		assert_int_equal(send(fd, buf.data + at, n, 0), n);
		at += n;
		pause_ms(2);
	}
	for (int i = 0; i < 2; i++) {
		char raw[CB_WIRE_HEAD], data[400];
		const char *text;
		size_t len;
		int code;

		assert_int_equal(recv(fd, raw, sizeof(raw), MSG_WAITALL),
		                 sizeof(raw));
		assert_true(cbi_wire_get_head(raw, &head));
		assert_int_equal(head.kind, CBI_WIRE_REPLY);
		assert_true(head.id == 11 || head.id == 12);
		assert_int_equal(recv(fd, data, head.len, MSG_WAITALL),
		                 head.len);
		assert_true(
		    cbi_wire_get_reply(data, head.len, &code, &text, &len));
		assert_int_equal(code, CB_OK);
	}
	close(fd);
	cbi_buf_finish(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
		    a_call_brings_actor_and_request_and_json_back,
		    reader_begin),
		cmocka_unit_test_setup(a_failure_comes_as_it_was, reader_begin),
		cmocka_unit_test_setup(large_ones_pass_up_to_their_ceilings,
		                       reader_begin),
		cmocka_unit_test_setup(a_late_reply_is_nobodys, reader_begin),
		cmocka_unit_test_setup(the_deadline_of_the_request_is_kept,
		                       reader_begin),
		cmocka_unit_test_setup(half_of_the_threads_may_wait,
		                       reader_begin),
		cmocka_unit_test_setup(a_process_that_falls_is_away,
		                       reader_begin),
		cmocka_unit_test_setup(nonsense_closes_its_connection_alone,
		                       reader_begin),
		cmocka_unit_test_setup(a_call_may_come_in_pieces, reader_begin),
	};
	int failed = cmocka_run_group_tests(tests, reader_start, reader_stop);

	/* Each thread of both ends closed what it had: 16 fills and 4 calls. */
	return failed || atomic_load(&ended) != 2 * (16 + 4);
}
