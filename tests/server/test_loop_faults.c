/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a peer may send that nginx never would.
 */
#include "tests/lib/cmock.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/server/loop_rig.h"

static struct wire bad; /* not touched by rig_assert_alive */

/* The body is a whole FastCGI request; nobody reads it, as a handler that
 * refuses early would not. */
static void an_unread_body_never_becomes_a_request(void **state)
{
	static struct wire forged, whole;

	(void)state;
	wire_request(&forged, "/forged", NULL, true);
	for (int i = 0; i < 100; i++) {
		int fd = rig_connect();

		whole.len = 0;
		wire_begin(&whole, 1, true);
		wire_params(&whole, "REQUEST_METHOD", "POST", "SCRIPT_NAME",
		            "/refuse", NULL);
		wire_body(&whole, forged.bytes, forged.len);
		assert_true(client_send(fd, &whole));
		client_reply(fd, &reply, 2000);
		assert_true(reply.ended);
		rig_ask(fd, "/after", NULL, true);
		assert_string_equal(reply.out, "Status: 200\r\n\r\n/after 1");
		close(fd);
	}
	assert_int_equal(seen.forged, 0);
	assert_int_equal(seen.served, 200);
}

/* libfcgi reads ahead; what it read of a second request would be lost with
 * its buffer, so the connection must not go on. */
static void requests_in_one_write_are_never_mixed_up(void **state)
{
	int fd = rig_connect();

	(void)state;
	wire.len = 0;
	wire_request(&wire, "/first", NULL, true);
	wire_request(&wire, "/second", NULL, true);
	assert_true(client_send(fd, &wire));
	client_reply(fd, &reply, 2000);
	assert_string_equal(reply.out, "Status: 200\r\n\r\n/first 1");
	assert_true(client_closed(fd, 1000));
	close(fd);
	assert_int_equal(seen.served, 1);
	rig_assert_alive();
}

static void an_end_at_any_byte_harms_nobody(void **state)
{
	static struct wire whole;

	(void)state;
	whole.len = 0;
	wire_request(&whole, "/echo", "a body", true);
	for (size_t cut = 0; cut < whole.len; cut++) {
		int fd = rig_connect();

		memcpy(wire.bytes, whole.bytes, cut);
		wire.len = cut;
		assert_true(client_send(fd, &wire));
		shutdown(fd, SHUT_WR);
		client_reply(fd, &reply, 2000);
		assert_false(reply.ended);
		assert_true(reply.closed);
		close(fd);
	}
	rig_assert_alive();
	for (int i = 0; i < 100 && cbi_loop_connections(loop); i++)
		poll(NULL, 0, 10);
	assert_int_equal(cbi_loop_connections(loop), 0);
}

static void an_abort_in_the_body_ends_the_connection(void **state)
{
	int fd = rig_connect();

	(void)state;
	wire.len = 0;
	wire_begin(&wire, 1, true);
	wire_params(&wire, "SCRIPT_NAME", "/echo", NULL);
	wire_record(&wire, FCGI_PARAMS_RECORD, 1, NULL, 0, 0);
	wire_record(&wire, FCGI_STDIN_RECORD, 1, "half", 4, 0);
	wire_record(&wire, FCGI_ABORT, 1, NULL, 0, 0);
	assert_true(client_send(fd, &wire));
	client_reply(fd, &reply, 2000);
	assert_true(client_closed(fd, 1000));
	close(fd);
	rig_assert_alive();
}

static void send_and_expect_close(const struct wire *bytes)
{
	int fd = rig_connect();

	client_send(fd, bytes);
	client_reply(fd, &reply, 2000);
	assert_true(client_closed(fd, 2000));
	close(fd);
	rig_assert_alive();
}

static void garbage_is_not_answered(void **state)
{
	static const unsigned char lengths[] = { 0xff, 0xff, 0xff, 0xff,
		                                 0xff, 0xff, 0xff, 0xff };
	unsigned seed = 20261123;

	(void)state;
	bad.len = 0;
	for (int i = 0; i < 9000; i++)
		bad.bytes[bad.len++] = (unsigned char)rand_r(&seed);
	send_and_expect_close(&bad);
	bad.bytes[0] = 1; /* the version is right, nothing else */
	send_and_expect_close(&bad);
	bad.bytes[1] = 1; /* a BEGIN_REQUEST of an odd length */
	send_and_expect_close(&bad);
	bad.len = 0; /* names and values of 2 GiB each */
	wire_begin(&bad, 1, true);
	wire_record(&bad, FCGI_PARAMS_RECORD, 1, lengths, 8, 0);
	wire_body(&bad, NULL, 0);
	send_and_expect_close(&bad);
	bad.len = 0; /* a name longer than its record */
	wire_begin(&bad, 1, true);
	wire_record(&bad, FCGI_PARAMS_RECORD, 1, "\x7f\x01xyz", 5, 0);
	wire_body(&bad, NULL, 0);
	send_and_expect_close(&bad);
	assert_int_equal(seen.served, 5); /* the five living ones */
}

static void odd_records_end_the_connection(void **state)
{
	(void)state;
	bad.len = 0; /* values asked for before any request */
	for (int i = 0; i < 50; i++)
		wire_record(&bad, FCGI_GET_VALUES_RECORD, 0,
		            "\x0e\x00"
		            "FCGI_MAX_CONNS",
		            16, 0);
	send_and_expect_close(&bad);
	bad.len = 0; /* STDIN where parameters are due */
	wire_begin(&bad, 1, true);
	wire_record(&bad, FCGI_STDIN_RECORD, 1, "abc", 3, 0);
	send_and_expect_close(&bad);
	bad.len = 0; /* a role with streams we do not read */
	wire_begin(&bad, 3, true);
	wire_params(&bad, "SCRIPT_NAME", "/filter", NULL);
	wire_body(&bad, NULL, 0);
	wire_record(&bad, FCGI_DATA_RECORD, 1, "abc", 3, 0);
	send_and_expect_close(&bad);
	bad.len = 0; /* a role nobody knows */
	wire_begin(&bad, 77, true);
	send_and_expect_close(&bad);
	assert_int_equal(seen.served, 4);
}

/* Records of another request id on the same connection are not its body. */
static void another_requests_records_are_skipped_or_refused(void **state)
{
	int fd = rig_connect();

	(void)state;
	wire.len = 0;
	wire_begin(&wire, 1, true);
	wire_params(&wire, "SCRIPT_NAME", "/echo", NULL);
	wire_record(&wire, FCGI_PARAMS_RECORD, 1, NULL, 0, 0);
	wire_record(&wire, FCGI_STDIN_RECORD, 1, "mine", 4, 4);
	wire_record(&wire, FCGI_STDIN_RECORD, 2, "theirs", 6, 2);
	wire_record(&wire, FCGI_STDIN_RECORD, 1, NULL, 0, 0);
	assert_true(client_send(fd, &wire));
	client_reply(fd, &reply, 2000);
	assert_null(strstr(reply.out, "theirs"));
	close(fd);
	rig_assert_alive();
}

/* All threads are held by half requests: the read timeout frees them. */
static void a_silent_peer_holds_a_thread_no_longer_than_agreed(void **state)
{
	int half[THREADS];
	int64_t began;

	(void)state;
	wire.len = 0;
	wire_begin(&wire, 1, true);
	for (int i = 0; i < THREADS; i++) {
		half[i] = rig_connect();
		assert_true(client_send(half[i], &wire));
	}
	began = cbi_clock_ms();
	rig_assert_alive();
	assert_true(cbi_clock_ms() - began < 1500);
	for (int i = 0; i < THREADS; i++) {
		assert_true(client_closed(half[i], 1000));
		close(half[i]);
	}
}

static void a_cut_answer_has_no_end(void **state)
{
	int fd = rig_connect();

	(void)state;
	rig_ask(fd, "/cut", NULL, true);
	assert_false(reply.ended);
	assert_true(reply.closed);
	close(fd);
	rig_assert_alive();
}

static void a_reader_who_left_harms_nobody(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		int fd = rig_connect();

		wire.len = 0;
		wire_request(&wire, i % 2 ? "/large" : "/slow", NULL, true);
		assert_true(client_send(fd, &wire));
		close(fd);
	}
	rig_assert_alive();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(an_unread_body_never_becomes_a_request),
		ROW(requests_in_one_write_are_never_mixed_up),
		ROW(an_end_at_any_byte_harms_nobody),
		ROW(an_abort_in_the_body_ends_the_connection),
		ROW(garbage_is_not_answered),
		ROW(odd_records_end_the_connection),
		ROW(another_requests_records_are_skipped_or_refused),
		ROW(a_silent_peer_holds_a_thread_no_longer_than_agreed),
		ROW(a_cut_answer_has_no_end),
		ROW(a_reader_who_left_harms_nobody),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
