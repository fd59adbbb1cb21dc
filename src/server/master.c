/* SPDX-License-Identifier: Apache-2.0 */
/*
 * master.c - see master.h.
 */
#include "server/master.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "server/master_priv.h"
#include "server/notify.h"
#include "server/title.h"

#define TICK_MS 100
/* While processes start or end, somebody waits for it. */
#define BUSY_TICK_MS 5
#define EXIT_CONFIG 3

/* mkdir -p, with the mode for what is made. */
static int make_dir(const char *path, mode_t mode)
{
	char part[4096];
	struct stat st;

	if (!cbi_str_copy(part, sizeof(part), path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (char *at = part + 1; *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -1;
		*at = '/';
	}
	if (mkdir(part, mode) < 0 && errno != EEXIST)
		return -1;
	if (stat(part, &st) < 0)
		return -1;
	if (S_ISDIR(st.st_mode))
		return 0;
	errno = ENOTDIR;
	return -1;
}

static int say(const char *what, const char *path)
{
	cb_log(NULL, CB_LOG_ERROR, "%s %s: %s", what, path, strerror(errno));
	return -1;
}

/* Connections of nginx, the stores and the log need more than 1,024. */
static void raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur =
		    limit.rlim_max < 65536 ? limit.rlim_max : 65536;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static pid_t holder(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		return 0;
	return lock.l_pid;
}

/*
 * The file is made aside, locked and renamed, so that whoever reads it finds
 * a living master's number.  The lock belongs to this process alone; children
 * do not inherit it.
 */
static int write_pid_file(struct cbi_master *master, const char *path)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char temp[4300];
	int old = open(path, O_RDWR | O_CLOEXEC), fd;

	master->elder = old >= 0 ? holder(old) : 0;
	if (old >= 0)
		close(old);
	if (master->elder && !master->options->take_over) {
		cb_log(NULL, CB_LOG_ERROR,
		       "already running as pid %d: stop it first, or take "
		       "over with --take-over",
		       (int)master->elder);
		return -1;
	}
	snprintf(temp, sizeof(temp), "%s.%d", path, (int)getpid());
	fd = open(temp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return say("cannot write", temp);
	if (dprintf(fd, "%d\n", (int)getpid()) < 0 ||
	    fcntl(fd, F_SETLK, &lock) < 0 || rename(temp, path) < 0) {
		say("cannot write", path);
		unlink(temp);
		close(fd);
		return -1;
	}
	master->pid_file = fd;
	return 0;
}

static void remove_pid_file(const struct cbi_master *master)
{
	struct stat ours, there;
	char path[4200];

	snprintf(path, sizeof(path), "%s/callboard.pid", master->run_dir);
	if (fstat(master->pid_file, &ours) == 0 && stat(path, &there) == 0 &&
	    ours.st_ino == there.st_ino)
		unlink(path);
}

/*
 * Rows that an earlier master's processes left when they died with it.  Without
 * an elder its numbers go too: they may be of another database (a backup
 * brought back), and what was wanted of PostgreSQL must not keep readers from
 * the copy while that is away.
 */
static void clean_board(bool alone)
{
	struct cbi_board *board = cbi_board();

	if (alone) {
		atomic_store(&board->wanted, 0);
		atomic_store(&board->copy_number, 0);
		atomic_store(&board->registry_number, 0);
	}

	for (int i = 0; i < CB_BOARD_PROCESSES; i++) {
		pid_t pid = (pid_t)atomic_load(&board->processes[i].pid);

		if (pid == -1 ||
		    (pid > 0 && kill(pid, 0) < 0 && errno == ESRCH))
			cbi_board_process_leave(i);
	}
	atomic_store(&board->master, (int32_t)getpid());
}

static int prepare(struct cbi_master *master,
                   const struct cbi_settings *settings)
{
	int row;
	char path[4200];

	cbi_str_copy(master->run_dir, sizeof(master->run_dir),
	             settings->run_dir);
	if (make_dir(settings->run_dir, 0755) < 0)
		return say("backend.runDir: cannot make", settings->run_dir);
	if (make_dir(settings->state_dir, 0750) < 0)
		return say("backend.stateDir: cannot make",
		           settings->state_dir);
	snprintf(path, sizeof(path), "%s/callboard.pid", master->run_dir);
	if (write_pid_file(master, path) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/board", master->run_dir);
	if (cbi_board_attach(path, true) < 0)
		return say("cannot make", path);
	clean_board(master->elder == 0);
	row = cbi_board_process_enter(getpid(), CBI_PROCESS_MASTER, "", 0, 0);
	if (row < 0) {
		cb_log(NULL, CB_LOG_ERROR, "the board has no free row");
		return -1;
	}
	atomic_store(&cbi_board()->processes[row].state, CBI_STATE_READY);
	return 0;
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void reload(struct cbi_master *master)
{
	struct cbi_config *config;
	const char *run_dir;

	if (master->next) {
		master->reload = true;
		return;
	}
	master->reload = false;
	cbi_notify_reloading();
	config = cbi_master_load(master->options);
	if (!config) {
		cb_log(NULL, CB_LOG_ERROR,
		       "the config has errors: generation %u stays",
		       master->current ? master->current->number : 0);
		cbi_notify("READY=1");
		return;
	}
	run_dir = cbi_config_settings(config)->run_dir;
	if (strcmp(run_dir, master->run_dir) != 0) {
		cb_log(NULL, CB_LOG_ERROR,
		       "backend.runDir cannot change from %s to %s while "
		       "running: generation %u stays",
		       master->run_dir, run_dir,
		       master->current ? master->current->number : 0);
		cbi_config_destroy(config);
		cbi_notify("READY=1");
		return;
	}
	if (cbi_generation_begin(master, config) != CB_OK)
		cbi_notify("READY=1");
}

static void stop(struct cbi_master *master)
{
	if (master->stopping)
		return;
	master->stopping = true;
	cb_log(NULL, CB_LOG_INFO, "stopping");
	cbi_notify("STOPPING=1");
	/* From here on nobody new finds the sockets; what waits in them is
	 * served. */
	cbi_sockets_close(&master->sockets, true);
	cbi_watch_end(master);
	if (master->next)
		cbi_generation_end(master, master->next, SIGTERM);
	if (master->current)
		cbi_generation_end(master, master->current, SIGTERM);
	master->next = master->current = NULL;
}

static void on_signals(struct cbi_master *master)
{
	struct signalfd_siginfo info;

	while (read(master->signals, &info, sizeof(info)) ==
	       (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGHUP:
			if (!master->stopping)
				reload(master);
			break;
		case SIGTERM:
		case SIGINT:
		case SIGQUIT:
			stop(master);
			break;
		default:
			break; /* SIGCHLD: reaped below, signals merge */
		}
	}
	cbi_children_reap(master);
}

/* What follows when a generation took its place, or was given up. */
static void settle(struct cbi_master *master)
{
	bool had = master->current != NULL, busy = master->next != NULL;

	cbi_generation_look(master);
	if (!busy || master->next)
		return;
	cbi_notify("READY=1");
	if (!had && master->current && master->elder) {
		kill(master->elder, SIGTERM);
		master->elder = 0;
	}
	if (master->reload)
		reload(master);
}

static void work(struct cbi_master *master)
{
	while (!master->stopping || cbi_children_left(master)) {
		struct pollfd wait = { .fd = master->signals,
			               .events = POLLIN };
		bool busy = master->next || master->stopping;

		poll(&wait, 1, busy ? BUSY_TICK_MS : TICK_MS);
		on_signals(master);
		cbi_children_watch(master);
		if (!master->stopping)
			settle(master);
		if (!master->stopping)
			cbi_watch_look(master);
	}
}

int cbi_master_run(const struct cbi_master_options *options)
{
	struct cbi_config *config = cbi_master_load(options);
	const struct cbi_settings *settings;
	struct cbi_master *master;
	int level, row;

	if (!config)
		return EXIT_CONFIG;
	settings = cbi_config_settings(config);
	level = cbi_log_level(settings->log_level);
	cbi_log_setup("master", level < 0 ? CB_LOG_INFO : (enum cb_level)level);
	cbi_title_set("callboard: master");
	raise_files();
	master = calloc(1, sizeof(*master));
	if (!master)
		return 1;
	master->options = options;
	master->pid_file = -1;
	master->signals = open_signals();
	cbi_sockets_init(&master->sockets);
	if (master->signals < 0 || prepare(master, settings) < 0) {
		cbi_config_destroy(config);
		free(master);
		return 1;
	}
	if (cbi_generation_begin(master, config) != CB_OK)
		stop(master);
	work(master);
	cbi_sockets_close(&master->sockets, true);
	remove_pid_file(master);
	row = cbi_board_process_find(getpid());
	if (row >= 0)
		cbi_board_process_leave(row);
	row = master->stopping && atomic_load(&cbi_board()->generation) ? 0 : 1;
	cb_log(NULL, CB_LOG_INFO, "stopped");
	free(master);
	return row;
}
