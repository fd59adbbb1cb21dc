/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board.h - the board: one shared mapping per host, read and written by all
 * its processes without locks.
 *
 * The master makes it (or takes over one of the same layout that an earlier
 * master left since the machine was started; its clocks are the machine's) as
 * a file in backend.runDir.  Everything on it is an atomic,
 * or text that is written once before an atomic shows it.  It tells:
 *
 *  - how far the host's copy is, how far it must be, and when it was last
 *    level with PostgreSQL;
 *  - which processes live, and what each of their threads runs right now
 *    (so that a crash can be charged);
 *  - per plugin: breaker, crashes, quarantine, counters;
 *  - the house's own counters, and what is counted of those who sign in or are
 *    refused, so that a host counts once and not once a process.
 *
 * A process that has no board (tests, short commands) gets a private one.
 */
#ifndef CB_BASE_BOARD_H
#define CB_BASE_BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/limits.h"
#include "base/metric.h"

enum cbi_process_kind {
	CBI_PROCESS_NONE = 0,
	CBI_PROCESS_MASTER,
	CBI_PROCESS_WEB,
	CBI_PROCESS_FETCH,
	CBI_PROCESS_ENGINE,
};

enum cbi_process_state {
	CBI_STATE_STARTING = 0,
	CBI_STATE_READY,
	CBI_STATE_DRAINING,
};

/* What a process has given up for good (server/sandbox.h); bits. */
enum cbi_sandbox {
	CBI_SANDBOX_UNIX = 1,  /* no sockets but unix ones */
	CBI_SANDBOX_PORTS = 2, /* TCP to the stores' ports alone */
	CBI_SANDBOX_FILES = 4, /* files, but for a few folders */
	CBI_SANDBOX_EXEC = 8,  /* starting programs */
	CBI_SANDBOX_OFF = 16,  /* nothing: backend.sandbox.enabled is false */
};

/* "unix sockets, files, no programs", for people: static, or in text. */
const char *cbi_board_sandbox(uint32_t bits, char *text, size_t size);

/* What one thread runs.  request_id is written before plugin is set. */
struct cbi_board_thread {
	_Atomic uint32_t plugin; /* index + 1; 0: the house's own code */
	_Atomic int64_t since;   /* cbi_clock_ms() of the request; 0 is idle */
	_Atomic int64_t hard; /* past this the process is replaced; 0: never */
	char request_id[CB_REQUEST_ID_MAX + 1];
};

struct cbi_board_process {
	_Atomic int32_t pid; /* 0: the row is free */
	_Atomic int32_t kind;
	_Atomic int32_t state;
	_Atomic uint32_t generation;
	_Atomic int64_t started; /* cbi_clock_ms() */
	_Atomic uint64_t requests;
	_Atomic uint32_t sandbox; /* enum cbi_sandbox */
	int32_t index;            /* within its pool and kind */
	char pool[CB_NAME_MAX + 1];
	struct cbi_board_thread threads[CB_BOARD_THREADS];
};

struct cbi_board_plugin {
	_Atomic int32_t used; /* 2: name may be read */
	char name[CB_NAME_MAX + 1];
	/* Breaker: failures in a row, closed again at open_until. */
	_Atomic uint32_t failures;
	_Atomic uint32_t opened; /* times in a row, sets the distance */
	_Atomic int64_t open_until;
	/* The last crashes, cbi_clock_ms(), a ring. */
	_Atomic uint32_t crashes;
	_Atomic int64_t crash_at[CB_CRASH_LIMIT];
	/* Nonzero: this host wants it out (wall time); the engine carries it
	 * into PostgreSQL, from where it comes back as a switch. */
	_Atomic int64_t quarantined_at;
	/* The generation in which a process started it, and the one in which
	 * a process could not, with the reason. */
	_Atomic uint32_t ran;
	_Atomic uint32_t broke;
	char trouble[CB_TROUBLE_MAX];
	/* What its last probe found, and when (wall time).  The text is
	 * written anew, by one process and while health is UNKNOWN; its last
	 * byte is always NUL. */
	_Atomic int32_t health;
	_Atomic int64_t probed_wall;
	char ailment[CB_TROUBLE_MAX];
	_Atomic uint64_t calls;
	_Atomic uint64_t errors;
	_Atomic uint64_t placeholders;
	_Atomic uint64_t fetches;
	_Atomic uint64_t cache_hits;
	struct cbi_histogram draw;
};

enum cbi_health {
	CBI_HEALTH_UNKNOWN = 0, /* it has no probe, or none ran yet */
	CBI_HEALTH_GOOD,
	CBI_HEALTH_BAD,
};

/* A request that was running a plugin when its process crashed. */
struct cbi_board_dead {
	_Atomic int64_t at;      /* cbi_clock_ms() */
	_Atomic uint32_t plugin; /* index + 1 */
	char request_id[CB_REQUEST_ID_MAX + 1];
};

/* Counters by a hash; two that meet in one place share it. */
#define CB_BOARD_ATTEMPTS 2048 /* auth/attempt.c says what they hold */
#define CB_BOARD_REFUSALS 1024 /* web/refused.c does */

struct cbi_board {
	uint32_t magic;
	uint32_t layout; /* the size, and a number raised by hand */
	uint32_t boot;   /* which start of the machine it is of */
	_Atomic int32_t master;
	_Atomic uint32_t generation;
	/* The catalog. */
	_Atomic uint64_t copy_number;     /* what the copy holds */
	_Atomic uint64_t wanted;          /* what was answered to a writer */
	_Atomic uint64_t registry_number; /* raised when switches changed */
	_Atomic uint64_t files_number;    /* and when registry.json did */
	_Atomic int64_t level_ms; /* cbi_clock_ms() when last level; 0 never */
	_Atomic int64_t level_wall; /* the same as wall time */
	_Atomic int32_t schema;     /* of PostgreSQL, as last seen; 0 not yet */
	_Atomic uint64_t counters[CBI_COUNTERS];
	struct cbi_histogram requests;
	_Atomic uint64_t attempts[CB_BOARD_ATTEMPTS];
	_Atomic uint64_t refusals[CB_BOARD_REFUSALS];
	_Atomic uint32_t dead_next;
	struct cbi_board_dead dead[CB_BOARD_DEAD];
	struct cbi_board_plugin plugins[CB_BOARD_PLUGINS];
	struct cbi_board_process processes[CB_BOARD_PROCESSES];
};

/* This process's board; never NULL. */
struct cbi_board *cbi_board(void);

/*
 * Maps the board at path for the whole process and its later children.  With
 * create set it is made when absent, of another layout or of before the
 * machine was started (renamed into
 * place, mode 0660).  Returns 0, or -1 with errno set.
 */
int cbi_board_attach(const char *path, bool create);

/* The plugin's row, made when it has none; -1 when the table is full. */
int cbi_board_plugin(const char *name);

/* A free process row is taken for pid; -1 when there is none. */
int cbi_board_process_enter(pid_t pid, enum cbi_process_kind kind,
                            const char *pool, int index, uint32_t generation);
/* The row of pid, -1 when it has none. */
int cbi_board_process_find(pid_t pid);
void cbi_board_process_leave(int row);

/* Raises *number to at least value. */
void cbi_board_raise(_Atomic uint64_t *number, uint64_t value);

/* Notes that request_id was running plugin (its index) in a process that
 * crashed; cbi_board_is_dead tells for the minute after. */
void cbi_board_note_dead(const char *request_id, int plugin);
bool cbi_board_is_dead(const char *request_id, int plugin);

/* Charges a crash; true when it is the one that makes a quarantine. */
bool cbi_board_charge(int plugin);

#endif
