/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plugin_test.h - what the tests of plugins share: a context, an entity, a
 * writer, and stand-ins for what the host does.
 *
 * Included after the plugin's .c; link with
 * -Wl,--wrap=cb_source_json,--wrap=cb_http_get,--wrap=cb_entity_get.  With
 * PLUGIN_HAS_SOURCES defined it stands in for tools, else for the catalog.
 */
#ifndef CB_TESTS_PLUGIN_TEST_H
#define CB_TESTS_PLUGIN_TEST_H

#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "catalog/entity.h"
#include "html/html.h"

static struct cbi_lane lane;
static struct cb_ctx ctx;
static struct cb_buf body;
static struct cb_html html;

/* What cb_source_json answers: a code, or the JSON text. */
static int source_code;
static const char *source_text;
/* What cb_http_get answers to the n-th request, and what was asked. */
static int http_code;
static const char *http_body[4] __attribute__((unused));
static char http_url[4][1024] __attribute__((unused));
static size_t http_count;
/* What cb_entity_get knows. */
static const char *known_ref, *known_body;

int __wrap_cb_source_json(struct cb_ctx *c, const char *name,
                          const struct cb_entity *entity, json_t **out);
int __wrap_cb_http_get(struct cb_ctx *c, const char *url,
                       const struct cb_reply **out);
int __wrap_cb_entity_get(struct cb_ctx *c, const char *ref,
                         const struct cb_entity **out);

#ifdef PLUGIN_HAS_SOURCES
int __wrap_cb_source_json(struct cb_ctx *c, const char *name,
                          const struct cb_entity *entity, json_t **out)
{
	const struct cb_source *source = cb_plugin_entry.sources;
	const char *key;
	int rc;

	while (source->name && strcmp(source->name, name) != 0)
		source++;
	assert_non_null(source->name);
	rc = source->key(c, NULL, entity, &key);
	if (rc < 0)
		return rc;
	if (source_code < 0)
		return source_code;
	return cb_json_parse(c, source_text, strlen(source_text), out);
}

int __wrap_cb_http_get(struct cb_ctx *c, const char *url,
                       const struct cb_reply **out)
{
	struct cb_reply *reply = cb_alloc(c, sizeof(*reply));

	assert_non_null(reply);
	assert_true(http_count < 4);
	snprintf(http_url[http_count], sizeof(http_url[0]), "%s", url);
	if (http_code < 0)
		return cb_fail(c, http_code, "as the test wants it");
	reply->status = 200;
	reply->type = "application/json";
	reply->body = http_body[http_count++];
	reply->body_len = strlen(reply->body);
	*out = reply;
	return CB_OK;
}
#else
int __wrap_cb_entity_get(struct cb_ctx *c, const char *ref,
                         const struct cb_entity **out)
{
	if (!known_ref || strcmp(known_ref, ref) != 0)
		return cb_fail(c, CB_ENOENT, "no entity '%s'", ref);
	return cbi_entity_create(c, known_body, strlen(known_body), out);
}
#endif

static int set_up(void **state)
{
	(void)state;
	cbi_lane_init(&lane, 8 << 20);
	cbi_ctx_init(&ctx, &lane);
	cbi_buf_init(&body, 1 << 20);
	cbi_html_init(&html, &ctx, &body, "card", 3);
	source_code = http_code = CB_OK;
	source_text = known_ref = known_body = NULL;
	http_count = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	cbi_buf_finish(&body);
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return 0;
}

/* A component with one annotation (or none) and one owner (or none). */
static inline const struct cb_entity *component(const char *annotation,
                                                const char *value,
                                                const char *owner)
{
	const struct cb_entity *entity;
	char *text;

	text = cb_printf(
	    &ctx,
	    "{\"apiVersion\":\"backstage.io/v1alpha1\",\"kind\":\"Component\","
	    "\"metadata\":{\"name\":\"ferry\",\"namespace\":\"default\","
	    "\"uid\":\"6a0e2d5c-4f3b-4c1a-9d8e-7f6a5b4c3d2e\",\"etag\":\"x\","
	    "\"annotations\":{\"%s\":\"%s\"}},\"spec\":{\"type\":\"service\"},"
	    "\"relations\":[%s%s%s]}",
	    annotation ? annotation : "test/none", value ? value : "",
	    owner ? "{\"type\":\"ownedBy\",\"targetRef\":\"" : "",
	    owner ? owner : "", owner ? "\"}" : "");
	assert_non_null(text);
	assert_int_equal(cbi_entity_create(&ctx, text, strlen(text), &entity),
	                 CB_OK);
	return entity;
}

/* The card's code; what it drew is in page() afterwards. */
static inline int draw(void *plugin_state, const struct cb_entity *entity)
{
	int rc =
	    cb_plugin_entry.cards[0].draw(&ctx, plugin_state, entity, &html);

	assert_int_equal(cbi_html_end(&html), CB_OK);
	return rc;
}

static inline const char *page(void)
{
	return cbi_buf_string(&body);
}

#define assert_shows(text)                                            \
	do {                                                          \
		if (!strstr(page(), text))                            \
			fail_msg("'%s' is not in: %s", text, page()); \
	} while (0)
#define assert_hides(text)                                        \
	do {                                                      \
		if (strstr(page(), text))                         \
			fail_msg("'%s' is in: %s", text, page()); \
	} while (0)
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
