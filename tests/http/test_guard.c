/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses, hosts and credentials: what nobody may reach, or take along.
 */
#include "tests/lib/cmock.h"
#include "tests/http/asking.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
	struct asking room;

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
	struct asking room;
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
	struct asking room;
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
	struct asking room;
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
	struct asking room;
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
	struct asking room;

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
		strcpy(room.ctx.traceparent, "00-4bf92f3577b34da6a3ce929d0e0e"
		                             "4736-00f067aa0ba902b7-01");

		assert_int_equal(ask(&room, &what), CB_OK);
		assert_non_null(strstr(room.reply.body, sent[i]));
		assert_non_null(
		    strstr(room.reply.body, "traceparent: 00-4bf92f3577b3"));
		assert_non_null(strstr(room.reply.body, "X-Mine: canary-four"));
		what.url = hop;
		assert_int_equal(ask(&room, &what), CB_OK);
		assert_null(strstr(room.reply.body, "Authorization"));
		assert_null(strstr(room.reply.body, "X-Key"));
		assert_null(strstr(room.reply.body, "traceparent"));
		assert_null(strstr(room.reply.body, "canary"));
		/* Nor do failures tell. */
		what.url = "/status/500?token=canary";
		assert_int_equal(ask(&room, &what), CB_EUPSTREAM);
		assert_null(strstr(cb_failure(&room.ctx), "canary"));
		leave(&room);
	}
}

static void the_environment_names_no_proxy(void **state)
{
	struct asking room;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocked_addresses_get_no_socket),
		cmocka_unit_test(a_redirect_meets_the_same_guard),
		cmocka_unit_test(rebinding_is_seen_at_the_socket),
		cmocka_unit_test(a_kept_connection_does_not_widen_the_guard),
		cmocka_unit_test(hosts_and_base_hold),
		cmocka_unit_test(credentials_stay_with_their_origin),
		cmocka_unit_test(the_environment_names_no_proxy),
		cmocka_unit_test(allow_ranges_open_what_they_hold),
	};

	return cmocka_run_group_tests(tests, ask_start, ask_stop);
}
