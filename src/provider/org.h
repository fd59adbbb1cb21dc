/* SPDX-License-Identifier: Apache-2.0 */
/*
 * org.h - users and groups of a directory, on their way to be entities.
 *
 * Directories name things by ids and list members by them; entities go by
 * names.  Groups come first: who belongs where is known when users come.
 */
#ifndef CB_PROVIDER_ORG_H
#define CB_PROVIDER_ORG_H

#include <callboard/ctx.h>

#include <jansson.h>

#include "base/supply.h"

struct cbi_org {
	const struct cbi_supply_run *run;
	const char *key;   /* location key of all of them */
	json_t *groups_of; /* id of a member > names of groups */
	json_t *seen;      /* refs, lower case, that have been made */
};

/* Empty tables, which live with ctx. */
int cbi_org_begin(struct cb_ctx *ctx, struct cbi_org *org,
                  const struct cbi_supply_run *run, const char *key) CB_USED;

/* The member of this id belongs to the group of this name; said twice it is
 * heard once. */
int cbi_org_belongs(struct cb_ctx *ctx, struct cbi_org *org, const char *member,
                    const char *group) CB_USED;

/* An annotation. */
struct cbi_org_note {
	const char *name, *value;
};

/* Texts that are NULL or "" are not there. */
struct cbi_org_thing {
	const char *name;  /* any text, made an entity's name */
	const char *place; /* "url:https://..." */
	const char *display, *email, *picture, *description;
	const struct cbi_org_note *notes; /* ends in a NULL name */
	/* "spec.type": value, below all the rest; NULL: nothing. */
	json_t *set;
	/* Of a user: whom groups named as their member. */
	const char *id;
	/* Of a group: type "unknown" when not given, an entity's name as
	 * parent, entities' names as members. */
	const char *type, *parent;
	const json_t *members;
};

/*
 * A new reference, to be handed over by give; NULL with CB_OK when there is
 * none: a name of which nothing is left, or that another has already, is
 * warned of.
 */
int cbi_org_make(struct cb_ctx *ctx, struct cbi_org *org, const char *kind,
                 const struct cbi_org_thing *thing, json_t **out) CB_USED;
/* Takes the reference, always. */
int cbi_org_give(struct cb_ctx *ctx, struct cbi_org *org,
                 json_t *entity) CB_USED;
/* Both in one. */
int cbi_org_user(struct cb_ctx *ctx, struct cbi_org *org,
                 const struct cbi_org_thing *user) CB_USED;
int cbi_org_group(struct cb_ctx *ctx, struct cbi_org *org,
                  const struct cbi_org_thing *group) CB_USED;

#endif
