/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.c - see template.h.
 */
#include "declare/template.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"

#define PATH_MARK "|path"

bool cbi_span_is(struct cbi_span span, const char *text)
{
	return strlen(text) == span.len &&
	       memcmp(span.ptr, text, span.len) == 0;
}

/* Can it be a value?  "{" of JSON and GraphQL is followed by other things. */
static bool is_word(const char *text, size_t len)
{
	if (len == 0 || len > 256 ||
	    !((text[0] >= 'a' && text[0] <= 'z') || text[0] == '.'))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == '{' ||
		    text[i] == '"' || text[i] == '\'')
			return false;
	return true;
}

static void split(const char *text, size_t len, struct cbi_template_part *out)
{
	const char *dot;

	out->value = true;
	out->text = (struct cbi_span){ text, len };
	out->path = len > strlen(PATH_MARK) &&
	            memcmp(text + len - strlen(PATH_MARK), PATH_MARK,
	                   strlen(PATH_MARK)) == 0;
	if (out->path)
		len -= strlen(PATH_MARK);
	dot = memchr(text, '.', len);
	out->root.ptr = text;
	out->root.len = dot ? (size_t)(dot - text) : len;
	out->rest.ptr = dot ? dot + 1 : text + len;
	out->rest.len = dot ? len - out->root.len - 1 : 0;
}

bool cbi_template_next(const char **at, struct cbi_template_part *out)
{
	const char *text = *at, *brace = text;

	memset(out, 0, sizeof(*out));
	if (!*text)
		return false;
	for (; (brace = strchr(brace, '{')) != NULL; brace++) {
		const char *end = strchr(brace, '}');

		if (!end)
			break;
		if (!is_word(brace + 1, (size_t)(end - brace - 1)))
			continue;
		if (brace > text) {
			out->text =
			    (struct cbi_span){ text, (size_t)(brace - text) };
			*at = brace;
			return true;
		}
		split(brace + 1, (size_t)(end - brace - 1), out);
		*at = end + 1;
		return true;
	}
	out->text = (struct cbi_span){ text, strlen(text) };
	*at = text + strlen(text);
	return true;
}

/* Would it change which path is meant? */
static bool has_dots(const char *value, bool path)
{
	while (path && *value) {
		size_t len = strcspn(value, "/");

		if (len <= 2 && strncmp(value, "..", len) == 0)
			return true;
		value += len + (value[len] == '/');
	}
	return strcmp(value, ".") == 0 || strcmp(value, "..") == 0;
}

static int add_value(struct cb_ctx *ctx, struct cb_buf *buf,
                     const struct cbi_template_part *part,
                     const struct cbi_template_how *how)
{
	const char *value = NULL;
	int rc = how->value(ctx, how->arg, part, &value);

	if (rc == CB_ENOTSUP)
		return cb_buf_printf(buf, "{%.*s}", (int)part->text.len,
		                     part->text.ptr);
	if (rc < 0)
		return rc;
	if (how->encode == CBI_TEMPLATE_PLAIN)
		return cb_buf_text(buf, value);
	if (has_dots(value, part->path))
		return cb_fail(ctx, CB_EINVAL, "'%.60s' as a part of a path",
		               value);
	return cbi_str_url_encode(buf, value, part->path ? "/" : "");
}

int cbi_template_fill(struct cb_ctx *ctx, const char *text,
                      const struct cbi_template_how *how, const char **out)
{
	struct cbi_template_part part;
	struct cb_buf buf;
	int rc = CB_OK;

	cbi_buf_init(&buf, CB_MIB);
	while (rc == CB_OK && cbi_template_next(&text, &part))
		rc = part.value
		         ? add_value(ctx, &buf, &part, how)
		         : cb_buf_add(&buf, part.text.ptr, part.text.len);
	if (rc == CB_OK) {
		*out = cb_strndup(ctx, cbi_buf_string(&buf), buf.len);
		rc = *out ? CB_OK : CB_ENOMEM;
	} else if (buf.failed) {
		rc = cb_fail(ctx, buf.failed, "a text of more than 1 MiB");
	}
	cbi_buf_finish(&buf);
	return rc;
}
