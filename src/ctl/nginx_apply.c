/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nginx_apply.c - `callboardctl nginx apply`: brings nginx to what the config
 * says of pools, without losing a request.
 *
 * The order is the point: the portal takes the config up first, so that new
 * pools listen; then nginx gets its two files and reloads; and only when its
 * old workers are gone, which still send requests to where they went before,
 * it is written down what nginx knows, and the portal lets go of the rest.
 */
#include "ctl/nginx.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/board.h"
#include "base/clock.h"
#include "base/str.h"
#include "spawn/spawn.h"

#define NGINX "/usr/sbin/nginx"
#define PID_FILE "/run/nginx.pid"
#define COMMAND_MS 20000
#define COMMAND_OUT (64 * CB_KIB)
/* The portal reads plugins anew and starts processes. */
#define PORTAL_MS 60000
/* Old workers live until their last request is answered. */
#define WORKERS_MS 60000
#define LOOK_US 50000
#define WORKERS_MAX 1024

struct apply {
	struct cbi_ctl *ctl;
	const char *dir, *pid_file;
	const char *const *test, *const *reload;
	struct cb_buf http, server;  /* as they shall be */
	char *old_http, *old_server; /* as they were; NULL: none */
	size_t old_http_len, old_server_len;
	pid_t workers[WORKERS_MAX]; /* before the reload */
	size_t worker_count;
};

/* ---- What the config says ------------------------------------------------ */

static const char *const *command_of(struct cbi_ctl *ctl, const char *path,
                                     const char *const *usual)
{
	const json_t *list = cbi_config_get(ctl->config, path);
	size_t n = json_array_size(list);
	const char **argv;

	if (!list)
		return usual;
	argv = cb_alloc(&ctl->ctx, (n + 1) * sizeof(*argv));
	for (size_t i = 0; argv && i < n; i++) {
		argv[i] = json_string_value(json_array_get(list, i));
		if (!argv[i])
			n = 0;
	}
	if (!argv || n == 0) {
		cb_fail(&ctl->ctx, CB_EINVAL,
		        "%s: expected a command as a list of texts", path);
		return NULL;
	}
	return argv;
}

static int read_config(struct apply *apply)
{
	static const char *const test[] = { NGINX, "-t", "-q", NULL };
	static const char *const reload[] = { NGINX, "-s", "reload", NULL };
	struct cbi_ctl *ctl = apply->ctl;

	apply->dir = cbi_config_text(ctl->config, "nginx.dir", NULL);
	apply->pid_file =
	    cbi_config_text(ctl->config, "nginx.pidFile", PID_FILE);
	apply->test = command_of(ctl, "nginx.test", test);
	apply->reload = command_of(ctl, "nginx.reload", reload);
	if (!apply->dir)
		return cb_fail(&ctl->ctx, CB_EINVAL,
		               "nginx.dir: say in which folder nginx finds "
		               "the two files");
	return apply->test && apply->reload ? CB_OK : CB_EINVAL;
}

/* ---- Processes ----------------------------------------------------------- */

static pid_t pid_in(const char *path)
{
	FILE *file = fopen(path, "re");
	long pid = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%ld", &pid) != 1 || pid <= 1)
		pid = 0;
	fclose(file);
	return (pid_t)pid;
}

static pid_t parent_of(const char *pid)
{
	char path[300], text[512], *end;
	FILE *file;
	size_t n;
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	/* The name stands in brackets, and may hold any character. */
	end = strrchr(text, ')');
	if (!end || sscanf(end + 1, " %*c %d", &parent) != 1)
		return 0;
	return parent;
}

/* Is it nginx's own word that this worker serves no new requests? */
static bool is_leaving(const char *pid)
{
	char path[300], text[128];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%s/cmdline", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	return strstr(text, "shutting down") != NULL;
}

/* The children of nginx's master, only those that leave if leaving is set. */
static size_t workers_of(pid_t master, bool leaving, pid_t *out)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	size_t n = 0;

	while (proc && n < WORKERS_MAX && (entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    parent_of(entry->d_name) != master)
			continue;
		if (!leaving || is_leaving(entry->d_name))
			out[n++] = (pid_t)strtol(entry->d_name, NULL, 10);
	}
	if (proc)
		closedir(proc);
	return n;
}

/* ---- The portal ---------------------------------------------------------- */

static bool listens(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool good;

	if (fd < 0)
		return false;
	cbi_str_copy(address.sun_path, sizeof(address.sun_path), path);
	good = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return good;
}

/* Does a web process of every pool serve, in that generation or a newer? */
static bool all_serve(const struct cbi_config *config, uint32_t generation)
{
	const struct cbi_board *board = cbi_board();
	const struct cbi_pool *pools;
	size_t n = cbi_config_pools(config, &pools), good = 0;

	for (size_t i = 0; i < n; i++) {
		bool found = pools[i].leaving;

		for (int k = 0; k < CB_BOARD_PROCESSES && !found; k++) {
			const struct cbi_board_process *row =
			    &board->processes[k];

			found = atomic_load(&row->pid) > 0 &&
			        atomic_load(&row->kind) == CBI_PROCESS_WEB &&
			        atomic_load(&row->state) == CBI_STATE_READY &&
			        atomic_load(&row->generation) >= generation &&
			        strncmp(row->pool, pools[i].name,
			                sizeof(row->pool)) == 0;
		}
		good += found;
	}
	return good == n;
}

/* New sockets have their names once all processes of a generation serve. */
static bool all_listen(struct cbi_ctl *ctl)
{
	const struct cbi_pool *pools;
	size_t n = cbi_config_pools(ctl->config, &pools);
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];

	for (size_t i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/web-%s.sock",
		         ctl->settings->run_dir, pools[i].name);
		if (!pools[i].leaving && !listens(path))
			return false;
	}
	return true;
}

/* Lets the portal take up the config, and waits until it serves it. */
static int reload_portal(struct apply *apply)
{
	struct cbi_ctl *ctl = apply->ctl;
	const char *path =
	    cb_printf(&ctl->ctx, "%s/callboard.pid", ctl->settings->run_dir);
	pid_t pid = path ? pid_in(path) : 0;
	int64_t until = cbi_clock_ms() + PORTAL_MS;
	uint32_t next;
	int rc = cbi_ctl_board(ctl);

	if (rc < 0)
		return rc;
	if (!pid)
		return cb_fail(&ctl->ctx, CB_EAWAY,
		               "%s: the portal does not run on this host",
		               path);
	next = atomic_load(&cbi_board()->generation) + 1;
	if (kill(pid, SIGHUP) < 0)
		return cb_fail(&ctl->ctx, CB_EDENIED,
		               "the portal (pid %d) takes no reload from this "
		               "user: %s; run it as that user or root",
		               (int)pid, strerror(errno));
	while (!all_serve(ctl->config, next) || !all_listen(ctl)) {
		if (cbi_clock_ms() > until)
			return cb_fail(&ctl->ctx, CB_ETIME,
			               "the portal did not take the config up "
			               "within %d s: its log says why",
			               PORTAL_MS / 1000);
		usleep(LOOK_US);
	}
	return CB_OK;
}

/* ---- nginx --------------------------------------------------------------- */

/* NULL: there is none, or none that may be read. */
static char *slurp(struct cb_ctx *ctx, const char *dir, const char *name,
                   size_t *len)
{
	const char *path = cb_printf(ctx, "%s/%s", dir, name);
	FILE *file = path ? fopen(path, "re") : NULL;
	char *text;

	if (!file)
		return NULL;
	text = cb_alloc(ctx, CBI_NGINX_TEXT_MAX + 1);
	*len = text ? fread(text, 1, CBI_NGINX_TEXT_MAX, file) : 0;
	fclose(file);
	return text;
}

static bool same(const struct cb_buf *wanted, const char *text, size_t len)
{
	return text && wanted->len == len &&
	       memcmp(wanted->data, text, len) == 0;
}

static int put(struct apply *apply, const char *http, size_t http_len,
               const char *server, size_t server_len)
{
	int rc = cbi_nginx_write(apply->ctl, apply->dir, CBI_NGINX_HTTP, http,
	                         http_len);

	return rc < 0 ? rc
	              : cbi_nginx_write(apply->ctl, apply->dir,
	                                CBI_NGINX_SERVER, server, server_len);
}

/* Puts back what stood there; what did not is taken away. */
static void put_back(struct apply *apply)
{
	struct cb_ctx *ctx = &apply->ctl->ctx;

	if (apply->old_http && apply->old_server) {
		if (put(apply, apply->old_http, apply->old_http_len,
		        apply->old_server, apply->old_server_len) < 0)
			fprintf(stderr,
			        "callboardctl: the former files could not be "
			        "put back into %s\n",
			        apply->dir);
		return;
	}
	unlink(cb_printf(ctx, "%s/" CBI_NGINX_HTTP, apply->dir));
	unlink(cb_printf(ctx, "%s/" CBI_NGINX_SERVER, apply->dir));
}

static const char *spelled(struct cb_ctx *ctx, const char *const *argv)
{
	const char *text = argv[0];

	while (text && *++argv)
		text = cb_printf(ctx, "%s %s", text, *argv);
	return text ? text : "";
}

static int run(struct apply *apply, const char *const *argv)
{
	struct cb_ctx *ctx = &apply->ctl->ctx;
	const struct cbi_spawn_ask ask = { .argv = argv,
		                           .out_max = COMMAND_OUT,
		                           .total_ms = COMMAND_MS };
	struct cbi_spawn_reply reply;
	int rc = cbi_spawn_run(ctx, &ask, &reply);

	if (rc < 0)
		return cb_fail(ctx, rc, "%s: %s", spelled(ctx, argv),
		               cb_failure(ctx));
	if (reply.code != 0)
		return cb_fail(ctx, CB_EAWAY, "%s: exit %d: %s",
		               spelled(ctx, argv), reply.code, reply.err);
	return CB_OK;
}

static int tell_nginx(struct apply *apply)
{
	int rc = put(apply, apply->http.data, apply->http.len,
	             apply->server.data, apply->server.len);

	if (rc < 0)
		return rc;
	rc = run(apply, apply->test);
	if (rc < 0) {
		put_back(apply);
		return rc;
	}
	apply->worker_count =
	    workers_of(pid_in(apply->pid_file), false, apply->workers);
	return run(apply, apply->reload);
}

static bool any_left(const struct apply *apply, pid_t master)
{
	pid_t leaving[WORKERS_MAX];

	for (size_t i = 0; i < apply->worker_count; i++)
		if (kill(apply->workers[i], 0) == 0 || errno == EPERM)
			return true;
	return workers_of(master, true, leaving) > 0;
}

static int await_workers(struct apply *apply)
{
	int64_t until = cbi_clock_ms() + WORKERS_MS;
	pid_t master = pid_in(apply->pid_file);

	if (!master)
		return cb_fail(&apply->ctl->ctx, CB_EAWAY,
		               "%s: nginx does not run, or nginx.pidFile is "
		               "another",
		               apply->pid_file);
	while (any_left(apply, master)) {
		if (cbi_clock_ms() > until)
			return cb_fail(&apply->ctl->ctx, CB_ETIME,
			               "old workers of nginx still answer "
			               "requests after %d s: say `callboardctl "
			               "nginx apply` again",
			               WORKERS_MS / 1000);
		usleep(LOOK_US);
	}
	return CB_OK;
}

/* ---- All of it ----------------------------------------------------------- */

/* What somebody else must do, when we may not. */
static int hand_over(struct apply *apply)
{
	struct cb_ctx *ctx = &apply->ctl->ctx;

	cbi_nginx_print(&apply->http, &apply->server);
	fprintf(stderr,
	        "callboardctl: %s\n"
	        "Moved plugins are served where they were, too, until nginx "
	        "has followed.  Put the two files above into %s, then:\n"
	        "  %s\n  %s\n  callboardctl nginx confirm\n",
	        cb_failure(ctx), apply->dir, spelled(ctx, apply->test),
	        spelled(ctx, apply->reload));
	return CBI_EXIT_PARTLY;
}

static int confirm(struct apply *apply)
{
	int rc = cbi_config_write_routed(&apply->ctl->ctx, apply->ctl->config);

	return rc < 0 ? rc : reload_portal(apply);
}

static int begin(struct apply *apply)
{
	struct cbi_ctl *ctl = apply->ctl;
	int rc = read_config(apply);

	if (rc == CB_OK)
		rc = cbi_nginx_render(ctl, &apply->http, &apply->server);
	if (rc == CB_OK)
		rc = reload_portal(apply);
	if (rc < 0)
		return rc;
	apply->old_http =
	    slurp(&ctl->ctx, apply->dir, CBI_NGINX_HTTP, &apply->old_http_len);
	apply->old_server = slurp(&ctl->ctx, apply->dir, CBI_NGINX_SERVER,
	                          &apply->old_server_len);
	return CB_OK;
}

static int apply_all(struct apply *apply)
{
	int rc = begin(apply);

	if (rc < 0)
		return cbi_ctl_fail(apply->ctl);
	if (!same(&apply->http, apply->old_http, apply->old_http_len) ||
	    !same(&apply->server, apply->old_server, apply->old_server_len)) {
		rc = tell_nginx(apply);
		if (rc < 0)
			return hand_over(apply);
	}
	rc = await_workers(apply);
	if (rc == CB_OK)
		rc = confirm(apply);
	if (rc < 0)
		return cbi_ctl_fail(apply->ctl);
	printf("nginx and the portal agree\n");
	return CBI_EXIT_OK;
}

int cbi_ctl_nginx_apply(struct cbi_ctl *ctl, int argc, char **argv)
{
	struct apply *apply;
	int rc;

	if (argc > 0)
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "nginx apply: unknown argument '%s'",
		                        argv[0]);
	apply = cb_alloc(&ctl->ctx, sizeof(*apply));
	if (!apply)
		return cbi_ctl_fail(ctl);
	apply->ctl = ctl;
	cbi_buf_init(&apply->http, CBI_NGINX_TEXT_MAX);
	cbi_buf_init(&apply->server, CBI_NGINX_TEXT_MAX);
	rc = apply_all(apply);
	cbi_buf_finish(&apply->http);
	cbi_buf_finish(&apply->server);
	return rc;
}

int cbi_ctl_nginx_confirm(struct cbi_ctl *ctl, int argc, char **argv)
{
	struct apply apply = { .ctl = ctl };

	if (argc > 0)
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "nginx confirm: unknown argument '%s'",
		                        argv[0]);
	if (confirm(&apply) < 0)
		return cbi_ctl_fail(ctl);
	return CBI_EXIT_OK;
}
