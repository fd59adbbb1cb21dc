/* SPDX-License-Identifier: Apache-2.0 */
/*
 * charge.h - whose fault a dead process was.
 *
 * Every thread that runs a plugin says so in its slot on the board.  When the
 * thread itself falls (a signal of its own making, or exit() from within a
 * plugin), a handler marks the slot, so that the plugins of other threads are
 * not blamed; where nothing could be marked, all that ran are.
 */
#ifndef CB_SERVER_CHARGE_H
#define CB_SERVER_CHARGE_H

#include <stdbool.h>
#include <sys/types.h>

/* In a child, before it has threads: installs the handlers.  row is its row
 * on the board. */
void cbi_charge_watch(int row);

/* In each thread: which slot is its own, and a stack for the handlers, which
 * a deep recursion leaves none of. */
void cbi_charge_thread(int slot);

/*
 * In the master, with waitpid's status: charges whoever ran, says it in the
 * log, and frees the row.  over_memory tells that a SIGKILL was deserved.
 * Returns true when the process fell by itself.
 */
bool cbi_charge_death(pid_t pid, int status, bool over_memory);

/* A plugin (its board row) cost a helper: what says how. */
void cbi_charge_plugin(int plugin, const char *request_id, const char *what);

/* A thread of the process in this row is past its hard deadline: charges its
 * plugin and returns true. */
bool cbi_charge_hung(int row);

#endif
