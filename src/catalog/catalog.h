/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalog.h - what reading the catalog needs: the host's copy, and who signs
 * cursors.
 *
 * One per process, shared by its threads, read-only.
 */
#ifndef CB_CATALOG_CATALOG_H
#define CB_CATALOG_CATALOG_H

#include "base/ctx.h"

struct cbi_copy;
struct cbi_copy_config;
struct cbi_cache;

struct cbi_catalog {
	struct cbi_copy *copy; /* NULL: PostgreSQL alone */
	/* How long the copy answers without PostgreSQL. */
	int64_t stale_if_error_ms;
	/* Where it is kept which class sees which version of an entity; NULL:
	 * it is looked at each time. */
	struct cbi_cache *sights;
	/* Cursors carry a MAC (auth/ has it: cbi_auth_sign and cbi_auth_signed
	 * for purpose "cursor").  sign NULL: they carry and need none. */
	int (*sign)(struct cb_ctx *ctx, void *signer, const char *text,
	            const char **mac);
	bool (*is_signed)(struct cb_ctx *ctx, void *signer, const char *text,
	                  const char *mac);
	void *signer;
};

/* The tables of the copy, by index; layout.h says what is in them. */
enum cbi_catalog_table {
	CBI_TABLE_META,
	CBI_TABLE_ENTITY,
	CBI_TABLE_UID,
	CBI_TABLE_ID,
	CBI_TABLE_ROW,
	CBI_TABLE_RECENT,
	CBI_TABLE_PLUGIN,    /* name: JSON, for registry/ */
	CBI_TABLE_KEY,       /* id: 8 bytes and the secret, for auth/ */
	CBI_TABLE_TOKEN_KEY, /* kid: 16 bytes and the private JWK, for auth/ */
	CBI_TABLE_PERSONAL,  /* hash: 8 bytes and JSON, for auth/ */
	CBI_TABLE_ROLE,      /* members and permissions, for policy/ */
	CBI_TABLE_REVOKED,   /* what: 8 bytes, for auth/ */
	CBI_TABLES
};

/* The copy's config for <state_dir>/copy; dir is borrowed, tables static. */
void cbi_catalog_copy_config(const char *dir, bool writer,
                             struct cbi_copy_config *out);

#endif
