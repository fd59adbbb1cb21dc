/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program under a service manager: it serves on the socket it is handed,
 * leaves that socket's name alone, and says ready, reloading and stopping.
 */
#include "tests/lib/cmock.h"
#include "tests/server/fcgi_client.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/cb-systemd-XXXXXX";
static int given, notes;
static pid_t master;

static struct sockaddr_un address_of(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", dir,
	         name);
	return address;
}

static int bound(const char *name, int type)
{
	struct sockaddr_un address = address_of(name);
	int fd = socket(AF_UNIX, type, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)),
	                 0);
	return fd;
}

static ino_t inode_of(const char *name)
{
	struct stat st;

	return stat(address_of(name).sun_path, &st) == 0 ? st.st_ino : 0;
}

/* The next word of the program to its manager; "" when none comes. */
static const char *note(void)
{
	static char text[256];
	struct pollfd one = { notes, POLLIN, 0 };
	ssize_t n = 0;

	if (poll(&one, 1, 30000) > 0)
		n = recv(notes, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* In the child: what a manager hands over. */
static void become_master(void)
{
	char config[256], text[32], socket_name[256];
	int log;

	snprintf(config, sizeof(config), "%s/callboard.yaml", dir);
	snprintf(socket_name, sizeof(socket_name), "%s/notify", dir);
	snprintf(text, sizeof(text), "%d", (int)getpid());
	setenv("LISTEN_PID", text, 1);
	setenv("LISTEN_FDS", "1", 1);
	setenv("NOTIFY_SOCKET", socket_name, 1);
	log = open(address_of("log").sun_path, O_WRONLY | O_CREAT, 0600);
	if (log < 0 || dup2(log, 2) < 0 || dup2(given, 3) < 0)
		_exit(98);
	execl("./callboard", "callboard", "--config", config, (char *)NULL);
	_exit(99);
}

/* One request over a connection of its own. */
static const char *asked(void)
{
	struct sockaddr_un address = address_of("run/web-core.sock");
	static struct reply reply;
	static struct wire wire;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(
	    connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	wire.len = 0;
	wire_begin(&wire, 1, false);
	wire_params(&wire, "REQUEST_METHOD", "GET", "REQUEST_URI",
	            "/.backstage/health/v1/liveness", NULL);
	wire_body(&wire, NULL, 0);
	assert_true(client_send(fd, &wire));
	client_reply(fd, &reply, 20000);
	assert_true(reply.ended);
	close(fd);
	return reply.out;
}

static void it_serves_on_the_socket_it_is_handed(void **state)
{
	ino_t inode = inode_of("run/web-core.sock");

	(void)state;
	assert_string_equal(note(), "READY=1");
	assert_int_equal(inode_of("run/web-core.sock"), inode);
	assert_non_null(strstr(asked(), "{\"status\":\"ok\"}"));
}

static void a_reload_is_said_and_keeps_the_socket(void **state)
{
	ino_t inode = inode_of("run/web-core.sock");

	(void)state;
	assert_int_equal(kill(master, SIGHUP), 0);
	assert_int_equal(strncmp(note(), "RELOADING=1\nMONOTONIC_USEC=", 27),
	                 0);
	assert_string_equal(note(), "READY=1");
	assert_int_equal(inode_of("run/web-core.sock"), inode);
	assert_non_null(strstr(asked(), "{\"status\":\"ok\"}"));
}

static void the_end_is_said_and_leaves_the_socket_to_its_owner(void **state)
{
	int status;

	(void)state;
	assert_int_equal(kill(master, SIGTERM), 0);
	assert_string_equal(note(), "STOPPING=1");
	assert_int_equal(waitpid(master, &status, 0), master);
	master = 0;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(inode_of("run/web-core.sock") != 0);
}

static int start(void **state)
{
	FILE *file;

	(void)state;
	if (!mkdtemp(dir) || mkdir(address_of("run").sun_path, 0700) < 0 ||
	    mkdir(address_of("state").sun_path, 0700) < 0)
		return -1;
	file = fopen(address_of("callboard.yaml").sun_path, "w");
	if (!file)
		return -1;
	fprintf(file,
	        "backend:\n  runDir: %s/run\n  stateDir: %s/state\n"
	        "  pluginDirs: []\n"
	        "  database: {connection: 'host=%s dbname=none'}\n",
	        dir, dir, dir);
	fclose(file);
	given = bound("run/web-core.sock", SOCK_STREAM);
	notes = bound("notify", SOCK_DGRAM);
	if (listen(given, 64) < 0)
		return -1;
	master = fork();
	if (master == 0)
		become_master();
	return master > 0 ? 0 : -1;
}

static void empty(const char *name)
{
	struct dirent *entry;
	DIR *folder = opendir(name);

	while (folder && (entry = readdir(folder))) {
		char path[512];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", name, entry->d_name);
		if (entry->d_type == DT_DIR)
			empty(path);
		else
			unlink(path);
	}
	if (folder)
		closedir(folder);
	rmdir(name);
}

static int finish(void **state)
{
	(void)state;
	if (master > 0) {
		kill(master, SIGTERM);
		waitpid(master, NULL, 0);
	}
	empty(dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_serves_on_the_socket_it_is_handed),
		cmocka_unit_test(a_reload_is_said_and_keeps_the_socket),
		cmocka_unit_test(
		    the_end_is_said_and_leaves_the_socket_to_its_owner),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
