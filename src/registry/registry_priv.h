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

/* A new reference; NULL without memory. */
json_t *cbi_describe(const struct cb_plugin *plugin);

/* A plugin's row with what an older minor version did not know zeroed. */
void cbi_plugin_copy(struct cb_plugin *out, const struct cb_plugin *plugin);

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
 * The manifest of the file, refused or checked; a new reference.  NULL only
 * without memory or processes, which is in ctx.
 */
json_t *cbi_probe_file(struct cb_ctx *ctx, const char *path);

/* elf.c: CB_OK for a whole shared object of this machine. */
int cbi_elf_check(const char *path, struct cb_buf *why);

/* ---- json -------------------------------------------------------------- */

/* Sets state and reason. */
bool cbi_manifest_refused(const json_t *manifest);
/* The text of a member, "" for none. */
const char *cbi_manifest_text(const json_t *manifest, const char *name);

#endif
