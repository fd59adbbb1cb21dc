/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry.c - one registry per process: its current snapshot, and how it is
 * replaced under the eyes of those who read it.
 *
 * A reader puts the snapshot it found into a slot of `held`, then looks
 * whether it is still the current one: whoever replaces it afterwards finds
 * it there and lets it live.  A replaced snapshot waits in `old` until no slot
 * holds it.  One thread at a time builds; the others go on with what there
 * is, so nobody waits.
 */
#include "registry/snapshot_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/board.h"
#include "base/limits.h"
#include "copy/copy.h"

struct cbi_registry {
	char *path;
	json_t *root; /* of path, as of root_files */
	uint64_t root_files;
	struct cbi_copy *copy;
	int table;
	const struct cbi_registry_filter *filter;
	_Atomic(struct cbi_snapshot *) current;
	/* Of current, for those who do not hold it. */
	_Atomic uint64_t number, files;
	_Atomic(const struct cbi_snapshot *) held[CB_SNAPSHOT_HOLDERS];
	atomic_flag building;     /* guards what follows */
	struct cbi_snapshot *old; /* replaced, perhaps still held */
	struct cbi_lane lane;     /* reads the copy */
};

/* ---- Wishes -------------------------------------------------------------- */

struct wishes {
	struct cbi_copy_txn *txn;
	int table;
	bool failed;
};

static json_t *wish_of(void *arg, const char *name)
{
	struct wishes *wishes = arg;
	struct cbi_span value;
	int rc = cbi_copy_get(wishes->txn, wishes->table, name, strlen(name),
	                      &value);

	if (rc == CB_OK)
		return json_loadb(value.ptr, value.len, 0, NULL);
	if (rc != CB_ENOENT)
		wishes->failed = true;
	return NULL;
}

static int read_root(struct cb_ctx *ctx, const char *path, json_t **out)
{
	json_error_t error;

	*out = NULL;
	if (access(path, F_OK) < 0 && errno == ENOENT) {
		*out = json_pack("{s:i, s:[]}", "format", 1, "plugins");
		return *out ? CB_OK : cb_fail(ctx, CB_ENOMEM, "out of memory");
	}
	*out = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (!*out)
		return cb_fail(ctx, CB_EBUG, "%s:%d:%d: %s", path, error.line,
		               error.column, error.text);
	if (json_integer_value(json_object_get(*out, "format")) == 1)
		return CB_OK;
	json_decref(*out);
	*out = NULL;
	return cb_fail(ctx, CB_EBUG, "%s: not a list of manifests of format 1",
	               path);
}

/* The files were looked at again: registry.json is another one.  One that
 * cannot be read leaves the one before. */
static void renew_root(struct cbi_registry *registry, struct cb_ctx *ctx,
                       uint64_t files)
{
	json_t *root;

	if (files == registry->root_files)
		return;
	if (read_root(ctx, registry->path, &root) == CB_OK) {
		json_decref(registry->root);
		registry->root = root;
	}
	registry->root_files = files;
}

/* ctx is the builder's: a request's own may look at an older copy. */
static int build(struct cbi_registry *registry, struct cb_ctx *ctx,
                 struct cbi_snapshot **out)
{
	struct wishes wishes = { .table = registry->table };
	uint64_t number = atomic_load(&cbi_board()->registry_number);
	uint64_t files = atomic_load(&cbi_board()->files_number);
	int rc;

	renew_root(registry, ctx, files);
	if (!registry->copy)
		return cbi_snapshot_create(registry->root, registry->filter,
		                           NULL, NULL, number, out);
	rc = cbi_copy_begin(ctx, registry->copy, &wishes.txn);
	if (rc < 0)
		return rc;
	rc = cbi_snapshot_create(registry->root, registry->filter, wish_of,
	                         &wishes, number, out);
	if (rc == CB_OK && wishes.failed) {
		cbi_snapshot_destroy(*out);
		rc = CB_EAWAY;
	}
	return rc;
}

/* ---- Holding ------------------------------------------------------------- */

/* Where this thread begins to look for a free slot: most find theirs free. */
static unsigned first_slot(void)
{
	static _Atomic unsigned next;
	static _Thread_local unsigned mine;

	if (!mine)
		mine = atomic_fetch_add(&next, 7) + 1;
	return mine % CB_SNAPSHOT_HOLDERS;
}

struct hold {
	struct cbi_registry *registry;
	unsigned slot;
};

static void let_go(void *ptr)
{
	struct hold *hold = ptr;

	atomic_store(&hold->registry->held[hold->slot], NULL);
}

static bool find_slot(struct cbi_registry *registry,
                      const struct cbi_snapshot *snapshot, unsigned *slot)
{
	unsigned first = first_slot();

	for (unsigned i = 0; i < CB_SNAPSHOT_HOLDERS; i++) {
		const struct cbi_snapshot *none = NULL;

		*slot = (first + i) % CB_SNAPSHOT_HOLDERS;
		if (atomic_compare_exchange_strong(&registry->held[*slot],
		                                   &none, snapshot))
			return true;
	}
	return false;
}

static bool is_held(struct cbi_registry *registry,
                    const struct cbi_snapshot *snapshot)
{
	for (unsigned i = 0; i < CB_SNAPSHOT_HOLDERS; i++)
		if (atomic_load(&registry->held[i]) == snapshot)
			return true;
	return false;
}

/* ---- Replacing ----------------------------------------------------------- */

static void free_old(struct cbi_registry *registry)
{
	struct cbi_snapshot **at = &registry->old;

	while (*at) {
		struct cbi_snapshot *one = *at;

		if (is_held(registry, one)) {
			at = &one->next;
			continue;
		}
		*at = one->next;
		cbi_snapshot_destroy(one);
	}
}

static void renew(struct cbi_registry *registry)
{
	struct cbi_snapshot *made, *was;
	struct cb_ctx ctx;
	int rc;

	if (atomic_flag_test_and_set(&registry->building))
		return;
	cbi_ctx_init(&ctx, &registry->lane);
	rc = build(registry, &ctx, &made);
	cbi_ctx_finish(&ctx);
	if (rc == CB_OK) {
		atomic_store(&registry->number, made->number);
		atomic_store(&registry->files, registry->root_files);
		was = atomic_exchange(&registry->current, made);
		was->next = registry->old;
		registry->old = was;
	}
	free_old(registry);
	atomic_flag_clear(&registry->building);
}

int cbi_registry_look(struct cb_ctx *ctx, struct cbi_registry *registry,
                      const struct cbi_snapshot **out)
{
	struct cbi_snapshot *snapshot;
	struct hold *hold;
	int rc;

	/* Lower is another database's. */
	if (atomic_load(&registry->number) !=
	        atomic_load(&cbi_board()->registry_number) ||
	    atomic_load(&registry->files) !=
	        atomic_load(&cbi_board()->files_number))
		renew(registry);
	hold = cb_alloc(ctx, sizeof(*hold));
	if (!hold)
		return CB_ENOMEM;
	hold->registry = registry;
	snapshot = atomic_load(&registry->current);
	if (!find_slot(registry, snapshot, &hold->slot))
		return cb_fail(ctx, CB_EBUSY,
		               "more than %d readers of the registry",
		               CB_SNAPSHOT_HOLDERS);
	/* Replaced between the load and the slot: it may be gone already. */
	while (snapshot != atomic_load(&registry->current)) {
		snapshot = atomic_load(&registry->current);
		atomic_store(&registry->held[hold->slot], snapshot);
	}
	rc = cb_defer(ctx, let_go, hold);
	if (rc == CB_OK)
		*out = snapshot;
	return rc;
}

/* ---- Making -------------------------------------------------------------- */

int cbi_registry_create(struct cb_ctx *ctx, const char *path,
                        struct cbi_copy *copy, int table,
                        const struct cbi_registry_filter *filter,
                        struct cbi_registry **out)
{
	struct cbi_registry *registry = calloc(1, sizeof(*registry));
	struct cbi_snapshot *first;
	struct cb_ctx own;
	int rc;

	if (!registry)
		return cb_fail(ctx, CB_ENOMEM, "out of memory");
	registry->copy = copy;
	registry->table = table;
	registry->filter = filter;
	atomic_flag_clear(&registry->building);
	cbi_lane_init(&registry->lane, CB_ARENA_REQUEST_MAX);
	registry->path = strdup(path);
	registry->root_files = atomic_load(&cbi_board()->files_number);
	rc = registry->path ? read_root(ctx, path, &registry->root)
	                    : cb_fail(ctx, CB_ENOMEM, "out of memory");
	if (rc < 0) {
		cbi_registry_destroy(registry);
		return rc;
	}
	cbi_ctx_init(&own, &registry->lane);
	rc = build(registry, &own, &first);
	cbi_ctx_finish(&own);
	/* Without a copy yet: as if nobody had ever switched anything, until
	 * the follower raises the registry's number. */
	if (rc == CB_EAWAY)
		rc = cbi_snapshot_create(registry->root, filter, NULL, NULL, 0,
		                         &first);
	if (rc < 0) {
		cbi_registry_destroy(registry);
		return cb_fail(ctx, rc, "no snapshot of %s", path);
	}
	atomic_store(&registry->number, first->number);
	atomic_store(&registry->files, registry->root_files);
	atomic_store(&registry->current, first);
	*out = registry;
	return CB_OK;
}

void cbi_registry_destroy(struct cbi_registry *registry)
{
	struct cbi_snapshot *next;

	if (!registry)
		return;
	cbi_snapshot_destroy(atomic_load(&registry->current));
	for (; registry->old; registry->old = next) {
		next = registry->old->next;
		cbi_snapshot_destroy(registry->old);
	}
	if (registry->copy)
		cbi_copy_lane_finish(&registry->lane);
	cbi_lane_finish(&registry->lane);
	json_decref(registry->root);
	free(registry->path);
	free(registry);
}
