/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kept.c - see kept.h.
 */
#include "auth/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/ctx.h"
#include "base/limits.h"
#include "callboard/json.h"
#include "crypto/crypto.h"

#define FOLDER "keys"
#define TEXT_MAX (512 * CB_KIB)
#define OLD_MS (INT64_C(24) * 3600 * 1000)

/* Names are addresses: a hash of one is a file's name. */
static const char *path_of(struct cb_ctx *ctx, const char *dir,
                           const char *name, const char *end)
{
	char hex[CB_SHA256_HEX];

	cbi_crypto_sha256_hex(name, strlen(name), hex);
	return cb_printf(ctx, "%s/" FOLDER "/%s%s", dir, hex, end);
}

static bool write_file(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = fd >= 0 && write(fd, text, len) == (ssize_t)len;

	return fd >= 0 && close(fd) == 0 && good;
}

void cbi_kept_save(struct cb_ctx *ctx, const char *dir, const char *name,
                   const json_t *value)
{
	const char *folder = cb_printf(ctx, "%s/" FOLDER, dir);
	const char *path = path_of(ctx, dir, name, "");
	/* Two processes may save at once: each its own, the last one stays. */
	const char *temp =
	    path_of(ctx, dir, name, cb_printf(ctx, ".%d", (int)getpid()));
	struct cb_buf buf;

	if (!folder || !path || !temp ||
	    (mkdir(folder, 0700) < 0 && errno != EEXIST))
		return;
	cbi_buf_init(&buf, TEXT_MAX);
	if (cb_json_write(&buf, value) == CB_OK &&
	    (!write_file(temp, buf.data, buf.len) || rename(temp, path) < 0))
		unlink(temp);
	cbi_buf_finish(&buf);
}

static bool read_file(struct cb_ctx *ctx, const char *path, char **text,
                      size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size <= TEXT_MAX &&
	    cbi_clock_wall_ms() - (int64_t)st.st_mtime * 1000 < OLD_MS) {
		*text = cb_alloc(ctx, (size_t)st.st_size + 1);
		n = *text ? read(fd, *text, (size_t)st.st_size) : -1;
	}
	close(fd);
	*len = n > 0 ? (size_t)n : 0;
	return n > 0;
}

int cbi_kept_load(struct cb_ctx *ctx, const char *dir, const char *name,
                  json_t **out)
{
	const char *path = path_of(ctx, dir, name, "");
	char *text;
	size_t len;

	if (!path)
		return CB_ENOMEM;
	if (!read_file(ctx, path, &text, &len))
		return CB_ENOENT;
	if (cb_json_parse(ctx, text, len, out) == CB_OK)
		return CB_OK;
	cb_failure_clear(ctx);
	return CB_ENOENT;
}
