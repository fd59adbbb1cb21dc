/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inspect.c - an entity as it is: where it is from and who keeps it, its
 * annotations and labels, and all of it as YAML and JSON.
 */
#include "web/pages/entity.h"

#include <stdlib.h>
#include <string.h>

#include <callboard/json.h>

#include "base/limits.h"
#include "base/str.h"
#include "catalog/entity.h"
#include "catalog/location.h"
#include "html/addr.h"

#define DEPTH_MAX 64

/* ---- YAML --------------------------------------------------------------- */

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

static int yaml_of(struct cb_ctx *ctx, const json_t *json, const char **out)
{
	struct cb_buf *buf = cb_alloc(ctx, sizeof(*buf));

	if (!buf)
		return CB_ENOMEM;
	cbi_buf_init(buf, 8 * CB_MIB);
	if (cb_defer(ctx, end_buf, buf) != CB_OK)
		return CB_ENOMEM;
	yaml(buf, json, 0);
	if (buf->failed)
		return cb_fail(ctx, buf->failed, "the entity is too large");
	*out = cbi_buf_string(buf);
	return CB_OK;
}

/* ---- The page ----------------------------------------------------------- */

static void code_card(struct cb_html *html, const char *name, const char *title,
                      const char *text)
{
	const struct cbi_html_card card = {
		.plugin = "catalog", .name = name, .title = title, .wide = true
	};

	cbi_html_card_open(html, &card);
	cb_html_code(html, text);
	cbi_html_card_close(html);
}

static void field(struct cb_html *html, const char *label, const char *text)
{
	cb_html_field(html, label, text && *text ? text : NULL);
}

static void identity(const struct cbi_entity_page *page, struct cb_html *html)
{
	const struct cbi_html_card card = { .plugin = "catalog",
		                            .name = "identity",
		                            .title = "Identity" };

	cbi_html_card_open(html, &card);
	field(html, "Reference", page->ref);
	field(html, "uid", cb_entity_text(page->entity, "metadata.uid"));
	field(html, "etag", cb_entity_text(page->entity, "metadata.etag"));
	field(html, "apiVersion", cb_entity_text(page->entity, "apiVersion"));
	cbi_html_card_close(html);
}

static const char *said(const struct cbi_entity_page *page, const char *name)
{
	return cb_entity_annotation(page->entity, name);
}

static void origin(const struct cbi_entity_page *page, struct cb_html *html)
{
	const struct cbi_html_card card = { .plugin = "catalog",
		                            .name = "origin",
		                            .title = "Where it is from" };
	struct cbi_location location;
	const char *why = cbi_entity_unregister_why(page, &location);

	cbi_html_card_open(html, &card);
	field(html, "Managed by",
	      said(page, "backstage.io/managed-by-location"));
	field(html, "Origin",
	      said(page, "backstage.io/managed-by-origin-location"));
	field(html, "Source", said(page, "backstage.io/source-location"));
	if (said(page, "backstage.io/orphan"))
		field(html, "Orphan",
		      cb_tr(html->ctx, "yes: nothing brings it in any more"));
	if (why)
		cb_html_note(html, why);
	cbi_html_card_close(html);
}

static void pairs(const struct cbi_entity_page *page, struct cb_html *html,
                  const char *member, const char *name, const char *title)
{
	static const char *const heads[] = { "Key", "Value", NULL };
	const struct cbi_html_card card = {
		.plugin = "catalog", .name = name, .title = title, .wide = true
	};
	json_t *list =
	    json_object_get(json_object_get(page->json, "metadata"), member);
	const char *key_name;
	json_t *value;

	if (!json_object_size(list))
		return;
	cbi_html_card_open(html, &card);
	cb_html_table_open(html, title, heads);
	json_object_foreach(list, key_name, value)
	{
		cb_html_row_open(html);
		cb_html_cell(html, key_name);
		cb_html_cell(html, json_string_value(value));
		cb_html_row_close(html);
	}
	cb_html_table_close(html);
	cbi_html_card_close(html);
}

int cbi_entity_inspect(const struct cbi_entity_page *page, struct cb_html *html)
{
	static const char *const views[] = { "overview", "yaml", "json" };
	static const char *const titles[] = { "Overview", "YAML", "JSON" };
	struct cbi_html_tab tabs[3];
	struct cb_ctx *ctx = html->ctx;
	const char *as = cbi_req_query(page->req, "as");
	const char *text = NULL;
	size_t at = 0;
	int rc = CB_OK;

	for (size_t i = 0; i < 3; i++) {
		if (as && strcmp(as, views[i]) == 0)
			at = i;
		tabs[i] = (struct cbi_html_tab){
			titles[i],
			cbi_addr_with(
			    ctx, cbi_addr_entity(ctx, page->ref, "inspect"),
			    "as", i ? views[i] : NULL),
			false
		};
	}
	tabs[at].here = true;
	cbi_html_tabs(html, cb_tr(ctx, "View"), tabs, 3);
	cbi_html_lit(html, "<div class=\"cards inspect\">\n");
	if (at == 0) {
		identity(page, html);
		origin(page, html);
		pairs(page, html, "annotations", "annotations", "Annotations");
		pairs(page, html, "labels", "labels", "Labels");
	} else if (at == 1) {
		rc = yaml_of(ctx, page->json, &text);
		if (rc == CB_OK)
			code_card(html, "yaml", "YAML", text);
	} else {
		char *dump = json_dumps(page->json,
		                        JSON_INDENT(2) | JSON_PRESERVE_ORDER);

		text = dump ? cb_strdup(ctx, dump) : NULL;
		free(dump);
		if (text)
			code_card(html, "json", "As the catalog serves it",
			          text);
		else
			rc = cb_fail(ctx, CB_ENOMEM, "no memory for the JSON");
	}
	cbi_html_lit(html, "</div>\n");
	return rc;
}
