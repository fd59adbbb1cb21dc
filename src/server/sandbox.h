/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox.h - what a process gives up for good once it has what it needs.
 *
 * A web process starts no programs, writes nothing but the host's copy, reads
 * system files and its own, and opens no connection but to the stores: with
 * both on unix sockets no IP socket at all (seccomp), else TCP to the stores'
 * ports alone (Landlock, Linux 6.7).  Fetch and engine, which reach the
 * outside and start programs, write only where they have to.  What the kernel
 * cannot do is left out; the board says what holds.
 */
#ifndef CB_SERVER_SANDBOX_H
#define CB_SERVER_SANDBOX_H

#include <stddef.h>
#include <stdint.h>

#include "server/child.h"

/*
 * Gives it up, for this process and all its threads to come; before the first
 * is made, after everything is open.  Notes on the board what holds.  Fails
 * only where the kernel has the means and refuses them: CB_EBUG, and the
 * process must not serve.
 */
int cbi_sandbox_enter(const struct cbi_start *start) CB_USED;

/* ---- sandbox_kernel.c: the two means ------------------------------------ */

/* Of all threads: socket(2) makes unix sockets only (unix_only), io_uring is
 * not there, and with no_exec no program is started.  CB_ENOTSUP where the
 * kernel or this architecture has no such filter. */
int cbi_sandbox_calls(struct cb_ctx *ctx, bool unix_only, bool no_exec) CB_USED;

struct cbi_sandbox_files {
	/* Both end in NULL; what is not there is passed over.  reads NULL:
	 * everything may be read and started. */
	const char *const *reads;
	const char *const *writes;
	/* TCP ports that may be connected to; n 0 with ports NULL: all. */
	const uint16_t *ports;
	size_t n;
};

/* Of this thread and those it makes.  *bits gets FILES and PORTS as far as
 * this kernel can. */
int cbi_sandbox_landlock(struct cb_ctx *ctx,
                         const struct cbi_sandbox_files *files,
                         uint32_t *bits) CB_USED;

#endif
