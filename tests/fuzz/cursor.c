/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cursor.c - cursors as clients bring them: text, or the JSON in it.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "catalog/cursor.h"
#include "crypto/crypto.h"
#include "tests/fuzz/tree.h"

static bool never_signed(struct cb_ctx *ctx, void *signer, const char *text,
                         const char *mac)
{
	(void)ctx;
	(void)signer;
	FUZZ_MUST(text && mac);
	return false;
}

static const char *encoded(struct cb_ctx *ctx, const char *text)
{
	size_t len = strlen(text);
	char *out = cb_alloc(ctx, CB_BASE64_LEN(len));

	FUZZ_MUST(out);
	cbi_crypto_base64(CBI_BASE64_STD, text, len, out);
	return out;
}

static void cursor(struct cb_ctx *ctx, const char *text)
{
	static const struct cbi_catalog open = { 0 };
	static const struct cbi_catalog strict = { .is_signed = never_signed };
	struct cbi_cursor at, same;
	const char *out, *again;

	FUZZ_MUST(cbi_cursor_read(ctx, &strict, text, &at) < 0);
	cb_failure_clear(ctx);
	if (cbi_cursor_read(ctx, &open, text, &at) < 0) {
		FUZZ_MUST(cb_failure_code(ctx) == CB_EINVAL);
		return;
	}
	if (at.filter)
		fuzz_tree(ctx, at.filter);
	if (cbi_cursor_write(ctx, &open, &at, &out) < 0)
		return; /* it had an edge too long to write again */
	FUZZ_MUST(cbi_cursor_read(ctx, &open, out, &same) == CB_OK);
	FUZZ_MUST(cbi_cursor_write(ctx, &open, &same, &again) == CB_OK);
	FUZZ_MUST(strcmp(out, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cb_ctx *ctx = fuzz_begin();
	const char *text = fuzz_text(ctx, data, size);

	cursor(ctx, text[0] == '{' ? encoded(ctx, text) : text);
	fuzz_end(ctx);
	return 0;
}
