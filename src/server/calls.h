/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls.h - what fetch does for web processes: the table of house calls.
 */
#ifndef CB_SERVER_CALLS_H
#define CB_SERVER_CALLS_H

#include "catalog/ingest.h"
#include "source/call.h"

struct cbi_config;
struct cbi_host;
struct cbi_http;
struct cbi_outside;
struct cbi_scm;

/* What the calls work with. */
struct cbi_calls {
	struct cbi_ingest ingest;
	const struct cbi_scm *scm;
	const struct cbi_config *config;
	struct cbi_http *http;
	struct cbi_outside *outside;
	struct cbi_host *host; /* the pool's plugins */
};

/* All of it lives with ctx and the process. */
int cbi_calls_open(struct cb_ctx *ctx, const struct cbi_config *config,
                   struct cbi_http *http, struct cbi_calls *out) CB_USED;

/*
 * auth.jwks         {url} > {keys}: the JWK set of an issuer in
 *                   backend.auth.externalAccess
 * auth.look, auth.redeem, auth.refresh, auth.bind, auth.assert
 *                   as in auth/outside.h
 * catalog.analyze   {target, catalog?} > {known, files: [{target, entities}],
 *                   proposals} as scm/infer.h has them; known is absent for an
 *                   address of no code host in integrations
 * catalog.dry-run   {type, target, presence?, excerpts?} > {entities, errors},
 *                   with excerpts (catalog/excerpt.h) when that is true
 * catalog.validate  {location, entity} > {errors}
 * foreign.page      as cbi_host_foreign_page
 * graph.layout      {dot} > {plain}: Graphviz, with limits; CB_ENOTSUP where
 *                   it is not installed
 *
 * plugin.act        {plugin, action, entity?: its served JSON} > {}: as
 *                   cbi_host_act
 *
 * Their argument is a struct cbi_calls.
 */
extern const struct cbi_call_row cbi_calls_table[];

/* calls_jwks.c */
int cbi_call_jwks(struct cb_ctx *ctx, void *arg, const json_t *in,
                  json_t **out) CB_USED;

#endif
