/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write.c - the host's one writer.
 */
#include "copy/copy_priv.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define PATH_SIZE 4096

static int refuse(struct cb_ctx *ctx, int rc, const char *what)
{
	if (rc == MDB_MAP_FULL)
		return cb_fail(ctx, CB_ETOOBIG, "the copy is full");
	if (rc == MDB_BAD_VALSIZE)
		return cb_fail(ctx, CB_EINVAL, "%s: key of a bad length", what);
	return cb_fail(ctx, CB_EBUG, "%s the copy: %s", what, mdb_strerror(rc));
}

/* Files that a killed writer left. */
static void remove_leftovers(struct cbi_copy *copy)
{
	const char *used = copy->current ? copy->current->name : "";
	unsigned current = cbi_copy_number(copy);
	DIR *dir = opendir(copy->dir);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char name[CB_COPY_NAME_MAX];
		unsigned number;

		if (sscanf(entry->d_name, "data-%9u", &number) != 1)
			continue;
		snprintf(name, sizeof(name), "data-%u", number);
		if (number != current && strcmp(name, used) != 0)
			cbi_copy_env_unlink(copy, name);
	}
	if (dir)
		closedir(dir);
}

int cbi_copy_lock(struct cb_ctx *ctx, struct cbi_copy *copy, bool *fresh)
{
	char path[PATH_SIZE];
	int fd;

	assert(copy->writer && copy->lock_fd < 0);
	if (copy->pid != getpid())
		return cb_fail(ctx, CB_EBUG, "the copy was opened before fork");
	if (snprintf(path, sizeof(path), "%s/lock", copy->dir) >=
	    (int)sizeof(path))
		return cb_fail(ctx, CB_EINVAL, "copy folder's name too long");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
	if (fd < 0)
		return cb_fail(ctx, CB_EAWAY, "%s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		close(fd);
		return cb_fail(ctx, CB_EBUSY,
		               "another process writes this host's copy");
	}
	cbi_copy_refresh(copy);
	copy->lock_fd = fd;
	remove_leftovers(copy);
	cbi_copy_clean(copy);
	*fresh = !copy->current;
	return CB_OK;
}

int cbi_copy_rebuild(struct cb_ctx *ctx, struct cbi_copy *copy, size_t map_size)
{
	char name[CB_COPY_NAME_MAX];
	int rc;

	assert(copy->lock_fd >= 0 && !copy->writing);
	cbi_copy_rebuild_cancel(copy);
	snprintf(name, sizeof(name), "data-%u", cbi_copy_number(copy) + 1);
	cbi_copy_env_unlink(copy, name);
	rc = cbi_copy_env_open(copy, name, true,
	                       map_size ? map_size : copy->map_size,
	                       &copy->building);
	if (rc != CB_OK)
		return cb_fail(ctx, CB_EAWAY, "%s/%s cannot be made", copy->dir,
		               name);
	return CB_OK;
}

void cbi_copy_rebuild_cancel(struct cbi_copy *copy)
{
	struct cbi_copy_env *env = copy->building;

	if (!env)
		return;
	assert(!copy->writing);
	copy->building = NULL;
	cbi_copy_env_unlink(copy, env->name);
	cbi_copy_env_drop(env);
}

int cbi_copy_swap(struct cb_ctx *ctx, struct cbi_copy *copy)
{
	struct cbi_copy_env *old, *env = copy->building;
	int rc;

	assert(env && !copy->writing);
	rc = mdb_env_sync(env->mdb, 1);
	if (rc == MDB_SUCCESS)
		rc = mdb_env_set_flags(env->mdb, MDB_NOSYNC, 0);
	if (rc != MDB_SUCCESS)
		return refuse(ctx, rc, "syncing");
	if (cbi_copy_publish(copy, env->name) < 0)
		return cb_fail(ctx, CB_EAWAY, "%s/current: %s", copy->dir,
		               strerror(errno));
	copy->building = NULL;
	pthread_mutex_lock(&copy->lock);
	old = copy->current;
	copy->current = env;
	atomic_fetch_add(&copy->generation, 1);
	pthread_mutex_unlock(&copy->lock);
	cbi_copy_env_drop(old);
	remove_leftovers(copy);
	return CB_OK;
}

static void abort_with_ctx(void *ptr)
{
	cbi_copy_end(ptr);
}

int cbi_copy_write(struct cb_ctx *ctx, struct cbi_copy *copy,
                   struct cbi_copy_txn **out)
{
	struct cbi_copy_txn *txn = cb_alloc(ctx, sizeof(*txn));
	int rc;

	assert(copy->lock_fd >= 0 && !copy->writing);
	if (!txn)
		return CB_ENOMEM;
	txn->copy = copy;
	txn->env = copy->building ? copy->building : copy->current;
	txn->writes = true;
	if (!txn->env)
		return cb_fail(ctx, CB_EBUG, "no copy to write into: rebuild");
	rc = mdb_txn_begin(txn->env->mdb, NULL, 0, &txn->mdb);
	if (rc != MDB_SUCCESS)
		return refuse(ctx, rc, "writing");
	txn->open = true;
	copy->writing = txn;
	rc = cb_defer(ctx, abort_with_ctx, txn);
	if (rc == CB_OK)
		*out = txn;
	return rc;
}

int cbi_copy_put(struct cb_ctx *ctx, struct cbi_copy_txn *txn, int table,
                 const void *key, size_t key_len, const void *value,
                 size_t value_len)
{
	MDB_val k = { key_len, (void *)(uintptr_t)key };
	MDB_val v = { value_len, (void *)(uintptr_t)value };
	int rc;

	assert(txn->open && txn->writes);
	assert(table >= 0 && (size_t)table < txn->copy->n);
	rc = mdb_put(txn->mdb, txn->env->dbi[table], &k, &v, 0);
	return rc == MDB_SUCCESS ? CB_OK : refuse(ctx, rc, "writing");
}

int cbi_copy_del(struct cb_ctx *ctx, struct cbi_copy_txn *txn, int table,
                 const void *key, size_t key_len)
{
	MDB_val k = { key_len, (void *)(uintptr_t)key };
	int rc;

	assert(txn->open && txn->writes);
	assert(table >= 0 && (size_t)table < txn->copy->n);
	rc = mdb_del(txn->mdb, txn->env->dbi[table], &k, NULL);
	if (rc == MDB_SUCCESS || rc == MDB_NOTFOUND)
		return CB_OK;
	return refuse(ctx, rc, "writing");
}

int cbi_copy_commit(struct cb_ctx *ctx, struct cbi_copy_txn *txn)
{
	int rc;

	assert(txn->open && txn->writes);
	cbi_copy_close_cursors(txn);
	rc = mdb_txn_commit(txn->mdb);
	txn->mdb = NULL;
	txn->open = false;
	txn->copy->writing = NULL;
	return rc == MDB_SUCCESS ? CB_OK : refuse(ctx, rc, "writing");
}
