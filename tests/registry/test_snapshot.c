/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_snapshot.c - what follows from manifests, wishes and the board, and
 * how a snapshot is replaced while others read it.
 */
#include "tests/lib/cmock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/board.h"
#include "base/ctx.h"
#include "catalog/entity.h"
#include "copy/copy.h"
#include "host/host.h"
#include "registry/registry.h"

static char home[64], path[96];
static struct cbi_lane lane;
static struct cb_ctx ctx;
static struct cbi_copy *copy;
static struct cbi_registry *registry;
static const char *const tables[] = { "plugin" };

static const char manifests[] =
    "{\"format\":1,\"plugins\":["
    "{\"name\":\"zebra\",\"tier\":\"native\",\"version\":\"1\",\"summary\":"
    "\"Z\",\"file\":\"/z.so\",\"pool\":\"tools\",\"abi\":\"1.0\",\"state\":"
    "\"checked\",\"reason\":\"\",\"cards\":["
    "{\"name\":\"late\",\"place\":\"home\",\"when\":null,\"title\":\"L\","
    "\"needs\":\"zebra.read\",\"order\":9},"
    "{\"name\":\"early\",\"place\":\"home\",\"when\":null,\"title\":\"E\","
    "\"needs\":\"zebra.read\",\"order\":-1}],\"routes\":["
    "{\"path\":\"\",\"title\":\"Zebra\",\"api\":false,\"methods\":\"GET\","
    "\"needs\":\"zebra.read\",\"nav\":\"Stripes\"},"
    "{\"path\":\"herd\",\"title\":\"Herd\",\"api\":false,\"methods\":\"GET\","
    "\"needs\":\"zebra.read\",\"nav\":null},"
    "{\"path\":\"herd\",\"title\":null,\"api\":true,\"methods\":\"GET\","
    "\"needs\":\"zebra.read\",\"nav\":null}]},"
    "{\"name\":\"apple\",\"tier\":\"native\",\"version\":\"2\",\"summary\":"
    "\"A\",\"file\":\"/a.so\",\"pool\":\"tools\",\"abi\":\"1.0\",\"state\":"
    "\"checked\",\"reason\":\"\",\"cards\":["
    "{\"name\":\"core\",\"place\":\"entity.overview\",\"when\":"
    "\"kind=component,spec.type=service\",\"title\":\"C\",\"needs\":"
    "\"apple.read\",\"order\":0},"
    "{\"name\":\"any\",\"place\":\"entity.overview\",\"when\":null,\"title\":"
    "\"C\",\"needs\":\"apple.read\",\"order\":0}],\"routes\":[]},"
    "{\"name\":\"apple\",\"tier\":\"native\",\"version\":\"1\",\"summary\":"
    "\"\",\"file\":\"/b/a.so\",\"pool\":\"tools\",\"abi\":\"\",\"state\":"
    "\"refused\",\"reason\":\"a plugin of this name was found before\"}]}";

static int set_up(void **state)
{
	struct cbi_copy_config config = { .tables = tables,
		                          .n = 1,
		                          .writer = true };
	char dir[96];
	FILE *file;
	bool fresh;

	(void)state;
	strcpy(home, "/tmp/cb-snap-XXXXXX");
	assert_non_null(mkdtemp(home));
	snprintf(path, sizeof(path), "%s/registry.json", home);
	file = fopen(path, "w");
	fputs(manifests, file);
	fclose(file);
	cbi_lane_init(&lane, 64 << 20);
	cbi_ctx_init(&ctx, &lane);
	snprintf(dir, sizeof(dir), "%s/copy", home);
	config.dir = dir;
	assert_int_equal(cbi_copy_create(&ctx, &config, &copy), CB_OK);
	assert_int_equal(cbi_copy_lock(&ctx, copy, &fresh), CB_OK);
	assert_int_equal(cbi_copy_rebuild(&ctx, copy, 0), CB_OK);
	assert_int_equal(cbi_copy_swap(&ctx, copy), CB_OK);
	atomic_store(&cbi_board()->registry_number, 0);
	assert_int_equal(cbi_registry_create(&ctx, path, copy, 0,
	                                     cbi_host_filter(), &registry),
	                 CB_OK);
	return 0;
}

static int tear_down(void **state)
{
	char command[96];

	(void)state;
	cbi_ctx_finish(&ctx);
	cbi_registry_destroy(registry);
	cbi_copy_lane_finish(&lane);
	cbi_lane_finish(&lane);
	cbi_copy_destroy(copy);
	snprintf(command, sizeof(command), "rm -r %s", home);
	return system(command);
}

/* As the follower does it: first the copy, then the board. */
static void switch_to(const char *name, const char *wish)
{
	struct cbi_lane own;
	struct cb_ctx work;
	struct cbi_copy_txn *txn;

	cbi_lane_init(&own, 1 << 20);
	cbi_ctx_init(&work, &own);
	assert_int_equal(cbi_copy_write(&work, copy, &txn), CB_OK);
	assert_int_equal(
	    cbi_copy_put(&work, txn, 0, name, strlen(name), wish, strlen(wish)),
	    CB_OK);
	assert_int_equal(cbi_copy_commit(&work, txn), CB_OK);
	cbi_ctx_finish(&work);
	cbi_copy_lane_finish(&own);
	cbi_lane_finish(&own);
	atomic_fetch_add(&cbi_board()->registry_number, 1);
}

static const struct cbi_snapshot *look(void)
{
	const struct cbi_snapshot *snapshot;

	assert_int_equal(cbi_registry_look(&ctx, registry, &snapshot), CB_OK);
	return snapshot;
}

static const struct cb_entity *entity_of(const char *type)
{
	const struct cb_entity *entity;
	const char *text = cb_printf(
	    &ctx,
	    "{\"apiVersion\":\"v1\",\"kind\":\"Component\",\"metadata\":{"
	    "\"name\":\"ferry\",\"namespace\":\"default\",\"uid\":"
	    "\"6a0e2d5c-4f3b-4c1a-9d8e-7f6a5b4c3d2e\",\"etag\":\"x\"},"
	    "\"spec\":{\"type\":\"%s\"},\"relations\":[]}",
	    type);

	assert_int_equal(cbi_entity_create(&ctx, text, strlen(text), &entity),
	                 CB_OK);
	return entity;
}

static void cards_come_by_place_order_and_when(void **state)
{
	const struct cbi_plugin_card *const *cards;
	const struct cbi_snapshot *snapshot = look();
	size_t n;

	(void)state;
	assert_int_equal(
	    cbi_snapshot_cards(&ctx, snapshot, "home", NULL, &cards, &n),
	    CB_OK);
	assert_int_equal(n, 2);
	assert_string_equal(cards[0]->name, "early");
	assert_string_equal(cards[1]->name, "late");
	assert_int_equal(cbi_snapshot_cards(&ctx, snapshot, "entity.overview",
	                                    entity_of("service"), &cards, &n),
	                 CB_OK);
	assert_int_equal(n, 2);
	assert_string_equal(cards[0]->name, "any");
	assert_string_equal(cards[1]->name, "core");
	assert_int_equal(cbi_snapshot_cards(&ctx, snapshot, "entity.overview",
	                                    entity_of("library"), &cards, &n),
	                 CB_OK);
	assert_int_equal(n, 1);
	assert_int_equal(
	    cbi_snapshot_cards(&ctx, snapshot, "nowhere", NULL, &cards, &n),
	    CB_OK);
	assert_int_equal(n, 0);
}

static void the_longest_route_leads(void **state)
{
	const struct cbi_snapshot *snapshot = look();
	const struct cbi_plugin_route *route;
	const char *rest;

	(void)state;
	route = cbi_snapshot_route(snapshot, "zebra", false, "herd/3/x", &rest);
	assert_string_equal(route->path, "herd");
	assert_string_equal(rest, "3/x");
	route = cbi_snapshot_route(snapshot, "zebra", false, "herds", &rest);
	assert_string_equal(route->path, "");
	assert_string_equal(rest, "herds");
	assert_null(cbi_snapshot_route(snapshot, "zebra", true, "", &rest));
	route = cbi_snapshot_route(snapshot, "zebra", true, "herd", &rest);
	assert_true(route->api);
	assert_string_equal(rest, "");
	assert_null(cbi_snapshot_route(snapshot, "absent", true, "", &rest));
}

static void of_doubles_the_good_one_is_found(void **state)
{
	const struct cbi_plugin_entry *all;
	const struct cbi_snapshot *snapshot = look();

	(void)state;
	assert_int_equal(cbi_snapshot_plugins(snapshot, &all), 3);
	assert_string_equal(all[0].version, "2");
	assert_true(all[1].refused);
	assert_false(cbi_snapshot_plugin(snapshot, "apple")->refused);
	assert_int_equal(cbi_snapshot_state(&all[1]), CBI_PLUGIN_REFUSED);
	assert_string_equal(cbi_snapshot_reason(&ctx, &all[1]),
	                    "a plugin of this name was found before");
	assert_null(cbi_snapshot_plugin(snapshot, "b"));
	assert_null(cbi_snapshot_plugin(snapshot, "zzz"));
}

static void a_switch_makes_the_next_look_see_it(void **state)
{
	const struct cbi_snapshot *before = look(), *after;
	const struct cbi_plugin_route *const *nav;
	const struct cbi_plugin_entry *entry;
	size_t n;

	(void)state;
	assert_int_equal(cbi_snapshot_nav(&ctx, before, &nav, &n), CB_OK);
	assert_int_equal(n, 1);
	assert_string_equal(nav[0]->nav, "Stripes");
	switch_to("zebra", "{\"wanted\":false,\"changed_by\":\"unix:ada\","
	                   "\"changed_at\":\"2026-01-31T12:00:00.000Z\","
	                   "\"reason\":\"too many stripes\"}");
	after = look();
	assert_ptr_not_equal(after, before);
	assert_int_equal(cbi_snapshot_number(after), 1);
	entry = cbi_snapshot_plugin(after, "zebra");
	assert_int_equal(cbi_snapshot_state(entry), CBI_PLUGIN_OFF);
	assert_string_equal(cbi_snapshot_reason(&ctx, entry),
	                    "too many stripes");
	assert_string_equal(entry->changed_by, "unix:ada");
	assert_int_equal(cbi_snapshot_nav(&ctx, after, &nav, &n), CB_OK);
	assert_int_equal(n, 0);
	/* Who held the old one still reads it. */
	assert_true(cbi_snapshot_on(cbi_snapshot_plugin(before, "zebra")));
	switch_to("zebra", "{\"wanted\":true,\"changed_by\":\"unix:ada\","
	                   "\"changed_at\":\"2026-01-31T12:00:01.000Z\","
	                   "\"reason\":\"\"}");
	assert_true(cbi_snapshot_on(cbi_snapshot_plugin(look(), "zebra")));
}

static void quarantine_holds_until_somebody_switches(void **state)
{
	int plugin = cbi_board_plugin("zebra");
	const struct cbi_plugin_entry *entry;

	(void)state;
	entry = cbi_snapshot_plugin(look(), "zebra");
	for (int i = 0; i < CB_CRASH_LIMIT; i++)
		cbi_board_charge(plugin);
	assert_false(cbi_snapshot_on(entry));
	assert_int_equal(cbi_snapshot_state(entry), CBI_PLUGIN_QUARANTINED);
	assert_string_equal(cbi_snapshot_reason(&ctx, entry),
	                    "crashed 3 times within 60 s");
	switch_to("zebra", "{\"wanted\":true,\"changed_by\":\"unix:ada\","
	                   "\"changed_at\":\"2099-01-31T12:00:01.000Z\","
	                   "\"reason\":\"\"}");
	assert_true(cbi_snapshot_on(cbi_snapshot_plugin(look(), "zebra")));
	atomic_store(&cbi_board()->plugins[plugin].quarantined_at, 0);
	switch_to("zebra", "{\"wanted\":true,\"changed_by\":\"x\","
	                   "\"changed_at\":\"2026-01-31T12:00:01.000Z\","
	                   "\"reason\":\"\",\"quarantined_at\":"
	                   "\"2026-01-31T12:00:02.000Z\"}");
	assert_false(cbi_snapshot_on(cbi_snapshot_plugin(look(), "zebra")));
}

static void without_a_file_there_are_no_plugins(void **state)
{
	const struct cbi_snapshot *snapshot;
	const struct cbi_plugin_entry *all;
	struct cbi_registry *none;

	(void)state;
	assert_int_equal(cbi_registry_create(&ctx, "/nowhere/registry.json",
	                                     NULL, 0, NULL, &none),
	                 CB_OK);
	assert_int_equal(cbi_registry_look(&ctx, none, &snapshot), CB_OK);
	assert_int_equal(cbi_snapshot_plugins(snapshot, &all), 0);
	cbi_ctx_finish(&ctx);
	cbi_ctx_init(&ctx, &lane);
	cbi_registry_destroy(none);
}

/* ---- Many at once -------------------------------------------------------- */

static atomic_bool stop;

/* Reads without end; NULL when every answer was whole. */
static void *read_on(void *arg)
{
	struct cbi_lane own;
	const char *wrong = NULL;

	(void)arg;
	cbi_lane_init(&own, 1 << 20);
	while (!atomic_load(&stop) && !wrong) {
		const struct cbi_snapshot *snapshot;
		const struct cbi_plugin_entry *entry;
		struct cb_ctx work;

		cbi_ctx_init(&work, &own);
		if (cbi_registry_look(&work, registry, &snapshot) != CB_OK) {
			wrong = "look failed";
		} else {
			entry = cbi_snapshot_plugin(snapshot, "zebra");
			if (!entry || strcmp(entry->summary, "Z") != 0 ||
			    entry->card_count != 2)
				wrong = "not whole";
			cbi_snapshot_state(entry);
		}
		cbi_ctx_finish(&work);
	}
	cbi_lane_finish(&own);
	return (void *)(uintptr_t)wrong;
}

static void snapshots_change_under_many_readers(void **state)
{
	pthread_t threads[6];
	void *wrong;

	(void)state;
	atomic_store(&stop, false);
	for (int i = 0; i < 6; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, read_on, NULL), 0);
	for (int i = 0; i < 200; i++) {
		switch_to("zebra",
		          i % 2 ? "{\"wanted\":true}" : "{\"wanted\":false}");
		usleep(500);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 6; i++) {
		pthread_join(threads[i], &wrong);
		if (wrong)
			fail_msg("%s", (const char *)wrong);
	}
	assert_true(cbi_snapshot_on(cbi_snapshot_plugin(look(), "zebra")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cards_come_by_place_order_and_when),
		TEST(the_longest_route_leads),
		TEST(of_doubles_the_good_one_is_found),
		TEST(a_switch_makes_the_next_look_see_it),
		TEST(quarantine_holds_until_somebody_switches),
		TEST(without_a_file_there_are_no_plugins),
		TEST(snapshots_change_under_many_readers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
