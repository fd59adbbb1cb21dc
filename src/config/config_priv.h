/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_priv.h - the inside of a config, for the files of this room.
 */
#ifndef CB_CONFIG_CONFIG_PRIV_H
#define CB_CONFIG_CONFIG_PRIV_H

#include "base/buf.h"
#include "base/ctx.h"
#include "config/config.h"

#include <uthash.h>

/* A file that was read; its text is kept for the lines around an error. */
struct cbi_config_file {
	struct cbi_config_file *next;
	const char *name;
	const char *text;
	size_t len;
};

/* Where a path's value was written. */
struct cbi_config_place {
	const char *path; /* the key */
	const struct cbi_config_file *file;
	int line, column;
	UT_hash_handle hh;
};

struct cbi_config {
	struct cbi_lane lane; /* owns all memory of the config */
	struct cb_ctx ctx;
	json_t *root;
	struct cbi_config_file *files;
	struct cbi_config_place *places;
	struct cbi_settings settings;
	struct cbi_pool *pools;
	size_t pool_count;
	json_t *routed;        /* what nginx was told, NULL: nobody knows */
	struct cb_buf *report; /* while loading */
	int errors;
};

/* read.c: merges one file into the config. */
void cbi_config_merge_file(struct cbi_config *config, const char *name);
/* read.c: the only document of a file that stands beside the one that path was
 * written in, with nothing expanded; its values are then those below path.
 * NULL when there is none, which is reported unless the file is empty. */
json_t *cbi_config_read_beside(struct cbi_config *config, const char *path,
                               const char *name);
/* kinds.c: reads the schemas of catalog.kinds into their places and checks
 * them. */
void cbi_config_check_kinds(struct cbi_config *config);
/* known.c: warns of keys that nobody reads. */
void cbi_config_check_known(struct cbi_config *config);
/* settings.c: fills settings and pools from the merged document. */
void cbi_config_fill_settings(struct cbi_config *config);
/* A list of texts, which ends in NULL; another value is reported.  NULL
 * without memory. */
const char *const *cbi_config_list(struct cbi_config *config, const char *path);
/* Bounds of what requests and calls into plugins may take. */
#define CB_REQUEST_MS_MIN 500
#define CB_REQUEST_MS_MAX 120000
#define CB_PLUGIN_MS_MIN 100
#define CB_PLUGIN_MS_MAX 60000

/* A number at a path; one that is none, or beyond its bounds, is reported. */
enum cbi_config_unit {
	CBI_CONFIG_COUNT,
	CBI_CONFIG_BYTES,
	CBI_CONFIG_MS,
};
int64_t cbi_config_number(struct cbi_config *config, const char *path,
                          enum cbi_config_unit unit, int64_t fallback,
                          int64_t least, int64_t most);
/* pools.c: after the folders are known. */
void cbi_config_fill_pools(struct cbi_config *config);

/* The place of path, or of the nearest thing that holds it; NULL for none. */
const struct cbi_config_place *cbi_config_place(const struct cbi_config *config,
                                                const char *path);

/* Notes a problem at a place; an error makes the load fail. */
void cbi_config_error(struct cbi_config *config, const char *path,
                      const char *fmt, ...) CB_PRINTF(3, 4);
void cbi_config_warn(struct cbi_config *config, const char *path,
                     const char *fmt, ...) CB_PRINTF(3, 4);
/* The same at a position of a file that is not merged yet. */
void cbi_config_error_at(struct cbi_config *config,
                         const struct cbi_config_file *file, int line,
                         int column, const char *fmt, ...) CB_PRINTF(5, 6);

/* veil.c: the text with stars for the values of secret keys, of the same
 * length; freed by the caller, NULL when out of memory. */
char *cbi_config_veiled(const char *text, size_t len);

#endif
