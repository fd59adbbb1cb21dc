/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words.c - messages with something in them; times and durations as people
 * say them.
 */
#include "html/html.h"

#include <string.h>

#include "base/ctx.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* A message is a sentence, and so is what is put into it. */
#define SENTENCE_MAX (8 * CB_KIB)

static bool pseudo;

bool cbi_html_language(const char *tag)
{
	pseudo = strcmp(tag, "en-XA") == 0;
	return pseudo || strcmp(tag, "en") == 0;
}

const char *cb_tr(const struct cb_ctx *ctx, const char *id)
{
	const char *marked = NULL;

	/* Memory of the context is not what its reader sees of it. */
	if (pseudo && *id)
		marked = cb_printf((struct cb_ctx *)(uintptr_t)ctx, "[%s]", id);
	return marked ? marked : id;
}

const char *cbi_html_say(struct cb_ctx *ctx, const char *id, const char *first,
                         const char *second)
{
	const char *message = cb_tr(ctx, id);
	struct cb_buf buf;
	const char *kept;

	cbi_buf_init(&buf, SENTENCE_MAX);
	while (*message) {
		size_t plain = strcspn(message, "{");

		cb_buf_add(&buf, message, plain);
		message += plain;
		if (strncmp(message, "{1}", 3) == 0) {
			cb_buf_text(&buf, first ? first : "");
			message += 3;
		} else if (strncmp(message, "{2}", 3) == 0) {
			cb_buf_text(&buf, second ? second : "");
			message += 3;
		} else if (*message) {
			cb_buf_add(&buf, message++, 1);
		}
	}
	kept = buf.failed ? NULL : cb_strdup(ctx, cbi_buf_string(&buf));
	cbi_buf_finish(&buf);
	return kept ? kept : "";
}

const char *cbi_html_say_n(struct cb_ctx *ctx, const char *id, int64_t first,
                           int64_t second)
{
	return cbi_html_say(ctx, id, cbi_html_number_text(ctx, first),
	                    cbi_html_number_text(ctx, second));
}

const char *cbi_html_number_text(struct cb_ctx *ctx, int64_t number)
{
	char text[32];
	char *out = text + sizeof(text) - 1;
	/* Of the least number too. */
	uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
	int digits = 0;
	const char *kept;

	*out = '\0';
	do {
		if (digits && digits % 3 == 0)
			*--out = ',';
		*--out = (char)('0' + left % 10);
		digits++;
		left /= 10;
	} while (left);
	if (number < 0)
		*--out = '-';
	kept = cb_strdup(ctx, out);
	return kept ? kept : "";
}

const char *cbi_html_duration_text(struct cb_ctx *ctx, int64_t ms)
{
	int64_t n = ms < 0 ? 0 : ms;

	if (n < SECOND)
		return cbi_html_say_n(ctx, "{1} ms", n, 0);
	if (n < MINUTE)
		return cbi_html_say_n(ctx, "{1} s", n / SECOND, 0);
	if (n < HOUR)
		return cbi_html_say_n(ctx, "{1} min {2} s", n / MINUTE,
		                      n % MINUTE / SECOND);
	if (n < DAY)
		return cbi_html_say_n(ctx, "{1} h {2} min", n / HOUR,
		                      n % HOUR / MINUTE);
	return cbi_html_say_n(ctx, "{1} d {2} h", n / DAY, n % DAY / HOUR);
}

const char *cbi_html_ago_text(struct cb_ctx *ctx, int64_t wall_ms,
                              int64_t now_ms)
{
	/* In steps that get coarser; the last one has no end. */
	static const struct {
		int64_t below, unit;
		const char *words;
	} steps[] = {
		{ MINUTE, SECOND, "{1} s" },
		{ HOUR, MINUTE, "{1} min" },
		{ DAY, HOUR, "{1} h" },
		{ 2 * DAY, DAY, "{1} day" },
		{ 60 * DAY, DAY, "{1} days" },
		{ 730 * DAY, 30 * DAY, "{1} months" },
		{ INT64_MAX, 365 * DAY, "{1} years" },
	};
	bool ahead = wall_ms > now_ms;
	int64_t n = ahead ? wall_ms - now_ms : now_ms - wall_ms;
	size_t i = 0;

	/* Clocks of hosts differ by a little. */
	if (n < 5 * SECOND)
		return cb_tr(ctx, "just now");
	while (n >= steps[i].below && steps[i].below != INT64_MAX)
		i++;
	return cbi_html_say(
	    ctx, ahead ? "in {1}" : "{1} ago",
	    cbi_html_say_n(ctx, steps[i].words, n / steps[i].unit, 0), NULL);
}
