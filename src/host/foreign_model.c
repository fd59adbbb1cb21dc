/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreign_model.c - what a foreign program answered, as a view model.
 */
#include "host/foreign.h"

#include <string.h>

#include <callboard/json.h>

#include "base/ctx.h"
#include "json/json.h"
#include "view/view.h"

static int judge(struct cb_ctx *ctx, const struct cbi_foreign_reply *reply)
{
	const char *more = reply->complaint;

	switch (reply->status) {
	case 200:
		return CB_OK;
	case 204:
	case 404:
	case 410:
		return cb_fail(ctx, CB_ENOENT, "the program answered %d",
		               reply->status);
	case 401:
	case 403:
		return cb_fail(ctx, CB_EDENIED, "the program answered %d",
		               reply->status);
	case 429:
	case 503:
		return cb_fail(ctx, CB_EBUSY, "the program answered %d",
		               reply->status);
	default:
		return cb_fail(ctx, CB_EUPSTREAM, "the program answered %d%s%s",
		               reply->status, *more ? ": " : "", more);
	}
}

/* A model of one component that holds all of the body. */
static int wrap(struct cb_ctx *ctx, const struct cbi_foreign_reply *reply,
                const char *component, json_t **out)
{
	json_t *text = json_stringn(reply->body, reply->body_len);
	json_t *model;

	if (!text)
		return cb_fail(ctx, CB_EUPSTREAM,
		               "the program's answer is not UTF-8");
	model = json_pack("{s:i, s:[{s:o}]}", "level", CBI_VIEW_LEVEL, "show",
	                  component, text);
	*out = model;
	return cbi_json_keep(ctx, model);
}

static int read_model(struct cb_ctx *ctx, const struct cbi_foreign_reply *reply,
                      json_t **out)
{
	if (strcmp(reply->type, CBI_FOREIGN_VIEW) == 0 ||
	    strcmp(reply->type, "application/json") == 0)
		return cb_json_parse(ctx, reply->body, reply->body_len, out);
	if (strcmp(reply->type, "text/html") == 0)
		return wrap(ctx, reply, "html", out);
	if (strcmp(reply->type, "text/markdown") == 0)
		return wrap(ctx, reply, "markdown", out);
	if (strcmp(reply->type, "text/plain") == 0)
		return wrap(ctx, reply, "text", out);
	return cb_fail(
	    ctx, CB_EUPSTREAM,
	    "the program answered '%.80s', expected " CBI_FOREIGN_VIEW
	    ", text/html, text/markdown or text/plain",
	    reply->type);
}

int cbi_foreign_model(struct cb_ctx *ctx, const struct cbi_foreign_reply *reply,
                      json_t **out)
{
	json_t *model;
	const char *why;
	int rc = judge(ctx, reply);

	if (rc < 0)
		return rc;
	rc = read_model(ctx, reply, &model);
	if (rc == CB_OK)
		rc = cbi_view_check(ctx, model);
	if (rc == CB_OK) {
		*out = model;
		return CB_OK;
	}
	if (rc == CB_ENOMEM || rc == CB_EUPSTREAM)
		return rc;
	/* It is the program's mistake, not the reader's. */
	why = cb_strdup(ctx, cb_failure(ctx));
	cb_failure_clear(ctx);
	return cb_fail(ctx, CB_EUPSTREAM, "view model: %s", why ? why : "");
}
