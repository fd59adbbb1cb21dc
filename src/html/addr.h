/* SPDX-License-Identifier: Apache-2.0 */
/*
 * addr.h - every address of the portal is made here.
 *
 * The base path and the hash of the assets' release are set once, before
 * threads start; nothing else knows them.  Addresses live with ctx; when it
 * is out of memory they are "" and ctx holds the failure.
 */
#ifndef CB_HTML_ADDR_H
#define CB_HTML_ADDR_H

#include <callboard/ctx.h>

/* base is "" or "/portal"; release is the assets' hash ("current" until
 * set).  CB_EINVAL when either is not fit for an address. */
int cbi_addr_set(const char *base, const char *release) CB_USED;
/* Reads the release from an asset folder's manifest.txt; CB_ENOENT. */
int cbi_addr_release(struct cb_ctx *ctx, const char *asset_dir,
                     const char **release) CB_USED;
const char *cbi_addr_base(void);

/* A page or endpoint of ours: path is ours and begins with a slash. */
const char *cbi_addr(struct cb_ctx *ctx, const char *path);
/* An asset that nginx serves by itself: "callboard.css". */
const char *cbi_addr_asset(struct cb_ctx *ctx, const char *name);
/* /catalog/<namespace>/<kind>/<name>[/<tab>]; NULL when ref is no entity
 * ref in full ("kind:namespace/name"); tab may be NULL.  As of the time that
 * ctx reads the catalog at. */
const char *cbi_addr_entity(struct cb_ctx *ctx, const char *ref,
                            const char *tab);
/* What everybody may ask for, and its internal twin for SSI; ref may be
 * NULL. */
const char *cbi_addr_fragment(struct cb_ctx *ctx, const char *plugin,
                              const char *card, const char *ref);
const char *cbi_addr_card(struct cb_ctx *ctx, const char *plugin,
                          const char *card, const char *ref);
/* A page of a plugin; path without leading slash, "" is its root. */
const char *cbi_addr_plugin(struct cb_ctx *ctx, const char *plugin,
                            const char *path);

/* addr with `?name=value` or `&name=value` behind it; value is encoded.  With
 * value NULL addr itself. */
const char *cbi_addr_with(struct cb_ctx *ctx, const char *addr,
                          const char *name, const char *value);

/* addr as of the time that ctx reads the catalog at, if it is not now;
 * entities' addresses have it already. */
const char *cbi_addr_then(struct cb_ctx *ctx, const char *addr);

/* The parts of "kind:namespace/name" in ctx's arena; CB_EINVAL otherwise
 * (without a failure noted). */
struct cbi_addr_ref {
	const char *kind, *ns, *name;
};
int cbi_addr_ref(struct cb_ctx *ctx, const char *ref,
                 struct cbi_addr_ref *out) CB_USED;

/* A path that somebody asked to be sent back to: itself when it leads
 * nowhere but to a page of ours (without the base path), else "/". */
const char *cbi_addr_local(const char *path);

#endif
