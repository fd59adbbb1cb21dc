/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h - what an entity is: rules, kinds, relations, and its served form.
 *
 * Everything here works on one entity as JSON and knows no store.  Rules and
 * their order are those of Backstage's catalog: envelope, shape of metadata,
 * foreign keys, formats of fields, then the kind's own.
 */
#ifndef CB_CATALOG_MODEL_H
#define CB_CATALOG_MODEL_H

#include <stdbool.h>

#include <callboard/ctx.h>

#include <jansson.h>

struct cbi_kinds; /* catalog/kinds.h */

#define CBI_PROBLEM_PATH 256
#define CBI_PROBLEM_TEXT 512

/* What is wrong with an entity. */
struct cbi_problem {
	const char *name;            /* "InputError", static */
	char path[CBI_PROBLEM_PATH]; /* "metadata.tags.2"; "" for the whole */
	char text[CBI_PROBLEM_TEXT]; /* path, what, what is expected */
};

/* Both ends canonical.  reverse is the type as seen from target. */
struct cbi_relation {
	const char *source, *type, *target, *reverse;
};

/* Where an entity stands, and what may stand there. */
struct cbi_model_place {
	const char *location; /* "url:https://..." or "file:/..." of its file */
	const char *origin;   /* the registered root that led here */
	/* The kinds there are beside the nine; NULL for none. */
	const struct cbi_kinds *kinds;
};

struct cbi_model {
	const char *ref;
	bool location; /* it is a Location, with targets to read */
	struct cbi_relation *relations;
	size_t n;
};

/*
 * The least that makes a document an entity: apiVersion, kind and
 * metadata.name are texts.  *ref (may be NULL) lives with ctx.
 */
int cbi_model_envelope(struct cb_ctx *ctx, const json_t *entity,
                       const char **ref, struct cbi_problem *problem) CB_USED;

/*
 * Checks an entity and changes it in place into its processed form: namespace
 * set, lists sorted, annotations of its place written.  CB_EINVAL fills
 * problem; nothing is noted in ctx then.
 */
int cbi_model_process(struct cb_ctx *ctx, json_t *entity,
                      const struct cbi_model_place *place,
                      struct cbi_model *out,
                      struct cbi_problem *problem) CB_USED;

/* The Location that stands for a registered type and target; a new
 * reference.  NULL without memory. */
json_t *cbi_model_generated(const char *type, const char *target,
                            const char *presence);
/* Its ref: "location:default/generated-<sha1 of type:target>". */
const char *cbi_model_generated_ref(struct cb_ctx *ctx, const char *type,
                                    const char *target) CB_USED;

/* A status item as the contract has it; a new reference. */
json_t *cbi_model_status(const char *name, const char *message);

/* One end's view, for the served form. */
struct cbi_model_end {
	const char *type, *target;
};

struct cbi_model_final {
	const char *uid;
	const struct cbi_model_end *ends; /* sorted, distinct */
	size_t n;
	const json_t *errors; /* status items, or NULL */
	bool orphan;
};

/* SHA-1 in hex, with the end. */
#define CBI_MODEL_HASH 41

/*
 * Completes a processed entity in place as readers get it, but for relations
 * and etag, and hashes it without uid.  *text is that hashed text, canonical
 * and with its relations; it lives with ctx.
 */
int cbi_model_finish(struct cb_ctx *ctx, json_t *entity,
                     const struct cbi_model_final *final,
                     char hash[CBI_MODEL_HASH], const char **text) CB_USED;
/*
 * The bytes readers get: text of the above with uid and etag set into it.
 * *etag is the hash, unless the author has set one; both live with ctx.
 */
int cbi_model_seal(struct cb_ctx *ctx, json_t *entity, const char *text,
                   const char *uid, const char *hash, const char **body,
                   const char **etag) CB_USED;

#endif
