/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h - memory that is given out piece by piece and taken back at once.
 *
 * Blocks grow by doubling up to 1 MiB; what is larger gets a block of its own.
 * A reset keeps the first block, so a lane that serves small requests never
 * asks malloc again.  Not for several threads.
 */
#ifndef CB_BASE_ARENA_H
#define CB_BASE_ARENA_H

#include <stddef.h>

struct cbi_arena_block;

struct cbi_arena {
	struct cbi_arena_block *first;
	struct cbi_arena_block *current;
	size_t used;  /* bytes in all blocks, for the limit */
	size_t limit; /* bytes; asking beyond it gives NULL */
};

/* Needs no memory yet. */
void cbi_arena_init(struct cbi_arena *arena, size_t limit);

/* 16-byte aligned, zeroed; NULL at the limit or when malloc fails. */
void *cbi_arena_alloc(struct cbi_arena *arena, size_t size);

/* Everything given out becomes invalid; the first block is kept. */
void cbi_arena_reset(struct cbi_arena *arena);

/* A point to go back to; from an arena that has not been reset since. */
struct cbi_arena_mark {
	struct cbi_arena_block *block;
	size_t block_used, used;
};
void cbi_arena_mark(const struct cbi_arena *arena, struct cbi_arena_mark *mark);
/* What was given out since the mark becomes invalid, its blocks are freed. */
void cbi_arena_rewind(struct cbi_arena *arena,
                      const struct cbi_arena_mark *mark);

/* Gives all memory back; the arena may be used again. */
void cbi_arena_finish(struct cbi_arena *arena);

#endif
