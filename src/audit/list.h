/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.h - reading the audit log, newest first.
 */
#ifndef CB_AUDIT_LIST_H
#define CB_AUDIT_LIST_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <callboard/ctx.h>

/* Texts live as the call says; NULL where the log has none. */
struct cbi_audit_row {
	int64_t id;
	int64_t seal;  /* 0: not sealed yet */
	int64_t at_us; /* microseconds since the epoch */
	const char *actor, *action, *object;
	const char *before, *after; /* JSON, or NULL */
	const char *request_id, *address, *outcome;
	const char *hash; /* hex; NULL while it is not sealed */
};

/* Members that are NULL or 0 ask for nothing. */
struct cbi_audit_query {
	const char *actor;      /* exactly */
	const char *action;     /* exactly, or all below it: "plugin" */
	const char *object;     /* a part of it, whatever its case */
	const char *outcome;    /* exactly */
	int64_t from_ms, to_ms; /* at: from (inclusive) to (exclusive) */
	int64_t before_id;      /* older than this row */
};

/*
 * A row as everybody outside gets it: {id, at, actor, action, object, outcome,
 * requestId, address, before?, after?, seal?, hash?}.  before and after stay
 * texts, because the chain is over their very bytes.  NULL when out of memory.
 */
json_t *cbi_audit_json(const struct cbi_audit_row *row);

/* At most max rows; they live with ctx. */
int cbi_audit_list(struct cb_ctx *ctx, const struct cbi_audit_query *query,
                   size_t max, const struct cbi_audit_row **out,
                   size_t *n) CB_USED;

/* All of them, one by one; a row is valid for the call.  What each returns
 * other than CB_OK ends it and is returned. */
int cbi_audit_each(struct cb_ctx *ctx, const struct cbi_audit_query *query,
                   int (*each)(void *arg, const struct cbi_audit_row *row),
                   void *arg) CB_USED;

#endif
