/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oracle.c - our verdict on entities, for whoever compares it: reads one JSON
 * value a line, writes "ok" or "no" and what is wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "catalog/model.h"
#include "json/json.h"
#include "tests/lib/lane.h"

static void judge(struct cb_ctx *ctx, const char *line, size_t len)
{
	static const struct cbi_model_place place = { "file:/x/a.yaml",
		                                      "file:/x/a.yaml", NULL };
	struct cbi_problem problem = { 0 };
	struct cbi_model model;
	json_t *entity;
	int rc = cb_json_parse(ctx, line, len, &entity);

	if (rc < 0) {
		printf("odd %s\n", cb_failure(ctx));
		return;
	}
	rc = cbi_model_process(ctx, entity, &place, &model, &problem);
	/* A value that it shows may hold line ends. */
	for (char *p = problem.text; *p; p++)
		if (*p == '\n')
			*p = ' ';
	if (rc == CB_OK)
		puts("ok");
	else
		printf("no %s\n", problem.text);
}

int main(void)
{
	size_t size = 0;
	char *line = NULL;
	ssize_t len;

	while ((len = getline(&line, &size, stdin)) > 0) {
		struct lane lane;

		lane_open(&lane);
		judge(&lane.ctx, line, (size_t)len);
		lane_close(&lane);
	}
	free(line);
	return 0;
}
