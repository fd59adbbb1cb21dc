/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify.c - see notify.h.
 */
#include "server/notify.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

#define FIRST_FD 3

void cbi_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t len;
	int fd;

	if (!path || (path[0] != '/' && path[0] != '@') ||
	    !cbi_str_copy(address.sun_path, sizeof(address.sun_path), path))
		return;
	len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	/* An abstract name begins with NUL. */
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* Nobody there to hear it is no reason to stop. */
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL,
	           (struct sockaddr *)&address, len) < 0) {
		close(fd);
		return;
	}
	close(fd);
}

void cbi_notify_reloading(void)
{
	char text[80];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
	         (long long)cbi_clock_us());
	cbi_notify(text);
}

int cbi_notify_sockets(struct cbi_given_socket *out, int max)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	int64_t for_pid = 0, n = 0;
	int taken = 0;

	if (pid && count && cbi_str_int(pid, 1, INT32_MAX, &for_pid) == 0 &&
	    for_pid == getpid() && cbi_str_int(count, 1, 1024, &n) < 0)
		n = 0;
	if (for_pid != getpid())
		n = 0;
	for (int fd = FIRST_FD; fd < FIRST_FD + (int)n && taken < max; fd++) {
		struct sockaddr_un address = { 0 };
		socklen_t len = sizeof(address) - 1;

		if (getsockname(fd, (struct sockaddr *)&address, &len) < 0 ||
		    address.sun_family != AF_UNIX)
			continue;
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		out[taken].fd = fd;
		cbi_str_copy(out[taken].path, sizeof(out[taken].path),
		             address.sun_path);
		taken++;
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return taken;
}
