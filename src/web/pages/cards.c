/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cards.c - fragments: one card of a plugin, for a page of ours (through
 * nginx's SSI), for somebody else's page, for programs and for terminals.
 */
#include "web/pages/cards.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "config/config.h"
#include "catalog/entity.h"
#include "host/host.h"
#include "html/addr.h"
#include "registry/registry.h"
#include "view/view.h"
#include "web/at.h"
#include "web/may.h"
#include "web/pages/plugin_action.h"
#include "web/pages/things.h"

static const char *const states[] = {
	[CBI_CARD_DRAWN] = "drawn",     [CBI_CARD_NOTE] = "nothing",
	[CBI_CARD_PENDING] = "pending", [CBI_CARD_GREY] = "unavailable",
	[CBI_CARD_GONE] = "gone",
};

enum cbi_card_form cbi_card_form(const struct cb_req *req)
{
	const char *accept =
	    req->fragment ? NULL : cbi_req_header(req, "Accept");

	if (!accept)
		return CBI_CARD_HTML;
	if (cbi_str_starts(accept, "application/json"))
		return CBI_CARD_JSON;
	if (cbi_str_starts(accept, "text/plain"))
		return CBI_CARD_TEXT;
	return CBI_CARD_HTML;
}

size_t cbi_plugin_output(const struct cb_req *req, size_t usual)
{
	const struct cbi_pool *limits = req->web->limits;

	return limits && limits->output_max < usual ? limits->output_max
	                                            : usual;
}

/* The fragment's own address, for a placeholder that asks again. */
static const char *again(const struct cbi_card *card, int attempt)
{
	struct cb_ctx *ctx = card->req->ctx;
	const char *address =
	    cbi_addr_fragment(ctx, card->plugin, card->name, card->ref);

	address = cbi_addr_with(ctx, address, "level", "1");
	return cbi_addr_with(ctx, address, "try",
	                     cb_printf(ctx, "%d", attempt + 1));
}

static int attempt_of(const struct cb_req *req)
{
	const char *text = cbi_req_query(req, "try");
	int64_t n;

	return text && cbi_str_int(text, 0, 1000, &n) == 0 ? (int)n : 0;
}

/* What the card took so far, for who looks after plugins. */
static const char *spent(struct cb_req *req)
{
	int64_t us = cbi_clock_us() - req->began_us;

	if (!cbi_may_show(req, "admin.plugins.update"))
		return NULL;
	return cb_printf(req->ctx, "%lld.%02lld", (long long)(us / 1000),
	                 (long long)(us % 1000 / 10));
}

static int write_html(const struct cbi_card *card)
{
	const struct cbi_card_result *result = &card->result;
	const struct cbi_html_card frame = {
		.plugin = card->plugin,
		.name = card->name,
		.title = *result->title ? result->title : card->plugin,
		.state = result->stale_ms ? "stale" : NULL,
		.spent = spent(card->req),
		.meta = result->unkept ? cb_tr(card->req->ctx, "Redis is away")
		                       : NULL,
		.as_of = result->stale_ms
		             ? cbi_clock_wall_ms() - result->stale_ms
		             : 0,
	};
	int attempt = attempt_of(card->req);
	struct cb_html html;

	cbi_html_init(&html, card->req->ctx, card->req->answer.body, "card", 3);
	switch (result->outcome) {
	case CBI_CARD_DRAWN:
	case CBI_CARD_NOTE:
		cbi_html_card_open(&html, &frame);
		cbi_html_bytes(&html, card->drawn->data, card->drawn->len);
		cbi_html_card_close(&html);
		break;
	case CBI_CARD_PENDING:
		cbi_html_card_wait(&html, &frame, again(card, attempt),
		                   attempt);
		break;
	default:
		cbi_html_card_off(&html, &frame, result->message);
		break;
	}
	return cbi_html_end(&html);
}

/* The view model, as far as there is one for a card drawn by a program. */
static int write_json(const struct cbi_card *card)
{
	const struct cbi_card_result *result = &card->result;
	struct cb_buf *body = card->req->answer.body;
	const struct {
		const char *name, *value;
	} texts[] = {
		{ "{\"plugin\":", card->plugin },
		{ ",\"card\":", card->name },
		{ ",\"entity\":", card->ref },
		{ ",\"title\":", result->title },
		{ ",\"state\":", states[result->outcome] },
		{ ",\"message\":", *result->message ? result->message : NULL },
		{ ",\"html\":", card->drawn->len ? card->drawn->data : NULL },
	};

	card->req->answer.type = "application/json; charset=utf-8";
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cb_buf_text(body, texts[i].name);
		if (texts[i].value)
			cbi_str_json(body, texts[i].value,
			             strlen(texts[i].value));
		else
			cb_buf_text(body, "null");
	}
	cb_buf_text(body, ",\"view\":");
	if (result->model)
		(void)!cb_json_write(body, result->model);
	else
		cb_buf_text(body, "null");
	cb_buf_printf(body, ",\"level\":%d,\"staleMs\":%lld,\"kept\":%s}",
	              CB_CONTRACT_LEVEL, (long long)result->stale_ms,
	              result->unkept ? "false" : "true");
	return body->failed;
}

static int write_text(const struct cbi_card *card)
{
	const struct cbi_card_result *result = &card->result;
	struct cb_buf *body = card->req->answer.body;

	card->req->answer.type = "text/plain; charset=utf-8";
	cb_buf_printf(body, "%s\n",
	              *result->title ? result->title : card->plugin);
	if (result->outcome == CBI_CARD_PENDING)
		cb_buf_text(body, "not fetched yet, ask again\n");
	else if (card->drawn->len)
		cbi_card_plain(body, card->drawn->data, card->drawn->len);
	else
		cb_buf_printf(body, "not available: %s\n", result->message);
	return body->failed;
}

int cbi_card_write(const struct cbi_card *card, enum cbi_card_form form)
{
	struct cb_req *req = card->req;
	int rc;

	cbi_buf_clear(req->answer.body);
	/* Within a page a card answers 200 whatever became of it: its place
	 * is taken by what it says. */
	if (card->result.outcome == CBI_CARD_GONE && !req->fragment)
		req->answer.status = 404;
	if (form == CBI_CARD_JSON)
		rc = write_json(card);
	else if (form == CBI_CARD_TEXT)
		rc = write_text(card);
	else
		rc = write_html(card);
	if (rc < 0)
		return cb_fail(req->ctx, rc, "the card does not fit");
	return CB_OK;
}

int cbi_card_entity(struct cb_req *req, const char *asked, const char **ref,
                    struct cbi_served *served)
{
	struct cbi_addr_ref parts;
	int rc;

	*ref = NULL;
	if (!asked || !*asked)
		return CB_OK;
	if (cbi_addr_ref(req->ctx, asked, &parts) < 0)
		return cb_fail(req->ctx, CB_EINVAL,
		               "entity: '%s' is no reference, expected "
		               "kind:namespace/name",
		               asked);
	rc = cbi_view_ref(req->ctx, parts.kind, parts.ns, parts.name, ref);
	if (rc == CB_OK)
		rc = cbi_view_by_ref(req->ctx, req->web->catalog, *ref, served,
		                     NULL);
	return rc;
}

/* The entity that ?entity= names; NULL when nothing is named. */
static int load(struct cb_req *req, const char **ref,
                const struct cb_entity **entity)
{
	struct cbi_served served;
	int rc =
	    cbi_card_entity(req, cbi_req_query(req, "entity"), ref, &served);

	*entity = NULL;
	if (rc == CB_OK && *ref)
		rc = cbi_entity_create(req->ctx, served.body, served.len,
		                       entity);
	return rc;
}

static int check_level(struct cb_req *req)
{
	const char *level = cbi_req_query(req, "level");
	int64_t n;

	if (!level || !*level)
		return CB_OK;
	if (cbi_str_int(level, 0, INT32_MAX, &n) < 0)
		return cb_fail(req->ctx, CB_EINVAL,
		               "level: '%s' is no number, this host serves "
		               "levels %d to %d",
		               level, CBI_VIEW_LEVEL_LEAST, CB_CONTRACT_LEVEL);
	if (n >= CBI_VIEW_LEVEL_LEAST && n <= CB_CONTRACT_LEVEL)
		return CB_OK;
	return cb_fail(req->ctx, CB_EINVAL,
	               "level: %lld is %s than this host, which serves levels "
	               "%d to %d",
	               (long long)n, n > CB_CONTRACT_LEVEL ? "newer" : "older",
	               CBI_VIEW_LEVEL_LEAST, CB_CONTRACT_LEVEL);
}

/* ?at=...: what the tool said then nobody has kept. */
static void not_then(struct cb_html *html, struct cbi_card *card)
{
	card->result.title = "";
	card->result.message = "";
	cb_html_note(html, "What tools say is known for now only.");
	card->result.outcome =
	    cbi_html_end(html) == CB_OK ? CBI_CARD_NOTE : CBI_CARD_GREY;
}

static void finish(void *buf)
{
	cbi_buf_finish(buf);
}

/* May he see the card?  What is not there `draw` tells. */
static int permit(struct cb_req *req, const struct cbi_card *card,
                  const struct cbi_plugin_entry **out)
{
	const struct cbi_plugin_entry *plugin = NULL;
	const struct cbi_snapshot *snapshot;
	const char *needs = NULL;
	int rc = CB_OK;

	if (req->web->registry)
		rc = cbi_registry_look(req->ctx, req->web->registry, &snapshot);
	if (rc == CB_OK && req->web->registry)
		plugin = cbi_snapshot_plugin(snapshot, card->plugin);
	for (size_t i = 0; plugin && i < plugin->card_count; i++)
		if (strcmp(plugin->cards[i].name, card->name) == 0)
			needs = plugin->cards[i].needs;
	*out = plugin;
	return rc < 0 || !needs ? rc
	                        : cbi_may_plugin(req, plugin, needs, false);
}

/* Grey in a page, and 403 for who asks for it alone. */
static void hide(struct cb_req *req, struct cbi_card *card)
{
	cb_failure_clear(req->ctx);
	card->result.title = "";
	card->result.message = "None of your roles lets you see this card.";
	card->result.outcome = CBI_CARD_GREY;
	if (!req->fragment)
		req->answer.status = 403;
}

static int show(struct cb_req *req)
{
	struct cbi_card card = { .req = req,
		                 .plugin = req->args[0],
		                 .name = req->args[1] };
	const struct cbi_plugin_entry *plugin = NULL;
	const struct cb_entity *entity;
	struct cb_html html;
	int rc;

	rc = check_level(req);
	if (rc == CB_OK)
		rc = cbi_req_at(req);
	if (rc == CB_OK)
		rc = load(req, &card.ref, &entity);
	if (rc < 0)
		return rc;
	card.drawn = cb_alloc(req->ctx, sizeof(*card.drawn));
	if (!card.drawn)
		return CB_ENOMEM;
	cbi_buf_init(card.drawn, cbi_plugin_output(req, CB_CARD_HTML_MAX));
	rc = cb_defer(req->ctx, finish, card.drawn);
	if (rc < 0)
		return rc;
	if (!req->web->host)
		return cb_fail(req->ctx, CB_ENOENT,
		               "no plugin '%s' in this pool", card.plugin);
	cbi_html_init(&html, req->ctx, card.drawn,
	              cb_printf(req->ctx, "%s-%s", card.plugin, card.name), 3);
	cbi_thing_titles(req, &html);
	rc = permit(req, &card, &plugin);
	if (rc < 0 && rc != CB_EDENIED)
		return rc;
	if (rc == CB_EDENIED)
		hide(req, &card);
	else if (req->ctx->scope.as_of)
		not_then(&html, &card);
	else
		cbi_host_draw_card(req->ctx, req->web->host, card.plugin,
		                   card.name, entity, &html, &card.result);
	rc = CB_OK;
	if (plugin && (card.result.outcome == CBI_CARD_DRAWN ||
	               card.result.outcome == CBI_CARD_NOTE)) {
		cbi_action_buttons(&card, plugin, &html);
		rc = cbi_html_end(&html);
	}
	return rc < 0 ? rc : cbi_card_write(&card, cbi_card_form(req));
}

#define FRAGMENT(at, label)                                           \
	{                                                             \
		.path = at "{plugin}/{card}", .method = "GET",        \
		.access = CBI_ACCESS_READ, .face = CBI_FACE_FRAGMENT, \
		.name = label, .handle = show,                        \
	}

const struct cbi_endpoint cbi_pages_cards[] = {
	FRAGMENT("/fragments/", "fragment"),
	FRAGMENT("/_cards/", "card"),
	{ 0 },
};
