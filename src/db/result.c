/* SPDX-License-Identifier: Apache-2.0 */
/*
 * result.c - reading results, writing parameters.
 */
#include "db/db_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

size_t cbi_db_rows(const struct cbi_db_result *result)
{
	return (size_t)PQntuples(result->pg);
}

const char *cbi_db_text(const struct cbi_db_result *result, size_t row,
                        size_t col)
{
	assert(row < cbi_db_rows(result));
	assert(col < (size_t)PQnfields(result->pg));
	if (PQgetisnull(result->pg, (int)row, (int)col))
		return NULL;
	return PQgetvalue(result->pg, (int)row, (int)col);
}

size_t cbi_db_len(const struct cbi_db_result *result, size_t row, size_t col)
{
	if (!cbi_db_text(result, row, col))
		return 0;
	return (size_t)PQgetlength(result->pg, (int)row, (int)col);
}

int64_t cbi_db_int(const struct cbi_db_result *result, size_t row, size_t col)
{
	const char *text = cbi_db_text(result, row, col);
	int64_t n;

	if (!text || cbi_str_int(text, INT64_MIN, INT64_MAX, &n) < 0)
		return 0;
	return n;
}

bool cbi_db_bool(const struct cbi_db_result *result, size_t row, size_t col)
{
	const char *text = cbi_db_text(result, row, col);

	return text && text[0] == 't';
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int cbi_db_bytes(struct cb_ctx *ctx, const struct cbi_db_result *result,
                 size_t row, size_t col, const unsigned char **out, size_t *len)
{
	const char *text = cbi_db_text(result, row, col);
	size_t n = cbi_db_len(result, row, col);
	unsigned char *bytes;

	if (!text) {
		*out = NULL;
		*len = 0;
		return CB_OK;
	}
	if (n < 2 || n % 2 || text[0] != '\\' || text[1] != 'x')
		return cb_fail(ctx, CB_EBUG, "column %zu is no bytea", col);
	n = n / 2 - 1;
	bytes = cb_alloc(ctx, n + 1);
	if (!bytes)
		return CB_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		int high = nibble(text[2 + 2 * i]);
		int low = nibble(text[3 + 2 * i]);

		if (high < 0 || low < 0)
			return cb_fail(ctx, CB_EBUG, "column %zu is no bytea",
			               col);
		bytes[i] = (unsigned char)(high << 4 | low);
	}
	*out = bytes;
	*len = n;
	return CB_OK;
}

const char *cbi_db_bytea(struct cb_ctx *ctx, const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *bytes = data;
	char *text = cb_alloc(ctx, 2 * len + 3);

	if (!text)
		return NULL;
	text[0] = '\\';
	text[1] = 'x';
	for (size_t i = 0; i < len; i++) {
		text[2 + 2 * i] = digits[bytes[i] >> 4];
		text[3 + 2 * i] = digits[bytes[i] & 15];
	}
	return text;
}

const char *cbi_db_number(struct cb_ctx *ctx, int64_t number)
{
	return cb_printf(ctx, "%lld", (long long)number);
}

static void add_quoted(struct cb_buf *buf, const char *text)
{
	cb_buf_add(buf, "\"", 1);
	while (*text) {
		size_t plain = strcspn(text, "\"\\");

		cb_buf_add(buf, text, plain);
		text += plain;
		if (*text) {
			cb_buf_add(buf, "\\", 1);
			cb_buf_add(buf, text++, 1);
		}
	}
	cb_buf_add(buf, "\"", 1);
}

int cbi_db_array_text(struct cb_buf *buf, const char *const *texts, size_t n)
{
	cb_buf_add(buf, "{", 1);
	for (size_t i = 0; i < n; i++) {
		if (i)
			cb_buf_add(buf, ",", 1);
		if (texts[i])
			add_quoted(buf, texts[i]);
		else
			cb_buf_add(buf, "NULL", 4);
	}
	return cb_buf_add(buf, "}", 1);
}

int cbi_db_array_int(struct cb_buf *buf, const int64_t *numbers, size_t n)
{
	cb_buf_add(buf, "{", 1);
	for (size_t i = 0; i < n; i++)
		cb_buf_printf(buf, i ? ",%lld" : "%lld", (long long)numbers[i]);
	return cb_buf_add(buf, "}", 1);
}
