/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ancestry.c - see ancestry.h.
 */
#include "catalog/ancestry.h"

#include <string.h>

#include "base/ctx.h"
#include "catalog/sight.h"
#include "db/db.h"
#include "json/json.h"

/* What the statement gives; parents by their place in it. */
struct found {
	const char *ref;
	struct cbi_span body; /* ptr NULL: not served */
	const json_t *parents;
	bool seen;
};

struct walk {
	struct cb_ctx *ctx;
	struct found *all;
	size_t n;
};

static struct found *find(const struct walk *walk, const char *ref)
{
	for (size_t i = 0; i < walk->n; i++)
		if (strcmp(walk->all[i].ref, ref) == 0)
			return &walk->all[i];
	return NULL;
}

/* The served parent at an index of its list; NULL when it is not served. */
static struct found *parent_at(const struct walk *walk, const struct found *of,
                               size_t i)
{
	const char *ref = json_string_value(json_array_get(of->parents, i));
	struct found *parent = ref ? find(walk, ref) : NULL;

	return parent && parent->body.ptr ? parent : NULL;
}

static int read_all(struct cb_ctx *ctx, const char *ref, struct walk *walk)
{
	static const struct cbi_db_stmt fetch = {
		"catalog_ancestry",
		"with recursive up (id) as (select id from callboard.node "
		"where ref = $1 union select e.parent from callboard.edge e "
		"join up u on e.child = u.id where e.parent is not null) "
		"select n.ref, s.body, coalesce((select json_agg(p.ref order "
		"by p.id)::text from callboard.edge x join callboard.node p "
		"on p.id = x.parent where x.child = n.id), '[]') from up join "
		"callboard.node n on n.id = up.id left join callboard.entity "
		"s on s.id = n.id",
	};
	struct cbi_db_result *rows;
	int rc = cbi_db_query(ctx, &fetch, &ref, 1, &rows);

	if (rc < 0)
		return rc;
	walk->n = cbi_db_rows(rows);
	walk->all = cb_alloc(ctx, (walk->n + 1) * sizeof(*walk->all));
	if (!walk->all)
		return CB_ENOMEM;
	for (size_t i = 0; i < walk->n; i++) {
		json_t *parents = json_loads(cbi_db_text(rows, i, 2), 0, NULL);

		walk->all[i] = (struct found){
			.ref = cbi_db_text(rows, i, 0),
			.body = { cbi_db_text(rows, i, 1),
			          cbi_db_len(rows, i, 1) },
			.parents = parents,
		};
		if (cbi_json_keep(ctx, parents) < 0)
			return CB_ENOMEM;
	}
	return CB_OK;
}

static int take(const struct walk *walk, const struct found *from,
                struct cbi_ancestor *out)
{
	size_t n = json_array_size(from->parents);
	const char **parents = cb_alloc(walk->ctx, (n + 1) * sizeof(*parents));

	if (!parents)
		return CB_ENOMEM;
	out->ref = from->ref;
	out->body = from->body;
	out->parents = parents;
	out->parent_count = 0;
	for (size_t i = 0; i < n; i++) {
		const struct found *parent = parent_at(walk, from, i);

		if (parent)
			parents[out->parent_count++] = parent->ref;
	}
	return CB_OK;
}

/* What is not to be seen is not served here. */
static int judge(const struct walk *walk)
{
	struct cbi_sight sight;
	int rc = cbi_sight_open(walk->ctx, &sight);

	for (size_t i = 0; i < walk->n && rc == CB_OK && !sight.all; i++) {
		struct found *one = &walk->all[i];
		bool seen = false;

		if (one->body.ptr)
			rc =
			    cbi_sight_sees(walk->ctx, &sight, one->body, &seen);
		if (!seen)
			one->body = (struct cbi_span){ NULL, 0 };
	}
	return rc;
}

int cbi_ancestry(struct cb_ctx *ctx, const char *ref,
                 const struct cbi_ancestor **out, size_t *n)
{
	struct walk walk = { .ctx = ctx };
	struct cbi_ancestor *list;
	struct found **todo, *root;
	size_t waiting = 0, count = 0;
	int rc = read_all(ctx, ref, &walk);

	if (rc == CB_OK)
		rc = judge(&walk);
	if (rc < 0)
		return rc;
	root = find(&walk, ref);
	if (!root || !root->body.ptr)
		return cb_fail(ctx, CB_ENOENT, "no entity with ref '%.200s'",
		               ref);
	list = cb_alloc(ctx, walk.n * sizeof(*list));
	todo = cb_alloc(ctx, walk.n * sizeof(*todo));
	if (!list || !todo)
		return CB_ENOMEM;
	root->seen = true;
	todo[waiting++] = root;
	while (waiting > 0 && rc == CB_OK) {
		struct found *at = todo[--waiting];

		rc = take(&walk, at, &list[count++]);
		for (size_t i = 0; i < json_array_size(at->parents); i++) {
			struct found *parent = parent_at(&walk, at, i);

			if (!parent || parent->seen)
				continue;
			parent->seen = true;
			todo[waiting++] = parent;
		}
	}
	*out = list;
	*n = count;
	return rc;
}
