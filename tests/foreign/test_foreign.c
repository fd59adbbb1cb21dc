/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <callboard/json.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/ctx.h"
#include "declare/declare.h"
#include "foreign/foreign.h"

struct room {
	struct cbi_lane lane;
	struct cb_ctx ctx;
	char dir[64], path[96], serve[128];
	int listener;
	pthread_t thread;
	/* What the program says, and what it was asked. */
	const char *says;
	size_t says_len;
	char asked[16384];
	size_t asked_len;
};

static int room_open(void **state)
{
	static struct room room;

	memset(&room, 0, sizeof(room));
	cbi_lane_init(&room.lane, 16 * CB_MIB);
	cbi_ctx_init(&room.ctx, &room.lane);
	snprintf(room.dir, sizeof(room.dir), "/tmp/cb-foreign-XXXXXX");
	assert_non_null(mkdtemp(room.dir));
	snprintf(room.path, sizeof(room.path), "%s/sock", room.dir);
	snprintf(room.serve, sizeof(room.serve), "fastcgi:unix:%s", room.path);
	*state = &room;
	return 0;
}

static int room_close(void **state)
{
	struct room *room = *state;

	unlink(room->path);
	rmdir(room->dir);
	cbi_ctx_finish(&room->ctx);
	cbi_lane_finish(&room->lane);
	return 0;
}

/* ---- serve: ----------------------------------------------------------------
 */

static void an_address_is_taken_apart(void **state)
{
	struct room *room = *state;
	struct cbi_foreign_serve serve;

	assert_int_equal(
	    cbi_foreign_serve(&room->ctx, "fastcgi:unix:/run/a.sock", &serve),
	    CB_OK);
	assert_int_equal(serve.kind, CBI_FOREIGN_UNIX);
	assert_string_equal(serve.path, "/run/a.sock");
	assert_int_equal(
	    cbi_foreign_serve(&room->ctx, "fastcgi:127.0.0.1:9000", &serve),
	    CB_OK);
	assert_int_equal(serve.kind, CBI_FOREIGN_TCP);
	assert_string_equal(serve.host, "127.0.0.1");
	assert_string_equal(serve.port, "9000");
	assert_int_equal(
	    cbi_foreign_serve(&room->ctx, "http://[::1]:9001/", &serve), CB_OK);
	assert_int_equal(serve.kind, CBI_FOREIGN_HTTP);
	assert_string_equal(serve.host, "::1");
	assert_string_equal(serve.place, "[::1]:9001");
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const odd[] = {
		"",
		"unix:/run/a.sock",
		"fastcgi:unix:run/a.sock",
		"fastcgi:unix:/run/a;b.sock",
		"fastcgi:unix:/run/a\"b.sock",
		"fastcgi:unix:/run/a b.sock",
		"fastcgi:9000",
		"fastcgi:host:0",
		"fastcgi:host:70000",
		"fastcgi:ho$t:9000",
		"http://127.0.0.1",
		"http://127.0.0.1:9001/below",
		"http://user@host:9001",
		"http://[::1:9001",
		"https://127.0.0.1:9001",
		"fastcgi::9000",
	};
	struct room *room = *state;
	struct cbi_foreign_serve serve;

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		cb_failure_clear(&room->ctx);
		assert_int_equal(cbi_foreign_serve(&room->ctx, odd[i], &serve),
		                 CB_EINVAL);
		assert_non_null(strstr(cb_failure(&room->ctx), "serve: "));
	}
}

/* ---- Files that serve -------------------------------------------------------
 */

#define FOREIGN "plugin: alerts\nversion: 1.0.0\nsummary: x\n"

static int read_file(struct room *room, const char *text, struct cb_buf *why,
                     json_t **out)
{
	const struct cbi_declare_file file = { .path = "alerts.yaml",
		                               .name = "alerts" };

	return cbi_declare_read(&room->ctx, &file, text, strlen(text), why, out,
	                        NULL);
}

static const char *at(json_t *root, const char *path)
{
	return cb_json_text(root, path, "(none)");
}

static void a_file_that_serves_is_foreign(void **state)
{
	static const char text[] =
	    FOREIGN "serve: http://127.0.0.1:9001\n"
		    "cards:\n  open: {title: Open, key: "
		    "\"{annotations.x/y}\", personal: true}\n"
		    "pages:\n  week: {title: Week, nav: Week}\n"
		    "apis:\n  v1: {methods: GET POST}\n";
	struct room *room = *state;
	struct cb_buf why;
	json_t *m = NULL;

	cbi_buf_init(&why, 4096);
	assert_int_equal(read_file(room, text, &why, &m), CB_OK);
	cbi_buf_finish(&why);
	assert_string_equal(at(m, "tier"), "foreign");
	assert_string_equal(at(m, "declared.serve"), "http://127.0.0.1:9001");
	assert_string_equal(at(m, "declared.sources.open.key"),
	                    "{annotations.x/y}");
	assert_true(
	    json_is_true(cb_json_at(m, "declared.sources.open.personal")));
	/* A card is kept and waited for as a source of its name. */
	assert_string_equal(at(m, "sources.0.name"), "open");
	assert_string_equal(at(m, "cards.0.when"), "metadata.annotations.x/y");
	assert_string_equal(at(m, "routes.0.path"), "week");
	assert_true(json_is_false(cb_json_at(m, "routes.0.api")));
	assert_string_equal(at(m, "routes.1.methods"), "GET POST");
	assert_true(json_is_true(cb_json_at(m, "routes.1.api")));
	assert_string_equal(at(m, "permissions.0.name"), "alerts.read");
	json_decref(m);
}

static void what_does_not_fit_a_program_is_named(void **state)
{
	static const char *const rows[][2] = {
		{ "serve: https://x:1\n",
		  "alerts.yaml:4:8: serve: expected fastcgi:unix:/PATH, "
		  "fastcgi:HOST:PORT or http://HOST:PORT" },
		{ "serve: http://x:1\nsources: {a: {get: x}}\n",
		  "alerts.yaml:5:1: sources: a plugin with 'serve' fetches by "
		  "itself" },
		{ "serve: http://x:1\napis: {v1: {methods: GET PATCH}}\n",
		  "methods: expected some of GET POST PUT DELETE, not 'GET "
		  "PATCH'" },
		{ "serve: http://x:1\ncards: {a: {title: x, show: []}}\n",
		  "card 'a': there is no 'show'" },
		{ "apis: {v1: {}}\n",
		  "alerts.yaml:4:1: apis: they are answered by a program" },
		{ "collators: {a: {}}\n",
		  "alerts.yaml:4:1: declares collators, which this host does "
		  "not serve yet" },
	};
	struct room *room = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text =
		    cb_printf(&room->ctx, FOREIGN "%s", rows[i][0]);
		struct cb_buf why;
		json_t *m = NULL;

		cbi_buf_init(&why, 4096);
		assert_int_equal(read_file(room, text, &why, &m), CB_EINVAL);
		if (!strstr(cbi_buf_string(&why), rows[i][1]))
			fail_msg("%s", cbi_buf_string(&why));
		cbi_buf_finish(&why);
	}
}

/* ---- A program
 * ---------------------------------------------------------------- */

static void *run_program(void *arg)
{
	struct room *room = arg;
	int fd = accept(room->listener, NULL, NULL);
	ssize_t n;

	if (fd < 0)
		return NULL;
	/* The end of the request is an empty STDIN record. */
	while (room->asked_len < 8 || memcmp(room->asked + room->asked_len - 8,
	                                     "\1\5\0\1\0\0\0\0", 8) != 0) {
		n = recv(fd, room->asked + room->asked_len,
		         sizeof(room->asked) - room->asked_len, 0);
		if (n <= 0)
			break;
		room->asked_len += (size_t)n;
	}
	while (room->says_len) {
		n = send(fd, room->says, room->says_len, MSG_NOSIGNAL);
		if (n <= 0)
			break;
		room->says += n;
		room->says_len -= (size_t)n;
	}
	close(fd);
	return NULL;
}

static int ask_as(struct room *room, const char *says, size_t len,
                  size_t body_max, struct cbi_foreign_reply *reply)
{
	const struct cbi_foreign_ask ask = {
		.path = "/fragments/weather/today",
		.query = "entity=component%3Adefault%2Fferry&level=1",
		.accept = CBI_FOREIGN_VIEW,
		.identity = "to.ken",
		.body_max = body_max,
	};
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct cbi_foreign_serve serve;
	int rc;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", room->path);
	unlink(room->path);
	room->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(
	    bind(room->listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(room->listener, 4), 0);
	room->says = says;
	room->says_len = len;
	room->asked_len = 0;
	assert_int_equal(pthread_create(&room->thread, NULL, run_program, room),
	                 0);
	cb_failure_clear(&room->ctx);
	assert_int_equal(cbi_foreign_serve(&room->ctx, room->serve, &serve),
	                 CB_OK);
	rc = cbi_foreign_get(&room->ctx, NULL, &serve, &ask, reply);
	pthread_join(room->thread, NULL);
	close(room->listener);
	return rc;
}

#define ASK(room, says, reply) ask_as(room, says, sizeof(says) - 1, 1000, reply)
#define END "\1\3\0\1\0\10\0\0\0\0\0\0\0\0\0\0"

static bool has(const struct room *room, const char *what, size_t len)
{
	for (size_t i = 0; i + len <= room->asked_len; i++)
		if (memcmp(room->asked + i, what, len) == 0)
			return true;
	return false;
}

static void an_answer_is_read(void **state)
{
	struct room *room = *state;
	struct cbi_foreign_reply reply;

	/* In two records, the second padded, with a complaint between. */
	assert_int_equal(
	    ASK(room,
	        "\1\6\0\1\0\50\0\0Status: 404 Not\r\nContent-Type: Text/"
	        "HTML"
	        "\1\7\0\1\0\11\0\0oh no\nyes"
	        "\1\6\0\1\0\26\3\0; charset=x\r\nA: b\n\r\nok\0\0\0" END,
	        &reply),
	    CB_OK);
	assert_int_equal(reply.status, 404);
	assert_string_equal(reply.type, "text/html");
	assert_string_equal(reply.body, "ok");
	assert_int_equal(reply.body_len, 2);
	assert_string_equal(reply.complaint, "oh no");
	assert_true(has(room, "REQUEST_METHODGET", 17));
	assert_true(has(room, "PATH_INFO/fragments/weather/today", 33));
	assert_true(has(room,
	                "QUERY_STRINGentity=component%3Adefault%2Fferry&"
	                "level=1",
	                54));
	assert_true(has(room, "HTTP_X_CALLBOARD_IDENTITYto.ken", 31));
}

static void what_is_no_answer_is_a_failure(void **state)
{
	static const struct {
		const char *says;
		size_t len;
		int rc;
		const char *why;
	} rows[] = {
#define ROW(says, rc, why) { says, sizeof(says) - 1, rc, why }
		ROW("", CB_EAWAY, "in the middle of its answer"),
		ROW("\1\6\0\1\0\20\0\0cut", CB_EAWAY, "in the middle"),
		ROW("HTTP/1.1 400 Bad Request\r\n\r\n", CB_EUPSTREAM,
		    "does not speak FastCGI"),
		ROW(END, CB_EUPSTREAM, "has no head"),
		ROW("\1\6\0\1\0\5\0\0hello" END, CB_EUPSTREAM, "has no head"),
		ROW("\1\6\0\1\0\17\0\0Status: fine\n\nx" END, CB_EUPSTREAM,
		    "has no head"),
		ROW("\1\3\0\1\0\10\0\0\0\0\0\0\2\0\0\0", CB_EBUSY,
		    "takes no more"),
		ROW("\1\3\0\1\0\0\0\0", CB_EBUSY, "takes no more"),
#undef ROW
	};
	struct room *room = *state;
	struct cbi_foreign_reply reply;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
		    ask_as(room, rows[i].says, rows[i].len, 1000, &reply),
		    rows[i].rc);
		assert_non_null(strstr(cb_failure(&room->ctx), rows[i].why));
	}
}

static void an_answer_has_a_ceiling(void **state)
{
	/* Ten records of 60,000 bytes, where 1,000 and a head may come. */
	static char flood[10 * 60008];
	struct room *room = *state;
	struct cbi_foreign_reply reply;

	for (int i = 0; i < 10; i++) {
		memcpy(flood + i * 60008, "\1\6\0\1\xea\x60\0\0", 8);
		memset(flood + i * 60008 + 8, 'x', 60000);
	}
	assert_int_equal(ask_as(room, flood, sizeof(flood), 1000, &reply),
	                 CB_ETOOBIG);
}

static void nobody_there_is_said(void **state)
{
	struct room *room = *state;
	const struct cbi_foreign_ask ask = { "/", "", "", NULL, 1000 };
	struct cbi_foreign_serve serve;
	struct cbi_foreign_reply reply;

	assert_int_equal(cbi_foreign_serve(&room->ctx, room->serve, &serve),
	                 CB_OK);
	assert_int_equal(
	    cbi_foreign_get(&room->ctx, NULL, &serve, &ask, &reply), CB_EAWAY);
	assert_non_null(strstr(cb_failure(&room->ctx), room->serve));
	/* A link-local address hands out a cloud's secrets. */
	cb_failure_clear(&room->ctx);
	assert_int_equal(
	    cbi_foreign_serve(&room->ctx, "fastcgi:169.254.169.254:80", &serve),
	    CB_OK);
	assert_int_equal(
	    cbi_foreign_get(&room->ctx, NULL, &serve, &ask, &reply),
	    CB_EDENIED);
}

static void a_silent_program_is_given_up(void **state)
{
	struct room *room = *state;
	const struct cbi_foreign_ask ask = { "/", "", "", NULL, 1000 };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct cbi_foreign_serve serve;
	struct cbi_foreign_reply reply;
	int64_t began = cbi_clock_ms();

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", room->path);
	room->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(
	    bind(room->listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(room->listener, 4), 0);
	assert_int_equal(cbi_foreign_serve(&room->ctx, room->serve, &serve),
	                 CB_OK);
	room->ctx.deadline = began + 60;
	assert_int_equal(
	    cbi_foreign_get(&room->ctx, NULL, &serve, &ask, &reply), CB_ETIME);
	room->ctx.deadline = 0;
	assert_true(cbi_clock_ms() - began >= 50);
	close(room->listener);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, room_open, room_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_address_is_taken_apart),
		TEST(what_is_no_address_is_refused),
		TEST(a_file_that_serves_is_foreign),
		TEST(what_does_not_fit_a_program_is_named),
		TEST(an_answer_is_read),
		TEST(what_is_no_answer_is_a_failure),
		TEST(an_answer_has_a_ceiling),
		TEST(nobody_there_is_said),
		TEST(a_silent_program_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
