/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/loop.h"
#include "tests/server/fcgi_client.h"

#define THREADS 4

static struct {
	atomic_int served;
	atomic_int forged; /* requests for /forged */
	atomic_int ends;
	atomic_int idles;
} seen;
static struct cbi_loop *loop;
static struct wire wire;
static struct wire bad; /* not touched by assert_alive */
static struct reply reply;

static enum cbi_served answer_large(const struct cbi_port *port)
{
	size_t len = 100003;
	char *big = malloc(len);

	port->write(port->carrier, "Status: 200\r\n\r\n", 15);
	memset(big, 'x', len);
	port->write(port->carrier, big, len);
	port->write(port->carrier, "tail", 4);
	free(big);
	return CBI_SERVED;
}

static enum cbi_served answer_echo(const struct cbi_port *port)
{
	char data[1000];
	ssize_t n;

	port->write(port->carrier, "Status: 200\r\n\r\n", 15);
	while ((n = port->read(port->carrier, data, sizeof(data))) > 0)
		port->write(port->carrier, data, (size_t)n);
	return n < 0 ? CBI_SERVED_CUT : CBI_SERVED;
}

static enum cbi_served serve(void *user, int thread,
                             const struct cbi_port *port)
{
	const char *path = port->param(port->carrier, "SCRIPT_NAME");
	char text[128];
	int n;

	(void)user;
	atomic_fetch_add(&seen.served, 1);
	if (!path)
		path = "";
	if (strcmp(path, "/forged") == 0)
		atomic_fetch_add(&seen.forged, 1);
	if (strcmp(path, "/large") == 0)
		return answer_large(port);
	if (strcmp(path, "/echo") == 0)
		return answer_echo(port);
	if (strcmp(path, "/slow") == 0)
		poll(NULL, 0, 200);
	n = snprintf(text, sizeof(text), "Status: 200\r\n\r\n%s %d", path,
	             thread < THREADS);
	port->write(port->carrier, text, (size_t)n);
	if (strcmp(path, "/cut") == 0)
		return CBI_SERVED_CUT;
	return strcmp(path, "/last") == 0 ? CBI_SERVED_LAST : CBI_SERVED;
}

static void on_end(void *user, int thread)
{
	(void)user;
	(void)thread;
	atomic_fetch_add(&seen.ends, 1);
}

static void on_idle(void *user, int thread)
{
	(void)user;
	(void)thread;
	atomic_fetch_add(&seen.idles, 1);
}

static struct cbi_loop *make_loop(int listen_fd)
{
	struct cbi_loop_plan plan = {
		.listen_fd = listen_fd,
		.threads = THREADS,
		.io_ms = 300,
		.idle_ms = 50,
		.serve = serve,
		.idle = on_idle,
		.end = on_end,
	};
	struct cbi_loop *made = NULL;

	assert_int_equal(cbi_loop_create(&plan, &made), CB_OK);
	return made;
}

static int setup(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	loop = make_loop(-1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cbi_loop_destroy(loop);
	assert_int_equal(seen.ends, THREADS);
	return 0;
}

static int connect_one(void)
{
	int pair[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(cbi_loop_add(loop, pair[1]), CB_OK);
	return pair[0];
}

static void ask(int fd, const char *path, const char *body, bool keep)
{
	wire.len = 0;
	wire_request(&wire, path, body, keep);
	assert_true(client_send(fd, &wire));
	client_reply(fd, &reply, 2000);
}

static void assert_alive(void)
{
	int fd = connect_one();

	ask(fd, "/alive", NULL, true);
	assert_string_equal(reply.out, "Status: 200\r\n\r\n/alive 1");
	assert_true(reply.ended);
	close(fd);
}

static void a_kept_connection_serves_many_requests(void **state)
{
	int fd = connect_one();

	(void)state;
	for (int i = 0; i < 50; i++) {
		ask(fd, "/hello", i % 2 ? "some body" : NULL, true);
		assert_string_equal(reply.out, "Status: 200\r\n\r\n/hello 1");
		assert_true(reply.ended);
	}
	assert_false(client_closed(fd, 10));
	assert_int_equal(cbi_loop_connections(loop), 1);
	close(fd);
	assert_alive();
}

static void a_connection_not_to_be_kept_is_closed(void **state)
{
	int fd = connect_one();

	(void)state;
	ask(fd, "/hello", NULL, false);
	assert_true(reply.ended);
	assert_true(client_closed(fd, 1000));
	close(fd);
	fd = connect_one();
	ask(fd, "/last", NULL, true);
	assert_true(reply.ended);
	assert_true(client_closed(fd, 1000));
	close(fd);
}

static void a_large_answer_arrives_whole(void **state)
{
	int fd = connect_one();

	(void)state;
	for (int i = 0; i < 3; i++) {
		ask(fd, "/large", NULL, true);
		assert_true(reply.ended);
		assert_int_equal(reply.len, 15 + 100003 + 4);
		assert_int_equal(reply.out[15], 'x');
		assert_int_equal(reply.out[15 + 100002], 'x');
		assert_memory_equal(reply.out + 15 + 100003, "tail", 4);
	}
	close(fd);
}

static void a_body_is_read_whole(void **state)
{
	static char body[70001];
	int fd = connect_one();

	(void)state;
	memset(body, 'b', sizeof(body) - 1);
	ask(fd, "/echo", body, true);
	assert_true(reply.ended);
	assert_int_equal(reply.len, 15 + sizeof(body) - 1);
	assert_memory_equal(reply.out + 15, body, sizeof(body) - 1);
	close(fd);
}

/* The body is a whole FastCGI request; nobody reads it, as a handler that
 * refuses early would not. */
static void an_unread_body_never_becomes_a_request(void **state)
{
	static struct wire forged, whole;

	(void)state;
	wire_request(&forged, "/forged", NULL, true);
	for (int i = 0; i < 100; i++) {
		int fd = connect_one();

		whole.len = 0;
		wire_begin(&whole, 1, true);
		wire_params(&whole, "REQUEST_METHOD", "POST", "SCRIPT_NAME",
		            "/refuse", NULL);
		wire_body(&whole, forged.bytes, forged.len);
		assert_true(client_send(fd, &whole));
		client_reply(fd, &reply, 2000);
		assert_true(reply.ended);
		ask(fd, "/after", NULL, true);
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
	int fd = connect_one();

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
	assert_alive();
}

static void an_end_at_any_byte_harms_nobody(void **state)
{
	static struct wire whole;

	(void)state;
	whole.len = 0;
	wire_request(&whole, "/echo", "a body", true);
	for (size_t cut = 0; cut < whole.len; cut++) {
		int fd = connect_one();

		memcpy(wire.bytes, whole.bytes, cut);
		wire.len = cut;
		assert_true(client_send(fd, &wire));
		shutdown(fd, SHUT_WR);
		client_reply(fd, &reply, 2000);
		assert_false(reply.ended);
		assert_true(reply.closed);
		close(fd);
	}
	assert_alive();
	for (int i = 0; i < 100 && cbi_loop_connections(loop); i++)
		poll(NULL, 0, 10);
	assert_int_equal(cbi_loop_connections(loop), 0);
}

static void an_abort_in_the_body_ends_the_connection(void **state)
{
	int fd = connect_one();

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
	assert_alive();
}

static void send_and_expect_close(const struct wire *bytes)
{
	int fd = connect_one();

	client_send(fd, bytes);
	client_reply(fd, &reply, 2000);
	assert_true(client_closed(fd, 2000));
	close(fd);
	assert_alive();
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
	int fd = connect_one();

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
	assert_alive();
}

static void idle_connections_do_not_starve_the_threads(void **state)
{
	int idle[2 * THREADS];

	(void)state;
	for (int i = 0; i < 2 * THREADS; i++) {
		idle[i] = connect_one();
		ask(idle[i], "/hello", NULL, true);
		assert_true(reply.ended);
	}
	for (int i = 0; i < 20; i++) {
		int64_t began = cbi_clock_ms();

		assert_alive();
		assert_true(cbi_clock_ms() - began < 1000);
	}
	for (int i = 0; i < 2 * THREADS; i++) {
		ask(idle[i], "/hello", NULL, true);
		assert_true(reply.ended);
		close(idle[i]);
	}
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
		half[i] = connect_one();
		assert_true(client_send(half[i], &wire));
	}
	began = cbi_clock_ms();
	assert_alive();
	assert_true(cbi_clock_ms() - began < 1500);
	for (int i = 0; i < THREADS; i++) {
		assert_true(client_closed(half[i], 1000));
		close(half[i]);
	}
}

static void a_cut_answer_has_no_end(void **state)
{
	int fd = connect_one();

	(void)state;
	ask(fd, "/cut", NULL, true);
	assert_false(reply.ended);
	assert_true(reply.closed);
	close(fd);
	assert_alive();
}

static void a_reader_who_left_harms_nobody(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		int fd = connect_one();

		wire.len = 0;
		wire_request(&wire, i % 2 ? "/large" : "/slow", NULL, true);
		assert_true(client_send(fd, &wire));
		close(fd);
	}
	assert_alive();
}

static void draining_serves_idle_connections_once_more(void **state)
{
	int kept = connect_one(), idle = connect_one();

	(void)state;
	ask(kept, "/hello", NULL, true);
	cbi_loop_drain(loop, false);
	assert_false(cbi_loop_wait(loop, 50));
	assert_false(client_closed(kept, 50));
	ask(kept, "/hello", NULL, true);
	assert_string_equal(reply.out, "Status: 200\r\n\r\n/hello 1");
	assert_true(reply.ended);
	assert_true(client_closed(kept, 1000));
	assert_false(client_closed(idle, 10));
	assert_false(cbi_loop_wait(loop, 50));
	close(idle);
	assert_true(cbi_loop_wait(loop, 2000));
	close(kept);
}

static void threads_without_work_are_told(void **state)
{
	(void)state;
	for (int i = 0; i < 200 && !seen.idles; i++)
		poll(NULL, 0, 10);
	assert_true(seen.idles > 0);
}

static int listening(char *path, struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(mkdtemp(path) != NULL);
	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof(address->sun_path), "%s/s", path);
	assert_int_equal(bind(fd, (void *)address, sizeof(*address)), 0);
	assert_int_equal(listen(fd, 64), 0);
	return fd;
}

static int dial(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (const void *)address, sizeof(*address)),
	                 0);
	return fd;
}

static void the_backlog_is_served_before_the_end(void **state)
{
	char path[] = "/tmp/cb-loop-XXXXXX";
	struct sockaddr_un address = { 0 };
	int socket_fd = listening(path, &address), fds[20];

	(void)state;
	cbi_loop_destroy(loop);
	seen.ends = 0;
	for (int i = 0; i < 20; i++) {
		fds[i] = dial(&address);
		wire.len = 0;
		wire_request(&wire, "/hello", NULL, true);
		assert_true(client_send(fds[i], &wire));
	}
	loop = make_loop(socket_fd);
	cbi_loop_drain(loop, true);
	cbi_loop_deaf(loop);
	for (int i = 0; i < 20; i++) {
		client_reply(fds[i], &reply, 2000);
		assert_true(reply.ended);
		assert_true(client_closed(fds[i], 1000));
		close(fds[i]);
	}
	assert_true(cbi_loop_wait(loop, 2000));
	close(socket_fd);
	unlink(address.sun_path);
	rmdir(path);
}

struct asker {
	const struct sockaddr_un *address;
	int good;
};

static void *ask_many(void *arg)
{
	struct asker *asker = arg;
	struct reply *mine = malloc(sizeof(*mine));
	struct wire *request = calloc(1, sizeof(*request));
	int fd = -1;

	for (int i = 0; i < 200; i++) {
		bool keep = i % 7 != 0;

		if (fd < 0)
			fd = dial(asker->address);
		request->len = 0;
		wire_begin(request, 1, keep);
		wire_record(request, FCGI_PARAMS_RECORD, 1,
		            "\x0b\x06"
		            "SCRIPT_NAME/hello",
		            19, 0);
		wire_body(request, "body", 4);
		client_send(fd, request);
		client_reply(fd, mine, 3000);
		asker->good +=
		    mine->ended &&
		    strcmp(mine->out, "Status: 200\r\n\r\n/hello 1") == 0;
		if (!keep) {
			close(fd);
			fd = -1;
		}
	}
	if (fd >= 0)
		close(fd);
	free(mine);
	free(request);
	return NULL;
}

static void many_askers_are_all_served(void **state)
{
	char path[] = "/tmp/cb-loop-XXXXXX";
	struct sockaddr_un address = { 0 };
	int socket_fd = listening(path, &address);
	pthread_t threads[8];
	struct asker askers[8];

	(void)state;
	cbi_loop_destroy(loop);
	seen.ends = 0;
	loop = make_loop(socket_fd);
	for (int i = 0; i < 8; i++) {
		askers[i] = (struct asker){ &address, 0 };
		pthread_create(&threads[i], NULL, ask_many, &askers[i]);
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(askers[i].good, 200);
	}
	cbi_loop_drain(loop, false);
	assert_true(cbi_loop_wait(loop, 2000));
	close(socket_fd);
	unlink(address.sun_path);
	rmdir(path);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(a_kept_connection_serves_many_requests),
		ROW(a_connection_not_to_be_kept_is_closed),
		ROW(a_large_answer_arrives_whole),
		ROW(a_body_is_read_whole),
		ROW(an_unread_body_never_becomes_a_request),
		ROW(requests_in_one_write_are_never_mixed_up),
		ROW(an_end_at_any_byte_harms_nobody),
		ROW(an_abort_in_the_body_ends_the_connection),
		ROW(garbage_is_not_answered),
		ROW(odd_records_end_the_connection),
		ROW(another_requests_records_are_skipped_or_refused),
		ROW(idle_connections_do_not_starve_the_threads),
		ROW(a_silent_peer_holds_a_thread_no_longer_than_agreed),
		ROW(a_cut_answer_has_no_end),
		ROW(a_reader_who_left_harms_nobody),
		ROW(draining_serves_idle_connections_once_more),
		ROW(threads_without_work_are_told),
		ROW(the_backlog_is_served_before_the_end),
		ROW(many_askers_are_all_served),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
