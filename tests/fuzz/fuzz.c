/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cb_ctx *fuzz_begin(void)
{
	static struct cbi_lane lane;
	static struct cb_ctx ctx;
	static bool made;

	if (!made)
		cbi_lane_init(&lane, CB_ARENA_REQUEST_MAX);
	made = true;
	cbi_ctx_init(&ctx, &lane);
	return &ctx;
}

void fuzz_end(struct cb_ctx *ctx)
{
	cbi_ctx_finish(ctx);
}

char *fuzz_text(struct cb_ctx *ctx, const uint8_t *data, size_t size)
{
	char *text = cb_alloc(ctx, size + 1);

	FUZZ_MUST(text);
	memcpy(text, data, size);
	for (size_t i = 0; i < size; i++)
		if (!text[i])
			text[i] = ' ';
	text[size] = '\0';
	return text;
}

void fuzz_broken(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: broken promise: %s\n", file, line, what);
	abort();
}
