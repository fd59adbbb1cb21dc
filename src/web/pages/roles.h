/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roles.h - the pages of roles: all of them, one, and why somebody may or may
 * not do something.
 */
#ifndef CB_WEB_PAGES_ROLES_H
#define CB_WEB_PAGES_ROLES_H

#include <jansson.h>

#include "html/parts.h"
#include "web/router.h"

extern const struct cbi_endpoint cbi_pages_roles[];
extern const struct cbi_endpoint cbi_pages_role[];
extern const struct cbi_endpoint cbi_pages_explain[];

/* A condition as people read it: "owned by $ownerRefs", "not (kind is api)";
 * lives with ctx. */
const char *cbi_role_condition(struct cb_ctx *ctx, const json_t *condition);

/* A labelled text field; hint and value may be NULL, list is the id of a
 * datalist. */
void cbi_role_field(struct cb_html *html, const char *name, const char *label,
                    const char *hint, const char *value, const char *list);
/* A labelled choice of n words, each its own value and title. */
struct cbi_role_choice {
	const char *value, *title; /* title: message id */
};
void cbi_role_select(struct cb_html *html, const char *name, const char *label,
                     const struct cbi_role_choice *choices, size_t n);
/* role_condition.c: the fields of a permission's condition, and what was typed
 * into them: NULL in *out for none.  CB_EINVAL says which is not right. */
void cbi_role_condition_fields(struct cb_html *html);
int cbi_role_condition_read(struct cb_req *req, json_t **out) CB_USED;
/* role_change.c: the POST. */
int cbi_role_change(struct cb_req *req);

/* A datalist with all permissions of the house. */
void cbi_role_permissions(struct cb_html *html, const char *id);

#endif
