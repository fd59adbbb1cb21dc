/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fcgi_client.c - see fcgi_client.h.
 */
#include "tests/server/fcgi_client.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

static void put(struct wire *wire, const void *data, size_t len)
{
	assert(wire->len + len <= sizeof(wire->bytes));
	if (len)
		memcpy(wire->bytes + wire->len, data, len);
	wire->len += len;
}

void wire_record(struct wire *wire, int type, int id, const void *content,
                 size_t len, size_t padding)
{
	unsigned char head[8] = { 1,
		                  (unsigned char)type,
		                  (unsigned char)(id >> 8),
		                  (unsigned char)id,
		                  (unsigned char)(len >> 8),
		                  (unsigned char)len,
		                  (unsigned char)padding,
		                  0 };
	static const char zeros[255];

	assert(len <= 65535 && padding <= 255);
	put(wire, head, sizeof(head));
	put(wire, content, len);
	put(wire, zeros, padding);
}

void wire_begin(struct wire *wire, int role, bool keep)
{
	unsigned char body[8] = { 0, (unsigned char)role, keep };

	wire_record(wire, FCGI_BEGIN, 1, body, sizeof(body), 0);
}

static void put_length(struct wire *pairs, size_t len)
{
	unsigned char four[4] = { (unsigned char)(0x80 | (len >> 24)),
		                  (unsigned char)(len >> 16),
		                  (unsigned char)(len >> 8),
		                  (unsigned char)len };

	put(pairs, len < 128 ? four + 3 : four, len < 128 ? 1 : 4);
}

void wire_params(struct wire *wire, ...)
{
	static struct wire pairs;
	const char *name;
	va_list args;

	pairs.len = 0;
	va_start(args, wire);
	while ((name = va_arg(args, const char *))) {
		const char *value = va_arg(args, const char *);

		put_length(&pairs, strlen(name));
		put_length(&pairs, strlen(value));
		put(&pairs, name, strlen(name));
		put(&pairs, value, strlen(value));
	}
	va_end(args);
	wire_record(wire, FCGI_PARAMS_RECORD, 1, pairs.bytes, pairs.len, 3);
}

void wire_body(struct wire *wire, const void *body, size_t len)
{
	const char *at = body;

	wire_record(wire, FCGI_PARAMS_RECORD, 1, NULL, 0, 0);
	while (len > 0) {
		size_t part = len < 65535 ? len : 65535;

		wire_record(wire, FCGI_STDIN_RECORD, 1, at, part, 1);
		at += part;
		len -= part;
	}
	wire_record(wire, FCGI_STDIN_RECORD, 1, NULL, 0, 0);
}

void wire_request(struct wire *wire, const char *path, const char *body,
                  bool keep)
{
	wire_begin(wire, 1, keep);
	wire_params(wire, "REQUEST_METHOD", body ? "POST" : "GET",
	            "SCRIPT_NAME", path, NULL);
	wire_body(wire, body, body ? strlen(body) : 0);
}

bool client_send(int fd, const struct wire *wire)
{
	size_t at = 0;

	while (at < wire->len) {
		ssize_t n =
		    send(fd, wire->bytes + at, wire->len - at, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

/* Exactly len bytes; false at the end of the connection or of time. */
static bool read_exactly(int fd, void *data, size_t len, int64_t until)
{
	char *at = data;

	while (len > 0) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		int64_t left = until - cbi_clock_ms();
		ssize_t n;

		if (left < 0 || poll(&wait, 1, (int)left) <= 0) {
			errno = EAGAIN;
			return false;
		}
		n = recv(fd, at, len, 0);
		if (n <= 0) {
			errno = 0;
			return false;
		}
		at += n;
		len -= (size_t)n;
	}
	return true;
}

void client_reply(int fd, struct reply *reply, int ms)
{
	int64_t until = cbi_clock_ms() + ms;
	unsigned char head[8], content[65535 + 255];

	memset(reply, 0, sizeof(*reply));
	while (!reply->ended) {
		size_t len;

		if (!read_exactly(fd, head, sizeof(head), until))
			break;
		len = (size_t)head[4] << 8 | head[5];
		if (!read_exactly(fd, content, len + head[6], until))
			break;
		if (head[1] == FCGI_END)
			reply->ended = true;
		if (head[1] != FCGI_STDOUT_RECORD)
			continue;
		assert(reply->len + len < sizeof(reply->out));
		memcpy(reply->out + reply->len, content, len);
		reply->len += len;
	}
	reply->closed = !reply->ended && errno != EAGAIN;
}

bool client_closed(int fd, int ms)
{
	int64_t until = cbi_clock_ms() + ms;
	char byte;

	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		int64_t left = until - cbi_clock_ms();

		if (left < 0 || poll(&wait, 1, (int)left) <= 0)
			return false;
		if (recv(fd, &byte, 1, 0) <= 0)
			return true;
	}
}
