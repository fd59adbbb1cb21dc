/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.c - looks at a plugin file, in a process that lives for that alone.
 *
 * The process loads the file, checks and describes its tables, writes the
 * manifest into a pipe and ends.  If it dies, hangs or ends otherwise (a
 * constructor runs as soon as a file is loaded), the plugin is refused and
 * nothing else is hurt.  It is a plain fork: whoever calls has one thread,
 * and holds no connection that a child must not share.
 */
#define _GNU_SOURCE /* pipe2, sigabbrev_np */
#include "registry/registry_priv.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"

struct cbi_probe {
	const char *path, *name, *id;
	json_t *refused; /* what is known of a file that is not loaded */
	pid_t pid;
	int fd; /* where its manifest comes from; -1: none */
};

/* "oncall" of "/x/oncall.so"; lives with ctx. */
static const char *name_of_file(struct cb_ctx *ctx, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	size_t len = strlen(base);

	if (len > 3 && strcmp(base + len - 3, ".so") == 0)
		len -= 3;
	return cb_strndup(ctx, base, len);
}

json_t *cbi_manifest_of_refused(const char *name, const char *tier,
                                const char *why)
{
	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:[], "
	                 "s:[], s:[], s:[], s:[], s:[]}",
	                 "format", 1, "name", name, "tier", tier, "version", "",
	                 "summary", "", "abi", "", "contract", 0, "state",
	                 "refused", "reason", why, "after", "keys", "routes",
	                 "cards", "sources", "permissions");
}

/* ---- In the process that loads ------------------------------------------ */

static const struct cb_plugin *load(const char *path, struct cb_buf *why)
{
	const struct cb_plugin *plugin;
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	const char *error;
	size_t len = strlen(path);

	if (!handle) {
		error = dlerror();
		/* The loader begins with the path, which people know. */
		if (error && strncmp(error, path, len) == 0 &&
		    strncmp(error + len, ": ", 2) == 0)
			error += len + 2;
		cb_buf_printf(why, "cannot be loaded: %s",
		              error ? error : "no reason given");
		return NULL;
	}
	plugin = dlsym(handle, "cb_plugin_entry");
	if (!plugin)
		cb_buf_text(why, "does not export cb_plugin_entry");
	return plugin;
}

static json_t *look(const char *path, const char *name)
{
	const struct cb_plugin *found;
	static struct cb_plugin plugin;
	struct cb_buf why;
	json_t *manifest = NULL;

	cbi_buf_init(&why, REASON_MAX);
	found = load(path, &why);
	if (found && cbi_abi_check(&cbi_abi_host, found, &why) == CB_OK) {
		cbi_plugin_copy(&plugin, found);
		if (cbi_tables_check(&plugin, &why) == CB_OK) {
			if (strcmp(plugin.name, name) == 0)
				manifest = cbi_describe(&plugin);
			else
				cb_buf_printf(&why,
				              "the plugin in it is called '%s'",
				              plugin.name);
		}
	}
	if (!manifest)
		manifest = cbi_manifest_of_refused(
		    name, "native",
		    why.len ? cbi_buf_string(&why) : "out of memory");
	cbi_buf_finish(&why);
	return manifest;
}

static void run_child(int fd, const char *path, const char *name)
{
	struct rlimit none = { 0, 0 };
	json_t *manifest;
	int rc = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	setrlimit(RLIMIT_CORE, &none);
	for (int sig = 1; sig < 32; sig++)
		signal(sig, SIG_DFL);
	manifest = look(path, name);
	if (!manifest || json_dumpfd(manifest, fd, JSON_COMPACT) < 0 ||
	    write(fd, "\n", 1) != 1)
		rc = 1;
	_exit(rc);
}

/* ---- In the process that asks ------------------------------------------- */

/* Reads until the end of the pipe; false when time is up first. */
static bool read_all(int fd, int64_t until, struct cb_buf *out)
{
	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		int64_t left = until - cbi_clock_ms();
		char chunk[4096];
		ssize_t n;

		if (left <= 0)
			return false;
		if (poll(&wait, 1, (int)left) < 0 && errno != EINTR)
			return false;
		if (!wait.revents)
			continue;
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return true;
		cb_buf_add(out, chunk, (size_t)n);
	}
}

/* The reason of a process that did not end as it should; "" for one that
 * did. */
static const char *reason_of(struct cb_ctx *ctx, int status, bool in_time)
{
	const char *name;

	if (!in_time)
		return cb_printf(ctx, "was not loaded within %d s",
		                 CB_PLUGIN_CHECK_MS / 1000);
	if (WIFSIGNALED(status)) {
		name = sigabbrev_np(WTERMSIG(status));
		return cb_printf(ctx, "crashed while being loaded (SIG%s)",
		                 name ? name : "?");
	}
	if (WEXITSTATUS(status) != 0)
		return cb_printf(ctx,
		                 "ended the process while being loaded (exit "
		                 "%d)",
		                 WEXITSTATUS(status));
	return "";
}

static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static json_t *hear(struct cb_ctx *ctx, int fd, pid_t pid, const char *name)
{
	const char *reason;
	struct cb_buf text;
	json_t *manifest = NULL;
	bool in_time;
	int status;

	cbi_buf_init(&text, CB_PLUGIN_MANIFEST_MAX);
	in_time = read_all(fd, cbi_clock_ms() + CB_PLUGIN_CHECK_MS, &text);
	if (!in_time) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
	}
	status = wait_for(pid);
	reason = reason_of(ctx, status, in_time);
	/* A whole manifest ends with a line feed: a constructor that says
	 * exit(0) does not pass for one. */
	if (reason && !reason[0] && text.len && text.data[text.len - 1] == '\n')
		manifest = json_loadb(text.data, text.len, 0, NULL);
	else if (reason && !reason[0])
		reason = "ended the process while being loaded (exit 0)";
	if (!manifest && reason)
		manifest = cbi_manifest_of_refused(
		    name, "native",
		    reason[0] ? reason : "its manifest is not valid JSON");
	cbi_buf_finish(&text);
	return manifest;
}

static int start(struct cb_ctx *ctx, struct cbi_probe *probe)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return cb_fail(ctx, CB_EBUG, "no pipe for %s: %s", probe->path,
		               strerror(errno));
	probe->pid = fork();
	if (probe->pid < 0) {
		cb_fail(ctx, CB_EBUG, "no process for %s: %s", probe->path,
		        strerror(errno));
		close(ends[0]);
		close(ends[1]);
		return CB_EBUG;
	}
	if (probe->pid == 0) {
		close(ends[0]);
		run_child(ends[1], probe->path, probe->name);
	}
	/* Before the next is started, which must not hold it open. */
	close(ends[1]);
	probe->fd = ends[0];
	return CB_OK;
}

char *cbi_file_id(struct cb_ctx *ctx, const struct stat *st)
{
	return cb_printf(ctx, "%llx-%llx-%lld-%lld.%09ld",
	                 (unsigned long long)st->st_dev,
	                 (unsigned long long)st->st_ino, (long long)st->st_size,
	                 (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
}

struct cbi_probe *cbi_probe_begin(struct cb_ctx *ctx, const char *path)
{
	struct cbi_probe *probe = cb_alloc(ctx, sizeof(*probe));
	struct cb_buf why;
	struct stat st;
	int rc = CB_OK;

	if (!probe)
		return NULL;
	probe->fd = -1;
	probe->path = path;
	probe->name = name_of_file(ctx, path);
	memset(&st, 0, sizeof(st));
	cbi_buf_init(&why, REASON_MAX);
	/* Before the file is read, so that a later one does not pass for it. */
	if (stat(path, &st) < 0)
		cb_buf_printf(&why, "cannot be read: %s", strerror(errno));
	probe->id = cbi_file_id(ctx, &st);
	if (!probe->name || !probe->id)
		rc = CB_ENOMEM;
	else if (!why.len && cbi_elf_check(path, &why) == CB_OK)
		rc = start(ctx, probe);
	else
		probe->refused = cbi_manifest_of_refused(probe->name, "native",
		                                         cbi_buf_string(&why));
	cbi_buf_finish(&why);
	return rc < 0 ? NULL : probe;
}

json_t *cbi_probe_end(struct cb_ctx *ctx, struct cbi_probe *probe)
{
	json_t *manifest = probe->refused;

	if (probe->fd >= 0) {
		manifest = hear(ctx, probe->fd, probe->pid, probe->name);
		close(probe->fd);
	}
	if (!manifest) {
		cb_fail(ctx, CB_ENOMEM, "out of memory for the manifest of %s",
		        probe->path);
		return NULL;
	}
	json_object_set_new(manifest, "file", json_string(probe->path));
	json_object_set_new(manifest, "id", json_string(probe->id));
	return manifest;
}

int cbi_registry_same_file(struct cb_ctx *ctx, const json_t *manifest)
{
	const char *path = cbi_manifest_text(manifest, "file"), *id;
	struct stat st;

	if (stat(path, &st) < 0)
		return cb_fail(
		    ctx, CB_ECHANGED, "%s: %s: %s since it was checked",
		    cbi_manifest_text(manifest, "name"), path, strerror(errno));
	id = cbi_file_id(ctx, &st);
	if (!id)
		return CB_ENOMEM;
	if (strcmp(id, cbi_manifest_text(manifest, "id")) != 0)
		return cb_fail(ctx, CB_ECHANGED,
		               "%s: %s is another file than the one that was "
		               "checked; send SIGHUP",
		               cbi_manifest_text(manifest, "name"), path);
	return CB_OK;
}
