/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event.c - what libfyaml's events say of a scalar.
 */
#include "yaml/yaml_priv.h"

#include <libfyaml.h>
#include <string.h>

#include "base/buf.h"

void cbi_yaml_event_anchor(struct fy_token *token, struct cbi_yaml_event *event)
{
	if (token)
		event->anchor = fy_token_get_text(token, &event->anchor_len);
}

/* Tags of the core schema leave the value to its spelling; `!!str` and tags
 * that nobody here knows make it a text. */
static enum cbi_yaml_style style_of(const struct fy_event *fye)
{
	static const char core[] = "tag:yaml.org,2002:";
	const char *tag;
	size_t len;

	if (!fye->scalar.tag)
		return fy_token_scalar_style(fye->scalar.value) == FYSS_PLAIN
		           ? CBI_YAML_PLAIN
		           : CBI_YAML_QUOTED;
	tag = fy_token_get_text(fye->scalar.tag, &len);
	if (!tag || len < sizeof(core) - 1 ||
	    memcmp(tag, core, sizeof(core) - 1) != 0)
		return CBI_YAML_QUOTED;
	tag += sizeof(core) - 1;
	len -= sizeof(core) - 1;
	if ((len == 3 && memcmp(tag, "int", 3) == 0) ||
	    (len == 4 && memcmp(tag, "bool", 4) == 0) ||
	    (len == 4 && memcmp(tag, "null", 4) == 0) ||
	    (len == 5 && memcmp(tag, "float", 5) == 0))
		return CBI_YAML_PLAIN;
	return CBI_YAML_QUOTED;
}

static bool is_block(struct fy_token *token)
{
	enum fy_scalar_style style = fy_token_scalar_style(token);

	return style == FYSS_LITERAL || style == FYSS_FOLDED;
}

/*
 * fy_token_get_text counts before it writes, and libfyaml 0.7.12 counts some
 * folded blocks wrong: five bytes too few where lines are indented more, and
 * what it returns then ends with memory that nobody wrote.  Its pieces are
 * right.
 */
static int text_of(struct fy_token *token, struct cbi_span input,
                   struct cb_buf *scratch, struct cbi_span *out)
{
	const struct fy_iter_chunk *chunk = NULL;
	struct fy_token_iter *iter;
	int failed = 0;

	*out = (struct cbi_span){ "", 0 };
	if (!token)
		return CB_OK; /* "key:" alone */
	out->ptr = fy_token_get_text(token, &out->len);
	if (!out->ptr && out->len > 0)
		return CB_ENOMEM;
	out->ptr = out->ptr ? out->ptr : "";
	/* Nothing, or as it stands in the input, was not put together. */
	if (out->len == 0 || (!is_block(token) && out->ptr >= input.ptr &&
	                      out->ptr < input.ptr + input.len))
		return CB_OK;
	cbi_buf_clear(scratch);
	iter = fy_token_iter_create(token);
	if (!iter)
		return CB_ENOMEM;
	while ((chunk = fy_token_iter_chunk_next(iter, chunk, &failed)))
		cb_buf_add(scratch, chunk->str, chunk->len);
	fy_token_iter_destroy(iter);
	out->ptr = cbi_buf_string(scratch);
	out->len = scratch->len;
	/* A block that ends with the file before it says anything is an error
	 * to the iterator, and one byte to the count. */
	return (failed && out->len > 0) || scratch->failed < 0 ? CB_ENOMEM
	                                                       : CB_OK;
}

int cbi_yaml_event_scalar(struct fy_event *fye, struct cbi_span input,
                          struct cb_buf *scratch, struct cbi_yaml_event *event)
{
	struct cbi_span text;

	cbi_yaml_event_anchor(fye->scalar.anchor, event);
	event->style = style_of(fye);
	if (text_of(fye->scalar.value, input, scratch, &text) < 0)
		return CB_ENOMEM;
	event->text = text.ptr;
	event->len = text.len;
	return CB_OK;
}
