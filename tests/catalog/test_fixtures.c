/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_fixtures.c - the recorded answers of the contract, where they lie
 * beside this tree: what the model makes of the same files, without a store.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "base/str.h"
#include "catalog/flatten.h"
#include "catalog/model.h"
#include "catalog/placeholder.h"
#include "catalog/ref.h"
#include "json/json.h"
#include "yaml/yaml.h"

#define SITE "http://fixtures.test/"
#define NODES 200
#define RELATIONS 1000

static struct cbi_lane lane;
static struct cb_ctx ctx;
static char folder[512];

static struct {
	const char *ref, *key;
	json_t *processed; /* NULL: known, never good */
} nodes[NODES];
static size_t node_count;
static struct cbi_relation relations[RELATIONS];
static size_t relation_count;

static char *slurp(const char *name, size_t *len)
{
	char path[1024];
	FILE *f;
	char *text;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "r");
	if (!f)
		return NULL;
	text = cb_alloc(&ctx, 4 * CB_MIB);
	*len = fread(text, 1, 4 * CB_MIB - 1, f);
	fclose(f);
	return text;
}

/* "a/b.yaml" and "../c.yaml" make "c.yaml". */
static const char *relative(const char *from, const char *target)
{
	char *dir = cb_strdup(&ctx, from);
	char *slash = strrchr(dir, '/');

	if (slash)
		slash[1] = '\0';
	else
		dir[0] = '\0';
	for (;;) {
		if (cbi_str_starts(target, "./")) {
			target += 2;
		} else if (cbi_str_starts(target, "../")) {
			target += 3;
			dir[strlen(dir) - 1] = '\0';
			slash = strrchr(dir, '/');
			if (slash)
				slash[1] = '\0';
			else
				dir[0] = '\0';
		} else {
			return cb_printf(&ctx, "%s%s", dir, target);
		}
	}
}

static int read_beside(struct cb_ctx *c, void *arg, const char *base,
                       const char *target, const char **text, size_t *len)
{
	(void)arg;
	*text = slurp(relative(base + strlen("url:" SITE), target), len);
	return *text ? CB_OK : cb_fail(c, CB_ENOENT, "no %s", target);
}

static void take_file(const char *name);

static void take_targets(const json_t *entity, const char *name)
{
	const json_t *targets =
	    json_object_get(json_object_get(entity, "spec"), "targets");

	for (size_t i = 0; i < json_array_size(targets); i++)
		take_file(relative(
		    name, json_string_value(json_array_get(targets, i))));
}

static void take_entity(json_t *entity, const char *name)
{
	static const struct cbi_placeholder_reader reader = { .read =
		                                                  read_beside };
	struct cbi_model_place place = { .origin =
		                             "url:" SITE "ours/all.yaml" };
	struct cbi_problem problem;
	struct cbi_model model;
	const char *ref;
	size_t i;

	place.location = cb_printf(&ctx, "url:" SITE "%s", name);
	assert_int_equal(cbi_model_envelope(&ctx, entity, &ref, &problem),
	                 CB_OK);
	for (i = 0; i < node_count; i++)
		if (strcmp(nodes[i].ref, ref) == 0)
			return; /* first come, first served */
	nodes[node_count].ref = ref;
	nodes[node_count++].key = place.location;
	if (cbi_placeholder_apply(&ctx, entity, place.location, &reader,
	                          &problem) < 0 ||
	    cbi_model_process(&ctx, entity, &place, &model, &problem) < 0)
		return;
	nodes[i].processed = entity;
	for (size_t k = 0; k < model.n; k++)
		relations[relation_count++] = model.relations[k];
	if (model.location)
		take_targets(entity, name);
}

static void take_file(const char *name)
{
	struct cbi_yaml_doc *doc = NULL;
	size_t len;
	char *text = slurp(name, &len);

	assert_non_null(text);
	assert_int_equal(cbi_yaml_parse(&ctx, text, len, &doc), CB_OK);
	for (; doc; doc = doc->next) {
		json_t *entity;

		if (doc->empty)
			continue;
		if (doc->error)
			fail_msg("%s: %s", name, doc->error);
		entity = cbi_yaml_json(doc->root);
		assert_int_equal(cbi_json_keep(&ctx, entity), CB_OK);
		take_entity(entity, name);
	}
}

static int by_end(const void *a, const void *b)
{
	const struct cbi_model_end *x = a, *y = b;
	int diff = strcmp(x->type, y->type);

	return diff ? diff : strcmp(x->target, y->target);
}

static size_t ends_of(const char *ref, struct cbi_model_end *ends)
{
	size_t n = 0, out = 0;

	for (size_t i = 0; i < relation_count; i++) {
		const struct cbi_relation *r = &relations[i];

		if (strcmp(r->source, ref) == 0)
			ends[n++] =
			    (struct cbi_model_end){ r->type, r->target };
		if (strcmp(r->target, ref) == 0)
			ends[n++] =
			    (struct cbi_model_end){ r->reverse, r->source };
	}
	qsort(ends, n, sizeof(*ends), by_end);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || by_end(&ends[i - 1], &ends[i]) != 0)
			ends[out++] = ends[i];
	return out;
}

/* All nodes, completed. */
static int ingest(void **state)
{
	static struct cbi_model_end ends[RELATIONS];
	struct cbi_problem problem;
	char hash[CBI_MODEL_HASH];
	const char *text;
	json_t *root;

	(void)state;
	cbi_lane_init(&lane, 512 * CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	root = cbi_model_generated("url", SITE "ours/all.yaml", NULL);
	assert_int_equal(cbi_json_keep(&ctx, root), CB_OK);
	json_object_set_new(
	    json_object_get(json_object_get(root, "metadata"), "annotations"),
	    "backstage.io/view-url", json_string(SITE "ours/all.yaml"));
	assert_int_equal(
	    cbi_model_envelope(&ctx, root, &nodes[0].ref, &problem), CB_OK);
	nodes[0].processed = root;
	node_count = 1;
	take_file("ours/all.yaml");
	for (size_t i = 0; i < node_count; i++) {
		struct cbi_model_final final = { .ends = ends };

		if (!nodes[i].processed)
			continue;
		final.n = ends_of(nodes[i].ref, ends);
		assert_int_equal(cbi_model_finish(&ctx, nodes[i].processed,
		                                  &final, hash, &text),
		                 CB_OK);
		assert_int_equal(cb_json_parse(&ctx, text, strlen(text),
		                               &nodes[i].processed),
		                 CB_OK);
	}
	return 0;
}

static int leave(void **state)
{
	(void)state;
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return 0;
}

static const char *canonical(const json_t *value)
{
	struct cb_buf buf;
	const char *text;

	cbi_buf_init(&buf, 4 * CB_MIB);
	assert_int_equal(cbi_json_canonical(&buf, value), CB_OK);
	text = cb_strdup(&ctx, buf.data);
	cbi_buf_finish(&buf);
	return text;
}

static const json_t *served(const char *ref)
{
	for (size_t i = 0; i < node_count; i++)
		if (strcmp(nodes[i].ref, ref) == 0)
			return nodes[i].processed;
	return NULL;
}

static void entities_are_served_as_recorded(void **state)
{
	size_t len, visible = 0;
	char *text = slurp("expected/entities.json", &len);
	json_t *expected = NULL;

	(void)state;
	assert_int_equal(cb_json_parse(&ctx, text, len, &expected), CB_OK);
	for (size_t i = 0; i < json_array_size(expected); i++) {
		const json_t *want = json_array_get(expected, i);
		struct cbi_problem problem;
		const char *ref;

		assert_int_equal(cbi_model_envelope(&ctx, want, &ref, &problem),
		                 CB_OK);
		if (!served(ref))
			fail_msg("not served: %s", ref);
		assert_string_equal(canonical(served(ref)), canonical(want));
	}
	for (size_t i = 0; i < node_count; i++)
		visible += nodes[i].processed != NULL;
	assert_int_equal(visible, json_array_size(expected));
}

static int by_line(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void assert_lines(const char **got, size_t n, const char **want,
                         size_t m)
{
	qsort(got, n, sizeof(*got), by_line);
	qsort(want, m, sizeof(*want), by_line);
	for (size_t i = 0; i < n && i < m; i++)
		assert_string_equal(got[i], want[i]);
	assert_int_equal(n, m);
}

#define LINES 4000

static void rows_are_as_recorded(void **state)
{
	static const char *got[LINES], *want[LINES];
	size_t n = 0, m = 0, len;
	char *text = slurp("expected/search-rows.jsonl", &len), *line;

	(void)state;
	for (size_t i = 0; i < node_count; i++) {
		struct cbi_row *rows;
		size_t count;

		if (!nodes[i].processed)
			continue;
		assert_int_equal(
		    cbi_flatten(&ctx, nodes[i].processed, &rows, &count),
		    CB_OK);
		for (size_t k = 0; k < count; k++)
			got[n++] = cb_printf(
			    &ctx, "%s %s=%s (%s)", nodes[i].ref, rows[k].key,
			    rows[k].value ? rows[k].value : "-",
			    rows[k].original ? rows[k].original : "-");
	}
	for (line = strtok_r(text, "\n", &text); line;
	     line = strtok_r(NULL, "\n", &text)) {
		json_t *row = json_loads(line, 0, NULL);

		want[m++] = cb_printf(&ctx, "%s %s=%s (%s)",
		                      cb_json_text(row, "ref", "?"),
		                      cb_json_text(row, "key", "?"),
		                      cb_json_text(row, "value", "-"),
		                      cb_json_text(row, "original", "-"));
		json_decref(row);
	}
	assert_lines(got, n, want, m);
}

static void relations_are_as_recorded(void **state)
{
	static const char *got[LINES], *want[LINES];
	size_t n = 0, m = 0, out = 0, len;
	char *text = slurp("expected/relations.tsv", &len), *line;

	(void)state;
	for (size_t i = 0; i < relation_count; i++) {
		const struct cbi_relation *r = &relations[i];

		got[n++] = cb_printf(&ctx, "%s\t%s\t%s", r->source, r->type,
		                     r->target);
		got[n++] = cb_printf(&ctx, "%s\t%s\t%s", r->target, r->reverse,
		                     r->source);
	}
	qsort(got, n, sizeof(*got), by_line);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(got[i - 1], got[i]) != 0)
			got[out++] = got[i];
	for (line = strtok_r(text, "\n", &text); line;
	     line = strtok_r(NULL, "\n", &text))
		want[m++] = line;
	assert_lines(got, out, want, m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entities_are_served_as_recorded),
		cmocka_unit_test(rows_are_as_recorded),
		cmocka_unit_test(relations_are_as_recorded),
	};
	const char *top = getenv("srcdir");

	snprintf(folder, sizeof(folder), "%s/../shared/contract/fixtures",
	         top ? top : "..");
	if (access(folder, R_OK) != 0)
		return 77; /* skipped: this clone has no contract beside it */
	return cmocka_run_group_tests(tests, ingest, leave);
}
