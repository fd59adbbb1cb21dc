/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/server/loop_rig.h"

static void a_kept_connection_serves_many_requests(void **state)
{
	int fd = rig_connect();

	(void)state;
	for (int i = 0; i < 50; i++) {
		rig_ask(fd, "/hello", i % 2 ? "some body" : NULL, true);
		assert_string_equal(reply.out, "Status: 200\r\n\r\n/hello 1");
		assert_true(reply.ended);
	}
	assert_false(client_closed(fd, 10));
	assert_int_equal(cbi_loop_connections(loop), 1);
	close(fd);
	rig_assert_alive();
}

static void a_connection_not_to_be_kept_is_closed(void **state)
{
	int fd = rig_connect();

	(void)state;
	rig_ask(fd, "/hello", NULL, false);
	assert_true(reply.ended);
	assert_true(client_closed(fd, 1000));
	close(fd);
	fd = rig_connect();
	rig_ask(fd, "/last", NULL, true);
	assert_true(reply.ended);
	assert_true(client_closed(fd, 1000));
	close(fd);
}

/* nginx keeps a connection whose last bytes are the end of an answer, and
 * would give it another request while we close it. */
static void the_last_answer_has_more_behind_its_end(void **state)
{
	int fd = rig_connect();
	char more[64];

	(void)state;
	rig_ask(fd, "/last", NULL, true);
	assert_true(reply.ended);
	assert_int_equal(recv(fd, more, sizeof(more), MSG_DONTWAIT), 16);
	close(fd);
	fd = rig_connect();
	rig_ask(fd, "/last", NULL, false);
	assert_true(reply.ended);
	assert_int_equal(recv(fd, more, sizeof(more), 0), 0);
	close(fd);
}

static void a_large_answer_arrives_whole(void **state)
{
	int fd = rig_connect();

	(void)state;
	for (int i = 0; i < 3; i++) {
		rig_ask(fd, "/large", NULL, true);
		assert_true(reply.ended);
		assert_int_equal(reply.len, 15 + 100003 + 4);
		assert_int_equal(reply.out[15], 'x');
		assert_int_equal(reply.out[15 + 100002], 'x');
		assert_memory_equal(reply.out + 15 + 100003, "tail", 4);
	}
	close(fd);
}

/* A process may be killed right after its last bytes: nothing that comes later
 * may be missing then. */
static void the_last_bytes_bring_the_end_along(void **state)
{
	int fd = rig_connect();

	(void)state;
	for (int i = 0; i < 2; i++) {
		atomic_store(&seen.go_on, 0);
		rig_ask(fd, "/whole", NULL, true);
		assert_true(reply.ended);
		assert_int_equal(reply.len, 15 + 700001);
		assert_int_equal(reply.out[15], 'w');
		assert_int_equal(reply.out[15 + 700000], 'w');
		atomic_store(&seen.go_on, 1);
		rig_ask(fd, "/hello", NULL, true);
		assert_true(reply.ended);
	}
	assert_false(client_closed(fd, 10));
	close(fd);
}

static void a_body_is_read_whole(void **state)
{
	static char body[70001];
	int fd = rig_connect();

	(void)state;
	memset(body, 'b', sizeof(body) - 1);
	rig_ask(fd, "/echo", body, true);
	assert_true(reply.ended);
	assert_int_equal(reply.len, 15 + sizeof(body) - 1);
	assert_memory_equal(reply.out + 15, body, sizeof(body) - 1);
	close(fd);
}

/* A blocked SIGSEGV ends a process past the handler that charges it. */
static void faults_reach_their_thread_and_orders_do_not(void **state)
{
	int fd = rig_connect();

	(void)state;
	rig_ask(fd, "/signals", NULL, true);
	assert_string_equal(reply.out, "Status: 200\r\n\r\noobb");
	close(fd);
}

static void idle_connections_do_not_starve_the_threads(void **state)
{
	int idle[2 * THREADS];

	(void)state;
	for (int i = 0; i < 2 * THREADS; i++) {
		idle[i] = rig_connect();
		rig_ask(idle[i], "/hello", NULL, true);
		assert_true(reply.ended);
	}
	for (int i = 0; i < 20; i++) {
		int64_t began = cbi_clock_ms();

		rig_assert_alive();
		assert_true(cbi_clock_ms() - began < 1000);
	}
	for (int i = 0; i < 2 * THREADS; i++) {
		rig_ask(idle[i], "/hello", NULL, true);
		assert_true(reply.ended);
		close(idle[i]);
	}
}

static void draining_serves_idle_connections_once_more(void **state)
{
	int kept = rig_connect(), idle = rig_connect();

	(void)state;
	rig_ask(kept, "/hello", NULL, true);
	cbi_loop_drain(loop, false);
	assert_false(cbi_loop_wait(loop, 50));
	assert_false(client_closed(kept, 50));
	rig_ask(kept, "/hello", NULL, true);
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
	loop = rig_make_loop(socket_fd);
	cbi_loop_drain(loop, true);
	cbi_loop_deaf(loop);
	for (int i = 0; i < 20; i++) {
		client_reply(fds[i], &reply, 2000);
		assert_true(reply.ended);
		close(fds[i]);
	}
	assert_true(cbi_loop_wait(loop, 2000));
	assert_int_equal(seen.served, 20);
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
	loop = rig_make_loop(socket_fd);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(a_kept_connection_serves_many_requests),
		ROW(a_connection_not_to_be_kept_is_closed),
		ROW(the_last_answer_has_more_behind_its_end),
		ROW(a_large_answer_arrives_whole),
		ROW(the_last_bytes_bring_the_end_along),
		ROW(a_body_is_read_whole),
		ROW(faults_reach_their_thread_and_orders_do_not),
		ROW(idle_connections_do_not_starve_the_threads),
		ROW(draining_serves_idle_connections_once_more),
		ROW(threads_without_work_are_told),
		ROW(the_backlog_is_served_before_the_end),
		ROW(many_askers_are_all_served),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
