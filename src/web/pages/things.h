/* SPDX-License-Identifier: Apache-2.0 */
/*
 * things.h - how the catalog's words look on pages: kinds, lifecycles,
 * relations, and entities by their titles.
 */
#ifndef CB_WEB_PAGES_THINGS_H
#define CB_WEB_PAGES_THINGS_H

#include "catalog/table.h"
#include "catalog/view.h"
#include "html/parts.h"
#include "web/web.h"

struct cb_entity;

/* "API", and "APIs"; an unknown kind is its own word.  Message ids. */
const char *cbi_thing_kind(const char *kind);
const char *cbi_thing_kinds(const char *kind);
/* What a number of them is called: "components", "entity". */
const char *cbi_thing_count(const char *kind, size_t n);
/* The place of a kind in lists: components first, the unknown last. */
int cbi_thing_order(const char *kind);

/* "Depended on by"; an unknown relation is its own word. */
const char *cbi_thing_relation(const char *type);
/* The type as the one who says it sees it: "ownedBy" for "ownerOf", and then
 * *turned is set; itself where it has no other end. */
const char *cbi_thing_relation_forward(const char *type, bool *turned);
/* Which relation of two comes first on a page. */
int cbi_thing_relation_order(const char *type);
/* The icon of a metadata.links entry's `icon`. */
const char *cbi_thing_link_icon(const char *icon);

/* spec.profile.displayName, metadata.title or the name. */
const char *cbi_thing_title(const struct cb_entity *entity);

/* The same of a row. */
const char *cbi_thing_row_title(const struct cbi_table_row *row);

/* An entity of the catalog by its canonical ref, NULL for none and when it
 * cannot be had now; no failure is left. */
const struct cb_entity *cbi_thing_get(struct cb_req *req, const char *ref);

/* Lets a writer call entities by their titles; req outlives it. */
void cbi_thing_titles(struct cb_req *req, struct cb_html *html);

/* A link to what ref names, by its title; marked when the catalog does not
 * know it. */
void cbi_thing_ref(struct cb_req *req, struct cb_html *html, const char *ref);
/* Is there such an entity? */
bool cbi_thing_known(struct cb_req *req, const char *ref);
/* The title of what ref names, else its name. */
const char *cbi_thing_ref_title(struct cb_req *req, const char *ref);

void cbi_thing_lifecycle_badge(struct cb_html *html, const char *lifecycle);

#endif
