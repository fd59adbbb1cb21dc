/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.c - see memory.h.
 *
 * A table of sets of four; in a full set the entry that ends first goes.  The
 * token itself is compared, so that who finds another text of the same hash
 * gains nothing; a hash that nobody outside can compute tells nothing by time.
 */
#include "auth/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/board.h"
#include "base/clock.h"
#include "base/limits.h"
#include "crypto/crypto.h"

#define SETS 512
#define WAYS 4
/* A longer one is verified each time. */
#define TOKEN_MAX 4096

struct entry {
	uint64_t hash;
	struct cbi_memory_note note;
	struct cbi_who who; /* texts in bytes, limits as below */
	int64_t until;      /* wall time */
	size_t token_len;
	size_t subject_at, plugin_at, target_at, sid_at; /* 0: none */
	size_t size;
	char bytes[]; /* the token, then the texts, each ended */
};

struct cbi_memory {
	pthread_mutex_t lock;
	uint64_t seed;
	struct entry *entries[SETS][WAYS];
};

struct cbi_memory_note cbi_memory_begin(void)
{
	return (struct cbi_memory_note){
		.registry = atomic_load(&cbi_board()->registry_number),
	};
}

struct cbi_memory *cbi_memory_create(void)
{
	struct cbi_memory *memory = calloc(1, sizeof(*memory));

	if (!memory)
		return NULL;
	pthread_mutex_init(&memory->lock, NULL);
	cbi_crypto_random(&memory->seed, sizeof(memory->seed));
	return memory;
}

/* What let somebody in is not left lying about. */
static void forget(struct entry *entry)
{
	if (!entry)
		return;
	explicit_bzero(entry->bytes, entry->size);
	free(entry);
}

void cbi_memory_destroy(struct cbi_memory *memory)
{
	if (!memory)
		return;
	for (size_t i = 0; i < SETS; i++)
		for (size_t k = 0; k < WAYS; k++)
			forget(memory->entries[i][k]);
	pthread_mutex_destroy(&memory->lock);
	free(memory);
}

static bool holds(const struct entry *entry, int64_t now)
{
	const struct cbi_memory_note *note = &entry->note;

	return now < entry->until &&
	       note->registry == atomic_load(&cbi_board()->registry_number) &&
	       (!note->keys || note->keys_number == atomic_load(note->keys));
}

/* The entry of this token in its set; NULL for none. */
static struct entry **find(struct cbi_memory *memory, const char *token,
                           size_t len, uint64_t hash)
{
	struct entry **set = memory->entries[hash % SETS];

	for (size_t i = 0; i < WAYS; i++)
		if (set[i] && set[i]->hash == hash &&
		    set[i]->token_len == len &&
		    memcmp(set[i]->bytes, token, len) == 0)
			return &set[i];
	return NULL;
}

static bool hand_out(struct cb_ctx *ctx, const struct entry *entry,
                     struct cbi_who *out, struct cbi_memory_note *note)
{
	size_t from = entry->token_len + 1, len = entry->size - from;
	char *texts = cb_alloc(ctx, len);
	struct cbi_who_limit *limit;

	if (!texts)
		return false;
	memcpy(texts, entry->bytes + from, len);
	*out = entry->who;
	out->subject = texts + entry->subject_at - from;
	out->plugin = entry->plugin_at ? texts + entry->plugin_at - from : NULL;
	note->made_ms = entry->note.made_ms;
	note->sid = entry->sid_at ? texts + entry->sid_at - from : NULL;
	if (!entry->target_at)
		return true;
	limit = cb_alloc(ctx, sizeof(*limit));
	if (!limit)
		return false;
	limit->plugin = texts + entry->target_at - from;
	out->limits = limit;
	return true;
}

bool cbi_memory_find(struct cb_ctx *ctx, struct cbi_memory *memory,
                     const char *token, struct cbi_who *out,
                     struct cbi_memory_note *note)
{
	size_t len = strlen(token);
	struct entry **at;
	uint64_t hash;
	bool found = false;

	if (len > TOKEN_MAX)
		return false;
	hash = XXH3_64bits_withSeed(token, len, memory->seed);
	pthread_mutex_lock(&memory->lock);
	at = find(memory, token, len, hash);
	if (at && holds(*at, cbi_clock_wall_ms()))
		found = hand_out(ctx, *at, out, note);
	pthread_mutex_unlock(&memory->lock);
	return found;
}

static size_t add(char *bytes, size_t *at, const char *text)
{
	size_t here = *at, len = strlen(text) + 1;

	memcpy(bytes + here, text, len);
	*at += len;
	return here;
}

static struct entry *make(const char *token, size_t len,
                          const struct cbi_memory_note *note,
                          const struct cbi_who *who)
{
	bool narrow = who->limits_count == 1 && who->limits->plugin &&
	              !who->limits->permissions && !who->limits->actions;
	size_t size = len + 1 + strlen(who->subject) + 1 +
	              (who->plugin ? strlen(who->plugin) + 1 : 0) +
	              (note->sid ? strlen(note->sid) + 1 : 0) +
	              (narrow ? strlen(who->limits->plugin) + 1 : 0);
	struct entry *entry = calloc(1, sizeof(*entry) + size);
	size_t at = 0;

	if (!entry)
		return NULL;
	entry->token_len = len;
	entry->size = size;
	entry->note = *note;
	entry->who = *who;
	entry->until = who->expires;
	if (note->no_later && note->no_later < entry->until)
		entry->until = note->no_later;
	add(entry->bytes, &at, token);
	entry->subject_at = add(entry->bytes, &at, who->subject);
	if (who->plugin)
		entry->plugin_at = add(entry->bytes, &at, who->plugin);
	if (note->sid)
		entry->sid_at = add(entry->bytes, &at, note->sid);
	entry->note.sid = NULL; /* it does not live as long */
	if (narrow)
		entry->target_at = add(entry->bytes, &at, who->limits->plugin);
	return entry;
}

/* A free place, that of one that holds no more, or of who ends first. */
static struct entry **place(struct entry **set)
{
	int64_t now = cbi_clock_wall_ms();
	struct entry **first = set;

	for (size_t i = 0; i < WAYS; i++) {
		if (!set[i] || !holds(set[i], now))
			return &set[i];
		if (set[i]->until < (*first)->until)
			first = &set[i];
	}
	return first;
}

void cbi_memory_keep(struct cbi_memory *memory, const char *token,
                     const struct cbi_memory_note *note,
                     const struct cbi_who *who)
{
	size_t len = strlen(token);
	struct entry *entry, *old, **at;

	if (len > TOKEN_MAX)
		return;
	entry = make(token, len, note, who);
	if (!entry)
		return;
	entry->hash = XXH3_64bits_withSeed(token, len, memory->seed);
	pthread_mutex_lock(&memory->lock);
	at = find(memory, token, len, entry->hash);
	if (!at)
		at = place(memory->entries[entry->hash % SETS]);
	old = *at;
	*at = entry;
	pthread_mutex_unlock(&memory->lock);
	forget(old);
}
