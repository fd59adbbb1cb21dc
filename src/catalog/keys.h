/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h - refresh keys: who knows that something behind an address or path
 * has changed makes those due who read it.
 */
#ifndef CB_CATALOG_KEYS_H
#define CB_CATALOG_KEYS_H

#include <callboard/ctx.h>

#include <jansson.h>

/* Longer ones are cut to 180 characters, "#sha256:" and their hash. */
#define CBI_KEYS_MAX 255

/* The keys (a list of texts) of a node whose lock the transaction holds;
 * writes only what differs. */
int cbi_keys_write(struct cb_ctx *ctx, int64_t node,
                   const json_t *keys) CB_USED;

/*
 * "url:https://host/x/catalog-info.yaml" or "file:/srv/a.yaml" has news: *n
 * Locations are looked at now.  In a transaction of its own.
 */
int cbi_keys_refresh(struct cb_ctx *ctx, const char *key, size_t *n) CB_USED;

#endif
