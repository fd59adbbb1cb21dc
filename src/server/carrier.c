/* SPDX-License-Identifier: Apache-2.0 */
/*
 * carrier.c - see carrier.h.
 *
 * Small pieces go through libfcgi's 8 KiB buffer, which sends them together
 * with the end of the request.  Large ones are written as records of their
 * own: libfcgi would copy them into that buffer and make a system call per
 * 8 KiB, and takes a short write for a whole one.
 */
#include "server/carrier.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* A record's content is counted in 16 bits; a multiple of 8 needs no
 * padding. */
#define RECORD_MAX 65528
#define RECORD_HEAD 8
#define RECORD_END 3
#define RECORD_STDOUT 6
/* From here on a record of its own is cheaper than a copy. */
#define LARGE 8192
/* What a body may hold that nobody read before the connection is dropped. */
#define DRAIN_MAX (16 * 1024 * 1024)

/*
 * The beginning of what libfcgi keeps of a reading stream, which it does not
 * publish.  Needed to see whether bytes after the request's end were read
 * along; plausible() refuses anything that does not look like it.
 */
struct reader {
	unsigned char *buff;
	int bufflen;
	unsigned char *allocated;
	unsigned char *stop;
};

static const char *carrier_param(void *carrier, const char *name)
{
	FCGX_Request *request = carrier;

	return FCGX_GetParam(name, request->envp);
}

static ssize_t carrier_read(void *carrier, void *data, size_t len)
{
	FCGX_Request *request = carrier;
	int want = len > INT32_MAX ? INT32_MAX : (int)len;
	int n = FCGX_GetStr(data, want, request->in);

	if (n > 0)
		return n;
	return FCGX_GetError(request->in) ? -1 : 0;
}

/* A blocking socket with a send timeout may still take a part only. */
static int send_all(int fd, struct iovec *piece, int n)
{
	while (n > 0) {
		struct msghdr msg = { .msg_iov = piece,
			              .msg_iovlen = (size_t)n };
		ssize_t sent = sendmsg(fd, &msg, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return -1;
		while (n > 0 && (size_t)sent >= piece->iov_len) {
			sent -= (ssize_t)piece->iov_len;
			piece++;
			n--;
		}
		if (n > 0) {
			piece->iov_base = (char *)piece->iov_base + sent;
			piece->iov_len -= (size_t)sent;
		}
	}
	return 0;
}

static int write_records(FCGX_Request *request, const char *data, size_t len)
{
	while (len > 0) {
		size_t part = len < RECORD_MAX ? len : RECORD_MAX;
		size_t pad = (8 - part % 8) % 8;
		unsigned char head[RECORD_HEAD] = {
			1,
			RECORD_STDOUT,
			(unsigned char)(request->requestId >> 8),
			(unsigned char)request->requestId,
			(unsigned char)(part >> 8),
			(unsigned char)part,
			(unsigned char)pad,
			0,
		};
		static const char zeros[8];
		struct iovec piece[3] = {
			{ head, sizeof(head) },
			{ (void *)(uintptr_t)data, part },
			{ (void *)(uintptr_t)zeros, pad },
		};

		if (send_all(request->ipcFd, piece, 3) < 0)
			return -1;
		data += part;
		len -= part;
	}
	return 0;
}

static int carrier_write(void *carrier, const void *data, size_t len)
{
	FCGX_Request *request = carrier;

	if (FCGX_GetError(request->out))
		return -1;
	if (len >= LARGE) {
		if (FCGX_FFlush(request->out) < 0)
			return -1;
		if (write_records(request, data, len) == 0)
			return 0;
		/* What follows must not be taken for the cut record's rest. */
		shutdown(request->ipcFd, SHUT_RDWR);
		return -1;
	}
	if (len > 0 && FCGX_PutStr(data, (int)len, request->out) < 0)
		return -1;
	return 0;
}

struct cbi_port cbi_carrier_port(FCGX_Request *request)
{
	struct cbi_port port = {
		.carrier = request,
		.param = carrier_param,
		.read = carrier_read,
		.write = carrier_write,
	};

	return port;
}

static bool plausible(const struct reader *reader, const FCGX_Stream *in)
{
	return reader->bufflen == 8192 && reader->allocated <= reader->buff &&
	       reader->buff - reader->allocated < 8 &&
	       in->rdNext >= reader->buff && reader->stop >= in->rdNext &&
	       reader->stop <= reader->buff + reader->bufflen;
}

bool cbi_carrier_drained(FCGX_Request *request)
{
	const struct reader *reader = request->in->data;
	size_t total = 0;
	char scrap[4096];
	int n;

	do {
		n = FCGX_GetStr(scrap, sizeof(scrap), request->in);
		total += n > 0 ? (size_t)n : 0;
	} while (n == (int)sizeof(scrap) && total < DRAIN_MAX);
	if (FCGX_GetError(request->in) || FCGX_HasSeenEOF(request->in) != EOF)
		return false;
	return plausible(reader, request->in) &&
	       reader->stop == request->in->rdNext;
}

/*
 * nginx keeps a connection when the END_REQUEST record is the last thing in
 * its buffer.  A connection that we close right after that may be given a
 * POST in between, which is lost.  So a record follows that nobody reads:
 * nginx sees that there is more and closes the connection itself.
 */
int cbi_carrier_end_last(FCGX_Request *request)
{
	unsigned char high = (unsigned char)(request->requestId >> 8);
	unsigned char low = (unsigned char)request->requestId;
	unsigned char bytes[] = {
		1,    RECORD_STDOUT,
		high, low,
		0,    0,
		0,    0,
		1,    RECORD_END,
		high, low,
		0,    8,
		0,    0, /* and its 8 bytes */
		0,    0,
		0,    0,
		0,    0,
		0,    0,
		1,    RECORD_END,
		high, low,
		0,    8,
		0,    0,
		0,    0,
		0,    0,
		0,    0,
		0,    0,
	};
	struct iovec piece = { bytes, sizeof(bytes) };
	int rc = -1;

	if (!FCGX_GetError(request->out) && FCGX_FFlush(request->out) >= 0)
		rc = send_all(request->ipcFd, &piece, 1);
	FCGX_Free(request, 0);
	return rc;
}
