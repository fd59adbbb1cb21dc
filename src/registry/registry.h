/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry.h - which plugins there are, and what becomes of them.
 *
 * Three things meet here: this host's plugin files, checked once per
 * generation and written down as manifests (registry.json); the fleet's wish
 * (table `plugin`, read through the host's copy); and the board (breaker,
 * crashes, quarantine).  A snapshot is what follows from them: who is on,
 * which cards stand in which place, which routes lead where.  It never
 * changes; when the board's registry number rises, a new one takes its place.
 *
 * The registry never runs a plugin's code: that is host/'s.
 */
#ifndef CB_REGISTRY_REGISTRY_H
#define CB_REGISTRY_REGISTRY_H

#include <callboard/buf.h>
#include <callboard/ctx.h>

#include "base/board.h"

#include <jansson.h>

struct cb_entity;
struct cb_plugin;
struct cbi_config;
struct cbi_copy;

/* What the registry asks of the catalog, which it does not know; host/ fills
 * it (cbi_host_filter). */
struct cbi_registry_filter {
	/* Reads a card's `when`.  *out lives with ctx, is read-only and may
	 * be matched by several threads at once.  CB_EINVAL says what is
	 * wrong. */
	int (*parse)(struct cb_ctx *ctx, const char *text, const void **out);
	bool (*match)(const void *filter, const struct cb_entity *entity);
	/* Makes a manifest of a plugin that is a file of text; deep also
	 * looks at what takes its time (programs in it).  CB_EINVAL with the
	 * mistakes in why, a line each.  *out is a new reference.  NULL:
	 * there are no such plugins. */
	int (*read)(struct cb_ctx *ctx, const char *path, const char *name,
	            bool deep, struct cb_buf *why, json_t **out);
};

/* ---- Looking at files ------------------------------------------------- */

/*
 * Looks at every `*.so` in backend.pluginDirs, each in a process of its own
 * that loads it and reads its tables but calls nothing, and at every `*.yaml`
 * and `<name>/plugin.yaml`; then at all of them
 * together (names, routes, what they come after) and at their sections of the
 * config.  The manifests, refused ones with their reason, are written to
 * out_path (made aside, then renamed).  Forks: call it from a process with
 * one thread.  Takes at most 5 s per file.
 *
 * A bad plugin is not a failure: CB_OK with a manifest that says so.
 * CB_EAWAY when out_path cannot be written.
 */
int cbi_registry_scan(struct cb_ctx *ctx, const struct cbi_config *config,
                      const struct cbi_registry_filter *filter,
                      const char *out_path) CB_USED;

/*
 * The same for plugins that are text, while the portal runs: those that are
 * code stay as they were found.  A text with mistakes leaves the one before in
 * place, whose manifest then has `trouble`.  (So does a scan, where out_path
 * still has the one before.)
 */
int cbi_registry_rescan(struct cb_ctx *ctx, const struct cbi_config *config,
                        const struct cbi_registry_filter *filter,
                        const char *out_path) CB_USED;

/* Another number for other plugins that are text: names, inodes, sizes and
 * times of their files.  NULL: that of none. */
uint64_t cbi_registry_signature(const struct cbi_config *config);

/* The same as JSON, without a file; a new reference. */
int cbi_registry_manifests(struct cb_ctx *ctx, const struct cbi_config *config,
                           const struct cbi_registry_filter *filter,
                           json_t **out) CB_USED;

/*
 * Fills a plugin's state from its keys and its section of the config; texts
 * live as long as the config.  The section was checked by the scan: a failure
 * here (CB_EINVAL, with file:line:column) means that the config changed.
 */
int cbi_registry_fill_state(struct cb_ctx *ctx, const struct cbi_config *config,
                            const struct cb_plugin *plugin,
                            void *state) CB_USED;

/* Is the file still the one that the manifest was made from?  CB_ECHANGED
 * with a text that says so. */
int cbi_registry_same_file(struct cb_ctx *ctx, const json_t *manifest) CB_USED;

/* ---- Snapshots -------------------------------------------------------- */

enum cbi_plugin_state {
	CBI_PLUGIN_FOUND = 0,   /* a file nobody looked at yet */
	CBI_PLUGIN_CHECKED,     /* fits; no process of its pool has it yet */
	CBI_PLUGIN_READY,       /* loaded by its pool, not started */
	CBI_PLUGIN_RUNNING,     /* loaded and started by its pool */
	CBI_PLUGIN_OFF,         /* somebody's wish */
	CBI_PLUGIN_OPEN,        /* the breaker keeps calls away for a while */
	CBI_PLUGIN_QUARANTINED, /* crashed too often; somebody must enable it */
	CBI_PLUGIN_REFUSED,     /* does not fit; reason says why */
};
/* "running", static. */
const char *cbi_plugin_state_name(enum cbi_plugin_state state);

/* All of these live with the snapshot that gave them. */
struct cbi_plugin_card {
	const struct cbi_plugin_entry *plugin;
	const char *name, *place, *title, *needs;
	const char *when;   /* NULL: always */
	const void *filter; /* the parsed `when` */
	int order;
};

struct cbi_plugin_route {
	const struct cbi_plugin_entry *plugin;
	const char *path; /* "" is the root */
	const char *title, *needs, *methods;
	const char *nav; /* NULL: not in the navigation */
	bool api;
};

struct cbi_plugin_entry {
	const char *name, *tier, *version, *summary, *file, *pool;
	const char *routed; /* the pool that nginx sends its requests to still,
	                     * while that is another; else "" */
	const char *abi;    /* "1.0" */
	const char *reason; /* of refused, off and quarantined; else "" */
	/* What is wrong with its file since; "" for nothing.  The version
	 * before runs on. */
	const char *trouble;
	bool refused;
	bool wanted;            /* the fleet's wish */
	const char *changed_by; /* who switched it last, "" for nobody */
	const char *changed_at; /* ISO time, "" for never */
	int64_t changed_ms;     /* the same since the epoch, 0 for never */
	bool quarantined;       /* in the table; see cbi_snapshot_on */
	size_t rank;            /* in the order in which they start */
	int board;              /* its row on the board; -1 when that is full */
	const struct cbi_plugin_card *cards;
	size_t card_count;
	const struct cbi_plugin_route *routes;
	size_t route_count;
	const json_t *manifest; /* all of it: keys, sources, permissions */
	struct cbi_attached *attached;
};

struct cbi_snapshot;

/* Sorted by name. */
size_t cbi_snapshot_plugins(const struct cbi_snapshot *snapshot,
                            const struct cbi_plugin_entry **out);
/* By name, also one that is off or refused; NULL for none. */
const struct cbi_plugin_entry *cbi_snapshot_plugin(
    const struct cbi_snapshot *snapshot, const char *name);

/* Is it on: neither refused, off nor quarantined (looks at the board for the
 * latter)?  The breaker is not asked. */
bool cbi_snapshot_on(const struct cbi_plugin_entry *plugin);

/* As people are told, the breaker and the pool's processes included. */
enum cbi_plugin_state cbi_snapshot_state(const struct cbi_plugin_entry *plugin);

/* Why it is in that state, "" when there is nothing to say; as long as ctx. */
const char *cbi_snapshot_reason(struct cb_ctx *ctx,
                                const struct cbi_plugin_entry *plugin);

/*
 * The cards of plugins that are on for a place ("entity.overview", "home"),
 * by order, then plugin and name.  entity may be NULL for places without one;
 * cards with a `when` are left out then.  *out lives with ctx.
 */
int cbi_snapshot_cards(struct cb_ctx *ctx, const struct cbi_snapshot *snapshot,
                       const char *place, const struct cb_entity *entity,
                       const struct cbi_plugin_card *const **out,
                       size_t *count) CB_USED;

/*
 * The route of a plugin that path (without a leading slash) leads to: the
 * longest that is path itself or its beginning up to a slash.  *rest is what
 * follows.  NULL for none.
 */
const struct cbi_plugin_route *cbi_snapshot_route(
    const struct cbi_snapshot *snapshot, const char *plugin, bool api,
    const char *path, const char **rest);

/* Routes with a navigation label of plugins that are on, by label; *out lives
 * with ctx. */
int cbi_snapshot_nav(struct cb_ctx *ctx, const struct cbi_snapshot *snapshot,
                     const struct cbi_plugin_route *const **out,
                     size_t *count) CB_USED;

/*
 * What the host makes of an entry and keeps with the snapshot: NULL until
 * somebody attached something.  Who attaches second gets false and keeps what
 * he brought; drop is called when nobody holds the snapshot any more.
 */
void *cbi_snapshot_attached(const struct cbi_plugin_entry *plugin);
bool cbi_snapshot_attach(const struct cbi_plugin_entry *plugin, void *thing,
                         void (*drop)(void *thing)) CB_USED;

/* The change number of the switches in it. */
uint64_t cbi_snapshot_number(const struct cbi_snapshot *snapshot);

/* ---- One registry per process ----------------------------------------- */

struct cbi_registry;

/*
 * Reads registry.json at path (absent: no plugins).  The fleet's wishes are
 * the values of the copy's table with that index: plugin's name to JSON text
 * with the columns of table `plugin` but name (times as ISO text).  copy may
 * be NULL: then everything that is not refused is wanted.  copy and filter
 * (which may be NULL too: no card has a `when`) outlive the registry.
 */
int cbi_registry_create(struct cb_ctx *ctx, const char *path,
                        struct cbi_copy *copy, int table,
                        const struct cbi_registry_filter *filter,
                        struct cbi_registry **out) CB_USED;
/* After the last context that looked has ended. */
void cbi_registry_destroy(struct cbi_registry *registry);

/*
 * The snapshot of now, made anew when switches have changed; for several
 * threads at once, none of which waits.  It stays valid until ctx ends.
 * CB_EBUSY when more than 256 contexts hold one.
 */
int cbi_registry_look(struct cb_ctx *ctx, struct cbi_registry *registry,
                      const struct cbi_snapshot **out) CB_USED;

/* ---- Switching -------------------------------------------------------- */

/*
 * Says fleet-wide whether a plugin is wanted, as ctx's actor: row, change
 * number, NOTIFY and audit in one transaction.  Enabling also ends a
 * quarantine.  reason may be "".  *number is the change number, which the
 * caller raises `wanted` on the board to; 0 when it was so already and
 * nothing was written.  CB_ENOENT for a name that neither this host's
 * manifests nor the table know, CB_EAWAY without PostgreSQL.
 */
int cbi_registry_switch(struct cb_ctx *ctx, struct cbi_registry *registry,
                        const char *name, bool wanted, const char *reason,
                        uint64_t *number) CB_USED;

/*
 * The engine calls this every 10 s on each host: writes what this host runs,
 * in which state and why, to `plugin_instance`, and takes away its rows of
 * plugins that are gone.  (Quarantines are carried by the follower.)
 */
int cbi_registry_heartbeat(struct cb_ctx *ctx, struct cbi_registry *registry,
                           const char *host) CB_USED;

/* ---- Breaker ---------------------------------------------------------- */

/*
 * May the plugin (its board row; -1 always may) be called?  After 5 failures
 * in a row it may not for 1 s, then one call tries; failing ones double the
 * distance up to 60 s.
 */
bool cbi_breaker_before(int plugin);
/* Tells how a permitted call went; says in the log when the breaker opens and
 * when it is over. */
void cbi_breaker_after(int plugin, bool ok);
/* Is it keeping calls away now? */
bool cbi_breaker_open(int plugin);

/* ---- health.c: what probes find, on the board --------------------------- */

struct cbi_plugin_health {
	enum cbi_health state;
	int64_t probed_ms;   /* since the epoch; 0: never */
	const char *ailment; /* of CBI_HEALTH_BAD, else ""; as long as ctx */
};

/* Notes what a probe found; why is of a bad one. */
void cbi_health_tell(int plugin, bool good, const char *why);

/* What the last probe found; UNKNOWN while the plugin is not on. */
void cbi_health_look(struct cb_ctx *ctx, const struct cbi_plugin_entry *plugin,
                     struct cbi_plugin_health *out);

/* "good", "bad", "unknown"; static. */
const char *cbi_health_name(enum cbi_health state);

#endif
