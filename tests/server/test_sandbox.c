/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process has given up is gone: each is tried in a child, whose exit
 * code says how it went.
 */
#include "tests/lib/cmock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/board.h"
#include "base/ctx.h"
#include "base/limits.h"
#include "server/sandbox.h"

#define SKIPPED 77

static char dir[] = "/tmp/cb-sandbox-XXXXXX";
static struct cbi_lane lane;
static struct cb_ctx ctx;

static int setup(void **state)
{
	(void)state;
	cbi_lane_init(&lane, CB_ARENA_REQUEST_MAX);
	cbi_ctx_init(&ctx, &lane);
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/in", dir);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/out", dir);
	unlink(path);
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return rmdir(dir);
}

/* The exit code of what runs in a child: 0, or the line that did not hold. */
static int in_child(int (*run)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(run());
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void holds(int (*run)(void))
{
	int code = in_child(run);

	if (code == SKIPPED)
		skip();
	assert_int_equal(code, 0);
}

/* errno of making a socket; 0 when there is one. */
static int socket_error(int domain)
{
	int fd = socket(domain, SOCK_STREAM, 0);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

#define MUST(what)                              \
	do {                                    \
		if (!(what))                    \
			return __COUNTER__ + 1; \
	} while (0)

static int limited(bool unix_only, bool no_exec)
{
	int rc = cbi_sandbox_calls(&ctx, unix_only, no_exec);

	return rc == CB_ENOTSUP ? SKIPPED : rc == CB_OK ? 0 : 1;
}

static int only_unix(void)
{
	int code = limited(true, true);

	if (code)
		return code;
	MUST(socket_error(AF_UNIX) == 0);
	MUST(socket_error(AF_INET) == EACCES);
	MUST(socket_error(AF_INET6) == EACCES);
	MUST(socket_error(AF_NETLINK) == EACCES);
	MUST(syscall(425, 1, NULL) < 0 && errno == ENOSYS);
	execl("/bin/true", "true", (char *)NULL);
	MUST(errno == EACCES);
	return 0;
}

static void web_makes_unix_sockets_alone(void **state)
{
	(void)state;
	holds(only_unix);
}

static int with_a_remote_store(void)
{
	int code = limited(false, true);

	if (code)
		return code;
	MUST(socket_error(AF_INET) == 0);
	execl("/bin/true", "true", (char *)NULL);
	MUST(errno == EACCES);
	return 0;
}

static void a_remote_store_leaves_sockets(void **state)
{
	(void)state;
	holds(with_a_remote_store);
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *try_later(void *arg)
{
	pthread_mutex_lock(&gate);
	*(int *)arg = socket_error(AF_INET);
	pthread_mutex_unlock(&gate);
	return NULL;
}

static int older_thread(void)
{
	pthread_t thread;
	int error = 0, code;

	pthread_mutex_lock(&gate);
	MUST(pthread_create(&thread, NULL, try_later, &error) == 0);
	code = limited(true, true);
	pthread_mutex_unlock(&gate);
	pthread_join(thread, NULL);
	if (code)
		return code;
	MUST(error == EACCES);
	return 0;
}

static void threads_that_are_there_already_too(void **state)
{
	(void)state;
	holds(older_thread);
}

/* ---- Landlock ----------------------------------------------------------- */

static int open_error(const char *name, int flags)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int files_alone(void)
{
	char in[64];
	const char *reads[] = { "/usr", "/not/there", NULL };
	const char *writes[] = { in, NULL };
	struct cbi_sandbox_files files = { .reads = reads, .writes = writes };
	uint32_t bits = 0;

	snprintf(in, sizeof(in), "%s/in", dir);
	MUST(mkdir(in, 0700) == 0);
	MUST(open_error("out", O_CREAT | O_WRONLY) == 0);
	if (cbi_sandbox_landlock(&ctx, &files, &bits) != CB_OK)
		return 1;
	if (!(bits & CBI_SANDBOX_FILES))
		return SKIPPED;
	MUST(bits == CBI_SANDBOX_FILES);
	MUST(open_error("in/new", O_CREAT | O_RDWR) == 0);
	MUST(open_error("in/new", O_RDONLY) == 0);
	MUST(open_error("out", O_RDONLY) == EACCES);
	MUST(open_error("out", O_WRONLY) == EACCES);
	MUST(open_error("more", O_CREAT | O_WRONLY) == EACCES);
	MUST(open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES);
	MUST(open("/usr/bin/env", O_RDONLY) >= 0);
	strcat(in, "/new");
	MUST(unlink(in) == 0);
	return 0;
}

static void files_are_those_that_were_named(void **state)
{
	(void)state;
	holds(files_alone);
}

static int writing_alone(void)
{
	const char *writes[] = { NULL };
	struct cbi_sandbox_files files = { .writes = writes };
	uint32_t bits = 0;

	MUST(cbi_sandbox_landlock(&ctx, &files, &bits) == CB_OK);
	if (!(bits & CBI_SANDBOX_FILES))
		return SKIPPED;
	MUST(open_error("out", O_RDONLY) == 0);
	MUST(open_error("out", O_WRONLY) == EACCES);
	execl("/bin/true", "true", (char *)NULL);
	return 1;
}

static void an_engine_reads_and_starts_what_it_likes(void **state)
{
	(void)state;
	holds(writing_alone);
}

/* A port that somebody listens on. */
static uint16_t listening(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&at, len) < 0 || listen(fd, 4) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		return 0;
	return ntohs(at.sin_port);
}

static int connect_error(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		                  .sin_port = htons(port),
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int error =
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ? errno : 0;

	close(fd);
	return error;
}

static int ports_alone(void)
{
	const char *writes[] = { NULL };
	uint16_t store = listening(), other = listening();
	struct cbi_sandbox_files files = { .writes = writes,
		                           .ports = &store,
		                           .n = 1 };
	uint32_t bits = 0;

	MUST(store && other);
	MUST(cbi_sandbox_landlock(&ctx, &files, &bits) == CB_OK);
	if (!(bits & CBI_SANDBOX_PORTS))
		return SKIPPED;
	MUST(connect_error(store) == 0);
	MUST(connect_error(other) == EACCES);
	MUST(listening() == 0);
	return 0;
}

static void tcp_leads_to_the_stores_alone(void **state)
{
	(void)state;
	holds(ports_alone);
}

static void it_is_said_what_holds(void **state)
{
	char text[96];

	(void)state;
	assert_string_equal(cbi_board_sandbox(0, text, sizeof(text)), "none");
	assert_string_equal(cbi_board_sandbox(CBI_SANDBOX_UNIX |
	                                          CBI_SANDBOX_FILES |
	                                          CBI_SANDBOX_EXEC,
	                                      text, sizeof(text)),
	                    "unix sockets, files, no programs");
	assert_string_equal(
	    cbi_board_sandbox(CBI_SANDBOX_OFF, text, sizeof(text)), "off");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(web_makes_unix_sockets_alone),
		cmocka_unit_test(a_remote_store_leaves_sockets),
		cmocka_unit_test(threads_that_are_there_already_too),
		cmocka_unit_test(files_are_those_that_were_named),
		cmocka_unit_test(an_engine_reads_and_starts_what_it_likes),
		cmocka_unit_test(tcp_leads_to_the_stores_alone),
		cmocka_unit_test(it_is_said_what_holds),
	};

	return cmocka_run_group_tests_name("server/sandbox", tests, setup,
	                                   teardown);
}
