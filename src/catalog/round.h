/* SPDX-License-Identifier: Apache-2.0 */
/*
 * round.h - one look at one Location: its targets are read, their documents
 * written, and what it no longer brings in is removed.
 */
#ifndef CB_CATALOG_ROUND_H
#define CB_CATALOG_ROUND_H

#include <callboard/ctx.h>

#include "catalog/ingest.h"
#include "catalog/placeholder.h"

struct cbi_round {
	const struct cbi_ingest *in;
	struct cbi_ingest_done *done;
	/* Of the claimed node. */
	int64_t id;
	const char *ref;
	char claim[48];            /* node.due_at, as PostgreSQL writes it */
	int64_t claimed_at;        /* cbi_clock_ms() */
	size_t children;           /* before this round */
	const char *type, *target; /* of the file it stands in */
	const char *origin;        /* "type:target" of the root */
	const char *folder;        /* files may not leave it; NULL: a root */
	const json_t *spec;
	json_t *before, *after; /* read_state */
	json_t *errors;         /* status items */
	size_t errors_cut;
	json_t *keys, *complete; /* location keys: read; read without flaw */
	struct cb_buf *ids;      /* int64_t: nodes in complete files */
	size_t entities;         /* seen, or standing in unchanged files */
	bool lost;               /* the claim */
	bool half;               /* node.half_read: `before` may be too old */
	bool resettled;          /* `before` is of other settings, so too */
	bool check;              /* look only, write nothing */
	json_t *found; /* with check: takes what it would bring in, processed
	                  (trial.c); NULL: nobody wants to know */
	/* Of the target being read. */
	const char *at_type;
};

/* Appends a status item; text lives as it likes. */
int cbi_round_problem(struct cb_ctx *ctx, struct cbi_round *round, int code,
                      const char *text) CB_USED;

/* Keeps the claim alive through a long round; sets lost when it is gone, or
 * was given back because the engine is to stop. */
int cbi_round_renew(struct cb_ctx *ctx, struct cbi_round *round) CB_USED;

/* To be called before anything of a changed file is written: should this round
 * not reach its end, the next takes no file for unchanged. */
int cbi_round_half(struct cb_ctx *ctx, struct cbi_round *round) CB_USED;

/* Reads what a claimed Location names, writes it, and ends the round. */
int cbi_round_look(struct cb_ctx *ctx, struct cbi_round *round) CB_USED;

/* Reads the targets of spec with check set and `before` an empty object:
 * `found` and `errors` say what it would bring in.  ids must be there. */
int cbi_round_try(struct cb_ctx *ctx, struct cbi_round *round) CB_USED;

/* round_file.c: one file behind a target; for cbi_feed's each. */
int cbi_round_file(void *arg, struct cb_ctx *ctx,
                   const struct cbi_provider_file *file);

/* round_end.c: removes, writes state and errors, and gives the claim back. */
int cbi_round_end(struct cb_ctx *ctx, struct cbi_round *round) CB_USED;

#endif
