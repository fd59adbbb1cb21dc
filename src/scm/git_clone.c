/* SPDX-License-Identifier: Apache-2.0 */
/*
 * git_clone.c - the clones of this host: <stateDir>/git/<hash>.git, bare, of
 * single commits.
 *
 * They are a cache: one that has grown too much is thrown away whole and made
 * anew, which costs one fetch.  Whoever works with one holds its lock, over
 * all processes of the host.
 */
#define _GNU_SOURCE /* nftw */
#include "scm/git_priv.h"

#include "base/limits.h"
#include "crypto/crypto.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CLONES_MAX 200
/* Each fetch brings one more, and nothing tidies up. */
#define PACKS_MAX 60
#define CLONE_BYTES_MAX ((off_t)512 * CB_MIB)
#define LOCK_TRIES 1200 /* of 50 ms */
#define INIT_MS 10000

static int take_lock(struct cb_ctx *ctx, const char *path, int *out)
{
	const struct timespec nap = { 0, 50 * 1000 * 1000 };
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return cb_fail(ctx, CB_EAWAY, "%s: %s", path, strerror(errno));
	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if (i == LOCK_TRIES || cb_time_left(ctx) < 100) {
			close(fd);
			return cb_fail(ctx, CB_EBUSY,
			               "the repository is being read by "
			               "somebody else");
		}
		nanosleep(&nap, NULL);
	}
	/* When it was used last. */
	futimens(fd, NULL);
	*out = fd;
	return CB_OK;
}

void cbi_scm_git_unlock(int lock)
{
	if (lock >= 0)
		close(lock);
}

int cbi_scm_git_clone(struct cb_ctx *ctx, const struct cbi_scm *scm,
                      const struct cbi_scm_git *git, const char **dir,
                      int *lock)
{
	char hash[CB_SHA1_HEX];
	const char *path, *guard, *head;
	struct cbi_spawn_reply reply;
	int rc;

	cbi_crypto_sha1_hex(git->url, strlen(git->url), hash);
	path = cb_printf(ctx, "%s/git/%s.git", scm->state_dir, hash);
	guard = cb_printf(ctx, "%s/git/%s.lock", scm->state_dir, hash);
	head = cb_printf(ctx, "%s/git/%s.git/HEAD", scm->state_dir, hash);
	if (!path || !guard || !head)
		return CB_ENOMEM;
	rc = take_lock(ctx, guard, lock);
	if (rc < 0)
		return rc;
	*dir = path;
	if (access(head, F_OK) < 0) {
		const char *const args[] = { "init",        "--quiet", "--bare",
			                     "--template=", "--",      path,
			                     NULL };
		const struct cbi_scm_git_ask ask = { .args = args,
			                             .out_max = CB_KIB,
			                             .total_ms = INIT_MS };

		rc = cbi_scm_git_run(ctx, scm, &ask, &reply);
		if (rc == CB_OK && reply.code != 0)
			rc = cbi_scm_git_failed(ctx, path, &reply);
	}
	if (rc < 0)
		cbi_scm_git_unlock(*lock);
	return rc;
}

/* ---- bounds ------------------------------------------------------------- */

static int drop(const char *path, const struct stat *st, int flag,
                struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	return flag == FTW_DP ? rmdir(path) : unlink(path);
}

static void remove_clone(const char *dir)
{
	nftw(dir, drop, 16, FTW_DEPTH | FTW_PHYS);
}

static bool too_large(struct cb_ctx *ctx, const char *dir)
{
	const char *packs = cb_printf(ctx, "%s/objects/pack", dir);
	DIR *folder = packs ? opendir(packs) : NULL;
	const struct dirent *item;
	off_t bytes = 0;
	int n = 0;

	while (folder && (item = readdir(folder))) {
		struct stat st;

		if (fstatat(dirfd(folder), item->d_name, &st,
		            AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		bytes += st.st_size;
		n += strstr(item->d_name, ".idx") != NULL;
	}
	if (folder)
		closedir(folder);
	return n > PACKS_MAX || bytes > CLONE_BYTES_MAX;
}

/* The lock that has not been touched for longest; how many there are. */
static int oldest(DIR *folder, char out[64])
{
	const struct dirent *item;
	time_t best = 0;
	int n = 0;

	while ((item = readdir(folder))) {
		size_t len = strlen(item->d_name);
		struct stat st;

		if (len != 45 || strcmp(item->d_name + 40, ".lock") != 0 ||
		    fstatat(dirfd(folder), item->d_name, &st, 0) < 0)
			continue;
		if (n++ == 0 || st.st_mtime < best) {
			best = st.st_mtime;
			memcpy(out, item->d_name, 46);
		}
	}
	return n;
}

/* The lock file goes while it is held.  Who waits for the old one then holds
 * a lock that nobody else sees; both make the same clone, which git's own
 * locks keep whole. */
static void drop_oldest(struct cb_ctx *ctx, const struct cbi_scm *scm)
{
	const char *home = cb_printf(ctx, "%s/git", scm->state_dir);
	DIR *folder = home ? opendir(home) : NULL;
	char name[64];

	if (folder && oldest(folder, name) > CLONES_MAX) {
		const char *lock = cb_printf(ctx, "%s/%s", home, name);
		const char *dir = cb_printf(ctx, "%s/%.40s.git", home, name);
		int fd = lock ? open(lock, O_RDWR | O_CLOEXEC) : -1;

		if (fd >= 0 && dir && flock(fd, LOCK_EX | LOCK_NB) == 0) {
			remove_clone(dir);
			unlink(lock);
		}
		cbi_scm_git_unlock(fd);
	}
	if (folder)
		closedir(folder);
}

void cbi_scm_git_trim(struct cb_ctx *ctx, const struct cbi_scm *scm,
                      const char *dir)
{
	if (too_large(ctx, dir))
		remove_clone(dir);
	drop_oldest(ctx, scm);
}
