/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop_rig.c - see loop_rig.h.
 */
#include "tests/lib/cmock.h"

#include "tests/server/loop_rig.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* See arm() in loop.c. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "race:^arm$\n";
}

struct rig_seen seen;
struct cbi_loop *loop;
struct wire wire;
struct reply reply;

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

/* Everything is sent while the handler still runs. */
static enum cbi_served answer_whole(const struct cbi_port *port)
{
	size_t len = 700001;
	char *big = malloc(len);

	port->write(port->carrier, "Status: 200\r\n\r\n", 15);
	memset(big, 'w', len);
	port->write_last(port->carrier, big, len);
	free(big);
	for (int i = 0; i < 500 && !atomic_load(&seen.go_on); i++)
		poll(NULL, 0, 10);
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

/* Which signals reach the thread that answers. */
static enum cbi_served answer_signals(const struct cbi_port *port)
{
	static const int asked[] = { SIGSEGV, SIGABRT, SIGTERM, SIGHUP };
	char text[] = "Status: 200\r\n\r\n....";
	sigset_t blocked;

	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	for (int i = 0; i < 4; i++)
		text[15 + i] = sigismember(&blocked, asked[i]) ? 'b' : 'o';
	port->write(port->carrier, text, sizeof(text) - 1);
	return CBI_SERVED;
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
	if (strcmp(path, "/whole") == 0)
		return answer_whole(port);
	if (strcmp(path, "/echo") == 0)
		return answer_echo(port);
	if (strcmp(path, "/signals") == 0)
		return answer_signals(port);
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

struct cbi_loop *rig_make_loop(int listen_fd)
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

int rig_setup(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	loop = rig_make_loop(-1);
	return 0;
}

int rig_teardown(void **state)
{
	(void)state;
	cbi_loop_destroy(loop);
	assert_int_equal(seen.ends, THREADS);
	return 0;
}

int rig_connect(void)
{
	int pair[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(cbi_loop_add(loop, pair[1]), CB_OK);
	return pair[0];
}

void rig_ask(int fd, const char *path, const char *body, bool keep)
{
	wire.len = 0;
	wire_request(&wire, path, body, keep);
	assert_true(client_send(fd, &wire));
	client_reply(fd, &reply, 2000);
}

void rig_assert_alive(void)
{
	int fd = rig_connect();

	rig_ask(fd, "/alive", NULL, true);
	assert_string_equal(reply.out, "Status: 200\r\n\r\n/alive 1");
	assert_true(reply.ended);
	close(fd);
}
