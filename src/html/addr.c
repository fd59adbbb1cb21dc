/* SPDX-License-Identifier: Apache-2.0 */
/*
 * addr.c - see addr.h.
 */
#include "html/addr.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/ctx.h"
#include "base/limits.h"
#include "base/str.h"

/* A base path is typed by hand; 128 bytes are six folders deep. */
#define BASE_MAX 128
#define RELEASE_MAX 64

static struct {
	char base[BASE_MAX];
	char release[RELEASE_MAX];
} house = { "", "current" };

static bool fit(const char *text, const char *more)
{
	for (; *text; text++) {
		bool letter = (*text >= 'a' && *text <= 'z') ||
		              (*text >= 'A' && *text <= 'Z') ||
		              (*text >= '0' && *text <= '9');
		if (!letter && !strchr(more, *text))
			return false;
	}
	return true;
}

int cbi_addr_set(const char *base, const char *release)
{
	size_t len = strlen(base);

	if (len &&
	    (*base != '/' || base[len - 1] == '/' || strstr(base, "//") ||
	     strstr(base, "/..") || len >= BASE_MAX || !fit(base, "/-._~")))
		return CB_EINVAL;
	if (!*release || strlen(release) >= RELEASE_MAX || !fit(release, "-_"))
		return CB_EINVAL;
	cbi_str_copy(house.base, sizeof(house.base), base);
	cbi_str_copy(house.release, sizeof(house.release), release);
	return CB_OK;
}

int cbi_addr_release(struct cb_ctx *ctx, const char *asset_dir,
                     const char **release)
{
	const char *path = cb_printf(ctx, "%s/manifest.txt", asset_dir);
	char hash[RELEASE_MAX] = "";
	FILE *file;
	int n;

	if (!path)
		return CB_ENOMEM;
	file = fopen(path, "re");
	if (!file)
		return cb_fail(ctx, CB_ENOENT, "%s: no asset manifest", path);
	n = fscanf(file, "release %63[0-9a-zA-Z_-]", hash);
	fclose(file);
	if (n != 1)
		return cb_fail(ctx, CB_EINVAL,
		               "%s: expected 'release <hash>' in line 1", path);
	*release = cb_strdup(ctx, hash);
	return *release ? CB_OK : CB_ENOMEM;
}

const char *cbi_addr_base(void)
{
	return house.base;
}

/* Addresses are gathered in a buffer and kept in the arena. */
static const char *keep(struct cb_ctx *ctx, struct cb_buf *buf)
{
	const char *kept = NULL;

	if (!buf->failed)
		kept = cb_strndup(ctx, cbi_buf_string(buf), buf->len);
	else
		cb_fail(ctx, buf->failed, "an address beyond %d bytes",
		        CB_URL_MAX);
	cbi_buf_finish(buf);
	return kept ? kept : "";
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

const char *cbi_addr(struct cb_ctx *ctx, const char *path)
{
	return or_empty(cb_printf(ctx, "%s%s", house.base, path));
}

const char *cbi_addr_asset(struct cb_ctx *ctx, const char *name)
{
	return or_empty(
	    cb_printf(ctx, "%s/assets/%s/%s", house.base, house.release, name));
}

int cbi_addr_ref(struct cb_ctx *ctx, const char *ref, struct cbi_addr_ref *out)
{
	const char *colon = ref ? strchr(ref, ':') : NULL;
	const char *slash = colon ? strchr(colon, '/') : NULL;
	struct cbi_addr_ref parts;

	if (!slash || colon == ref || slash == colon + 1 || !slash[1] ||
	    strchr(slash + 1, '/') || strlen(ref) > CB_REF_MAX)
		return CB_EINVAL;
	parts.kind = cb_strndup(ctx, ref, (size_t)(colon - ref));
	parts.ns = cb_strndup(ctx, colon + 1, (size_t)(slash - colon) - 1);
	parts.name = cb_strdup(ctx, slash + 1);
	if (!parts.kind || !parts.ns || !parts.name)
		return CB_ENOMEM;
	*out = parts;
	return CB_OK;
}

const char *cbi_addr_with(struct cb_ctx *ctx, const char *addr,
                          const char *name, const char *value)
{
	struct cb_buf buf;

	if (!value)
		return addr;
	cbi_buf_init(&buf, CB_URL_MAX);
	cb_buf_printf(&buf, "%s%c%s=", addr, strchr(addr, '?') ? '&' : '?',
	              name);
	cbi_str_url_encode(&buf, value, ":/");
	return keep(ctx, &buf);
}

const char *cbi_addr_then(struct cb_ctx *ctx, const char *addr)
{
	char at[CBI_TIME_LEN];

	if (!ctx->scope.as_of)
		return addr;
	cbi_clock_iso(ctx->scope.as_of, at);
	return cbi_addr_with(ctx, addr, "at", at);
}

const char *cbi_addr_entity(struct cb_ctx *ctx, const char *ref,
                            const char *tab)
{
	struct cbi_addr_ref parts;
	struct cb_buf buf;

	if (cbi_addr_ref(ctx, ref, &parts) < 0)
		return NULL;
	cbi_buf_init(&buf, CB_URL_MAX);
	cb_buf_printf(&buf, "%s/catalog/", house.base);
	cbi_str_url_encode(&buf, parts.ns, "");
	cb_buf_text(&buf, "/");
	cbi_str_url_encode(&buf, parts.kind, "");
	cb_buf_text(&buf, "/");
	cbi_str_url_encode(&buf, parts.name, "");
	if (tab) {
		cb_buf_text(&buf, "/");
		cbi_str_url_encode(&buf, tab, "");
	}
	return cbi_addr_then(ctx, keep(ctx, &buf));
}

static const char *piece(struct cb_ctx *ctx, const char *where,
                         const char *plugin, const char *card, const char *ref)
{
	struct cb_buf buf;

	cbi_buf_init(&buf, CB_URL_MAX);
	cb_buf_printf(&buf, "%s/%s/", house.base, where);
	cbi_str_url_encode(&buf, plugin, "");
	cb_buf_text(&buf, "/");
	cbi_str_url_encode(&buf, card, "");
	if (ref) {
		cb_buf_text(&buf, "?entity=");
		cbi_str_url_encode(&buf, ref, ":/");
	}
	return keep(ctx, &buf);
}

const char *cbi_addr_fragment(struct cb_ctx *ctx, const char *plugin,
                              const char *card, const char *ref)
{
	return piece(ctx, "fragments", plugin, card, ref);
}

const char *cbi_addr_card(struct cb_ctx *ctx, const char *plugin,
                          const char *card, const char *ref)
{
	return piece(ctx, "_cards", plugin, card, ref);
}

const char *cbi_addr_plugin(struct cb_ctx *ctx, const char *plugin,
                            const char *path)
{
	struct cb_buf buf;

	cbi_buf_init(&buf, CB_URL_MAX);
	cb_buf_printf(&buf, "%s/p/", house.base);
	cbi_str_url_encode(&buf, plugin, "");
	cb_buf_text(&buf, "/");
	cbi_str_url_encode(&buf, path, "/");
	return keep(ctx, &buf);
}

const char *cbi_addr_local(const char *path)
{
	if (!path || path[0] != '/' || path[1] == '/' || strchr(path, '\\') ||
	    strlen(path) > CB_URL_MAX)
		return "/";
	for (const char *p = path; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return "/";
	return path;
}
