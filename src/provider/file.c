/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.c - files of this host.
 *
 * A file is opened once and everything is asked of the open one.  Below a
 * root the kernel resolves the path and refuses whatever leads outside, links
 * included, so nothing can be swapped between looking and opening.
 */
#define _GNU_SOURCE /* O_PATH */
#include "provider/provider_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"
#include "crypto/crypto.h"

#define FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

static int open_below(struct cb_ctx *ctx, const char *root, const char *path)
{
	struct open_how how = { .flags = FLAGS, .resolve = RESOLVE_BENEATH };
	size_t len = strlen(root);
	int folder, fd;

	while (len > 1 && root[len - 1] == '/')
		len--;
	if (strncmp(path, root, len) != 0 || path[len] != '/')
		return cb_fail(ctx, CB_EDENIED, "%s is outside of %s", path,
		               root);
	folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return cb_fail(ctx, CB_ENOENT, "%s: %s", root, strerror(errno));
	fd = (int)syscall(SYS_openat2, folder, path + len + 1, &how,
	                  sizeof(how));
	close(folder);
	if (fd < 0 && (errno == EXDEV || errno == ELOOP))
		return cb_fail(ctx, CB_EDENIED, "%s leads outside of %s", path,
		               root);
	if (fd < 0)
		return cb_fail(ctx, errno == ENOENT ? CB_ENOENT : CB_EINVAL,
		               "%s: %s", path, strerror(errno));
	return fd;
}

static int open_file(struct cb_ctx *ctx, const char *root, const char *path,
                     struct stat *st)
{
	int fd;

	if (root) {
		fd = open_below(ctx, root, path);
	} else {
		fd = open(path, FLAGS);
		if (fd < 0)
			return cb_fail(ctx,
			               errno == ENOENT ? CB_ENOENT : CB_EINVAL,
			               "%s: %s", path, strerror(errno));
	}
	if (fd < 0)
		return fd;
	if (fstat(fd, st) < 0 || !S_ISREG(st->st_mode)) {
		close(fd);
		return cb_fail(ctx, CB_EINVAL, "%s is not a regular file",
		               path);
	}
	if (st->st_size > CB_YAML_BYTES_MAX) {
		close(fd);
		return cb_fail(ctx, CB_ETOOBIG,
		               "%s has %lld bytes, expected at most %d", path,
		               (long long)st->st_size, CB_YAML_BYTES_MAX);
	}
	return fd;
}

/* "size mtime ctime inode": ctime tells what a copied mtime would hide. */
static void stamp_of(const struct stat *st, char *out, size_t size)
{
	snprintf(out, size, "%lld %lld.%09ld %lld.%09ld %llu",
	         (long long)st->st_size, (long long)st->st_mtim.tv_sec,
	         st->st_mtim.tv_nsec, (long long)st->st_ctim.tv_sec,
	         st->st_ctim.tv_nsec, (unsigned long long)st->st_ino);
}

/* The text in malloc's memory: files come one after another, and the
 * context's arena gives nothing back. */
static int read_all(struct cb_ctx *ctx, const char *path, int fd, size_t size,
                    char **out, size_t *len)
{
	char *text = malloc(size + 1);
	size_t got = 0;

	if (!text)
		return cb_fail(ctx, CB_ENOMEM, "no memory for %s", path);
	while (got < size) {
		ssize_t n = read(fd, text + got, size - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(text);
			return cb_fail(ctx, CB_EAWAY, "%s: %s", path,
			               strerror(errno));
		}
		if (n == 0)
			break;
		got += (size_t)n;
	}
	text[got] = '\0';
	*out = text;
	*len = got;
	return CB_OK;
}

static int hand_over(struct cb_ctx *ctx, struct cbi_provider_read *read,
                     const char *path, int fd, const struct stat *st)
{
	const json_t *known = json_object_get(read->ask->before, path);
	struct cbi_provider_file file = { .target = path };
	char stamp[128], hash[65];
	char *text = NULL;
	int rc = CB_OK;

	stamp_of(st, stamp, sizeof(stamp));
	if (known &&
	    strcmp(json_string_value(json_object_get(known, "stamp"))
	               ? json_string_value(json_object_get(known, "stamp"))
	               : "",
	           stamp) == 0) {
		file.unchanged = true;
		json_object_set(read->after, path, (json_t *)known);
		return read->each(read->arg, ctx, &file);
	}
	rc = read_all(ctx, path, fd, (size_t)st->st_size, &text, &file.len);
	if (rc < 0)
		return rc;
	cbi_crypto_sha256_hex(text, file.len, hash);
	/* Touched, but the same: not a change. */
	if (known && json_string_value(json_object_get(known, "hash")) &&
	    strcmp(json_string_value(json_object_get(known, "hash")), hash) ==
	        0)
		file.unchanged = true;
	else
		file.text = text;
	json_object_set_new(
	    read->after, path,
	    json_pack("{s:s, s:s}", "stamp", stamp, "hash", hash));
	rc = read->each(read->arg, ctx, &file);
	free(text);
	return rc;
}

static int read_one(struct cb_ctx *ctx, struct cbi_provider_read *read,
                    const char *path)
{
	struct stat st;
	int fd = open_file(ctx, read->ask->root, path, &st);
	int rc;

	if (fd < 0)
		return fd;
	rc = hand_over(ctx, read, path, fd, &st);
	close(fd);
	return rc;
}

int cbi_provider_read_files(struct cb_ctx *ctx, struct cbi_provider_read *read)
{
	const char *target = read->ask->target;
	const char *const *paths;
	bool single;
	int rc;

	if (target[0] != '/')
		return cb_fail(ctx, CB_EINVAL, "%s: expected an absolute path",
		               target);
	if (cbi_str_ends(target, "/"))
		return cb_fail(ctx, CB_EINVAL,
		               "%s ends in '/', expected a file", target);
	rc = cbi_provider_glob(ctx, target, &paths);
	if (rc < 0)
		return rc;
	single = !paths[1] && strcmp(paths[0], target) == 0;
	for (; *paths && rc == CB_OK; paths++) {
		struct stat st;

		/* Folders that fit a pattern are not what was meant. */
		if (!single && stat(*paths, &st) == 0 && S_ISDIR(st.st_mode))
			continue;
		rc = read_one(ctx, read, *paths);
		if (rc < 0 && !single && cb_failure_code(ctx) == rc)
			rc = cbi_provider_failed(ctx, read, *paths);
	}
	return rc;
}
