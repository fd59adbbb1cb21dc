/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sockets.c - see sockets.h.
 */
#include "server/sockets.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"

/* With a backlog of 4, 34 of 40 connections at once were refused. */
#define BACKLOG 1024

void cbi_sockets_init(struct cbi_sockets *sockets)
{
	memset(sockets, 0, sizeof(*sockets));
	for (int i = 0; i < CBI_SOCKETS_MAX; i++)
		sockets->rows[i].fd = -1;
	sockets->given_count =
	    cbi_notify_sockets(sockets->given, CBI_SOCKETS_MAX);
}

int cbi_socket_path(struct cb_ctx *ctx, const struct cbi_settings *settings,
                    enum cbi_process_kind kind, const char *pool, int index,
                    char out[CBI_SOCKET_PATH_MAX + 1])
{
	int len;

	if (kind == CBI_PROCESS_WEB)
		len = snprintf(out, CBI_SOCKET_PATH_MAX + 1, "%s/web-%s.sock",
		               settings->run_dir, pool);
	else
		len = snprintf(out, CBI_SOCKET_PATH_MAX + 1,
		               "%s/fetch-%s-%d.sock", settings->run_dir, pool,
		               index);
	if (len > CBI_SOCKET_PATH_MAX)
		return cb_fail(ctx, CB_EINVAL,
		               "backend.runDir: a socket's path in '%s' would "
		               "be %d bytes, at most %d work: choose a shorter "
		               "folder",
		               settings->run_dir, len, CBI_SOCKET_PATH_MAX);
	return CB_OK;
}

static int find(const struct cbi_sockets *sockets, const char *path)
{
	for (int i = 0; i < CBI_SOCKETS_MAX; i++)
		if (sockets->rows[i].fd >= 0 &&
		    strcmp(sockets->rows[i].path, path) == 0)
			return i;
	return -1;
}

static int find_free(const struct cbi_sockets *sockets)
{
	for (int i = 0; i < CBI_SOCKETS_MAX; i++)
		if (sockets->rows[i].fd < 0)
			return i;
	return -1;
}

static ino_t inode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 ? st.st_ino : 0;
}

static bool take_given(struct cbi_sockets *sockets, struct cbi_socket *row)
{
	for (int i = 0; i < sockets->given_count; i++) {
		if (sockets->given[i].fd < 0 ||
		    strcmp(sockets->given[i].path, row->path) != 0)
			continue;
		row->fd = sockets->given[i].fd;
		row->given = true;
		row->inode = inode_of(row->path);
		sockets->given[i].fd = -1;
		return true;
	}
	return false;
}

static int let_group_in(struct cb_ctx *ctx, const char *path, const char *name)
{
	struct group *group;

	if (chmod(path, 0660) < 0)
		return cb_fail(ctx, CB_EBUG, "cannot set the mode of %s: %s",
		               path, strerror(errno));
	if (!name[0])
		return CB_OK;
	group = getgrnam(name);
	if (!group)
		return cb_fail(ctx, CB_EINVAL,
		               "backend.socketGroup: there is no group '%s'",
		               name);
	if (chown(path, (uid_t)-1, group->gr_gid) < 0)
		return cb_fail(ctx, CB_EINVAL,
		               "cannot give %s to group '%s': %s", path, name,
		               strerror(errno));
	return CB_OK;
}

static int bind_temporary(struct cb_ctx *ctx, struct cbi_socket *row,
                          const char *group)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t before;
	int rc;

	unlink(row->temp);
	cbi_str_copy(address.sun_path, sizeof(address.sun_path), row->temp);
	/* Nobody may come in before the group is set. */
	before = umask(0177);
	rc = bind(row->fd, (struct sockaddr *)&address, sizeof(address));
	umask(before);
	if (rc < 0)
		return cb_fail(ctx, CB_EINVAL, "cannot bind %s: %s", row->temp,
		               strerror(errno));
	row->inode = inode_of(row->temp);
	if (listen(row->fd, BACKLOG) < 0)
		return cb_fail(ctx, CB_EBUG, "cannot listen on %s: %s",
		               row->temp, strerror(errno));
	return let_group_in(ctx, row->temp, group);
}

static int bind_row(struct cb_ctx *ctx, struct cbi_socket *row, int number,
                    const struct cbi_settings *settings)
{
	int rc;

	if (snprintf(row->temp, sizeof(row->temp), "%s/.%d-%d",
	             settings->run_dir, (int)getpid(),
	             number) >= (int)sizeof(row->temp))
		return cb_fail(ctx, CB_EINVAL,
		               "backend.runDir: '%s' is too long for sockets",
		               settings->run_dir);
	row->fd =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (row->fd < 0)
		return cb_fail(ctx, CB_EBUG, "cannot make a socket: %s",
		               strerror(errno));
	rc = bind_temporary(ctx, row, settings->socket_group);
	if (rc != CB_OK) {
		close(row->fd);
		unlink(row->temp);
		row->fd = -1;
	}
	return rc;
}

int cbi_sockets_open(struct cb_ctx *ctx, struct cbi_sockets *sockets,
                     const struct cbi_settings *settings, const char *path)
{
	int i = find(sockets, path);
	struct cbi_socket *row;

	if (i >= 0) {
		sockets->rows[i].wanted = true;
		return i;
	}
	i = find_free(sockets);
	if (i < 0) {
		cb_fail(ctx, CB_EINVAL, "more than %d sockets are configured",
		        CBI_SOCKETS_MAX);
		return -1;
	}
	row = &sockets->rows[i];
	memset(row, 0, sizeof(*row));
	row->fd = -1;
	cbi_str_copy(row->path, sizeof(row->path), path);
	if (!take_given(sockets, row) &&
	    bind_row(ctx, row, i, settings) != CB_OK)
		return -1;
	row->wanted = true;
	return i;
}

int cbi_sockets_publish(struct cb_ctx *ctx, struct cbi_sockets *sockets)
{
	for (int i = 0; i < CBI_SOCKETS_MAX; i++) {
		struct cbi_socket *row = &sockets->rows[i];

		if (row->fd < 0 || !row->temp[0])
			continue;
		if (rename(row->temp, row->path) < 0)
			return cb_fail(ctx, CB_EINVAL,
			               "cannot rename %s to %s: %s", row->temp,
			               row->path, strerror(errno));
		row->temp[0] = '\0';
	}
	return CB_OK;
}

void cbi_sockets_close(struct cbi_sockets *sockets, bool all)
{
	for (int i = 0; i < CBI_SOCKETS_MAX; i++) {
		struct cbi_socket *row = &sockets->rows[i];
		const char *name = row->temp[0] ? row->temp : row->path;

		if (row->fd < 0 || (row->wanted && !all))
			continue;
		if (!row->given && inode_of(name) == row->inode)
			unlink(name);
		close(row->fd);
		row->fd = -1;
	}
}

void cbi_sockets_forget(struct cbi_sockets *sockets, int keep)
{
	for (int i = 0; i < CBI_SOCKETS_MAX; i++) {
		if (sockets->rows[i].fd >= 0 && i != keep) {
			close(sockets->rows[i].fd);
			sockets->rows[i].fd = -1;
		}
		if (i < sockets->given_count && sockets->given[i].fd >= 0) {
			close(sockets->given[i].fd);
			sockets->given[i].fd = -1;
		}
	}
}
