/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ref.c - entity refs with every mix of defaults, and location refs.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "catalog/ref.h"

static void entity_ref(struct cb_ctx *ctx, const char *text, const char *kind,
                       const char *space)
{
	const char *out, *again, *why = NULL;

	if (cbi_ref_canonical(ctx, text, kind, space, &out, &why) < 0) {
		FUZZ_MUST(why && *why);
		FUZZ_MUST(cb_failure_code(ctx) == CB_OK);
		return;
	}
	/* Canonical is what it stays. */
	FUZZ_MUST(cbi_ref_canonical(ctx, out, NULL, NULL, &again, NULL) ==
	          CB_OK);
	FUZZ_MUST(strcmp(out, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cb_ctx *ctx = fuzz_begin();
	const char *text = fuzz_text(ctx, data, size);
	const char *type, *target, *why = NULL;

	entity_ref(ctx, text, NULL, NULL);
	entity_ref(ctx, text, "component", NULL);
	entity_ref(ctx, text, NULL, "space");
	entity_ref(ctx, text, "Group", "Space");
	if (cbi_location_ref_parse(ctx, text, &type, &target, &why) == CB_OK) {
		FUZZ_MUST(*type && *target);
		FUZZ_MUST(!cbi_ref_is_script(target));
	} else {
		FUZZ_MUST(why && *why);
	}
	(void)cbi_ref_is_script(text);
	fuzz_end(ctx);
	return 0;
}
