/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS that must be refused, with the host and the reason named, and the one
 * that a connection's own CA makes right.
 */
#include "tests/lib/cmock.h"
#include "tests/http/asking.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>

static char dir[] = "/tmp/callboard-tls-XXXXXX";

static void run_openssl(const char *const argv[])
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		if (chdir(dir) < 0)
			_exit(1);
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		/* exec takes them without const and writes nothing. */
		execvp("openssl", (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

/* A certificate for a name, signed by the test's CA (or by itself). */
static void certify(const char *file, const char *host, const char *days,
                    bool own)
{
	char key[40], crt[40], csr[40], ext[60], subject[60], ext_file[120];
	const char *req[] = { "openssl",  "req",    "-new",    "-newkey",
		              "rsa:2048", "-nodes", "-keyout", key,
		              "-out",     csr,      "-subj",   subject,
		              NULL };
	const char *by_ca[] = {
		"openssl", "x509",   "-req",     "-in",    csr,
		"-CA",     "ca.crt", "-CAkey",   "ca.key", "-CAcreateserial",
		"-days",   days,     "-extfile", ext,      "-out",
		crt,       NULL
	};
	const char *by_own[] = { "openssl",  "x509", "-req",  "-in", csr,
		                 "-signkey", key,    "-days", days,  "-extfile",
		                 ext,        "-out", crt,     NULL };
	FILE *f;

	snprintf(key, sizeof(key), "%s.key", file);
	snprintf(crt, sizeof(crt), "%s.crt", file);
	snprintf(csr, sizeof(csr), "%s.csr", file);
	snprintf(ext, sizeof(ext), "%s.ext", file);
	snprintf(subject, sizeof(subject), "/CN=%s", host);
	snprintf(ext_file, sizeof(ext_file), "%s/%s", dir, ext);
	f = fopen(ext_file, "w");
	assert_non_null(f);
	fprintf(f, "subjectAltName=DNS:%s\n", host);
	fclose(f);
	run_openssl(req);
	run_openssl(own ? by_own : by_ca);
}

static int free_port(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, len), 0);
	getsockname(fd, (struct sockaddr *)&addr, &len);
	close(fd);
	return ntohs(addr.sin_port);
}

static bool answers(int port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		                    .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	rc = connect(fd, (struct sockaddr *)&addr, sizeof(addr));
	close(fd);
	return rc == 0;
}

static pid_t serve(const char *file, const char *version, int port)
{
	char accept_at[40], crt[40], key[40];
	const char *argv[] = { "openssl", "s_server", "-www",
		               "-quiet",  "-accept",  accept_at,
		               "-cert",   crt,        "-key",
		               key,       "-cipher",  "ALL:@SECLEVEL=0",
		               version,   NULL };
	const struct timespec step = { 0, 20000000 };
	pid_t pid;

	snprintf(accept_at, sizeof(accept_at), "127.0.0.1:%d", port);
	snprintf(crt, sizeof(crt), "%s.crt", file);
	snprintf(key, sizeof(key), "%s.key", file);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (chdir(dir) < 0)
			_exit(1);
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		/* exec takes them without const and writes nothing. */
		execvp("openssl", (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	for (int i = 0; i < 250 && !answers(port); i++)
		nanosleep(&step, NULL);
	return pid;
}

/* Without a connection: the policy says whose certificates are taken. */
static int get_plain(struct asking *room, int port, const char *ca)
{
	static const char *const allow[] = { "loopback", NULL };
	const char *host = cb_printf(&room->ctx, "tool.example:%d", port);
	const char *hosts[] = { host, NULL };
	const struct cbi_http_ask ask = {
		.url = cb_printf(&room->ctx, "https://%s/", host),
		.policy = { .hosts = hosts, .allow = allow, .ca = ca },
	};
	struct cbi_http_reply reply;

	return cbi_http_request(&room->ctx, room->http, &ask, &reply);
}

static void only_the_right_certificate_is_taken(void **state)
{
	static const struct {
		const char *file, *version; /* version "": a plain request */
		bool ca; /* of the connection, or of the policy */
		int code;
		const char *why;
	} rows[] = {
		{ "good", NULL, true, CB_OK, "" },
		{ "good", NULL, false, CB_EAWAY, "certificate" },
		{ "self", NULL, true, CB_EAWAY, "certificate" },
		{ "expired", NULL, true, CB_EAWAY, "expired" },
		{ "wrong", NULL, true, CB_EAWAY, "tool.example" },
		{ "good", "-tls1", true, CB_EAWAY, "" },
		{ "good", "-tls1_1", true, CB_EAWAY, "" },
		{ "good", "-tls1_2", true, CB_OK, "" },
		{ "good", "", true, CB_OK, "" },
		{ "good", "", false, CB_EAWAY, "certificate" },
		{ "self", "", true, CB_EAWAY, "certificate" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		int port = free_port(), rc;
		bool plain = rows[i].version && !*rows[i].version;
		pid_t pid =
		    serve(rows[i].file, plain ? NULL : rows[i].version, port);
		char table[400], row[80], ca[80] = "", file[64];
		const char *resolve[] = { row, NULL };
		struct asking room;

		snprintf(file, sizeof(file), "%s/ca.crt", dir);
		if (rows[i].ca)
			snprintf(ca, sizeof(ca), ", \"ca\": \"%s\"", file);
		snprintf(row, sizeof(row), "tool.example:%d:127.0.0.1", port);
		snprintf(table, sizeof(table),
		         "{\"tls\": {\"baseUrl\": \"https://tool.example:%d/\","
		         " \"allow\": [\"loopback\"]%s}}",
		         port, ca);
		enter_with(&room, table);
		cbi_http_test_resolve(room.http, resolve);
		rc = plain ? get_plain(&room, port, rows[i].ca ? file : NULL)
		           : get(&room, "tls", "/");
		if (rc != rows[i].code ||
		    !strstr(cb_failure(&room.ctx), rows[i].why))
			fail_msg("%s %s: %s", rows[i].file,
			         rows[i].version ? rows[i].version : "",
			         cb_failure(&room.ctx));
		if (rows[i].code != CB_OK)
			assert_non_null(
			    strstr(cb_failure(&room.ctx), "tool.example"));
		leave(&room);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

static int start(void **state)
{
	const char *ca[] = { "openssl",  "req",         "-x509",   "-newkey",
		             "rsa:2048", "-nodes",      "-keyout", "ca.key",
		             "-out",     "ca.crt",      "-days",   "2",
		             "-subj",    "/CN=test ca", NULL };

	if (!mkdtemp(dir))
		return -1;
	run_openssl(ca);
	certify("good", "tool.example", "2", false);
	certify("self", "tool.example", "2", true);
	certify("expired", "tool.example", "-1", false);
	certify("wrong", "other.example", "2", false);
	return ask_start(state);
}

static int stop(void **state)
{
	static const char *const stems[] = { "good", "self", "expired", "wrong",
		                             "ca" };
	static const char *const ends[] = { "key", "crt", "csr", "ext", "srl" };
	char path[80];

	for (size_t i = 0; i < N(stems); i++) {
		for (size_t k = 0; k < N(ends); k++) {
			snprintf(path, sizeof(path), "%s/%s.%s", dir, stems[i],
			         ends[k]);
			unlink(path);
		}
	}
	rmdir(dir);
	return ask_stop(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_right_certificate_is_taken),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
