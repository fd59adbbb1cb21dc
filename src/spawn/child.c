/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.c - see child.h.
 *
 * Other threads may hold any lock while this one forks, so that the child
 * calls what is safe in a signal handler and nothing else until it becomes
 * the program.
 */
#define _GNU_SOURCE /* close_range */
#include "spawn/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATHS "/usr/local/bin:/usr/bin:/bin"
#define ENV_MAX 30
/* The child's own words when it could not become the program. */
#define NO_PROGRAM 127

static const char *find(struct cb_ctx *ctx, const char *name)
{
	const char *dirs = PATHS;

	if (name[0] == '/')
		return access(name, X_OK) == 0 ? name : NULL;
	while (*dirs) {
		size_t len = strcspn(dirs, ":");
		const char *path =
		    cb_printf(ctx, "%.*s/%s", (int)len, dirs, name);

		if (path && access(path, X_OK) == 0)
			return path;
		dirs += len + (dirs[len] == ':');
	}
	return NULL;
}

static void limit(int what, uint64_t most)
{
	struct rlimit limits = { (rlim_t)most, (rlim_t)most };

	if (most > 0)
		setrlimit(what, &limits);
}

/* In the child. */
static void become(const struct cbi_child *child, const char *path,
                   const char *const *env)
{
	struct rlimit core = { 0, 0 };
	sigset_t none;

	setpgid(0, 0);
	for (int i = 1; i < 32; i++)
		if (i != SIGKILL && i != SIGSTOP)
			signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int i = 0; i < 3; i++)
		if (dup2(child->files[i], i) < 0)
			_exit(NO_PROGRAM);
	close_range(3, ~0U, 0);
	setrlimit(RLIMIT_CORE, &core);
	limit(RLIMIT_AS, child->memory_max);
	limit(RLIMIT_FSIZE, child->file_max);
	limit(RLIMIT_CPU, child->cpu_s);
	if (chdir(child->dir ? child->dir : "/") < 0)
		_exit(NO_PROGRAM);
	/* execve takes texts that it does not change without const. */
	execve(path, (char *const *)(uintptr_t)child->argv,
	       (char *const *)(uintptr_t)env);
	_exit(NO_PROGRAM);
}

int cbi_child_start(struct cb_ctx *ctx, const struct cbi_child *child,
                    pid_t *pid)
{
	const char *path = find(ctx, child->argv[0]), *env[ENV_MAX + 3];
	size_t n = 0;
	pid_t made;

	if (!path)
		return cb_fail(ctx, CB_ENOTSUP, "there is no program %s here",
		               child->argv[0]);
	env[n++] = "PATH=" PATHS;
	env[n++] = "LANG=C.UTF-8";
	for (size_t i = 0; child->env && child->env[i] && i < ENV_MAX; i++)
		env[n++] = child->env[i];
	env[n] = NULL;
	made = fork();
	if (made < 0)
		return cb_fail(ctx, CB_EAWAY, "cannot fork: %s",
		               strerror(errno));
	if (made == 0)
		become(child, path, env);
	/* Here too, so that it is done before anybody is killed. */
	setpgid(made, made);
	*pid = made;
	return CB_OK;
}

bool cbi_child_pair(int *ours, int *theirs)
{
	/* Sockets, not pipes: writing to one whose reader has gone can be
	 * told to raise no signal.  Above 2 even when those are closed. */
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return false;
	*ours = fcntl(pair[0], F_DUPFD_CLOEXEC, 3);
	*theirs = fcntl(pair[1], F_DUPFD_CLOEXEC, 3);
	close(pair[0]);
	close(pair[1]);
	if (*ours < 0 || *theirs < 0)
		return false;
	fcntl(*ours, F_SETFL, O_NONBLOCK);
	return true;
}
