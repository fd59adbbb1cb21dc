/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreign.h - plugins that are programs of their own, as the counter has
 * them.  Internal to the room.
 */
#ifndef CB_HOST_FOREIGN_H
#define CB_HOST_FOREIGN_H

#include "foreign/foreign.h"
#include "host/host_priv.h"

bool cbi_is_foreign(const json_t *manifest);

/* ---- foreign.c: what its rows call -----------------------------------------
 */

int cbi_foreign_key(struct cb_ctx *ctx, void *state,
                    const struct cb_entity *entity, const char **key);
int cbi_foreign_fill(struct cb_ctx *ctx, void *state, const char *key,
                     struct cb_buf *out);
int cbi_foreign_draw(struct cb_ctx *ctx, void *state,
                     const struct cb_entity *entity, struct cb_html *html);
int cbi_foreign_page(struct cb_ctx *ctx, void *state, struct cb_req *req,
                     struct cb_html *html);
int cbi_foreign_api(struct cb_ctx *ctx, void *state, struct cb_req *req,
                    struct cb_html *html);

/* ---- foreign_model.c
 * --------------------------------------------------------- */

/*
 * The view model of an answer, checked; *out lives with ctx.  204 and 404 are
 * CB_ENOENT, 401 and 403 CB_EDENIED, 429 and 503 CB_EBUSY, other statuses and
 * what does not fit CB_EUPSTREAM with what is wrong and where.
 */
int cbi_foreign_model(struct cb_ctx *ctx, const struct cbi_foreign_reply *reply,
                      json_t **out) CB_USED;

#endif
