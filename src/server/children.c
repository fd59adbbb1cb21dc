/* SPDX-License-Identifier: Apache-2.0 */
/*
 * children.c - starting, watching and replacing processes.
 */
#include "server/master_priv.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/charge.h"

/* Dying sooner than this is quick; so many quick ones in a row are let wait,
 * each twice as long as the one before. */
#define QUICK_MS 1000
#define QUICK_MAX 5
#define BACKOFF_MAX_MS 30000
/* A process with a hung thread has this long for its other requests. */
#define HUNG_KILL_MS 1000
#define MEMORY_EVERY_MS 1000

static int run_child(struct cbi_master *master,
                     const struct cbi_generation *generation,
                     const struct cbi_role *role)
{
	const struct cbi_socket *socket =
	    role->socket >= 0 ? &master->sockets.rows[role->socket] : NULL;
	struct cbi_start start = {
		.config = generation->config,
		.kind = role->kind,
		.pool = role->pool,
		.index = role->index,
		.generation = generation->number,
		.master = getppid(),
		.listen_fd = socket ? socket->fd : -1,
		.socket_path = socket ? socket->path : "",
		.socket_inode = socket ? socket->inode : 0,
	};

	close(master->signals);
	close(master->pid_file);
	cbi_sockets_forget(&master->sockets, role->socket);
	if (cbi_child_begin(&start) != CB_OK) {
		cb_log(NULL, CB_LOG_ERROR, "the board has no free row");
		return 1;
	}
	switch (role->kind) {
	case CBI_PROCESS_WEB:
		return cbi_web_main(&start);
	case CBI_PROCESS_FETCH:
		return cbi_fetch_main(&start);
	default:
		return cbi_engine_main(&start);
	}
}

void cbi_role_start(struct cbi_master *master,
                    const struct cbi_generation *generation,
                    struct cbi_role *role)
{
	pid_t pid = fork();

	if (pid == 0)
		exit(run_child(master, generation, role));
	role->started = cbi_clock_ms();
	role->rss = 0;
	if (pid < 0) {
		cb_log(NULL, CB_LOG_ERROR, "cannot fork: %s", strerror(errno));
		role->pid = 0;
		role->start_at = role->started + QUICK_MS;
		return;
	}
	role->pid = pid;
}

void cbi_leave(struct cbi_master *master, pid_t pid, int number, int kill_ms)
{
	struct cbi_leaver *leaver = NULL;

	for (int i = 0; i < CBI_LEAVERS_MAX; i++) {
		if (master->leavers[i].pid == pid)
			return;
		if (!master->leavers[i].pid && !leaver)
			leaver = &master->leavers[i];
	}
	kill(pid, leaver ? number : SIGKILL);
	if (!leaver)
		return;
	leaver->pid = pid;
	leaver->kill_at = cbi_clock_ms() + kill_ms;
}

bool cbi_children_left(const struct cbi_master *master)
{
	for (int i = 0; i < CBI_LEAVERS_MAX; i++)
		if (master->leavers[i].pid)
			return true;
	return false;
}

static struct cbi_role *role_of(struct cbi_generation *generation, pid_t pid)
{
	for (size_t i = 0; generation && i < generation->count; i++)
		if (generation->roles[i].pid == pid)
			return &generation->roles[i];
	return NULL;
}

static bool over_memory(const struct cbi_generation *generation,
                        const struct cbi_role *role)
{
	const struct cbi_pool *pool =
	    cbi_config_pool(generation->config, role->pool);
	int64_t most = pool ? pool->memory_max : 0;

	return most > 0 && role->kind == CBI_PROCESS_WEB && role->rss > most;
}

static void say_death(const struct cbi_role *role, int status)
{
	char name[64];

	cbi_child_name(role->kind, role->pool, name, sizeof(name));
	if (WIFSIGNALED(status))
		cb_log(NULL, CB_LOG_ERROR, "%s (pid %d) died of signal %d",
		       name, (int)role->pid, WTERMSIG(status));
	else
		cb_log(NULL, CB_LOG_WARN, "%s (pid %d) ended with status %d",
		       name, (int)role->pid, WEXITSTATUS(status));
}

/* Who was told to end and fell on the way; a late one's kill was said. */
static void say_leaving(pid_t pid, int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		cb_log(NULL, CB_LOG_ERROR,
		       "pid %d died of signal %d while it was leaving",
		       (int)pid, WTERMSIG(status));
	else if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		cb_log(NULL, CB_LOG_WARN,
		       "pid %d ended with status %d while it was leaving",
		       (int)pid, WEXITSTATUS(status));
}

static void refill(struct cbi_master *master,
                   const struct cbi_generation *generation,
                   struct cbi_role *role, int status)
{
	int64_t now = cbi_clock_ms(), wait = 0;

	say_death(role, status);
	cbi_charge_death(role->pid, status, over_memory(generation, role));
	cbi_metric_add(CBI_COUNT_RESTARTS, 1);
	role->pid = 0;
	role->quick = now - role->started < QUICK_MS ? role->quick + 1 : 0;
	if (role->quick > QUICK_MAX) {
		int doubled = role->quick - QUICK_MAX - 1;

		wait = doubled > 5 ? BACKOFF_MAX_MS : 1000L << doubled;
		wait = wait > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : wait;
	}
	role->start_at = now + wait;
	if (!wait && !master->stopping)
		cbi_role_start(master, generation, role);
}

static void on_checker(struct cbi_master *master, int status)
{
	master->next->checker = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		cb_log(NULL, CB_LOG_ERROR,
		       "looking at the plugin files failed (status %d): what "
		       "was found before stays",
		       status);
	if (!master->stopping)
		(void)!cbi_generation_start(master);
}

static void on_death(struct cbi_master *master, pid_t pid, int status)
{
	struct cbi_generation *generation = master->current;
	struct cbi_role *role = role_of(master->current, pid);

	if (cbi_watch_reaped(master, pid, status))
		return;
	if (master->next && master->next->checker == pid) {
		on_checker(master, status);
		return;
	}
	if (!role) {
		generation = master->next;
		role = role_of(generation, pid);
	}
	if (role) {
		refill(master, generation, role, status);
		return;
	}
	for (int i = 0; i < CBI_LEAVERS_MAX; i++)
		if (master->leavers[i].pid == pid)
			master->leavers[i].pid = 0;
	say_leaving(pid, status);
	cbi_charge_death(pid, status, false);
}

void cbi_children_reap(struct cbi_master *master)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		on_death(master, pid, status);
}

static int64_t resident(pid_t pid)
{
	char path[64];
	long long pages = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%*d %lld", &pages) != 1)
		pages = 0;
	fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

/* Somebody else fills the role from now on. */
static void replace(struct cbi_master *master,
                    const struct cbi_generation *generation,
                    struct cbi_role *role, int kill_ms, const char *why)
{
	pid_t pid = role->pid;
	char name[64];

	cbi_child_name(role->kind, role->pool, name, sizeof(name));
	cb_log(NULL, CB_LOG_WARN, "%s (pid %d) is replaced: %s", name, (int)pid,
	       why);
	cbi_metric_add(CBI_COUNT_RESTARTS, 1);
	cbi_role_start(master, generation, role);
	cbi_leave(master, pid, SIGQUIT, kill_ms);
}

static void watch_role(struct cbi_master *master,
                       const struct cbi_generation *generation,
                       struct cbi_role *role, bool memory)
{
	int row;

	if (!role->pid) {
		if (cbi_clock_ms() >= role->start_at)
			cbi_role_start(master, generation, role);
		return;
	}
	row = cbi_board_process_find(role->pid);
	if (row < 0)
		return;
	if (cbi_charge_hung(row)) {
		replace(master, generation, role, HUNG_KILL_MS,
		        "a thread is past its deadline");
		return;
	}
	if (atomic_load(&cbi_board()->processes[row].state) ==
	    CBI_STATE_DRAINING) {
		replace(master, generation, role, CBI_KILL_MS,
		        "somebody told it to end");
		return;
	}
	if (!memory)
		return;
	role->rss = resident(role->pid);
	if (over_memory(generation, role))
		replace(master, generation, role, CBI_KILL_MS,
		        "it is over backend.limits.memory, or its pool's "
		        "limit");
}

static void watch_leavers(struct cbi_master *master)
{
	for (int i = 0; i < CBI_LEAVERS_MAX; i++) {
		struct cbi_leaver *leaver = &master->leavers[i];

		if (!leaver->pid || cbi_clock_ms() < leaver->kill_at)
			continue;
		cb_log(NULL, CB_LOG_WARN, "pid %d did not end in time: killed",
		       (int)leaver->pid);
		kill(leaver->pid, SIGKILL);
		leaver->kill_at += QUICK_MS;
	}
}

void cbi_children_watch(struct cbi_master *master)
{
	struct cbi_generation *both[2] = { master->current, master->next };
	int64_t now = cbi_clock_ms();
	bool memory = now - master->checked >= MEMORY_EVERY_MS;

	if (memory)
		master->checked = now;
	watch_leavers(master);
	if (master->stopping)
		return;
	/* Those of a generation whose checker still runs are not due yet. */
	if (both[1] && both[1]->checker)
		both[1] = NULL;
	for (int g = 0; g < 2; g++)
		for (size_t i = 0; both[g] && i < both[g]->count; i++)
			watch_role(master, both[g], &both[g]->roles[i], memory);
}
