/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.c - see loop.h.
 */
#define _GNU_SOURCE /* accept4 */

#include "source/loop.h"

#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uthash.h>

#define EVENTS 64
#define CONNS_MAX 4096
/* Who does not read has his answers dropped beyond this, and is closed. */
#define OUT_MAX (8 * CB_MIB + CB_KIB)
/* Calls that are coming in, all together; and the longest a call may take. */
#define INCOMING_MAX (32 * CB_MIB)
#define BUDGET_MAX 60000
/* epoll's data: these two, then the connections' serial numbers. */
#define LISTENER 0
#define BELL 1

struct cbi_serve_bytes {
	_Atomic int refs;
	size_t len;
	char *data;
};

struct piece {
	struct piece *next;
	char head[CB_WIRE_HEAD];
	struct cbi_serve_bytes *bytes; /* NULL: no payload */
	size_t sent;
};

struct conn {
	UT_hash_handle hh;
	uint64_t serial;
	int fd;
	int waiting; /* asks that will be answered */
	bool ended, writable_wanted;
	size_t have; /* bytes in `in` */
	char in[CB_WIRE_HEAD + CB_WIRE_ASK_MAX];
	/* A call that is coming in: its payload, past what fits above. */
	struct cbi_wire_head call;
	char *payload; /* NULL: none */
	size_t payload_have;
	struct piece *out, **out_end;
	size_t out_bytes;
};

struct delivery {
	struct delivery *next;
	struct cbi_waiter *waiter;
	struct cbi_serve_bytes *bytes;
};

struct cbi_serve_loop {
	int epoll, bell, listener;
	struct cbi_serve_queue *queue;
	struct cbi_desk *desk;
	size_t incoming;    /* bytes of calls that are coming in */
	struct conn *conns; /* by serial */
	uint64_t next_serial;
	bool draining;
	pthread_mutex_t lock; /* of box */
	struct delivery *box;
};

struct cbi_serve_bytes *cbi_serve_bytes_create(char *data, size_t len)
{
	struct cbi_serve_bytes *bytes = malloc(sizeof(*bytes));

	if (!bytes) {
		free(data);
		return NULL;
	}
	atomic_init(&bytes->refs, 1);
	bytes->len = len;
	bytes->data = data;
	return bytes;
}

void cbi_serve_bytes_drop(struct cbi_serve_bytes *bytes)
{
	if (!bytes || atomic_fetch_sub(&bytes->refs, 1) > 1)
		return;
	free(bytes->data);
	free(bytes);
}

static void drop_piece(struct conn *conn)
{
	struct piece *piece = conn->out;

	conn->out = piece->next;
	if (!conn->out)
		conn->out_end = &conn->out;
	conn->out_bytes -= piece->bytes ? piece->bytes->len : 0;
	cbi_serve_bytes_drop(piece->bytes);
	free(piece);
}

static void close_conn(struct cbi_serve_loop *loop, struct conn *conn)
{
	while (conn->out)
		drop_piece(conn);
	HASH_DEL(loop->conns, conn);
	if (conn->payload)
		loop->incoming -= conn->call.len;
	free(conn->payload);
	close(conn->fd);
	free(conn);
}

static void watch(struct cbi_serve_loop *loop, struct conn *conn, bool writable)
{
	struct epoll_event event = { .events = EPOLLIN,
		                     .data.u64 = conn->serial };

	if (writable == conn->writable_wanted)
		return;
	if (writable)
		event.events |= EPOLLOUT;
	epoll_ctl(loop->epoll, EPOLL_CTL_MOD, conn->fd, &event);
	conn->writable_wanted = writable;
}

/* Writes what can be written; marks the connection ended when it broke. */
static void flush(struct cbi_serve_loop *loop, struct conn *conn)
{
	while (conn->out && !conn->ended) {
		struct piece *piece = conn->out;
		size_t body = piece->bytes ? piece->bytes->len : 0;
		const char *from =
		    piece->sent < CB_WIRE_HEAD
			? piece->head + piece->sent
			: piece->bytes->data + piece->sent - CB_WIRE_HEAD;
		size_t left = piece->sent < CB_WIRE_HEAD
		                  ? CB_WIRE_HEAD - piece->sent
		                  : body + CB_WIRE_HEAD - piece->sent;
		ssize_t n = send(conn->fd, from, left,
		                 MSG_NOSIGNAL | (body ? MSG_MORE : 0));

		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0 && errno != EINTR)
			conn->ended = true;
		if (n > 0)
			piece->sent += (size_t)n;
		if (piece->sent == CB_WIRE_HEAD + body)
			drop_piece(conn);
	}
	if (!conn->ended)
		watch(loop, conn, conn->out != NULL);
}

static void answer(struct cbi_serve_loop *loop, struct conn *conn,
                   enum cbi_wire_kind kind, uint32_t id,
                   struct cbi_serve_bytes *bytes)
{
	struct cbi_wire_head head = { .kind = (uint8_t)kind, .id = id };
	struct piece *piece = calloc(1, sizeof(*piece));

	if (!piece || conn->out_bytes > OUT_MAX) {
		free(piece);
		conn->ended = true;
		return;
	}
	if (bytes) {
		head.len = (uint32_t)bytes->len;
		atomic_fetch_add(&bytes->refs, 1);
	}
	cbi_wire_put_head(&head, piece->head);
	piece->bytes = bytes;
	conn->out_bytes += bytes ? bytes->len : 0;
	*conn->out_end = piece;
	conn->out_end = &piece->next;
	flush(loop, conn);
}

static void take_ask(struct cbi_serve_loop *loop, struct conn *conn,
                     const struct cbi_wire_head *head,
                     const struct cbi_wire_ask *ask, const char *redis_key)
{
	struct cbi_waiter waiter = {
		.conn = conn->serial,
		.id = head->id,
		.brief = head->flags & CBI_WIRE_BRIEF,
		.until = cbi_clock_ms() + head->budget_ms,
	};
	bool told = head->flags & CBI_WIRE_NO_ANSWER;
	int rc = cbi_serve_queue_add(loop->queue, redis_key, ask, head->rank,
	                             told ? NULL : &waiter);

	if (told)
		return;
	if (rc == CB_OK)
		conn->waiting++;
	else
		answer(loop, conn, CBI_WIRE_ANSWER, head->id, NULL);
}

/* The payload is whole. */
static void end_call(struct cbi_serve_loop *loop, struct conn *conn)
{
	const struct cbi_wire_head *head = &conn->call;
	struct cbi_waiter waiter = { .conn = conn->serial, .id = head->id };
	int rc = cbi_desk_add(loop->desk, conn->payload, head->len, &waiter,
	                      (int)head->budget_ms);

	conn->payload = NULL;
	loop->incoming -= head->len;
	if (rc == CB_OK)
		conn->waiting++;
	else if (rc == CB_EBUSY)
		answer(loop, conn, CBI_WIRE_REPLY, head->id, NULL);
	else
		conn->ended = true;
}

/* What `in` has of the payload moves over; the rest is read into it. */
static bool begin_call(struct cbi_serve_loop *loop, struct conn *conn,
                       const struct cbi_wire_head *head)
{
	size_t have = conn->have - CB_WIRE_HEAD;

	if (head->budget_ms > BUDGET_MAX || head->len == 0 ||
	    loop->incoming + head->len > INCOMING_MAX)
		return false;
	conn->payload = malloc(head->len);
	if (!conn->payload)
		return false;
	loop->incoming += head->len;
	conn->call = *head;
	if (have > head->len)
		have = head->len;
	memcpy(conn->payload, conn->in + CB_WIRE_HEAD, have);
	conn->payload_have = have;
	conn->have -= CB_WIRE_HEAD + have;
	memmove(conn->in, conn->in + CB_WIRE_HEAD + have, conn->have);
	if (have == head->len)
		end_call(loop, conn);
	return true;
}

/* The key is made from what came, never taken from the wire. */
static bool key_of(const struct cbi_wire_ask *ask, char *redis_key)
{
	const struct cbi_source_ref ref = { .plugin = ask->plugin,
		                            .source = ask->source,
		                            .version = ask->version,
		                            .key = ask->key };

	return cbi_value_key_of(&ref, redis_key);
}

/* Takes whole frames from the front of the buffer; false for nonsense. */
static bool take_frames(struct cbi_serve_loop *loop, struct conn *conn)
{
	for (;;) {
		char redis_key[CB_SOURCE_REDIS_KEY_MAX];
		struct cbi_wire_head head;
		struct cbi_wire_ask ask;
		size_t len;

		if (conn->have < CB_WIRE_HEAD)
			return true;
		if (!cbi_wire_get_head(conn->in, &head))
			return false;
		if (head.kind == CBI_WIRE_CALL) {
			if (!begin_call(loop, conn, &head))
				return false;
			if (conn->payload || conn->ended)
				return true;
			continue;
		}
		if (head.kind != CBI_WIRE_ASK)
			return false;
		len = CB_WIRE_HEAD + head.len;
		if (conn->have < len)
			return true;
		if (!cbi_wire_get_ask(conn->in + CB_WIRE_HEAD, head.len,
		                      &ask) ||
		    !key_of(&ask, redis_key))
			return false;
		conn->have -= len;
		memmove(conn->in, conn->in + len, conn->have);
		take_ask(loop, conn, &head, &ask, redis_key);
		if (conn->ended)
			return true;
	}
}

static void read_conn(struct cbi_serve_loop *loop, struct conn *conn)
{
	char *to = conn->in + conn->have;
	size_t room = sizeof(conn->in) - conn->have;
	ssize_t n;

	if (conn->payload) {
		to = conn->payload + conn->payload_have;
		room = conn->call.len - conn->payload_have;
	}
	n = recv(conn->fd, to, room, 0);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		conn->ended = true;
		return;
	}
	if (n < 0)
		return;
	if (conn->payload) {
		conn->payload_have += (size_t)n;
		if (conn->payload_have == conn->call.len)
			end_call(loop, conn);
		return;
	}
	conn->have += (size_t)n;
	if (!take_frames(loop, conn))
		conn->ended = true;
}

static void accept_some(struct cbi_serve_loop *loop)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct conn *conn;

	for (int i = 0; i < EVENTS; i++) {
		int fd = accept4(loop->listener, NULL, NULL,
		                 SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		conn = HASH_COUNT(loop->conns) < CONNS_MAX
		           ? calloc(1, sizeof(*conn))
		           : NULL;
		if (!conn) {
			close(fd);
			continue;
		}
		conn->fd = fd;
		conn->serial = ++loop->next_serial;
		conn->out_end = &conn->out;
		event.data.u64 = conn->serial;
		HASH_ADD(hh, loop->conns, serial, sizeof(conn->serial), conn);
		if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
			close_conn(loop, conn);
	}
}

static struct conn *find(struct cbi_serve_loop *loop, uint64_t serial)
{
	struct conn *conn;

	HASH_FIND(hh, loop->conns, &serial, sizeof(serial), conn);
	return conn;
}

/* Closes what ended, and while draining what waits for nothing. */
static void settle(struct cbi_serve_loop *loop, struct conn *conn)
{
	if (conn->ended || (loop->draining && !conn->waiting && !conn->out &&
	                    !conn->have && !conn->payload))
		close_conn(loop, conn);
}

static void empty_box(struct cbi_serve_loop *loop)
{
	struct delivery *list;
	uint64_t rings;

	(void)!read(loop->bell, &rings, sizeof(rings));
	pthread_mutex_lock(&loop->lock);
	list = loop->box;
	loop->box = NULL;
	pthread_mutex_unlock(&loop->lock);
	while (list) {
		struct delivery *next = list->next;
		struct conn *conn = find(loop, list->waiter->conn);

		if (conn) {
			conn->waiting--;
			/* Late: nobody reads it any more. */
			if (list->waiter->until > cbi_clock_ms())
				answer(loop, conn,
				       list->waiter->call ? CBI_WIRE_REPLY
				                          : CBI_WIRE_ANSWER,
				       list->waiter->id, list->bytes);
			settle(loop, conn);
		}
		cbi_serve_bytes_drop(list->bytes);
		free(list->waiter);
		free(list);
		list = next;
	}
}

void cbi_serve_loop_deliver(struct cbi_serve_loop *loop,
                            struct cbi_waiter *waiter,
                            struct cbi_serve_bytes *bytes)
{
	struct delivery *delivery = malloc(sizeof(*delivery));
	uint64_t one = 1;

	/* Without memory the waiter's own clock ends its wait. */
	if (!delivery) {
		free(waiter);
		return;
	}
	if (bytes)
		atomic_fetch_add(&bytes->refs, 1);
	delivery->waiter = waiter;
	delivery->bytes = bytes;
	pthread_mutex_lock(&loop->lock);
	delivery->next = loop->box;
	loop->box = delivery;
	pthread_mutex_unlock(&loop->lock);
	(void)!write(loop->bell, &one, sizeof(one));
}

static void on_event(struct cbi_serve_loop *loop,
                     const struct epoll_event *event)
{
	struct conn *conn = find(loop, event->data.u64);

	if (!conn)
		return;
	if (event->events & EPOLLOUT)
		flush(loop, conn);
	if (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		read_conn(loop, conn);
	settle(loop, conn);
}

void cbi_serve_loop_turn(struct cbi_serve_loop *loop, int timeout_ms)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(loop->epoll, events, EVENTS, timeout_ms);

	for (int i = 0; i < n; i++) {
		if (events[i].data.u64 == LISTENER)
			accept_some(loop);
		else if (events[i].data.u64 == BELL)
			empty_box(loop);
		else
			on_event(loop, &events[i]);
	}
}

void cbi_serve_loop_drain(struct cbi_serve_loop *loop)
{
	struct conn *conn, *next;

	loop->draining = true;
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, loop->listener, NULL);
	HASH_ITER(hh, loop->conns, conn, next)
	{
		settle(loop, conn);
	}
}

size_t cbi_serve_loop_busy(const struct cbi_serve_loop *loop)
{
	const struct conn *conn;
	size_t n = 0;

	for (conn = loop->conns; conn; conn = conn->hh.next)
		n += conn->waiting || conn->out || conn->payload;
	return n;
}

static bool add(int epoll, int fd, uint64_t data)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = data };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

int cbi_serve_loop_create(struct cb_ctx *ctx, int listener,
                          struct cbi_serve_queue *queue, struct cbi_desk *desk,
                          struct cbi_serve_loop **out)
{
	struct cbi_serve_loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return cb_fail(ctx, CB_ENOMEM, "no memory for fetch's loop");
	loop->listener = listener;
	loop->queue = queue;
	loop->desk = desk;
	loop->next_serial = BELL;
	pthread_mutex_init(&loop->lock, NULL);
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	loop->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->epoll < 0 || loop->bell < 0 ||
	    !add(loop->epoll, listener, LISTENER) ||
	    !add(loop->epoll, loop->bell, BELL)) {
		cb_fail(ctx, CB_EBUG, "no epoll for the fetch socket: %s",
		        strerror(errno));
		cbi_serve_loop_destroy(loop);
		return CB_EBUG;
	}
	*out = loop;
	return CB_OK;
}

void cbi_serve_loop_destroy(struct cbi_serve_loop *loop)
{
	if (!loop)
		return;
	while (loop->conns)
		close_conn(loop, loop->conns);
	while (loop->box) {
		struct delivery *next = loop->box->next;

		cbi_serve_bytes_drop(loop->box->bytes);
		free(loop->box->waiter);
		free(loop->box);
		loop->box = next;
	}
	if (loop->bell >= 0)
		close(loop->bell);
	if (loop->epoll >= 0)
		close(loop->epoll);
	pthread_mutex_destroy(&loop->lock);
	free(loop);
}
