/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_priv.h - between the files of the model.
 */
#ifndef CB_CATALOG_MODEL_PRIV_H
#define CB_CATALOG_MODEL_PRIV_H

#include "catalog/model.h"

/* Fills problem; text becomes "path: what".  CB_EINVAL. */
int cbi_problem_set(struct cbi_problem *problem, const char *path,
                    const char *fmt, ...) CB_PRINTF(3, 4);

/* "a number", "nothing" for NULL. */
const char *cbi_model_type_name(const json_t *value);

/* --- model_shape.c --- */
int cbi_model_shape(const json_t *entity, struct cbi_problem *problem);
int cbi_model_formats(const json_t *entity, struct cbi_problem *problem);

/* --- model_url.c --- */
bool cbi_model_is_url(const char *text);

/* --- model_kind.c --- */
int cbi_model_kind(struct cb_ctx *ctx, const struct cbi_kinds *more,
                   const json_t *entity, struct cbi_problem *problem);
/* Is it one of the nine? */
bool cbi_model_is_own(const char *version, const char *kind);

/* --- model_relation.c --- */
/* Sorts in place the lists whose order means nothing. */
void cbi_model_sort_lists(json_t *entity);
int cbi_model_relations(struct cb_ctx *ctx, const json_t *entity,
                        const char *ref, const char *space,
                        struct cbi_model *out, struct cbi_problem *problem);

#endif
