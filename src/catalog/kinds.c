/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinds.c - see kinds.h.
 */
#include "catalog/kinds.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "catalog/model_priv.h"
#include "crypto/crypto.h"
#include "json/json.h"
#include "json/schema.h"

struct row {
	const char *kind;
	const json_t *versions;
	const struct cbi_schema *schema; /* NULL: anything goes */
	char mark[CB_SHA1_HEX];          /* of the schema's text */
};

struct cbi_kinds {
	struct row *rows;
	size_t n;
	bool any;
};

const struct cbi_kinds cbi_kinds_any = { .any = true };

static int read_schema(struct cb_ctx *ctx, const json_t *schema, size_t i,
                       struct row *row)
{
	struct cbi_schema_problem problem;
	struct cb_buf text;
	int rc;

	cbi_buf_init(&text, 16 * CB_MIB);
	rc = schema ? cbi_json_canonical(&text, schema) : CB_OK;
	if (rc == CB_OK)
		cbi_crypto_sha1_hex(cbi_buf_string(&text), text.len, row->mark);
	cbi_buf_finish(&text);
	if (rc < 0)
		return cb_fail(ctx, rc, "catalog.kinds.%zu.schema: too long",
		               i);
	if (!schema)
		return CB_OK;
	rc = cbi_schema_read(ctx, schema, &row->schema, &problem);
	return rc == CB_EINVAL
	           ? cb_fail(ctx, rc, "catalog.kinds.%zu.schema: %s: %s", i,
	                     problem.pointer, problem.text)
	           : rc;
}

int cbi_kinds_read(struct cb_ctx *ctx, const json_t *list,
                   const struct cbi_kinds **out)
{
	size_t n = json_array_size(list);
	struct cbi_kinds *kinds = cb_alloc(ctx, sizeof(*kinds));
	int rc = CB_OK;

	if (kinds)
		kinds->rows = cb_alloc(ctx, (n + 1) * sizeof(*kinds->rows));
	if (!kinds || !kinds->rows)
		return CB_ENOMEM;
	for (size_t i = 0; rc == CB_OK && i < n; i++) {
		const json_t *one = json_array_get(list, i);
		struct row *row = &kinds->rows[kinds->n++];

		row->kind = json_string_value(json_object_get(one, "kind"));
		row->versions = json_object_get(one, "apiVersions");
		rc =
		    row->kind
			? read_schema(ctx, json_object_get(one, "schema"), i,
		                      row)
			: cb_fail(ctx, CB_EINVAL,
		                  "catalog.kinds.%zu.kind: expected a name", i);
	}
	if (rc == CB_OK)
		*out = kinds;
	return rc;
}

static bool has_version(const struct row *row, const char *version)
{
	for (size_t i = 0; i < json_array_size(row->versions); i++) {
		const char *one =
		    json_string_value(json_array_get(row->versions, i));

		if (one && strcmp(one, version) == 0)
			return true;
	}
	return false;
}

static const struct row *find(const struct cbi_kinds *kinds,
                              const json_t *entity)
{
	const char *version =
	    json_string_value(json_object_get(entity, "apiVersion"));
	const char *kind = json_string_value(json_object_get(entity, "kind"));

	for (size_t i = 0; i < kinds->n; i++)
		if (strcmp(kinds->rows[i].kind, kind) == 0 &&
		    has_version(&kinds->rows[i], version))
			return &kinds->rows[i];
	return NULL;
}

int cbi_kinds_check(struct cb_ctx *ctx, const struct cbi_kinds *kinds,
                    const json_t *entity, bool *mine,
                    struct cbi_problem *problem)
{
	struct cbi_schema_problem found;
	const struct row *row;
	int rc;

	*mine = kinds && kinds->any;
	row = kinds ? find(kinds, entity) : NULL;
	if (!row)
		return CB_OK;
	*mine = true;
	if (!row->schema)
		return CB_OK;
	rc = cbi_schema_check(ctx, row->schema, entity, &found);
	if (rc != CB_EINVAL)
		return rc;
	return cbi_problem_set(problem, found.path, "%s (%s%s%s)", found.text,
	                       found.rule, found.rule[0] ? " at " : "",
	                       found.pointer[0] ? found.pointer : "/");
}

const char *cbi_kinds_mark(const struct cbi_kinds *kinds, const json_t *entity)
{
	const struct row *row = kinds ? find(kinds, entity) : NULL;

	return row ? row->mark : NULL;
}

const char *cbi_kinds_version(const struct cbi_kinds *kinds, const char *kind)
{
	for (size_t i = 0; kinds && i < kinds->n; i++)
		if (strcmp(kinds->rows[i].kind, kind) == 0)
			return json_string_value(
			    json_array_get(kinds->rows[i].versions, 0));
	return NULL;
}

void cbi_kinds_names(const struct cbi_kinds *kinds, struct cb_buf *out)
{
	for (size_t i = 0; kinds && i < kinds->n; i++)
		cb_buf_printf(out, ", %s", kinds->rows[i].kind);
}
