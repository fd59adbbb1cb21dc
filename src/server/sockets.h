/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sockets.h - the master's listening sockets.
 *
 * A socket is bound to a temporary name and renamed to its own when its first
 * processes are ready, over one that an earlier master may have left: whoever
 * connects meets either the old ones or the new ones, never nobody.
 */
#ifndef CB_SERVER_SOCKETS_H
#define CB_SERVER_SOCKETS_H

#include <stdbool.h>
#include <sys/types.h>

#include <callboard/ctx.h>

#include "base/board.h"
#include "config/config.h"
#include "server/notify.h"

/* sun_path is 108 bytes, and nginx's templates need room beside it. */
#define CBI_SOCKET_PATH_MAX 100

struct cbi_socket {
	char path[CBI_SOCKET_PATH_MAX + 1];
	char temp[CBI_SOCKET_PATH_MAX + 1]; /* "" when bound as path already */
	int fd;                             /* -1: the row is free */
	bool given;  /* by a service manager, whose path is its own */
	bool wanted; /* by the generation being started */
	ino_t inode;
};

#define CBI_SOCKETS_MAX 64
struct cbi_sockets {
	struct cbi_socket rows[CBI_SOCKETS_MAX];
	struct cbi_given_socket given[CBI_SOCKETS_MAX];
	int given_count;
};

void cbi_sockets_init(struct cbi_sockets *sockets);

/* "<run_dir>/web-<pool>.sock", or "fetch-<pool>-<index>.sock"; CB_EINVAL
 * when it is too long, saying by how much. */
int cbi_socket_path(struct cb_ctx *ctx, const struct cbi_settings *settings,
                    enum cbi_process_kind kind, const char *pool, int index,
                    char out[CBI_SOCKET_PATH_MAX + 1]) CB_USED;

/* The row of the socket with this path, bound and listening when it was not
 * there yet; -1 with a failure. */
int cbi_sockets_open(struct cb_ctx *ctx, struct cbi_sockets *sockets,
                     const struct cbi_settings *settings, const char *path);

/* Gives all temporary ones their names. */
int cbi_sockets_publish(struct cb_ctx *ctx,
                        struct cbi_sockets *sockets) CB_USED;

/* Closes those that are not wanted (all with all set); a name is removed only
 * while it is still ours. */
void cbi_sockets_close(struct cbi_sockets *sockets, bool all);

/* Closes every one but keep (a row; -1 for none), leaving the names: what a
 * child does. */
void cbi_sockets_forget(struct cbi_sockets *sockets, int keep);

#endif
