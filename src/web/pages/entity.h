/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entity.h - the parts of an entity's page, for its own files.
 */
#ifndef CB_WEB_PAGES_ENTITY_H
#define CB_WEB_PAGES_ENTITY_H

#include <jansson.h>

#include "web/pages/things.h"
#include "web/router.h"

struct cbi_entity_page {
	struct cb_req *req;
	const struct cb_entity *entity;
	const json_t *json;
	const char *ref, *kind;
	const char *tab; /* "" is the overview */
	struct cbi_served served;
	struct cbi_fresh fresh;
};

/* Crumbs, name, facts, tabs. */
void cbi_entity_header(const struct cbi_entity_page *page,
                       struct cb_html *html);

/* Fills ref, entity and the rest from the request's address. */
int cbi_entity_load(struct cbi_entity_page *page) CB_USED;

/* What can be done with it. */
void cbi_entity_menu(const struct cbi_entity_page *page, struct cb_html *html);
/* Why its location cannot be taken back, whoever asks; NULL when it can, and
 * then *out is the location, or has no id when the entity is an orphan. */
struct cbi_location;
const char *cbi_entity_unregister_why(const struct cbi_entity_page *page,
                                      struct cbi_location *out);

/* Tabs. */
int cbi_entity_inspect(const struct cbi_entity_page *page,
                       struct cb_html *html) CB_USED;
int cbi_entity_unregister(struct cbi_entity_page *page,
                          struct cb_html *html) CB_USED;

/* Cards of the house. */
void cbi_entity_about(const struct cbi_entity_page *page, struct cb_html *html);
/* most: targets of each type that are shown. */
void cbi_entity_relations(const struct cbi_entity_page *page,
                          struct cb_html *html, size_t most);
void cbi_entity_links(const struct cbi_entity_page *page, struct cb_html *html);
void cbi_entity_errors(const struct cbi_entity_page *page,
                       struct cb_html *html);

/* The tab "Why is it so", as things are now. */
int cbi_entity_why(const struct cbi_entity_page *page,
                   struct cb_html *html) CB_USED;

extern const struct cbi_endpoint cbi_pages_entity[];
extern const struct cbi_endpoint cbi_pages_entity_actions[];

#endif
