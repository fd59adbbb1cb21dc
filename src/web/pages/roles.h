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
/* A datalist with all permissions of the house. */
void cbi_role_permissions(struct cb_html *html, const char *id);

#endif
