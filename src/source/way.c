/* SPDX-License-Identifier: Apache-2.0 */
/*
 * way.c - see way.h.
 */
#include "source/way.h"

#include "base/clock.h"
#include "base/str.h"
#include "source/ask.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Fetch processes one lane talks to; more share by being reconnected. */
#define WAYS 16

struct cbi_asker {
	uint32_t next_id;
	unsigned next_way;
	struct cbi_way ways[WAYS];
};

static char run_dir[sizeof(((struct sockaddr_un *)0)->sun_path)];

void cbi_ways_setup(const char *dir)
{
	cbi_str_copy(run_dir, sizeof(run_dir), dir);
}

void cbi_way_close(struct cbi_way *way)
{
	if (way->fd >= 0)
		close(way->fd);
	way->fd = -1;
}

void cbi_source_lane_finish(struct cbi_lane *lane)
{
	if (!lane->asker)
		return;
	for (int i = 0; i < WAYS; i++)
		cbi_way_close(&lane->asker->ways[i]);
	free(lane->asker);
	lane->asker = NULL;
}

static struct cbi_asker *asker(struct cbi_lane *lane)
{
	if (lane->asker)
		return lane->asker;
	lane->asker = calloc(1, sizeof(*lane->asker));
	for (int i = 0; lane->asker && i < WAYS; i++)
		lane->asker->ways[i].fd = -1;
	return lane->asker;
}

static int connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	/* A full backlog is EAGAIN: a placeholder then, no wait. */
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static struct cbi_way *find_way(struct cbi_asker *asker, const char *path)
{
	struct cbi_way *way;

	for (int i = 0; i < WAYS; i++)
		if (strcmp(asker->ways[i].path, path) == 0)
			return &asker->ways[i];
	way = &asker->ways[asker->next_way++ % WAYS];
	cbi_way_close(way);
	memcpy(way->path, path, strlen(path) + 1);
	return way;
}

struct cbi_way *cbi_way_of(struct cbi_lane *lane, const char *pool, int fetcher)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct cbi_asker *own = asker(lane);

	if (!own || !run_dir[0])
		return NULL;
	if (snprintf(path, sizeof(path), "%s/fetch-%s-%d.sock", run_dir, pool,
	             fetcher) >= (int)sizeof(path))
		return NULL;
	return find_way(own, path);
}

uint32_t cbi_way_id(struct cbi_lane *lane)
{
	return ++lane->asker->next_id;
}

/* Waits for the descriptor; false when the time is over. */
static bool wait_for(int fd, short events, int64_t until)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = events };
		int64_t left = until - cbi_clock_ms();
		int n = left > 0 ? poll(&p, 1, (int)left) : 0;

		if (n > 0)
			return true;
		if (n == 0 || errno != EINTR)
			return false;
	}
}

static bool send_all(int fd, const char *data, size_t len, int64_t until)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n > 0) {
			data += n;
			len -= (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			if (!wait_for(fd, POLLOUT, until))
				return false;
		} else if (n == 0 || errno != EINTR) {
			return false;
		}
	}
	return true;
}

int cbi_way_recv(const struct cbi_way *way, char *data, size_t len,
                 int64_t until)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = recv(way->fd, data + got, len - got, 0);

		if (n > 0)
			got += (size_t)n;
		else if (n < 0 && errno == EAGAIN) {
			if (!wait_for(way->fd, POLLIN, until))
				return got ? -1 : 0;
		} else if (n == 0 || errno != EINTR) {
			return -1;
		}
	}
	return 1;
}

/* A kept connection whose fetch process has gone is readable: it ended. */
static bool gone(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, MSG_PEEK);

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

bool cbi_way_send(struct cbi_way *way, const char *data, size_t len,
                  int64_t until)
{
	/* Twice: the kept connection may end just now. */
	for (int i = 0; i < 2; i++) {
		if (way->fd >= 0 && gone(way->fd))
			cbi_way_close(way);
		if (way->fd < 0)
			way->fd = connect_to(way->path);
		if (way->fd < 0)
			return false;
		if (send_all(way->fd, data, len, until))
			return true;
		cbi_way_close(way);
	}
	return false;
}
