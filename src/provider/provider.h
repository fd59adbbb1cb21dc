/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider.h - where entities come from: files of this host, and addresses.
 *
 * A provider reads one target of a Location and hands over the files behind
 * it, one after another, in the order of their names.  It keeps nothing: what
 * it must know to see that a file has not changed goes in and comes out as
 * JSON.  An unchanged file costs one stat or one conditional request.
 *
 *   file  an absolute path, or a glob of them: * ? [a-z] {a,b} within a
 *         segment and ** for any depth.  A target that came out of a file is
 *         opened below `root` only, whatever links are on the way.
 *   url   http or https: of a code host in `integrations`, read through its
 *         API, and a glob when its path has a '*' (scm/scm.h); else of a host
 *         in backend.reading.allow.  git+https and so on: a file or glob of a
 *         repository (scm/git.h)
 */
#ifndef CB_PROVIDER_PROVIDER_H
#define CB_PROVIDER_PROVIDER_H

#include <callboard/ctx.h>

#include <jansson.h>

#include "base/feed.h"
#include "base/supply.h"

struct cbi_config;
struct cbi_http;
struct cbi_scm;

/* What one process reads with. */
struct cbi_provider;

/* http may be NULL: addresses are refused then.  Both outlive it. */
int cbi_provider_create(struct cb_ctx *ctx, const struct cbi_config *config,
                        struct cbi_http *http,
                        struct cbi_provider **out) CB_USED;
void cbi_provider_destroy(struct cbi_provider *provider);

/*
 * Calls each for every file.  *after is a new reference, what to give as
 * `before` next time; a file that failed keeps its earlier state, so that a
 * failure is not taken for a change.  each may not keep what it is given; a
 * failure of it ends the read.
 *
 * CB_ENOENT   nothing is there (a glob that fits nothing too)
 * CB_EDENIED  outside of root, a host that is not allowed, a blocked address
 * CB_EINVAL   the target is no path, glob or address; more than 10,000 files
 * or what each returned, or the HTTP client says.
 */
int cbi_provider_read(struct cb_ctx *ctx, struct cbi_provider *provider,
                      const struct cbi_provider_ask *ask,
                      int (*each)(void *arg, struct cb_ctx *ctx,
                                  const struct cbi_provider_file *file),
                      void *arg, json_t **after) CB_USED;

/*
 * The absolute form of a Location's target: "./x.yaml" in a file's or
 * address's own folder.  base is the target of the file that says it, of the
 * same type; on a code host "/x.yaml" is the repository's.  Lives with ctx;
 * NULL after a failure (CB_EINVAL).
 */
const char *cbi_provider_resolve(struct cb_ctx *ctx,
                                 const struct cbi_provider *provider,
                                 const char *type, const char *base,
                                 const char *target) CB_USED;

/*
 * Is target (an address or pattern in the event's repository) among what the
 * event says has changed?  True when one of the two does not say enough: a
 * look too many costs a conditional request.
 */
bool cbi_provider_concerned(struct cb_ctx *ctx,
                            const struct cbi_provider *provider,
                            const char *target,
                            const struct cbi_supply_event *event);

/* The code hosts that this process reads; lives with provider. */
const struct cbi_scm *cbi_provider_scm(const struct cbi_provider *provider);

/* The same three as a table, for the catalog, which knows no provider. */
void cbi_provider_feed(struct cbi_provider *provider, struct cbi_feed *out);

#endif
