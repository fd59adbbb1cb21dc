/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetcher.c - see fetcher.h.
 */
#include "tests/source/fetcher.h"

#include "base/ctx.h"
#include "base/str.h"
#include "json/json.h"
#include "source/serve.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

_Atomic int ended;

static int find(void *arg, const char *plugin, const char *source,
                struct cbi_fill_info *out)
{
	(void)arg;
	if (strcmp(plugin, "probe") != 0)
		return CB_ENOENT;
	strcpy(out->version, "1");
	out->stale = 3600;
	out->fresh = strcmp(source, "quick") == 0 ? 1 : 60;
	return strcmp(source, "quick") == 0 || strcmp(source, "long") == 0
	           ? CB_OK
	           : CB_ENOENT;
}

static void pause_ms(long ms)
{
	const struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

static int big(struct cb_buf *out)
{
	for (int i = 0; i < 200; i++) {
		char piece[1024];

		memset(piece, 'a' + i % 26, sizeof(piece));
		cb_buf_add(out, piece, sizeof(piece));
	}
	return CB_OK;
}

static int fill(void *arg, struct cb_ctx *ctx, const char *plugin,
                const char *source, const char *key, struct cb_buf *out)
{
	struct fetcher_shared *shared = arg;
	int n = atomic_fetch_add(&shared->fills, 1) + 1;

	(void)plugin;
	(void)source;
	if (cbi_str_starts(key, "slow"))
		pause_ms(400);
	if (cbi_str_starts(key, "stuck"))
		pause_ms(60000);
	if (cbi_str_starts(key, "absent"))
		return cb_fail(ctx, CB_ENOENT, "no such thing");
	if (cbi_str_starts(key, "bad") ||
	    (cbi_str_starts(key, "mode") && atomic_load(&shared->broken)))
		return cb_fail(ctx, CB_EUPSTREAM, "it broke");
	if (cbi_str_starts(key, "big"))
		return big(out);
	return cb_buf_printf(out, "%s %d", key, n);
}

/* --- calls --- */

static int echo(struct cb_ctx *ctx, void *arg, const json_t *in, json_t **out)
{
	(void)arg;
	*out = json_pack("{s:O, s:s, s:s, s:s, s:I}", "in",
	                 (json_t *)(uintptr_t)in, "actor", cb_actor(ctx),
	                 "request", ctx->request_id, "trace", ctx->traceparent,
	                 "left", (json_int_t)cb_time_left(ctx));
	return cbi_json_keep(ctx, *out);
}

static int refuse(struct cb_ctx *ctx, void *arg, const json_t *in, json_t **out)
{
	(void)arg;
	(void)in;
	(void)out;
	return cb_fail(ctx, CB_ECONFLICT, "it is: taken\nalready");
}

static int no_dot(struct cb_ctx *ctx, void *arg, const json_t *in, json_t **out)
{
	(void)arg;
	(void)in;
	(void)out;
	return cb_fail(ctx, CB_ENOTSUP, "dot is not installed");
}

static int doze(struct cb_ctx *ctx, void *arg, const json_t *in, json_t **out)
{
	pause_ms((long)json_integer_value(json_object_get(in, "ms")));
	return echo(ctx, arg, in, out);
}

/* {"bytes": n}: a text of so many. */
static int swell(struct cb_ctx *ctx, void *arg, const json_t *in, json_t **out)
{
	size_t n = (size_t)json_integer_value(json_object_get(in, "bytes"));
	char *text = malloc(n);

	(void)arg;
	memset(text, 'x', n);
	*out = json_pack("{s:s#}", "text", text, (int)n);
	free(text);
	return cbi_json_keep(ctx, *out);
}

static int fall(struct cb_ctx *ctx, void *arg, const json_t *in, json_t **out)
{
	(void)ctx;
	(void)arg;
	(void)in;
	(void)out;
	_exit(3);
}

static void end(struct cbi_lane *lane)
{
	(void)lane;
	atomic_fetch_add(&ended, 1);
}

static const struct cbi_call_row calls[] = {
	{ "test.echo", echo }, { "test.refuse", refuse },
	{ "test.doze", doze }, { "test.swell", swell },
	{ "test.fall", fall }, { "graph.layout", no_dot },
	{ NULL, NULL },
};

static int serve(struct fetcher *fetcher)
{
	struct cbi_serve serve = {
		.listener = fetcher->listener,
		.board_row = -1,
		.stop = &fetcher->shared->stop,
		.table = { .arg = fetcher->shared, .find = find, .fill = fill },
		.calls = calls,
		.call_arg = fetcher->shared,
		.end = end,
	};
	struct cbi_lane lane;
	struct cb_ctx ctx;
	int rc;

	cbi_lane_init(&lane, CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	rc = cbi_source_serve(&ctx, &serve);
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return rc;
}

static void *run(void *arg)
{
	struct fetcher *fetcher = arg;

	fetcher->rc = serve(fetcher);
	return NULL;
}

static bool listen_at(struct fetcher *fetcher, const char *dir,
                      const char *pool)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	snprintf(fetcher->path, sizeof(fetcher->path), "%s/fetch-%s-0.sock",
	         dir, pool);
	memcpy(addr.sun_path, fetcher->path, strlen(fetcher->path) + 1);
	unlink(fetcher->path);
	fetcher->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fetcher->listener >= 0 &&
	       bind(fetcher->listener, (struct sockaddr *)&addr,
	            sizeof(addr)) == 0 &&
	       listen(fetcher->listener, 1024) == 0;
}

bool fetcher_start(struct fetcher *fetcher, const char *dir, const char *pool,
                   bool process)
{
	memset(fetcher, 0, sizeof(*fetcher));
	fetcher->shared =
	    mmap(NULL, sizeof(*fetcher->shared), PROT_READ | PROT_WRITE,
	         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fetcher->shared == MAP_FAILED || !listen_at(fetcher, dir, pool)) {
		perror("fetcher");
		return false;
	}
	if (!process)
		return pthread_create(&fetcher->thread, NULL, run, fetcher) ==
		       0;
	fetcher->pid = fork();
	if (fetcher->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(serve(fetcher) == CB_OK ? 0 : 1);
	}
	return fetcher->pid > 0;
}

void fetcher_stop(struct fetcher *fetcher)
{
	atomic_store(&fetcher->shared->stop, 1);
	if (fetcher->pid) {
		kill(fetcher->pid, SIGKILL);
		waitpid(fetcher->pid, NULL, 0);
	} else {
		pthread_join(fetcher->thread, NULL);
	}
	close(fetcher->listener);
	munmap(fetcher->shared, sizeof(*fetcher->shared));
}

struct cbi_source_ref fetcher_ref(const char *pool, const char *source,
                                  const char *key)
{
	return (struct cbi_source_ref){ .plugin = "probe",
		                        .source = source,
		                        .version = "1",
		                        .key = key,
		                        .pool = pool,
		                        .fetchers = 1 };
}
