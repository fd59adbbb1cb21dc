/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <string.h>

#include "base/ctx.h"
#include "catalog/project.h"

static const char body[] =
    "{\"kind\":\"Component\",\"metadata\":{\"annotations\":{"
    "\"example.org/run\":\"a,b}\\\"\",\"x.y\":1},\"name\":\"q\\\\\","
    "\"we\\\"ird\":2,\"tags\":[\"c\",\"d\"]},\"spec\":{\"deep\":[{\"a\":1,"
    "\"b\":[true,null]},\"z\"],\"nothing\":null}}";

static const char *projected(struct cb_ctx *ctx, struct cb_buf *buf,
                             const char *const *params, size_t n)
{
	struct cbi_fields *fields;

	cbi_buf_clear(buf);
	cb_failure_clear(ctx);
	if (cbi_fields_parse(ctx, params, n, &fields) < 0)
		return "!";
	if (!fields)
		return "-";
	/* Twice: the scratch memory serves one after another. */
	cbi_fields_write(fields, (struct cbi_span){ body, strlen(body) }, buf);
	cbi_buf_clear(buf);
	cbi_fields_write(fields, (struct cbi_span){ body, strlen(body) }, buf);
	return cbi_buf_string(buf);
}

static void paths_cut_an_entity_down(void **state)
{
	static const struct {
		const char *fields, *out;
	} rows[] = {
		{ "kind", "{\"kind\":\"Component\"}" },
		{ " kind , kind,,", "{\"kind\":\"Component\"}" },
		{ "metadata.name,kind",
		  "{\"metadata\":{\"name\":\"q\\\\\"},\"kind\":"
		  "\"Component\"}" },
		{ "Kind", "{}" },
		{ "metadata.annotations.example.org/run",
		  "{\"metadata\":{\"annotations\":{\"example.org/run\":"
		  "\"a,b}\\\"\"}}}" },
		{ "metadata.annotations.x.y",
		  "{\"metadata\":{\"annotations\":{\"x.y\":1}}}" },
		{ "metadata.we\"ird", "{\"metadata\":{\"we\\\"ird\":2}}" },
		{ "spec.deep.0.a", "{\"spec\":{\"deep\":[{\"a\":1}]}}" },
		{ "spec.deep.1", "{\"spec\":{\"deep\":[null,\"z\"]}}" },
		{ "spec.deep.1,spec.deep.0.b.1",
		  "{\"spec\":{\"deep\":[{\"b\":[null,null]},\"z\"]}}" },
		{ "spec.deep.2", "{}" },
		{ "spec.deep.00", "{}" },
		{ "spec.nothing", "{\"spec\":{\"nothing\":null}}" },
		{ "spec.nothing.x", "{}" },
		{ "metadata.tags,metadata.tags.0",
		  "{\"metadata\":{\"tags\":[\"c\",\"d\"]}}" },
		{ "metadata.tags.0,metadata.tags",
		  "{\"metadata\":{\"tags\":[\"c\",\"d\"]}}" },
		{ "__proto__,constructor,..,a..b,metadata.tags.length", "{}" },
		{ "metadata.name.length", "{}" },
		{ ",", "-" },
		{ "a[0]", "!" },
	};
	struct cbi_lane lane;
	struct cb_ctx ctx;
	struct cb_buf buf;

	(void)state;
	cbi_lane_init(&lane, CB_ARENA_REQUEST_MAX);
	cbi_ctx_init(&ctx, &lane);
	cbi_buf_init(&buf, CB_MIB);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(projected(&ctx, &buf, &rows[i].fields, 1),
		                    rows[i].out);
	cbi_buf_finish(&buf);
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
}

static void ten_thousand_paths_are_refused(void **state)
{
	static char text[60001];
	const char *params[] = { text };
	struct cbi_lane lane;
	struct cb_ctx ctx;
	struct cb_buf buf;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		text[6 * i] = (char)('a' + i % 26);
		text[6 * i + 1] = (char)('a' + i / 26 % 26);
		text[6 * i + 2] = (char)('a' + i / 676);
		memcpy(text + 6 * i + 3, ".x,", 3);
	}
	cbi_lane_init(&lane, CB_ARENA_REQUEST_MAX);
	cbi_ctx_init(&ctx, &lane);
	cbi_buf_init(&buf, CB_MIB);
	assert_string_equal(projected(&ctx, &buf, params, 1), "!");
	assert_int_equal(cb_failure_code(&ctx), CB_EINVAL);
	cbi_buf_finish(&buf);
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_cut_an_entity_down),
		cmocka_unit_test(ten_thousand_paths_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
