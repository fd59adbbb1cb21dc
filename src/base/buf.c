/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.c - see callboard/buf.h and base/buf.h.
 */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 256

void cbi_buf_init(struct cb_buf *buf, size_t max)
{
	memset(buf, 0, sizeof(*buf));
	buf->max = max;
}

void cbi_buf_clear(struct cb_buf *buf)
{
	buf->len = 0;
	buf->failed = CB_OK;
	if (buf->data)
		buf->data[0] = '\0';
}

void cbi_buf_finish(struct cb_buf *buf)
{
	free(buf->data);
	buf->data = NULL;
	buf->len = 0;
	buf->cap = 0;
}

const char *cbi_buf_string(const struct cb_buf *buf)
{
	return buf->data ? buf->data : "";
}

/* Room for len more bytes at data + len; the caller raises len itself. */
static int reserve(struct cb_buf *buf, size_t len)
{
	size_t cap = buf->cap ? buf->cap : FIRST_CAP;
	char *data;

	if (buf->failed)
		return buf->failed;
	if (len > buf->max || buf->len > buf->max - len)
		return buf->failed = CB_ETOOBIG;
	if (buf->data && buf->cap - buf->len > len)
		return CB_OK;
	while (cap - buf->len <= len)
		cap *= 2;
	data = realloc(buf->data, cap);
	if (!data)
		return buf->failed = CB_ENOMEM;
	buf->data = data;
	buf->cap = cap;
	return CB_OK;
}

int cb_buf_add(struct cb_buf *buf, const void *data, size_t len)
{
	int rc = reserve(buf, len);

	if (rc < 0)
		return rc;
	if (len)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
	return CB_OK;
}

int cb_buf_text(struct cb_buf *buf, const char *text)
{
	return cb_buf_add(buf, text, strlen(text));
}

int cb_buf_printf(struct cb_buf *buf, const char *fmt, ...)
{
	va_list args;
	int len, rc;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		return buf->failed = CB_EBUG;
	rc = reserve(buf, (size_t)len);
	if (rc < 0)
		return rc;
	va_start(args, fmt);
	vsnprintf(buf->data + buf->len, (size_t)len + 1, fmt, args);
	va_end(args);
	buf->len += (size_t)len;
	return CB_OK;
}

char *cbi_buf_take(struct cb_buf *buf, size_t *len)
{
	char *data = buf->failed ? NULL : buf->data;

	if (!data)
		return NULL;
	*len = buf->len;
	buf->data = NULL;
	buf->len = 0;
	buf->cap = 0;
	return data;
}
