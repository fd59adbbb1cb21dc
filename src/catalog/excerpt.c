/* SPDX-License-Identifier: Apache-2.0 */
/*
 * excerpt.c - see excerpt.h.
 */
#include "catalog/excerpt.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "json/json.h"

/* Who asked for a file, between our reading and his taking it. */
struct asker {
	struct cbi_excerpt *excerpt;
	int (*each)(void *arg, struct cb_ctx *ctx,
	            const struct cbi_provider_file *file);
	void *arg;
};

static void remember(struct cbi_excerpt *excerpt,
                     const struct cbi_provider_file *file)
{
	json_t *text;

	if (!file->text || file->len > CBI_EXCERPT_TEXTS - excerpt->bytes)
		return;
	/* NULL for what is no UTF-8: such a file has no lines to show. */
	text = json_stringn(file->text, file->len);
	if (text && !json_object_set_new(excerpt->texts, file->target, text))
		excerpt->bytes += file->len;
}

static int hand_on(void *arg, struct cb_ctx *ctx,
                   const struct cbi_provider_file *file)
{
	struct asker *asker = arg;

	remember(asker->excerpt, file);
	return asker->each(asker->arg, ctx, file);
}

static int read_and_note(struct cb_ctx *ctx, void *arg,
                         const struct cbi_provider_ask *ask,
                         int (*each)(void *arg, struct cb_ctx *ctx,
                                     const struct cbi_provider_file *file),
                         void *each_arg, json_t **after)
{
	struct cbi_excerpt *excerpt = arg;
	struct asker asker = { excerpt, each, each_arg };

	return excerpt->feed->read(ctx, excerpt->feed->arg, ask, hand_on,
	                           &asker, after);
}

static const char *resolve(struct cb_ctx *ctx, void *arg, const char *type,
                           const char *base, const char *target)
{
	const struct cbi_excerpt *excerpt = arg;

	return excerpt->feed->resolve(ctx, excerpt->feed->arg, type, base,
	                              target);
}

int cbi_excerpt_open(struct cb_ctx *ctx, const struct cbi_feed *feed,
                     struct cbi_excerpt *excerpt, struct cbi_feed *out)
{
	*excerpt = (struct cbi_excerpt){ .feed = feed, .texts = json_object() };
	*out = (struct cbi_feed){ .arg = excerpt,
		                  .read = read_and_note,
		                  .resolve = resolve };
	return cbi_json_keep(ctx, excerpt->texts);
}

/* Behind the error's name ("InputError: "), where it has one. */
static const char *behind_name(const char *message)
{
	const char *p = message;

	while ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z')
		p++;
	return p > message && cbi_str_starts(p, ": ") ? p + 2 : message;
}

/* The line that the message names behind its target; 0 for none. */
static long line_of(const char *message, const char *target)
{
	static const char word[] = ": line ";
	const char *rest = behind_name(message);
	long line;
	char *end;

	if (!cbi_str_starts(rest, target))
		return 0;
	rest += strlen(target);
	if (*rest != ':')
		return 0;
	rest += cbi_str_starts(rest, word) ? sizeof(word) - 1 : 1;
	if (*rest < '0' || *rest > '9')
		return 0;
	line = strtol(rest, &end, 10);
	return *end == ':' || *end == ',' ? line : 0;
}

/* Cut before a byte that continues a character. */
static json_t *one_line(const char *text, size_t len)
{
	if (len && text[len - 1] == '\r')
		len--;
	if (len > CBI_EXCERPT_LINE) {
		len = CBI_EXCERPT_LINE;
		while (len && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	}
	return json_stringn(text, len);
}

static json_t *cut(const char *target, const char *text, long line)
{
	long from =
	    line > CBI_EXCERPT_AROUND + 1 ? line - CBI_EXCERPT_AROUND : 1;
	json_t *lines = json_array();
	long at = 1;

	while (*text && at <= line + CBI_EXCERPT_AROUND) {
		size_t len = strcspn(text, "\n");

		if (at >= from)
			json_array_append_new(lines, one_line(text, len));
		text += len + (text[len] == '\n');
		at++;
	}
	return json_pack("{s:s, s:I, s:I, s:o}", "target", target, "line",
	                 (json_int_t)line, "from", (json_int_t)from, "lines",
	                 lines);
}

int cbi_excerpt_add(struct cb_ctx *ctx, const struct cbi_excerpt *excerpt,
                    json_t *errors)
{
	json_t *error, *text, *found;
	const char *target;
	size_t i;

	json_array_foreach(errors, i, error)
	{
		const char *message =
		    json_string_value(json_object_get(error, "message"));

		if (i == CBI_EXCERPTS_MAX)
			break;
		json_object_foreach(excerpt->texts, target, text)
		{
			long line = message ? line_of(message, target) : 0;

			if (line < 1)
				continue;
			found = cut(target, json_string_value(text), line);
			if (!found ||
			    json_object_set_new(error, "excerpt", found))
				return cb_fail(ctx, CB_ENOMEM,
				               "no memory for an excerpt");
			break;
		}
	}
	return CB_OK;
}
