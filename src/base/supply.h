/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supply.h - how whole sets of entities reach the catalog: a supplier lists
 * them, `catalog` keeps them in a bucket, `jobs` says when, and none of them
 * knows the others.
 *
 * A supplier hands over one entity after another, so that its memory does not
 * grow with what it lists.  It deletes nothing itself: what a FULL run did
 * not hand over is gone, and a run that fails changes nothing but what it had
 * handed over already.  So it must fail, and not end early, when it could not
 * see everything.
 */
#ifndef CB_BASE_SUPPLY_H
#define CB_BASE_SUPPLY_H

#include <stdbool.h>

#include <callboard/ctx.h>

#include <jansson.h>

/* When something is run; Backstage's schedule. */
struct cbi_schedule {
	int64_t frequency_ms; /* 0: by cron, or by hand alone */
	int64_t timeout_ms;   /* a run is given up after it */
	int64_t initial_ms;   /* before the first run of all */
	char cron[80];        /* "30 2 * * 1", UTC; "" for none */
};

enum cbi_supply {
	CBI_SUPPLY_FULL,      /* what was handed over is all there is */
	CBI_SUPPLY_DELTA,     /* it is what changed, and gone() what went */
	CBI_SUPPLY_UNCHANGED, /* nothing was handed over, nothing changed */
};

/* One run.  ctx's deadline is the schedule's timeout. */
struct cbi_supply_run {
	/* *after of the last run that ended well (an object), NULL for none
	 * and when everything shall be listed anew. */
	const json_t *before;
	void *arg;
	/*
	 * Takes the reference to an entity, always.  It needs apiVersion,
	 * kind, metadata.name and both backstage.io/managed-by annotations;
	 * key is its location key.  A failure ends the run.
	 */
	int (*each)(void *arg, struct cb_ctx *ctx, json_t *entity,
	            const char *key);
	/* DELTA: the entity of this ref is no more. */
	int (*gone)(void *arg, struct cb_ctx *ctx, const char *ref);
	/* Something about one item that does not end the run. */
	int (*warn)(void *arg, struct cb_ctx *ctx, const char *text);
	/* Between requests: CB_ECHANGED when this run shall be left (somebody
	 * else has it now, or the process ends). */
	int (*alive)(void *arg, struct cb_ctx *ctx);
};

/* What a code host or tool told by webhook; texts "" for what it did not
 * say. */
struct cbi_supply_event {
	const char *topic; /* "github" */
	const char *kind;  /* "push", "repository", "organization" */
	const char *repo;  /* "https://github.com/acme/shop/", lower case */
	const char *org;   /* "https://github.com/acme/", lower case */
	const char *branch;
	const json_t *paths; /* changed files; NULL: unknown */
};

struct cbi_supplier {
	const char *name; /* its bucket: "ldapOrg:default" */
	struct cbi_schedule schedule;
	void *arg;
	int (*run)(struct cb_ctx *ctx, void *arg,
	           const struct cbi_supply_run *run, enum cbi_supply *what,
	           json_t **after);
	/* Shall it run because of this?  NULL: never. */
	bool (*concerned)(void *arg, const struct cbi_supply_event *event);
};

#endif
