/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_chaos.c - every allocation fails once on the way of a document from
 * YAML to what readers get.  Short memory is told as that, never as a mistake
 * of the document's: its entities would be judged for it.
 */
#include "tests/lib/cmock.h"

#include <string.h>

#include "base/ctx.h"
#include "catalog/entity.h"
#include "catalog/filter.h"
#include "catalog/flatten.h"
#include "catalog/model.h"
#include "catalog/placeholder.h"
#include "json/json.h"
#include "tests/lib/chaos.h"
#include "yaml/yaml.h"

static const char document[] =
    "apiVersion: backstage.io/v1alpha1\n"
    "kind: Component\n"
    "metadata:\n"
    "  name: gate\n"
    "  description: >-\n"
    "    Opens\n"
    "    the gate\n"
    "  tags: &t [rust, grpc]\n"
    "  annotations: {a.example/b: \"c\\u00e9\"}\n"
    "  links: [{url: 'https://x.example/', title: Board}]\n"
    "spec:\n"
    "  type: service\n"
    "  lifecycle: production\n"
    "  owner: crew\n"
    "  dependsOn: [resource:store, component:harbour/kit]\n"
    "  extra: {list: *t, text: {$text: ./x}, api: {$openapi: ./y}}\n";

static const char site[] = "url:https://git.example/a.yaml";

static int read_file(struct cb_ctx *ctx, void *arg, const char *base,
                     const char *target, const char **text, size_t *len)
{
	(void)ctx;
	(void)arg;
	(void)base;
	*text = strstr(target, "z") ? "{\"p\": [1]}" : "q: {$ref: z}\nr: 1\n";
	*len = strlen(*text);
	return CB_OK;
}

static const char *resolve(struct cb_ctx *ctx, void *arg, const char *base,
                           const char *target)
{
	(void)arg;
	(void)base;
	return cb_printf(ctx, "https://git.example/%s", target);
}

static int serve(struct cb_ctx *ctx, json_t *json)
{
	struct cbi_model_final final = { .uid = "00000000-0000-4000-8000-"
		                                "000000000000" };
	const struct cb_entity *entity;
	const char *text, *body, *etag;
	char hash[CBI_MODEL_HASH];
	struct cbi_row *rows;
	json_t *again;
	size_t n;
	int rc = cbi_model_finish(ctx, json, &final, hash, &text);

	if (rc == CB_OK)
		rc = cbi_model_seal(ctx, json, text, final.uid, hash, &body,
		                    &etag);
	if (rc == CB_OK)
		rc = cb_json_parse(ctx, body, strlen(body), &again);
	if (rc == CB_OK)
		rc = cbi_entity_create(ctx, body, strlen(body), &entity);
	return rc < 0 ? rc : cbi_flatten(ctx, again, &rows, &n);
}

static int work(struct cb_ctx *ctx)
{
	static const struct cbi_placeholder_reader reader = { read_file, NULL,
		                                              resolve };
	static const struct cbi_model_place place = { site, site, NULL };
	static const char *const filters[] = {
		"kind=component,spec.type=service", "metadata.tags.rust"
	};
	const struct cbi_filter *filter;
	struct cbi_problem problem;
	struct cbi_model model;
	struct cbi_yaml_doc *doc;
	json_t *json;
	int rc = cbi_yaml_parse(ctx, document, strlen(document), &doc);

	if (rc < 0)
		return rc;
	if (doc->error)
		return CB_EINVAL;
	json = cbi_yaml_json(doc->root);
	rc = cbi_json_keep(ctx, json);
	if (rc == CB_OK)
		rc = cbi_placeholder_apply(ctx, json, site, &reader, &problem);
	if (rc == CB_OK)
		rc = cbi_model_process(ctx, json, &place, &model, &problem);
	if (rc == CB_OK)
		rc = serve(ctx, json);
	return rc < 0 ? rc : cbi_filter_parse(ctx, filters, 2, &filter);
}

static void short_memory_is_no_mistake_of_a_document(void **state)
{
	int n = 0;
	bool failed;

	(void)state;
	if (!chaos_ready())
		skip();
	do {
		struct cbi_lane lane;
		struct cb_ctx ctx;
		int rc;

		cbi_lane_init(&lane, 64 * CB_MIB);
		cbi_ctx_init(&ctx, &lane);
		chaos_arm(++n);
		rc = work(&ctx);
		failed = chaos_disarm();
		if (rc != CB_OK && (rc != CB_ENOMEM || !failed))
			fail_msg("%d is %s: %s", n, cb_code_name(rc),
			         cb_failure(&ctx));
		cbi_ctx_finish(&ctx);
		cbi_lane_finish(&lane);
	} while (failed && n < 10000);
	print_message("%d allocations\n", n - 1);
	assert_in_range(n, 50, 9999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_memory_is_no_mistake_of_a_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
