/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache.c - see cache.h.
 *
 * Keys are spread over shards, each with its own lock, chains and clock.  The
 * clock's hand passes over what was asked for since its last round and takes
 * the first that was not.  One lock at a time, and never while an answer is
 * copied or compressed.
 */
#include "cache/cache.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zlib.h>

#include "base/metric.h"

#define SHARDS 16
#define CHAINS 1024
#define GZIP_LEAST 256
/* An eighth of the ceiling for one answer. */
#define SHARE 8

struct cbi_cache_key {
	uint64_t hash;
	size_t len;
	char text[];
};

struct packed {
	size_t len; /* 0: does not become smaller */
	char data[];
};

struct entry {
	struct cbi_blob blob; /* first: a blob is its entry */
	atomic_uint refs;     /* the table's and the contexts' */
	_Atomic(struct packed *) packed;
	/* Under the shard's lock: */
	struct entry *chain;
	struct entry *before, *after; /* the clock's ring */
	bool asked, linked;
	size_t bytes; /* counted against the ceiling */
	/* Fixed: */
	uint64_t hash, number;
	size_t key_len;
	char data[]; /* key, body, texts */
};

struct shard {
	pthread_mutex_t lock;
	struct entry *chains[CHAINS];
	struct entry *hand;
	size_t count;
};

struct cbi_cache {
	size_t ceiling;
	atomic_size_t bytes;
	struct shard shards[SHARDS];
};

static struct shard *shard_of(struct cbi_cache *cache, uint64_t hash)
{
	return &cache->shards[hash >> 60];
}

static void drop(void *ptr)
{
	struct entry *entry = ptr;

	if (atomic_fetch_sub(&entry->refs, 1) != 1)
		return;
	free(atomic_load(&entry->packed));
	free(entry);
}

static struct entry **find(struct shard *shard, const struct cbi_cache_key *key)
{
	struct entry **at = &shard->chains[key->hash % CHAINS];

	for (; *at; at = &(*at)->chain)
		if ((*at)->hash == key->hash && (*at)->key_len == key->len &&
		    memcmp((*at)->data, key->text, key->len) == 0)
			break;
	return at;
}

/* Takes entry out of ring and sum; its chain has been mended already. */
static void unlink_entry(struct cbi_cache *cache, struct shard *shard,
                         struct entry *entry)
{
	if (shard->hand == entry)
		shard->hand = entry->after == entry ? NULL : entry->after;
	entry->before->after = entry->after;
	entry->after->before = entry->before;
	entry->linked = false;
	shard->count--;
	atomic_fetch_sub(&cache->bytes, entry->bytes);
}

static void link_entry(struct cbi_cache *cache, struct shard *shard,
                       struct entry *entry)
{
	if (shard->hand) {
		/* Behind the hand: the last to be looked at. */
		entry->after = shard->hand;
		entry->before = shard->hand->before;
		entry->before->after = entry;
		entry->after->before = entry;
	} else {
		entry->before = entry->after = entry;
		shard->hand = entry;
	}
	entry->linked = true;
	shard->count++;
	atomic_fetch_add(&cache->bytes, entry->bytes);
}

static void unchain(struct shard *shard, struct entry *entry)
{
	struct entry **at = &shard->chains[entry->hash % CHAINS];

	while (*at != entry)
		at = &(*at)->chain;
	*at = entry->chain;
}

/* Throws one out of the shard; NULL when it is empty. */
static struct entry *evict(struct cbi_cache *cache, struct shard *shard)
{
	struct entry *entry;

	pthread_mutex_lock(&shard->lock);
	while ((entry = shard->hand) && entry->asked) {
		entry->asked = false;
		shard->hand = entry->after;
	}
	if (entry) {
		unchain(shard, entry);
		unlink_entry(cache, shard, entry);
	}
	pthread_mutex_unlock(&shard->lock);
	return entry;
}

/* Makes room, in this shard first. */
static void shrink(struct cbi_cache *cache, struct shard *shard)
{
	size_t first = (size_t)(shard - cache->shards);
	struct entry *entry;

	for (size_t i = 0; i < SHARDS; i++) {
		shard = &cache->shards[(first + i) % SHARDS];
		while (atomic_load(&cache->bytes) > cache->ceiling) {
			entry = evict(cache, shard);
			if (!entry)
				break;
			drop(entry);
		}
	}
}

struct cbi_cache *cbi_cache_create(size_t bytes)
{
	struct cbi_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return NULL;
	cache->ceiling = bytes ? bytes : CB_CACHE_BYTES;
	for (size_t i = 0; i < SHARDS; i++)
		pthread_mutex_init(&cache->shards[i].lock, NULL);
	return cache;
}

void cbi_cache_clear(struct cbi_cache *cache)
{
	struct entry *entry;

	for (size_t i = 0; i < SHARDS; i++)
		while ((entry = evict(cache, &cache->shards[i])))
			drop(entry);
}

void cbi_cache_destroy(struct cbi_cache *cache)
{
	if (!cache)
		return;
	cbi_cache_clear(cache);
	for (size_t i = 0; i < SHARDS; i++)
		pthread_mutex_destroy(&cache->shards[i].lock);
	free(cache);
}

void cbi_cache_usage(struct cbi_cache *cache, size_t *bytes, size_t *count)
{
	*bytes = atomic_load(&cache->bytes);
	*count = 0;
	for (size_t i = 0; i < SHARDS; i++) {
		pthread_mutex_lock(&cache->shards[i].lock);
		*count += cache->shards[i].count;
		pthread_mutex_unlock(&cache->shards[i].lock);
	}
}

const struct cbi_cache_key *cbi_cache_key(struct cb_ctx *ctx,
                                          const struct cbi_scope *scope,
                                          const char *fmt, ...)
{
	struct cbi_cache_key *key;
	va_list args;
	int head, tail;

	/* Neither a class nor a number holds the separator. */
	head = snprintf(NULL, 0, "%s\n%lld\n", scope->cls,
	                (long long)scope->as_of);
	va_start(args, fmt);
	tail = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (head < 0 || tail < 0)
		return NULL;
	key = cb_alloc(ctx, sizeof(*key) + (size_t)head + (size_t)tail + 1);
	if (!key)
		return NULL;
	key->len = (size_t)head + (size_t)tail;
	snprintf(key->text, (size_t)head + 1, "%s\n%lld\n", scope->cls,
	         (long long)scope->as_of);
	va_start(args, fmt);
	vsnprintf(key->text + head, (size_t)tail + 1, fmt, args);
	va_end(args);
	key->hash = XXH3_64bits(key->text, key->len);
	return key;
}

int cbi_cache_get(struct cb_ctx *ctx, struct cbi_cache *cache,
                  const struct cbi_cache_key *key, uint64_t number,
                  const struct cbi_blob **out)
{
	struct shard *shard = shard_of(cache, key->hash);
	struct entry *entry;
	int rc;

	pthread_mutex_lock(&shard->lock);
	entry = *find(shard, key);
	if (entry && entry->number != number)
		entry = NULL;
	if (entry) {
		entry->asked = true;
		atomic_fetch_add(&entry->refs, 1);
	}
	pthread_mutex_unlock(&shard->lock);
	cbi_metric_add(entry ? CBI_COUNT_CACHE_HITS : CBI_COUNT_CACHE_MISSES,
	               1);
	if (!entry)
		return CB_ENOENT;
	rc = cb_defer(ctx, drop, entry);
	if (rc == CB_OK)
		*out = &entry->blob;
	return rc;
}

static char *place(char **at, const char *data, size_t len)
{
	char *copy = *at;

	if (len)
		memcpy(copy, data, len);
	copy[len] = '\0';
	*at += len + 1;
	return copy;
}

static struct entry *make(const struct cbi_cache_key *key, uint64_t number,
                          const struct cbi_blob *blob)
{
	const char *type = blob->type ? blob->type : "";
	const char *etag = blob->etag ? blob->etag : "";
	const char *headers = blob->headers ? blob->headers : "";
	size_t size = sizeof(struct entry) + key->len + 1 + blob->len + 1 +
	              strlen(type) + 1 + strlen(etag) + 1 + strlen(headers) + 1;
	struct entry *entry = malloc(size);
	char *at;

	if (!entry)
		return NULL;
	memset(entry, 0, sizeof(*entry));
	atomic_init(&entry->refs, 1);
	entry->bytes = size;
	entry->hash = key->hash;
	entry->number = number;
	entry->key_len = key->len;
	at = entry->data;
	place(&at, key->text, key->len);
	entry->blob.status = blob->status;
	entry->blob.len = blob->len;
	entry->blob.body = place(&at, blob->body, blob->len);
	entry->blob.type = place(&at, type, strlen(type));
	entry->blob.etag = place(&at, etag, strlen(etag));
	entry->blob.headers = place(&at, headers, strlen(headers));
	return entry;
}

/* The table's own reference goes in. */
static void keep(struct cbi_cache *cache, const struct cbi_cache_key *key,
                 struct entry *entry)
{
	struct shard *shard = shard_of(cache, key->hash);
	struct entry **at, *old;

	atomic_fetch_add(&entry->refs, 1);
	pthread_mutex_lock(&shard->lock);
	at = find(shard, key);
	old = *at;
	entry->chain = old ? old->chain : NULL;
	*at = entry;
	if (old)
		unlink_entry(cache, shard, old);
	link_entry(cache, shard, entry);
	pthread_mutex_unlock(&shard->lock);
	if (old)
		drop(old);
	if (atomic_load(&cache->bytes) > cache->ceiling)
		shrink(cache, shard);
}

int cbi_cache_put(struct cb_ctx *ctx, struct cbi_cache *cache,
                  const struct cbi_cache_key *key, uint64_t number,
                  const struct cbi_blob *blob, const struct cbi_blob **out)
{
	struct entry *entry = NULL;
	int rc;

	if (out || blob->len <= cache->ceiling / SHARE)
		entry = make(key, number, blob);
	if (!entry && out)
		return cb_fail(ctx, CB_ENOMEM, "no memory for an answer");
	if (!entry)
		return CB_OK;
	if (entry->bytes <= cache->ceiling / SHARE)
		keep(cache, key, entry);
	if (!out) {
		drop(entry);
		return CB_OK;
	}
	rc = cb_defer(ctx, drop, entry);
	if (rc == CB_OK)
		*out = &entry->blob;
	return rc;
}

static struct packed *pack(const struct cbi_blob *blob)
{
	z_stream z = { 0 };
	struct packed *packed;
	size_t bound;

	/* 16 above the window's 15 bits: gzip instead of zlib. */
	if (blob->len > UINT32_MAX / 2 ||
	    deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8,
	                 Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	bound = deflateBound(&z, blob->len);
	packed = malloc(sizeof(*packed) + bound);
	if (packed) {
		struct packed *smaller;

		z.next_in = (Bytef *)(uintptr_t)blob->body;
		z.avail_in = (uInt)blob->len;
		z.next_out = (Bytef *)packed->data;
		z.avail_out = (uInt)bound;
		packed->len =
		    deflate(&z, Z_FINISH) == Z_STREAM_END ? z.total_out : 0;
		if (packed->len >= blob->len)
			packed->len = 0;
		smaller = realloc(packed, sizeof(*packed) + packed->len);
		packed = smaller ? smaller : packed;
	}
	deflateEnd(&z);
	return packed;
}

/* Counts what the kept answer grew by. */
static void account(struct cbi_cache *cache, struct entry *entry, size_t more)
{
	struct shard *shard = shard_of(cache, entry->hash);

	pthread_mutex_lock(&shard->lock);
	if (entry->linked) {
		entry->bytes += more;
		atomic_fetch_add(&cache->bytes, more);
	}
	pthread_mutex_unlock(&shard->lock);
	if (atomic_load(&cache->bytes) > cache->ceiling)
		shrink(cache, shard);
}

int cbi_cache_gzip(struct cb_ctx *ctx, struct cbi_cache *cache,
                   const struct cbi_blob *blob, struct cbi_span *out)
{
	struct entry *entry = (struct entry *)(uintptr_t)blob;
	struct packed *packed = atomic_load(&entry->packed), *none = NULL;

	(void)ctx;
	if (blob->len < GZIP_LEAST)
		return CB_ENOENT;
	if (!packed) {
		packed = pack(blob);
		if (!packed)
			return CB_ENOENT;
		/* Another thread may have been quicker. */
		if (atomic_compare_exchange_strong(&entry->packed, &none,
		                                   packed)) {
			account(cache, entry, sizeof(*packed) + packed->len);
		} else {
			free(packed);
			packed = none;
		}
	}
	if (packed->len == 0)
		return CB_ENOENT;
	out->ptr = packed->data;
	out->len = packed->len;
	return CB_OK;
}
