/* SPDX-License-Identifier: Apache-2.0 */
/*
 * infer_priv.h - a look at one repository, on its way to be proposals.
 */
#ifndef CB_SCM_INFER_PRIV_H
#define CB_SCM_INFER_PRIV_H

#include "scm/infer.h"

#include <jansson.h>

/* What a field is: seen in the repository, or still to be said by a person. */
#define CBI_SCM_SUGGESTED "analysisSuggestedValue"
#define CBI_SCM_ASKED "needsUserInput"

struct cbi_scm_look {
	struct cb_ctx *ctx;
	const struct cbi_scm *scm;
	struct cbi_scm_place place;
	const struct cbi_scm_repo *repo;
	const struct cbi_scm_leaf *leaf;
	size_t n;
	const char *unseen; /* why the tree is not known; NULL: it is */
	json_t *proposals, *entity, *fields;
	const char *from; /* the annotation */
};

/* infer_say.c */
/* The last segment. */
const char *cbi_scm_base_name(const char *path);
/* The first file that fits, of those nearest to the root; NULL for none.
 * Patterns (to NULL) with a '/' are of whole paths, others of names. */
const char *cbi_scm_look_find(const struct cbi_scm_look *look,
                              const char *const *patterns);

/* A proposal begins, with its type if that is known by the file's name ... */
int cbi_scm_look_begin(struct cbi_scm_look *look, const char *kind,
                       const char *name, const char *type) CB_USED;
/* "metadata" or "spec" of it. */
json_t *cbi_scm_look_part(const struct cbi_scm_look *look, const char *name);
/* One row of its fields, and with a value one of the annotation. */
int cbi_scm_look_say(struct cbi_scm_look *look, const char *field,
                     const char *state, const char *value,
                     const char *why) CB_USED;
/* The same, and where.key of the entity is the value. */
int cbi_scm_look_suggest(struct cbi_scm_look *look, const char *where,
                         const char *key, const char *value,
                         const char *why) CB_USED;
/* ... and is whole. */
int cbi_scm_look_end(struct cbi_scm_look *look) CB_USED;

/* infer_component.c: what the repository is. */
int cbi_scm_infer_component(struct cbi_scm_look *look) CB_USED;
int cbi_scm_infer_lifecycle(struct cbi_scm_look *look) CB_USED;

/* infer_api.c: a further proposal for each API that it describes; the first
 * one provides them. */
int cbi_scm_infer_apis(struct cbi_scm_look *look) CB_USED;

#endif
