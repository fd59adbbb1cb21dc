/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cards.h - a drawn card, and the forms in which it is answered.
 */
#ifndef CB_WEB_PAGES_CARDS_H
#define CB_WEB_PAGES_CARDS_H

#include "catalog/view.h"
#include "host/host.h"
#include "web/router.h"
#include "web/web.h"

enum cbi_card_form {
	CBI_CARD_HTML = 0,
	CBI_CARD_JSON,
	CBI_CARD_TEXT,
};
/* What is asked for: HTML within our pages, else what Accept names first. */
enum cbi_card_form cbi_card_form(const struct cb_req *req);

struct cbi_card {
	struct cb_req *req;
	const char *plugin, *name;
	const char *ref; /* NULL: a card without an entity */
	struct cb_buf *drawn;
	struct cbi_card_result result;
};

/* The entity that a request names, as it is served; *ref is NULL when it names
 * none.  CB_EINVAL for what is no reference, CB_ENOENT. */
int cbi_card_entity(struct cb_req *req, const char *asked, const char **ref,
                    struct cbi_served *served) CB_USED;

/* Makes the answer; never a redirect, a cookie, or a status other than 200
 * within a page. */
int cbi_card_write(const struct cbi_card *card,
                   enum cbi_card_form form) CB_USED;

/* Bytes that a page or card of a plugin may have: usual, or what its pool
 * allows if that is less. */
size_t cbi_plugin_output(const struct cb_req *req, size_t usual);

/* HTML that our writer made, as text for terminals: blocks on lines of their
 * own, cells and labels apart, entities decoded. */
void cbi_card_plain(struct cb_buf *out, const char *html, size_t len);

extern const struct cbi_endpoint cbi_pages_cards[];

#endif
