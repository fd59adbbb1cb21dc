/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board.c - see board.h.
 */
#include "base/board.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

#define MAGIC 0x43424f44u /* "CBOD" */
/* Raise by hand when a meaning changes but no size does. */
#define LAYOUT_NUMBER 1
#define LAYOUT ((uint32_t)sizeof(struct cbi_board) * 16 + LAYOUT_NUMBER)

static struct cbi_board *the_board;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_private(void)
{
	void *map;

	if (the_board)
		return;
	map = mmap(NULL, sizeof(*the_board), PROT_READ | PROT_WRITE,
	           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED) {
		perror("callboard: no memory for the board");
		_exit(1);
	}
	the_board = map;
}

struct cbi_board *cbi_board(void)
{
	if (!the_board)
		pthread_once(&once, make_private);
	return the_board;
}

/* Times on the board are of a clock that begins anew with the machine. */
static uint32_t this_boot(void)
{
	unsigned char id[64];
	uint32_t hash = 2166136261u;
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, id, sizeof(id));

	if (fd >= 0)
		close(fd);
	for (ssize_t i = 0; i < n; i++)
		hash = (hash ^ id[i]) * 16777619u;
	return hash;
}

static struct cbi_board *map_file(int fd)
{
	struct cbi_board *board;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return NULL;
	if (st.st_size != (off_t)sizeof(*board)) {
		errno = EPROTO;
		return NULL;
	}
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED,
	             fd, 0);
	if (board == MAP_FAILED)
		return NULL;
	if (board->magic != MAGIC || board->layout != LAYOUT ||
	    board->boot != this_boot()) {
		munmap(board, sizeof(*board));
		errno = EPROTO;
		return NULL;
	}
	return board;
}

static int open_board(const char *path)
{
	struct cbi_board *board;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	int saved;

	if (fd < 0)
		return -1;
	board = map_file(fd);
	saved = errno;
	close(fd);
	errno = saved;
	if (!board)
		return -1;
	the_board = board;
	return 0;
}

static int make_board(const char *path)
{
	char temp[4096];
	uint32_t head[3] = { MAGIC, LAYOUT, this_boot() };
	int fd, rc = -1;

	if (snprintf(temp, sizeof(temp), "%s.%d", path, (int)getpid()) >=
	    (int)sizeof(temp)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	unlink(temp);
	fd = open(temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0660);
	if (fd < 0)
		return -1;
	if (ftruncate(fd, sizeof(struct cbi_board)) == 0 &&
	    pwrite(fd, head, sizeof(head), 0) == sizeof(head) &&
	    rename(temp, path) == 0)
		rc = 0;
	close(fd);
	if (rc < 0)
		unlink(temp);
	return rc;
}

int cbi_board_attach(const char *path, bool create)
{
	if (open_board(path) == 0)
		return 0;
	if (!create || (errno != ENOENT && errno != EPROTO))
		return -1;
	if (make_board(path) < 0)
		return -1;
	return open_board(path);
}

int cbi_board_plugin(const char *name)
{
	struct cbi_board *board = cbi_board();

	for (int i = 0; i < CB_BOARD_PLUGINS; i++) {
		struct cbi_board_plugin *row = &board->plugins[i];
		int32_t used = atomic_load(&row->used), none = 0;

		if (used == 0 &&
		    atomic_compare_exchange_strong(&row->used, &none, 1)) {
			cbi_str_copy(row->name, sizeof(row->name), name);
			atomic_store(&row->used, 2);
			return i;
		}
		/* Another process is writing the name: it takes no time. */
		while (atomic_load(&row->used) == 1)
			usleep(10);
		if (strcmp(row->name, name) == 0)
			return i;
	}
	return -1;
}

int cbi_board_process_enter(pid_t pid, enum cbi_process_kind kind,
                            const char *pool, int index, uint32_t generation)
{
	struct cbi_board *board = cbi_board();

	for (int i = 0; i < CB_BOARD_PROCESSES; i++) {
		struct cbi_board_process *row = &board->processes[i];
		int32_t none = 0;

		if (!atomic_compare_exchange_strong(&row->pid, &none, -1))
			continue;
		memset(row->threads, 0, sizeof(row->threads));
		cbi_str_copy(row->pool, sizeof(row->pool), pool);
		row->index = index;
		atomic_store(&row->kind, kind);
		atomic_store(&row->state, CBI_STATE_STARTING);
		atomic_store(&row->generation, generation);
		atomic_store(&row->started, cbi_clock_ms());
		atomic_store(&row->requests, 0);
		atomic_store(&row->sandbox, 0);
		atomic_store(&row->pid, (int32_t)pid);
		return i;
	}
	return -1;
}

int cbi_board_process_find(pid_t pid)
{
	struct cbi_board *board = cbi_board();

	for (int i = 0; i < CB_BOARD_PROCESSES; i++)
		if (atomic_load(&board->processes[i].pid) == (int32_t)pid)
			return i;
	return -1;
}

void cbi_board_process_leave(int row)
{
	atomic_store(&cbi_board()->processes[row].kind, CBI_PROCESS_NONE);
	atomic_store(&cbi_board()->processes[row].pid, 0);
}

void cbi_board_raise(_Atomic uint64_t *number, uint64_t value)
{
	uint64_t seen = atomic_load(number);

	while (seen < value &&
	       !atomic_compare_exchange_weak(number, &seen, value))
		;
}

void cbi_board_note_dead(const char *request_id, int plugin)
{
	struct cbi_board *board = cbi_board();
	uint32_t next = atomic_fetch_add(&board->dead_next, 1);
	struct cbi_board_dead *dead = &board->dead[next % CB_BOARD_DEAD];

	/* Written by the master and by whoever is about to fall; the counter
	 * gives each a row of its own. */
	atomic_store(&dead->at, 0);
	cbi_str_copy(dead->request_id, sizeof(dead->request_id), request_id);
	atomic_store(&dead->plugin, (uint32_t)plugin + 1);
	atomic_store(&dead->at, cbi_clock_ms());
}

bool cbi_board_is_dead(const char *request_id, int plugin)
{
	struct cbi_board *board = cbi_board();
	int64_t since = cbi_clock_ms() - CB_CRASH_WINDOW_MS;

	if (!request_id[0])
		return false;
	for (int i = 0; i < CB_BOARD_DEAD; i++) {
		const struct cbi_board_dead *dead = &board->dead[i];
		int64_t at = atomic_load(&dead->at);

		if (at && at >= since &&
		    atomic_load(&dead->plugin) == (uint32_t)plugin + 1 &&
		    strncmp(dead->request_id, request_id,
		            sizeof(dead->request_id)) == 0)
			return true;
	}
	return false;
}

bool cbi_board_charge(int plugin)
{
	struct cbi_board_plugin *row = &cbi_board()->plugins[plugin];
	uint32_t n = atomic_fetch_add(&row->crashes, 1);
	int64_t now = cbi_clock_ms(), oldest = now;

	atomic_store(&row->crash_at[n % CB_CRASH_LIMIT], now);
	for (int i = 0; i < CB_CRASH_LIMIT; i++) {
		int64_t at = atomic_load(&row->crash_at[i]);

		if (at < oldest)
			oldest = at;
	}
	if (!oldest || oldest < now - CB_CRASH_WINDOW_MS)
		return false;
	atomic_store(&row->quarantined_at, cbi_clock_wall_ms());
	return true;
}

const char *cbi_board_sandbox(uint32_t bits, char *text, size_t size)
{
	static const struct {
		uint32_t bit;
		const char *word;
	} words[] = {
		{ CBI_SANDBOX_UNIX, "unix sockets" },
		{ CBI_SANDBOX_PORTS, "ports of the stores" },
		{ CBI_SANDBOX_FILES, "files" },
		{ CBI_SANDBOX_EXEC, "no programs" },
		{ CBI_SANDBOX_OFF, "off" },
	};
	size_t len = 0;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (bits & words[i].bit && len < size)
			len += (size_t)snprintf(text + len, size - len, "%s%s",
			                        len ? ", " : "", words[i].word);
	return len ? text : "none";
}
