/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_site.c - locations at addresses, and the contract's own files read
 * from one, where they lie beside this tree: what is served in the end.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "db/db.h"
#include "http/http.h"
#include "json/json.h"
#include "tests/catalog/site.h"
#include "tests/catalog/yard.h"
#include "tests/lib/stores.h"

static struct yard yard;
static struct site site;
static struct cbi_http *http;
static char base[64]; /* http://127.0.0.1:port */
static char root[128];

/* The yard, with a provider that may ask the site. */
static void open_yard(const char *name, const char *folder, const char *file)
{
	char text[200];

	yard_open(&yard, name);
	assert_int_equal(site_start(&site, folder ? folder : yard.dir), 0);
	snprintf(base, sizeof(base), "http://127.0.0.1:%d", site.port);
	snprintf(root, sizeof(root), "%s/%s", base, file);
	cbi_provider_destroy(yard.provider);
	cbi_config_destroy(yard.config);
	snprintf(text, sizeof(text),
	         "backend: {reading: {allow: [{host: '127.0.0.1:%d'}]}}\n",
	         site.port);
	yard_config(&yard, text);
	assert_int_equal(cbi_http_create(&yard.lane.ctx, NULL, &http), CB_OK);
	assert_int_equal(cbi_provider_create(&yard.lane.ctx, yard.config, http,
	                                     &yard.provider),
	                 CB_OK);
	cbi_provider_feed(yard.provider, &yard.in.feed);
	yard.root.type = "url";
	yard.root.target = root;
}

static void close_yard(void)
{
	site_stop(&site);
	yard_close(&yard);
	cbi_http_destroy(http);
}

static void addresses_are_asked_whether_they_changed(void **state)
{
	long before;

	(void)state;
	open_yard("site0", NULL, "all.yaml");
	yard_file(&yard, "all.yaml",
	          LOCATION("l", "./sub/a.yaml, ./none.yaml"));
	yard_file(&yard, "sub/a.yaml",
	          COMPONENT("a", ", text: {$text: ../note.txt}"));
	yard_file(&yard, "note.txt", "a note\n");
	yard_sync(&yard);
	yard_settle(&yard);
	yard_assert_text(&yard, "component:default/a", "spec.text", "a note");
	yard_assert_trouble(&yard, "location:default/l", "NotFoundError");
	yard_assert_sql(&yard,
	                "select body::jsonb #>> array['metadata', "
	                "'annotations', 'backstage.io/view-url'] from "
	                "callboard.entity where ref = 'component:default/a'",
	                cb_printf(&yard.lane.ctx, "%s/sub/a.yaml", base));
	before =
	    atol(yard_sql(&yard, "select number from callboard.catalog_state"));
	site.counts->full = 0;
	yard_settle(&yard);
	assert_int_equal(site.counts->full, 0);
	/* Both files, and the text that one of them names. */
	assert_int_equal(site.counts->unchanged, 3);
	assert_int_equal(atol(yard_sql(&yard, "select number from "
	                                      "callboard.catalog_state")),
	                 before);
	/* A host that is not allowed, and a file from an address. */
	yard_file(
	    &yard, "all.yaml",
	    LOCATION("l",
	             "'http://169.254.169.254/x', "
	             "'file:///etc/passwd', ./sub/a.yaml") "---\napiVersion: "
							   "backstage.io/"
							   "v1alpha1\nkind: "
							   "Location\n"
							   "metadata: {name: "
							   "f}\nspec: {type: "
							   "file, target: "
							   "/etc/passwd}\n");
	yard_settle(&yard);
	yard_assert_trouble(&yard, "location:default/l",
	                    "host 169.254.169.254 is not in "
	                    "backend.reading.allow");
	yard_assert_trouble(&yard, "location:default/l",
	                    "file:///etc/passwd: expected an http");
	yard_assert_trouble(&yard, "location:default/f",
	                    "cannot be named by one of another type");
	/* The site goes: what it gave stays. */
	site_stop(&site);
	yard_settle(&yard);
	yard_assert_text(&yard, "component:default/a", "kind", "Component");
	assert_int_equal(site_start(&site, yard.dir), 0);
	close_yard();
}

/* --- the contract's files --- */

static char fixtures[512];

static char *slurp(const char *name, size_t *len)
{
	char path[600];
	char *text = malloc(4 * CB_MIB);
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", fixtures, name);
	f = fopen(path, "r");
	assert_non_null(f);
	*len = fread(text, 1, 4 * CB_MIB - 1, f);
	text[*len] = '\0';
	fclose(f);
	return text;
}

/* text with each `from` as `to`; the caller frees it. */
static char *replaced(char *text, const char *from, const char *to)
{
	struct cb_buf buf;
	char *p = text, *hit, *out;
	size_t len;

	cbi_buf_init(&buf, 16 * CB_MIB);
	while ((hit = strstr(p, from)) != NULL) {
		cb_buf_add(&buf, p, (size_t)(hit - p));
		cb_buf_text(&buf, to);
		p = hit + strlen(from);
	}
	cb_buf_text(&buf, p);
	free(text);
	out = cbi_buf_take(&buf, &len);
	assert_non_null(out);
	return out;
}

#define RECORDED_ROOT "generated-c67c26d999d6765a8c77dce9164d3e9968978d78"

/* As recorded, but for the host and the name that is made of it. */
static char *recorded(const char *name)
{
	size_t len;
	char *text = replaced(slurp(name, &len), "http://fixtures.test", base);
	const char *mine =
	    yard_sql(&yard, "select name from callboard.entity where ref like "
	                    "'location:default/generated-%'");

	return replaced(text, RECORDED_ROOT, mine);
}

static const char *canonical(struct lane *lane, const json_t *value)
{
	struct cb_buf buf;
	const char *text;

	cbi_buf_init(&buf, CB_MIB);
	assert_int_equal(cbi_json_canonical(&buf, value), CB_OK);
	text = cb_strdup(&lane->ctx, buf.data);
	cbi_buf_finish(&buf);
	return text;
}

static void assert_entities(struct lane *lane)
{
	static const struct cbi_db_stmt all = {
		NULL, "select body from entity order by ref"
	};
	char *text = recorded("expected/entities.json");
	struct cbi_db_result *rows;
	json_t *expected;

	assert_int_equal(
	    cb_json_parse(&lane->ctx, text, strlen(text), &expected), CB_OK);
	free(text);
	assert_int_equal(cbi_db_query(&lane->ctx, &all, NULL, 0, &rows), CB_OK);
	assert_int_equal(cbi_db_rows(rows), json_array_size(expected));
	for (size_t i = 0; i < cbi_db_rows(rows); i++) {
		json_t *got;
		json_t *metadata;

		assert_int_equal(cb_json_parse(&lane->ctx,
		                               cbi_db_text(rows, i, 0),
		                               cbi_db_len(rows, i, 0), &got),
		                 CB_OK);
		metadata = json_object_get(got, "metadata");
		assert_int_equal(json_object_del(metadata, "uid"), 0);
		assert_int_equal(json_object_del(metadata, "etag"), 0);
		assert_string_equal(
		    canonical(lane, got),
		    canonical(lane, json_array_get(expected, i)));
	}
}

/* Rows of two or three columns, as the recorded file has them. */
static void assert_rows(struct lane *lane, const char *sql, const char *name)
{
	char *text = recorded(name), *p = text;
	struct cbi_db_result *rows;
	size_t lines = 0;

	assert_int_equal(cbi_db_query_text(&lane->ctx, sql, NULL, 0, &rows),
	                 CB_OK);
	for (size_t i = 0; i < cbi_db_rows(rows); i++) {
		const char *line = cbi_db_text(rows, i, 0);
		const char *hit = strstr(text, line);

		if (!hit || hit[strlen(line)] != '\n' ||
		    (hit > text && hit[-1] != '\n'))
			fail_msg("%s has no line %s", name, line);
	}
	for (; *p; p++)
		lines += *p == '\n';
	assert_int_equal(cbi_db_rows(rows), lines);
	free(text);
}

static void the_contracts_files_are_served_as_recorded(void **state)
{
	struct lane lane;

	(void)state;
	open_yard("site1", fixtures, "ours/all.yaml");
	yard_sync(&yard);
	yard_settle(&yard);
	lane_open(&lane);
	assert_entities(&lane);
	assert_rows(&lane,
	            "select source || E'\\t' || type || E'\\t' || target from "
	            "relation union select target || E'\\t' || reverse || "
	            "E'\\t' || source from relation",
	            "expected/relations.tsv");
	assert_rows(&lane,
	            "select case when e.provider is not null then "
	            "'DefaultLocationStore' else '' end || E'\\t' || "
	            "coalesce(p.ref, '') || E'\\t' || c.ref from edge e join "
	            "node c on c.id = e.child left join node p on p.id = "
	            "e.parent",
	            "expected/parents.tsv");
	lane_close(&lane);
	close_yard();
}

static void the_contracts_rows_are_tokens(void **state)
{
	struct lane lane;
	char *text, *line, *rest;
	size_t n = 0;

	(void)state;
	open_yard("site2", fixtures, "ours/all.yaml");
	yard_sync(&yard);
	yard_settle(&yard);
	text = rest = recorded("expected/search-rows.jsonl");
	lane_open(&lane);
	while ((line = strtok_r(rest, "\n", &rest)) != NULL) {
		static const struct cbi_db_stmt holds = {
			"holds",
			"select 1 from entity e where e.ref = $1 and "
			"($2 = any(e.tokens)) and ($3::text is null or exists "
			"(select from unnest(e.tokens, e.originals) u(t, o) "
			"where u.t = $3 and coalesce(u.o, substr(u.t, "
			"length($2)"
			" + 2)) = $4))",
		};
		struct cbi_db_result *rows;
		const char *params[4] = { 0 }, *value;
		json_t *row;

		assert_int_equal(
		    cb_json_parse(&lane.ctx, line, strlen(line), &row), CB_OK);
		params[0] = cb_json_text(row, "ref", "");
		params[1] = cb_json_text(row, "key", "");
		value = cb_json_text(row, "value", NULL);
		if (value)
			params[2] =
			    cb_printf(&lane.ctx, "%s=%s", params[1], value);
		params[3] = cb_json_text(row, "original", NULL);
		assert_int_equal(
		    cbi_db_query(&lane.ctx, &holds, params, 4, &rows), CB_OK);
		if (cbi_db_rows(rows) != 1)
			fail_msg("missing: %s %s", params[0],
			         params[2] ? params[2] : params[1]);
		n += value != NULL;
	}
	free(text);
	yard_assert_sql(&yard,
	                "select count(*) from callboard.entity e, "
	                "unnest(e.tokens) t where strpos(t, '=') > 0 and t not "
	                "like 'metadata.uid=%'",
	                cb_printf(&lane.ctx, "%zu", n));
	lane_close(&lane);
	close_yard();
}

int main(void)
{
	const char *top = getenv("srcdir");
	const struct CMUnitTest own[] = {
		cmocka_unit_test(addresses_are_asked_whether_they_changed),
	};
	const struct CMUnitTest contract[] = {
		cmocka_unit_test(the_contracts_files_are_served_as_recorded),
		cmocka_unit_test(the_contracts_rows_are_tokens),
	};
	int failed = cmocka_run_group_tests(own, NULL, NULL);

	snprintf(fixtures, sizeof(fixtures), "%s/../shared/contract/fixtures",
	         top ? top : "..");
	if (access(fixtures, R_OK) == 0)
		failed += cmocka_run_group_tests(contract, NULL, NULL);
	return failed;
}
