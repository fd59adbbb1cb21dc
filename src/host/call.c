/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.c - draws cards and calls routes.
 */
#include "host/host_priv.h"

#include <stdio.h>
#include <string.h>

#include "base/ctx.h"
#include "html/html.h"

/* ---- Cards -----------------------------------------------------------------
 */

static const struct cb_card *find_card(const struct cbi_loaded *loaded,
                                       const char *name)
{
	const struct cb_card *card = loaded->plugin.cards;

	for (; card && card->name; card++)
		if (strcmp(card->name, name) == 0)
			return card;
	return NULL;
}

/* Begins anew: what a card drew before it failed is dropped. */
static void empty(struct cb_html *html, struct cb_ctx *ctx)
{
	cbi_buf_clear(html->buf);
	cbi_html_init(html, ctx, html->buf, html->id, html->heading);
}

static void draw_note(struct cb_ctx *ctx, struct cb_html *html,
                      struct cbi_card_result *out)
{
	empty(html, ctx);
	cb_html_note(html, "There is nothing to show for this entity.");
	out->outcome =
	    cbi_html_end(html) == CB_OK ? CBI_CARD_NOTE : CBI_CARD_GREY;
}

/* What people read on a grey card; failures of tools say how by themselves. */
static const char *grey_message(int rc)
{
	switch (rc) {
	case CB_ENOENT:
		return "The tool knows nothing of this entity.";
	case CB_EAUTH:
	case CB_EDENIED:
		return "The tool does not let us in.";
	case CB_EBUSY:
		return "The tool asks us to wait.";
	case CB_EAWAY:
	case CB_ETIME:
		return "The tool does not answer.";
	case CB_EUPSTREAM:
		return "The tool gave an answer that makes no sense.";
	case CB_ETOOBIG:
		return "This card is larger than a card may be.";
	default:
		return "This card could not be drawn.";
	}
}

static void make_grey(struct cb_ctx *ctx, int rc, struct cb_html *html,
                      struct cbi_card_result *out)
{
	char failure[CB_FAILURE_MAX];
	const char *kept;

	snprintf(failure, sizeof(failure), "%s%s%s", cb_code_name(rc),
	         cb_failure(ctx)[0] ? ": " : "", cb_failure(ctx));
	cb_failure_clear(ctx);
	kept = cb_strdup(ctx, failure);
	cb_failure_clear(ctx);
	out->outcome = CBI_CARD_GREY;
	out->message = grey_message(rc);
	out->failure = kept ? kept : "ENOMEM";
	empty(html, ctx);
}

static int run_card(struct cb_ctx *ctx, struct cbi_host *host,
                    struct cbi_loaded *loaded, const struct cb_card *card,
                    const struct cb_entity *entity, struct cb_html *html,
                    struct cbi_card_result *out)
{
	struct cbi_call call;
	int rc;

	cbi_guard_enter(ctx, &call, host, loaded);
	call.drawing = card;
	rc = card->draw(ctx, loaded->data, entity, html);
	/* A card may return OK and still have written too much. */
	if (rc == CB_OK)
		rc = cbi_html_end(html);
	/* No code of ours: the author forgot what a function returns. */
	if (rc > 0)
		rc = cb_fail(ctx, CB_EBUG, "draw returned %d", rc);
	cbi_guard_leave(ctx, &call, rc);
	out->stale_ms = call.stale_ms;
	out->asked = call.asked;
	out->unkept = call.unkept;
	out->model = call.model;
	return rc;
}

/* Why a card cannot be called at all. */
static void refuse(struct cb_ctx *ctx, int rc, struct cb_html *html,
                   struct cbi_card_result *out)
{
	empty(html, ctx);
	if (rc == CB_EPENDING) {
		out->outcome = CBI_CARD_PENDING;
		return;
	}
	out->outcome = rc == CB_ENOENT ? CBI_CARD_GONE : CBI_CARD_GREY;
	out->message = rc == CB_ENOENT ? "There is no such card."
	                               : "This card is out of service for now.";
	cb_failure_clear(ctx);
}

void cbi_host_draw_card(struct cb_ctx *ctx, struct cbi_host *host,
                        const char *plugin, const char *card,
                        const struct cb_entity *entity, struct cb_html *html,
                        struct cbi_card_result *out)
{
	struct cbi_loaded *loaded;
	const struct cb_card *row = NULL;
	int rc;

	memset(out, 0, sizeof(*out));
	out->title = out->message = out->failure = "";
	rc = cbi_guard_ask(ctx, host, plugin, &loaded);
	if (rc == CB_OK)
		row = find_card(loaded, card);
	if (rc == CB_OK)
		rc = row ? cbi_guard_permit(ctx, loaded) : CB_ENOENT;
	if (row)
		out->title = row->title;
	if (rc < 0) {
		refuse(ctx, rc, html, out);
		return;
	}
	rc = run_card(ctx, host, loaded, row, entity, html, out);
	if (rc == CB_OK) {
		out->outcome = CBI_CARD_DRAWN;
	} else if (rc == CB_EPENDING) {
		out->outcome = CBI_CARD_PENDING;
		empty(html, ctx);
	} else if (rc == CB_ENOKEY) {
		draw_note(ctx, html, out);
	} else {
		make_grey(ctx, rc, html, out);
	}
	cb_failure_clear(ctx);
}

/* ---- Routes ----------------------------------------------------------------
 */

static const struct cb_route *find_route(const struct cbi_loaded *loaded,
                                         const struct cbi_plugin_route *row)
{
	const struct cb_route *route = loaded->plugin.routes;

	for (; route && route->path; route++)
		if (route->api == row->api &&
		    strcmp(route->path, row->path) == 0)
			return route;
	return NULL;
}

bool cbi_host_method(const char *methods, const char *method)
{
	size_t len;

	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	len = strlen(method);
	for (const char *at = methods; *at;) {
		size_t word = strcspn(at, " ");

		if (word == len && strncmp(at, method, len) == 0)
			return true;
		at += word;
		at += strspn(at, " ");
	}
	return false;
}

static int run_route(struct cb_ctx *ctx, struct cbi_host *host,
                     struct cbi_loaded *loaded, const struct cb_route *route,
                     const char *rest, struct cb_req *req, struct cb_html *html)
{
	struct cbi_call call;
	int rc;

	cbi_guard_enter(ctx, &call, host, loaded);
	call.rest = rest;
	call.routing = route;
	rc = route->handle(ctx, loaded->data, req, route->api ? NULL : html);
	if (rc == CB_OK && html && !route->api)
		rc = cbi_html_end(html);
	if (rc > 0)
		rc = cb_fail(ctx, CB_EBUG, "handle returned %d", rc);
	cbi_guard_leave(ctx, &call, rc);
	return rc;
}

int cbi_host_route(struct cb_ctx *ctx, struct cbi_host *host,
                   const char *plugin, bool api, const char *path,
                   const char *method, struct cb_req *req, struct cb_html *html,
                   const struct cbi_plugin_route **route)
{
	const struct cbi_snapshot *snapshot;
	const struct cb_route *row;
	struct cbi_loaded *loaded;
	const char *rest;
	int rc = cbi_registry_look(ctx, host->joins.registry, &snapshot);

	*route = NULL;
	if (rc < 0)
		return rc;
	*route = cbi_snapshot_route(snapshot, plugin, api, path, &rest);
	if (!*route)
		return cb_fail(ctx, CB_ENOENT, "plugin '%.*s' has no such page",
		               CB_NAME_MAX, plugin);
	if (!cbi_host_method((*route)->methods, method))
		return cb_fail(ctx, CB_ENOTSUP, "allowed: %s",
		               (*route)->methods);
	rc = cbi_guard_ask(ctx, host, plugin, &loaded);
	if (rc == CB_EPENDING)
		return cb_fail(ctx, CB_EBUSY, "plugin '%s' is being started",
		               plugin);
	if (rc < 0)
		return rc;
	row = find_route(loaded, *route);
	if (!row)
		return cb_fail(ctx, CB_ENOENT, "plugin '%s' has no such page",
		               plugin);
	rc = cbi_guard_permit(ctx, loaded);
	if (rc < 0)
		return rc;
	return run_route(ctx, host, loaded, row, rest, req, html);
}
