/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/chain.h"
#include "audit/sink.h"
#include "db/db.h"
#include "tests/lib/lane.h"

#include <jansson.h>

static struct lane lane;
static char dir[64], file[96], sock[96];
static int ear = -1;
static struct cbi_audit_sinks sinks = { .file = file,
	                                .syslog = sock,
	                                .facility = 10 };

static struct cb_ctx *next(void)
{
	lane_next(&lane);
	lane.ctx.actor = "unix:eve";
	return &lane.ctx;
}

static int listen_again(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", sock);
	ear = socket(AF_UNIX, SOCK_DGRAM, 0);
	return bind(ear, (const struct sockaddr *)&at, sizeof(at));
}

static int setup(void **state)
{
	(void)state;
	lane_migrated("sink");
	lane_open(&lane);
	snprintf(dir, sizeof(dir), "/tmp/cb-sink-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(file, sizeof(file), "%s/audit.log", dir);
	snprintf(sock, sizeof(sock), "%s/log", dir);
	return listen_again();
}

static int teardown(void **state)
{
	(void)state;
	lane_close(&lane);
	cbi_db_shutdown();
	close(ear);
	unlink(file);
	unlink(sock);
	return rmdir(dir);
}

static void write_rows(int n, const char *after)
{
	struct cb_ctx *ctx = next();
	size_t sealed;

	assert_int_equal(cbi_db_begin(ctx), CB_OK);
	for (int i = 0; i < n; i++) {
		const struct cbi_audit entry = {
			.action = "thing.change",
			.object = cb_printf(ctx, "Thing:%d", i),
			.after = after,
		};

		assert_int_equal(cbi_audit_write(ctx, &entry), CB_OK);
	}
	assert_int_equal(cbi_db_commit(ctx), CB_OK);
	assert_int_equal(cbi_audit_seal(next(), 1000, &sealed), CB_OK);
	assert_int_equal(sealed, n);
}

static size_t tell(void)
{
	size_t told;

	assert_int_equal(cbi_audit_tell(next(), &sinks, 100, &told), CB_OK);
	return told;
}

/* The lines of the file that are whole JSON; the last one's seal. */
static size_t lines(json_int_t *seal)
{
	FILE *in = fopen(file, "r");
	char *line = NULL;
	size_t n = 0, room = 0;

	while (in && getline(&line, &room, in) > 0) {
		json_t *row = json_loads(line, 0, NULL);

		assert_non_null(row);
		*seal = json_integer_value(json_object_get(row, "seal"));
		json_decref(row);
		n++;
	}
	free(line);
	if (in)
		fclose(in);
	return n;
}

static const char *heard(void)
{
	static char text[CBI_AUDIT_SYSLOG_MAX + 200];
	ssize_t n = recv(ear, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? text : NULL;
}

static void a_sink_begins_with_what_comes_after_it(void **state)
{
	json_int_t seal = 0;

	(void)state;
	write_rows(3, NULL);
	assert_int_equal(tell(), 0);
	assert_int_equal(lines(&seal), 0);
	write_rows(2, "{\"a\":1}");
	assert_int_equal(tell(), 4);
	assert_int_equal(lines(&seal), 2);
	assert_int_equal(seal, 5);
	assert_int_equal(tell(), 0);
	assert_int_equal(lines(&seal), 2);
}

static void syslog_gets_its_form(void **state)
{
	const char *text = heard();

	(void)state;
	assert_non_null(text);
	/* authpriv (10) and notice (5). */
	assert_int_equal(strncmp(text, "<85>", 4), 0);
	assert_non_null(strstr(text, " callboard-audit["));
	assert_non_null(strstr(text, "\"actor\":\"unix:eve\""));
	assert_non_null(strstr(text, "\"seal\":4"));
	assert_non_null(heard());
	assert_null(heard());
}

static void what_is_too_long_for_syslog_is_cut_there(void **state)
{
	char *long_text = calloc(1, 20001);
	json_int_t seal = 0;
	const char *text;
	struct stat st;

	(void)state;
	memset(long_text, '7', 20000);
	write_rows(1, long_text);
	free(long_text);
	assert_int_equal(tell(), 2);
	text = heard();
	assert_non_null(strstr(text, "\"cut\":true"));
	assert_null(strstr(text, "777"));
	assert_true(strlen(text) < CBI_AUDIT_SYSLOG_MAX);
	assert_int_equal(lines(&seal), 3);
	assert_int_equal(stat(file, &st), 0);
	assert_true(st.st_size > 20000);
	assert_int_equal(st.st_mode & 0777, 0640);
}

static void a_deaf_sink_gets_its_rows_later(void **state)
{
	json_int_t seal = 0;
	size_t told;

	(void)state;
	close(ear);
	unlink(sock);
	write_rows(2, NULL);
	/* The file has them; syslog's failure names it. */
	assert_int_equal(cbi_audit_tell(next(), &sinks, 100, &told), CB_EAWAY);
	assert_non_null(strstr(cb_failure(&lane.ctx), sock));
	assert_int_equal(told, 2);
	assert_int_equal(lines(&seal), 5);
	assert_int_equal(listen_again(), 0);
	assert_int_equal(tell(), 2);
	assert_non_null(heard());
	assert_non_null(heard());
	assert_null(heard());
}

static void a_full_disk_leaves_no_half_line(void **state)
{
	struct cbi_audit_sinks full = { .file = "/dev/full" };
	json_int_t seal = 0;
	size_t told;

	(void)state;
	write_rows(1, NULL);
	assert_int_equal(cbi_audit_tell(next(), &full, 100, &told), CB_EINVAL);
	assert_int_equal(told, 0);
	full.file = dir;
	assert_int_equal(cbi_audit_tell(next(), &full, 100, &told), CB_EAWAY);
	assert_int_equal(tell(), 2);
	assert_int_equal(lines(&seal), 6);
	assert_int_equal(seal, 9);
}

static void facilities_have_names(void **state)
{
	(void)state;
	assert_int_equal(cbi_audit_facility("local7"), 23);
	assert_int_equal(cbi_audit_facility("auth"), 4);
	assert_int_equal(cbi_audit_facility(""), -1);
	assert_int_equal(cbi_audit_facility("Local0"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sink_begins_with_what_comes_after_it),
		cmocka_unit_test(syslog_gets_its_form),
		cmocka_unit_test(what_is_too_long_for_syslog_is_cut_there),
		cmocka_unit_test(a_deaf_sink_gets_its_rows_later),
		cmocka_unit_test(a_full_disk_leaves_no_half_line),
		cmocka_unit_test(facilities_have_names),
	};

	return cmocka_run_group_tests_name("audit/sink", tests, setup,
	                                   teardown);
}
