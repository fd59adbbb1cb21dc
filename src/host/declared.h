/* SPDX-License-Identifier: Apache-2.0 */
/*
 * declared.h - plugins that are one file, as the counter has them.  Internal
 * to the room.
 */
#ifndef CB_HOST_DECLARED_H
#define CB_HOST_DECLARED_H

#include "host/host_priv.h"

/*
 * The rows of a declared plugin, made when it is first asked for and kept
 * with the snapshot that ctx holds; *out lives as long as that.  CB_EINVAL
 * when its section of the config does not fit any more.
 */
int cbi_declared_take(struct cb_ctx *ctx, struct cbi_host *host,
                      const struct cbi_plugin_entry *entry,
                      struct cbi_loaded **out) CB_USED;

/* ---- declared_run.c: what its rows call ---------------------------------- */

int cbi_declared_key(struct cb_ctx *ctx, void *state,
                     const struct cb_entity *entity, const char **key);
int cbi_declared_fill(struct cb_ctx *ctx, void *state, const char *key,
                      struct cb_buf *out);
/* In a call of an action. */
int cbi_declared_act(struct cb_ctx *ctx, const json_t *action,
                     const char *key) CB_USED;
int cbi_declared_draw(struct cb_ctx *ctx, void *state,
                      const struct cb_entity *entity, struct cb_html *html);
int cbi_declared_page(struct cb_ctx *ctx, void *state, struct cb_req *req,
                      struct cb_html *html);

#endif
