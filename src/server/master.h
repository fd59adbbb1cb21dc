/* SPDX-License-Identifier: Apache-2.0 */
/*
 * master.h - the process that owns the sockets, forks and watches the others.
 *
 * It never parses a request and never loads a plugin.
 */
#ifndef CB_SERVER_MASTER_H
#define CB_SERVER_MASTER_H

#include <stdbool.h>
#include <stddef.h>

struct cbi_master_options {
	const char *const *configs; /* as given, may be none */
	size_t config_count;
	bool take_over; /* from a master that lives: it is ended when ready */
};

/* Runs until it is told to end.  Returns the exit code: 0, 1, or 3 for a bad
 * config. */
int cbi_master_run(const struct cbi_master_options *options);

/* `callboard -t`: checks what a start would need and prints what it finds;
 * 0 or 3. */
int cbi_master_test(const struct cbi_master_options *options);

#endif
