/* SPDX-License-Identifier: Apache-2.0 */
/*
 * take.h - taking a checked document out of YAML: what may stand where, and
 * what is said when something else does.  Internal to the room.
 */
#ifndef CB_DECLARE_TAKE_H
#define CB_DECLARE_TAKE_H

#include "declare/declare.h"
#include "declare/template.h"
#include "yaml/yaml.h"

struct cbi_take {
	struct cb_ctx *ctx;
	const struct cbi_declare_file *file;
	struct cb_buf *mistakes;
	size_t count; /* of mistakes */
	const char *plugin;
	json_t *manifest;                                      /* being made */
	json_t *keys, *permissions, *sources, *cards, *routes; /* of it */
	json_t *declared; /* of it: sources, cards, pages, actions by name */
};

enum cbi_member_type {
	CBI_MEMBER_LINE = 1, /* one line of text */
	CBI_MEMBER_TEXT,     /* text of any number of lines */
	CBI_MEMBER_NUMBER,   /* whole, not negative */
	CBI_MEMBER_TRUTH,
	CBI_MEMBER_TIME, /* "90", "15m" */
	CBI_MEMBER_LIST,
	CBI_MEMBER_MAP,
	CBI_MEMBER_SCALAR, /* text, number or truth */
	CBI_MEMBER_ANY,
};

struct cbi_member {
	const char *name;
	enum cbi_member_type type;
	bool required;
};

/* Notes a mistake at a value, or at the key before it. */
void cbi_take_wrong(struct cbi_take *take, const struct cbi_yaml *at,
                    const char *fmt, ...) CB_PRINTF(3, 4);
void cbi_take_wrong_key(struct cbi_take *take, const struct cbi_yaml *at,
                        const char *fmt, ...) CB_PRINTF(3, 4);

/* "; did you mean 'x'?" or ""; lives with ctx. */
const char *cbi_take_hint(struct cb_ctx *ctx, const char *text,
                          const char *const *names, size_t n);

/*
 * Is node a map of these members alone, each of its type, with all that are
 * required?  what is it called to people ("card 'open'").  False when it is
 * not even a map; members that do not fit are noted and then read as absent
 * by the functions below.
 */
bool cbi_take_map(struct cbi_take *take, const struct cbi_yaml *node,
                  const char *what, const struct cbi_member *members, size_t n);
#define CBI_TAKE_MAP(take, node, what, members) \
	cbi_take_map(take, node, what, members, \
	             sizeof(members) / sizeof((members)[0]))

/* [a-z][a-z0-9-]* of at most 32 bytes; else noted at its key. */
bool cbi_take_name(struct cbi_take *take, const struct cbi_yaml *node,
                   const char *what);

/* The spelling of a scalar member, NULL when absent or none. */
const char *cbi_take_text(const struct cbi_yaml *map, const char *name);
/* Seconds of a TIME member. */
int cbi_take_seconds(const struct cbi_yaml *map, const char *name,
                     int fallback);

/* A text, or null. */
json_t *cbi_take_json(const char *text);

/* ---- check.c: templates, and what may stand in them ---------------------- */

enum cbi_root {
	CBI_ROOT_CONFIG = 1, /* {config.KEY} */
	CBI_ROOT_ENTITY = 2, /* {metadata.name}, {annotations.x} ... */
	CBI_ROOT_DATA = 4,   /* {.path} */
};

struct cbi_roots {
	unsigned kinds;      /* enum cbi_root */
	const json_t *key;   /* a declared source key: {key}, {key.part} */
	const json_t *names; /* array of requests before: {first.body.id} */
	bool strict;         /* another root is a mistake, not a text */
};

/* Checks the values in a text; mistakes are noted at node. */
void cbi_take_template(struct cbi_take *take, const struct cbi_yaml *node,
                       const char *text, const char *what,
                       const struct cbi_roots *roots);
/* The same of all texts below a node. */
void cbi_take_templates(struct cbi_take *take, const struct cbi_yaml *node,
                        const char *what, const struct cbi_roots *roots);
/* A key of the manifest by name; NULL for none. */
const json_t *cbi_take_key(const struct cbi_take *take, const char *name,
                           size_t len);

/* What a request may have, wherever one is made. */
#define CBI_REQUEST_MEMBERS                                                    \
	{ "get", CBI_MEMBER_LINE, false }, { "post", CBI_MEMBER_LINE, false }, \
	    { "put", CBI_MEMBER_LINE, false },                                 \
	    { "patch", CBI_MEMBER_LINE, false },                               \
	    { "delete", CBI_MEMBER_LINE, false },                              \
	    { "headers", CBI_MEMBER_MAP, false },                              \
	    { "body", CBI_MEMBER_ANY, false },                                 \
	    { "as", CBI_MEMBER_LINE, false },                                  \
	{                                                                      \
		"follow", CBI_MEMBER_ANY, false                                \
	}

/* ---- What stands in a file, one function a part --------------------------
 */

/* read_keys.c */
void cbi_take_keys(struct cbi_take *take, const struct cbi_yaml *root);
void cbi_take_permissions(struct cbi_take *take, const struct cbi_yaml *root);
/* The full name of what needs says ("read" or "alerts.read"; NULL: word),
 * which must be declared; word alone is declared when it is not. */
const char *cbi_take_needs(struct cbi_take *take, const struct cbi_yaml *map,
                           const char *what, const char *word,
                           const char *action);
/* read_source.c */
void cbi_take_sources(struct cbi_take *take, const struct cbi_yaml *root);
/* read_request.c: a map's get, post ..., headers, body, as, follow; *base is
 * the URL key it begins with. */
json_t *cbi_take_request(struct cbi_take *take, const struct cbi_yaml *map,
                         const char *what, const struct cbi_roots *roots,
                         const char **base);
/* A source key: a template over the entity, or a map of such. */
json_t *cbi_take_source_key(struct cbi_take *take, const struct cbi_yaml *map,
                            const char *what);
/* read_card.c */
void cbi_take_cards(struct cbi_take *take, const struct cbi_yaml *root);
void cbi_take_pages(struct cbi_take *take, const struct cbi_yaml *root);
/* A card's place, when, title, needs and order as its row of the manifest;
 * source is its declared source, or NULL. */
json_t *cbi_take_card_row(struct cbi_take *take, const struct cbi_yaml *map,
                          const char *what, const json_t *source);
/* Is a route's key a path?  Else noted. */
bool cbi_take_path(struct cbi_take *take, const struct cbi_yaml *node,
                   const char *what);
/* read_foreign.c: all of a file that has `serve`. */
void cbi_take_foreign(struct cbi_take *take, const struct cbi_yaml *root);
/* read_action.c; after the cards. */
void cbi_take_actions(struct cbi_take *take, const struct cbi_yaml *root);
/* read_show.c */
json_t *cbi_take_show(struct cbi_take *take, const struct cbi_yaml *map,
                      const char *what, const json_t *key);

#endif
