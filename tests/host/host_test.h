/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host_test.h - a host with the tiny plugins of tests/abi, anew for each test.
 */
#ifndef CB_TESTS_HOST_TEST_H
#define CB_TESTS_HOST_TEST_H

#include "tests/lib/cmock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/board.h"
#include "base/clock.h"
#include "base/ctx.h"
#include "catalog/entity.h"
#include "config/config.h"
#include "host/host.h"
#include "html/html.h"
#include "http/http.h"
#include "registry/registry.h"
#include "source/source.h"
static char home[64];
static struct cbi_lane lane;
static struct cb_ctx ctx;
static struct cbi_config *config;
static struct cbi_registry *registry;
static struct cbi_host *host;
static struct cb_buf body;
static struct cb_html html;
static int value_code;

static const char entity_body[] __attribute__((unused)) =
    "{\"apiVersion\":\"backstage.io/v1alpha1\",\"kind\":\"Component\","
    "\"metadata\":{\"name\":\"ferry\",\"namespace\":\"default\",\"uid\":"
    "\"6a0e2d5c-4f3b-4c1a-9d8e-7f6a5b4c3d2e\",\"etag\":\"x\","
    "\"annotations\":{\"callboard.test/crash\":\"yes\","
    "\"callboard.test/exits\":\"yes\",\"callboard.test/greedy\":\"yes\","
    "\"callboard.test/failing\":\"yes\",\"callboard.test/tool\":\"k1\"}},"
    "\"spec\":{\"type\":\"service\"},\"relations\":[]}";
static const char calm_body[] __attribute__((unused)) =
    "{\"apiVersion\":\"backstage.io/v1alpha1\",\"kind\":\"Component\","
    "\"metadata\":{\"name\":\"calm\",\"namespace\":\"default\",\"uid\":"
    "\"6a0e2d5c-4f3b-4c1a-9d8e-7f6a5b4c3d2f\",\"etag\":\"x\"},"
    "\"spec\":{\"type\":\"service\"},\"relations\":[]}";

/* Stands in for cbi_source_get. */
static inline int fake_value(struct cb_ctx *c, const struct cbi_source_ref *ref,
                             int budget_ms, struct cbi_source_value *out)
{
	(void)budget_ms;
	if (value_code < 0)
		return value_code == CB_EPENDING
		           ? value_code
		           : cb_fail(c, value_code, "the tool is away");
	memset(out, 0, sizeof(*out));
	*out = (struct cbi_source_value){ .code = CB_OK, .note = "" };
	out->body = cb_printf(c, "value of %s", ref->key);
	out->len = strlen(out->body);
	out->fetched_at = cbi_clock_wall_ms() - 90000;
	out->fresh_until = cbi_clock_wall_ms() - 30000;
	return CB_OK;
}

static inline void write_config(const char *more)
{
	char path[128];
	const char *files[2] = { path, NULL };
	struct cb_buf report;
	FILE *file;

	snprintf(path, sizeof(path), "%s/callboard.yaml", home);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file,
	        "app:\n  title: Test\nbackend:\n  baseUrl: http://localhost\n"
	        "  pluginDirs: [%s/plugins]\n%s",
	        home, more);
	fclose(file);
	cbi_buf_init(&report, 65536);
	if (cbi_config_load(&ctx, files, &report, &config) != CB_OK)
		fail_msg("%s", cbi_buf_string(&report));
	cbi_buf_finish(&report);
}

static inline void lay(const char *name)
{
	char command[256];

	snprintf(command, sizeof(command),
	         "mkdir -p %s/plugins && cp tests/abi/.libs/%s.so %s/plugins/",
	         home, name, home);
	assert_int_equal(system(command), 0);
}

static inline void open_host(void)
{
	struct cbi_host_joins joins = { .config = config, .value = fake_value };
	char path[128];

	snprintf(path, sizeof(path), "%s/registry.json", home);
	assert_int_equal(
	    cbi_registry_scan(&ctx, config, cbi_host_filter(), path), CB_OK);
	assert_int_equal(cbi_registry_create(&ctx, path, NULL, 0,
	                                     cbi_host_filter(), &registry),
	                 CB_OK);
	joins.registry = registry;
	if (cbi_host_load(&ctx, &joins, "tools", &host) != CB_OK)
		fail_msg("%s", cb_failure(&ctx));
}

static inline int set_up(void **state)
{
	static const char *const all[] = { "plain",  "crash",      "exits",
		                           "greedy", "failing",    "failstart",
		                           "slow",   "crashstart", "tool" };

	(void)state;
	strcpy(home, "/tmp/cb-host-XXXXXX");
	assert_non_null(mkdtemp(home));
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		lay(all[i]);
	cbi_lane_init(&lane, 64 << 20);
	cbi_ctx_init(&ctx, &lane);
	cbi_buf_init(&body, CB_CARD_HTML_MAX);
	/* One that a process of generation 1 would have. */
	atomic_store(&cbi_board()->generation, 1);
	lane.slot = 3;
	if (cbi_board_process_find(getpid()) < 0)
		assert_true(cbi_board_process_enter(getpid(), CBI_PROCESS_WEB,
		                                    "tools", 0, 1) >= 0);
	config = NULL;
	value_code = CB_OK;
	write_config("");
	open_host();
	return 0;
}

static inline int tear_down(void **state)
{
	char command[128];

	(void)state;
	cbi_host_finish(host);
	cbi_buf_finish(&body);
	cbi_ctx_finish(&ctx);
	cbi_registry_destroy(registry);
	cbi_config_destroy(config);
	cbi_lane_finish(&lane);
	snprintf(command, sizeof(command), "rm -r %s", home);
	return system(command);
}

/* The next context, after what the last one held may go. */
static inline void lane_again(void)
{
	cbi_ctx_finish(&ctx);
	cbi_ctx_init(&ctx, &lane);
}

static inline const struct cb_entity *entity_of(const char *text)
{
	const struct cb_entity *entity;

	assert_int_equal(cbi_entity_create(&ctx, text, strlen(text), &entity),
	                 CB_OK);
	return entity;
}

static inline struct cbi_card_result draw(const char *plugin, const char *card,
                                          const struct cb_entity *entity)
{
	struct cbi_card_result result;

	cbi_buf_clear(&body);
	cbi_html_init(&html, &ctx, &body, "test", 3);
	cbi_host_draw_card(&ctx, host, plugin, card, entity, &html, &result);
	assert_int_equal(cb_failure_code(&ctx), CB_OK);
	assert_null(ctx.host);
	return result;
}

static inline const struct cbi_plugin_entry *entry_of(const char *name)
{
	const struct cbi_snapshot *snapshot;
	const struct cbi_plugin_entry *entry;

	assert_int_equal(cbi_registry_look(&ctx, registry, &snapshot), CB_OK);
	entry = cbi_snapshot_plugin(snapshot, name);
	assert_non_null(entry);
	return entry;
}

/* The host as it is with another config. */
static inline void open_anew(const char *more)
{
	cbi_host_finish(host);
	lane_again();
	cbi_registry_destroy(registry);
	cbi_config_destroy(config);
	write_config(more);
	open_host();
}

#endif
