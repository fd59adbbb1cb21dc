/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain.h - why an entity is as it is: where it stands, who brings it in,
 * what was done with it, what is wrong, and who else claims it.
 */
#ifndef CB_CATALOG_EXPLAIN_H
#define CB_CATALOG_EXPLAIN_H

#include <callboard/ctx.h>

#include <jansson.h>

/*
 * One answer for page, API and command line; *out lives with ctx:
 *
 *   ref, uid
 *   state        good; failing (shows what it was when it was last good);
 *                broken (never good: nobody sees it); waiting (not yet read)
 *   source       "/srv/a.yaml:12"; file and line of it, where it has them
 *   owner        the location key that owns the ref, or null
 *   processors   that had a hand in it, in their order, by Backstage's names
 *   errors       status items
 *   above        [{ref, source, depth, provider, errors}], the nearest first;
 *                depth 0 and ref null: a provider brings it in itself
 *   below        how many entities it brings in
 *   emitted, received   relations it declares, and that others do of it
 *   conflicts    [{location, file, source}]: others that declare the ref too
 *                and were passed over
 *   keys         refresh keys that make it due
 *   due          when it is looked at again, or null; confirm: what it waits
 *                with until somebody confirms
 *   served       {etag, change, updatedAt}, or null
 *
 * Always PostgreSQL's state.  ref must be canonical; CB_ENOENT.
 */
int cbi_explain(struct cb_ctx *ctx, const char *ref, json_t **out) CB_USED;

#endif
