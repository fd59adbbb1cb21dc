/* SPDX-License-Identifier: Apache-2.0 */
/*
 * member.c - see member.h.
 */
#include "catalog/member.h"

#include <string.h>

#include "base/str.h"
#include "catalog/fold.h"
#include "catalog/layout.h"
#include "catalog/scan.h"
#include "copy/copy.h"

struct walk {
	struct cb_ctx *ctx;
	struct cbi_copy_txn *txn;
	struct cbi_member *all;
	size_t n, room;
};

static struct cbi_span span_of(const char *text)
{
	return (struct cbi_span){ text, strlen(text) };
}

static bool is_known(const struct walk *walk, const char *ref)
{
	for (size_t i = 0; i < walk->n; i++)
		if (strcmp(walk->all[i].ref, ref) == 0)
			return true;
	return false;
}

static int add(struct walk *walk, const char *ref, size_t from)
{
	const char *folded = cbi_catalog_fold(walk->ctx, ref);

	if (!folded)
		return CB_ENOMEM;
	if (walk->n == walk->room || is_known(walk, folded))
		return CB_OK;
	folded = folded == ref ? cb_strdup(walk->ctx, ref) : folded;
	if (!folded)
		return CB_ENOMEM;
	walk->all[walk->n] = (struct cbi_member){ folded, from };
	walk->n++;
	return CB_OK;
}

/* A relation that leads to a group? */
static bool leads(struct cbi_span relation, char ref[CB_REF_MAX + 1])
{
	struct cbi_span value;
	char type[16];

	return cbi_scan_member(relation, span_of("type"), &value) &&
	       cbi_scan_string(value, type, sizeof(type)) > 0 &&
	       (strcmp(type, "memberOf") == 0 ||
	        strcmp(type, "childOf") == 0) &&
	       cbi_scan_member(relation, span_of("targetRef"), &value) &&
	       cbi_scan_string(value, ref, CB_REF_MAX + 1) > 0 &&
	       cbi_str_starts(ref, "group:");
}

static int look(struct walk *walk, size_t i)
{
	const char *ref = walk->all[i].ref;
	size_t len = strlen(ref), at = 0;
	struct cbi_span record, list, key, item;
	struct cbi_layout_head head;
	char target[CB_REF_MAX + 1];
	int rc = CB_OK;

	if (len == 0 || len > CB_REF_MAX ||
	    cbi_copy_get(walk->txn, CBI_TABLE_ENTITY, ref, len, &record) < 0)
		return CB_OK;
	cbi_layout_read(record, &head);
	if (!cbi_scan_member(head.body, span_of("relations"), &list))
		return CB_OK;
	while (rc == CB_OK && cbi_scan_next(list, &at, &key, &item))
		if (leads(item, target))
			rc = add(walk, target, i);
	return rc;
}

int cbi_member_of(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                  const char *const *refs, size_t n,
                  const struct cbi_member **out, size_t *count)
{
	struct walk walk = { .ctx = ctx, .txn = txn };
	int rc = CB_OK;

	walk.room = CBI_MEMBER_MAX > n ? CBI_MEMBER_MAX : n;
	walk.all = cb_alloc(ctx, walk.room * sizeof(*walk.all));
	if (!walk.all)
		return CB_ENOMEM;
	for (size_t i = 0; i < n && rc == CB_OK; i++)
		rc = add(&walk, refs[i], walk.n);
	for (size_t i = 0; i < walk.n && rc == CB_OK; i++)
		rc = look(&walk, i);
	*out = walk.all;
	*count = walk.n;
	return rc;
}

int cbi_catalog_owns(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                     const char *ref, const char *const **out, size_t *n)
{
	struct walk walk = { .ctx = ctx, .txn = txn };
	const char **owns;
	int rc;

	walk.room = CBI_MEMBER_MAX;
	walk.all = cb_alloc(ctx, walk.room * sizeof(*walk.all));
	rc = walk.all ? add(&walk, ref, 0) : CB_ENOMEM;
	if (rc == CB_OK)
		rc = look(&walk, 0);
	owns = cb_alloc(ctx, (walk.n + 1) * sizeof(*owns));
	if (rc < 0 || !owns)
		return rc < 0 ? rc : CB_ENOMEM;
	for (size_t i = 0; i < walk.n; i++)
		owns[i] = walk.all[i].ref;
	*out = owns;
	*n = walk.n;
	return CB_OK;
}

uint64_t cbi_member_number(struct cbi_copy_txn *txn, char database[40])
{
	struct cbi_layout_state state;

	if (cbi_layout_state_get(txn, &state) < 0) {
		database[0] = '\0';
		return 0;
	}
	memcpy(database, state.database, sizeof(state.database));
	return state.number;
}
