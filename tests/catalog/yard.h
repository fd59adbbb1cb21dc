/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yard.h - a folder of catalog files and an engine's work on it, against a
 * private PostgreSQL.
 */
#ifndef CB_TESTS_YARD_H
#define CB_TESTS_YARD_H

#include "catalog/ingest.h"
#include "config/config.h"
#include "provider/provider.h"
#include "tests/lib/lane.h"

#define COMPONENT(name, more)                                                  \
	"---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {" \
	"name: " name                                                          \
	"}\nspec: {type: service, lifecycle: x, owner: team" more "}\n"
#define GROUP(name)                                                        \
	"---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {" \
	"name: " name "}\nspec: {type: team, children: []}\n"
#define LOCATION(name, targets)                                               \
	"---\napiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {" \
	"name: " name "}\nspec: {targets: [" targets "]}\n"

struct yard {
	struct lane lane;
	const char *conninfo;
	char dir[128]; /* of the files */
	char all[160]; /* the root: dir/all.yaml */
	struct cbi_config *config;
	struct cbi_provider *provider;
	struct cbi_ingest in;
	struct cbi_ingest_root root;
	struct cbi_ingest_done done; /* of the last settle */
};

/* A database of its own by this name, empty. */
void yard_open(struct yard *yard, const char *name);
/* The same on an empty, migrated database elsewhere. */
void yard_open_on(struct yard *yard, const char *name, const char *conninfo);
void yard_close(struct yard *yard);

/* Loads a config of this text. */
void yard_config(struct yard *yard, const char *text);

/* Writes a file below dir (with len, text may hold anything). */
void yard_file(struct yard *yard, const char *name, const char *text);
void yard_bytes(struct yard *yard, const char *name, const char *text,
                size_t len);

/* The root of the config, due now. */
void yard_sync(struct yard *yard);

/* Everything is due again; then rounds and stitching until nothing is left. */
void yard_settle(struct yard *yard);

/* The first line of what SQL says, static. */
const char *yard_sql(struct yard *yard, const char *sql);

/* A served entity at a path ("spec.owner"), static; "-" for none. */
const char *yard_text(struct yard *yard, const char *ref, const char *path);

/* For cmocka's tests: what SQL says, what a served entity holds, which refs
 * are served (but generated ones), and what stands in some node's errors. */
void yard_assert_sql(struct yard *yard, const char *sql, const char *expected);
void yard_assert_text(struct yard *yard, const char *ref, const char *path,
                      const char *expected);
void yard_assert_served(struct yard *yard, const char *expected);
void yard_assert_trouble(struct yard *yard, const char *where,
                         const char *part);
void yard_assert_no_trouble(struct yard *yard);

#endif
