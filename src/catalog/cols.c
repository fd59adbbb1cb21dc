/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cols.c - see cols.h.
 */
#include "catalog/cols.h"

#include <assert.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/limits.h"

/* One parameter: a batch of entities at their largest is refused before. */
#define PARAM_MAX (256 * CB_MIB)

int cbi_cols_init(struct cb_ctx *ctx, struct cbi_cols *cols, size_t n,
                  size_t rows)
{
	assert(n <= CBI_COLS_MAX);
	cols->cols = n;
	cols->rows = 0;
	cols->room = rows;
	cols->cells = cb_alloc(ctx, n * rows * sizeof(*cols->cells));
	return cols->cells ? CB_OK : CB_ENOMEM;
}

void cbi_cols_add(struct cbi_cols *cols, const char *const *cells)
{
	assert(cols->rows < cols->room);
	for (size_t i = 0; i < cols->cols; i++)
		cols->cells[i * cols->room + cols->rows] = cells[i];
	cols->rows++;
}

static int run(struct cb_ctx *ctx, const struct cbi_cols *cols,
               const struct cbi_db_stmt *stmt, const char *const *params,
               size_t n, bool pipe, struct cbi_db_result **out)
{
	struct cb_buf bufs[CBI_COLS_MAX];
	const char *all[CBI_COLS_MAX + 8];
	int rc = CB_OK;

	assert(n <= 8);
	for (size_t i = 0; i < cols->cols; i++) {
		cbi_buf_init(&bufs[i], PARAM_MAX);
		if (rc == CB_OK)
			rc = cbi_db_array_text(
			    &bufs[i], cols->cells + i * cols->room, cols->rows);
		all[i] = cbi_buf_string(&bufs[i]);
	}
	for (size_t i = 0; i < n; i++)
		all[cols->cols + i] = params[i];
	if (rc < 0)
		cb_fail(ctx, rc, "a batch of %zu rows is too large",
		        cols->rows);
	else if (pipe)
		rc = cbi_db_pipe_send(ctx, stmt, all, cols->cols + n);
	else
		rc = cbi_db_query(ctx, stmt, all, cols->cols + n, out);
	for (size_t i = 0; i < cols->cols; i++)
		cbi_buf_finish(&bufs[i]);
	return rc;
}

int cbi_cols_query(struct cb_ctx *ctx, const struct cbi_cols *cols,
                   const struct cbi_db_stmt *stmt, const char *const *params,
                   size_t n, struct cbi_db_result **out)
{
	if (out)
		*out = NULL;
	if (cols->rows == 0)
		return CB_OK;
	return run(ctx, cols, stmt, params, n, false, out);
}

int cbi_cols_send(struct cb_ctx *ctx, const struct cbi_cols *cols,
                  const struct cbi_db_stmt *stmt, const char *const *params,
                  size_t n)
{
	return cols->rows ? run(ctx, cols, stmt, params, n, true, NULL) : CB_OK;
}

static const char *taken(struct cb_ctx *ctx, struct cb_buf *buf, int rc)
{
	const char *text = NULL;

	if (rc == CB_OK)
		text = cb_strndup(ctx, buf->data, buf->len);
	else
		cb_fail(ctx, rc, "a list is too long");
	cbi_buf_finish(buf);
	return text;
}

const char *cbi_cols_ids(struct cb_ctx *ctx, const int64_t *ids, size_t n)
{
	struct cb_buf buf;

	cbi_buf_init(&buf, PARAM_MAX);
	return taken(ctx, &buf, cbi_db_array_int(&buf, ids, n));
}

const char *cbi_cols_texts(struct cb_ctx *ctx, const char *const *texts,
                           size_t n)
{
	struct cb_buf buf;

	cbi_buf_init(&buf, PARAM_MAX);
	return taken(ctx, &buf, cbi_db_array_text(&buf, texts, n));
}
