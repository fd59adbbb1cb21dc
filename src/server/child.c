/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.c - see child.h.
 *
 * A process outlives its master: it is not tied to it by a death signal, but
 * looks every second whether the name of its socket (or, without one, the
 * board's master) is somebody else's by now.
 */
#include "server/child.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "server/charge.h"
#include "server/title.h"

/* Free memory at the end of an arena beyond this goes back. */
#define TRIM_BYTES (256 * CB_KIB)
/* Pieces of this size are mapped, and go back when they are freed: above
 * what an answer needs, below what a file does. */
#define MMAP_BYTES (1 * CB_MIB)

static void orders(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGQUIT);
}

void cbi_child_name(enum cbi_process_kind kind, const char *pool, char *out,
                    size_t size)
{
	static const char *const names[] = { "nothing", "master", "web",
		                             "fetch", "engine" };

	snprintf(out, size, "%s%s%s", names[kind], pool[0] ? " " : "", pool);
}

/*
 * Threads share two arenas, and what was freed goes back to the machine:
 * eight arenas would each keep the largest page that a thread ever made.
 */
static void tame_memory(void)
{
#ifdef __GLIBC__
	mallopt(M_ARENA_MAX, 2);
	mallopt(M_TRIM_THRESHOLD, TRIM_BYTES);
	mallopt(M_MMAP_THRESHOLD, MMAP_BYTES);
#endif
}

void cbi_child_give_back(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

int cbi_child_begin(struct cbi_start *start)
{
	const struct cbi_settings *settings =
	    cbi_config_settings(start->config);
	const struct cbi_pool *pool =
	    cbi_config_pool(start->config, start->pool);
	int level = cbi_log_level(settings->log_level);
	char name[64], title[96];
	sigset_t set;

	tame_memory();
	errno = 0; /* nice may well return a negative number */
	if (pool && pool->nice > 0 && nice(pool->nice) < 0 && errno)
		cb_log(NULL, CB_LOG_WARN, "limits.nice: %s", strerror(errno));
	cbi_child_name(start->kind, start->pool, name, sizeof(name));
	snprintf(title, sizeof(title), "callboard: %s", name);
	cbi_title_set(title);
	cbi_log_setup(name, level < 0 ? CB_LOG_INFO : (enum cb_level)level);
	/* A terminal sends these to all; the master tells what to do. */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	orders(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	start->row = cbi_board_process_enter(getpid(), start->kind, start->pool,
	                                     start->index, start->generation);
	if (start->row < 0)
		return CB_EBUSY;
	cbi_charge_watch(start->row);
	return CB_OK;
}

void cbi_child_ready(const struct cbi_start *start)
{
	atomic_store(&cbi_board()->processes[start->row].state,
	             CBI_STATE_READY);
}

static bool taken_over(const struct cbi_start *start)
{
	struct stat st;

	if (getppid() == start->master)
		return false;
	if (start->socket_path[0])
		return stat(start->socket_path, &st) < 0 ||
		       st.st_ino != start->socket_inode;
	return atomic_load(&cbi_board()->master) != (int32_t)start->master;
}

enum cbi_child_order cbi_child_wait(const struct cbi_start *start, int ms)
{
	struct timespec time = { ms / 1000, (ms % 1000) * 1000000L };
	enum cbi_child_order order = CBI_CHILD_GO_ON;
	sigset_t set;
	int number;

	orders(&set);
	number = sigtimedwait(&set, NULL, &time);
	if (number == SIGQUIT)
		order = CBI_CHILD_LEAVE;
	else if (number == SIGTERM || taken_over(start))
		order = CBI_CHILD_END;
	if (order != CBI_CHILD_GO_ON)
		atomic_store(&cbi_board()->processes[start->row].state,
		             CBI_STATE_DRAINING);
	return order;
}
