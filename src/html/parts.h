/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parts.h - what pages are put together from: cards, forms, notices,
 * navigation.  docs/design-system.md shows each.
 *
 * Addresses are handed in ready made (html/addr.h).  Titles, labels and
 * messages are message ids that pass cb_tr(); names and values never are.
 */
#ifndef CB_HTML_PARTS_H
#define CB_HTML_PARTS_H

#include "html/html.h"

/* ---- Cards ------------------------------------------------------------ */

struct cbi_html_card {
	const char *plugin; /* data-plugin; with name it makes the id */
	const char *name;
	const char *title; /* message id */
	const char
	    *state; /* "loading", "stale", "off"; NULL: as it should be */
	bool wide;
	const char *spent; /* data-ms: what it took, "1.23"; NULL: not said */
	const char *meta;  /* a short text in its head, or NULL */
	int64_t as_of;     /* wall time of what it shows; 0: now */
	const char *link;  /* an address in its head, or NULL */
	const char *link_title; /* message id */
	const char *link_icon;
};

void cbi_html_card_open(struct cb_html *html, const struct cbi_html_card *card);
void cbi_html_card_close(struct cb_html *html);

/* A placeholder that asks for fragment and puts that in its own place;
 * without JavaScript a link loads the page again.  attempt slows it down:
 * 0 for the first. */
void cbi_html_card_wait(struct cb_html *html, const struct cbi_html_card *card,
                        const char *fragment, int attempt);
/* ` hx-get=... hx-trigger=...`: the element that has it is asked for again,
 * attempt as above, and put in its own place. */
void cbi_html_again(struct cb_html *html, const char *address,
                    const char *element, int attempt);
/* A grey card and why it is one; message is for people, in any language. */
void cbi_html_card_off(struct cb_html *html, const struct cbi_html_card *card,
                       const char *message);

/* Has nginx put the answer of address (of cbi_addr_card) in this place. */
void cbi_html_include(struct cb_html *html, const char *address);

/* ---- In a card's body -------------------------------------------------- */

/* As cb_html_progress and cb_html_sparkline, in a tone. */
void cbi_html_progress(struct cb_html *html, enum cb_tone tone,
                       const char *label, double value, double max);
void cbi_html_sparkline(struct cb_html *html, enum cb_tone tone,
                        const char *label, const double *values, size_t n);

struct cbi_html_bar {
	const char *label; /* a value */
	double value;
	enum cb_tone tone;
};
/* A bar chart of the last 60; label is its title.  A note without any. */
void cbi_html_bars(struct cb_html *html, const char *label,
                   const struct cbi_html_bar *bars, size_t n);

struct cbi_html_event {
	const char *title, *text, *url; /* values; text and url may be NULL */
	bool timed;
	int64_t wall_ms;
	enum cb_tone tone;
};
void cbi_html_timeline_open(struct cb_html *html);
void cbi_html_event(struct cb_html *html, const struct cbi_html_event *event);
void cbi_html_timeline_close(struct cb_html *html);

/* A row of links; what may be no link is its text.  text NULL: the url. */
void cbi_html_links_open(struct cb_html *html);
void cbi_html_links_add(struct cb_html *html, const char *text,
                        const char *url);
void cbi_html_links_close(struct cb_html *html);

/* Tabs that need no script; between two of them any block may stand. */
struct cbi_html_tabset {
	unsigned id, tabs;
};
void cbi_html_tabset_open(struct cb_html *html, const char *label,
                          struct cbi_html_tabset *set);
/* Ends the tab before it. */
void cbi_html_tabset_tab(struct cb_html *html, struct cbi_html_tabset *set,
                         const char *title);
void cbi_html_tabset_close(struct cb_html *html,
                           const struct cbi_html_tabset *set);

/* ---- Forms ------------------------------------------------------------ */

struct cbi_html_form {
	const char *address;
	/* POST with this CSRF token; NULL: GET, which changes nothing. */
	const char *csrf;
	const char *cls, *id, *role; /* or NULL */
	const char *label;           /* message id, or NULL */
	bool theme;                  /* callboard.js sends it by itself */
	/* An element to put the answer's same element in the place of; htmx
	 * then asks as people type and choose.  NULL: a plain form. */
	const char *swaps;
};

/* The only place where a form is opened: none is without its token. */
void cbi_html_form_open(struct cb_html *html, const struct cbi_html_form *form);
void cbi_html_form_close(struct cb_html *html);
/* Writes nothing for value NULL. */
void cbi_html_hidden(struct cb_html *html, const char *name, const char *value);

/* A search box of its own, asking address for ?q=. */
struct cbi_html_search {
	const char *address;
	const char *title; /* message ids: of the form, */
	const char *label; /* of the box, */
	const char *hint;  /* and what stands in it while it is empty */
	const char *value; /* what was asked for, or NULL */
	bool top;          /* the one in the bar; a slash leads there */
};
void cbi_html_search(struct cb_html *html,
                     const struct cbi_html_search *search);

/* ---- Navigation ------------------------------------------------------- */

struct cbi_html_step {
	const char *text;    /* a value */
	const char *address; /* NULL: where one is */
};
void cbi_html_crumbs(struct cb_html *html, const struct cbi_html_step *steps,
                     size_t n);

struct cbi_html_tab {
	const char *title; /* message id */
	const char *address;
	bool here;
	const char *count; /* how many there are behind it, or NULL */
};
/* label is a value: what the tabs are of. */
void cbi_html_tabs(struct cb_html *html, const char *label,
                   const struct cbi_html_tab *tabs, size_t n);

/* info is said already; an address is NULL where there is no such page.
 * swaps as in a form. */
void cbi_html_pager(struct cb_html *html, const char *info, const char *prev,
                    const char *next, const char *swaps);

/* ` hx-get=... hx-push-url ...`: a link that swaps one element. */
void cbi_html_swaps(struct cb_html *html, const char *address,
                    const char *element);

/* ---- Small parts ------------------------------------------------------ */

/* ` aria-current="page"` when here. */
void cbi_html_current(struct cb_html *html, bool here);
/* A link that looks like a button; cls is a literal of ours or "". */
void cbi_html_button_link(struct cb_html *html, const char *cls,
                          const char *icon, const char *title,
                          const char *address);
/* Between open and close stand paragraphs; strong may be NULL. */
void cbi_html_notice_open(struct cb_html *html, enum cb_tone tone,
                          const char *role, const char *strong);
void cbi_html_notice_close(struct cb_html *html);
void cbi_html_page_head(struct cb_html *html, const char *title,
                        const char *lead);
/* The initials of a name, in a circle. */
void cbi_html_avatar(struct cb_html *html, const char *name);
void cbi_html_logo(struct cb_html *html);

#endif
