/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callboard/plugin.h - the descriptor: all that the portal knows of a plugin.
 *
 * A plugin is one shared object that exports one constant,
 * `const struct cb_plugin cb_plugin_entry`.  Its tables are read, checked,
 * listed and switched without running any of its functions.  Lists end with
 * CB_END.  Reserved words at the end of a row stay zero; a later minor
 * version gives them names.
 *
 * Where functions run: `handle` and `draw` in web processes, `key` in web and
 * fetch, `fill` and `probe` in fetch, `start` and `stop` once in each process
 * that loads the plugin.  State is filled before `start` returns and
 * read-only afterwards: several threads see it at once.
 */
#ifndef CALLBOARD_PLUGIN_H
#define CALLBOARD_PLUGIN_H

#include <callboard/buf.h>
#include <callboard/catalog.h>
#include <callboard/ctx.h>
#include <callboard/html.h>
#include <callboard/req.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ABI 1.0  first version.  Add a line here with every change of the number. */
#define CB_ABI_MAJOR 1
#define CB_ABI_MINOR 0

/* Fragments are asked for with this contract level. */
#define CB_CONTRACT_LEVEL 1

#define CB_PLUGIN_HEAD                                                         \
	.abi_major = CB_ABI_MAJOR, .abi_minor = CB_ABI_MINOR,                  \
	.size = (uint32_t)sizeof(struct cb_plugin)

/* Ends every list: its first member is NULL. */
#define CB_END                                                                 \
	{                                                                      \
		NULL                                                           \
	}

enum cb_key_type {
	CB_KEY_TYPE_TEXT = 1, /* const char * */
	CB_KEY_TYPE_URL,      /* const char *: a URL or a connection's name */
	CB_KEY_TYPE_INT,      /* int */
	CB_KEY_TYPE_BOOL,     /* bool */
	CB_KEY_TYPE_SECS,     /* int, seconds; "90", "15m", "1h" */
};

/* A config key `<plugin>.<name>`, written into the state's field. */
struct cb_key {
	const char *name;
	enum cb_key_type type;
	size_t offset;
	const char *fallback; /* NULL: the key is required */
	const char *help;     /* one line */
	uint64_t reserved[2];
};

#define CB_KEY(strct, field, kind, fallback, help)                             \
	{                                                                      \
		#field, kind, offsetof(strct, field), fallback, help,          \
		{                                                              \
			0, 0                                                   \
		}                                                              \
	}
#define CB_KEY_TEXT(strct, field, fallback, help)                              \
	CB_KEY(strct, field, CB_KEY_TYPE_TEXT, fallback, help)
#define CB_KEY_URL(strct, field, fallback, help)                               \
	CB_KEY(strct, field, CB_KEY_TYPE_URL, fallback, help)
#define CB_KEY_INT(strct, field, fallback, help)                               \
	CB_KEY(strct, field, CB_KEY_TYPE_INT, fallback, help)
#define CB_KEY_BOOL(strct, field, fallback, help)                              \
	CB_KEY(strct, field, CB_KEY_TYPE_BOOL, fallback, help)
#define CB_KEY_SECS(strct, field, fallback, help)                              \
	CB_KEY(strct, field, CB_KEY_TYPE_SECS, fallback, help)

/* A page `/p/<plugin>/<path>` or, with api set, `/api/<plugin>/<path>`. */
struct cb_route {
	const char *path; /* "" is the root; no leading slash */
	const char *title;
	bool api;
	const char *methods; /* "GET", or "GET POST"; HEAD goes with GET */
	const char *needs;   /* a permission of this plugin; never NULL */
	const char *nav;     /* navigation label; NULL keeps it out */
	int (*handle)(struct cb_ctx *ctx, void *state, struct cb_req *req,
	              struct cb_html *html);
	uint64_t reserved[2];
};

/* A fragment `/fragments/<plugin>/<name>`, drawn into a place. */
struct cb_card {
	const char *name;
	const char *place; /* "entity.overview", "home", ... an open string */
	const char *when;  /* a catalog filter; NULL is always */
	const char *title;
	const char *needs; /* a permission of this plugin; never NULL */
	int (*draw)(struct cb_ctx *ctx, void *state,
	            const struct cb_entity *entity, struct cb_html *html);
	int order; /* among the cards of a place; lower is earlier */
	uint64_t reserved[2];
};

/* What fetch may be asked for. */
struct cb_source {
	const char *name;
	/* The config key that holds the URL or connection it reaches. */
	const char *hosts_key;
	/* The key an entity needs; CB_ENOKEY when it has none.  *key lives
	 * with ctx.  At most 512 bytes. */
	int (*key)(struct cb_ctx *ctx, void *state,
	           const struct cb_entity *entity, const char **key);
	/* Fetches and shapes the value of one key; at most 1 MiB. */
	int (*fill)(struct cb_ctx *ctx, void *state, const char *key,
	            struct cb_buf *out);
	int fresh;             /* seconds; 0: see fresh_key, else 60 */
	int stale;             /* seconds after fresh that it still serves */
	const char *fresh_key; /* a SECS config key instead of fresh */
	uint64_t reserved[2];
};

/* Rows of these kinds are described, and refused by name until the host
 * serves them. */
struct cb_schedule {
	const char *name;
	const char *every; /* "15m" */
	int (*run)(struct cb_ctx *ctx, void *state);
	uint64_t reserved[2];
};

struct cb_action {
	const char *name;
	const char *title;
	const char *needs;
	int (*run)(struct cb_ctx *ctx, void *state, struct cb_req *req,
	           struct cb_buf *out);
	uint64_t reserved[2];
};

struct cb_migration {
	const char *name;
	const char *up;
	const char *down;
	uint64_t reserved[2];
};

struct cb_processor {
	const char *name;
	int priority;
	int (*run)(struct cb_ctx *ctx, void *state, struct cb_entity *entity);
	uint64_t reserved[2];
};

struct cb_permission {
	const char *name;   /* "<plugin>.<word>" */
	const char *action; /* "read", "create", "update", "delete", "use" */
	const char *help;
	uint64_t reserved[2];
};

struct cb_plugin {
	uint16_t abi_major; /* these three are read first, guard the rest */
	uint16_t abi_minor;
	uint32_t size; /* as the plugin saw it; fields are only appended */

	const char *name; /* [a-z][a-z0-9-]*, at most 32 bytes */
	const char *version;
	const char *summary;      /* one line, for people */
	const char *const *after; /* plugins that must be there; ends in NULL */

	size_t state_size; /* zeroed by the host, filled from keys */
	const struct cb_key *keys;
	const struct cb_route *routes;
	const struct cb_card *cards;
	const struct cb_source *sources;
	const char *const *hosts; /* egress beyond connections; ends in NULL */
	const struct cb_schedule *schedules;
	const struct cb_action *actions;
	const struct cb_migration *migrations;
	const struct cb_processor *processors;
	const struct cb_permission *permissions;

	/* All optional; probe is asked for health outside of requests. */
	int (*start)(struct cb_ctx *ctx, void *state);
	void (*stop)(void *state);
	int (*probe)(struct cb_ctx *ctx, void *state);
};

extern const struct cb_plugin cb_plugin_entry;

#ifdef __cplusplus
}
#endif

#endif
