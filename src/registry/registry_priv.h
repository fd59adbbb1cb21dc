/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry_priv.h - what the files of this room share.
 */
#ifndef CB_REGISTRY_REGISTRY_PRIV_H
#define CB_REGISTRY_REGISTRY_PRIV_H

#include <callboard/plugin.h>

#include <stdatomic.h>

#include "registry/registry.h"

/* Reasons are one line; they begin with the plugin's name when shown. */
#define REASON_MAX 1000

/* ---- abi.c: may the rest of a descriptor be read at all? --------------- */

/* What a host speaks; tests bring other hosts. */
struct cbi_abi {
	uint16_t major, minor;
	uint32_t size;  /* of its struct cb_plugin */
	uint32_t least; /* of a descriptor of this major's minor 0 */
};
extern const struct cbi_abi cbi_abi_host;

/* CB_OK, or CB_ENOTSUP with the reason, which names both sides. */
int cbi_abi_check(const struct cbi_abi *host, const struct cb_plugin *plugin,
                  struct cb_buf *why);

/* ---- tables.c, describe.c: run in the process that loaded the file ----- */

/* CB_OK, or CB_EINVAL with the first rule that is broken. */
int cbi_tables_check(const struct cb_plugin *plugin, struct cb_buf *why);

/* [a-z][a-z0-9-]*, at most 32 bytes. */
bool cbi_plugin_name_ok(const char *name);
/* Is it the portal's own? */
bool cbi_plugin_name_taken(const char *name);

/* A new reference; NULL without memory. */
json_t *cbi_describe(const struct cb_plugin *plugin);

/* A plugin's row with what an older minor version did not know zeroed. */
void cbi_plugin_copy(struct cb_plugin *out, const struct cb_plugin *plugin);

/* ---- places.c ------------------------------------------------------------ */

/* Refuses a manifest with a card for a place that is not served yet, or that
 * there is none of. */
void cbi_places_check(json_t *manifest);

/* ---- keys.c: values of config keys ------------------------------------- */

union cbi_key_value {
	const char *text; /* TEXT, URL; lives with the JSON */
	int number;       /* INT, SECS */
	bool truth;       /* BOOL */
};

/* The same for a key's own default. */
int cbi_key_read_fallback(const struct cb_key *key, union cbi_key_value *out,
                          struct cb_buf *why);

/* "text", "url", "int", "bool", "secs"; and back, 0 for none. */
const char *cbi_key_type_name(enum cb_key_type type);

/* Checks the plugin's section of the config against the keys of its
 * manifest; CB_EINVAL with file:line:column and what is wrong. */
int cbi_section_check(const struct cbi_config *config, const json_t *manifest,
                      struct cb_buf *why);

/* ---- probe.c: one file, in a process of its own ------------------------ */

/*
 * Begins to look at a file; several may be looked at at once.  Lives with ctx,
 * as path must.  NULL only without memory or processes, which is in ctx.
 */
struct cbi_probe;
struct cbi_probe *cbi_probe_begin(struct cb_ctx *ctx, const char *path);
/* What was found, each begun one once: the manifest, refused or checked, a new
 * reference; NULL only without memory, which is in ctx. */
json_t *cbi_probe_end(struct cb_ctx *ctx, struct cbi_probe *probe);

/* The manifest of what could not be read; a new reference. */
json_t *cbi_manifest_of_refused(const char *name, const char *tier,
                                const char *why);

struct stat;
/* Which file it was: another one of the same name has another. */
char *cbi_file_id(struct cb_ctx *ctx, const struct stat *st);

/* elf.c: CB_OK for a whole shared object of this machine. */
int cbi_elf_check(const char *path, struct cb_buf *why);

/* ---- files.c: what lies in backend.pluginDirs -------------------------- */

struct cbi_plugin_file {
	const char *path, *name; /* live with ctx */
	bool text;               /* plugin.yaml; else a shared object */
};
/* In the order in which they are looked at; CB_ETOOBIG for too many. */
int cbi_plugin_files(struct cb_ctx *ctx, const struct cbi_config *config,
                     struct cbi_plugin_file **out, size_t *n) CB_USED;

/* ---- text.c: a plugin that is text ------------------------------------- */

/* Reads it, beside what was known of it before (old, an array; NULL: none).
 * check is called with what was read, and refuses what does not fit. */
struct cbi_text_scan {
	const struct cbi_registry_filter *filter;
	const json_t *old;
	bool deep;
	void (*check)(struct cb_ctx *ctx, void *arg, json_t *manifest);
	void *arg;
};
json_t *cbi_text_file(struct cb_ctx *ctx, const struct cbi_text_scan *scan,
                      const struct cbi_plugin_file *file);

/* ---- json -------------------------------------------------------------- */

/* Sets state and reason. */
void cbi_manifest_refuse(json_t *manifest, const char *fmt, ...)
    CB_PRINTF(2, 3);
bool cbi_manifest_refused(const json_t *manifest);
/* The text of a member, "" for none. */
const char *cbi_manifest_text(const json_t *manifest, const char *name);

#endif
