/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view_priv.h - what the files of this room share.
 */
#ifndef CB_VIEW_VIEW_PRIV_H
#define CB_VIEW_VIEW_PRIV_H

#include "html/html.h"
#include "view/view.h"

/* Times beyond the year 9999 have no ISO form. */
#define CBI_VIEW_TIME_MOST 253402300799.0

/* The only member of an object that is one component; NULL otherwise. */
const char *cbi_view_only(const json_t *value, json_t **body);

/* A member of a body of this shape, which may be its main member alone; NULL
 * where it is absent or null. */
json_t *cbi_view_get(const struct cbi_view_shape *shape, const json_t *body,
                     const char *name);

/* Milliseconds of a TIME; false for what is none. */
bool cbi_view_time(const json_t *value, int64_t *out_ms);

/* The address of a link as plain text: of entities only &amp; is undone, any
 * other stays as it is written, so that nothing can be spelled with them. */
const char *cbi_view_address(struct cb_ctx *ctx, const char *from, size_t len);

/* `&name;`, whole: letters, digits and '#' alone between, which a browser
 * reads as one character; anything else is escaped as text. */
void cbi_view_entity(struct cb_html *html, const char *text, size_t len);

#endif
