/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.c - see ask.h.
 *
 * A lane keeps one connection per fetch process.  Answers carry the ask's
 * id: one that comes after its budget is read and dropped by the next ask.
 */
#include "source/ask.h"

#include "base/buf.h"
#include "base/clock.h"
#include "redis/redis.h"
#include "source/value.h"
#include "source/wire.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* Fetch processes one lane talks to; more share by being reconnected. */
#define WAYS 16

struct way {
	int fd; /* -1: none */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

struct cbi_asker {
	uint32_t next_id;
	unsigned next_way;
	struct way ways[WAYS];
};

static struct {
	char run_dir[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int gate;
	_Atomic int waiting;
} house = { .gate = 1 };

void cbi_source_setup(const char *run_dir, int threads)
{
	cbi_str_copy(house.run_dir, sizeof(house.run_dir), run_dir);
	house.gate = threads >= 8 ? threads / 4 : 1;
	atomic_store(&house.waiting, 0);
}

static void close_way(struct way *way)
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
		close_way(&lane->asker->ways[i]);
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

static struct way *find_way(struct cbi_asker *asker, const char *path)
{
	struct way *way;

	for (int i = 0; i < WAYS; i++)
		if (strcmp(asker->ways[i].path, path) == 0)
			return &asker->ways[i];
	way = &asker->ways[asker->next_way++ % WAYS];
	close_way(way);
	memcpy(way->path, path, strlen(path) + 1);
	return way;
}

static struct way *way_of(struct cb_ctx *ctx, const struct cbi_source_ref *ref,
                          const char *redis_key)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct cbi_asker *own = asker(ctx->lane);
	uint64_t n;

	if (!own || ref->fetchers < 1 || !house.run_dir[0])
		return NULL;
	n = XXH64(redis_key, strlen(redis_key), 0) % (uint64_t)ref->fetchers;
	if (snprintf(path, sizeof(path), "%s/fetch-%s-%d.sock", house.run_dir,
	             ref->pool, (int)n) >= (int)sizeof(path))
		return NULL;
	return find_way(own, path);
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

/* 1, 0 when the time is over before the first byte, -1 when it broke. */
static int recv_all(int fd, char *data, size_t len, int64_t until)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = recv(fd, data + got, len - got, 0);

		if (n > 0)
			got += (size_t)n;
		else if (n < 0 && errno == EAGAIN) {
			if (!wait_for(fd, POLLIN, until))
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

static bool send_ask(struct cb_ctx *ctx, struct way *way,
                     const struct cbi_wire_head *head,
                     const struct cbi_source_ref *ref, int64_t until)
{
	struct cb_buf buf;
	bool sent = false;

	cbi_buf_init(&buf, CB_WIRE_HEAD + CB_WIRE_ASK_MAX);
	if (cbi_wire_put_ask(&buf, *head, ref, ctx->request_id) == CB_OK) {
		/* Twice: the kept connection may end just now. */
		for (int i = 0; i < 2 && !sent; i++) {
			if (way->fd >= 0 && gone(way->fd))
				close_way(way);
			if (way->fd < 0)
				way->fd = connect_to(way->path);
			if (way->fd < 0)
				break;
			sent = send_all(way->fd, buf.data, buf.len, until);
			if (!sent)
				close_way(way);
		}
	}
	cbi_buf_finish(&buf);
	return sent;
}

/* The answer of that id; CB_EPENDING closes what may be half read. */
static int take_answer(struct cb_ctx *ctx, struct way *way, uint32_t id,
                       const char *redis_key, int64_t until,
                       struct cbi_source_value *out)
{
	for (;;) {
		char raw[CB_WIRE_HEAD], *data;
		struct cbi_wire_head head;
		int n = recv_all(way->fd, raw, sizeof(raw), until);

		if (n == 0)
			return CB_EPENDING;
		if (n < 0 || !cbi_wire_get_head(raw, &head) ||
		    head.kind != CBI_WIRE_ANSWER)
			break;
		data = cb_alloc(ctx, (size_t)head.len + 1);
		if (!data) {
			close_way(way);
			return CB_ENOMEM;
		}
		if (head.len && recv_all(way->fd, data, head.len, until) != 1)
			break;
		if (head.id != id)
			continue;
		if (head.len &&
		    cbi_value_decode(data, head.len, redis_key, out))
			return CB_OK;
		return CB_EPENDING;
	}
	close_way(way);
	return CB_EPENDING;
}

static void tell(struct cb_ctx *ctx, const struct cbi_source_ref *ref,
                 const char *redis_key)
{
	struct cbi_wire_head head = { .rank = CBI_RANK_REFRESH,
		                      .flags = CBI_WIRE_NO_ANSWER };
	struct way *way = way_of(ctx, ref, redis_key);

	/* No waiting: a full socket means that fetch has enough to do. */
	if (way)
		(void)send_ask(ctx, way, &head, ref, 0);
}

static int ask_fetch(struct cb_ctx *ctx, const struct cbi_source_ref *ref,
                     const char *redis_key, struct cbi_wire_head head,
                     struct cbi_source_value *out)
{
	struct way *way = way_of(ctx, ref, redis_key);
	int64_t until;

	if (!way)
		return CB_EPENDING;
	if (cb_time_left(ctx) < head.budget_ms)
		head.budget_ms = (uint32_t)cb_time_left(ctx);
	until = cbi_clock_ms() + head.budget_ms;
	head.id = ++ctx->lane->asker->next_id;
	if (!send_ask(ctx, way, &head, ref, until))
		return CB_EPENDING;
	return take_answer(ctx, way, head.id, redis_key, until, out);
}

static int judge(struct cb_ctx *ctx, const struct cbi_source_ref *ref,
                 const struct cbi_source_value *value,
                 struct cbi_source_value *out)
{
	if (value->code == CB_OK) {
		*out = *value;
		return CB_OK;
	}
	return cb_fail(ctx, value->code, "%s: %s", ref->source,
	               value->note[0] ? value->note : "no answer");
}

int cbi_source_get(struct cb_ctx *ctx, const struct cbi_source_ref *ref,
                   int budget_ms, struct cbi_source_value *out)
{
	struct cbi_wire_head head = { .rank = CBI_RANK_READER,
		                      .budget_ms = (uint32_t)budget_ms };
	char redis_key[CB_SOURCE_REDIS_KEY_MAX];
	struct cbi_source_value value;
	int64_t now = cbi_clock_wall_ms();
	int rc = cbi_value_key(ctx, ref, redis_key);

	if (rc < 0)
		return rc;
	rc = cbi_value_get(ctx, redis_key, &value);
	if (rc == CB_OK && now < value.stale_until) {
		if (now >= value.fresh_until)
			tell(ctx, ref, redis_key);
		return judge(ctx, ref, &value, out);
	}
	if (atomic_fetch_add(&house.waiting, 1) >= house.gate)
		rc = CB_EPENDING;
	else
		rc = ask_fetch(ctx, ref, redis_key, head, &value);
	atomic_fetch_sub(&house.waiting, 1);
	return rc < 0 ? rc : judge(ctx, ref, &value, out);
}

int cbi_source_ask(struct cb_ctx *ctx, const struct cbi_source_ref *ref,
                   enum cbi_source_rank rank, int budget_ms, bool brief,
                   struct cbi_source_value *out)
{
	struct cbi_wire_head head = { .rank = (uint8_t)rank,
		                      .flags = brief ? CBI_WIRE_BRIEF : 0,
		                      .budget_ms = (uint32_t)budget_ms };
	char redis_key[CB_SOURCE_REDIS_KEY_MAX];
	int rc = cbi_value_key(ctx, ref, redis_key);

	if (rc < 0)
		return rc;
	return ask_fetch(ctx, ref, redis_key, head, out);
}
