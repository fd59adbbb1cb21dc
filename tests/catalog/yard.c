/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include "tests/catalog/yard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "db/db.h"
#include "tests/lib/stores.h"

static void give_up(const char *what, struct cb_ctx *ctx)
{
	fprintf(stderr, "yard: %s: %s\n", what, cb_failure(ctx));
	exit(99);
}

void yard_bytes(struct yard *yard, const char *name, const char *text,
                size_t len)
{
	char path[512], other[600];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", yard->dir, name);
	for (char *p = path + strlen(yard->dir) + 1; (p = strchr(p, '/'));
	     p++) {
		*p = '\0';
		mkdir(path, 0755);
		*p = '/';
	}
	/* Renamed into place: its change shows in whatever a stat tells. */
	snprintf(other, sizeof(other), "%s.new", path);
	f = fopen(other, "w");
	if (!f || fwrite(text, 1, len, f) != len || fclose(f) != 0 ||
	    rename(other, path) != 0) {
		perror(path);
		exit(99);
	}
}

void yard_file(struct yard *yard, const char *name, const char *text)
{
	yard_bytes(yard, name, text, strlen(text));
}

void yard_config(struct yard *yard, const char *text)
{
	char path[512];
	const char *const files[] = { path, NULL };
	struct cb_buf report;

	yard_file(yard, "../callboard.yaml", text);
	snprintf(path, sizeof(path), "%s/../callboard.yaml", yard->dir);
	cbi_buf_init(&report, CB_MIB);
	if (cbi_config_load(&yard->lane.ctx, files, &report, &yard->config) < 0)
		give_up(cbi_buf_string(&report), &yard->lane.ctx);
	cbi_buf_finish(&report);
}

void yard_open(struct yard *yard, const char *name)
{
	yard_open_on(yard, name, lane_migrated(name));
}

void yard_open_on(struct yard *yard, const char *name, const char *conninfo)
{
	struct stores *stores = stores_start(STORES_POSTGRES);

	memset(yard, 0, sizeof(*yard));
	yard->conninfo = conninfo;
	lane_setup_db_with(yard->conninfo, 4, true, 0);
	lane_open(&yard->lane);
	yard->lane.ctx.actor = "service:engine";
	snprintf(yard->dir, sizeof(yard->dir), "%s/%s", stores->dir, name);
	mkdir(yard->dir, 0755);
	snprintf(yard->dir, sizeof(yard->dir), "%s/%s/files", stores->dir,
	         name);
	mkdir(yard->dir, 0755);
	yard_config(yard, "app: {title: Yard}\n");
	if (cbi_provider_create(&yard->lane.ctx, yard->config, NULL,
	                        &yard->provider) < 0)
		give_up("provider", &yard->lane.ctx);
	yard->root.type = "file";
	snprintf(yard->all, sizeof(yard->all), "%s/all.yaml", yard->dir);
	yard->root.target = yard->all;
	yard->in.roots = &yard->root;
	yard->in.n = 1;
	yard->in.isolate = true;
	yard->in.interval_ms = 100000;
	cbi_provider_feed(yard->provider, &yard->in.feed);
}

void yard_close(struct yard *yard)
{
	lane_close(&yard->lane);
	cbi_provider_destroy(yard->provider);
	cbi_config_destroy(yard->config);
}

static struct cb_ctx *next(struct yard *yard)
{
	lane_next(&yard->lane);
	yard->lane.ctx.actor = "service:engine";
	return &yard->lane.ctx;
}

void yard_sync(struct yard *yard)
{
	struct cb_ctx *ctx = next(yard);

	if (cbi_ingest_sync(ctx, &yard->in) < 0)
		give_up("sync", ctx);
}

void yard_settle(struct yard *yard)
{
	struct cb_ctx *ctx = next(yard);
	size_t taken, written;

	memset(&yard->done, 0, sizeof(yard->done));
	yard_sql(yard, "update callboard.node set due_at = clock_timestamp()"
	               " where due_at is not null");
	if (cbi_ingest_run(ctx, &yard->in, 60000, &yard->done) < 0)
		give_up("run", ctx);
	do {
		if (cbi_stitch(ctx, 1500, &taken, &written) < 0)
			give_up("stitch", ctx);
	} while (taken > 0);
}

const char *yard_sql(struct yard *yard, const char *sql)
{
	return stores_sql(yard->conninfo, sql);
}

const char *yard_text(struct yard *yard, const char *ref, const char *path)
{
	char sql[1000], keys[300];

	snprintf(keys, sizeof(keys), "%s", path);
	for (char *p = keys; *p; p++)
		if (*p == '.')
			*p = ',';
	snprintf(sql, sizeof(sql),
	         "select coalesce((select body::jsonb #>> '{%s}' from"
	         " callboard.entity where ref = '%s'), '-')",
	         keys, ref);
	return yard_sql(yard, sql);
}

void yard_assert_sql(struct yard *yard, const char *sql, const char *expected)
{
	/* What is expected may itself be what SQL said last. */
	const char *want = cb_strdup(&yard->lane.ctx, expected);
	const char *got = yard_sql(yard, sql);

	if (strcmp(got, want) != 0)
		fail_msg("%s\n  said %s, expected %s", sql, got, want);
}

void yard_assert_text(struct yard *yard, const char *ref, const char *path,
                      const char *expected)
{
	const char *got = yard_text(yard, ref, path);

	if (strcmp(got, expected) != 0)
		fail_msg("%s %s is %s, expected %s", ref, path, got, expected);
}

/* All served refs but generated ones. */
void yard_assert_served(struct yard *yard, const char *expected)
{
	yard_assert_sql(
	    yard,
	    "select coalesce(string_agg(ref, ' ' order by ref), '') "
	    "from callboard.entity where ref not like '%/generated-%'",
	    expected);
}

/* What stands in some node's errors. */
void yard_assert_trouble(struct yard *yard, const char *where, const char *part)
{
	char sql[600];

	snprintf(sql, sizeof(sql),
	         "select coalesce(string_agg(errors, ' '), '') from "
	         "callboard.node where ref like '%s'",
	         where);
	if (!strstr(yard_sql(yard, sql), part))
		fail_msg("%s says %s, expected %s", where, yard_sql(yard, sql),
		         part);
}

void yard_assert_no_trouble(struct yard *yard)
{
	yard_assert_sql(yard,
	                "select coalesce(string_agg(errors, ' '), '') from "
	                "callboard.node where errors <> '[]'",
	                "");
}
