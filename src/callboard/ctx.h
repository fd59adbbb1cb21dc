/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callboard/ctx.h - the context: what a piece of work carries along.
 *
 * Every function that may wait, fail or allocate takes a struct cb_ctx first.
 * It owns the memory of the work (an arena), its deadline, who asked, and the
 * first failure.  A context belongs to one thread from beginning to end.
 */
#ifndef CALLBOARD_CTX_H
#define CALLBOARD_CTX_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cb_ctx;

/* What a function that can fail returns: CB_OK, or one of the negatives. */
enum cb_code {
	CB_OK = 0,
	CB_EINVAL = -1,     /* the input breaks a rule (400) */
	CB_EAUTH = -2,      /* nobody we know asks (401) */
	CB_EDENIED = -3,    /* known, but not allowed (403) */
	CB_ENOENT = -4,     /* there is no such thing (404) */
	CB_ECONFLICT = -5,  /* somebody else has it (409) */
	CB_ETOOBIG = -6,    /* beyond a limit of ours (413) */
	CB_ENOTSUP = -7,    /* understood, not served by this host (501) */
	CB_EAWAY = -8,      /* a store or tool is not reachable (503) */
	CB_EBUSY = -9,      /* a queue or gate is full, try again (503) */
	CB_ETIME = -10,     /* the deadline passed (504) */
	CB_ENOMEM = -11,    /* the arena or the system is out of memory (500) */
	CB_EBUG = -12,      /* ours, or the system failed in an odd way (500) */
	CB_EUPSTREAM = -13, /* a tool answered nonsense or an error (502) */
	/* Answers that are not failures of the request: */
	CB_ENOKEY = -20,   /* this entity has no key for the source */
	CB_EPENDING = -21, /* being fetched: draw a placeholder */
	CB_EPLACE = -22,   /* not callable in this kind of process */
	CB_ECHANGED = -23, /* the thing changed in between, look again */
};

#if defined(__GNUC__)
#define CB_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define CB_USED __attribute__((warn_unused_result))
#else
#define CB_PRINTF(f, a)
#define CB_USED
#endif

/*
 * Request memory.  All of it lives as long as the context and nobody frees
 * it.  Zeroed; NULL when the arena is at its limit (then cb_fail has been
 * called with CB_ENOMEM already).
 */
void *cb_alloc(struct cb_ctx *ctx, size_t size) CB_USED;
char *cb_strdup(struct cb_ctx *ctx, const char *text) CB_USED;
char *cb_strndup(struct cb_ctx *ctx, const char *text, size_t len) CB_USED;
char *cb_printf(struct cb_ctx *ctx, const char *fmt, ...)
    CB_PRINTF(2, 3) CB_USED;

/*
 * Calls fn(ptr) when the context ends, last registered first.  Ties what is
 * not memory (a connection, a file) to the work.  When there is no memory for
 * the note fn is called at once and CB_ENOMEM returned.
 */
int cb_defer(struct cb_ctx *ctx, void (*fn)(void *ptr), void *ptr) CB_USED;

/*
 * Notes the failure and returns code, so that one statement does both:
 *
 *	return cb_fail(ctx, CB_ENOENT, "no team '%s'", team);
 *
 * The first failure of a context wins.  One line, lower case, no full stop;
 * says what and which.  At most 511 bytes are kept.
 */
int cb_fail(struct cb_ctx *ctx, int code, const char *fmt, ...) CB_PRINTF(3, 4);

/* The first failure's text, "" when there was none; lives with ctx. */
const char *cb_failure(const struct cb_ctx *ctx);

/* The first failure's code, CB_OK when there was none. */
int cb_failure_code(const struct cb_ctx *ctx);

/* Forgets the failure, after it has been dealt with. */
void cb_failure_clear(struct cb_ctx *ctx);

/* A code's name as "ENOENT", static. */
const char *cb_code_name(int code);

/* Milliseconds left until the deadline; INT64_MAX when there is none, never
 * negative. */
int64_t cb_time_left(const struct cb_ctx *ctx);

/* nginx's id of the request that caused this work; "" outside of one. */
const char *cb_request_id(const struct cb_ctx *ctx);

/* Who acts, as an entity ref ("user:default/guest"), "service:<subject>" or
 * "unix:<user>"; "" when nobody is known. */
const char *cb_actor(const struct cb_ctx *ctx);

#ifdef __cplusplus
}
#endif

#endif
