/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.h - what the catalog's endpoints have in common: reading parameters
 * and bodies by the contract's rules, and writing answers that are small
 * enough to keep or too large to hold.
 */
#ifndef CB_WEB_API_ANSWER_H
#define CB_WEB_API_ANSWER_H

#include <jansson.h>

#include "base/str.h"
#include "catalog/filter.h"
#include "catalog/fresh.h"
#include "catalog/project.h"
#include "web/req.h"

#define CBI_API_JSON "application/json; charset=utf-8"

/* --- parameters --- */

/* All values of a parameter; CB_EINVAL when its only value is empty. */
int cbi_api_values(struct cb_req *req, const char *name,
                   const char *const **out, size_t *n) CB_USED;
/* The one value, NULL for none; CB_EINVAL when there are several, or it is
 * empty. */
int cbi_api_value(struct cb_req *req, const char *name,
                  const char **out) CB_USED;
/* A whole number from min; *out is untouched without the parameter. */
int cbi_api_int(struct cb_req *req, const char *name, int64_t min,
                int64_t *out) CB_USED;

int cbi_api_filter(struct cb_req *req, const struct cbi_filter **out) CB_USED;
int cbi_api_fields(struct cb_req *req, struct cbi_fields **out) CB_USED;

/* --- JSON bodies --- */

/* The body as an object; CB_EINVAL for another type or broken JSON. */
int cbi_api_body(struct cb_req *req, json_t **out) CB_USED;
/* Its array of texts under name; *n is 0 and *out NULL when it is absent. */
int cbi_api_texts(struct cb_req *req, const json_t *body, const char *name,
                  const char *const **out, size_t *n) CB_USED;
int cbi_api_text(struct cb_req *req, const json_t *body, const char *name,
                 const char **out) CB_USED;
int cbi_api_number(struct cb_req *req, const json_t *body, const char *name,
                   int64_t *out) CB_USED;
/* The predicate under "query", NULL for none. */
int cbi_api_query(struct cb_req *req, const json_t *body,
                  const struct cbi_filter **out) CB_USED;
/* The projection under "fields", NULL for none. */
int cbi_api_body_fields(struct cb_req *req, const json_t *body,
                        struct cbi_fields **out) CB_USED;

/* How many resources a permission's items are about: each has a resourceRef
 * that is a text, a list of them, or not there (one as well). */
size_t cbi_api_count_refs(const json_t *items);

/* A house call to fetch (source/call.h); in is taken over, NULL: CB_ENOMEM. */
int cbi_api_call(struct cb_req *req, const char *name, json_t *in,
                 json_t **out) CB_USED;

/* What an http or https address that is no catalog file holds, in the shape
 * of analyze-location's answer; *out lives with the request, and *repository
 * (may be NULL) is the address that its host knows it by, NULL for none.  A
 * repository of a code host in integrations is looked at; catalog is the name
 * of its catalog files, NULL for the usual one. */
int cbi_api_analyze(struct cb_req *req, const char *target, const char *catalog,
                    const char **repository, json_t **out) CB_USED;

/* --- answers --- */

/* Bytes go to the answer's body until they pass this; then the head is sent
 * and the rest streams. */
#define CBI_API_HELD_MAX (256 * 1024)

int cbi_api_write(struct cb_req *req, const void *data, size_t len) CB_USED;
int cbi_api_printf(struct cb_req *req, const char *fmt, ...) CB_PRINTF(2, 3);
/* An entity, whole or cut down. */
int cbi_api_entity(struct cb_req *req, struct cbi_fields *fields,
                   struct cbi_span body) CB_USED;
/* The handler of whatever takes out the entity whose uid is the path's first
 * hole: 204, also when there is none. */
int cbi_api_uproot(struct cb_req *req) CB_USED;
/* A registered location. */
struct cbi_location;
int cbi_api_location(struct cb_req *req,
                     const struct cbi_location *location) CB_USED;
/* Sends what a stream still holds; marks a stream that broke. */
int cbi_api_end(struct cb_req *req, int rc) CB_USED;

/*
 * Answers from the process's cache, or calls make and keeps its answer, keyed
 * by scope, method, address and body, while the change number stands.
 */
int cbi_api_cached(struct cb_req *req, int (*make)(struct cb_req *req)) CB_USED;

#endif
