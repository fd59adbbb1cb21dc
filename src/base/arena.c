/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.c - see arena.h.  Under AddressSanitizer every piece is a block of
 * its own, so that a write past its end is seen.
 */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

#if defined(__SANITIZE_ADDRESS__)
#define OWN_BLOCK_EACH 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OWN_BLOCK_EACH 1
#endif
#endif
#ifndef OWN_BLOCK_EACH
#define OWN_BLOCK_EACH 0
#endif

#define ALIGN 16
#define BLOCK_MAX (1 * CB_MIB)

struct cbi_arena_block {
	struct cbi_arena_block *next;
	size_t size;
	size_t used;
	size_t pad; /* keeps data aligned */
	unsigned char data[];
};

void cbi_arena_init(struct cbi_arena *arena, size_t limit)
{
	memset(arena, 0, sizeof(*arena));
	arena->limit = limit;
}

static size_t block_size(const struct cbi_arena *arena, size_t size)
{
	size_t want = CB_ARENA_BLOCK;

	if (OWN_BLOCK_EACH)
		return size;
	if (arena->current)
		want = arena->current->size * 2;
	if (want > BLOCK_MAX)
		want = BLOCK_MAX;
	return size > want ? size : want;
}

static struct cbi_arena_block *add_block(struct cbi_arena *arena, size_t size)
{
	struct cbi_arena_block *block;
	size_t bytes = block_size(arena, size);

	if (bytes > arena->limit || arena->used > arena->limit - bytes)
		return NULL;
	block = malloc(sizeof(*block) + bytes);
	if (!block)
		return NULL;
	block->next = NULL;
	block->size = bytes;
	block->used = 0;
	arena->used += bytes;
	if (arena->current)
		arena->current->next = block;
	else
		arena->first = block;
	arena->current = block;
	return block;
}

void *cbi_arena_alloc(struct cbi_arena *arena, size_t size)
{
	struct cbi_arena_block *block = arena->current;
	void *ptr;

	if (size > SIZE_MAX - ALIGN)
		return NULL;
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (size == 0)
		size = ALIGN;
	if (!block || block->size - block->used < size) {
		block = add_block(arena, size);
		if (!block)
			return NULL;
	}
	ptr = block->data + block->used;
	block->used += size;
	memset(ptr, 0, size);
	return ptr;
}

static void free_from(struct cbi_arena_block *block)
{
	while (block) {
		struct cbi_arena_block *next = block->next;

		free(block);
		block = next;
	}
}

void cbi_arena_reset(struct cbi_arena *arena)
{
	if (!arena->first)
		return;
	if (OWN_BLOCK_EACH) {
		cbi_arena_finish(arena);
		return;
	}
	free_from(arena->first->next);
	arena->first->next = NULL;
	arena->first->used = 0;
	arena->current = arena->first;
	arena->used = arena->first->size;
}

void cbi_arena_mark(const struct cbi_arena *arena, struct cbi_arena_mark *mark)
{
	mark->block = arena->current;
	mark->block_used = arena->current ? arena->current->used : 0;
	mark->used = arena->used;
}

void cbi_arena_rewind(struct cbi_arena *arena,
                      const struct cbi_arena_mark *mark)
{
	if (!mark->block) {
		cbi_arena_reset(arena);
		return;
	}
	free_from(mark->block->next);
	mark->block->next = NULL;
	mark->block->used = mark->block_used;
	arena->current = mark->block;
	arena->used = mark->used;
}

void cbi_arena_finish(struct cbi_arena *arena)
{
	free_from(arena->first);
	arena->first = NULL;
	arena->current = NULL;
	arena->used = 0;
}
