/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link.c - the connection, its time limit, and the breaker.
 *
 * hiredis formats and parses; connecting, sending and waiting are done here,
 * because its own time-outs count each system call anew.
 */
#include "redis/redis_priv.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/metric.h"
#include "base/str.h"

#define HOST_MAX 255

struct cbi_redis {
	redisContext *link; /* NULL: not connected */
};

/* Where it is, set once; and how it is. */
static struct {
	char path[108]; /* of the unix socket; "": host and port */
	char host[HOST_MAX + 1];
	int port;
	int timeout_ms;
	bool set;
	atomic_uint failures; /* in a row */
	_Atomic int64_t open_until;
} server;

static int parse_address(const char *address)
{
	const char *colon = strrchr(address, ':');
	int64_t port;
	size_t len;

	if (cbi_str_starts(address, "unix:/"))
		return cbi_str_copy(server.path, sizeof(server.path),
		                    address + 5)
		           ? 0
		           : -1;
	if (!colon || colon == address ||
	    cbi_str_int(colon + 1, 1, 65535, &port) < 0)
		return -1;
	len = (size_t)(colon - address);
	if (len > HOST_MAX || cbi_str_starts(address, "unix:"))
		return -1;
	memcpy(server.host, address, len);
	server.host[len] = '\0';
	server.port = (int)port;
	return 0;
}

int cbi_redis_setup(struct cb_ctx *ctx, const char *address, int timeout_ms)
{
	memset(&server, 0, sizeof(server));
	server.timeout_ms = timeout_ms;
	if (!*address)
		return CB_OK;
	if (parse_address(address) < 0)
		return cb_fail(ctx, CB_EINVAL,
		               "redis address '%s': expected unix:/path or "
		               "host:port",
		               address);
	server.set = true;
	return CB_OK;
}

uint16_t cbi_redis_port(void)
{
	return server.set && !*server.path ? (uint16_t)server.port : 0;
}

bool cbi_redis_there(void)
{
	return server.set && atomic_load(&server.open_until) <= cbi_clock_ms();
}

bool cbi_redis_wanted(void)
{
	return server.set;
}

/* True when a call may try; while half open only one may. */
static bool may_try(void)
{
	int64_t until = atomic_load(&server.open_until), now = cbi_clock_ms();

	if (!server.set || until > now)
		return false;
	if (atomic_load(&server.failures) < CB_REDIS_FAILURES)
		return true;
	return atomic_compare_exchange_strong(&server.open_until, &until,
	                                      now + CB_REDIS_OPEN_MS);
}

static void note_good(void)
{
	if (atomic_load(&server.failures) == 0)
		return;
	atomic_store(&server.failures, 0);
	atomic_store(&server.open_until, 0);
}

static void note_bad(void)
{
	if (atomic_fetch_add(&server.failures, 1) + 1 >= CB_REDIS_FAILURES)
		atomic_store(&server.open_until,
		             cbi_clock_ms() + CB_REDIS_OPEN_MS);
}

static bool await(int fd, short events, int64_t until)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int64_t left;
	int n;

	do {
		left = until - cbi_clock_ms();
		n = poll(&pfd, 1, left > 0 ? (int)left : 0);
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

static void drop(struct cbi_redis *redis)
{
	if (redis->link)
		redisFree(redis->link);
	redis->link = NULL;
}

static bool establish(struct cbi_redis *redis, int64_t until)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (redis->link) {
		/* A reply nobody waits for, or the end: start anew. */
		if (!await(redis->link->fd, POLLIN, 0))
			return true;
		drop(redis);
	}
	redis->link = server.path[0]
	                  ? redisConnectUnixNonBlock(server.path)
	                  : redisConnectNonBlock(server.host, server.port);
	return redis->link && !redis->link->err &&
	       await(redis->link->fd, POLLOUT, until) &&
	       getsockopt(redis->link->fd, SOL_SOCKET, SO_ERROR, &error,
	                  &len) == 0 &&
	       error == 0;
}

static bool send_all(int fd, const char *data, size_t len, int64_t until)
{
	while (len) {
		/* hiredis would write() and could raise SIGPIPE. */
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n > 0) {
			data += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			if (!await(fd, POLLOUT, until))
				return false;
		} else if (errno != EINTR) {
			return false;
		}
	}
	return true;
}

static redisReply *receive(redisContext *link, int64_t until)
{
	void *reply = NULL;

	for (;;) {
		if (redisGetReplyFromReader(link, &reply) != REDIS_OK)
			return NULL;
		if (reply)
			return reply;
		if (!await(link->fd, POLLIN, until) ||
		    redisBufferRead(link) != REDIS_OK)
			return NULL;
	}
}

static redisReply *converse(struct cbi_redis *redis, int argc,
                            const char **argv, const size_t *lens,
                            int64_t until)
{
	redisReply *reply = NULL;
	char *command = NULL;
	int len;

	if (!establish(redis, until))
		return NULL;
	len = redisFormatCommandArgv(&command, argc, argv, lens);
	if (len < 0)
		return NULL;
	if (send_all(redis->link->fd, command, (size_t)len, until))
		reply = receive(redis->link, until);
	redisFreeCommand(command);
	return reply;
}

/* Errors of a server that serves nobody right now. */
static bool unwell(const redisReply *reply)
{
	static const char *const words[] = { "READONLY", "LOADING", "MISCONF",
		                             "MASTERDOWN", "NOAUTH" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (cbi_str_starts(reply->str, words[i]))
			return true;
	return false;
}

int cbi_redis_call(struct cb_ctx *ctx, int argc, const char **argv,
                   const size_t *lens, redisReply **out)
{
	struct cbi_redis *redis = ctx->lane->redis;
	int64_t until = cbi_clock_ms() + server.timeout_ms;
	bool hurried = ctx->deadline && ctx->deadline < until;
	redisReply *reply;

	if (!may_try())
		return CB_EAWAY;
	if (!redis)
		redis = ctx->lane->redis = calloc(1, sizeof(*redis));
	if (!redis)
		return CB_EAWAY;
	if (hurried)
		until = ctx->deadline;
	reply = converse(redis, argc, argv, lens, until);
	if (reply && reply->type != REDIS_REPLY_ERROR) {
		note_good();
		*out = reply;
		return CB_OK;
	}
	cbi_metric_add(CBI_COUNT_REDIS_ERRORS, 1);
	if (!reply || unwell(reply)) {
		drop(redis);
		/* Our own haste says nothing of Redis. */
		if (!hurried || reply)
			note_bad();
	}
	if (reply)
		freeReplyObject(reply);
	return CB_EAWAY;
}

void cbi_redis_lane_finish(struct cbi_lane *lane)
{
	if (!lane->redis)
		return;
	drop(lane->redis);
	free(lane->redis);
	lane->redis = NULL;
}
