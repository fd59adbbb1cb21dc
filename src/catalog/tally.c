/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally.c - see tally.h.
 */
#include "catalog/tally.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 64

static uint32_t hash_of(const char *value)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (; *value; value++)
		hash = (hash ^ (unsigned char)*value) * 16777619u;
	return hash;
}

/* The slot of value, or the free one where it belongs. */
static struct cbi_tally_slot *slot_of(const struct cbi_tally *tally,
                                      const char *value, uint32_t hash)
{
	size_t mask = tally->size - 1;

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		struct cbi_tally_slot *slot = &tally->slots[i];

		if (!slot->value ||
		    (slot->hash == hash && strcmp(slot->value, value) == 0))
			return slot;
	}
}

static int grow(struct cb_ctx *ctx, struct cbi_tally *tally)
{
	struct cbi_tally larger = { NULL, 0, tally->used };

	larger.size = tally->size ? tally->size * 2 : FIRST_SIZE;
	larger.slots = cb_alloc(ctx, larger.size * sizeof(*larger.slots));
	if (!larger.slots)
		return CB_ENOMEM;
	for (size_t i = 0; i < tally->size; i++) {
		const struct cbi_tally_slot *slot = &tally->slots[i];

		if (slot->value)
			*slot_of(&larger, slot->value, slot->hash) = *slot;
	}
	*tally = larger;
	return CB_OK;
}

int cbi_tally_add(struct cb_ctx *ctx, struct cbi_tally *tally,
                  const char *value, uint32_t row)
{
	uint32_t hash = hash_of(value);
	struct cbi_tally_slot *slot;

	if ((tally->used + 1) * 4 > tally->size * 3 && grow(ctx, tally) < 0)
		return CB_ENOMEM;
	slot = slot_of(tally, value, hash);
	if (!slot->value) {
		slot->value = value;
		slot->hash = hash;
		tally->used++;
	}
	if (slot->last != row) {
		slot->last = row;
		slot->count++;
	}
	return CB_OK;
}

static int by_value(const void *a, const void *b)
{
	const struct cbi_tally_slot *left = a, *right = b;

	return strcmp(left->value, right->value);
}

const struct cbi_tally_slot *cbi_tally_sorted(struct cbi_tally *tally,
                                              size_t *n)
{
	size_t count = 0;

	for (size_t i = 0; i < tally->size; i++)
		if (tally->slots[i].value)
			tally->slots[count++] = tally->slots[i];
	if (count)
		qsort(tally->slots, count, sizeof(*tally->slots), by_value);
	*n = count;
	return tally->slots;
}
