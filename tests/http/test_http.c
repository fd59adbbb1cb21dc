/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client against a tool that misbehaves, and addresses that nobody may
 * reach.
 */
#include "tests/lib/cmock.h"
#include "tests/http/tool.h"

#include "http/http_priv.h"

#include "base/clock.h"
#include "base/ctx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))

static struct tool tool, other;

/* One request's surroundings. */
struct room {
	struct cbi_lane lane;
	struct cb_ctx ctx;
	struct cbi_http *http;
	struct cbi_http_reply reply;
	int64_t ms; /* the last ask took */
};

/* A table whose %d are the ports of both tools. */
static void enter_with(struct room *room, const char *format)
{
	const int ports[] = { tool.port, other.port };
	char text[2000], *out = text;
	json_t *json;

	for (int n = 0; *format;) {
		if (strncmp(format, "%d", 2) == 0) {
			out += snprintf(out, 8, "%d", ports[n++]);
			format += 2;
		} else {
			*out++ = *format++;
		}
	}
	*out = '\0';
	json = json_loads(text, 0, NULL);
	assert_non_null(json);
	cbi_lane_init(&room->lane, 16 * CB_MIB);
	cbi_ctx_init(&room->ctx, &room->lane);
	assert_int_equal(cbi_http_create(&room->ctx, json, &room->http), CB_OK);
	json_decref(json);
}

static void enter(struct room *room)
{
	enter_with(room, "{\"tool\": {\"baseUrl\": \"http://127.0.0.1:%d/\","
	                 " \"allow\": [\"loopback\"]},"
	                 " \"other\": {\"baseUrl\": \"http://127.0.0.1:%d\","
	                 " \"allow\": [\"loopback\"], \"timeout\": \"1s\"}}");
}

static void leave(struct room *room)
{
	cbi_http_destroy(room->http);
	cbi_ctx_finish(&room->ctx);
	cbi_lane_finish(&room->lane);
}

static int ask(struct room *room, const struct cbi_http_ask *what)
{
	int64_t before = cbi_clock_ms();
	int rc;

	cb_failure_clear(&room->ctx);
	rc = cbi_http_request(&room->ctx, room->http, what, &room->reply);
	room->ms = cbi_clock_ms() - before;
	if (rc < 0)
		assert_int_equal(rc, cb_failure_code(&room->ctx));
	return rc;
}

static int get(struct room *room, const char *connection, const char *url)
{
	struct cbi_http_ask what = { .url = url,
		                     .policy.connection = connection };

	return ask(room, &what);
}

static void answers_come_with_type_and_etag(void **state)
{
	struct room room;
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
	struct room room;

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
	struct room room;
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
	struct room room;
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

/* All of these are refused without a socket. */
static const char *const closed[] = {
	"http://169.254.169.254/latest",
	"http://[fd00:ec2::254]/",
	"http://metadata.google.internal/",
	"http://METADATA.google.internal./",
	"http://127.1/",
	"http://127.0.0.1/",
	"http://0x7f.1/",
	"http://0x7f000001/",
	"http://2130706433/",
	"http://017700000001/",
	"http://0177.0.0.01/",
	"http://0/",
	"http://localhost/",
	"http://[::1]/",
	"http://[::]/",
	"http://[::ffff:7f00:1]/",
	"http://[::ffff:127.0.0.1]/",
	"http://[0:0:0:0:0:ffff:7f00:0001]/",
	"http://[::7f00:1]/",
	"http://[64:ff9b::7f00:1]/",
	"http://[64:ff9b:1::a00:1]/",
	"http://[2002:7f00:1::]/",
	"http://[2002:a9fe:a9fe::1]/",
	"http://[2001::1]/",
	"http://[fe80::1]/",
	"http://[fe80::1%25lo]/",
	"http://[fc00::1]/",
	"http://[fec0::1]/",
	"http://[ff02::1]/",
	"http://[100::1]/",
	"http://[2001:db8::1]/",
	"http://10.0.0.1/",
	"http://172.16.0.1/",
	"http://172.31.255.255/",
	"http://192.168.1.1/",
	"http://100.64.0.1/",
	"http://198.18.0.1/",
	"http://192.0.2.1/",
	"http://224.0.0.1/",
	"http://255.255.255.255/",
	"http://0.0.0.0:8080/",
	"http://rebound.example/",
	"http://rebound6.example/",
	"file:///etc/passwd",
	"gopher://127.0.0.1:6379/_INFO",
	"dict://127.0.0.1:6379/info",
	"ftp://127.0.0.1/",
	"ldap://127.0.0.1/",
	"scp://127.0.0.1/x",
	"//127.0.0.1/",
	"http://allowed@127.0.0.1/",
	"http://user:pass@127.0.0.1/",
	"http://127.0.0.1#@allowed/",
	"http:\\\\127.0.0.1/",
	"http://127.0.0.1\\@allowed/",
	"http://8.8.8.8:22/",
	"http://8.8.8.8:6379/",
	"http://8.8.8.8:5432/",
	"http://8.8.8.8:9000/",
	"http://8.8.8.8:0/",
	"http://8.8.8.8:65536/",
	"http://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.\xe2\x93\xaa.\xe2\x93\xaa"
	".\xe2\x91\xa0/",
	"http://127\xe3\x80\x82"
	"0\xe3\x80\x82"
	"0\xe3\x80\x82"
	"1/",
	"http://8.8.8.8/\r\nX: y",
	"http://8.8.8.8/\nX: y",
	"http://8.8.8.8/ x",
	"http://8.8.8.8/\x01",
	"http://",
	"nonsense",
	"",
};

/* What the resolver "says" of names that turn inside. */
static const char *const turned[] = {
	"rebound.example:80:127.0.0.1",
	"rebound6.example:80:[::ffff:169.254.169.254]",
	NULL,
};

static void blocked_addresses_get_no_socket(void **state)
{
	struct room room;

	(void)state;
	enter(&room);
	cbi_http_test_resolve(room.http, turned);
	for (size_t i = 0; i < N(closed); i++) {
		int rc = get(&room, NULL, closed[i]);

		if (rc != CB_EDENIED && rc != CB_EINVAL)
			print_error("%s: %s %s\n", closed[i], cb_code_name(rc),
			            cb_failure(&room.ctx));
		assert_true(rc == CB_EDENIED || rc == CB_EINVAL);
	}
	assert_int_equal(cbi_http_test_opened(room.http), 0);
	leave(&room);
}

static void a_redirect_meets_the_same_guard(void **state)
{
	struct room room;
	char path[600];
	struct cbi_http_ask what = { .url = path, .policy.connection = "near" };
	uint64_t opened;
	int sent;

	(void)state;
	/* This connection may reach its own address and no other. */
	enter_with(&room, "{\"near\": {\"baseUrl\": \"http://127.0.0.1:%d/\","
	                  " \"allow\": [\"127.0.0.1/32\"]}}");
	cbi_http_test_resolve(room.http, turned);
	assert_int_equal(get(&room, "near", "/ok"), CB_OK);
	opened = cbi_http_test_opened(room.http);
	for (size_t i = 0; i < N(closed); i++) {
		/* Its own address on another port, and what a Location may
		 * not hold at all, are other tests' matter. */
		if (strstr(closed[i], "127.0.0.1") ||
		    strpbrk(closed[i], "%\r\n #\x01") ||
		    !strstr(closed[i], ":"))
			continue;
		if (strcmp(closed[i], "http://127.1/") == 0 ||
		    strstr(closed[i], "7f") || strstr(closed[i], "0177") ||
		    strstr(closed[i], "2130706433") ||
		    strstr(closed[i], "localhost") ||
		    strstr(closed[i], "rebound.example"))
			continue;
		for (int status = 301; status <= 308; status++) {
			if (status > 303 && status < 307)
				continue;
			snprintf(path, sizeof(path), "/redirect/%d?%s", status,
			         closed[i]);
			sent = atomic_load(&tool.counts->requests);
			int rc = ask(&room, &what);
			if (rc != CB_EDENIED && rc != CB_EINVAL)
				print_error("%s: %s\n", path,
				            cb_failure(&room.ctx));
			assert_true(rc == CB_EDENIED || rc == CB_EINVAL);
			/* Bytes that no URL may hold are not even sent. */
			assert_in_range(
			    atomic_load(&tool.counts->requests) - sent, 0, 1);
		}
	}
	assert_int_equal(cbi_http_test_opened(room.http), opened);
	/* The Redis port on its own, allowed address. */
	assert_int_equal(
	    get(&room, "near", "/redirect/307?http://127.0.0.1:6379/"),
	    CB_EDENIED);
	assert_int_equal(cbi_http_test_opened(room.http), opened);
	leave(&room);
}

static void rebinding_is_seen_at_the_socket(void **state)
{
	char good[80], bad[80], both[80];
	const char *rows[] = { good, NULL }, *other_rows[] = { bad, NULL },
		   *mixed[] = { both, NULL };
	char host[40];
	const char *hosts[] = { host, NULL };
	const char *near[] = { "127.0.0.1/32", NULL };
	struct room room;
	struct cbi_http_ask what = { .policy = { .hosts = hosts,
		                                 .allow = near } };
	char url[80];
	uint64_t opened;

	(void)state;
	/* 127.0.0.1 stands for the public address, 127.0.0.2 for inside. */
	snprintf(good, sizeof(good), "turn.example:%d:127.0.0.1", tool.port);
	snprintf(bad, sizeof(bad), "turn.example:%d:127.0.0.2", tool.port);
	snprintf(both, sizeof(both), "turn.example:%d:127.0.0.2,127.0.0.1",
	         tool.port);
	snprintf(host, sizeof(host), "turn.example:%d", tool.port);
	snprintf(url, sizeof(url), "http://turn.example:%d/reset", tool.port);
	what.url = url;
	enter(&room);
	cbi_http_test_resolve(room.http, rows);
	assert_int_equal(ask(&room, &what), CB_EAWAY); /* reached, reset */
	opened = cbi_http_test_opened(room.http);
	assert_true(opened > 0);
	cbi_http_test_resolve(room.http, other_rows);
	assert_int_equal(ask(&room, &what), CB_EDENIED);
	assert_non_null(strstr(cb_failure(&room.ctx), "blocked address"));
	assert_int_equal(cbi_http_test_opened(room.http), opened);
	/* Of two addresses the good one is taken. */
	cbi_http_test_resolve(room.http, mixed);
	snprintf(url, sizeof(url), "http://turn.example:%d/ok", tool.port);
	assert_int_equal(ask(&room, &what), CB_OK);
	assert_int_equal(cbi_http_test_opened(room.http), opened + 1);
	leave(&room);
}

static void a_kept_connection_does_not_widen_the_guard(void **state)
{
	char host[40], url[80];
	const char *hosts[] = { host, NULL };
	const char *loopback[] = { "loopback", NULL };
	struct cbi_http_ask wide = {
		.url = url, .policy = { .hosts = hosts, .allow = loopback }
	};
	struct cbi_http_ask narrow = { .url = url,
		                       .policy = { .hosts = hosts } };
	struct room room;
	char row[80];
	const char *rows[] = { row, NULL };

	(void)state;
	snprintf(host, sizeof(host), "kept.example:%d", tool.port);
	snprintf(url, sizeof(url), "http://kept.example:%d/ok", tool.port);
	snprintf(row, sizeof(row), "kept.example:%d:127.0.0.1", tool.port);
	enter(&room);
	cbi_http_test_resolve(room.http, rows);
	assert_int_equal(ask(&room, &wide), CB_OK);
	assert_int_equal(ask(&room, &narrow), CB_EDENIED);
	assert_non_null(strstr(cb_failure(&room.ctx), "127.0.0.1"));
	leave(&room);
}

static void hosts_and_base_hold(void **state)
{
	char own[40], foreign[60], deep[60], sibling[60];
	const char *only[] = { "tools.example", "*.wide.example", NULL };
	struct room room;
	struct cbi_http_ask what = { .policy.hosts = only };
	static const char *const refused[] = {
		"http://evil.example/",
		"http://tools.example.evil/",
		"http://eviltools.example/",
		"http://wide.example/",
		"http://evilwide.example/",
		"http://tools.example:9000/",
		"http://tools.example@evil.example/",
	};

	(void)state;
	enter_with(&room, "{\"deep\": {\"baseUrl\": "
	                  "\"http://127.0.0.1:%d/status\","
	                  " \"allow\": [\"loopback\"]}}");
	for (size_t i = 0; i < N(refused); i++) {
		what.url = refused[i];
		assert_int_equal(ask(&room, &what), CB_EDENIED);
	}
	assert_int_equal(cbi_http_test_opened(room.http), 0);
	snprintf(own, sizeof(own), "http://127.0.0.1:%d/status/200", tool.port);
	snprintf(foreign, sizeof(foreign), "http://127.0.0.1:%d/status/200",
	         other.port);
	snprintf(deep, sizeof(deep), "http://127.0.0.1:%d/ok", tool.port);
	snprintf(sibling, sizeof(sibling), "http://127.0.0.1:%d/statusx/200",
	         tool.port);
	assert_int_equal(get(&room, "deep", "/200"), CB_OK);
	assert_int_equal(get(&room, "deep", own), CB_OK);
	assert_int_equal(get(&room, "deep", foreign), CB_EDENIED);
	assert_int_equal(get(&room, "deep", deep), CB_EDENIED);
	assert_int_equal(get(&room, "deep", sibling), CB_EDENIED);
	assert_int_equal(get(&room, "deep", "/../ok"), CB_EINVAL);
	assert_int_equal(get(&room, "deep", "/%2e%2E/ok"), CB_EINVAL);
	assert_int_equal(get(&room, "deep", "/.%2e/ok"), CB_EINVAL);
	assert_int_equal(get(&room, "none", "/x"), CB_EINVAL);
	leave(&room);
}

static void credentials_stay_with_their_origin(void **state)
{
	static const char *const credentials[] = {
		"{\"type\": \"basic\", \"user\": \"u\","
		" \"password\": \"canary-one\"}",
		"{\"type\": \"bearer\", \"token\": \"canary-two\"}",
		"{\"type\": \"header\", \"name\": \"X-Key\","
		" \"value\": \"canary-three\"}",
	};
	static const char *const sent[] = {
		"Authorization: Basic dTpjYW5hcnktb25l",
		"Authorization: Bearer canary-two",
		"X-Key: canary-three",
	};
	const char *lines[] = { "X-Mine: canary-four", NULL };
	char hop[200], table[400], to[60];
	const char *hosts[] = { to, NULL };
	struct room room;

	(void)state;
	snprintf(hop, sizeof(hop), "/redirect/302?http://127.0.0.1:%d/echo",
	         other.port);
	snprintf(to, sizeof(to), "127.0.0.1:%d", other.port);
	for (size_t i = 0; i < N(sent); i++) {
		struct cbi_http_ask what = {
			.url = "/redirect/302?/echo",
			.headers = lines,
			.policy = { .connection = "own", .hosts = hosts },
		};

		snprintf(table, sizeof(table),
		         "{\"own\": {\"baseUrl\": \"http://127.0.0.1:%%d/\","
		         " \"allow\": [\"loopback\"], \"credential\": %s}}",
		         credentials[i]);
		enter_with(&room, table);

		assert_int_equal(ask(&room, &what), CB_OK);
		assert_non_null(strstr(room.reply.body, sent[i]));
		assert_non_null(strstr(room.reply.body, "X-Mine: canary-four"));
		what.url = hop;
		assert_int_equal(ask(&room, &what), CB_OK);
		assert_null(strstr(room.reply.body, "Authorization"));
		assert_null(strstr(room.reply.body, "X-Key"));
		assert_null(strstr(room.reply.body, "canary"));
		/* Nor do failures tell. */
		what.url = "/status/500?token=canary";
		assert_int_equal(ask(&room, &what), CB_EUPSTREAM);
		assert_null(strstr(cb_failure(&room.ctx), "canary"));
		leave(&room);
	}
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
	struct room room;
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

static void the_environment_names_no_proxy(void **state)
{
	struct room room;
	char url[60];

	(void)state;
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", other.port);
	setenv("http_proxy", url, 1);
	setenv("ALL_PROXY", url, 1);
	atomic_store(&other.counts->connections, 0);
	enter(&room);
	assert_int_equal(get(&room, "tool", "/ok"), CB_OK);
	assert_int_equal(atomic_load(&other.counts->connections), 0);
	leave(&room);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
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
	struct room room;
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
	struct room room;
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
	struct room room;
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

static void allow_ranges_open_what_they_hold(void **state)
{
	static const struct {
		const char *range, *address;
		bool ok;
	} rows[] = {
		{ NULL, "8.8.8.8", true },
		{ NULL, "2606:4700::1", true },
		{ NULL, "64:ff9b::808:808", true },
		{ NULL, "2002:808:808::1", true },
		{ NULL, "172.32.0.1", true },
		{ NULL, "100.128.0.1", true },
		{ "10.1.0.0/16", "10.1.2.3", true },
		{ "10.1.0.0/16", "::ffff:10.1.2.3", true },
		{ "10.1.0.0/16", "64:ff9b::a01:203", false },
		{ "10.1.0.0/16", "10.2.0.1", false },
		{ "10.1.2.0/23", "10.1.3.255", true },
		{ "10.1.2.0/23", "10.1.4.0", false },
		{ "private", "192.168.3.4", true },
		{ "private", "fd12::1", true },
		{ "private", "127.0.0.1", false },
		{ "private", "169.254.169.254", false },
		{ "private", "fd00:ec2::254", false },
		{ "0.0.0.0/0", "127.0.0.1", true },
		{ "0.0.0.0/0", "169.254.169.254", false },
		{ "169.254.0.0/16", "169.254.169.254", true },
		{ "::/0", "fe80::1", false },
		{ "fe80::/10", "fe80::1", true },
		{ "fd00:ec2::/32", "fd00:ec2::254", true },
		{ "::/0", "10.0.0.1", false },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct cbi_http_ranges allow = { 0 };

		if (rows[i].range)
			assert_true(cbi_http_range_add(&allow, rows[i].range));
		if (cbi_http_literal_ok(rows[i].address, &allow, false) !=
		    rows[i].ok)
			fail_msg("%s in %s", rows[i].address, rows[i].range);
	}
}

static void plugins_reach_tools_in_fetch_only(void **state)
{
	static struct cbi_http_place place;
	const struct cb_reply *reply;
	struct room room;
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

static int start(void **state)
{
	(void)state;
	return tool_start(&tool) || tool_start(&other);
}

static int stop(void **state)
{
	(void)state;
	tool_stop(&tool);
	tool_stop(&other);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_come_with_type_and_etag),
		cmocka_unit_test(statuses_become_codes),
		cmocka_unit_test(slow_answers_end_in_time),
		cmocka_unit_test(a_bomb_takes_little_memory),
		cmocka_unit_test(blocked_addresses_get_no_socket),
		cmocka_unit_test(a_redirect_meets_the_same_guard),
		cmocka_unit_test(rebinding_is_seen_at_the_socket),
		cmocka_unit_test(a_kept_connection_does_not_widen_the_guard),
		cmocka_unit_test(hosts_and_base_hold),
		cmocka_unit_test(credentials_stay_with_their_origin),
		cmocka_unit_test(bad_headers_are_refused),
		cmocka_unit_test(the_environment_names_no_proxy),
		cmocka_unit_test(a_429_keeps_its_credential_waiting),
		cmocka_unit_test(a_failing_host_is_left_alone_and_tried_again),
		cmocka_unit_test(a_budget_is_a_minutes),
		cmocka_unit_test(wrong_tables_are_named),
		cmocka_unit_test(allow_ranges_open_what_they_hold),
		cmocka_unit_test(plugins_reach_tools_in_fetch_only),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
