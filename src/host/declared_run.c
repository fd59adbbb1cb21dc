/* SPDX-License-Identifier: Apache-2.0 */
/*
 * declared_run.c - the functions behind a declared plugin's rows: which row
 * is called they find in the call.
 */
#include "host/declared.h"

#include <string.h>

#include <callboard/http.h>
#include <callboard/source.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "declare/declare.h"
#include "http/http.h"
#include "json/json.h"
#include "spawn/helpers.h"
#include "view/view.h"

/* What a shape may take; less when the call's time is nearly over, which is
 * then not its fault. */
#define SHAPE_MS 1500
#define SHAPE_LEAST_MS 500
/* Kept for answering after it. */
#define SPARE_MS 100

/* ---- What evaluation asks ------------------------------------------------ */

static const char *config_text(struct cb_ctx *ctx, void *arg, const char *name)
{
	const struct cbi_call *call = arg;
	const struct cb_key *key = cbi_host_key(call->loaded, name);
	const char *field, *value;
	int n;

	if (!key)
		return NULL;
	field = (const char *)call->loaded->data + key->offset;
	switch (key->type) {
	case CB_KEY_TYPE_TEXT:
	case CB_KEY_TYPE_URL:
		memcpy(&value, field, sizeof(value));
		return value;
	case CB_KEY_TYPE_INT:
	case CB_KEY_TYPE_SECS:
		memcpy(&n, field, sizeof(n));
		return cb_printf(ctx, "%d", n);
	case CB_KEY_TYPE_BOOL:
		return *(const bool *)field ? "true" : "false";
	}
	return NULL;
}

/* The address of rel="next" in a Link header; "" for none. */
static const char *next_of(struct cb_ctx *ctx, const char *link)
{
	for (const char *at = link; (at = strchr(at, '<')) != NULL; at++) {
		const char *end = strchr(at, '>'), *rel, *comma;

		if (!end)
			break;
		rel = strstr(end, "rel=\"next\"");
		comma = strchr(end, ',');
		if (rel && (!comma || rel < comma)) {
			const char *url =
			    cb_strndup(ctx, at + 1, (size_t)(end - at - 1));

			return url ? url : "";
		}
	}
	return "";
}

static int ask(struct cb_ctx *ctx, void *arg,
               const struct cbi_declare_request *request,
               struct cbi_declare_reply *out)
{
	const char *base = cb_url(ctx, request->base, NULL);
	struct cbi_http_ask ask = { .method = request->method,
		                    .headers = request->headers,
		                    .body = request->body,
		                    .body_len = request->body_len };
	struct cbi_http_reply reply;
	int rc;

	(void)arg;
	if (!base)
		return cb_failure_code(ctx);
	if (request->url) {
		/* Of the same connection: the client looks at its host. */
		ask.url = request->url;
		if (!strstr(request->base, "://"))
			ask.policy.connection = request->base;
	} else {
		ask.url =
		    cb_printf(ctx, "%s%s%s", base,
		              *request->path == '?' ? "/" : "", request->path);
		if (!ask.url)
			return CB_ENOMEM;
	}
	rc = cbi_http_from_plugin(ctx, &ask, &reply);
	if (rc < 0)
		return rc;
	out->body = reply.body;
	out->len = reply.body_len;
	out->next = next_of(ctx, reply.link);
	return CB_OK;
}

static int add_text(struct cb_buf *buf, const char *text, size_t len)
{
	const unsigned char head[4] = { len & 255, len >> 8 & 255,
		                        len >> 16 & 255, len >> 24 & 255 };

	cb_buf_add(buf, head, sizeof(head));
	return cb_buf_add(buf, text, len);
}

/* What the helper said: a letter and a text. */
static int read_answer(struct cb_ctx *ctx, const struct cb_buf *answer,
                       struct cb_buf *out)
{
	const char *text = cbi_buf_string(answer);

	switch (text[0]) {
	case 'o':
		return cb_buf_add(out, text + 1, answer->len - 1);
	case 'n':
		return cb_fail(ctx, CB_ENOENT, "the shape gives no value");
	default:
		return cb_fail(ctx, CB_EUPSTREAM, "shape: %.400s", text + 1);
	}
}

int cbi_shape_run(struct cb_ctx *ctx, struct cbi_helpers *helpers, char letter,
                  const char *program, const char *vars, const char *input,
                  size_t len, int ms, struct cb_buf *out)
{
	struct cb_buf question, answer;
	int rc;

	cbi_buf_init(&question, 16 * CB_MIB);
	cbi_buf_init(&answer, CB_TOOL_BODY_MAX + 16);
	cb_buf_add(&question, &letter, 1);
	add_text(&question, program, strlen(program));
	add_text(&question, vars, strlen(vars));
	rc = add_text(&question, input, len);
	if (rc < 0)
		cb_fail(ctx, rc, "a shape's input of more than 16 MiB");
	else
		rc = cbi_helpers_ask(ctx, helpers, &question, ms, &answer);
	if (rc == CB_OK)
		rc = read_answer(ctx, &answer, out);
	cbi_buf_finish(&question);
	cbi_buf_finish(&answer);
	return rc;
}

static int shape(struct cb_ctx *ctx, void *arg, const char *program,
                 const char *vars, const char *input, size_t len,
                 struct cb_buf *out)
{
	const struct cbi_call *call = arg;
	const struct cbi_host_joins *joins = &call->host->joins;
	int64_t ms = cb_time_left(ctx) - SPARE_MS;
	int rc;

	if (!joins->shaper)
		return cb_fail(ctx, CB_EPLACE, "shapes run in fetch only");
	if (ms > SHAPE_MS)
		ms = SHAPE_MS;
	if (ms < 1)
		return cb_fail(ctx, CB_ETIME, "no time was left to shape");
	rc = cbi_shape_run(ctx, joins->shaper, 'r', program, vars, input, len,
	                   (int)ms, out);
	/* It cost its process, as a crash of a native one would. */
	if (joins->charge && (rc == CB_EBUG || rc == CB_ETOOBIG ||
	                      (rc == CB_ETIME && ms >= SHAPE_LEAST_MS)))
		joins->charge(call->loaded->board, ctx->request_id,
		              cb_failure(ctx));
	return rc;
}

static struct cbi_declare_with with_of(struct cbi_call *call)
{
	return (struct cbi_declare_with){
		.arg = call,
		.config = config_text,
		.ask = ask,
		.shape = shape,
	};
}

/* ---- Rows ---------------------------------------------------------------- */

int cbi_declared_key(struct cb_ctx *ctx, void *state,
                     const struct cb_entity *entity, const char **key)
{
	const struct cbi_call *call = cbi_call_of(ctx);

	(void)state;
	return cbi_declare_key(ctx,
	                       cbi_declare_row(call->loaded->manifest,
	                                       "sources", call->asking->name),
	                       entity, key);
}

int cbi_declared_fill(struct cb_ctx *ctx, void *state, const char *key,
                      struct cb_buf *out)
{
	struct cbi_call *call = cbi_call_of(ctx);
	const struct cbi_declare_with with = with_of(call);
	const json_t *manifest = call->loaded->manifest;

	(void)state;
	return cbi_declare_fill(
	    ctx, manifest,
	    cbi_declare_row(manifest, "sources", call->filling->name), &with,
	    key, out);
}

int cbi_declared_act(struct cb_ctx *ctx, const json_t *action, const char *key)
{
	const struct cbi_declare_with with = with_of(cbi_call_of(ctx));

	return cbi_declare_act(ctx, action, &with, key);
}

static int draw(struct cb_ctx *ctx, const json_t *row,
                const struct cb_entity *entity, struct cb_html *html)
{
	const struct cbi_declare_with with = with_of(cbi_call_of(ctx));
	const char *source = json_string_value(json_object_get(row, "source"));
	json_t *value = NULL, *model;
	int rc = CB_OK;

	if (source)
		rc = cb_source_json(ctx, source, entity, &value);
	if (rc == CB_ENOENT) {
		cb_failure_clear(ctx);
		cb_html_note(html, "The tool knows nothing of this entity.");
		return CB_OK;
	}
	if (rc == CB_OK)
		rc = cbi_declare_show(ctx, json_object_get(row, "show"), value,
		                      entity, &with, &model);
	if (rc < 0)
		return rc;
	rc = cbi_json_keep(ctx, model);
	if (rc < 0)
		return rc;
	cbi_call_of(ctx)->model = model;
	return cbi_view_draw(ctx, html, model);
}

int cbi_declared_draw(struct cb_ctx *ctx, void *state,
                      const struct cb_entity *entity, struct cb_html *html)
{
	const struct cbi_call *call = cbi_call_of(ctx);

	(void)state;
	return draw(ctx,
	            cbi_declare_row(call->loaded->manifest, "cards",
	                            call->drawing->name),
	            entity, html);
}

int cbi_declared_page(struct cb_ctx *ctx, void *state, struct cb_req *req,
                      struct cb_html *html)
{
	const struct cbi_call *call = cbi_call_of(ctx);

	(void)state;
	(void)req;
	if (*call->rest)
		return cb_fail(ctx, CB_ENOENT, "there is no such page");
	return draw(ctx,
	            cbi_declare_row(call->loaded->manifest, "pages",
	                            call->routing->path),
	            NULL, html);
}
