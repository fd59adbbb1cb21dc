/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fastcgi.c - bytes of a connection through the loop, libfcgi and the first
 * step of a request.
 *
 * libfcgi itself is the system's and not instrumented; what it is made to do
 * with our memory is seen all the same.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "server/loop.h"
#include "web/req.h"
#include "web/steps.h"

/* More than a socket takes at once would need a second thread here. */
#define INPUT_MAX (64 * CB_KIB)

static void look_at(const struct cb_req *req)
{
	size_t n = 0;

	FUZZ_MUST(req->path && req->path[0] == '/');
	FUZZ_MUST(cbi_str_utf8(req->path, strlen(req->path)));
	FUZZ_MUST(req->body_len <= CB_BODY_MAX);
	for (const struct cbi_param *p = req->query; p; p = p->next, n++)
		FUZZ_MUST(cbi_str_utf8(p->value, strlen(p->value)));
	FUZZ_MUST(n == req->query_count);
	(void)cbi_req_cookie(req, "callboard");
	(void)cbi_req_header(req, "If-None-Match");
}

/* The one thread of the loop. */
static enum cbi_served serve(void *user, int thread,
                             const struct cbi_port *port)
{
	static struct cbi_lane lane;
	static struct cbi_web web;
	static bool made;
	struct cb_ctx ctx;
	struct cb_req req = { .ctx = &ctx, .web = &web, .port = port };
	static const char head[] = "Status: 200\r\n\r\n";
	bool whole;

	(void)user;
	(void)thread;
	if (!made)
		cbi_lane_init(&lane, CB_ARENA_REQUEST_MAX);
	made = true;
	cbi_ctx_init(&ctx, &lane);
	if (cbi_step_read(&req) == CB_OK)
		look_at(&req);
	whole = port->write(port->carrier, head, sizeof(head) - 1) == 0 &&
	        !req.answer.partial;
	cbi_ctx_finish(&ctx);
	return whole ? CBI_SERVED : CBI_SERVED_CUT;
}

static struct cbi_loop *loop(void)
{
	static struct cbi_loop *made;
	const struct cbi_loop_plan plan = {
		.listen_fd = -1,
		.threads = 1,
		.io_ms = 1000,
		.serve = serve,
	};

	if (!made)
		FUZZ_MUST(cbi_loop_create(&plan, &made) == CB_OK);
	return made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char answer[4096];
	int ends[2];
	size_t sent = 0;

	if (size > INPUT_MAX)
		return 0;
	FUZZ_MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) ==
	          0);
	FUZZ_MUST(cbi_loop_add(loop(), ends[1]) == CB_OK);
	while (sent < size) {
		ssize_t n =
		    send(ends[0], data + sent, size - sent, MSG_NOSIGNAL);

		if (n <= 0)
			break; /* it was refused before its end */
		sent += (size_t)n;
	}
	shutdown(ends[0], SHUT_WR);
	while (read(ends[0], answer, sizeof(answer)) > 0)
		;
	close(ends[0]);
	return 0;
}
