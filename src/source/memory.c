/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.c - see memory.h.  uthash keeps the order of insertion, so a row
 * that is used goes to the end and the first is the one to go.
 */
#include "source/memory.h"

#include "base/buf.h"
#include "base/limits.h"
#include "source/value.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct row {
	UT_hash_handle hh;
	int64_t fetched_at;
	size_t len;
	char *data; /* an envelope */
	char key[];
};

struct cbi_serve_memory {
	pthread_mutex_t lock;
	struct row *rows;
	size_t used, max;
};

struct cbi_serve_memory *cbi_serve_memory_create(size_t max)
{
	struct cbi_serve_memory *memory = calloc(1, sizeof(*memory));

	if (!memory)
		return NULL;
	pthread_mutex_init(&memory->lock, NULL);
	memory->max = max;
	return memory;
}

static size_t weight(const struct row *row)
{
	return sizeof(*row) + strlen(row->key) + 1 + row->len;
}

static void drop(struct cbi_serve_memory *memory, struct row *row)
{
	memory->used -= weight(row);
	HASH_DEL(memory->rows, row);
	free(row->data);
	free(row);
}

void cbi_serve_memory_destroy(struct cbi_serve_memory *memory)
{
	if (!memory)
		return;
	while (memory->rows)
		drop(memory, memory->rows);
	pthread_mutex_destroy(&memory->lock);
	free(memory);
}

static struct row *find(struct cbi_serve_memory *memory, const char *key)
{
	struct row *row;

	HASH_FIND_STR(memory->rows, key, row);
	return row;
}

int cbi_serve_memory_get(struct cb_ctx *ctx, struct cbi_serve_memory *memory,
                         const char *redis_key, struct cbi_source_value *out)
{
	struct row *row;
	char *copy = NULL;
	size_t len = 0;
	int rc = CB_ENOENT;

	pthread_mutex_lock(&memory->lock);
	row = find(memory, redis_key);
	if (row) {
		HASH_DEL(memory->rows, row);
		HASH_ADD_STR(memory->rows, key, row);
		len = row->len;
		copy = cb_alloc(ctx, len + 1);
		if (copy)
			memcpy(copy, row->data, len);
		rc = copy ? CB_OK : CB_ENOMEM;
	}
	pthread_mutex_unlock(&memory->lock);
	if (rc == CB_OK && !cbi_value_decode(copy, len, redis_key, out))
		return CB_ENOENT;
	return rc;
}

static struct row *make(const char *redis_key,
                        const struct cbi_source_value *value)
{
	size_t key_len = strlen(redis_key) + 1;
	struct row *row = calloc(1, sizeof(*row) + key_len);
	struct cb_buf buf;

	if (!row)
		return NULL;
	memcpy(row->key, redis_key, key_len);
	row->fetched_at = value->fetched_at;
	cbi_buf_init(&buf, CB_SOURCE_ENVELOPE_MAX + 2);
	if (cbi_value_encode(value, redis_key, &buf) == CB_OK)
		row->data = cbi_buf_take(&buf, &row->len);
	cbi_buf_finish(&buf);
	if (!row->data) {
		free(row);
		return NULL;
	}
	return row;
}

void cbi_serve_memory_put(struct cbi_serve_memory *memory,
                          const char *redis_key,
                          const struct cbi_source_value *value)
{
	struct row *row = make(redis_key, value), *old;

	if (!row)
		return;
	pthread_mutex_lock(&memory->lock);
	old = find(memory, redis_key);
	if (weight(row) > memory->max / 2 ||
	    (old && old->fetched_at > row->fetched_at)) {
		free(row->data);
		free(row);
	} else {
		if (old)
			drop(memory, old);
		while (memory->rows && memory->used + weight(row) > memory->max)
			drop(memory, memory->rows);
		HASH_ADD_STR(memory->rows, key, row);
		memory->used += weight(row);
	}
	pthread_mutex_unlock(&memory->lock);
}
