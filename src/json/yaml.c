/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml.c - JSON written as people write YAML: see json.h.
 */
#include "json/json.h"

#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "base/limits.h"
#include "base/str.h"

#define DEPTH_MAX 64

/* Would YAML read this as something else than the text it is? */
static bool is_plain(const char *text)
{
	static const char *const words[] = { "true", "false", "null",
		                             "yes",  "no",    "on",
		                             "off",  "y",     "n" };
	size_t len = strlen(text);

	if (!len || text[len - 1] == ' ' || text[len - 1] == ':')
		return false;
	if (!((*text | 32) >= 'a' && (*text | 32) <= 'z'))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (cbi_str_casecmp(text, words[i]) == 0)
			return false;
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f ||
		    (p[0] == ':' && p[1] == ' ') ||
		    (p[0] == ' ' && p[1] == '#'))
			return false;
	return true;
}

static void indent(struct cb_buf *buf, int depth)
{
	for (int i = 0; i < depth; i++)
		cb_buf_text(buf, "  ");
}

static bool is_block(const char *text)
{
	if (!strchr(text, '\n') || *text == ' ' || *text == '\n')
		return false;
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 && *p != '\n')
			return false;
	return true;
}

static void block(struct cb_buf *buf, const char *text, int depth)
{
	size_t len = strlen(text);

	cb_buf_text(buf, text[len - 1] != '\n'   ? "|-\n"
	                 : text[len - 2] == '\n' ? "|+\n"
	                                         : "|\n");
	while (*text) {
		size_t line = strcspn(text, "\n");

		if (line)
			indent(buf, depth);
		cb_buf_add(buf, text, line);
		cb_buf_text(buf, "\n");
		text += line;
		text += *text == '\n';
	}
}

static void scalar(struct cb_buf *buf, const json_t *value, int depth)
{
	const char *text = json_string_value(value);

	if (text && is_block(text)) {
		block(buf, text, depth);
		return;
	}
	if (text && is_plain(text))
		cb_buf_text(buf, text);
	else if (text)
		cbi_str_json(buf, text, strlen(text));
	else
		buf->failed =
		    buf->failed ? buf->failed : cb_json_write(buf, value);
	cb_buf_text(buf, "\n");
}

static void key(struct cb_buf *buf, const char *name)
{
	if (is_plain(name))
		cb_buf_text(buf, name);
	else
		cbi_str_json(buf, name, strlen(name));
	cb_buf_text(buf, ":");
}

static void yaml(struct cb_buf *buf, const json_t *value, int depth);

/* Behind a "key:" or a "-": on the same line, or below. */
static void yaml_member(struct cb_buf *buf, const json_t *value, int depth,
                        bool item)
{
	bool object = json_is_object(value), array = json_is_array(value);
	size_t n = object ? json_object_size(value) : json_array_size(value);

	if (!object && !array) {
		cb_buf_text(buf, " ");
		scalar(buf, value, depth);
	} else if (!n || depth > DEPTH_MAX) {
		cb_buf_text(buf, object ? " {}\n" : " []\n");
	} else if (item && object) {
		/* The first member stands beside the dash. */
		const char *name;
		json_t *member;
		bool first = true;

		json_object_foreach((json_t *)value, name, member)
		{
			if (first)
				cb_buf_text(buf, " ");
			else
				indent(buf, depth);
			first = false;
			key(buf, name);
			yaml_member(buf, member, depth + 1, false);
		}
	} else {
		cb_buf_text(buf, "\n");
		yaml(buf, value, depth);
	}
}

static void yaml(struct cb_buf *buf, const json_t *value, int depth)
{
	const char *name;
	json_t *member;

	if (json_is_object(value)) {
		json_object_foreach((json_t *)value, name, member)
		{
			indent(buf, depth);
			key(buf, name);
			yaml_member(buf, member, depth + 1, false);
		}
		return;
	}
	for (size_t i = 0; i < json_array_size(value); i++) {
		indent(buf, depth);
		cb_buf_text(buf, "-");
		yaml_member(buf, json_array_get(value, i), depth + 1, true);
	}
}

static void end_buf(void *arg)
{
	cbi_buf_finish(arg);
}

int cbi_json_yaml(struct cb_ctx *ctx, const json_t *value, const char **out)
{
	struct cb_buf *buf = cb_alloc(ctx, sizeof(*buf));

	if (!buf)
		return CB_ENOMEM;
	cbi_buf_init(buf, 8 * CB_MIB);
	if (cb_defer(ctx, end_buf, buf) != CB_OK)
		return CB_ENOMEM;
	yaml(buf, value, 0);
	if (buf->failed)
		return cb_fail(ctx, buf->failed, "the entity is too large");
	*out = cbi_buf_string(buf);
	return CB_OK;
}
