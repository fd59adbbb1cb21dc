/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fastcgi.c - the client's side of FastCGI, as far as one request needs it.
 *
 * A connection is for one request: the flag to keep it is not set, so a
 * program that serves one connection after the other is not held up by us.
 */
#include "foreign/foreign.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"

enum record {
	BEGIN_REQUEST = 1,
	END_REQUEST = 3,
	PARAMS = 4,
	STDIN = 5,
	STDOUT = 6,
	STDERR = 7,
};

#define VERSION 1
#define REQUEST_ID 1
#define RESPONDER 1
#define HEAD_LEN 8
#define CONTENT_MAX 65535
/* All parameters of a request of ours: a token is the longest of them. */
#define PARAMS_MAX (60 * CB_KIB)
#define COMPLAINT_MAX 200

/* ---- The request ------------------------------------------------------------
 */

static void add_head(struct cb_buf *buf, enum record type, size_t len)
{
	const unsigned char head[HEAD_LEN] = {
		VERSION,
		(unsigned char)type,
		0,
		REQUEST_ID,
		(unsigned char)(len >> 8),
		(unsigned char)(len & 255),
		0,
		0,
	};

	cb_buf_add(buf, head, sizeof(head));
}

static void add_length(struct cb_buf *buf, size_t len)
{
	const unsigned char one = (unsigned char)len;
	const unsigned char four[4] = {
		(unsigned char)(len >> 24 | 128),
		(unsigned char)(len >> 16 & 255),
		(unsigned char)(len >> 8 & 255),
		(unsigned char)(len & 255),
	};

	if (len < 128)
		cb_buf_add(buf, &one, 1);
	else
		cb_buf_add(buf, four, sizeof(four));
}

static int make(struct cb_ctx *ctx, const struct cbi_foreign_param *params,
                struct cb_buf *out)
{
	static const unsigned char begin[8] = { 0, RESPONDER };
	struct cb_buf all;
	int rc;

	cbi_buf_init(&all, PARAMS_MAX);
	for (; params->name; params++) {
		add_length(&all, strlen(params->name));
		add_length(&all, strlen(params->value));
		cb_buf_text(&all, params->name);
		cb_buf_text(&all, params->value);
	}
	add_head(out, BEGIN_REQUEST, sizeof(begin));
	cb_buf_add(out, begin, sizeof(begin));
	add_head(out, PARAMS, all.len);
	cb_buf_add(out, all.data, all.len);
	add_head(out, PARAMS, 0);
	add_head(out, STDIN, 0);
	rc = all.failed ? all.failed : out->failed;
	cbi_buf_finish(&all);
	return rc < 0 ? cb_fail(ctx, rc, "a request of more than %d bytes",
	                        PARAMS_MAX)
	              : CB_OK;
}

/* ---- Bytes
 * ------------------------------------------------------------------- */

static int wait_for(struct cb_ctx *ctx, int fd, short events)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };
	int64_t left = cb_time_left(ctx);
	int n;

	if (left > CB_TOOL_TOTAL_MS)
		left = CB_TOOL_TOTAL_MS;
	do
		n = left > 0 ? poll(&poll_fd, 1, (int)left) : 0;
	while (n < 0 && errno == EINTR);
	if (n > 0)
		return CB_OK;
	return n == 0 ? cb_fail(ctx, CB_ETIME,
	                        "the program did not answer in "
	                        "time")
	              : cb_fail(ctx, CB_EAWAY, "%s", strerror(errno));
}

static int write_all(struct cb_ctx *ctx, int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n > 0) {
			data += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			int rc = wait_for(ctx, fd, POLLOUT);

			if (rc < 0)
				return rc;
		} else if (errno != EINTR) {
			return cb_fail(ctx, CB_EAWAY,
			               "the program went away: %s",
			               strerror(errno));
		}
	}
	return CB_OK;
}

static int read_all(struct cb_ctx *ctx, int fd, char *data, size_t len)
{
	while (len) {
		ssize_t n = recv(fd, data, len, 0);

		if (n > 0) {
			data += n;
			len -= (size_t)n;
		} else if (n == 0) {
			return cb_fail(ctx, CB_EAWAY,
			               "the program ended in the middle of its "
			               "answer");
		} else if (errno == EAGAIN) {
			int rc = wait_for(ctx, fd, POLLIN);

			if (rc < 0)
				return rc;
		} else if (errno != EINTR) {
			return cb_fail(ctx, CB_EAWAY,
			               "the program went away: %s",
			               strerror(errno));
		}
	}
	return CB_OK;
}

/* ---- The answer
 * --------------------------------------------------------------- */

struct answer {
	struct cb_buf *out, *err;
	bool ended;
};

static int take(struct cb_ctx *ctx, struct answer *answer, enum record type,
                const char *content, size_t len)
{
	switch (type) {
	case STDOUT:
		if (cb_buf_add(answer->out, content, len) < 0)
			return cb_fail(ctx, CB_ETOOBIG,
			               "an answer of more than %zu bytes",
			               answer->out->max);
		return CB_OK;
	case STDERR:
		/* The beginning is enough, more does not matter. */
		if (len > answer->err->max - answer->err->len)
			len = answer->err->max - answer->err->len;
		cb_buf_add(answer->err, content, len);
		return CB_OK;
	case END_REQUEST:
		answer->ended = true;
		if (len < 5 || content[4] != 0)
			return cb_fail(ctx, CB_EBUSY,
			               "the program takes no more requests");
		return CB_OK;
	default:
		return CB_OK; /* of a newer protocol */
	}
}

static int read_record(struct cb_ctx *ctx, int fd, struct answer *answer,
                       char *content)
{
	unsigned char head[HEAD_LEN];
	size_t len;
	int rc = read_all(ctx, fd, (char *)head, sizeof(head));

	if (rc < 0)
		return rc;
	if (head[0] != VERSION)
		return cb_fail(ctx, CB_EUPSTREAM,
		               "what answers does not speak FastCGI");
	len = (size_t)head[4] << 8 | head[5];
	rc = read_all(ctx, fd, content, len + head[6]);
	return rc < 0 ? rc : take(ctx, answer, head[1], content, len);
}

/* The first line, fit for a log. */
static const char *first_line(struct cb_ctx *ctx, const char *text)
{
	char *line = cb_strndup(ctx, text, strcspn(text, "\r\n"));

	if (!line)
		return "";
	for (char *at = line; *at; at++)
		if ((unsigned char)*at < 0x20)
			*at = ' ';
	cbi_str_mend(line);
	return line;
}

static void finish(void *buf)
{
	cbi_buf_finish(buf);
}

int cbi_fastcgi_ask(struct cb_ctx *ctx, int fd,
                    const struct cbi_foreign_param *params, size_t out_max,
                    const char **out, size_t *out_len, const char **err)
{
	struct cb_buf *bufs = cb_alloc(ctx, 3 * sizeof(*bufs));
	char *content = cb_alloc(ctx, CONTENT_MAX + 256);
	struct answer answer;
	int rc = bufs && content ? CB_OK : CB_ENOMEM;

	for (int i = 0; rc == CB_OK && i < 3; i++) {
		cbi_buf_init(&bufs[i], i == 0   ? PARAMS_MAX + 64
		                       : i == 1 ? out_max
		                                : COMPLAINT_MAX);
		rc = cb_defer(ctx, finish, &bufs[i]);
	}
	if (rc == CB_OK)
		rc = make(ctx, params, &bufs[0]);
	if (rc == CB_OK)
		rc = write_all(ctx, fd, bufs[0].data, bufs[0].len);
	answer = (struct answer){ .out = &bufs[1], .err = &bufs[2] };
	while (rc == CB_OK && !answer.ended)
		rc = read_record(ctx, fd, &answer, content);
	if (rc < 0)
		return rc;
	*out = cbi_buf_string(&bufs[1]);
	*out_len = bufs[1].len;
	*err = first_line(ctx, cbi_buf_string(&bufs[2]));
	return CB_OK;
}
