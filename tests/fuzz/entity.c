/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entity.c - a YAML file becomes served entities: parser, rules, relations,
 * served form, search rows.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "catalog/entity.h"
#include "catalog/flatten.h"
#include "catalog/model.h"
#include "catalog/placeholder.h"
#include "catalog/ref.h"
#include "json/json.h"
#include "yaml/yaml.h"

static int no_file(struct cb_ctx *ctx, void *arg, const char *base,
                   const char *target, const char **text, size_t *len)
{
	(void)arg;
	(void)base;
	if (strlen(target) % 2)
		return cb_fail(ctx, CB_ENOENT, "no such file");
	*text = target;
	*len = strlen(target);
	return CB_OK;
}

/* What readers get of a processed entity is an entity. */
static void serve(struct cb_ctx *ctx, json_t *json,
                  const struct cbi_model *model)
{
	struct cbi_model_final final = { .uid = "00000000-0000-4000-8000-"
		                                "000000000000" };
	const char *text, *body, *etag;
	const struct cb_entity *entity;
	char hash[CBI_MODEL_HASH];
	struct cbi_row *rows;
	json_t *again;
	size_t n;

	if (cbi_model_finish(ctx, json, &final, hash, &text) < 0 ||
	    cbi_model_seal(ctx, json, text, final.uid, hash, &body, &etag) < 0)
		return;
	FUZZ_MUST(cb_json_parse(ctx, body, strlen(body), &again) == CB_OK);
	FUZZ_MUST(cbi_str_utf8(body, strlen(body)));
	FUZZ_MUST(cbi_entity_create(ctx, body, strlen(body), &entity) == CB_OK);
	FUZZ_MUST(strcmp(cb_entity_ref(entity), model->ref) == 0);
	FUZZ_MUST(cbi_flatten(ctx, again, &rows, &n) == CB_OK);
	for (size_t i = 0; i < n; i++)
		FUZZ_MUST(rows[i].key);
}

static void process(struct cb_ctx *ctx, const struct cbi_yaml *root)
{
	static const struct cbi_placeholder_reader reader = { .read = no_file };
	static const char *const at = "url:https://example.com/a.yaml";
	const struct cbi_model_place place = { at, at, NULL };
	struct cbi_problem problem = { 0 };
	struct cbi_model model;
	const char *canonical;
	json_t *json = cbi_yaml_json(root);

	if (!json)
		return;
	if (cbi_placeholder_apply(ctx, json, at, &reader, &problem) == CB_OK &&
	    cbi_model_process(ctx, json, &place, &model, &problem) == CB_OK) {
		FUZZ_MUST(cbi_ref_canonical(ctx, model.ref, NULL, NULL,
		                            &canonical, NULL) == CB_OK);
		FUZZ_MUST(strcmp(canonical, model.ref) == 0);
		serve(ctx, json, &model);
	}
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cb_ctx *ctx = fuzz_begin();
	struct cbi_yaml_doc *docs = NULL;
	struct cb_buf buf;

	if (cbi_yaml_parse(ctx, (const char *)data, size, &docs) < 0)
		docs = NULL;
	for (struct cbi_yaml_doc *doc = docs; doc; doc = doc->next) {
		if (doc->root)
			process(ctx, doc->root);
		if (!doc->error)
			continue;
		cbi_buf_init(&buf, CB_MIB);
		(void)!cbi_yaml_excerpt(&buf, (const char *)data, size,
		                        doc->line, doc->column);
		cbi_buf_finish(&buf);
	}
	fuzz_end(ctx);
	return 0;
}
