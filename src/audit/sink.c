/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink.c - see sink.h.
 */
#include "audit/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "audit/audit_priv.h"
#include "base/buf.h"
#include "base/limits.h"
#include "db/db.h"
#include "json/json.h"

/* What a batch of lines may take; a row's before and after are an entity's
 * at most. */
#define LINES_MAX (64 * CB_MIB)
#define SEND_TIMEOUT_S 1
/* RFC 5424: notice. */
#define SEVERITY 5
#define LOCK 730412004300

struct telling {
	const struct cbi_audit_sinks *sinks;
	const char *name; /* "file", "syslog" */
	int (*write)(struct cb_ctx *ctx, const struct cbi_audit_sinks *sinks,
	             const struct cbi_db_result *rows);
	int64_t lock;
	size_t max, told;
};

int cbi_audit_facility(const char *name)
{
	static const char *const names[] = {
		"kern",   "user",   "mail",   "daemon", "auth",     "syslog",
		"lpr",    "news",   "uucp",   "cron",   "authpriv", "ftp",
		NULL,     NULL,     NULL,     NULL,     "local0",   "local1",
		"local2", "local3", "local4", "local5", "local6",   "local7",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i] && strcmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

/* One line of JSON, with `cut` instead of what is long. */
static int add_line(struct cb_ctx *ctx, struct cb_buf *buf,
                    const struct cbi_audit_row *row, bool cut)
{
	json_t *line = cbi_audit_json(row);
	int rc = line ? CB_OK : CB_ENOMEM;

	if (line && cut) {
		json_object_del(line, "before");
		json_object_del(line, "after");
		rc = json_object_set_new(line, "cut", json_true()) ? CB_ENOMEM
		                                                   : CB_OK;
	}
	if (rc == CB_OK)
		rc = cbi_json_canonical(buf, line);
	json_decref(line);
	return rc < 0 ? cb_fail(ctx, rc, "no memory for audit lines") : CB_OK;
}

/* ---- A file ------------------------------------------------------------- */

static int append(struct cb_ctx *ctx, const char *path, const char *data,
                  size_t len)
{
	int fd = open(path,
	              O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
	                  O_NONBLOCK,
	              0640);
	struct stat st;
	size_t done = 0;
	int rc = CB_OK;

	if (fd < 0)
		return cb_fail(ctx, CB_EAWAY, "audit.sinks.file: %s: %s", path,
		               strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		rc = cb_fail(ctx, CB_EINVAL,
		             "audit.sinks.file: %s is not a plain file", path);
	while (rc == CB_OK && done < len) {
		ssize_t n = write(fd, data + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			rc = cb_fail(ctx, CB_EAWAY, "audit.sinks.file: %s: %s",
			             path, strerror(errno));
		else
			done += (size_t)n;
	}
	/* A full disk must not leave half a line before the next try. */
	if (rc < 0 && done && ftruncate(fd, st.st_size) < 0)
		rc = cb_fail(ctx, CB_EAWAY,
		             "audit.sinks.file: %s has half a line", path);
	if (rc == CB_OK && fdatasync(fd) < 0)
		rc = cb_fail(ctx, CB_EAWAY, "audit.sinks.file: %s: %s", path,
		             strerror(errno));
	close(fd);
	return rc;
}

static int to_file(struct cb_ctx *ctx, const struct cbi_audit_sinks *sinks,
                   const struct cbi_db_result *rows)
{
	struct cb_buf buf;
	int rc = CB_OK;

	cbi_buf_init(&buf, LINES_MAX);
	for (size_t i = 0; rc == CB_OK && i < cbi_db_rows(rows); i++) {
		struct cbi_audit_row row;

		cbi_audit_row_read(rows, i, &row);
		rc = add_line(ctx, &buf, &row, false);
		cb_buf_text(&buf, "\n");
	}
	if (rc == CB_OK)
		rc = append(ctx, sinks->file, buf.data, buf.len);
	cbi_buf_finish(&buf);
	return rc;
}

/* ---- Syslog ------------------------------------------------------------- */

static int open_syslog(struct cb_ctx *ctx, const char *path, int *out)
{
	const struct timeval limit = { .tv_sec = SEND_TIMEOUT_S };
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(to.sun_path))
		return cb_fail(ctx, CB_EINVAL,
		               "audit.sinks.syslog.socket: %s is too long",
		               path);
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) <
	        0 ||
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0) {
		int rc =
		    cb_fail(ctx, CB_EAWAY, "audit.sinks.syslog.socket: %s: %s",
		            path, strerror(errno));

		if (fd >= 0)
			close(fd);
		return rc;
	}
	*out = fd;
	return CB_OK;
}

/* What syslog(3) writes: priority, local time, name and pid, the text. */
static int one_message(struct cb_ctx *ctx, struct cb_buf *buf, int facility,
                       const struct cbi_audit_row *row)
{
	time_t at = (time_t)(row->at_us / 1000000);
	char when[32];
	struct tm tm;
	int rc = CB_OK;

	for (int cut = 0; rc == CB_OK && cut < 2; cut++) {
		cbi_buf_clear(buf);
		localtime_r(&at, &tm);
		strftime(when, sizeof(when), "%b %e %H:%M:%S", &tm);
		cb_buf_printf(buf, "<%d>%s callboard-audit[%d]: ",
		              facility * 8 + SEVERITY, when, (int)getpid());
		rc = add_line(ctx, buf, row, cut);
		if (buf->len <= CBI_AUDIT_SYSLOG_MAX)
			break;
	}
	return rc;
}

static int to_syslog(struct cb_ctx *ctx, const struct cbi_audit_sinks *sinks,
                     const struct cbi_db_result *rows)
{
	struct cb_buf buf;
	int fd = -1;
	int rc = open_syslog(ctx, sinks->syslog, &fd);

	cbi_buf_init(&buf, LINES_MAX);
	for (size_t i = 0; rc == CB_OK && i < cbi_db_rows(rows); i++) {
		struct cbi_audit_row row;

		cbi_audit_row_read(rows, i, &row);
		rc = one_message(ctx, &buf, sinks->facility, &row);
		if (rc == CB_OK &&
		    send(fd, buf.data, buf.len, MSG_NOSIGNAL) < 0)
			rc = cb_fail(ctx, CB_EAWAY,
			             "audit.sinks.syslog.socket: %s: %s",
			             sinks->syslog, strerror(errno));
	}
	cbi_buf_finish(&buf);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* ---- Both --------------------------------------------------------------- */

static int lock_sink(struct cb_ctx *ctx, const struct telling *t, bool *mine)
{
	static const struct cbi_db_stmt lock = {
		"audit_sink_lock",
		"select pg_try_advisory_xact_lock($1::bigint)",
	};
	static const struct cbi_db_stmt begin = {
		"audit_sink_begin",
		"insert into audit_sink (name, seal) select $1, "
		"coalesce(max(seal), 0) from audit on conflict do nothing",
	};
	const char *number = cbi_db_number(ctx, t->lock);
	struct cbi_db_result *result;
	int rc;

	if (!number)
		return CB_ENOMEM;
	rc = cbi_db_query(ctx, &lock, &number, 1, &result);
	*mine = rc == CB_OK && cbi_db_bool(result, 0, 0);
	return *mine ? cbi_db_query(ctx, &begin, &t->name, 1, NULL) : rc;
}

static int tell_locked(struct cb_ctx *ctx, void *arg)
{
	static const struct cbi_db_stmt fetch = {
		"audit_sink_rows",
		"select " CBI_AUDIT_COLUMNS " from audit where seal > (select "
		"seal from audit_sink where name = $1) order by seal limit $2",
	};
	static const struct cbi_db_stmt note = {
		"audit_sink_note",
		"update audit_sink set seal = $2::bigint, told_at = "
		"clock_timestamp() where name = $1",
	};
	struct telling *t = arg;
	const char *params[2] = { t->name,
		                  cbi_db_number(ctx, (int64_t)t->max) };
	struct cbi_db_result *rows;
	struct cbi_audit_row last;
	bool mine = false;
	size_t n;
	int rc = params[1] ? lock_sink(ctx, t, &mine) : CB_ENOMEM;

	if (rc < 0 || !mine)
		return rc;
	rc = cbi_db_query(ctx, &fetch, params, 2, &rows);
	n = rc == CB_OK ? cbi_db_rows(rows) : 0;
	if (rc < 0 || n == 0)
		return rc;
	rc = t->write(ctx, t->sinks, rows);
	if (rc < 0)
		return rc;
	cbi_audit_row_read(rows, n - 1, &last);
	params[1] = cbi_db_number(ctx, last.seal);
	t->told = n;
	return params[1] ? cbi_db_query(ctx, &note, params, 2, NULL)
	                 : CB_ENOMEM;
}

static bool is_behind(struct cb_ctx *ctx, const struct telling *t, int *rc)
{
	static const struct cbi_db_stmt look = {
		"audit_sink_look",
		"select coalesce((select max(seal) from audit), 0) > "
		"coalesce((select seal from audit_sink where name = $1), -1)",
	};
	struct cbi_db_result *result;

	*rc = cbi_db_query(ctx, &look, &t->name, 1, &result);
	return *rc == CB_OK && cbi_db_bool(result, 0, 0);
}

int cbi_audit_tell(struct cb_ctx *ctx, const struct cbi_audit_sinks *sinks,
                   size_t max, size_t *told)
{
	struct telling each[] = {
		{ sinks, "file", to_file, LOCK, max, 0 },
		{ sinks, "syslog", to_syslog, LOCK + 1, max, 0 },
	};
	const char *there[] = { sinks->file, sinks->syslog };
	const char *why = NULL;
	int first = CB_OK;

	*told = 0;
	for (size_t i = 0; i < 2; i++) {
		int rc = CB_OK;

		if (there[i] && is_behind(ctx, &each[i], &rc))
			rc = cbi_db_transact(ctx, tell_locked, &each[i]);
		*told += rc == CB_OK ? each[i].told : 0;
		if (rc == CB_OK || first != CB_OK)
			continue;
		first = rc;
		why = cb_strdup(ctx, cb_failure(ctx));
		cb_failure_clear(ctx);
	}
	if (first == CB_OK)
		return CB_OK;
	cb_failure_clear(ctx);
	return cb_fail(ctx, first, "%s", why ? why : "no memory");
}
