/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot_priv.h - how a snapshot is made and thrown away.
 */
#ifndef CB_REGISTRY_SNAPSHOT_PRIV_H
#define CB_REGISTRY_SNAPSHOT_PRIV_H

#include "base/ctx.h"
#include "registry/registry_priv.h"

/* The wish for a plugin as JSON; NULL for none.  A new reference. */
typedef json_t *cbi_wish_fn(void *arg, const char *name);

struct cbi_attached {
	_Atomic(void *) thing;
	void (*_Atomic drop)(void *thing); /* written before thing */
};

struct cbi_snapshot {
	struct cbi_lane lane; /* its memory, parsed filters included */
	struct cb_ctx ctx;
	json_t *root; /* registry.json, shared by all snapshots */
	uint64_t number;
	struct cbi_plugin_entry *plugins; /* by name, refused ones last */
	struct cbi_attached *attached;    /* as many */
	size_t count;
	const struct cbi_registry_filter *filter;
	struct cbi_snapshot *next; /* of those that wait to be freed */
};

/* root is borrowed (a reference is taken).  CB_ENOMEM. */
int cbi_snapshot_create(json_t *root, const struct cbi_registry_filter *filter,
                        cbi_wish_fn *wish, void *arg, uint64_t number,
                        struct cbi_snapshot **out) CB_USED;
void cbi_snapshot_destroy(struct cbi_snapshot *snapshot);

#endif
