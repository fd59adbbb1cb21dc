/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tool.c - see tool.h.
 */
#include "tests/http/tool.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#define BIG (3 * 1024 * 1024)
#define BOMB (200 * 1024 * 1024)

static struct tool_counts *counts;

static void put(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			_exit(0);
		p += n;
		len -= (size_t)n;
	}
}

static void text(int fd, const char *t)
{
	put(fd, t, strlen(t));
}

static void answer(int fd, int status, const char *headers, const char *body)
{
	char head[32768];

	snprintf(head, sizeof(head),
	         "HTTP/1.1 %d X\r\nContent-Type: text/plain\r\n"
	         "Content-Length: %zu\r\n%s\r\n",
	         status, strlen(body), headers);
	text(fd, head);
	text(fd, body);
}

static void drip(int fd)
{
	text(fd, "HTTP/1.1 200 X\r\nContent-Length: 1000\r\n\r\n");
	for (int i = 0; i < 60; i++) {
		text(fd, "x");
		sleep(1);
	}
}

static void big(int fd)
{
	static char piece[65536];

	text(fd, "HTTP/1.1 200 X\r\nConnection: close\r\n\r\n");
	for (size_t n = 0; n < BIG; n += sizeof(piece))
		put(fd, piece, sizeof(piece));
	_exit(0);
}

/* 200 MB of zeros, about 200 KB on the wire. */
static void bomb(int fd)
{
	static unsigned char in[65536], out[65536];
	z_stream z = { 0 };

	text(fd, "HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\n"
	         "Connection: close\r\n\r\n");
	deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
	for (size_t n = 0; n < BOMB; n += sizeof(in)) {
		z.next_in = in;
		z.avail_in = sizeof(in);
		do {
			z.next_out = out;
			z.avail_out = sizeof(out);
			deflate(&z, Z_NO_FLUSH);
			put(fd, out, sizeof(out) - z.avail_out);
		} while (z.avail_in);
	}
	_exit(0);
}

static void reset(int fd)
{
	struct linger linger = { 1, 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	_exit(0);
}

static void many_headers(int fd)
{
	text(fd, "HTTP/1.1 200 X\r\n");
	for (int i = 0; i < 20000; i++)
		text(fd, "X-Filler: 0123456789012345678901234567890123456789"
		         "\r\n");
	text(fd, "\r\n");
}

/* What stands after a path's '?', percent-decoded. */
static char *after(char *path)
{
	char *in = strchr(path, '?'), *out, *start;

	if (!in)
		return path + strlen(path);
	start = out = ++in;
	for (; *in; in++, out++) {
		char hex[3] = { 0 };

		*out = *in;
		if (*in == '%' && in[1] && in[2]) {
			memcpy(hex, in + 1, 2);
			*out = (char)strtol(hex, NULL, 16);
			in += 2;
		}
	}
	*out = '\0';
	return start;
}

static void redirect(int fd, int status, const char *to)
{
	char line[20000];

	snprintf(line, sizeof(line), "Location: %s\r\n", to);
	answer(fd, status, line, "");
}

static void odd(int fd, const char *path)
{
	if (strcmp(path, "/hang") == 0)
		sleep(60);
	else if (strcmp(path, "/drip") == 0)
		drip(fd);
	else if (strcmp(path, "/big") == 0)
		big(fd);
	else if (strcmp(path, "/bomb") == 0)
		bomb(fd);
	else if (strcmp(path, "/reset") == 0)
		reset(fd);
	else if (strcmp(path, "/headers") == 0)
		many_headers(fd);
	else if (strcmp(path, "/garbage") == 0)
		text(fd, "this is no answer\n\n");
	else if (strcmp(path, "/cut") == 0)
		text(fd, "HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nshort");
	else
		answer(fd, 404, "", "no such behaviour");
	_exit(0);
}

static void serve(int fd, char *head, char *path)
{
	char line[9200];
	int n;

	if (strcmp(path, "/ok") == 0 && strstr(head, "If-None-Match: \"v1\""))
		answer(fd, 304, "ETag: \"v1\"\r\n", "");
	else if (strcmp(path, "/ok") == 0)
		answer(fd, 200, "ETag: \"v1\"\r\n", "ok");
	else if (strcmp(path, "/now") == 0)
		answer(fd, atomic_load(&counts->status), "", "now");
	else if (strncmp(path, "/echo", 5) == 0)
		answer(fd, 200, "", head);
	else if (sscanf(path, "/status/%d", &n) == 1)
		answer(fd, n, "", "status");
	else if (sscanf(path, "/redirect/%d", &n) == 1)
		redirect(fd, n, after(path));
	else if (strcmp(path, "/loop") == 0)
		redirect(fd, 302, "/loop");
	else if (sscanf(path, "/hops/%d", &n) == 1) {
		snprintf(line, sizeof(line), "/hops/%d", n - 1);
		redirect(fd, 302, n > 1 ? line : "/ok");
	} else if (strncmp(path, "/retry", 6) == 0) {
		snprintf(line, sizeof(line), "Retry-After: %s\r\n",
		         after(path));
		answer(fd, 429, line, "");
	} else {
		odd(fd, path);
	}
}

/* One connection, request after request. */
static void talk(int fd)
{
	static char head[32768];
	char path[8192];
	size_t len = 0;
	char *end;

	for (;;) {
		ssize_t n = recv(fd, head + len, sizeof(head) - 1 - len, 0);

		if (n <= 0)
			_exit(0);
		len += (size_t)n;
		head[len] = '\0';
		end = strstr(head, "\r\n\r\n");
		if (!end)
			continue;
		atomic_fetch_add(&counts->requests, 1);
		if (sscanf(head, "%*s %8191s", path) != 1)
			_exit(0);
		serve(fd, head, path);
		len = 0; /* requests of these tests have no body to keep */
	}
}

static void run(int listener)
{
	signal(SIGCHLD, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			continue;
		atomic_fetch_add(&counts->connections, 1);
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			signal(SIGCHLD, SIG_DFL);
			alarm(30);
			talk(fd);
		}
		close(fd);
	}
}

int tool_start(struct tool *tool)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len) < 0 ||
	    listen(fd, 64) < 0 ||
	    getsockname(fd, (struct sockaddr *)&addr, &len) < 0)
		return -1;
	tool->port = ntohs(addr.sin_port);
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
	              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED)
		return -1;
	tool->counts = counts;
	tool->pid = fork();
	if (tool->pid == 0)
		run(fd);
	close(fd);
	return tool->pid < 0 ? -1 : 0;
}

void tool_stop(struct tool *tool)
{
	kill(tool->pid, SIGKILL);
	waitpid(tool->pid, NULL, 0);
	munmap(tool->counts, sizeof(*tool->counts));
}
