/* SPDX-License-Identifier: Apache-2.0 */
/*
 * env.c - data files: opening them, and which one is in use.
 */
#include "copy/copy_priv.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define PATH_SIZE 4096
#define TRIES 3
#define FILE_MODE 0660

static bool path_of(const struct cbi_copy *copy, const char *name,
                    const char *suffix, char path[PATH_SIZE])
{
	return snprintf(path, PATH_SIZE, "%s/%s%s", copy->dir, name, suffix) <
	       PATH_SIZE;
}

void cbi_copy_env_drop(struct cbi_copy_env *env)
{
	if (!env || atomic_fetch_sub(&env->refs, 1) != 1)
		return;
	mdb_env_close(env->mdb);
	free(env);
}

void cbi_copy_env_unlink(const struct cbi_copy *copy, const char *name)
{
	char path[PATH_SIZE];

	if (path_of(copy, name, "", path))
		unlink(path);
	if (path_of(copy, name, "-lock", path))
		unlink(path);
}

static int open_tables(const struct cbi_copy *copy, struct cbi_copy_env *env,
                       bool create)
{
	MDB_txn *txn;
	int rc;

	rc = mdb_txn_begin(env->mdb, NULL, create ? 0 : MDB_RDONLY, &txn);
	if (rc != MDB_SUCCESS)
		return rc;
	for (size_t i = 0; i < copy->n && rc == MDB_SUCCESS; i++)
		rc = mdb_dbi_open(txn, copy->tables[i], create ? MDB_CREATE : 0,
		                  &env->dbi[i]);
	if (rc == MDB_SUCCESS)
		return mdb_txn_commit(txn); /* handles become everybody's */
	mdb_txn_abort(txn);
	return rc;
}

static int open_file(const struct cbi_copy *copy, struct cbi_copy_env *env,
                     const char *path, bool create, size_t map_size)
{
	unsigned flags = MDB_NOSUBDIR | MDB_NOTLS | MDB_NOMETASYNC;
	MDB_envinfo info;
	int rc;

	if (!copy->writer)
		flags |= MDB_RDONLY;
	if (create)
		flags |= MDB_NOSYNC; /* synced once, before the swap */
	rc = mdb_env_create(&env->mdb);
	if (rc == MDB_SUCCESS)
		rc = mdb_env_set_maxdbs(env->mdb, CB_COPY_TABLES_MAX);
	if (rc == MDB_SUCCESS)
		rc = mdb_env_set_maxreaders(env->mdb, CB_COPY_READERS);
	if (rc == MDB_SUCCESS && create)
		rc = mdb_env_set_mapsize(env->mdb, map_size);
	if (rc == MDB_SUCCESS)
		rc = mdb_env_open(env->mdb, path, flags, FILE_MODE);
	/* An older file may be smaller than what is allowed now. */
	if (rc == MDB_SUCCESS && copy->writer && !create &&
	    mdb_env_info(env->mdb, &info) == MDB_SUCCESS &&
	    info.me_mapsize < map_size)
		rc = mdb_env_set_mapsize(env->mdb, map_size);
	if (rc == MDB_SUCCESS)
		rc = open_tables(copy, env, create);
	return rc;
}

int cbi_copy_env_open(struct cbi_copy *copy, const char *name, bool create,
                      size_t map_size, struct cbi_copy_env **out)
{
	struct cbi_copy_env *env;
	char path[PATH_SIZE];
	struct stat st;

	if (!path_of(copy, name, "", path) || (!create && stat(path, &st) < 0))
		return CB_EAWAY;
	env = calloc(1, sizeof(*env));
	if (!env)
		return CB_ENOMEM;
	atomic_init(&env->refs, 1);
	snprintf(env->name, sizeof(env->name), "%s", name);
	if (open_file(copy, env, path, create, map_size) != MDB_SUCCESS) {
		mdb_env_close(env->mdb);
		free(env);
		return CB_EAWAY;
	}
	*out = env;
	return CB_OK;
}

/* What the file `current` says, and its identity. */
static bool read_current(const struct cbi_copy *copy,
                         char name[CB_COPY_NAME_MAX], struct stat *st)
{
	char path[PATH_SIZE];
	ssize_t len = -1;
	int fd = -1;

	if (path_of(copy, "current", "", path))
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (fstat(fd, st) == 0)
		len = read(fd, name, CB_COPY_NAME_MAX - 1);
	close(fd);
	if (len <= 0)
		return false;
	name[len] = '\0';
	name[strcspn(name, "\n")] = '\0';
	/* Never a way out of the folder. */
	return strncmp(name, "data-", 5) == 0 && !strchr(name, '/');
}

unsigned cbi_copy_number(const struct cbi_copy *copy)
{
	char name[CB_COPY_NAME_MAX];
	struct stat st;
	unsigned number = 0;

	if (read_current(copy, name, &st))
		sscanf(name, "data-%9u", &number);
	return number;
}

int cbi_copy_publish(const struct cbi_copy *copy, const char *name)
{
	char path[PATH_SIZE], temp[PATH_SIZE], line[CB_COPY_NAME_MAX + 1];
	int len, fd, rc = -1;

	if (!path_of(copy, "current", "", path) ||
	    !path_of(copy, "current", ".new", temp))
		return -1;
	len = snprintf(line, sizeof(line), "%s\n", name);
	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
	if (fd < 0)
		return -1;
	if (write(fd, line, (size_t)len) == len && fsync(fd) == 0)
		rc = 0;
	close(fd);
	if (rc == 0)
		rc = rename(temp, path);
	return rc;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Opens what is current now, under the lock. */
static void reopen(struct cbi_copy *copy)
{
	struct cbi_copy_env *env = NULL;
	char name[CB_COPY_NAME_MAX];
	struct stat st;

	/* Between reading the name and opening it, it may be swapped out. */
	for (int i = 0; i < TRIES && !env; i++) {
		if (!read_current(copy, name, &st))
			return;
		if (copy->current && same_file(&st, &copy->seen))
			return;
		cbi_copy_env_open(copy, name, false, copy->map_size, &env);
	}
	if (!env)
		return;
	cbi_copy_env_drop(copy->current);
	copy->current = env;
	copy->seen = st;
	atomic_fetch_add(&copy->generation, 1);
}

void cbi_copy_refresh(struct cbi_copy *copy)
{
	pthread_mutex_lock(&copy->lock);
	/* What the writer has is what it made current itself. */
	if (copy->lock_fd < 0 || !copy->current)
		reopen(copy);
	pthread_mutex_unlock(&copy->lock);
}

static int copy_names(struct cbi_copy *copy,
                      const struct cbi_copy_config *config)
{
	copy->dir = strdup(config->dir);
	if (!copy->dir)
		return CB_ENOMEM;
	for (size_t i = 0; i < config->n; i++) {
		copy->tables[i] = strdup(config->tables[i]);
		if (!copy->tables[i])
			return CB_ENOMEM;
	}
	return CB_OK;
}

int cbi_copy_create(struct cb_ctx *ctx, const struct cbi_copy_config *config,
                    struct cbi_copy **out)
{
	struct cbi_copy *copy;

	assert(config->n <= CB_COPY_TABLES_MAX);
	if (config->writer && mkdir(config->dir, 0770) < 0 && errno != EEXIST)
		return cb_fail(ctx, CB_EAWAY, "copy folder %s: %s", config->dir,
		               strerror(errno));
	copy = calloc(1, sizeof(*copy));
	if (!copy)
		return cb_fail(ctx, CB_ENOMEM, "no memory for the copy");
	copy->lock_fd = -1;
	copy->n = config->n;
	copy->writer = config->writer;
	copy->pid = getpid();
	copy->map_size =
	    config->map_size ? config->map_size : CB_COPY_MAP_DEFAULT;
	pthread_mutex_init(&copy->lock, NULL);
	if (copy_names(copy, config) < 0) {
		cbi_copy_destroy(copy);
		return cb_fail(ctx, CB_ENOMEM, "no memory for the copy");
	}
	*out = copy;
	return CB_OK;
}

void cbi_copy_destroy(struct cbi_copy *copy)
{
	if (!copy)
		return;
	cbi_copy_rebuild_cancel(copy);
	cbi_copy_env_drop(copy->current);
	if (copy->lock_fd >= 0)
		close(copy->lock_fd);
	for (size_t i = 0; i < copy->n; i++)
		free(copy->tables[i]);
	pthread_mutex_destroy(&copy->lock);
	free(copy->dir);
	free(copy);
}

int cbi_copy_clean(struct cbi_copy *copy)
{
	int dead = 0;

	if (copy->current)
		mdb_reader_check(copy->current->mdb, &dead);
	return dead;
}
