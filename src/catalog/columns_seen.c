/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns_seen.c - which rows a scope sees: see columns.h.
 *
 * A predicate gives two sets: rows that it fits in any case, and rows that it
 * may fit.  Where columns know the answer both are the same; between them an
 * entity's bytes decide.  What a class sees of a row depends on that row
 * alone, so rows that the set before had are not judged again.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/columns_build.h"
#include "catalog/sight.h"
#include "copy/copy.h"

/* Of one set of columns; further classes are judged for each request.  At
 * 100,000 entities one takes 12 kB. */
#define CLASSES_MAX 512

struct class
{
	struct class *next;
	uint32_t rows; /* judged, from the first on */
	uint64_t *set;
	char name[];
};

struct cbi_columns_seen {
	_Atomic(struct class *) first; /* of all rows */
	_Atomic uint32_t count;
	struct class *before; /* of the rows that the older set had */
};

static struct class *new_class(const char *name, uint32_t rows,
                               const uint64_t *set, uint32_t words)
{
	size_t len = strlen(name) + 1;
	struct class *class = malloc(sizeof(*class) + len);

	if (!class)
		return NULL;
	class->set = malloc((words + 1) * sizeof(*set));
	if (!class->set) {
		free(class);
		return NULL;
	}
	memcpy(class->set, set, words * sizeof(*set));
	memcpy(class->name, name, len);
	class->rows = rows;
	return class;
}

static void free_list(struct class *class)
{
	while (class) {
		struct class *next = class->next;

		free(class->set);
		free(class);
		class = next;
	}
}

void cbi_columns_seen_destroy(struct cbi_columns_seen *seen)
{
	if (!seen)
		return;
	free_list(atomic_load(&seen->first));
	free_list(seen->before);
	free(seen);
}

/* What nobody asked of the older set is not taken along. */
struct cbi_columns_seen *cbi_columns_seen_create(const struct cbi_columns *old)
{
	struct cbi_columns_seen *seen = calloc(1, sizeof(*seen));
	struct class *class = NULL, *copy;

	if (seen && old)
		class = atomic_load(&old->seen->first);
	for (; class; class = class->next) {
		copy = new_class(class->name, old->n, class->set, old->words);
		/* Without memory it is judged anew. */
		if (!copy)
			break;
		copy->next = seen->before;
		seen->before = copy;
	}
	return seen;
}

static const struct class *find(const struct class *class, const char *name)
{
	while (class && strcmp(class->name, name) != 0)
		class = class->next;
	return class;
}

/* --- judging --- */

struct bounds {
	uint64_t *must, *may;
};

static int new_set(struct cb_ctx *ctx, const struct cbi_columns *c,
                   uint64_t **out)
{
	*out = cb_alloc(ctx, (c->words + 1) * sizeof(**out));
	return *out ? CB_OK : CB_ENOMEM;
}

static int bound(struct cb_ctx *ctx, const struct cbi_columns *c,
                 const struct cbi_filter *filter, struct bounds *out);

static int bound_not(struct cb_ctx *ctx, const struct cbi_columns *c,
                     const struct cbi_filter *filter, struct bounds *out)
{
	struct bounds child;
	int rc = bound(ctx, c, filter->children[0], &child);

	for (uint32_t w = 0; rc == CB_OK && w < c->words; w++) {
		out->must[w] = c->alive[w] & ~child.may[w];
		out->may[w] = c->alive[w] & ~child.must[w];
	}
	return rc;
}

static int bound_group(struct cb_ctx *ctx, const struct cbi_columns *c,
                       const struct cbi_filter *filter, struct bounds *out)
{
	bool all = filter->op == CBI_FILTER_ALL;
	struct bounds child;
	int rc = CB_OK;

	for (uint32_t w = 0; w < c->words && all; w++)
		out->must[w] = out->may[w] = c->alive[w];
	for (size_t i = 0; i < filter->child_count && rc == CB_OK; i++) {
		rc = bound(ctx, c, filter->children[i], &child);
		for (uint32_t w = 0; rc == CB_OK && w < c->words; w++) {
			if (all) {
				out->must[w] &= child.must[w];
				out->may[w] &= child.may[w];
			} else {
				out->must[w] |= child.must[w];
				out->may[w] |= child.may[w];
			}
		}
	}
	return rc;
}

static int bound(struct cb_ctx *ctx, const struct cbi_columns *c,
                 const struct cbi_filter *filter, struct bounds *out)
{
	int rc;

	if (cbi_columns_can(filter)) {
		rc = cbi_columns_match(ctx, c, filter, &out->must);
		out->may = out->must;
		return rc;
	}
	rc = new_set(ctx, c, &out->must);
	if (rc == CB_OK)
		rc = new_set(ctx, c, &out->may);
	if (rc < 0)
		return rc;
	if (filter->key) {
		memcpy(out->may, c->alive, c->words * sizeof(*out->may));
		return CB_OK;
	}
	return filter->op == CBI_FILTER_NOT ? bound_not(ctx, c, filter, out)
	                                    : bound_group(ctx, c, filter, out);
}

static int look(struct cb_ctx *ctx, const struct cbi_columns *c,
                struct cbi_copy_txn *txn, const struct cbi_sight *sight,
                uint32_t row, bool *seen)
{
	char ref[CB_REF_MAX + 1];
	size_t len = cbi_columns_ref(c, row, ref);
	struct cbi_layout_head head;
	struct cbi_span record;
	int rc = cbi_copy_get(txn, CBI_TABLE_ENTITY, ref, len, &record);

	if (rc < 0)
		return cb_fail(ctx, CB_EBUG,
		               "the copy has columns of '%s' but no body", ref);
	cbi_layout_read(record, &head);
	return cbi_sight_sees(ctx, sight, head.body, seen);
}

/* Judges the rows from `from` on; those before stand in set already. */
static int judge(struct cb_ctx *ctx, const struct cbi_columns *c,
                 struct cbi_copy_txn *txn, uint32_t from, uint64_t *set)
{
	struct cbi_sight sight;
	struct bounds bounds;
	int rc = cbi_sight_open(ctx, &sight);

	if (rc == CB_OK)
		rc = bound(ctx, c, sight.filter, &bounds);
	for (uint32_t w = from / 64; rc == CB_OK && w < c->words; w++) {
		uint64_t here =
		    w == from / 64 ? ~(uint64_t)0 << (from % 64) : ~(uint64_t)0;
		uint64_t open = bounds.may[w] & ~bounds.must[w] & here;

		set[w] |= bounds.must[w] & here;
		for (; open && rc == CB_OK; open &= open - 1) {
			uint32_t bit = (uint32_t)__builtin_ctzll(open);
			bool seen = false;

			rc = look(ctx, c, txn, &sight, w * 64 + bit, &seen);
			set[w] |= (uint64_t)seen << bit;
		}
	}
	return rc;
}

static void keep(const struct cbi_columns *c, const char *name,
                 const uint64_t *set)
{
	struct cbi_columns_seen *seen = c->seen;
	struct class *class;

	if (atomic_fetch_add(&seen->count, 1) >= CLASSES_MAX) {
		atomic_fetch_sub(&seen->count, 1);
		return;
	}
	class = new_class(name, c->n, set, c->words);
	if (!class)
		return;
	class->next = atomic_load(&seen->first);
	while (!atomic_compare_exchange_weak(&seen->first, &class->next, class))
		;
}

int cbi_columns_seen(struct cb_ctx *ctx, const struct cbi_columns *columns,
                     struct cbi_copy_txn *txn, const uint64_t **out)
{
	const struct cbi_columns *c = columns;
	const struct class *class;
	uint32_t from = 0;
	uint64_t *set;
	int rc;

	*out = c->alive;
	if (ctx->scope.all || !txn)
		return CB_OK;
	class = find(atomic_load(&c->seen->first), ctx->scope.cls);
	if (class) {
		*out = class->set;
		return CB_OK;
	}
	rc = new_set(ctx, c, &set);
	if (rc < 0)
		return rc;
	class = find(c->seen->before, ctx->scope.cls);
	if (class) {
		from = class->rows;
		for (uint32_t w = 0; w < (from + 63) / 64; w++)
			set[w] = class->set[w] & c->alive[w];
	}
	rc = judge(ctx, c, txn, from, set);
	if (rc < 0)
		return rc;
	keep(c, ctx->scope.cls, set);
	*out = set;
	return CB_OK;
}
