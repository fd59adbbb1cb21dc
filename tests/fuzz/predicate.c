/* SPDX-License-Identifier: Apache-2.0 */
/*
 * predicate.c - the `query` of a body, from its JSON text.
 */
#include "tests/fuzz/fuzz.h"

#include "json/json.h"
#include "tests/fuzz/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cb_ctx *ctx = fuzz_begin();
	const struct cbi_filter *filter;
	json_t *json;

	if (cb_json_parse(ctx, (const char *)data, size, &json) == CB_OK) {
		if (cbi_filter_predicate(ctx, json, &filter) < 0)
			FUZZ_MUST(cb_failure_code(ctx) == CB_EINVAL &&
			          *cb_failure(ctx));
		else
			fuzz_tree(ctx, filter);
	}
	fuzz_end(ctx);
	return 0;
}
