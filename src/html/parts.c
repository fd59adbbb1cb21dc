/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parts.c - see parts.h.
 */
#include "html/parts.h"

#include <string.h>

#include "base/clock.h"
#include "base/ctx.h"
#include "base/str.h"
#include "html/addr.h"

/* htmx asks again after so long, the more often the slower. */
static const char *delay(int attempt)
{
	static const char *const delays[] = { "load delay:700ms",
		                              "load delay:2s", "load delay:5s",
		                              "load delay:15s" };

	return delays[attempt < 0 ? 0 : attempt > 3 ? 3 : attempt];
}

static void card_id(struct cb_html *html, const struct cbi_html_card *card)
{
	cbi_html_lit(html, "card-");
	cbi_html_esc(html, card->plugin);
	cbi_html_lit(html, "-");
	cbi_html_esc(html, card->name);
}

static void card_tag(struct cb_html *html, const struct cbi_html_card *card)
{
	cbi_html_lit(html, "<section class=\"card");
	if (card->wide)
		cbi_html_lit(html, " wide");
	cbi_html_lit(html, "\"");
	cbi_html_attr(html, "data-plugin", card->plugin);
	cbi_html_attr(html, "data-state", card->state);
	cbi_html_attr(html, "data-ms", card->spent);
	cbi_html_lit(html, " aria-labelledby=\"");
	card_id(html, card);
	cbi_html_lit(html, "\"");
}

static void card_head(struct cb_html *html, const struct cbi_html_card *card)
{
	cbi_html_lit(html, "><header class=\"card-head\"><h2"
	                   " class=\"card-title\" id=\"");
	card_id(html, card);
	cbi_html_lit(html, "\">");
	cbi_html_tr(html, card->title);
	cbi_html_lit(html, "</h2>");
	if (card->as_of) {
		cbi_html_lit(html, "<p class=\"card-meta\">");
		cbi_html_icon(html, "clock");
		cbi_html_tr(html, "as of");
		cbi_html_lit(html, " ");
		cbi_html_ago(html, card->as_of);
		cbi_html_lit(html, "</p>");
	} else if (card->meta) {
		cbi_html_lit(html, "<p class=\"card-meta\">");
		cbi_html_esc(html, card->meta);
		cbi_html_lit(html, "</p>");
	}
	if (card->link) {
		cbi_html_lit(html, "<a class=\"card-link\"");
		cbi_html_attr(html, "href", card->link);
		cbi_html_lit(html, ">");
		cbi_html_tr(html, card->link_title);
		cbi_html_icon(html, card->link_icon);
		cbi_html_lit(html, "</a>");
	}
	cbi_html_lit(html, "</header><div class=\"card-body\">\n");
}

void cbi_html_card_open(struct cb_html *html, const struct cbi_html_card *card)
{
	cbi_html_block(html);
	card_tag(html, card);
	card_head(html, card);
}

void cbi_html_card_close(struct cb_html *html)
{
	cbi_html_block(html);
	cbi_html_lit(html, "</div></section>\n");
}

void cbi_html_again(struct cb_html *html, const char *address,
                    const char *element, int attempt)
{
	cbi_html_attr(html, "hx-get", address);
	cbi_html_attr(html, "hx-trigger", delay(attempt));
	cbi_html_attr(html, "hx-target", element);
	cbi_html_attr(html, "hx-select", element);
	cbi_html_lit(html, " hx-swap=\"outerHTML\"");
}

void cbi_html_card_wait(struct cb_html *html, const struct cbi_html_card *card,
                        const char *fragment, int attempt)
{
	struct cbi_html_card waiting = *card;

	waiting.state = "loading";
	cbi_html_block(html);
	card_tag(html, &waiting);
	cbi_html_lit(html, " aria-busy=\"true\"");
	cbi_html_attr(html, "hx-get", fragment);
	cbi_html_attr(html, "hx-trigger", delay(attempt));
	cbi_html_lit(html, " hx-swap=\"outerHTML\"");
	card_head(html, &waiting);
	cbi_html_lit(html, "<div class=\"skeleton\" aria-hidden=\"true\">"
	                   "<span></span><span></span><span></span></div>\n"
	                   "<p class=\"note\" role=\"status\">");
	cbi_html_esc(html, cbi_html_say(html->ctx, "Waiting for {1}.",
	                                card->plugin, NULL));
	/* An empty address is the page that this stands in. */
	cbi_html_lit(html, " <a class=\"nojs\" href=\"\">");
	cbi_html_tr(html, "Reload");
	cbi_html_lit(html, "</a></p></div></section>\n");
}

void cbi_html_card_off(struct cb_html *html, const struct cbi_html_card *card,
                       const char *message)
{
	struct cbi_html_card off = *card;

	off.state = "off";
	cbi_html_card_open(html, &off);
	cbi_html_lit(html, "<div class=\"empty\">");
	cbi_html_icon(html, "unplug");
	cbi_html_lit(html, "<p class=\"empty-title\">");
	cbi_html_tr(html, "Not available right now");
	cbi_html_lit(html, "</p>");
	if (message && *message) {
		cbi_html_lit(html, "<p>");
		cbi_html_esc(html, message);
		cbi_html_lit(html, "</p>");
	}
	cbi_html_lit(html, "</div>\n");
	cbi_html_card_close(html);
}

/* The address is no HTML to nginx, so it is written as it is: addr.c has
 * encoded whatever could end it.  Anything else is a mistake of ours. */
void cbi_html_include(struct cb_html *html, const char *address)
{
	for (const char *p = address; *p; p++)
		if (strchr("\"'<>\\ $", *p) || (unsigned char)*p < 0x21 ||
		    (unsigned char)*p > 0x7e) {
			html->buf->failed = cb_fail(
			    html->ctx, CB_EBUG,
			    "an include of '%s' is not encoded", address);
			return;
		}
	cbi_html_block(html);
	cbi_html_lit(html, "<!--# include virtual=\"");
	cb_buf_text(html->buf, address);
	cbi_html_lit(html, "\" -->\n");
}

void cbi_html_current(struct cb_html *html, bool here)
{
	if (here)
		cbi_html_lit(html, " aria-current=\"page\"");
}

void cbi_html_crumbs(struct cb_html *html, const struct cbi_html_step *steps,
                     size_t n)
{
	cbi_html_lit(html, "<nav class=\"crumbs\"");
	cbi_html_attr_tr(html, "aria-label", "Breadcrumbs");
	cbi_html_lit(html, "><ol>");
	for (size_t i = 0; i < n; i++) {
		if (steps[i].address) {
			cbi_html_lit(html, "<li><a");
			cbi_html_attr(html, "href", steps[i].address);
			cbi_html_lit(html, ">");
			cbi_html_esc(html, steps[i].text);
			cbi_html_lit(html, "</a></li>");
		} else {
			cbi_html_lit(html, "<li><span aria-current=\"page\">");
			cbi_html_esc(html, steps[i].text);
			cbi_html_lit(html, "</span></li>");
		}
	}
	cbi_html_lit(html, "</ol></nav>\n");
}

void cbi_html_tabs(struct cb_html *html, const char *label,
                   const struct cbi_html_tab *tabs, size_t n)
{
	cbi_html_lit(html, "<nav class=\"tabs\"");
	cbi_html_attr(html, "aria-label", label);
	cbi_html_lit(html, ">");
	for (size_t i = 0; i < n; i++) {
		cbi_html_lit(html, "<a");
		cbi_html_attr(html, "href", tabs[i].address);
		cbi_html_current(html, tabs[i].here);
		cbi_html_lit(html, ">");
		cbi_html_tr(html, tabs[i].title);
		if (tabs[i].count) {
			cbi_html_lit(html, " <span class=\"count\">");
			cbi_html_esc(html, tabs[i].count);
			cbi_html_lit(html, "</span>");
		}
		cbi_html_lit(html, "</a>");
	}
	cbi_html_lit(html, "</nav>\n");
}

static void pager_end(struct cb_html *html, bool forward, const char *address,
                      const char *swaps)
{
	if (!address) {
		cbi_html_lit(html, "<span class=\"button\""
		                   " aria-disabled=\"true\">");
	} else {
		cbi_html_lit(html, "<a class=\"button\" rel=\"");
		cbi_html_esc(html, forward ? "next" : "prev");
		cbi_html_lit(html, "\"");
		cbi_html_attr(html, "href", address);
		if (swaps)
			cbi_html_swaps(html, address, swaps);
		cbi_html_lit(html, ">");
	}
	if (!forward)
		cbi_html_icon(html, "chevron-left");
	cbi_html_tr(html, forward ? "Next" : "Previous");
	if (forward)
		cbi_html_icon(html, "chevron-right");
	if (address)
		cbi_html_lit(html, "</a>");
	else
		cbi_html_lit(html, "</span>");
}

void cbi_html_pager(struct cb_html *html, const char *info, const char *prev,
                    const char *next, const char *swaps)
{
	cbi_html_lit(html, "<nav class=\"pager\"");
	cbi_html_attr_tr(html, "aria-label", "Pages");
	cbi_html_lit(html, "><span class=\"pager-info\">");
	cbi_html_esc(html, info);
	cbi_html_lit(html, "</span>");
	pager_end(html, false, prev, swaps);
	pager_end(html, true, next, swaps);
	cbi_html_lit(html, "</nav>\n");
}

void cbi_html_button_link(struct cb_html *html, const char *cls,
                          const char *icon, const char *title,
                          const char *address)
{
	cbi_html_lit(html, "<a class=\"button ");
	cbi_html_esc(html, cls);
	cbi_html_lit(html, "\"");
	cbi_html_attr(html, "href", address);
	cbi_html_lit(html, ">");
	if (icon)
		cbi_html_icon(html, icon);
	cbi_html_tr(html, title);
	cbi_html_lit(html, "</a>");
}

void cbi_html_notice_open(struct cb_html *html, enum cb_tone tone,
                          const char *role, const char *strong)
{
	cbi_html_lit(html, "<div class=\"notice\"");
	cbi_html_attr(html, "data-tone", cbi_html_tone(tone));
	cbi_html_attr(html, "role", role);
	cbi_html_lit(html, ">");
	cbi_html_icon(html,
	              tone == CB_TONE_NEUTRAL ? "info" : cbi_html_tone(tone));
	cbi_html_lit(html, "<div>");
	if (strong) {
		cbi_html_lit(html, "<p><strong>");
		cbi_html_tr(html, strong);
		cbi_html_lit(html, "</strong></p>");
	}
}

void cbi_html_notice_close(struct cb_html *html)
{
	cbi_html_lit(html, "</div></div>\n");
}

void cbi_html_page_head(struct cb_html *html, const char *title,
                        const char *lead)
{
	cbi_html_lit(html, "<header class=\"page-head\"><div><h1>");
	cbi_html_tr(html, title);
	cbi_html_lit(html, "</h1>");
	if (lead) {
		cbi_html_lit(html, "<p class=\"page-lead\">");
		cbi_html_tr(html, lead);
		cbi_html_lit(html, "</p>");
	}
	cbi_html_lit(html, "</div></header>\n");
}

/* The first letter of the first two words; ASCII letters turn capital. */
void cbi_html_avatar(struct cb_html *html, const char *name)
{
	int letters = 0;
	bool first = true;

	cbi_html_lit(html, "<span class=\"avatar\" aria-hidden=\"true\">");
	for (const char *p = name; *p && letters < 2;) {
		size_t len = 1;

		while (((unsigned char)p[len] & 0xc0) == 0x80)
			len++;
		if (strchr(" .-_/", *p)) {
			first = true;
		} else if (first) {
			char upper = *p >= 'a' && *p <= 'z'
			                 ? (char)(*p - 'a' + 'A')
			                 : *p;

			cbi_html_esc_n(html, len == 1 ? &upper : p, len);
			letters++;
			first = false;
		}
		p += len;
	}
	cbi_html_lit(html, "</span>");
}

void cbi_html_logo(struct cb_html *html)
{
	cbi_html_lit(html,
	             "<svg class=\"logo\" viewBox=\"0 0 32 32\""
	             " aria-hidden=\"true\"><path class=\"logo-c\""
	             " d=\"M20 6.5H11.5A5.5 5.5 0 0 0 6 12v8a5.5 5.5 0 0 0"
	             " 5.5 5.5H20\"/><circle class=\"logo-cue\" cx=\"23\""
	             " cy=\"16\" r=\"3.9\"/></svg>");
}
