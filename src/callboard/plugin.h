/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callboard/plugin.h - the descriptor: all that the portal knows of a plugin.
 *
 * A plugin is one shared object that exports one constant,
 * `const struct cb_plugin cb_plugin_entry`.  Its tables are read, checked,
 * listed and switched without running any of its functions, so everything in
 * them is a constant.  Lists end with CB_END; a list the plugin does not need
 * stays NULL.  Reserved words at the end of a row stay zero; a later minor
 * version gives them names.
 *
 * Where functions run: `handle` and `draw` in web processes, `key` in web and
 * fetch, `fill` and `probe` in fetch, `start` and `stop` once in each process
 * that loads the plugin.  State is filled before `start` is called and
 * read-only after it returns: several threads see it at once, and nothing
 * written there reaches another process.
 *
 * Functions return CB_OK or one of the codes of ctx.h, best by cb_fail.  One
 * that crashes, or runs longer than `backend.limits.pluginTime`, costs its
 * process and is charged to the plugin: three times within a minute take it
 * out of service until somebody enables it again.
 *
 * Titles, labels, notes and help are message ids that the host passes through
 * cb_tr(); values never are.
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

/*
 * A plugin's major number must be the host's, its minor number may not be
 * newer.  Add a line here with every change of the number.
 *
 * ABI 1.0  first version.
 */
#define CB_ABI_MAJOR 1
#define CB_ABI_MINOR 0

/* What a fragment looks like from outside; asked for with every fragment. */
#define CB_CONTRACT_LEVEL 1

/* The first line of every descriptor. */
#define CB_PLUGIN_HEAD                                        \
	.abi_major = CB_ABI_MAJOR, .abi_minor = CB_ABI_MINOR, \
	.size = (uint32_t)sizeof(struct cb_plugin),           \
	.contract = CB_CONTRACT_LEVEL

/* Ends every list of rows: a row whose first member is NULL. */
#ifdef __cplusplus
#define CB_END \
	{      \
	}
#else
#define CB_END    \
	{         \
		0 \
	}
#endif

#if defined(__GNUC__)
#define CB_EXPORT __attribute__((visibility("default")))
#else
#define CB_EXPORT
#endif

enum cb_key_type {
	CB_KEY_TYPE_TEXT = 1, /* const char * */
	CB_KEY_TYPE_URL,  /* const char *: http(s) URL or a connection's name */
	CB_KEY_TYPE_INT,  /* int */
	CB_KEY_TYPE_BOOL, /* bool */
	CB_KEY_TYPE_SECS, /* int, seconds; written "90", "15m", "1h" */
};

/*
 * A config key `<plugin>.<name>`, written into the state's field before
 * start.  fallback is read as if it stood in the config; without one the key
 * is required, and a plugin whose required key is missing is refused.
 * Credentials are no keys: they belong to a connection.
 */
struct cb_key {
	const char *name;
	enum cb_key_type type;
	size_t offset; /* of the field, which has the type's C type */
	const char *fallback;
	const char *help;    /* one line */
	int64_t least, most; /* INT and SECS; both 0: what an int holds,
	                      * without negative seconds */
	uint64_t reserved[2];
};

#define CB_KEY(strct, field, kind, fallback, help, least, most)              \
	{                                                                    \
#field, kind, offsetof(strct, field), fallback, help, least, \
		    most,                                                    \
		{                                                            \
			0, 0                                                 \
		}                                                            \
	}
/* The field's name is the key's. */
#define CB_KEY_TEXT(strct, field, fallback, help) \
	CB_KEY(strct, field, CB_KEY_TYPE_TEXT, fallback, help, 0, 0)
#define CB_KEY_URL(strct, field, fallback, help) \
	CB_KEY(strct, field, CB_KEY_TYPE_URL, fallback, help, 0, 0)
#define CB_KEY_INT(strct, field, fallback, least, most, help) \
	CB_KEY(strct, field, CB_KEY_TYPE_INT, fallback, help, least, most)
#define CB_KEY_BOOL(strct, field, fallback, help) \
	CB_KEY(strct, field, CB_KEY_TYPE_BOOL, fallback, help, 0, 0)
#define CB_KEY_SECS(strct, field, fallback, help) \
	CB_KEY(strct, field, CB_KEY_TYPE_SECS, fallback, help, 0, 0)

/*
 * A page `/p/<plugin>/<path>` or, with api set, `/api/<plugin>/<path>`.  It
 * also answers what lies below its path, unless another row names that more
 * closely: cb_req_rest tells.
 */
struct cb_route {
	const char *path;  /* "" is the root; no slash at either end */
	const char *title; /* of the page; NULL for an API */
	bool api;
	const char *methods; /* "GET", or "GET POST"; HEAD goes with GET */
	const char *needs;   /* a permission of this plugin; never NULL */
	const char *nav;     /* navigation label; NULL keeps it out */
	/* A page is drawn into html; an API answers by cb_req_json, and its
	 * html is NULL.  A failure becomes the error page or body of its code.
	 */
	int (*handle)(struct cb_ctx *ctx, void *state, struct cb_req *req,
	              struct cb_html *html);
	uint64_t reserved[2];
};

/* A fragment `/fragments/<plugin>/<name>`, drawn into a place. */
struct cb_card {
	const char *name;  /* [a-z][a-z0-9-]*, at most 32 bytes */
	const char *place; /* "entity.overview", "home", ... an open string */
	const char *when;  /* a catalog filter that the entity must meet, such
	                    * as "kind=component,spec.type=service"; NULL is
	                    * always */
	const char *title;
	const char *needs; /* a permission of this plugin; never NULL */
	/*
	 * Draws the card's body; its frame and title are the host's.  entity
	 * is NULL in places without one.  CB_EPENDING becomes a placeholder
	 * that reloads itself, CB_ENOKEY a note that the entity has nothing
	 * here, any other failure a grey card with the failure's text.  What
	 * was drawn before a failure is dropped.
	 */
	int (*draw)(struct cb_ctx *ctx, void *state,
	            const struct cb_entity *entity, struct cb_html *html);
	int order; /* among the cards of a place; lower is earlier */
	uint64_t reserved[2];
};

/* What fetch may be asked for, and how; cards read it by cb_source_text. */
struct cb_source {
	const char *name; /* as a card's */
	/* The URL config key that says where it is fetched: requests may go
	 * there only. */
	const char *hosts_key;
	/* The source key an entity needs: what tells one value from another,
	 * at most 512 bytes.  CB_ENOKEY when it has none.  *key lives with
	 * ctx or the entity.  `callboardctl warm` asks it too. */
	int (*key)(struct cb_ctx *ctx, void *state,
	           const struct cb_entity *entity, const char **key);
	/* Fetches the value of one source key and writes what readers need of
	 * it, at most 1 MiB.  CB_ENOENT is kept as an answer; other failures
	 * leave an older value in place. */
	int (*fill)(struct cb_ctx *ctx, void *state, const char *key,
	            struct cb_buf *out);
	int fresh;             /* seconds; 0: see fresh_key, else 60 */
	int stale;             /* seconds after fresh that it still serves */
	const char *fresh_key; /* a SECS config key instead of fresh */
	uint64_t reserved[2];
};

/* Rows of the next four kinds are described, and refused by name until the
 * host serves them. */
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
	const char *help;   /* one line, or NULL */
	uint64_t reserved[2];
};

struct cb_plugin {
	uint16_t abi_major; /* these three are read first, guard the rest */
	uint16_t abi_minor;
	uint32_t size;     /* as the plugin saw it; fields are only appended */
	uint32_t contract; /* CB_CONTRACT_LEVEL it was written for */

	const char *name; /* [a-z][a-z0-9-]*, at most 32 bytes */
	const char *version;
	const char *summary;      /* one line, for people */
	const char *const *after; /* plugins that must be there; ends in NULL */

	size_t state_size; /* at most 1 MiB; zeroed, then filled from keys */
	const struct cb_key *keys;
	const struct cb_route *routes;
	const struct cb_card *cards;
	const struct cb_source *sources;
	const char *const *hosts; /* egress beyond connections; ends in NULL;
	                           * not served yet either */
	const struct cb_schedule *schedules;
	const struct cb_action *actions;
	const struct cb_migration *migrations;
	const struct cb_processor *processors;
	const struct cb_permission *permissions;

	/* All optional; probe is asked for health outside of requests.  A
	 * failing start leaves the plugin out of that process. */
	int (*start)(struct cb_ctx *ctx, void *state);
	void (*stop)(void *state);
	int (*probe)(struct cb_ctx *ctx, void *state);
};

CB_EXPORT extern const struct cb_plugin cb_plugin_entry;

#ifdef __cplusplus
}
#endif

#endif
