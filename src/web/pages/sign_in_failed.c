/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign_in_failed.c - why somebody did not come in: see web/sign_in.h.
 *
 * What rules looked at is shown to who it is of; it has no secret.
 */
#include "html/addr.h"
#include "web/pages/shell.h"
#include "web/sign_in.h"

static const char *title_of(int status, const struct cbi_resolved *looked)
{
	if (looked && looked->looked_count)
		return "The catalog does not know you yet";
	if (status >= 500)
		return "Signing in does not work right now";
	return "That did not let you in";
}

static void rules(struct cb_html *html, const struct cbi_resolved *looked)
{
	static const char *const heads[] = { "Rule", "Claim", "Value", "Result",
		                             NULL };
	struct cb_ctx *ctx = html->ctx;

	cb_html_table_open(html, "What was looked at", heads);
	for (size_t i = 0; i < looked->looked_count; i++) {
		const struct cbi_looked *one = &looked->looked[i];

		cb_html_row_open(html);
		cb_html_cell(html, one->rule);
		cb_html_cell(html, one->claim);
		cb_html_cell(html, one->value);
		cb_html_cell(html, cb_tr(ctx, one->why));
		cb_html_row_close(html);
	}
	cb_html_table_close(html);
	cb_html_text(html, cb_tr(ctx, "Whoever looks after the catalog can add "
	                              "a User with one of these values, or a "
	                              "rule that fits you."));
}

int cbi_page_sign_in_failed(struct cb_req *req, const char *title,
                            const char *message, int status,
                            const struct cbi_resolved *looked)
{
	const char *what = cb_tr(req->ctx, title_of(status, looked));
	const struct cbi_page page = { .title = what, .bare = true };
	struct cb_html html;
	int rc = cbi_page_open(req, &page, &html);

	if (rc < 0)
		return rc;
	req->answer.status = status;
	req->answer.type = "text/html; charset=utf-8";
	cbi_html_lit(&html, "<div class=\"oops\">\n<p class=\"oops-code\">");
	cbi_html_icon(&html, "lock");
	if (title && *title)
		cbi_html_esc(&html, title);
	else
		cbi_html_tr(&html, "Sign in");
	cbi_html_lit(&html, "</p>\n<h1>");
	cbi_html_esc(&html, what);
	cbi_html_lit(&html, "</h1>\n<p class=\"note\">");
	cbi_html_esc(&html, message);
	cbi_html_lit(&html, "</p>\n");
	if (looked && looked->looked_count)
		rules(&html, looked);
	cbi_html_block(&html);
	cbi_html_lit(&html, "<div class=\"buttons\">");
	cbi_html_button_link(
	    &html, "primary", "log-in", "Try again",
	    cbi_addr_with(req->ctx, cbi_addr(req->ctx, "/sign-in"), "out",
	                  looked && looked->looked_count ? "1" : NULL));
	cbi_html_lit(&html, "</div>\n</div>\n");
	return cbi_page_close(req, &html);
}
