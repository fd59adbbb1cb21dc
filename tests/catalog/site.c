/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/catalog/site.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void send_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

static void say(int fd, const char *status, const char *etag, const char *body,
                size_t len)
{
	char head[300];
	int n = snprintf(head, sizeof(head),
	                 "HTTP/1.1 %s\r\nETag: %s\r\nContent-Length: %zu\r\n"
	                 "Connection: close\r\n\r\n",
	                 status, etag, len);

	send_all(fd, head, (size_t)n);
	send_all(fd, body, len);
}

static void answer(struct site *site, int fd, const char *folder,
                   const char *ask)
{
	char path[1024], name[512], etag[100], *body;
	struct stat st;
	ssize_t len;
	int file;

	if (sscanf(ask, "GET %500s", name) != 1 || strstr(name, ".."))
		return;
	snprintf(path, sizeof(path), "%s%s", folder, name);
	file = open(path, O_RDONLY);
	if (file < 0 || fstat(file, &st) < 0 || !S_ISREG(st.st_mode)) {
		site->counts->missing++;
		say(fd, "404 Not Found", "\"none\"", "", 0);
		return;
	}
	snprintf(etag, sizeof(etag), "\"%lld-%lld.%09ld\"",
	         (long long)st.st_size, (long long)st.st_mtim.tv_sec,
	         st.st_mtim.tv_nsec);
	if (strstr(ask, etag)) {
		site->counts->unchanged++;
		say(fd, "304 Not Modified", etag, "", 0);
	} else {
		body = malloc((size_t)st.st_size + 1);
		len = read(file, body, (size_t)st.st_size);
		site->counts->full++;
		say(fd, "200 OK", etag, body, len < 0 ? 0 : (size_t)len);
		free(body);
	}
	close(file);
}

static void serve(struct site *site, int listener, const char *folder)
{
	for (;;) {
		char ask[4096];
		size_t n = 0;
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			continue;
		for (;;) {
			ssize_t got = read(fd, ask + n, sizeof(ask) - 1 - n);

			if (got <= 0)
				break;
			n += (size_t)got;
			ask[n] = '\0';
			if (strstr(ask, "\r\n\r\n") || n == sizeof(ask) - 1)
				break;
		}
		ask[n] = '\0';
		answer(site, fd, folder, ask);
		close(fd);
	}
}

int site_start(struct site *site, const char *folder)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (listener < 0 ||
	    bind(listener, (struct sockaddr *)&address, len) < 0 ||
	    listen(listener, 64) < 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &len) < 0)
		return -1;
	site->port = ntohs(address.sin_port);
	site->counts = mmap(NULL, sizeof(*site->counts), PROT_READ | PROT_WRITE,
	                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	site->pid = fork();
	if (site->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(site, listener, folder);
	}
	close(listener);
	return site->pid < 0 ? -1 : 0;
}

void site_stop(struct site *site)
{
	kill(site->pid, SIGKILL);
	waitpid(site->pid, NULL, 0);
	munmap(site->counts, sizeof(*site->counts));
}
