/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connect.c - a socket to a program that speaks FastCGI.
 */
#include "foreign/foreign.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/str.h"
#include "http/http.h"

static int away(struct cb_ctx *ctx, const struct cbi_foreign_serve *serve,
                int error)
{
	return cb_fail(ctx, CB_EAWAY, "%s: %s", serve->text, strerror(error));
}

/* Waits for the connection that was begun. */
static int wait_for(struct cb_ctx *ctx, const struct cbi_foreign_serve *serve,
                    int fd)
{
	int64_t left = cb_time_left(ctx);
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
	int error = 0, n;
	socklen_t len = sizeof(error);

	if (left > CB_TOOL_CONNECT_MS)
		left = CB_TOOL_CONNECT_MS;
	do
		n = poll(&poll_fd, 1, (int)left);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return cb_fail(ctx, CB_ETIME, "%s: nobody answers",
		               serve->text);
	if (n < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	return error ? away(ctx, serve, error) : CB_OK;
}

static int begin(struct cb_ctx *ctx, const struct cbi_foreign_serve *serve,
                 const struct sockaddr *addr, socklen_t len, int *out)
{
	int fd = socket(addr->sa_family,
	                SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc = CB_OK;

	if (fd < 0)
		return away(ctx, serve, errno);
	if (connect(fd, addr, len) < 0) {
		/* A full backlog of a unix socket is EAGAIN, and final. */
		if (errno == EINPROGRESS)
			rc = wait_for(ctx, serve, fd);
		else
			rc = away(ctx, serve, errno);
	}
	if (rc < 0)
		close(fd);
	else
		*out = fd;
	return rc;
}

static int connect_unix(struct cb_ctx *ctx,
                        const struct cbi_foreign_serve *serve, int *fd)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	cbi_str_copy(addr.sun_path, sizeof(addr.sun_path), serve->path);
	return begin(ctx, serve, (const struct sockaddr *)&addr, sizeof(addr),
	             fd);
}

static int connect_tcp(struct cb_ctx *ctx,
                       const struct cbi_foreign_serve *serve, int *fd)
{
	static const char *const allow[] = { "loopback", "private", NULL };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	const char *address;
	int64_t port;
	int rc = cbi_http_pin(ctx, serve->host, allow, &address);

	if (rc < 0)
		return rc;
	if (cbi_str_int(serve->port, 1, 65535, &port) < 0)
		return cb_fail(ctx, CB_EINVAL, "%s: no port", serve->text);
	v4.sin_port = v6.sin6_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
		return begin(ctx, serve, (const struct sockaddr *)&v4,
		             sizeof(v4), fd);
	if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1)
		return begin(ctx, serve, (const struct sockaddr *)&v6,
		             sizeof(v6), fd);
	return cb_fail(ctx, CB_EAWAY, "%s: has no address", serve->text);
}

int cbi_foreign_connect(struct cb_ctx *ctx,
                        const struct cbi_foreign_serve *serve, int *fd)
{
	return serve->kind == CBI_FOREIGN_UNIX ? connect_unix(ctx, serve, fd)
	                                       : connect_tcp(ctx, serve, fd);
}
