/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreign.c - the functions behind a foreign plugin's rows.
 *
 * A card is a source whose value is the checked view model, so fetch asks the
 * program and web only draws.  A source key has lines: the entity, whom it is
 * for (empty: everybody), and the declared key.  A page is a house call.
 */
#include "host/foreign.h"

#include <string.h>

#include <callboard/source.h>

#include "auth/auth.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/ctx.h"
#include "base/str.h"
#include "declare/declare.h"
#include "json/json.h"
#include "source/call.h"
#include "view/view.h"

#define ACCEPT                                                    \
	CBI_FOREIGN_VIEW ", application/json;q=0.9, "             \
			 "text/html;q=0.7, text/markdown;q=0.7, " \
			 "text/plain;q=0.5"
/* A program that hangs is given up this long before the call into its plugin
 * would be, which costs a process. */
#define SPARE_MS 200
/* And in any case: nobody looks at a page for longer. */
#define ASK_MS 4000

bool cbi_is_foreign(const json_t *manifest)
{
	const char *tier = json_string_value(json_object_get(manifest, "tier"));

	return tier && strcmp(tier, "foreign") == 0;
}

/* ---- In fetch: asking
 * -------------------------------------------------------- */

/* A token for this plugin alone, on behalf of user unless that is "". */
static int identify(struct cb_ctx *ctx, const struct cbi_call *call,
                    const char *user, const char **token)
{
	const struct cbi_who who = { .kind = CBI_WHO_USER, .subject = user };
	struct cbi_auth *auth = call->host->joins.auth;

	*token = NULL;
	if (!auth)
		return CB_OK;
	return cbi_auth_issue_plugin(ctx, auth, CBI_FOREIGN_SUBJECT,
	                             call->loaded->name, *user ? &who : NULL,
	                             token);
}

static int ask(struct cb_ctx *ctx, const struct cbi_call *call,
               const char *path, const char *query, const char *user,
               json_t **model)
{
	const json_t *declared =
	    json_object_get(call->loaded->manifest, "declared");
	struct cbi_foreign_ask ask = { .path = path,
		                       .query = query,
		                       .accept = ACCEPT,
		                       .body_max = CB_TOOL_BODY_MAX / 2 };
	struct cbi_foreign_reply reply;
	struct cbi_foreign_serve serve;
	int64_t was;
	int rc = cbi_foreign_serve(
	    ctx, json_string_value(json_object_get(declared, "serve")), &serve);

	if (rc == CB_OK)
		rc = identify(ctx, call, user, &ask.identity);
	if (rc < 0)
		return rc;
	was = ctx->deadline;
	ctx->deadline = cbi_clock_ms() + ASK_MS;
	if (was && was - SPARE_MS < ctx->deadline)
		ctx->deadline = was - SPARE_MS;
	rc = cbi_foreign_get(ctx, call->host->joins.http, &serve, &ask, &reply);
	ctx->deadline = was;
	return rc < 0 ? rc : cbi_foreign_model(ctx, &reply, model);
}

static void finish(void *buf)
{
	cbi_buf_finish(buf);
}

/* "entity=...&key=...&level=1" of the lines of a source key. */
static int query_of(struct cb_ctx *ctx, const char *ref, const char *key,
                    const char **out)
{
	struct cb_buf *buf = cb_alloc(ctx, sizeof(*buf));
	int rc;

	if (!buf)
		return CB_ENOMEM;
	cbi_buf_init(buf, 4 * CB_SOURCE_KEY_MAX);
	rc = cb_defer(ctx, finish, buf);
	if (rc < 0)
		return rc;
	if (*ref) {
		cb_buf_text(buf, "entity=");
		cbi_str_url_encode(buf, ref, "");
		cb_buf_text(buf, "&");
	}
	if (*key) {
		cb_buf_text(buf, "key=");
		cbi_str_url_encode(buf, key, "");
		cb_buf_text(buf, "&");
	}
	cb_buf_printf(buf, "level=%d", CBI_VIEW_LEVEL);
	*out = cbi_buf_string(buf);
	return buf->failed;
}

int cbi_foreign_fill(struct cb_ctx *ctx, void *state, const char *key,
                     struct cb_buf *out)
{
	const struct cbi_call *call = cbi_call_of(ctx);
	const char *path = cb_printf(ctx, "/fragments/%s/%s",
	                             call->loaded->name, call->filling->name);
	char *ref = cb_strdup(ctx, key), *user, *own;
	const char *query;
	json_t *model;
	int rc;

	(void)state;
	if (!path || !ref)
		return CB_ENOMEM;
	user = strchr(ref, '\n');
	own = user ? strchr(user + 1, '\n') : NULL;
	if (!own)
		return cb_fail(ctx, CB_EINVAL, "no source key of a card");
	*user++ = *own++ = '\0';
	rc = query_of(ctx, ref, own, &query);
	if (rc == CB_OK)
		rc = ask(ctx, call, path, query, user, &model);
	return rc < 0 ? rc : cb_json_write(out, model);
}

int cbi_host_foreign_page(struct cb_ctx *ctx, struct cbi_host *host,
                          const json_t *in, json_t **out)
{
	const char *plugin = json_string_value(json_object_get(in, "plugin"));
	const char *path = json_string_value(json_object_get(in, "path"));
	const char *query = json_string_value(json_object_get(in, "query"));
	const char *user = json_string_value(json_object_get(in, "user"));
	struct cbi_loaded *loaded;
	struct cbi_call call;
	json_t *model = NULL;
	int rc;

	if (!plugin || !path || !query || !user)
		return cb_fail(ctx, CB_EINVAL,
		               "'plugin', 'path', 'query' and 'user' are "
		               "needed");
	rc = cbi_guard_ask(ctx, host, plugin, &loaded);
	if (rc == CB_OK && !cbi_is_foreign(loaded->manifest))
		rc = cb_fail(ctx, CB_ENOENT, "plugin '%s' is no program",
		             plugin);
	if (rc == CB_OK)
		rc = cbi_guard_permit(ctx, loaded);
	if (rc < 0)
		return rc;
	cbi_guard_enter(ctx, &call, host, loaded);
	rc = ask(ctx, &call, path, query, user, &model);
	cbi_guard_leave(ctx, &call, rc);
	if (rc == CB_OK)
		*out = model;
	return rc;
}

/* ---- In web: drawing
 * ------------------------------------------------------------ */

/* Whom a card or page is made for; "" for who is no user. */
static const char *user_of(const struct cb_ctx *ctx)
{
	return cbi_str_starts(ctx->actor, "user:") ? ctx->actor : "";
}

int cbi_foreign_key(struct cb_ctx *ctx, void *state,
                    const struct cb_entity *entity, const char **key)
{
	const struct cbi_call *call = cbi_call_of(ctx);
	const json_t *source = cbi_declare_row(call->loaded->manifest,
	                                       "sources", call->asking->name);
	bool personal = json_is_true(json_object_get(source, "personal"));
	const char *own = "";
	int rc = CB_OK;

	(void)state;
	if (!json_is_null(json_object_get(source, "key")))
		rc = cbi_declare_key(ctx, source, entity, &own);
	if (rc < 0)
		return rc;
	*key = cb_printf(ctx, "%s\n%s\n%s", entity ? cb_entity_ref(entity) : "",
	                 personal ? user_of(ctx) : "", own);
	return *key ? CB_OK : CB_ENOMEM;
}

/* Checked here, too: what is kept may be an older host's. */
static int draw(struct cb_ctx *ctx, struct cb_html *html, const json_t *model)
{
	int rc = cbi_view_check(ctx, model);

	cbi_call_of(ctx)->model = model;
	return rc < 0 ? rc : cbi_view_draw(ctx, html, model);
}

int cbi_foreign_draw(struct cb_ctx *ctx, void *state,
                     const struct cb_entity *entity, struct cb_html *html)
{
	json_t *model;
	int rc = cb_source_json(ctx, cbi_call_of(ctx)->drawing->name, entity,
	                        &model);

	(void)state;
	if (rc == CB_ENOENT) {
		cb_failure_clear(ctx);
		return CB_ENOKEY;
	}
	return rc < 0 ? rc : draw(ctx, html, model);
}

int cbi_foreign_page(struct cb_ctx *ctx, void *state, struct cb_req *req,
                     struct cb_html *html)
{
	const struct cbi_call *call = cbi_call_of(ctx);
	const char *query =
	    call->host->joins.query ? call->host->joins.query(req) : "";
	const char *slash = *call->routing->path && *call->rest ? "/" : "";
	/* What fetch says of a hang has to get here, too. */
	int64_t left = cb_time_left(ctx) - SPARE_MS / 2;
	struct cb_buf path;
	json_t *in, *model;
	int rc;

	(void)state;
	cbi_buf_init(&path, CB_URL_MAX);
	cb_buf_printf(&path, "/p/%s/%s%s", call->loaded->name,
	              call->routing->path, slash);
	cbi_str_url_encode(&path, call->rest, "/");
	in = json_pack("{s:s, s:s, s:s, s:s}", "plugin", call->loaded->name,
	               "path", cbi_buf_string(&path), "query", query, "user",
	               user_of(ctx));
	rc = path.failed;
	cbi_buf_finish(&path);
	if (rc == CB_OK)
		rc = cbi_json_keep(ctx, in);
	if (rc == CB_OK)
		rc = cbi_source_call(ctx, call->host->pool, "foreign.page", in,
		                     left > CB_CALL_MS ? CB_CALL_MS
		                     : left > 1        ? (int)left
		                                       : 1,
		                     &model);
	return rc < 0 ? rc : draw(ctx, html, model);
}

/* nginx leads to a program by itself, once it was told to. */
int cbi_foreign_api(struct cb_ctx *ctx, void *state, struct cb_req *req,
                    struct cb_html *html)
{
	(void)state;
	(void)req;
	(void)html;
	return cb_fail(
	    ctx, CB_EAWAY,
	    "nginx does not lead to this plugin's program yet: write "
	    "its files by 'callboardctl nginx' and reload it");
}
