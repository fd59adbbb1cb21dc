/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callboard/source.h - tool data, as a card reads it.
 *
 * A source (struct cb_source in plugin.h) says what can be fetched.  Readers
 * never fetch: they get what is kept, or wait a little (300 ms) for the fetch
 * process, or learn that it will come.
 */
#ifndef CALLBOARD_SOURCE_H
#define CALLBOARD_SOURCE_H

#include <callboard/catalog.h>
#include <callboard/json.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The value of the calling plugin's source `name` for the entity.
 *
 * CB_OK         *out lives with ctx; a stale value is CB_OK too (the host
 *               shows its age on the card)
 * CB_ENOKEY     the entity has no key for this source
 * CB_EPENDING   on its way: return it, the host draws a placeholder
 * CB_ENOENT     the tool says that there is no such thing
 * CB_EAWAY, CB_EUPSTREAM, CB_EAUTH, CB_ETIME  the tool failed and nothing
 *               older is kept; the failure's text says how
 */
int cb_source_text(struct cb_ctx *ctx, const char *name,
                   const struct cb_entity *entity, const char **out) CB_USED;

/* The same, parsed; CB_EUPSTREAM when it is not JSON. */
int cb_source_json(struct cb_ctx *ctx, const char *name,
                   const struct cb_entity *entity, json_t **out) CB_USED;

#ifdef __cplusplus
}
#endif

#endif
