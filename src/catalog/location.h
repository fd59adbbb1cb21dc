/* SPDX-License-Identifier: Apache-2.0 */
/*
 * location.h - locations that somebody registered.
 *
 * They are read from PostgreSQL, always: who adds one sees it at once.  Every
 * change is one transaction with its audit and change rows; the caller raises
 * `wanted` on the board to *number before it answers.
 */
#ifndef CB_CATALOG_LOCATION_H
#define CB_CATALOG_LOCATION_H

#include <callboard/ctx.h>

#include <jansson.h>

/* Texts live with ctx. */
struct cbi_location {
	const char *id;
	const char *type, *target;
	const char *entity_ref; /* "location:default/generated-<sha1>" */
};

/* All, by the time they were registered; *out has *count rows. */
int cbi_location_list(struct cb_ctx *ctx, const struct cbi_location **out,
                      size_t *count) CB_USED;

/* CB_ENOENT; CB_EINVAL for what is no UUID. */
int cbi_location_get(struct cb_ctx *ctx, const char *id,
                     struct cbi_location *out) CB_USED;

/* By type and target; CB_ENOENT. */
int cbi_location_find(struct cb_ctx *ctx, const char *type, const char *target,
                      struct cbi_location *out) CB_USED;

/* What somebody wants to have registered.  Texts are borrowed. */
struct cbi_location_wish {
	const char *type, *target;
	const char *presence; /* "required", "optional"; NULL: nothing said */
	bool refresh;         /* one that is there is looked at again */
	const char *address;  /* the client's, for the audit; NULL */
};

/* Could it be registered, as far as its texts tell?  CB_EINVAL as below. */
int cbi_location_check(struct cb_ctx *ctx,
                       const struct cbi_location_wish *wish) CB_USED;

/*
 * Registers one as ctx's actor; its target is read later, by an engine.
 * CB_EINVAL for an empty or overlong target, one with control characters, or
 * a script, and for another presence; CB_ECONFLICT when it is there already,
 * unless refresh is set: then it is looked at again now and given back.
 */
int cbi_location_add(struct cb_ctx *ctx, const struct cbi_location_wish *wish,
                     struct cbi_location *out, uint64_t *number) CB_USED;

/*
 * Gives one another type and target; id and entity_ref stay what they were.
 * What only the old target brought in goes when the new one was read.
 * CB_ENOENT; CB_ECONFLICT when another location has them; CB_EINVAL as above.
 */
int cbi_location_update(struct cb_ctx *ctx, const char *id,
                        const struct cbi_location_wish *wish,
                        struct cbi_location *out, uint64_t *number) CB_USED;

/* Takes one back, with everything that only it keeps.  CB_ENOENT. */
int cbi_location_delete(struct cb_ctx *ctx, const char *id, const char *address,
                        uint64_t *number) CB_USED;

/* Makes the entity and the Locations above it due now.  CB_ENOENT. */
int cbi_location_refresh(struct cb_ctx *ctx, const char *ref) CB_USED;

#endif
