/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overview.h - the catalog's work for who looks after it: what is in trouble,
 * what waits for a word, what nothing brings in any more, and all locations.
 *
 * Always PostgreSQL's state.  A scope that does not see everything sees none.
 */
#ifndef CB_CATALOG_OVERVIEW_H
#define CB_CATALOG_OVERVIEW_H

#include <stdbool.h>

#include <callboard/ctx.h>

#include <jansson.h>

enum cbi_overview_list {
	CBI_OVERVIEW_ERRORS,    /* nodes that processing found wrong */
	CBI_OVERVIEW_WAITING,   /* locations whose guard holds back */
	CBI_OVERVIEW_ORPHANS,   /* nodes that nothing brings in */
	CBI_OVERVIEW_LOCATIONS, /* Locations, registered or not */
	CBI_OVERVIEW_LISTS,
};

struct cbi_overview_ask {
	enum cbi_overview_list list;
	/* Only those whose ref, source or errors hold it, however written;
	 * "" for all. */
	const char *text;
	int64_t limit, offset;
};

/* Texts live with ctx, "" for unknown; times are 0 for none. */
struct cbi_overview_row {
	const char *ref, *uid;
	const char *source;   /* "/srv/a.yaml:12" */
	const char *provider; /* that brings it in itself: "store", "config" */
	const json_t *errors; /* status items */
	bool visible;         /* readers see it */
	bool waits;           /* for a confirmation */
	int64_t since_ms;     /* in trouble */
	int64_t due_ms;       /* looked at again */
	int64_t brings;       /* nodes */
};

/* By refs. */
int cbi_overview_rows(struct cb_ctx *ctx, const struct cbi_overview_ask *ask,
                      struct cbi_overview_row **out, size_t *n) CB_USED;

struct cbi_overview_counts {
	int64_t of[CBI_OVERVIEW_LISTS]; /* that fit the text */
	int64_t entities;               /* that readers see */
	int64_t due;                    /* locations to be read now */
	int64_t unserved;               /* refs to be put together */
};
int cbi_overview_count(struct cb_ctx *ctx, const char *text,
                       struct cbi_overview_counts *out) CB_USED;

/*
 * Has an entity provider run now as ctx's actor, in one transaction with the
 * audit row; wanted as in jobs/jobs.h, address is the client's or NULL.
 * CB_ENOENT.
 */
int cbi_overview_run(struct cb_ctx *ctx, const char *provider,
                     const char *wanted, const char *address) CB_USED;

#endif
