/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.c - lines to standard error, one write(2) each, so that lines of
 * several processes never mix.  systemd, or the master's redirection, takes
 * them from there.
 */
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/ctx.h"
#include "base/hide.h"
#include "base/str.h"

static char process_name[64] = "callboard";
static enum cb_level least_level = CB_LOG_INFO;

static const char *const words[] = { "error", "warn", "info", "debug" };

void cbi_log_setup(const char *process, enum cb_level least)
{
	cbi_str_copy(process_name, sizeof(process_name), process);
	least_level = least;
}

int cbi_log_level(const char *word)
{
	for (int i = 0; i < 4; i++)
		if (strcmp(word, words[i]) == 0)
			return i;
	return -1;
}

int cbi_log_escape(struct cb_buf *buf, const char *text)
{
	int rc = CB_OK;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			rc = cb_buf_printf(buf, "\\%c", c);
		else if (c == '\n')
			rc = cb_buf_text(buf, "\\n");
		else if (c < 0x20 || c == 0x7f)
			rc = cb_buf_printf(buf, "\\x%02x", c);
		else
			rc = cb_buf_add(buf, text, 1);
	}
	return rc;
}

static void put(const char *line, size_t len)
{
	/* A full disk or a closed pipe must not take the request down. */
	while (len > 0) {
		ssize_t n = write(STDERR_FILENO, line, len);

		if (n <= 0)
			return;
		line += n;
		len -= (size_t)n;
	}
}

void cbi_log_line(const char *line, size_t len)
{
	struct cb_buf hidden;

	if (!cbi_hide_found(line, len)) {
		put(line, len);
		return;
	}
	cbi_buf_init(&hidden, 8 * CB_LOG_LINE_MAX);
	if (cb_buf_add(&hidden, line, len) == CB_OK)
		put(hidden.data, cbi_hide(hidden.data, hidden.len));
	cbi_buf_finish(&hidden);
}

void cb_log(const struct cb_ctx *ctx, enum cb_level level, const char *fmt, ...)
{
	char message[CB_LOG_LINE_MAX], time[CBI_TIME_LEN];
	struct cb_buf line;
	va_list args;

	if (level > least_level)
		return;
	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	/* Before quotes and line ends in one are written otherwise. */
	message[cbi_hide(message, strlen(message))] = '\0';
	cbi_clock_iso(cbi_clock_wall_ms(), time);
	cbi_buf_init(&line, 4 * CB_LOG_LINE_MAX + 512);
	cb_buf_printf(&line, "time=%s level=%s process=\"%s\" pid=%d", time,
	              words[level], process_name, (int)getpid());
	if (ctx && ctx->plugin[0])
		cb_buf_printf(&line, " plugin=%s", ctx->plugin);
	if (ctx && ctx->request_id[0]) {
		cb_buf_text(&line, " request=\"");
		cbi_log_escape(&line, ctx->request_id);
		cb_buf_text(&line, "\"");
	}
	/* "00-<trace id>-<span id>-<flags>" */
	if (ctx && ctx->traceparent[0])
		cb_buf_printf(&line, " trace=%.32s", ctx->traceparent + 3);
	if (ctx && ctx->actor && ctx->actor[0]) {
		cb_buf_text(&line, " actor=\"");
		cbi_log_escape(&line, ctx->actor);
		cb_buf_text(&line, "\"");
	}
	cb_buf_text(&line, " msg=\"");
	cbi_log_escape(&line, message);
	cb_buf_text(&line, "\"\n");
	if (!line.failed)
		cbi_log_line(line.data, line.len);
	cbi_buf_finish(&line);
}
