/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_declare.c - plugin.yaml: what is read of it, each mistake with its
 * line and column, keys, requests and what is shown.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "catalog/entity.h"
#include "declare/declare.h"

static struct cbi_lane lane;
static struct cb_ctx ctx;
static struct cb_buf mistakes;

static const char alerts[] =
    "plugin: alerts\n"
    "version: 1.0.0\n"
    "summary: Open alerts of a service\n"
    "keys:\n"
    "  server: {type: url, help: Address of Alertmanager}\n"
    "  most: {type: int, default: 5}\n"
    "sources:\n"
    "  open:\n"
    "    key: \"{annotations.example.org/alerts}\"\n"
    "    get: \"{config.server}/api/v2/alerts?filter=service={key}\"\n"
    "    shape: '{n: length, alerts: [.[] | {name: .labels.name}]}'\n"
    "    fresh: 1m\n"
    "    stale: 1h\n"
    "cards:\n"
    "  open:\n"
    "    title: Open alerts\n"
    "    when: kind=component\n"
    "    show:\n"
    "      - stat: {label: Open, value: .n}\n"
    "      - table: {rows: .alerts, columns: [{title: Name, text: .name}]}\n";

static const char entity_body[] =
    "{\"apiVersion\":\"backstage.io/v1alpha1\",\"kind\":\"Component\","
    "\"metadata\":{\"name\":\"ferry\",\"namespace\":\"default\",\"uid\":"
    "\"6a0e2d5c-4f3b-4c1a-9d8e-7f6a5b4c3d2e\",\"etag\":\"x\","
    "\"annotations\":{\"example.org/alerts\":\"ferry/one\"},"
    "\"labels\":{\"tier\":\"gold\"}},"
    "\"spec\":{\"type\":\"service\"},\"relations\":[]}";

static int compile(struct cb_ctx *c, void *arg, const char *program)
{
	(void)arg;
	return strstr(program, "oops")
	           ? cb_fail(c, CB_EUPSTREAM, "shape: oops/0 is not defined")
	           : CB_OK;
}

static int read_text(const char *text, json_t **out, json_t **tests)
{
	const struct cbi_declare_file file = { .path = "alerts.yaml",
		                               .name = "alerts",
		                               .compile = compile };

	cbi_buf_clear(&mistakes);
	return cbi_declare_read(&ctx, &file, text, strlen(text), &mistakes, out,
	                        tests);
}

static json_t *manifest_of(const char *text)
{
	json_t *out = NULL;

	if (read_text(text, &out, NULL) != CB_OK)
		fail_msg("%s", cbi_buf_string(&mistakes));
	return out;
}

/* The text with one line taken for another. */
static const char *changed(const char *line, const char *by)
{
	const char *at = strstr(alerts, line);

	assert_non_null(at);
	return cb_printf(&ctx, "%.*s%s%s", (int)(at - alerts), alerts, by,
	                 at + strlen(line));
}

static const char *at(json_t *root, const char *path)
{
	return cb_json_text(root, path, "(none)");
}

static int set_up(void **state)
{
	(void)state;
	cbi_lane_init(&lane, 64 << 20);
	cbi_ctx_init(&ctx, &lane);
	cbi_buf_init(&mistakes, 65536);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	cbi_buf_finish(&mistakes);
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return 0;
}

static void a_file_becomes_a_manifest(void **state)
{
	json_t *m = manifest_of(alerts);

	(void)state;
	assert_string_equal(at(m, "tier"), "declarative");
	assert_string_equal(at(m, "state"), "checked");
	assert_string_equal(at(m, "keys.0.type"), "url");
	assert_true(json_is_true(cb_json_at(m, "keys.0.required")));
	assert_string_equal(at(m, "sources.0.hosts_key"), "server");
	assert_int_equal(cb_json_number(m, "sources.0.fresh", 0), 60);
	assert_int_equal(cb_json_number(m, "sources.0.stale", 0), 3600);
	assert_string_equal(at(m, "permissions.0.name"), "alerts.read");
	assert_string_equal(at(m, "cards.0.place"), "entity.overview");
	assert_string_equal(at(m, "cards.0.needs"), "alerts.read");
	/* Who lacks what the key is made of does not get the card. */
	assert_string_equal(
	    at(m, "cards.0.when"),
	    "kind=component,metadata.annotations.example.org/alerts");
	assert_string_equal(at(m, "declared.cards.open.source"), "open");
	json_decref(m);
}

static void tests_are_read_apart(void **state)
{
	const char *text = cb_printf(
	    &ctx, "%stests:\n  - {entity: {kind: Component}}\n", alerts);
	json_t *m, *tests;

	(void)state;
	assert_int_equal(read_text(text, &m, &tests), CB_OK);
	assert_int_equal(cb_json_number(tests, "0.line", 0), 22);
	assert_null(json_object_get(m, "tests"));
	json_decref(m);
	json_decref(tests);
}

static const struct {
	const char *line, *by, *said;
} faults[] = {
	{ "plugin: alerts", "plugin: [",
	  "alerts.yaml:2:1: wrongly indented flow sequence" },
	{ "version: 1.0.0\n", "",
	  "alerts.yaml:1:1: alerts: 'version' is missing" },
	{ "plugin: alerts", "plugin: alert",
	  "alerts.yaml:1:9: plugin: 'alert' does not fit the file's "
	  "name, expected 'alerts'" },
	{ "summary: Open alerts of a service", "summary: [a, b]",
	  "alerts.yaml:3:10: alerts: summary: expected one line of "
	  "text, not a list" },
	{ "version: 1.0.0", "versoin: 1.0.0",
	  "alerts.yaml:2:1: alerts: there is no 'versoin'; did you "
	  "mean 'version'?" },
	{ "version: 1.0.0", "version: 1.0.0\ncontract: 9",
	  "alerts.yaml:3:11: contract: written for level 9" },
	{ "{type: url, help", "{type: ulr, help",
	  "alerts.yaml:5:18: key 'server': type: expected text, url, "
	  "int, bool or secs, not 'ulr'; did you mean 'url'?" },
	{ "default: 5", "default: many",
	  "alerts.yaml:6:30: key 'most': default: expected a whole "
	  "number, not 'many'" },
	{ "  most: {", "  apiToken: {",
	  "alerts.yaml:6:3: key 'apiToken': a credential is no key" },
	{ "{annotations.example.org/alerts}", "{anotations.x}",
	  "alerts.yaml:9:11: source 'open': key: {anotations.x}: "
	  "there is no such value here" },
	{ "{config.server}/api", "https://tool.example/api",
	  "alerts.yaml:10:11: source 'open': an address begins with "
	  "{config.KEY}" },
	{ "{config.server}/api", "{config.sever}/api",
	  "alerts.yaml:10:11: source 'open': {config.sever}: the "
	  "plugin has no such key; did you mean 'server'?" },
	{ "{config.server}/api", "{config.most}/api",
	  "alerts.yaml:10:11: source 'open': {config.most} is no key "
	  "of type url" },
	{ "service={key}", "service={metadata.name}",
	  "alerts.yaml:10:11: source 'open': {metadata.name}: there is "
	  "no such value here, expected {config...}, {key}" },
	{ "    get: ", "    gte: ",
	  "alerts.yaml:10:5: source 'open': there is no 'gte'; did "
	  "you mean 'get'?" },
	{ "'{n: length", "'{n: oops",
	  "alerts.yaml:11:13: source 'open': shape: shape: oops/0 is "
	  "not defined" },
	{ "fresh: 1m", "fresh: soon",
	  "alerts.yaml:12:12: source 'open': fresh: expected a time" },
	{ "stale: 1h", "stale: never",
	  "alerts.yaml:13:12: source 'open': stale: expected a time "
	  "such as 90, 15m or 1h, not 'never'" },
	{ "    when: kind", "    needs: write\n    when: kind",
	  "alerts.yaml:17:12: card 'open': needs: the plugin has no "
	  "permission 'write'" },
	{ "    when: kind", "    source: opne\n    when: kind",
	  "alerts.yaml:17:13: card 'open': source: there is no source "
	  "'opne'; did you mean 'open'?" },
	{ "    when: kind", "    place: home\n    when: kind",
	  "alerts.yaml:15:3: card 'open': its source 'open' needs an "
	  "entity, and 'home' has none" },
	{ "    show:",
	  "    show: [{text: x}]\nactions:\n  mute:\n    title: "
	  "Mute\n    get: \"{config.server}/x\"\nx:",
	  "alerts.yaml:20:3: action 'mute': a GET changes nothing" },
	{ "plugin: alerts\n",
	  "plugin: alerts\nserve: http://127.0.0.1:1\nactions: {}\n",
	  "alerts.yaml:3:1: declares actions, which this host does not serve "
	  "yet for programs" },
	{ "cards:\n",
	  "actions:\n  mute: {title: Mute, card: opne, post: "
	  "\"{config.server}/x\"}\ncards:\n",
	  "alerts.yaml:15:29: action 'mute': card: there is no card 'opne'; "
	  "did you mean 'open'?" },
	{ "- stat:", "- stats:",
	  "alerts.yaml:19:9: card 'open': there is no component "
	  "'stats'; did you mean 'stat'?" },
	{ "{label: Open, value: .n}", "{label: Open, vaule: .n}",
	  "alerts.yaml:19:29: card 'open': stat: there is no 'vaule'; "
	  "did you mean 'value'?" },
	{ "{label: Open, value: .n}", "{label: Open}",
	  "alerts.yaml:19:9: card 'open': stat: 'value' is missing" },
	{ "value: .n}", "value: .n, tone: rosy}",
	  "alerts.yaml:19:46: card 'open': tone: expected one of good, "
	  "warn, bad, info, busy, neutral, or a path" },
	{ "{title: Name, text: .name}", "{title: Name, stat: .name}",
	  "card 'open': expected an inline component, not 'stat'" },
	{ "{title: Name, text: .name}", "{title: Name}",
	  "card 'open': table: columns: expected a component beside "
	  "the title" },
};

static void every_mistake_names_its_place(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		json_t *m = NULL;

		assert_int_equal(
		    read_text(changed(faults[i].line, faults[i].by), &m, NULL),
		    CB_EINVAL);
		assert_null(m);
		if (strstr(cbi_buf_string(&mistakes), faults[i].said))
			continue;
		print_error("row %zu: expected '%s', got '%s'", i,
		            faults[i].said, cbi_buf_string(&mistakes));
		failed++;
	}
	assert_int_equal(failed, 0);
}

static void all_mistakes_are_told_at_once(void **state)
{
	json_t *m;

	(void)state;
	assert_int_equal(read_text("plugin: alerts\nversion: 1\nsumary: x\n"
	                           "cards:\n  Open: {title: x, show: []}\n",
	                           &m, NULL),
	                 CB_EINVAL);
	assert_non_null(strstr(cbi_buf_string(&mistakes), ":3:1: "));
	assert_non_null(strstr(cbi_buf_string(&mistakes), ":5:3: "));
}

/* ---- Evaluating ---------------------------------------------------------- */

static const struct cb_entity *entity(void)
{
	const struct cb_entity *made;

	assert_int_equal(
	    cbi_entity_create(&ctx, entity_body, strlen(entity_body), &made),
	    CB_OK);
	return made;
}

static const char *config_of(struct cb_ctx *c, void *arg, const char *name)
{
	(void)c;
	(void)arg;
	return strcmp(name, "server") == 0 ? "http://tool.example" : "5";
}

static char asked[1024];

/* Answers what was asked for, and what the table has. */
static int answer(struct cb_ctx *c, void *arg,
                  const struct cbi_declare_request *request,
                  struct cbi_declare_reply *out)
{
	const char *const *rows = arg;
	size_t len = strlen(asked);
	const char *path = request->url ? request->url : request->path;

	snprintf(asked + len, sizeof(asked) - len, "%s %s%s%s%s%s\n",
	         request->method, path, request->headers[0] ? " " : "",
	         request->headers[0] ? request->headers[0] : "",
	         request->body ? " " : "", request->body ? request->body : "");
	for (; rows && *rows; rows += 3) {
		if (strcmp(rows[0], path) != 0)
			continue;
		out->body = rows[1];
		out->len = strlen(rows[1]);
		out->next = rows[2];
		return CB_OK;
	}
	return cb_fail(c, CB_ENOENT, "no answer for %s", path);
}

static int echo_shape(struct cb_ctx *c, void *arg, const char *program,
                      const char *vars, const char *input, size_t len,
                      struct cb_buf *out)
{
	(void)c;
	(void)arg;
	return cb_buf_printf(out, "%s|%s|%.*s", program, vars, (int)len, input);
}

static int run_fill(const char *text, const char *source, const char *key,
                    const char *const *rows, struct cb_buf *out)
{
	const struct cbi_declare_with with = {
		.arg = (void *)(uintptr_t)rows,
		.config = config_of,
		.ask = answer,
		.shape = echo_shape,
	};
	json_t *m = manifest_of(text);
	int rc;

	asked[0] = '\0';
	cbi_buf_clear(out);
	rc = cbi_declare_fill(&ctx, m, cbi_declare_row(m, "sources", source),
	                      &with, key, out);
	json_decref(m);
	return rc;
}

static void keys_are_made_of_entities(void **state)
{
	json_t *m = manifest_of(alerts);
	json_t *two = json_pack("{s:{s:s, s:s}}", "key", "a",
	                        "{annotations.example.org/alerts}", "b",
	                        "{labels.tier} of {name}");
	json_t *none = json_pack("{s:s}", "key", "{spec.lifecycle}");
	const char *key;

	(void)state;
	assert_int_equal(cbi_declare_key(&ctx,
	                                 cbi_declare_row(m, "sources", "open"),
	                                 entity(), &key),
	                 CB_OK);
	assert_string_equal(key, "ferry/one");
	assert_int_equal(cbi_declare_key(&ctx, two, entity(), &key), CB_OK);
	assert_string_equal(key, "ferry/one\ngold of ferry");
	assert_int_equal(cbi_declare_key(&ctx, none, entity(), &key),
	                 CB_ENOKEY);
	json_decref(m);
	json_decref(two);
	json_decref(none);
}

static void requests_are_made_encoded(void **state)
{
	static const char *const rows[] = {
		"/api/v2/alerts?filter=service=a%2Fb%26c%3D%7Bd", "[1]", "",
		NULL
	};
	struct cb_buf out;

	(void)state;
	cbi_buf_init(&out, 65536);
	assert_int_equal(run_fill(alerts, "open", "a/b&c={d", rows, &out),
	                 CB_OK);
	assert_string_equal(
	    cbi_buf_string(&out),
	    "{n: length, alerts: [.[] | {name: .labels.name}]}|{\"key\":"
	    "\"a/b&c={d\",\"config\":{\"server\":\"http://tool.example\","
	    "\"most\":\"5\"}}|[1]");
	/* Nothing that a key holds leads elsewhere. */
	assert_int_equal(run_fill(changed("service={key}", "x&{key|path}"),
	                          "open", "a/../b", rows, &out),
	                 CB_EINVAL);
	cb_failure_clear(&ctx);
	cbi_buf_finish(&out);
}

static void a_request_follows_from_another(void **state)
{
	static const char requests[] =
	    "    requests:\n"
	    "      - {name: project, get: \"{config.server}/p/{key}\"}\n"
	    "      - name: runs\n"
	    "        post: \"{config.server}/q/{project.body.id}\"\n"
	    "        headers: {X-Most: \"{config.most}\"}\n"
	    "        body: {query: \"{ runs(p: {key}) { id } }\", n: 3}\n";
	static const char *const rows[] = { "/p/k", "{\"id\": 7}", "",
		                            "/q/7", "[true]",      "",
		                            NULL };
	struct cb_buf out;

	(void)state;
	cbi_buf_init(&out, 65536);
	assert_int_equal(
	    run_fill(changed("    get: \"{config.server}/api/v2/alerts?filter="
	                     "service={key}\"\n",
	                     requests),
	             "open", "k", rows, &out),
	    CB_OK);
	assert_string_equal(asked,
	                    "GET /p/k\n"
	                    "POST /q/7 X-Most: 5 {\"query\":\"{ runs(p: k) "
	                    "{ id } }\",\"n\":3}\n");
	assert_non_null(strstr(cbi_buf_string(&out),
	                       "|{\"project\":{\"id\":7},\"runs\":[true]}"));
	cbi_buf_finish(&out);
}

static void pages_are_followed_to_their_end(void **state)
{
	static const char *const linked[] = { "/api/v2/alerts?filter=service=k",
		                              "[1]",
		                              "http://tool/2",
		                              "http://tool/2",
		                              "[2, 3]",
		                              "",
		                              NULL };
	static const char *const counted[] = {
		"/api/v2/alerts?filter=service=k&page=1",
		"[1]",
		"",
		"/api/v2/alerts?filter=service=k&page=2",
		"[2]",
		"",
		"/api/v2/alerts?filter=service=k&page=3",
		"[]",
		"",
		NULL
	};
	struct cb_buf out;

	(void)state;
	cbi_buf_init(&out, 65536);
	assert_int_equal(run_fill(changed("    fresh: 1m", "    follow: link"),
	                          "open", "k", linked, &out),
	                 CB_OK);
	assert_non_null(strstr(cbi_buf_string(&out), "|[1,2,3]"));
	assert_int_equal(run_fill(changed("    fresh: 1m",
	                                  "    follow: {page: page, most: 9}"),
	                          "open", "k", counted, &out),
	                 CB_OK);
	assert_non_null(strstr(cbi_buf_string(&out), "|[1,2]"));
	cbi_buf_finish(&out);
}

/* What show makes of a value, as one text. */
static char *shown(const char *show, const char *value)
{
	const struct cbi_declare_with with = { .config = config_of };
	json_t *data = json_loads(value, JSON_DECODE_ANY, NULL), *model;
	const char *at_show = "    show:\n      - stat: {label: Open, value: "
			      ".n}\n      - table: {rows: .alerts, columns: "
			      "[{title: Name, text: .name}]}\n";
	json_t *m = manifest_of(changed(at_show, show));
	char *text;

	if (cbi_declare_show(&ctx, cb_json_at(m, "declared.cards.open.show"),
	                     data, entity(), &with, &model) < 0)
		fail_msg("%s", cb_failure(&ctx));
	text = json_dumps(json_object_get(model, "show"), JSON_COMPACT);
	json_decref(model);
	json_decref(data);
	json_decref(m);
	return text;
}

static void show_puts_values_in(void **state)
{
	static const struct {
		const char *show, *value, *model;
	} rows[] = {
		{ "    show:\n      - stat: {label: Open, value: .n, tone: "
		  ".t}\n",
		  "{\"n\": 3, \"t\": \"bad\"}",
		  "[{\"stat\":{\"label\":\"Open\",\"value\":3,\"tone\":"
		  "\"bad\"}}]" },
		{ "    show:\n      - text: \"{.n} of {config.most} for "
		  "{name}, "
		  "{not a value}\"\n",
		  "{\"n\": 3}",
		  "[{\"text\":\"3 of 5 for ferry, {not a value}\"}]" },
		{ "    show:\n      - table:\n          rows: .a\n          "
		  "columns:\n            - {title: Name, link: {text: .n, "
		  "url: .u}}\n            - {title: At, align: end, time: "
		  ".t}\n",
		  "{\"a\": [{\"n\": \"x\", \"u\": \"https://e.example\", "
		  "\"t\": 5}]}",
		  "[{\"table\":{\"rows\":[[{\"link\":{\"text\":\"x\",\"url\":"
		  "\"https://e.example\"}},{\"time\":5}]],\"columns\":[{"
		  "\"title\":\"Name\"},{\"title\":\"At\",\"align\":\"end\"}]}}"
		  "]" },
		{ "    show:\n      - list: {each: .a, title: .n, mark: "
		  "{badge: "
		  "{text: .b, tone: warn}}}\n",
		  "{\"a\": [{\"n\": 1, \"b\": \"y\"}]}",
		  "[{\"list\":[{\"title\":1,\"mark\":{\"badge\":{\"text\":"
		  "\"y\",\"tone\":\"warn\"}}}]}]" },
		{ "    show:\n      - fields: {On call: .who, Until: {time: "
		  ".t}}\n",
		  "{\"who\": \"Ada\", \"t\": 9}",
		  "[{\"fields\":[{\"label\":\"On call\",\"value\":\"Ada\"},{"
		  "\"label\":\"Until\",\"value\":{\"time\":9}}]}]" },
		{ "    show:\n      - {if: .bad, note: There is}\n      - {if: "
		  ".good, note: There is not}\n",
		  "{\"bad\": [1], \"good\": 0}", "[{\"note\":\"There is\"}]" },
		{ "    show:\n      - sparkline: {label: Builds, values: .v}\n",
		  "{\"v\": [1, 2]}",
		  "[{\"sparkline\":{\"label\":\"Builds\",\"values\":[1,2]}}]" },
		{ "    show:\n      - text: .\n", "\"whole\"",
		  "[{\"text\":\"whole\"}]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = shown(rows[i].show, rows[i].value);

		assert_string_equal(text, rows[i].model);
		free(text);
	}
}

static void what_does_not_fit_names_its_path(void **state)
{
	const struct cbi_declare_with with = { .config = config_of };
	json_t *m = manifest_of(alerts), *model;
	json_t *data = json_pack("{s:[i], s:[]}", "n", 1, "alerts");

	(void)state;
	assert_int_equal(
	    cbi_declare_show(&ctx, cb_json_at(m, "declared.cards.open.show"),
	                     data, NULL, &with, &model),
	    CB_EUPSTREAM);
	assert_non_null(strstr(cb_failure(&ctx), "show.0.stat.value: "));
	cb_failure_clear(&ctx);
	json_decref(m);
	json_decref(data);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_file_becomes_a_manifest),
		TEST(tests_are_read_apart),
		TEST(every_mistake_names_its_place),
		TEST(all_mistakes_are_told_at_once),
		TEST(keys_are_made_of_entities),
		TEST(requests_are_made_encoded),
		TEST(a_request_follows_from_another),
		TEST(pages_are_followed_to_their_end),
		TEST(show_puts_values_in),
		TEST(what_does_not_fit_names_its_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
