/* SPDX-License-Identifier: Apache-2.0 */
/* tool - has a source, whose key is the annotation `callboard.test/tool`. */
#include <callboard/callboard.h>

#include <stdlib.h>
#include <string.h>

struct tool {
	const char *url;
	int fresh;
};

static const struct cb_key keys[] = {
	CB_KEY_URL(struct tool, url, "https://tool.example", "Where it is"),
	CB_KEY_SECS(struct tool, fresh, "90", "How long an answer is new"),
	CB_END,
};

static int key(struct cb_ctx *ctx, void *state, const struct cb_entity *entity,
               const char **out)
{
	(void)ctx;
	(void)state;
	*out = cb_entity_annotation(entity, "callboard.test/tool");
	return *out ? CB_OK : CB_ENOKEY;
}

static int fill(struct cb_ctx *ctx, void *state, const char *source_key,
                struct cb_buf *out)
{
	const struct tool *tool = state;
	const struct cb_reply *reply;
	const char *url = source_key;
	int rc;

	/* A key that begins with http or a colon asks where it may go. */
	if (source_key[0] == 'k')
		return cb_buf_printf(out, "filled %s", source_key);
	if (source_key[0] == ':')
		url = cb_url(ctx, tool->url, "x", NULL);
	rc = cb_http_get(ctx, url, &reply);
	return rc < 0 ? rc : cb_buf_text(out, reply->body);
}

/* As it is told by its address: another port is another tool. */
static int probe(struct cb_ctx *ctx, void *state)
{
	const struct tool *tool = state;
	const struct cb_reply *reply;

	if (strstr(tool->url, "well"))
		return CB_OK;
	if (strstr(tool->url, "mute"))
		return CB_EUPSTREAM;
	if (strstr(tool->url, "crash"))
		abort();
	if (strstr(tool->url, "stray"))
		return cb_http_get(ctx, "https://other.example/", &reply);
	return cb_http_get(ctx, cb_url(ctx, tool->url, "up", NULL), &reply);
}

static int draw(struct cb_ctx *ctx, void *state, const struct cb_entity *entity,
                struct cb_html *html)
{
	const char *value;
	int rc;

	(void)state;
	cb_html_text(html, "dropped when there is no value");
	rc = cb_source_text(ctx, "thing", entity, &value);
	if (rc == CB_OK)
		cb_html_text(html, value);
	return rc;
}

static const struct cb_source sources[] = {
	{
	    .name = "thing",
	    .hosts_key = "url",
	    .key = key,
	    .fill = fill,
	    .fresh_key = "fresh",
	    .stale = 600,
	},
	CB_END,
};

static const struct cb_permission permissions[] = {
	{ .name = "tool.read", .action = "read" },
	CB_END,
};

static const struct cb_card cards[] = {
	{
	    .name = "main",
	    .place = "entity.overview",
	    .title = "Test card of tool",
	    .needs = "tool.read",
	    .draw = draw,
	    .order = 900,
	},
	CB_END,
};

const struct cb_plugin cb_plugin_entry = {
	CB_PLUGIN_HEAD,
	.name = "tool",
	.version = "1.0.0",
	.summary = "A test plugin called tool",
	.state_size = sizeof(struct tool),
	.keys = keys,
	.cards = cards,
	.sources = sources,
	.permissions = permissions,
	.probe = probe,
};
