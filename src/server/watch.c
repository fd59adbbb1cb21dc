/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.c - plugins that are text are looked at again when their files
 * change.
 *
 * The master only compares names, sizes and times, a few times a second: that
 * works on every file system and with files that are links, which inotify does
 * not.  A file is left alone until it has been quiet for a moment, so that a
 * half-written one is not judged.  Reading is a child's, as at the start of a
 * generation.
 */
#include "server/master_priv.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/log.h"
#include "registry/registry.h"

#define LOOK_MS 200
#define QUIET_MS 100

void cbi_watch_begin(struct cbi_master *master, const struct cbi_config *config)
{
	struct cbi_watch *watch = &master->watch;

	cbi_watch_end(master);
	watch->seen = cbi_registry_signature(config);
	watch->pending = 0;
	/* A generation starts without what takes its time. */
	watch->again = watch->seen != cbi_registry_signature(NULL);
}

void cbi_watch_end(struct cbi_master *master)
{
	struct cbi_watch *watch = &master->watch;

	if (!watch->checker)
		return;
	kill(watch->checker, SIGKILL);
	/* Not a moment longer: it must not write after the next one. */
	while (waitpid(watch->checker, NULL, 0) < 0 && errno == EINTR)
		;
	watch->checker = 0;
}

/* Has it changed, and is it quiet? */
static bool due(struct cbi_watch *watch, const struct cbi_config *config)
{
	int64_t now = cbi_clock_ms();
	uint64_t signature;

	if (!watch->pending && !watch->again && now - watch->looked < LOOK_MS)
		return false;
	watch->looked = now;
	signature = cbi_registry_signature(config);
	if (signature == watch->seen && !watch->again) {
		watch->pending = 0;
		return false;
	}
	if (signature != watch->pending) {
		watch->pending = signature;
		watch->changed = now;
		return false;
	}
	return now - watch->changed >= QUIET_MS;
}

void cbi_watch_look(struct cbi_master *master)
{
	struct cbi_watch *watch = &master->watch;
	const struct cbi_config *config;

	if (!master->current || master->next || watch->checker)
		return;
	config = master->current->config;
	if (!due(watch, config))
		return;
	watch->seen = watch->pending;
	watch->pending = 0;
	watch->again = false;
	if (cbi_check_start(master, config, true, &watch->checker) != CB_OK)
		watch->checker = 0;
}

bool cbi_watch_reaped(struct cbi_master *master, pid_t pid, int status)
{
	struct cbi_watch *watch = &master->watch;

	if (!watch->checker || watch->checker != pid)
		return false;
	watch->checker = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		atomic_fetch_add(&cbi_board()->files_number, 1);
	else
		cb_log(NULL, CB_LOG_ERROR,
		       "looking at changed plugin files failed (status %d): "
		       "what was found before stays",
		       status);
	return true;
}
