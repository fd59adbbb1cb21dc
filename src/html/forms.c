/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forms.c - forms, what is in them, and links that swap a part of the page;
 * see parts.h.
 */
#include "html/parts.h"

void cbi_html_form_open(struct cb_html *html, const struct cbi_html_form *form)
{
	cbi_html_lit(html, "<form");
	cbi_html_attr(html, "class", form->cls);
	cbi_html_attr(html, "id", form->id);
	cbi_html_attr(html, "action", form->address);
	if (form->csrf)
		cbi_html_lit(html, " method=\"post\"");
	cbi_html_attr(html, "role", form->role);
	if (form->label)
		cbi_html_attr_tr(html, "aria-label", form->label);
	if (form->theme)
		cbi_html_lit(html, " data-theme-form");
	if (form->swaps) {
		cbi_html_swaps(html, form->address, form->swaps);
		cbi_html_lit(html, " hx-trigger=\"submit, change, input from:#q"
		                   " delay:250ms\" hx-sync=\"this:replace\"");
	}
	cbi_html_lit(html, ">");
	if (form->csrf)
		cbi_html_hidden(html, "csrf", form->csrf);
}

void cbi_html_form_close(struct cb_html *html)
{
	cbi_html_lit(html, "</form>\n");
}

void cbi_html_hidden(struct cb_html *html, const char *name, const char *value)
{
	if (!value)
		return;
	cbi_html_lit(html, "<input type=\"hidden\"");
	cbi_html_attr(html, "name", name);
	cbi_html_attr(html, "value", value);
	cbi_html_lit(html, ">");
}

void cbi_html_swaps(struct cb_html *html, const char *address,
                    const char *element)
{
	cbi_html_attr(html, "hx-get", address);
	cbi_html_attr(html, "hx-target", element);
	cbi_html_attr(html, "hx-select", element);
	cbi_html_lit(html, " hx-swap=\"outerMorph\" hx-push-url=\"true\"");
}

void cbi_html_search(struct cb_html *html, const struct cbi_html_search *search)
{
	const struct cbi_html_form form = {
		.address = search->address,
		.cls = search->top ? "find" : "search",
		.role = "search",
		.label = search->title,
	};

	cbi_html_form_open(html, &form);
	cbi_html_lit(html, "<button type=\"submit\"");
	cbi_html_attr(html, "class", search->top ? "find-go" : "search-go");
	cbi_html_attr_tr(html, "aria-label", "Search");
	cbi_html_lit(html, ">");
	cbi_html_icon(html, "search");
	cbi_html_lit(html, "</button><input type=\"search\" name=\"q\""
	                   " autocomplete=\"off\"");
	if (search->top)
		cbi_html_lit(html, " aria-keyshortcuts=\"/\"");
	else
		cbi_html_lit(html, " class=\"input\"");
	cbi_html_attr_tr(html, "aria-label", search->label);
	if (search->hint)
		cbi_html_attr_tr(html, "placeholder", search->hint);
	cbi_html_attr(html, "value", search->value);
	cbi_html_lit(html, ">");
	cbi_html_form_close(html);
}
