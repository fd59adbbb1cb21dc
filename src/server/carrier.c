/* SPDX-License-Identifier: Apache-2.0 */
/*
 * carrier.c - see carrier.h.
 *
 * libfcgi reads requests; answers are written here, because its way of writing
 * takes a system call per 8 KiB, a short write for a whole one, and sends the
 * end of a request by itself: a process that is killed in between leaves
 * nginx with half an answer, which cannot be asked for again.  Whatever fits
 * into the socket leaves in one call, so nginx gets all of it or nothing.
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
#define RECORD_END_BODY 8
#define RECORD_STDOUT 6
/* So many records are sent by one call: half a MiB. */
#define BATCH 8
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

static const char *carrier_param(void *arg, const char *name)
{
	const struct cbi_carrier *carrier = arg;

	return FCGX_GetParam(name, carrier->request->envp);
}

static ssize_t carrier_read(void *arg, void *data, size_t len)
{
	const struct cbi_carrier *carrier = arg;
	int want = len > INT32_MAX ? INT32_MAX : (int)len;
	int n = FCGX_GetStr(data, want, carrier->request->in);

	if (n > 0)
		return n;
	return FCGX_GetError(carrier->request->in) ? -1 : 0;
}

/* ---- Writing --------------------------------------------------------------
 */

/* Records that are sent together: head, content and padding of each, and the
 * end of the request. */
struct batch {
	int id;
	int records;
	int n;
	unsigned char heads[BATCH][RECORD_HEAD];
	struct iovec piece[3 * BATCH + 1];
};

static void add_piece(struct batch *batch, const void *data, size_t len)
{
	batch->piece[batch->n].iov_base = (void *)(uintptr_t)data;
	batch->piece[batch->n++].iov_len = len;
}

static unsigned char *put_head(unsigned char *at, int type, int id, size_t len,
                               size_t pad)
{
	*at++ = 1;
	*at++ = (unsigned char)type;
	*at++ = (unsigned char)(id >> 8);
	*at++ = (unsigned char)id;
	*at++ = (unsigned char)(len >> 8);
	*at++ = (unsigned char)len;
	*at++ = (unsigned char)pad;
	*at++ = 0;
	return at;
}

static void add_record(struct batch *batch, const void *data, size_t len)
{
	static const char zeros[8];
	unsigned char *head = batch->heads[batch->records++];
	size_t pad = (8 - len % 8) % 8;

	put_head(head, RECORD_STDOUT, batch->id, len, pad);
	add_piece(batch, head, RECORD_HEAD);
	add_piece(batch, data, len);
	if (pad)
		add_piece(batch, zeros, pad);
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

static int send_batch(struct cbi_carrier *carrier, struct batch *batch)
{
	int fd = carrier->request->ipcFd;

	if (send_all(fd, batch->piece, batch->n) < 0) {
		/* What follows must not be taken for the cut record's rest. */
		shutdown(fd, SHUT_RDWR);
		carrier->broken = true;
		return -1;
	}
	batch->records = batch->n = 0;
	return 0;
}

/* What is held, then data, then the end. */
static int send_out(struct cbi_carrier *carrier, const char *data, size_t len,
                    const void *end, size_t end_len)
{
	struct batch batch = { .id = carrier->request->requestId };

	if (carrier->broken)
		return -1;
	if (carrier->held)
		add_record(&batch, carrier->hold, carrier->held);
	carrier->held = 0;
	while (len > 0) {
		size_t part = len < RECORD_MAX ? len : RECORD_MAX;

		if (batch.records == BATCH && send_batch(carrier, &batch) < 0)
			return -1;
		add_record(&batch, data, part);
		data += part;
		len -= part;
	}
	if (end_len)
		add_piece(&batch, end, end_len);
	return send_batch(carrier, &batch);
}

static int carrier_write(void *arg, const void *data, size_t len)
{
	struct cbi_carrier *carrier = arg;

	if (carrier->broken || carrier->ended)
		return -1;
	if (len > sizeof(carrier->hold) - carrier->held)
		return send_out(carrier, data, len, NULL, 0);
	memcpy(carrier->hold + carrier->held, data, len);
	carrier->held += len;
	return 0;
}

static bool plausible(const struct reader *reader, const FCGX_Stream *in)
{
	return reader->bufflen == 8192 && reader->allocated <= reader->buff &&
	       reader->buff - reader->allocated < 8 &&
	       in->rdNext >= reader->buff && reader->stop >= in->rdNext &&
	       reader->stop <= reader->buff + reader->bufflen;
}

/* The request was read to its last byte and libfcgi holds nothing that came
 * after it. */
static bool drained(FCGX_Request *request)
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
 * POST in between, which is lost.  So a second one follows that nobody reads:
 * nginx sees that there is more and closes the connection itself.
 */
static int send_end(struct cbi_carrier *carrier, const void *data, size_t len)
{
	int id = carrier->request->requestId;
	bool gap = carrier->last && carrier->wished;
	unsigned char end[3 * RECORD_HEAD + 2 * RECORD_END_BODY] = { 0 };
	unsigned char *at = put_head(end, RECORD_STDOUT, id, 0, 0);

	at = put_head(at, RECORD_END, id, RECORD_END_BODY, 0);
	at += RECORD_END_BODY;
	if (gap) {
		at = put_head(at, RECORD_END, id, RECORD_END_BODY, 0);
		at += RECORD_END_BODY;
	}
	carrier->ended = true;
	return send_out(carrier, data, len, end, (size_t)(at - end));
}

static int carrier_write_last(void *arg, const void *data, size_t len)
{
	struct cbi_carrier *carrier = arg;

	if (carrier->broken || carrier->ended)
		return -1;
	carrier->last = !drained(carrier->request) || !carrier->wished ||
	                atomic_load(carrier->draining);
	return send_end(carrier, data, len);
}

void cbi_carrier_begin(struct cbi_carrier *carrier, FCGX_Request *request,
                       const atomic_bool *draining)
{
	carrier->request = request;
	carrier->draining = draining;
	carrier->wished = request->keepConnection;
	carrier->broken = carrier->ended = carrier->last = false;
	carrier->held = 0;
}

struct cbi_port cbi_carrier_port(struct cbi_carrier *carrier)
{
	struct cbi_port port = {
		.carrier = carrier,
		.param = carrier_param,
		.read = carrier_read,
		.write = carrier_write,
		.write_last = carrier_write_last,
	};

	return port;
}

bool cbi_carrier_end(struct cbi_carrier *carrier, bool keep)
{
	if (!carrier->ended) {
		carrier->last = !drained(carrier->request) ||
		                !carrier->wished || !keep ||
		                atomic_load(carrier->draining);
		(void)!send_end(carrier, NULL, 0);
	}
	return keep && !carrier->last && !carrier->broken;
}
