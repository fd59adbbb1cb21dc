/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter.c - the `filter` grammar: one parameter a line.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "base/str.h"
#include "tests/fuzz/tree.h"

#define PARAMS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cb_ctx *ctx = fuzz_begin();
	char *text = fuzz_text(ctx, data, size);
	const char *params[PARAMS];
	const struct cbi_filter *filter;
	size_t n = 0;

	for (char *save, *line = strtok_r(text, "\n", &save);
	     line && n < PARAMS; line = strtok_r(NULL, "\n", &save))
		params[n++] = line;
	/* The first step of a request lets nothing else in. */
	if (!cbi_str_utf8((const char *)data, size))
		n = 0;
	if (cbi_filter_parse(ctx, params, n, &filter) < 0)
		FUZZ_MUST(cb_failure_code(ctx) == CB_EINVAL);
	else if (filter)
		fuzz_tree(ctx, filter);
	fuzz_end(ctx);
	return 0;
}
