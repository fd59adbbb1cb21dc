/* SPDX-License-Identifier: Apache-2.0 */
/*
 * org.h - users and groups of a directory, on their way to be entities.
 *
 *	cbi_org_begin
 *	cbi_org_group ...     held back, for a later one may be above it
 *	cbi_org_belongs ...   in any order with the groups
 *	cbi_org_groups_done
 *	cbi_org_user ...      handed over at once, perhaps after its own belongs
 *
 * Directories name things by ids and list members by them; entities go by
 * names.  Lists come out sorted, whatever order a directory has.
 */
#ifndef CB_PROVIDER_ORG_H
#define CB_PROVIDER_ORG_H

#include <stdbool.h>

#include <callboard/ctx.h>

#include <jansson.h>

#include "base/supply.h"

struct cbi_org {
	const struct cbi_supply_run *run;
	const char *key; /* location key of all of them */
	/* Who is in a group is in those above it as well. */
	bool deep;
	const char *root;  /* id of the group above all others; NULL: none */
	json_t *groups_of; /* id of a member > ids of groups */
	json_t *groups;    /* id > {name, entity until done, parent: id} */
	json_t *seen;      /* refs, lower case, that have been made */
};

/* Empty tables, which live with ctx; deep and root may be set then. */
int cbi_org_begin(struct cb_ctx *ctx, struct cbi_org *org,
                  const struct cbi_supply_run *run, const char *key) CB_USED;

/* A user or group belongs to a group, by ids; said twice it is heard once,
 * and a group that never comes is forgotten. */
int cbi_org_belongs(struct cb_ctx *ctx, struct cbi_org *org, const char *member,
                    const char *group) CB_USED;

/* An annotation. */
struct cbi_org_note {
	const char *name, *value;
};

/* Texts that are NULL or "" are not there. */
struct cbi_org_thing {
	const char *id;
	const char *name;  /* any text, made an entity's name */
	const char *place; /* "url:https://..." */
	const char *display, *email, *picture, *description;
	const struct cbi_org_note *notes; /* ends in a NULL name */
	/* "spec.type": value, below all the rest; NULL: nothing. */
	json_t *set;
	/* Of a group: "unknown" when not given; entities' names. */
	const char *type;
	const json_t *members;
};

/*
 * Take one.  A name of which nothing is left, or that another has already, is
 * warned of, and the thing passed over.  Of the groups that a group belongs
 * to, the first by name is its parent.
 */
int cbi_org_group(struct cb_ctx *ctx, struct cbi_org *org,
                  const struct cbi_org_thing *group) CB_USED;
int cbi_org_groups_done(struct cb_ctx *ctx, struct cbi_org *org) CB_USED;
int cbi_org_user(struct cb_ctx *ctx, struct cbi_org *org,
                 const struct cbi_org_thing *user) CB_USED;

#endif
