/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_tables.c - each rule of a descriptor, and each number at its head.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "registry/registry_priv.h"

struct state {
	const char *url;
	int fresh, count;
	bool on;
};

static int draw(struct cb_ctx *ctx, void *state, const struct cb_entity *entity,
                struct cb_html *html)
{
	(void)ctx;
	(void)state;
	(void)entity;
	(void)html;
	return CB_OK;
}

static int handle(struct cb_ctx *ctx, void *state, struct cb_req *req,
                  struct cb_html *html)
{
	(void)ctx;
	(void)state;
	(void)req;
	(void)html;
	return CB_OK;
}

static int key(struct cb_ctx *ctx, void *state, const struct cb_entity *entity,
               const char **out)
{
	(void)ctx;
	(void)state;
	(void)entity;
	(void)out;
	return CB_ENOKEY;
}

static int fill(struct cb_ctx *ctx, void *state, const char *source_key,
                struct cb_buf *out)
{
	(void)ctx;
	(void)state;
	(void)source_key;
	(void)out;
	return CB_OK;
}

/* A good plugin, whose rows each test bends. */
static struct cb_key keys[8];
static struct cb_permission permissions[3];
static struct cb_route routes[3];
static struct cb_card cards[3];
static struct cb_source sources[3];
static struct cb_plugin plugin;

static int set_up(void **unused)
{
	const struct cb_key good[] = {
		CB_KEY_URL(struct state, url, NULL, "Where"),
		CB_KEY_SECS(struct state, fresh, "1m", "How long"),
		CB_KEY_INT(struct state, count, "3", 1, 9, "How many"),
		CB_KEY_BOOL(struct state, on, "false", "Whether"),
		CB_END,
	};

	(void)unused;
	memset(permissions, 0, sizeof(permissions));
	memset(routes, 0, sizeof(routes));
	memset(cards, 0, sizeof(cards));
	memset(sources, 0, sizeof(sources));
	memset(&plugin, 0, sizeof(plugin));
	memcpy(keys, good, sizeof(good));
	permissions[0] =
	    (struct cb_permission){ .name = "good.read", .action = "read" };
	routes[0] = (struct cb_route){ .path = "list",
		                       .title = "List",
		                       .methods = "GET POST",
		                       .needs = "good.read",
		                       .handle = handle };
	cards[0] = (struct cb_card){ .name = "main",
		                     .place = "home",
		                     .title = "Main",
		                     .needs = "good.read",
		                     .draw = draw };
	sources[0] = (struct cb_source){ .name = "thing",
		                         .hosts_key = "url",
		                         .key = key,
		                         .fill = fill,
		                         .fresh_key = "fresh" };
	plugin = (struct cb_plugin){
		CB_PLUGIN_HEAD,
		.name = "good",
		.version = "1.0.0",
		.summary = "A good plugin",
		.state_size = sizeof(struct state),
		.keys = keys,
		.routes = routes,
		.cards = cards,
		.sources = sources,
		.permissions = permissions,
	};
	return 0;
}

static void assert_broken(const char *reason)
{
	struct cb_buf why;
	int rc;

	cbi_buf_init(&why, REASON_MAX);
	rc = cbi_tables_check(&plugin, &why);
	assert_string_equal(cbi_buf_string(&why), reason);
	assert_int_equal(rc, reason[0] ? CB_EINVAL : CB_OK);
	cbi_buf_finish(&why);
	set_up(NULL);
}

static void a_good_plugin_passes_and_is_described(void **unused)
{
	json_t *manifest;

	(void)unused;
	assert_broken("");
	manifest = cbi_describe(&plugin);
	assert_non_null(manifest);
	assert_string_equal(cbi_manifest_text(manifest, "name"), "good");
	assert_string_equal(cbi_manifest_text(manifest, "abi"), "1.0");
	assert_int_equal(json_array_size(json_object_get(manifest, "keys")), 4);
	json_decref(manifest);
}

static void heads_are_checked(void **unused)
{
	static const char *const no_names[] = { "",
		                                "Good",
		                                "9a",
		                                "a_b",
		                                "a b",
		                                ("a23456789012345678901234567"
		                                 "890123") };

	(void)unused;
	for (size_t i = 0; i < sizeof(no_names) / sizeof(no_names[0]); i++) {
		plugin.name = no_names[i];
		assert_broken("its name is not [a-z][a-z0-9-]* of at most 32 "
		              "bytes");
	}
	plugin.name = "catalog";
	assert_broken("the name 'catalog' is the portal's own");
	plugin.version = NULL;
	assert_broken("it has no version");
	plugin.summary = "two\nlines";
	assert_broken("it: summary is not one line of at most 1000 bytes of "
	              "UTF-8");
	plugin.contract = 2;
	assert_broken("written for contract level 2, this host knows 1 to 1");
	plugin.state_size = 3 << 20;
	assert_broken("a state of 3145728 bytes, at most 1048576 are given");
	plugin.after = (const char *const[]){ "B", NULL };
	assert_broken("after names what is no plugin's name");
	plugin.hosts = (const char *const[]){ "example.com", NULL };
	assert_broken("declares hosts ('example.com'), which this host does "
	              "not serve yet");
}

static void keys_are_checked(void **unused)
{
	(void)unused;
	keys[0].name = "a-b";
	assert_broken("key 'a-b': a name is letters, digits and _, at most 32 "
	              "of them");
	keys[0].type = 99;
	assert_broken("key 'url': type 99 is not known");
	keys[0].offset = sizeof(struct state);
	assert_broken("key 'url': its field at 24 does not lie in a state of "
	              "24 bytes");
	keys[1].fallback = "soon";
	assert_broken("expected a time such as 90, 15m or 1h, not 'soon' (the "
	              "default of key 'fresh')");
	keys[2].fallback = "10";
	assert_broken("expected 1 to 9, not 10 (the default of key 'count')");
	keys[3].fallback = "maybe";
	assert_broken("expected true or false, not 'maybe' (the default of "
	              "key 'on')");
	keys[3].help = NULL;
	assert_broken("key 'on' has no help");
	keys[3].reserved[1] = 7;
	assert_broken("key 'on': reserved words are not zero");
}

static void pages_and_cards_are_checked(void **unused)
{
	(void)unused;
	routes[0].path = "/list";
	assert_broken("page '/list': a path has no slash at either end and "
	              "only letters, digits, - . _ ~ /");
	routes[0].methods = "GET,POST";
	assert_broken("page 'list': methods are 'GET', 'GET POST' ...");
	routes[0].needs = NULL;
	assert_broken("page 'list' needs no permission; name one");
	routes[0].needs = "good.write";
	assert_broken("page 'list' needs permission 'good.write', which the "
	              "plugin does not declare");
	routes[1] = routes[0];
	assert_broken("page 'list' stands there twice");
	routes[0].handle = NULL;
	assert_broken("page 'list' has no handle");
	cards[0].place = NULL;
	assert_broken("card 'main' has no place");
	cards[0].name = "Main";
	assert_broken("card 'Main': a name is [a-z][a-z0-9-]*, at most 32 "
	              "bytes");
	cards[0].draw = NULL;
	assert_broken("card 'main' has no draw");
	cards[1] = cards[0];
	assert_broken("card 'main' stands there twice");
}

static void sources_and_permissions_are_checked(void **unused)
{
	(void)unused;
	sources[0].hosts_key = "fresh";
	assert_broken("source 'thing': hosts_key 'fresh' is not a URL key");
	sources[0].fresh_key = "url";
	assert_broken("source 'thing': fresh_key 'url' is not a SECS key");
	sources[0].fill = NULL;
	assert_broken("source 'thing' has no fill");
	sources[0].stale = -1;
	assert_broken("source 'thing': fresh and stale are not negative");
	permissions[0].name = "other.read";
	assert_broken("permission 'other.read': its name is not "
	              "'good.<word>'");
	permissions[0].action = "watch";
	assert_broken("permission 'good.read': action 'watch' is none of "
	              "read, create, update, delete, use");
}

static void a_list_without_an_end_is_noticed(void **unused)
{
	static struct cb_permission many[CB_PLUGIN_ROWS_MAX + 2];

	(void)unused;
	for (size_t i = 0; i < CB_PLUGIN_ROWS_MAX + 2; i++)
		many[i] = permissions[0];
	plugin.permissions = many;
	assert_broken("more than 64 permissions, or CB_END is missing");
}

/* ABI numbers, as other hosts than this one would judge them. */
static void old_minors_load_and_new_ones_do_not(void **unused)
{
	static const struct cbi_abi newer = { 1, 4, 192, 176 };
	static const struct {
		uint16_t major, minor;
		uint32_t size;
		const char *reason;
	} rows[] = {
		{ 1, 4, 192, "" },
		{ 1, 0, 176, "" },
		{ 1, 2, 184, "" },
		{ 1, 5, 200, "built for ABI 1.5, this host speaks 1.4" },
		{ 2, 0, 176, "built for ABI 2.0, this host speaks 1.4" },
		{ 0, 9, 176, "built for ABI 0.9, this host speaks 1.4" },
		{ 1, 0, 168,
		  "descriptor of ABI 1.0 with 168 bytes, this "
		  "host's 1.4 has 192" },
		{ 1, 2, 181,
		  "descriptor of ABI 1.2 with 181 bytes, this "
		  "host's 1.4 has 192" },
		{ 1, 4, 184,
		  "descriptor of ABI 1.4 with 184 bytes, this "
		  "host's 1.4 has 192" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cb_buf why;

		plugin.abi_major = rows[i].major;
		plugin.abi_minor = rows[i].minor;
		plugin.size = rows[i].size;
		cbi_buf_init(&why, REASON_MAX);
		cbi_abi_check(&newer, &plugin, &why);
		assert_string_equal(cbi_buf_string(&why), rows[i].reason);
		cbi_buf_finish(&why);
	}
}

static void what_an_older_plugin_did_not_know_is_zero(void **unused)
{
	struct cb_plugin copy;

	(void)unused;
	plugin.probe = (int (*)(struct cb_ctx *, void *))(void (*)(void))fill;
	plugin.size = offsetof(struct cb_plugin, probe);
	memset(&copy, 0xff, sizeof(copy));
	cbi_plugin_copy(&copy, &plugin);
	assert_string_equal(copy.name, "good");
	assert_null(copy.probe);
}

static void places_are_checked(void **unused)
{
	static const char *const rows[][2] = {
		{ "entity.overview", "" },
		{ "home", "" },
		{ "none", "" },
		{ "good.board", "" },
		{ "entity.tab",
		  "card 'a': this host does not draw into 'entity.tab' yet" },
		{ "entity.overveiw", "card 'a': there is no place "
		                     "'entity.overveiw'; did you mean "
		                     "'entity.overview'?" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *manifest = json_pack(
		    "{s:s, s:s, s:[{s:s, s:s}]}", "state", "checked", "reason",
		    "", "cards", "name", "a", "place", rows[i][0]);

		cbi_places_check(manifest);
		assert_string_equal(cbi_manifest_text(manifest, "reason"),
		                    rows[i][1]);
		assert_int_equal(cbi_manifest_refused(manifest),
		                 *rows[i][1] != '\0');
		json_decref(manifest);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_good_plugin_passes_and_is_described),
		TEST(heads_are_checked),
		TEST(keys_are_checked),
		TEST(pages_and_cards_are_checked),
		TEST(sources_and_permissions_are_checked),
		TEST(a_list_without_an_end_is_noticed),
		TEST(old_minors_load_and_new_ones_do_not),
		TEST(what_an_older_plugin_did_not_know_is_zero),
		TEST(places_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
