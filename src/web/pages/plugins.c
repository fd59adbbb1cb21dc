/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plugins.c - /admin/plugins: every plugin, how it is, and its switch.
 *
 * Figures are those of this host's board since its master started.
 */
#include "web/pages/admin.h"

#include <string.h>

#include "base/board.h"
#include "base/ctx.h"
#include "base/str.h"
#include "html/addr.h"
#include "registry/registry.h"
#include "web/pages/forms.h"
#include "web/pages/shell.h"

struct plugins {
	struct cb_req *req;
	const char *csrf; /* NULL: who asks may not switch */
	const struct cbi_plugin_entry *list;
	size_t n;
};

static const struct {
	enum cb_tone tone;
	const char *icon, *title;
} looks[] = {
	[CBI_PLUGIN_FOUND] = { CB_TONE_NEUTRAL, "unknown", "Found" },
	[CBI_PLUGIN_CHECKED] = { CB_TONE_BUSY, "busy", "Checked" },
	[CBI_PLUGIN_READY] = { CB_TONE_BUSY, "busy", "Starting" },
	[CBI_PLUGIN_RUNNING] = { CB_TONE_GOOD, "good", "Running" },
	[CBI_PLUGIN_OFF] = { CB_TONE_NEUTRAL, "power", "Off" },
	[CBI_PLUGIN_OPEN] = { CB_TONE_WARN, "warn", "Open" },
	[CBI_PLUGIN_QUARANTINED] = { CB_TONE_BAD, "shield", "Quarantined" },
	[CBI_PLUGIN_REFUSED] = { CB_TONE_BAD, "bad", "Refused" },
};

static const struct cbi_board_plugin *row_of(const struct cbi_plugin_entry *one)
{
	return one->board >= 0 ? &cbi_board()->plugins[one->board] : NULL;
}

static void summary(const struct plugins *plugins, struct cb_html *html)
{
	size_t count[CBI_PLUGIN_REFUSED + 1] = { 0 };
	const char *n[5];

	for (size_t i = 0; i < plugins->n; i++)
		count[cbi_snapshot_state(&plugins->list[i])]++;
	n[0] = cbi_html_number_text(html->ctx, (int64_t)plugins->n);
	n[1] =
	    cbi_html_number_text(html->ctx, (int64_t)count[CBI_PLUGIN_RUNNING]);
	n[2] = cbi_html_number_text(
	    html->ctx,
	    (int64_t)(count[CBI_PLUGIN_OPEN] + count[CBI_PLUGIN_READY] +
	              count[CBI_PLUGIN_CHECKED] + count[CBI_PLUGIN_FOUND]));
	n[3] = cbi_html_number_text(html->ctx,
	                            (int64_t)(count[CBI_PLUGIN_REFUSED] +
	                                      count[CBI_PLUGIN_QUARANTINED]));
	n[4] = cbi_html_number_text(html->ctx, (int64_t)count[CBI_PLUGIN_OFF]);
	cb_html_stat(html, CB_TONE_NEUTRAL, "Plugins", n[0], NULL);
	cb_html_stat(html, CB_TONE_GOOD, "Running", n[1], NULL);
	cb_html_stat(html, *n[2] == '0' ? CB_TONE_NEUTRAL : CB_TONE_WARN,
	             "Open or starting", n[2], NULL);
	cb_html_stat(html, *n[3] == '0' ? CB_TONE_NEUTRAL : CB_TONE_BAD,
	             "Refused or quarantined", n[3], NULL);
	cb_html_stat(html, CB_TONE_NEUTRAL, "Off", n[4], NULL);
	cbi_html_block(html);
}

static void name_cell(struct cb_html *html, const struct cbi_plugin_entry *one)
{
	cbi_html_lit(html, "<th class=\"lead\" scope=\"row\">"
	                   "<div class=\"entity-cell\">");
	cbi_html_icon(html, "puzzle");
	cbi_html_lit(html, "<div><b>");
	cbi_html_esc(html, one->name);
	cbi_html_lit(html, "</b>");
	if (one->summary && *one->summary) {
		cbi_html_lit(html, "<p>");
		cbi_html_tr(html, one->summary);
		cbi_html_lit(html, "</p>");
	}
	cbi_html_lit(html, "</div></div></th>\n");
}

static void health_note(struct cb_html *html,
                        const struct cbi_plugin_entry *one)
{
	struct cbi_plugin_health health;
	bool bad;

	cbi_health_look(html->ctx, one, &health);
	if (health.state == CBI_HEALTH_UNKNOWN)
		return;
	bad = health.state == CBI_HEALTH_BAD;
	cbi_html_lit(html, "<p class=\"note small\">");
	if (bad)
		cbi_html_icon(html, "warn");
	cbi_html_tr(html, bad ? "Its probe failed" : "Its probe went well");
	cbi_html_lit(html, " ");
	cbi_html_ago(html, health.probed_ms);
	if (bad) {
		cbi_html_lit(html, ": ");
		cbi_html_esc(html, health.ailment);
	}
	cbi_html_lit(html, "</p>");
}

static void state_cell(struct cb_html *html, const struct cbi_plugin_entry *one)
{
	enum cbi_plugin_state state = cbi_snapshot_state(one);
	const char *reason = cbi_snapshot_reason(html->ctx, one);

	cbi_html_lit(html, "<td><span class=\"status\"");
	cbi_html_attr(html, "data-tone", cbi_html_tone(looks[state].tone));
	cbi_html_lit(html, ">");
	cbi_html_icon(html, looks[state].icon);
	cbi_html_tr(html, looks[state].title);
	cbi_html_lit(html, "</span>");
	if (reason && *reason) {
		cbi_html_lit(html, "<p class=\"note small\">");
		cbi_html_esc(html, reason);
		cbi_html_lit(html, "</p>");
	} else if (one->changed_ms) {
		cbi_html_lit(html, "<p class=\"note small\">");
		cbi_html_esc(html, cbi_html_say(html->ctx, "by {1},",
		                                one->changed_by, NULL));
		cbi_html_lit(html, " ");
		cbi_html_ago(html, one->changed_ms);
		cbi_html_lit(html, "</p>");
	}
	health_note(html, one);
	cbi_html_lit(html, "</td>\n");
}

static void text_cell(struct cb_html *html, const char *label, bool number,
                      const char *text)
{
	cbi_html_lit(html, "<td");
	if (number)
		cbi_html_lit(html, " class=\"num\"");
	else
		cbi_html_lit(html, " class=\"word\"");
	cbi_html_attr_tr(html, "data-label", label);
	cbi_html_lit(html, ">");
	cbi_html_esc(html, text);
	cbi_html_lit(html, "</td>\n");
}

static const char *spent(struct cb_ctx *ctx, const struct cbi_histogram *draw,
                         double share)
{
	int64_t us = cbi_metric_quantile(draw, share);
	const char *text;

	if (!us)
		return "\xe2\x80\x93";
	text = cb_printf(ctx, us < 10000 ? "%.2g ms" : "%.0f ms",
	                 (double)us / 1000);
	return text ? text : "";
}

/* "0 %", "12 %", "0.4 %"; a dash of none. */
static const char *share(struct cb_ctx *ctx, uint64_t some, uint64_t all)
{
	double percent = all ? 100.0 * (double)some / (double)all : 0;
	const char *text;

	if (!all)
		return "\xe2\x80\x93";
	text = cb_printf(
	    ctx, percent > 0 && percent < 10 ? "%.1f %%" : "%.0f %%", percent);
	return text ? text : "";
}

static void figures(struct cb_html *html, const struct cbi_plugin_entry *one)
{
	const struct cbi_board_plugin *row = row_of(one);
	uint64_t calls = row ? atomic_load(&row->calls) : 0;
	uint64_t errors = row ? atomic_load(&row->errors) : 0;
	uint64_t hits = row ? atomic_load(&row->cache_hits) : 0;
	uint64_t fetches = row ? atomic_load(&row->fetches) : 0;

	text_cell(html, "Calls", true,
	          cbi_html_number_text(html->ctx, (int64_t)calls));
	text_cell(html, "Errors", true, share(html->ctx, errors, calls));
	text_cell(html, "Kept", true, share(html->ctx, hits, hits + fetches));
	text_cell(html, "p50", true,
	          row ? spent(html->ctx, &row->draw, 0.5) : "");
	text_cell(html, "p95", true,
	          row ? spent(html->ctx, &row->draw, 0.95) : "");
	text_cell(html, "p99", true,
	          row ? spent(html->ctx, &row->draw, 0.99) : "");
}

static void switch_cell(const struct plugins *plugins, struct cb_html *html,
                        const struct cbi_plugin_entry *one)
{
	const struct cbi_html_form form = {
		.address = cbi_addr(
		    html->ctx,
		    cb_printf(html->ctx, "/admin/plugins/%s", one->name)),
		.csrf = plugins->csrf,
	};
	bool on = one->wanted && !one->quarantined;

	cbi_html_lit(html, "<td class=\"num\">");
	if (plugins->csrf && !one->refused) {
		cbi_html_form_open(html, &form);
		cbi_html_lit(html, "<button class=\"button\" type=\"submit\""
		                   " name=\"action\"");
		cbi_html_attr(html, "value", on ? "disable" : "enable");
		cbi_html_lit(html, ">");
		cbi_html_tr(html, on ? "Disable" : "Enable");
		cbi_html_lit(html, "<span class=\"vh\"> ");
		cbi_html_esc(html, one->name);
		cbi_html_lit(html, "</span></button>");
		cbi_html_form_close(html);
	}
	cbi_html_lit(html, "</td>\n");
}

static void table(const struct plugins *plugins, struct cb_html *html)
{
	static const char *const heads[] = { "Plugin", "State", "Tier",
		                             "Version", "Pool" };
	static const char *const numbers[] = { "Calls", "Errors", "Kept",
		                               "p50",   "p95",    "p99" };

	cbi_html_lit(html, "<div class=\"table-box\"><table class=\"table\">"
	                   "<caption class=\"vh\">");
	cbi_html_tr(html, "Plugins, by name");
	cbi_html_lit(html, "</caption><thead><tr>");
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		cbi_html_lit(html, "<th scope=\"col\">");
		cbi_html_tr(html, heads[i]);
		cbi_html_lit(html, "</th>");
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		cbi_html_lit(html, "<th scope=\"col\" class=\"num\">");
		cbi_html_tr(html, numbers[i]);
		cbi_html_lit(html, "</th>");
	}
	if (plugins->csrf) {
		cbi_html_lit(html, "<th scope=\"col\" class=\"num\">"
		                   "<span class=\"vh\">");
		cbi_html_tr(html, "Switch");
		cbi_html_lit(html, "</span></th>");
	}
	cbi_html_lit(html, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < plugins->n; i++) {
		const struct cbi_plugin_entry *one = &plugins->list[i];

		cbi_html_lit(html, "<tr>\n");
		name_cell(html, one);
		state_cell(html, one);
		text_cell(html, "Tier", false, one->tier);
		text_cell(html, "Version", false, one->version);
		text_cell(html, "Pool", false, one->pool);
		figures(html, one);
		if (plugins->csrf)
			switch_cell(plugins, html, one);
		cbi_html_lit(html, "</tr>\n");
	}
	cbi_html_lit(html, "</tbody></table></div>\n");
}

static void draw(const struct plugins *plugins, struct cb_html *html,
                 const char *number)
{
	const struct cbi_html_card card = {
		.plugin = "core",
		.name = "plugins",
		.title = "All plugins",
		.meta = number,
	};

	cbi_html_page_head(html, "Plugins",
	                   "What is switched is on every host within a "
	                   "second. Figures are this host's.");
	if (!plugins->csrf) {
		cbi_html_notice_open(html, CB_TONE_NEUTRAL, "note", NULL);
		cbi_html_lit(html, "<p>");
		cbi_html_tr(html, "You can look. To switch, use");
		cbi_html_lit(html, " <code class=\"code-inline\">callboardctl"
		                   " plugin disable NAME</code></p>");
		cbi_html_notice_close(html);
	}
	cbi_html_lit(html, "<div class=\"stack\">\n");
	summary(plugins, html);
	cbi_html_card_open(html, &card);
	if (plugins->n)
		table(plugins, html);
	else
		cb_html_empty(html, "No plugins yet",
		              "Put a .so file into one of backend.pluginDirs.");
	cbi_html_card_close(html);
	cbi_html_lit(html, "</div>\n");
}

static int show(struct cb_req *req)
{
	const struct cbi_page shell = { .title = cb_tr(req->ctx, "Plugins"),
		                        .here = "plugins" };
	struct plugins plugins = { .req = req };
	const struct cbi_snapshot *snapshot;
	const char *number = NULL;
	struct cb_html html;
	int rc;

	if (req->web->registry) {
		rc = cbi_registry_look(req->ctx, req->web->registry, &snapshot);
		if (rc < 0)
			return rc;
		plugins.n = cbi_snapshot_plugins(snapshot, &plugins.list);
		number =
		    cbi_html_say_n(req->ctx, "registry {1}",
		                   (int64_t)cbi_snapshot_number(snapshot), 0);
	}
	if (!cbi_form_why(req, "admin.plugins.update"))
		plugins.csrf = cbi_page_csrf(req);
	rc = cbi_page_open(req, &shell, &html);
	if (rc < 0)
		return rc;
	draw(&plugins, &html, number);
	return cbi_page_close(req, &html);
}

static int switch_one(struct cb_req *req)
{
	const char *action = cbi_req_form(req, "action");
	const char *reason = cbi_req_form(req, "reason");
	bool enable = action && strcmp(action, "enable") == 0;
	uint64_t number;
	int rc;

	if (!enable && (!action || strcmp(action, "disable") != 0))
		return cb_fail(req->ctx, CB_EINVAL,
		               "action: expected enable or disable");
	rc = cbi_registry_switch(req->ctx, req->web->registry, req->args[0],
	                         enable, reason ? reason : "", &number);
	if (rc < 0)
		return rc;
	/* Nobody on this host reads an older state from here on. */
	cbi_board_raise(&cbi_board()->wanted, number);
	return cbi_req_redirect(req, "/admin/plugins");
}

const struct cbi_endpoint cbi_pages_plugins[] = {
	{
	    .path = "/admin/plugins",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.plugins",
	    .permission = "admin.plugins.read",
	    .handle = show,
	},
	{
	    .path = "/admin/plugins/{name}",
	    .method = "POST",
	    .access = CBI_ACCESS_WRITE,
	    .face = CBI_FACE_PAGE,
	    .name = "page.plugins.switch",
	    .permission = "admin.plugins.update",
	    .handle = switch_one,
	},
	{ 0 },
};
