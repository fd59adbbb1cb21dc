/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_events.c - whose word a webhook is, what it says, and its queue.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "callboard/json.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "events/events.h"
#include "tests/lib/lane.h"
#include "tests/lib/stores.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static struct lane lane;
static const char *conninfo;
static struct cbi_config *config;

static const char settings[] =
    "integrations:\n"
    "  bitbucketServer: [{host: bb.example}]\n"
    "events:\n"
    "  http:\n"
    "    topics: [bare, gitlab, {topic: mine, type: github},\n"
    "      {topic: wide, type: gitea, open: true},\n"
    "      {topic: odd, type: svn, open: true}, {topic: plain}]\n"
    "  modules:\n"
    "    github: {webhookSecret: s3cret}\n"
    "    gitlab: {webhookSecret: token}\n"
    "    gitea: {webhookSecret: s3cret}\n"
    "    mine: {webhookSecret: other}\n"
    "    bitbucketServer: {webhookSecret: s3cret}\n"
    "    azureDevOps: {webhookSecret: 'pass:word', webhookUsername: hook}\n";

static int begin(void **state)
{
	char path[] = "/tmp/test-events-XXXXXX";
	const char *files[2] = { path, NULL };
	static int number;
	struct cb_buf report;
	char name[32];
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, settings, strlen(settings)),
	                 strlen(settings));
	close(fd);
	snprintf(name, sizeof(name), "events%d", number++);
	conninfo = lane_migrated(name);
	lane_open(&lane);
	cbi_buf_init(&report, 65536);
	assert_int_equal(cbi_config_load(&lane.ctx, files, &report, &config),
	                 CB_OK);
	cbi_buf_finish(&report);
	unlink(path);
	return 0;
}

static int end(void **state)
{
	(void)state;
	cbi_config_destroy(config);
	lane_close(&lane);
	return 0;
}

static void topics_are_those_of_the_config(void **state)
{
	static const struct {
		const char *name;
		int code;
		enum cbi_event_proof proof;
		const char *header, *host;
	} rows[] = {
		{ "github", CB_OK, CBI_EVENT_HMAC, "X-Hub-Signature-256", "" },
		{ "gitlab", CB_OK, CBI_EVENT_TOKEN, "X-Gitlab-Token", "" },
		{ "gitea", CB_OK, CBI_EVENT_HMAC, "X-Gitea-Signature", "" },
		{ "bitbucketServer", CB_OK, CBI_EVENT_HMAC, "X-Hub-Signature",
		  "https://bb.example" },
		{ "azureDevOps", CB_OK, CBI_EVENT_BASIC, "Authorization", "" },
		{ "mine", CB_OK, CBI_EVENT_HMAC, "X-Hub-Signature-256", "" },
		{ "wide", CB_OK, CBI_EVENT_OPEN, "X-Gitea-Signature", "" },
		{ "none", CB_ENOENT, 0, NULL, NULL },
		{ "", CB_ENOENT, 0, NULL, NULL },
		/* A name that says no type, a type that nobody knows, and one
		 * that anybody could use. */
		{ "bare", CB_EINVAL, 0, NULL, NULL },
		{ "odd", CB_EINVAL, 0, NULL, NULL },
		{ "plain", CB_EINVAL, 0, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct cbi_event_topic topic;
		int rc =
		    cbi_event_topic(&lane.ctx, config, rows[i].name, &topic);

		cb_failure_clear(&lane.ctx);
		if (rc != rows[i].code)
			fail_msg("%s: %d", rows[i].name, rc);
		if (rc < 0)
			continue;
		assert_int_equal(topic.proof, rows[i].proof);
		assert_string_equal(topic.header, rows[i].header);
		assert_string_equal(topic.host, rows[i].host);
	}
}

static const char *basic(const char *pair)
{
	static char out[400];
	char text[300];

	cbi_crypto_base64(CBI_BASE64_STD, pair, strlen(pair), text);
	snprintf(out, sizeof(out), "Basic %s", text);
	return out;
}

static bool proven(const char *name, const char *value, const char *body)
{
	struct cbi_event_topic topic;

	assert_int_equal(cbi_event_topic(&lane.ctx, config, name, &topic),
	                 CB_OK);
	return cbi_event_proven(&topic, value, body, strlen(body));
}

static void only_the_secret_proves_a_body(void **state)
{
	/* printf '{"a":1}' | openssl dgst -sha256 -hmac s3cret */
	static const char mac[] = "5910e62016ef5034272c926c27071992"
				  "a465c2335cecf41851bda071577f4f6d";
	char own[CB_SHA256_HEX], long_one[5000], signature[80];

	(void)state;
	snprintf(own, sizeof(own), "%s", mac);
	snprintf(signature, sizeof(signature), "sha256=%s", own);
	memset(long_one, 'A', sizeof(long_one) - 1);
	long_one[sizeof(long_one) - 1] = '\0';

	assert_true(proven("github", signature, "{\"a\":1}"));
	assert_true(proven("gitea", own, "{\"a\":1}"));
	assert_true(proven("bitbucketServer", signature, "{\"a\":1}"));
	assert_false(proven("github", signature, "{\"a\":2}"));
	assert_false(proven("mine", signature, "{\"a\":1}"));
	assert_false(proven("github", NULL, "{\"a\":1}"));
	assert_false(proven("github", "", "{\"a\":1}"));
	assert_false(proven("github", "sha256=", "{\"a\":1}"));
	assert_false(proven("github", long_one, "{\"a\":1}"));
	own[3] ^= 1;
	assert_false(proven("gitea", own, "{\"a\":1}"));

	assert_true(proven("gitlab", "token", "{}"));
	assert_false(proven("gitlab", "tokens", "{}"));
	assert_false(proven("gitlab", "toke", "{}"));
	assert_false(proven("gitlab", NULL, "{}"));

	assert_true(proven("azureDevOps", basic("hook:pass:word"), "{}"));
	assert_false(proven("azureDevOps", basic("hook:pass"), "{}"));
	assert_false(proven("azureDevOps", basic("other:pass:word"), "{}"));
	assert_false(proven("azureDevOps", basic("hook"), "{}"));
	assert_false(proven("azureDevOps", "Basic !!", "{}"));
	assert_false(proven("azureDevOps", long_one, "{}"));
	assert_true(proven("wide", NULL, "{}"));
}

static const char *said(const char *word, const char *host, const char *text)
{
	json_t *body, *telling;
	char *out;

	assert_int_equal(cb_json_parse(&lane.ctx, text, strlen(text), &body),
	                 CB_OK);
	telling = cbi_event_telling(&lane.ctx, word, host, body);
	if (!telling)
		return "nothing";
	out = cb_printf(
	    &lane.ctx, "%s|%s|%s|%s|%d", cb_json_text(telling, "kind", "?"),
	    cb_json_text(telling, "repo", "?"),
	    cb_json_text(telling, "org", "?"),
	    cb_json_text(telling, "branch", "?"),
	    json_is_array(json_object_get(telling, "paths"))
		? (int)json_array_size(json_object_get(telling, "paths"))
		: -1);
	json_decref(telling);
	return out;
}

#define REPO "\"repository\":{\"html_url\":\"https://H.example/Acme/Shop\"}"
#define COMMIT(paths)                                                      \
	"{\"id\":\"1\",\"added\":[],\"modified\":[" paths "],\"removed\":" \
	"[]}"

static const struct {
	const char *word, *host, *body, *said;
} tellings[] = {
	{ "push", "",
	  "{\"ref\":\"refs/heads/Main\"," REPO
	  ",\"commits\":[" COMMIT("\"a.yaml\",\"b.yaml\"") "]}",
	  "push|https://h.example/acme/shop/|https://h.example/acme/|"
	  "Main|2" },
	/* What a forced push takes away no commit names. */
	{ "push", "",
	  "{\"ref\":\"refs/heads/main\",\"forced\":true," REPO
	  ",\"commits\":[" COMMIT("\"a.yaml\"") "]}",
	  "push|https://h.example/acme/shop/|https://h.example/acme/|"
	  "main|-1" },
	{ "push", "", "{\"ref\":\"refs/tags/v1\"," REPO "}",
	  "push|https://h.example/acme/shop/|https://h.example/acme/|"
	  "v1|-1" },
	{ "Push Hook", "",
	  "{\"object_kind\":\"push\",\"event_name\":\"push\",\"ref\":"
	  "\"refs/heads/main\",\"project\":{\"web_url\":"
	  "\"https://gl.example/g/sub/p\"},\"repository\":{\"url\":"
	  "\"git@gl.example:g/sub/p.git\"},\"commits\":[" COMMIT(
	      "\"a.yaml\"") "],\"total_commits_count\":1}",
	  "push|https://gl.example/g/sub/p/|https://gl.example/g/sub/|"
	  "main|1" },
	/* GitLab names the last 20 of them. */
	{ "Push Hook", "",
	  "{\"ref\":\"refs/heads/main\",\"project\":{\"web_url\":"
	  "\"https://gl.example/g/p\"},\"commits\":[" COMMIT(
	      "\"a.yaml\"") "],\"total_commits_count\":30}",
	  "push|https://gl.example/g/p/|https://gl.example/g/"
	  "|main|-1" },
	{ "repo:refs_changed", "https://bb.example",
	  "{\"repository\":{\"slug\":\"r\",\"project\":{\"key\":\"PRJ\""
	  "}},\"changes\":[{\"ref\":{\"id\":\"refs/heads/main\"}}]}",
	  "push|https://bb.example/projects/prj/repos/r/|"
	  "https://bb.example/projects/prj/repos/|main|-1" },
	/* Two branches at once. */
	{ "repo:refs_changed", "https://bb.example",
	  "{\"repository\":{\"slug\":\"r\",\"project\":{\"key\":\"PRJ\""
	  "}},\"changes\":[{\"ref\":{\"id\":\"refs/heads/main\"}},"
	  "{\"ref\":{\"id\":\"refs/heads/dev\"}}]}",
	  "push|https://bb.example/projects/prj/repos/r/|"
	  "https://bb.example/projects/prj/repos/||-1" },
	{ NULL, "",
	  "{\"eventType\":\"git.push\",\"resource\":{\"refUpdates\":[{"
	  "\"name\":\"refs/heads/main\"}],\"repository\":{\"remoteUrl\""
	  ":\"https://me@dev.azure.com/org/prj/_git/r\"}}}",
	  "push|https://dev.azure.com/org/prj/_git/r/|"
	  "https://dev.azure.com/org/prj/_git/|main|-1" },
	{ "repository", "",
	  "{\"action\":\"created\",\"organization\":{\"login\":\"Acme\""
	  "}," REPO "}",
	  "repository|https://h.example/acme/shop/|"
	  "https://h.example/acme/||-1" },
	{ "membership", "",
	  "{\"organization\":{\"login\":\"acme\"},\"sender\":{"
	  "\"html_url\":\"https://h.example/mary\"}}",
	  "organization||https://h.example/acme/||-1" },
	{ "ping", "", "{\"zen\":\"x\"," REPO "}", "nothing" },
	{ NULL, "", "{" REPO "}", "nothing" },
	{ "push", "", "{}", "nothing" },
	{ "push", "", "[]", "nothing" },
	{ "push", "", "{\"repository\":{\"html_url\":\"ftp://x/y\"}}",
	  "nothing" },
	{ "push", "", "{\"repository\":{\"html_url\":\"https://\"}}",
	  "nothing" },
	{ "push", "", "{\"repository\":7,\"commits\":\"x\"}", "nothing" },
	{ "push", "", "{" REPO ",\"commits\":[1,{\"added\":[7]}]}",
	  "push|https://h.example/acme/shop/|https://h.example/acme/||"
	  "-1" },
};

static void bodies_say_what_changed(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(tellings); i++) {
		const char *got =
		    said(tellings[i].word, tellings[i].host, tellings[i].body);

		if (strcmp(got, tellings[i].said) != 0)
			fail_msg("row %zu: %s", i, got);
	}
}

struct acted {
	int n, code;
	char branch[32];
	size_t paths;
};

static int act(void *arg, struct cb_ctx *ctx,
               const struct cbi_supply_event *event)
{
	struct acted *acted = arg;

	acted->n++;
	acted->paths = json_array_size(event->paths);
	snprintf(acted->branch, sizeof(acted->branch), "%s", event->branch);
	if (acted->code < 0)
		return cb_fail(ctx, acted->code, "it did not work");
	return CB_OK;
}

static void keep(const char *delivery, const char *branch)
{
	json_t *telling =
	    json_pack("{s:s, s:s, s:s, s:[s]}", "kind", "push", "repo",
	              "https://h/a/", "branch", branch, "paths", "x");

	assert_int_equal(cbi_event_keep(&lane.ctx, "github", delivery, telling),
	                 CB_OK);
	json_decref(telling);
}

static bool work(struct acted *acted, int code)
{
	bool found;

	assert_int_equal(cbi_event_work(&lane.ctx, act, acted, &found), code);
	cb_failure_clear(&lane.ctx);
	return found;
}

static void each_delivery_is_acted_on_once(void **state)
{
	struct acted acted = { 0 };

	(void)state;
	assert_false(work(&acted, CB_OK));
	keep("one", "main");
	keep("one", "main");
	keep("two", "dev");
	keep(NULL, "free");
	keep(NULL, "free");
	assert_true(work(&acted, CB_OK));
	assert_string_equal(acted.branch, "main");
	assert_int_equal(acted.paths, 1);
	assert_true(work(&acted, CB_OK));
	assert_string_equal(acted.branch, "dev");
	assert_true(work(&acted, CB_OK));
	assert_true(work(&acted, CB_OK));
	assert_false(work(&acted, CB_OK));
	assert_int_equal(acted.n, 4);
	/* Known for a day, done or not. */
	keep("one", "main");
	assert_false(work(&acted, CB_OK));
	stores_sql(conninfo, "update callboard.event set"
	                     " at = at - interval '2 days'");
	keep("three", "main");
	assert_true(work(&acted, CB_OK));
	keep("one", "main");
	assert_true(work(&acted, CB_OK));
}

static void one_that_fails_does_not_hold_up_the_others(void **state)
{
	struct acted acted = { .code = CB_EINVAL };

	(void)state;
	keep("one", "main");
	keep("two", "dev");
	assert_true(work(&acted, CB_EINVAL));
	acted.code = CB_OK;
	assert_true(work(&acted, CB_OK));
	assert_string_equal(acted.branch, "dev");
	assert_false(work(&acted, CB_OK));
}

static void a_flood_is_told_to_wait(void **state)
{
	json_t *telling = json_object();

	(void)state;
	stores_sql(conninfo, "insert into callboard.event (topic, body)"
	                     " select 'x', '{}' from generate_series(1, 1000)");
	assert_int_equal(cbi_event_keep(&lane.ctx, "github", "d", telling),
	                 CB_EBUSY);
	cb_failure_clear(&lane.ctx);
	stores_sql(conninfo, "delete from callboard.event where id = 7");
	assert_int_equal(cbi_event_keep(&lane.ctx, "github", "d", telling),
	                 CB_OK);
	json_decref(telling);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
		T(topics_are_those_of_the_config),
		T(only_the_secret_proves_a_body),
		T(bodies_say_what_changed),
		T(each_delivery_is_acted_on_once),
		T(one_that_fails_does_not_hold_up_the_others),
		T(a_flood_is_told_to_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
