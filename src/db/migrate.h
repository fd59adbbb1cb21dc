/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migrate.h - the schema's files, applied in order of their numbers.
 *
 * Each schema/NNNN_name.sql runs in one transaction together with its row in
 * callboard.schema_version, under an advisory lock: of any number of
 * processes one applies it, the others find it done; one that is killed
 * leaves nothing half.  Files hold no begin or commit.
 */
#ifndef CB_DB_MIGRATE_H
#define CB_DB_MIGRATE_H

#include <callboard/ctx.h>

/* What this release needs to serve: the number of its last schema file (a
 * test holds them together).  A database may be further, because newer
 * versions only expand. */
#define CB_DB_SCHEMA_NEEDED 13

/*
 * Applies what is missing; *applied counts the files this call applied.
 * Without deadline it waits for whoever migrates right now.  CB_EINVAL for a
 * folder without files, two files of one number or a gap; CB_ECONFLICT when
 * a file is not the one that was applied under its number; CB_EBUG names
 * file and line of SQL that is refused.
 */
int cbi_db_migrate(struct cb_ctx *ctx, const char *dir, int *applied) CB_USED;

/* The highest number applied; 0 for a database without our schema. */
int cbi_db_schema_number(struct cb_ctx *ctx, int *number) CB_USED;

/* The same, for who is about to serve from it: CB_EAWAY, with both numbers,
 * when it is below CB_DB_SCHEMA_NEEDED. */
int cbi_db_schema_serves(struct cb_ctx *ctx, int *number) CB_USED;

/* One applied file, for `callboardctl db`; texts live with ctx. */
struct cbi_db_version {
	int number;
	const char *name;
	const char *applied_at;
};
int cbi_db_versions(struct cb_ctx *ctx, const struct cbi_db_version **out,
                    size_t *n) CB_USED;

#endif
