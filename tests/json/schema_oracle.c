/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_oracle.c - our verdict on values, for whoever compares it: reads one
 * {"schema", "value"} a line, writes "ok", "no" or "bad" (of the schema) and
 * what is wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"
#include "json/json.h"
#include "json/schema.h"

static void judge(struct cb_ctx *ctx, const char *line, size_t len)
{
	struct cbi_schema_problem problem = { .rule = "" };
	const struct cbi_schema *schema;
	const char *verdict = "ok";
	json_t *both;

	if (cb_json_parse(ctx, line, len, &both) < 0) {
		printf("odd %s\n", cb_failure(ctx));
		return;
	}
	if (cbi_schema_read(ctx, json_object_get(both, "schema"), &schema,
	                    &problem) < 0)
		verdict = "bad";
	else if (cbi_schema_check(ctx, schema, json_object_get(both, "value"),
	                          &problem) < 0)
		verdict = "no";
	/* A value that it shows may hold line ends. */
	for (char *p = problem.text; *p; p++)
		if (*p == '\n')
			*p = ' ';
	printf("%s %s %s: %s\n", verdict, problem.pointer, problem.rule,
	       problem.text);
}

int main(void)
{
	size_t size = 0;
	char *line = NULL;
	ssize_t len;

	while ((len = getline(&line, &size, stdin)) > 0) {
		struct cbi_lane lane;
		struct cb_ctx ctx;

		cbi_lane_init(&lane, 64 * CB_MIB);
		cbi_ctx_init(&ctx, &lane);
		judge(&ctx, line, (size_t)len);
		cbi_ctx_finish(&ctx);
		cbi_lane_finish(&lane);
	}
	free(line);
	return 0;
}
