/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migrate.c - see migrate.h.
 */
#include "db/migrate.h"

#include "db/db_priv.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define FILES_MAX 1000
#define FILE_BYTES_MAX (4 * CB_MIB)
#define DIGITS 4

struct file {
	int number;
	const char *name; /* "0001_house" */
	const char *path;
};

/* "cb" and a number: any constant that is ours. */
static const char lock_sql[] =
    "set local statement_timeout = 0; set local lock_timeout = 0; "
    "select pg_advisory_xact_lock(25186, 1)";
static const char home_sql[] =
    "create schema if not exists callboard; "
    "create table if not exists callboard.schema_version ("
    "number integer primary key, name text not null, "
    "applied_at timestamptz not null default clock_timestamp(), "
    "checksum text not null)";

static const struct cbi_db_stmt is_there = {
	"migrate_is_there",
	"select to_regclass('callboard.schema_version') is not null",
};
static const struct cbi_db_stmt highest = {
	"migrate_highest",
	"select coalesce(max(number), 0) from callboard.schema_version",
};
static const struct cbi_db_stmt same = {
	"migrate_same",
	"select checksum = encode(sha256(convert_to($2, 'UTF8')), 'hex') "
	"from callboard.schema_version where number = $1::integer",
};
static const struct cbi_db_stmt note = {
	"migrate_note",
	"insert into callboard.schema_version (number, name, checksum) values "
	"($1::integer, $2, encode(sha256(convert_to($3, 'UTF8')), 'hex'))",
};
static const struct cbi_db_stmt all = {
	"migrate_all",
	"select number, name, "
	"to_char(applied_at, 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') "
	"from callboard.schema_version order by number",
};

static int by_number(const void *a, const void *b)
{
	const struct file *left = a, *right = b;

	return (left->number > right->number) - (left->number < right->number);
}

/* True for "NNNN_name.sql". */
static bool parse_name(const char *name, int *number)
{
	char digits[DIGITS + 1];
	int64_t value;

	if (strspn(name, "0123456789") != DIGITS || name[DIGITS] != '_' ||
	    !cbi_str_ends(name, ".sql"))
		return false;
	cbi_str_copy(digits, sizeof(digits), name);
	if (cbi_str_int(digits, 0, 9999, &value) < 0)
		return false;
	*number = (int)value;
	return true;
}

static int list_files(struct cb_ctx *ctx, const char *dir, struct file *files,
                      size_t *count)
{
	DIR *handle = opendir(dir);
	struct dirent *entry;
	size_t n = 0;
	int rc = CB_OK;

	if (!handle)
		return cb_fail(ctx, CB_EINVAL, "schema folder %s: %s", dir,
		               strerror(errno));
	while (rc == CB_OK && (entry = readdir(handle))) {
		int number;

		if (!parse_name(entry->d_name, &number))
			continue;
		if (n == FILES_MAX) {
			rc = cb_fail(ctx, CB_ETOOBIG, "%s: over %d files", dir,
			             FILES_MAX);
			break;
		}
		files[n].number = number;
		files[n].name =
		    cb_strndup(ctx, entry->d_name, strlen(entry->d_name) - 4);
		files[n].path = cb_printf(ctx, "%s/%s", dir, entry->d_name);
		if (!files[n].name || !files[n].path)
			rc = CB_ENOMEM;
		n++;
	}
	closedir(handle);
	*count = n;
	return rc;
}

static int check_order(struct cb_ctx *ctx, const char *dir,
                       const struct file *files, size_t n)
{
	if (n == 0)
		return cb_fail(ctx, CB_EINVAL,
		               "no NNNN_name.sql in schema folder %s", dir);
	for (size_t i = 0; i < n; i++)
		if (files[i].number != (int)i + 1)
			return cb_fail(ctx, CB_EINVAL,
			               "%s: expected number %04zu",
			               files[i].path, i + 1);
	return CB_OK;
}

static int read_file(struct cb_ctx *ctx, const char *path, const char **out)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	long size = -1;
	int rc = CB_OK;

	if (!file)
		return cb_fail(ctx, CB_EINVAL, "%s: %s", path, strerror(errno));
	if (fseek(file, 0, SEEK_END) == 0)
		size = ftell(file);
	rewind(file);
	if (size < 0 || size > FILE_BYTES_MAX)
		rc = cb_fail(ctx, CB_ETOOBIG, "%s: over %d bytes", path,
		             FILE_BYTES_MAX);
	else
		text = cb_alloc(ctx, (size_t)size + 1);
	if (rc == CB_OK && !text)
		rc = CB_ENOMEM;
	if (rc == CB_OK && fread(text, 1, (size_t)size, file) != (size_t)size)
		rc = cb_fail(ctx, CB_EINVAL, "%s: not read whole", path);
	fclose(file);
	if (rc == CB_OK)
		*out = text;
	return rc;
}

/* The line of the position-th character, both from 1. */
static int line_of(const char *text, const char *position)
{
	int64_t at = 0;
	int line = 1;

	if (!position || cbi_str_int(position, 1, INT64_MAX, &at) < 0)
		return 1;
	for (; *text && at > 1; text++) {
		line += *text == '\n';
		/* Bytes within a character do not count. */
		at -= (text[1] & 0xc0) != 0x80;
	}
	return line;
}

static int apply(struct cb_ctx *ctx, const struct file *file, const char *text)
{
	struct cbi_db *db = ctx->lane->db;
	PGconn *pg = db->conn->pg;
	PGresult *res = NULL;
	int rc = CB_EAWAY;

	if (PQsendQuery(pg, text))
		rc = cbi_db_finish(pg, cbi_db_until(ctx, db), &res);
	if (rc != CB_OK)
		return cbi_db_note_lost(ctx, db, db->conn, rc, file->path);
	if (!cbi_db_good(res)) {
		const char *where =
		    PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION);
		const char *name =
		    cb_printf(ctx, "%s:%d", file->path, line_of(text, where));

		rc = cbi_db_note_refused(ctx, db, db->conn, res, name);
	}
	PQclear(res);
	return rc;
}

static int run(struct cb_ctx *ctx, const char *sql)
{
	struct cbi_db *db = ctx->lane->db;
	PGresult *res = NULL;
	int rc = cbi_db_run(ctx, db, db->conn, sql, &res);

	PQclear(res);
	return rc;
}

/* Is the file applied?  CB_ECONFLICT when it was another one. */
static int applied_already(struct cb_ctx *ctx, const struct file *file,
                           const char *text, bool *done)
{
	const char *params[] = { cbi_db_number(ctx, file->number), text };
	struct cbi_db_result *result;
	int rc;

	rc = cbi_db_query(ctx, &same, params, 2, &result);
	if (rc != CB_OK)
		return rc;
	*done = cbi_db_rows(result) == 1;
	if (*done && !cbi_db_bool(result, 0, 0))
		return cb_fail(ctx, CB_ECONFLICT,
		               "%s is not the file that was applied as "
		               "number %04d",
		               file->path, file->number);
	return CB_OK;
}

/* One file in one transaction, under the lock. */
static int migrate_one(struct cb_ctx *ctx, const struct file *file,
                       const char *text, int *applied)
{
	const char *params[] = { cbi_db_number(ctx, file->number), file->name,
		                 text };
	bool done = false;
	int rc;

	rc = cbi_db_begin(ctx);
	if (rc != CB_OK)
		return rc;
	ctx->lane->db->patient = true;
	rc = run(ctx, lock_sql);
	if (rc == CB_OK)
		rc = run(ctx, home_sql);
	if (rc == CB_OK)
		rc = applied_already(ctx, file, text, &done);
	if (rc == CB_OK && !done)
		rc = apply(ctx, file, text);
	if (rc == CB_OK && !done)
		rc = cbi_db_query(ctx, &note, params, 3, NULL);
	if (rc == CB_OK)
		rc = cbi_db_commit(ctx);
	else
		cbi_db_rollback(ctx);
	if (rc == CB_OK && !done)
		(*applied)++;
	return rc;
}

int cbi_db_migrate(struct cb_ctx *ctx, const char *dir, int *applied)
{
	struct file *files = cb_alloc(ctx, FILES_MAX * sizeof(*files));
	int number = 0, done = 0, rc;
	size_t n = 0;

	if (!files)
		return CB_ENOMEM;
	rc = list_files(ctx, dir, files, &n);
	if (rc != CB_OK)
		return rc;
	qsort(files, n, sizeof(*files), by_number);
	rc = check_order(ctx, dir, files, n);
	if (rc == CB_OK)
		rc = cbi_db_schema_number(ctx, &number);
	for (size_t i = 0; rc == CB_OK && i < n; i++) {
		bool there = false;
		const char *text;

		rc = read_file(ctx, files[i].path, &text);
		/* What stands needs no lock. */
		if (rc == CB_OK && files[i].number <= number)
			rc = applied_already(ctx, &files[i], text, &there);
		if (rc == CB_OK && !there)
			rc = migrate_one(ctx, &files[i], text, &done);
	}
	if (rc == CB_OK)
		*applied = done;
	return rc;
}

static int has_versions(struct cb_ctx *ctx, bool *there)
{
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &is_there, NULL, 0, &result);

	if (rc == CB_OK)
		*there = cbi_db_bool(result, 0, 0);
	return rc;
}

int cbi_db_schema_number(struct cb_ctx *ctx, int *number)
{
	struct cbi_db_result *result;
	bool there = false;
	int rc;

	rc = has_versions(ctx, &there);
	if (rc == CB_OK && !there)
		*number = 0;
	if (rc != CB_OK || !there)
		return rc;
	rc = cbi_db_query(ctx, &highest, NULL, 0, &result);
	if (rc == CB_OK)
		*number = (int)cbi_db_int(result, 0, 0);
	return rc;
}

int cbi_db_schema_serves(struct cb_ctx *ctx, int *number)
{
	int rc = cbi_db_schema_number(ctx, number);

	if (rc == CB_OK && *number < CB_DB_SCHEMA_NEEDED)
		return cb_fail(ctx, CB_EAWAY,
		               "the database is at schema %d, this release "
		               "needs %d: callboardctl db migrate",
		               *number, CB_DB_SCHEMA_NEEDED);
	return rc;
}

int cbi_db_versions(struct cb_ctx *ctx, const struct cbi_db_version **out,
                    size_t *n)
{
	struct cbi_db_version *versions = NULL;
	struct cbi_db_result *result;
	bool there = false;
	int rc;

	rc = has_versions(ctx, &there);
	if (rc == CB_OK && !there) {
		*out = NULL;
		*n = 0;
	}
	if (rc != CB_OK || !there)
		return rc;
	rc = cbi_db_query(ctx, &all, NULL, 0, &result);
	if (rc != CB_OK)
		return rc;
	versions = cb_alloc(ctx, (cbi_db_rows(result) + 1) * sizeof(*versions));
	if (!versions)
		return CB_ENOMEM;
	for (size_t i = 0; i < cbi_db_rows(result); i++) {
		versions[i].number = (int)cbi_db_int(result, i, 0);
		versions[i].name = cbi_db_text(result, i, 1);
		versions[i].applied_at = cbi_db_text(result, i, 2);
	}
	*out = versions;
	*n = cbi_db_rows(result);
	return CB_OK;
}
