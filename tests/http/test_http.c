/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client against a tool that misbehaves.
 */
#include "tests/lib/cmock.h"
#include "tests/http/asking.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void answers_come_with_type_and_etag(void **state)
{
	struct asking room;
	struct cbi_http_ask again = { .url = "/ok",
		                      .etag = "\"v1\"",
		                      .policy.connection = "tool" };
	int connections;

	(void)state;
	enter(&room);
	assert_int_equal(get(&room, "tool", "/ok"), CB_OK);
	assert_int_equal(room.reply.status, 200);
	assert_string_equal(room.reply.body, "ok");
	assert_int_equal(room.reply.body_len, 2);
	assert_string_equal(room.reply.type, "text/plain");
	assert_string_equal(room.reply.etag, "\"v1\"");
	connections = atomic_load(&tool.counts->connections);
	assert_int_equal(ask(&room, &again), CB_OK);
	assert_int_equal(room.reply.status, 304);
	/* The connection was kept. */
	assert_int_equal(atomic_load(&tool.counts->connections), connections);
	leave(&room);
}

static void statuses_become_codes(void **state)
{
	static const struct {
		const char *path;
		int code;
	} rows[] = {
		{ "/status/201", CB_OK },
		{ "/status/400", CB_EUPSTREAM },
		{ "/status/401", CB_EAUTH },
		{ "/status/403", CB_EAUTH },
		{ "/status/404", CB_ENOENT },
		{ "/status/410", CB_ENOENT },
		{ "/status/500", CB_EUPSTREAM },
		{ "/status/302", CB_EUPSTREAM }, /* without a Location */
		{ "/status/502", CB_EUPSTREAM },
		{ "/reset", CB_EAWAY },
		{ "/ok", CB_OK },
		{ "/cut", CB_EAWAY },
		{ "/garbage", CB_EUPSTREAM },
		{ "/headers", CB_ETOOBIG },
		{ "/big", CB_ETOOBIG },
		{ "/bomb", CB_ETOOBIG },
		{ "/loop", CB_EUPSTREAM },
		{ "/hops/3", CB_OK },
		{ "/hops/4", CB_EUPSTREAM },
		{ "/redirect/301?/ok", CB_OK },
		{ "/redirect/302?/ok", CB_OK },
		{ "/redirect/303?/ok", CB_OK },
		{ "/redirect/307?/ok", CB_OK },
		{ "/redirect/308?/ok", CB_OK },
	};
	struct asking room;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		enter(&room);
		assert_string_equal(
		    cb_code_name(get(&room, "tool", rows[i].path)),
		    cb_code_name(rows[i].code));
		leave(&room);
	}
}

static void slow_answers_end_in_time(void **state)
{
	static const char *const paths[] = { "/hang", "/drip" };
	struct asking room;
	struct cbi_http_ask what = { .policy.connection = "tool" };

	(void)state;
	for (size_t i = 0; i < N(paths); i++) {
		enter(&room);
		/* The connection's own second. */
		what.url = "/hang";
		what.policy.connection = "tool";
		what.total_ms = 400;
		assert_int_equal(ask(&room, &what), CB_ETIME);
		assert_in_range(room.ms, 350, 900);
		what.total_ms = 0;
		room.ctx.deadline = cbi_clock_ms() + 300;
		what.url = paths[i];
		assert_int_equal(ask(&room, &what), CB_ETIME);
		assert_in_range(room.ms, 250, 800);
		leave(&room);
	}
	enter(&room);
	assert_int_equal(get(&room, "tool", "/drip"), CB_ETIME);
	assert_in_range(room.ms, 3000, 5400);
	leave(&room);
}

static void a_bomb_takes_little_memory(void **state)
{
	struct asking room;
	long before = 0, after = 0;
	FILE *f;

	(void)state;
	enter(&room);
	assert_int_equal(get(&room, "tool", "/ok"), CB_OK);
	f = fopen("/proc/self/statm", "r");
	assert_int_equal(fscanf(f, "%*d %ld", &before), 1);
	fclose(f);
	assert_int_equal(get(&room, "tool", "/bomb"), CB_ETOOBIG);
	f = fopen("/proc/self/statm", "r");
	assert_int_equal(fscanf(f, "%*d %ld", &after), 1);
	fclose(f);
#ifndef __SANITIZE_ADDRESS__
	assert_in_range(after - before + 100000, 0, 100000 + 4 * 256);
#endif
	leave(&room);
}

static void bad_headers_are_refused(void **state)
{
	static const char *const rows[] = {
		"X: a\r\nY: b",
		"X: a\nY: b",
		"X\r\n: a",
		"X : a",
		": a",
		"no colon",
		"Host: evil",
		"X: \x01",
		"Content-Length: 5",
		"Transfer-Encoding: chunked",
	};
	struct asking room;
	const char *lines[2] = { NULL, NULL };
	struct cbi_http_ask what = { .url = "/echo",
		                     .headers = lines,
		                     .policy.connection = "tool" };
	struct cbi_http_ask etag = { .url = "/echo",
		                     .etag = "x\r\nY: b",
		                     .policy.connection = "tool" };
	struct cbi_http_ask method = { .url = "/echo",
		                       .method = "GET / HTTP/1.0\r\n",
		                       .policy.connection = "tool" };

	(void)state;
	enter(&room);
	for (size_t i = 0; i < N(rows); i++) {
		lines[0] = rows[i];
		assert_int_equal(ask(&room, &what), CB_EINVAL);
	}
	assert_int_equal(ask(&room, &etag), CB_EINVAL);
	assert_int_equal(ask(&room, &method), CB_EINVAL);
	assert_int_equal(cbi_http_test_opened(room.http), 0);
	leave(&room);
}

static void a_429_keeps_its_credential_waiting(void **state)
{
	static const struct {
		const char *path;
		int64_t least, most; /* milliseconds */
	} rows[] = {
		{ "/retry?7", 6000, 7000 },
		{ "/retry?0", 500, 1000 },
		{ "/retry?-5", 500, 1000 },
		{ "/retry?315360000", 3599000, 3600000 },
		{ "/retry?99999999999999999999999", 3599000, 3600000 },
		{ "/retry?Fri,%2031%20Dec%201999%2023:59:59%20GMT", 500, 1000 },
		{ "/retry?Fri,%2031%20Dec%202055%2023:59:59%20GMT", 3599000,
		  3600000 },
		{ "/retry?soon", 9000, 10000 },
		{ "/retry?", 9000, 10000 },
		{ "/status/429", 9000, 10000 },
	};
	struct asking room;
	int sent;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		enter(&room);
		assert_int_equal(get(&room, "tool", rows[i].path), CB_EBUSY);
		assert_in_range(cbi_http_waits(&room.ctx, room.http, "tool"),
		                rows[i].least, rows[i].most);
		sent = atomic_load(&tool.counts->requests);
		for (int k = 0; k < 20; k++)
			assert_int_equal(get(&room, "tool", "/ok"), CB_EBUSY);
		assert_int_equal(atomic_load(&tool.counts->requests), sent);
		/* Another credential is not concerned. */
		assert_int_equal(get(&room, "other", "/ok"), CB_OK);
		leave(&room);
	}
}

static void a_failing_host_is_left_alone_and_tried_again(void **state)
{
	struct asking room;
	int sent;

	(void)state;
	enter(&room);
	atomic_store(&tool.counts->status, 500);
	for (int i = 0; i < 3; i++)
		assert_int_equal(get(&room, "tool", "/now"), CB_EUPSTREAM);
	sent = atomic_load(&tool.counts->requests);
	for (int i = 0; i < 20; i++)
		assert_int_equal(get(&room, "tool", "/now"), CB_EAWAY);
	assert_int_equal(atomic_load(&tool.counts->requests), sent);
	assert_int_equal(get(&room, "other", "/ok"), CB_OK);
	/* After a second one trial, which fails and doubles the distance. */
	nanosleep(&(struct timespec){ 1, 50000000 }, NULL);
	assert_int_equal(get(&room, "tool", "/now"), CB_EUPSTREAM);
	assert_int_equal(get(&room, "tool", "/now"), CB_EAWAY);
	nanosleep(&(struct timespec){ 1, 50000000 }, NULL);
	assert_int_equal(get(&room, "tool", "/now"), CB_EAWAY);
	nanosleep(&(struct timespec){ 1, 0 }, NULL);
	atomic_store(&tool.counts->status, 200);
	assert_int_equal(get(&room, "tool", "/now"), CB_OK);
	assert_int_equal(get(&room, "tool", "/now"), CB_OK);
	leave(&room);
}

static void a_budget_is_a_minutes(void **state)
{
	struct asking room;
	int busy = 0;

	(void)state;
	enter_with(&room, "{\"few\": {\"baseUrl\": \"http://127.0.0.1:%d/\","
	                  " \"allow\": [\"loopback\"],"
	                  " \"budget\": {\"perMinute\": 5}}}");
	for (int i = 0; i < 20; i++)
		busy += get(&room, "few", "/ok") == CB_EBUSY;
	/* The minute may have turned once meanwhile. */
	assert_in_range(busy, 10, 15);
	leave(&room);
}

static void wrong_tables_are_named(void **state)
{
	static const struct {
		const char *json, *where;
	} rows[] = {
		{ "[]", "connections: expected a map" },
		{ "{\"a\": 1}", "connections.a: expected a map" },
		{ "{\"a\": {}}", "connections.a.baseUrl" },
		{ "{\"a\": {\"baseUrl\": \"ftp://x\"}}",
		  "connections.a.baseUrl" },
		{ "{\"a\": {\"baseUrl\": \"http://x/?q=1\"}}",
		  "connections.a.baseUrl: expected no query" },
		{ "{\"a\": {\"baseUrl\": \"http://u:p@x/\"}}",
		  "connections.a.baseUrl" },
		{ "{\"a\": {\"baseUrl\": \"http://x\", \"allow\":"
		  " [\"loopback\", \"10.0.0.0/33\"]}}",
		  "connections.a.allow.1" },
		{ "{\"a\": {\"baseUrl\": \"http://x\", \"allow\": \"all\"}}",
		  "connections.a.allow" },
		{ "{\"a\": {\"baseUrl\": \"http://x\", \"credential\": {}}}",
		  "connections.a.credential.type" },
		{ "{\"a\": {\"baseUrl\": \"http://x\", \"credential\":"
		  " {\"type\": \"basic\", \"user\": \"u\"}}}",
		  "connections.a.credential.password" },
		{ "{\"a\": {\"baseUrl\": \"http://x\", \"credential\":"
		  " {\"type\": \"bearer\", \"token\": \"x\\r\\nY: z\"}}}",
		  "connections.a.credential.token" },
		{ "{\"a\": {\"baseUrl\": \"http://x\", \"timeout\": \"1h\"}}",
		  "connections.a.timeout" },
		{ "{\"a\": {\"baseUrl\": \"http://x\", \"budget\":"
		  " {\"perMinute\": 0}}}",
		  "connections.a.budget.perMinute" },
		{ "{\"a\": {\"baseUrl\": \"http://x\", \"proxy\":"
		  " \"socks5://x\"}}",
		  "connections.a.proxy" },
		{ "{\"http\": {\"baseUrl\": \"http://x\"}}",
		  "connections.http" },
		{ "{\"A b\": {\"baseUrl\": \"http://x\"}}", "connections.A b" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct cbi_lane lane;
		struct cb_ctx ctx;
		struct cbi_http *http = NULL;
		json_t *json = json_loads(rows[i].json, 0, NULL);

		assert_non_null(json);
		cbi_lane_init(&lane, CB_MIB);
		cbi_ctx_init(&ctx, &lane);
		assert_int_equal(cbi_http_create(&ctx, json, &http), CB_EINVAL);
		assert_non_null(strstr(cb_failure(&ctx), rows[i].where));
		assert_null(http);
		json_decref(json);
		cbi_ctx_finish(&ctx);
		cbi_lane_finish(&lane);
	}
}

static void plugins_reach_tools_in_fetch_only(void **state)
{
	static struct cbi_http_place place;
	const struct cb_reply *reply;
	struct asking room;
	const char *url;

	(void)state;
	enter(&room);
	cbi_http_open_to_plugins(&place);
	assert_int_equal(cb_http_get(&room.ctx, "http://x/", &reply),
	                 CB_EPLACE);
	cb_failure_clear(&room.ctx);
	assert_null(cb_url(&room.ctx, "tool", "x", NULL));
	assert_int_equal(cb_failure_code(&room.ctx), CB_EPLACE);
	cb_failure_clear(&room.ctx);
	url = cb_url(&room.ctx, "https://ci.example/jenkins/", "job", "a/b c",
	             "\xc3\xa9", NULL);
	assert_string_equal(url,
	                    "https://ci.example/jenkins/job/a%2Fb%20c/%C3%A9");
	url = cb_url_arg(&room.ctx, url, "tree", "a[b]&c=d");
	url = cb_url_arg(&room.ctx, url, "x", "");
	assert_string_equal(url, "https://ci.example/jenkins/job/a%2Fb%20c/"
	                         "%C3%A9?tree=a%5Bb%5D%26c%3Dd&x=");
	place.http = room.http;
	cbi_http_open_to_plugins(&place);
	url = cb_url(&room.ctx, "tool", "echo", "it", NULL);
	assert_string_equal(url, "tool:/echo/it");
	assert_int_equal(cb_http_get(&room.ctx,
	                             cb_url_arg(&room.ctx, url, "a", "b c"),
	                             &reply),
	                 CB_OK);
	assert_int_equal(reply->status, 200);
	assert_non_null(strstr(reply->body, "GET /echo/it?a=b%20c HTTP/1.1"));
	assert_int_equal(cb_http_get(&room.ctx, "file:///etc/passwd", &reply),
	                 CB_EDENIED);
	for (const char *const *p =
	         (const char *const[]){ "..", ".", "", NULL };
	     *p; p++) {
		cb_failure_clear(&room.ctx);
		assert_null(cb_url(&room.ctx, "tool", "job", *p, NULL));
		assert_int_equal(cb_failure_code(&room.ctx), CB_EINVAL);
	}
	/* A failed address is passed on as it failed. */
	assert_int_equal(cb_http_get(&room.ctx, NULL, &reply), CB_EINVAL);
	place.http = NULL;
	cbi_http_open_to_plugins(&place);
	leave(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_come_with_type_and_etag),
		cmocka_unit_test(statuses_become_codes),
		cmocka_unit_test(slow_answers_end_in_time),
		cmocka_unit_test(a_bomb_takes_little_memory),
		cmocka_unit_test(bad_headers_are_refused),
		cmocka_unit_test(a_429_keeps_its_credential_waiting),
		cmocka_unit_test(a_failing_host_is_left_alone_and_tried_again),
		cmocka_unit_test(a_budget_is_a_minutes),
		cmocka_unit_test(wrong_tables_are_named),
		cmocka_unit_test(plugins_reach_tools_in_fetch_only),
	};

	return cmocka_run_group_tests(tests, ask_start, ask_stop);
}
