/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migrate.c - `callboardctl migrate`: registers the locations of a running
 * Backstage here, and says what matches and what differs.
 *
 * upstream.c reads the other side; nothing is written there.
 */
#include "ctl/ctl.h"

#include <callboard/json.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/board.h"
#include "base/clock.h"
#include "base/str.h"
#include "catalog/catalog.h"
#include "catalog/compare.h"
#include "catalog/location.h"
#include "catalog/query.h"
#include "catalog/view.h"
#include "ctl/upstream.h"

/* Entities that are compared at once. */
#define BATCH 200
/* Engines read what was registered; it is looked for this often and, when
 * nothing more comes, given up. */
#define LOOK_MS 1000
#define QUIET_MS 15000
#define WAIT_S 120

struct migrate {
	struct cbi_ctl *ctl;
	struct cbi_upstream *upstream;
	bool dry, brief; /* brief: without what is the same */
	int64_t wait_ms;
	json_t *rows;    /* what is printed */
	json_t *pending; /* their entities that are not the same here, so far */
	json_t *seen;    /* the refs of all of theirs */
	size_t registered, same, differ, missing, extra;
};

static int add_row(struct migrate *m, const char *name, const char *result,
                   const char *note, json_t *differences)
{
	json_t *row = json_pack("{s:s, s:s, s:s}", "name", name, "result",
	                        result, "note", note);

	if (row && differences)
		json_object_set(row, "differences", differences);
	return row && json_array_append_new(m->rows, row) == 0
	           ? CB_OK
	           : cb_fail(&m->ctl->ctx, CB_ENOMEM, "out of memory");
}

/* --- locations --- */

static int register_one(struct migrate *m, const char *type, const char *target)
{
	const struct cbi_location_wish wish = { .type = type,
		                                .target = target };
	struct cb_ctx *ctx = &m->ctl->ctx;
	struct cbi_location found;
	uint64_t number;
	int rc = cbi_location_find(ctx, type, target, &found);

	if (rc == CB_OK)
		return add_row(m, target, "registered before", "", NULL);
	if (rc != CB_ENOENT)
		return rc;
	cb_failure_clear(ctx);
	if (strcmp(type, "url") != 0)
		return add_row(m, target, "left out",
		               cb_printf(ctx,
		                         "a location of type %s belongs "
		                         "into catalog.locations",
		                         type),
		               NULL);
	rc = m->dry ? cbi_location_check(ctx, &wish)
	            : cbi_location_add(ctx, &wish, &found, &number);
	if (rc == CB_EINVAL) {
		rc = add_row(m, target, "left out", cb_failure(ctx), NULL);
		cb_failure_clear(ctx);
		return rc;
	}
	if (rc < 0)
		return rc;
	m->registered++;
	if (!m->dry)
		cbi_board_raise(&cbi_board()->wanted, number);
	return add_row(m, target, m->dry ? "would be registered" : "registered",
	               "", NULL);
}

static int register_all(struct migrate *m)
{
	struct cb_ctx *ctx = &m->ctl->ctx;
	json_t *list, *item;
	size_t i;
	int rc = cbi_upstream_locations(ctx, m->upstream, &list);

	if (rc < 0)
		return rc;
	json_array_foreach(list, i, item)
	{
		json_t *data = json_object_get(item, "data");
		const char *type = cb_json_text(data, "type", NULL);
		const char *target = cb_json_text(data, "target", NULL);

		if (type && target && rc == CB_OK)
			rc = register_one(m, type, target);
	}
	return rc;
}

/* --- entities --- */

static const char *ref_of(struct cb_ctx *ctx, json_t *entity)
{
	const char *ref;
	int rc =
	    cbi_view_ref(ctx, cb_json_text(entity, "kind", ""),
	                 cb_json_text(entity, "metadata.namespace", "default"),
	                 cb_json_text(entity, "metadata.name", ""), &ref);

	return rc == CB_OK ? ref : NULL;
}

/* Where the other side read it: what is missing here was registered there in
 * another way, such as by its config. */
static const char *source_of(const json_t *entity)
{
	const json_t *notes =
	    json_object_get(json_object_get(entity, "metadata"), "annotations");
	const char *source = json_string_value(
	    json_object_get(notes, "backstage.io/managed-by-location"));

	return source ? source : "";
}

static int compare(struct migrate *m, json_t *theirs,
                   const struct cbi_served *ours, json_t *differences)
{
	json_t *here;
	int rc = cb_json_parse(&m->ctl->ctx, ours->body, ours->len, &here);

	return rc < 0 ? rc
	              : cbi_compare(&m->ctl->ctx, theirs, here, differences);
}

/* One entity: same, or pending, or (the last time) what is wrong with it. */
static int judge(struct migrate *m, const char *ref, json_t *theirs,
                 const struct cbi_served *ours, bool last)
{
	json_t *differences = json_array();
	const char *path;
	int rc = CB_OK;

	if (ours->body)
		rc = compare(m, theirs, ours, differences);
	path = cb_json_text(json_array_get(differences, 0), "path", "");
	if (rc == CB_OK && ours->body && !json_array_size(differences)) {
		m->same++;
		if (!m->brief)
			rc = add_row(m, ref, "same", "", NULL);
	} else if (rc == CB_OK && !last) {
		if (json_array_append(m->pending, theirs) < 0)
			rc = cb_fail(&m->ctl->ctx, CB_ENOMEM, "out of memory");
	} else if (rc == CB_OK && ours->body) {
		m->differ++;
		rc = add_row(m, ref, "differs", path, differences);
	} else if (rc == CB_OK) {
		m->missing++;
		rc = add_row(m, ref, "missing", source_of(theirs), NULL);
	}
	json_decref(differences);
	return rc;
}

static int judge_batch(struct migrate *m, json_t *const *theirs, size_t n,
                       bool last)
{
	/* Not the copy: the portal may be down. */
	static const struct cbi_catalog catalog;
	struct cb_ctx *ctx = &m->ctl->ctx;
	struct cbi_served ours[BATCH];
	const char *refs[BATCH];
	struct cbi_ctx_mark mark;
	struct cbi_fresh fresh;
	int rc = CB_OK;

	cbi_ctx_mark(ctx, &mark);
	for (size_t i = 0; i < n; i++) {
		refs[i] = ref_of(ctx, theirs[i]);
		if (!refs[i])
			return cb_fail(ctx, CB_EUPSTREAM,
			               "it serves an entity without a kind or "
			               "a name");
		json_object_set_new(m->seen, refs[i], json_true());
	}
	rc = cbi_view_by_refs(ctx, &catalog, refs, n, ours, &fresh);
	for (size_t i = 0; i < n && rc == CB_OK; i++)
		rc = judge(m, refs[i], theirs[i], &ours[i], last);
	cbi_ctx_rewind(ctx, &mark);
	return rc;
}

static int judge_list(struct migrate *m, json_t *list, bool last)
{
	size_t total = json_array_size(list);
	json_t *batch[BATCH];
	int rc = CB_OK;

	for (size_t at = 0; at < total && rc == CB_OK;) {
		size_t n = 0;

		for (; n < BATCH && at < total; n++, at++)
			batch[n] = json_array_get(list, at);
		rc = judge_batch(m, batch, n, last);
	}
	return rc;
}

static int judge_page(void *arg, json_t *items)
{
	return judge_list(arg, items, false);
}

/* What was pending anew; the last time it is said what is wrong. */
static int judge_pending(struct migrate *m, bool last)
{
	json_t *list = m->pending;
	int rc;

	m->pending = json_array();
	rc = judge_list(m, list, last);
	json_decref(list);
	return rc;
}

static int wait_for_engines(struct migrate *m)
{
	int64_t until = cbi_clock_ms() + m->wait_ms;
	int64_t quiet = cbi_clock_ms() + QUIET_MS;
	size_t left = json_array_size(m->pending);
	int rc = CB_OK;

	while (rc == CB_OK && left && m->registered && !m->dry &&
	       cbi_clock_ms() < until && cbi_clock_ms() < quiet) {
		usleep(LOOK_MS * 1000);
		rc = judge_pending(m, false);
		if (json_array_size(m->pending) != left)
			quiet = cbi_clock_ms() + QUIET_MS;
		left = json_array_size(m->pending);
	}
	return rc;
}

/* --- what is here alone --- */

static int note_extra(void *arg, struct cbi_span body)
{
	struct migrate *m = arg;
	struct cb_ctx *ctx = &m->ctl->ctx;
	json_t *entity;
	const char *ref;
	int rc = cb_json_parse(ctx, body.ptr, body.len, &entity);

	if (rc < 0)
		return rc;
	ref = ref_of(ctx, entity);
	if (!ref || json_object_get(m->seen, ref))
		return CB_OK;
	m->extra++;
	return add_row(m, ref, "only here", source_of(entity), NULL);
}

static int note_extras(struct migrate *m)
{
	static const struct cbi_catalog catalog;
	struct cb_ctx *ctx = &m->ctl->ctx;
	struct cbi_query query = { .limit = BATCH };
	struct cbi_query_page page;
	char *cursor = NULL;
	int rc;

	do {
		struct cbi_ctx_mark mark;

		cbi_ctx_mark(ctx, &mark);
		rc = cursor ? cbi_cursor_read(ctx, &catalog, cursor, &query.at)
		            : CB_OK;
		free(cursor);
		cursor = NULL;
		if (rc == CB_OK)
			rc = cbi_query_run(ctx, &catalog, &query, note_extra, m,
			                   &page);
		if (rc == CB_OK && page.next) {
			cursor = strdup(page.next);
			if (!cursor)
				rc = cb_fail(ctx, CB_ENOMEM, "out of memory");
		}
		cbi_ctx_rewind(ctx, &mark);
	} while (rc == CB_OK && cursor);
	return rc;
}

/* --- the command --- */

static int run(struct migrate *m)
{
	struct cb_ctx *ctx = &m->ctl->ctx;
	int rc = register_all(m);

	if (rc == CB_OK)
		rc = cbi_upstream_entities(ctx, m->upstream, judge_page, m);
	if (rc == CB_OK)
		rc = wait_for_engines(m);
	if (rc == CB_OK)
		rc = judge_pending(m, true);
	return rc == CB_OK ? note_extras(m) : rc;
}

static int report(struct migrate *m)
{
	static const char *const columns[] = { "name", "result", "note", NULL };
	int rc = cbi_ctl_print(m->ctl, m->rows, columns);

	fprintf(stderr,
	        "%zu location%s %s; of their entities %zu are the same here, "
	        "%zu differ, %zu are missing; %zu are here alone\n",
	        m->registered, m->registered == 1 ? "" : "s",
	        m->dry ? "would be registered" : "registered", m->same,
	        m->differ, m->missing, m->extra);
	return rc == CBI_EXIT_OK && m->differ + m->missing ? CBI_EXIT_PARTLY
	                                                   : rc;
}

static int migrate(struct cbi_ctl *ctl, struct migrate *m,
                   const struct cbi_upstream_ask *ask)
{
	int rc;

	if (cbi_ctl_board(ctl) < 0) /* the portal never ran here */
		cb_failure_clear(&ctl->ctx);
	if (cbi_ctl_database(ctl) < 0 ||
	    cbi_upstream_open(&ctl->ctx, ask, &m->upstream) < 0)
		return cbi_ctl_fail(ctl);
	ctl->ctx.scope.all = true;
	m->rows = json_array();
	m->pending = json_array();
	m->seen = json_object();
	rc = run(m) < 0 ? cbi_ctl_fail(ctl) : report(m);
	json_decref(m->rows);
	json_decref(m->pending);
	json_decref(m->seen);
	cbi_upstream_close(m->upstream);
	return rc;
}

int cbi_ctl_migrate(struct cbi_ctl *ctl, int argc, char **argv)
{
	struct migrate m = { .ctl = ctl };
	struct cbi_upstream_ask ask = { .token_file = NULL };
	const char *wait;

	ask.base = cbi_ctl_option(&argc, argv, "--from");
	ask.token = cbi_ctl_option(&argc, argv, "--token");
	ask.token_file = cbi_ctl_option(&argc, argv, "--token-file");
	wait = cbi_ctl_option(&argc, argv, "--wait");
	m.dry = cbi_ctl_flag(&argc, argv, "--dry-run");
	m.brief = cbi_ctl_flag(&argc, argv, "--differences");
	m.wait_ms = WAIT_S * 1000;
	if (argc != 0 || !ask.base || (ask.token && ask.token_file))
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "migrate takes --from URL, and one of "
		                        "--token and --token-file");
	if (wait && (cbi_str_duration(wait, &m.wait_ms) < 0 || m.wait_ms < 0))
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "--wait '%s': expected a duration such "
		                        "as 90s or 5m",
		                        wait);
	return migrate(ctl, &m, &ask);
}
