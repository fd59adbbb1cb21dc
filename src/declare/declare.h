/* SPDX-License-Identifier: Apache-2.0 */
/*
 * declare.h - plugins that are one file: a plugin.yaml is read and checked,
 * becomes a manifest, and is evaluated.
 *
 * Everything that can be wrong with a file is found when it is read, with
 * line and column.  The manifest's member "declared" is the checked document:
 * who has it only evaluates.  The room knows no registry, no host, no HTTP
 * client and no jq: what it needs of them it is handed (struct
 * cbi_declare_with).
 */
#ifndef CB_DECLARE_DECLARE_H
#define CB_DECLARE_DECLARE_H

#include <callboard/buf.h>
#include <callboard/catalog.h>
#include <callboard/json.h>

/* A file that is larger is no declaration any more. */
#define CB_DECLARE_BYTES_MAX (256 * 1024)

/* ---- Reading ------------------------------------------------------------- */

struct cbi_declare_file {
	const char *path; /* as it is named in what is said */
	const char *name; /* what its place says that it is called */
	/* Is it a jq program?  CB_EINVAL says what is wrong with it.  NULL:
	 * nobody looks. */
	int (*compile)(struct cb_ctx *ctx, void *arg, const char *program);
	void *arg;
};

/*
 * Reads a plugin.yaml.  Each mistake is one line appended to mistakes:
 * "<path>:<line>:<column>: <where>: <what>"; CB_EINVAL when there was any.
 *
 * *out is a new reference to the manifest, as registry/describe.c makes it of
 * a descriptor, with tier "declarative" and "declared"; its state is
 * "checked".  tests, unless NULL, gets the file's tests as JSON (a new
 * reference, an array; each with its "line").
 */
int cbi_declare_read(struct cb_ctx *ctx, const struct cbi_declare_file *file,
                     const char *text, size_t len, struct cb_buf *mistakes,
                     json_t **out, json_t **tests) CB_USED;

/* The same of the file at its path.  That it cannot be read is a mistake. */
int cbi_declare_open(struct cb_ctx *ctx, const struct cbi_declare_file *file,
                     struct cb_buf *mistakes, json_t **out,
                     json_t **tests) CB_USED;

/* ---- Evaluating ---------------------------------------------------------- */

/* One request, made; lives with ctx. */
struct cbi_declare_request {
	const char *name;   /* within its source; "" for the only one */
	const char *method; /* "GET" ... */
	/* The value of the URL key that the address begins with, and what
	 * follows it, encoded. */
	const char *base, *path;
	const char *url; /* instead of both: the address of a further page */
	const char *const *headers; /* "Name: value"; ends in NULL */
	const char *body;           /* NULL for none */
	size_t body_len;
};

struct cbi_declare_reply {
	const char *body; /* NUL-terminated */
	size_t len;
	const char *next; /* address of the next page, as in Link; "" */
};

/* What evaluation is handed. */
struct cbi_declare_with {
	void *arg;
	/* A config key's value as text; NULL for none. */
	const char *(*config)(struct cb_ctx *ctx, void *arg, const char *name);
	int (*ask)(struct cb_ctx *ctx, void *arg,
	           const struct cbi_declare_request *request,
	           struct cbi_declare_reply *out);
	/* Runs program over input with $key and $config (vars is
	 * {"key": .., "config": {..}}).  CB_ENOENT when it gives nothing. */
	int (*shape)(struct cb_ctx *ctx, void *arg, const char *program,
	             const char *vars, const char *input, size_t len,
	             struct cb_buf *out);
};

/* The declared source, card, page or action of that name; NULL for none. */
const json_t *cbi_declare_row(const json_t *manifest, const char *kind,
                              const char *name);

/* The source key of an entity (NULL in places without one): CB_ENOKEY when it
 * lacks what the key is made of.  *out lives with ctx. */
int cbi_declare_key(struct cb_ctx *ctx, const json_t *source,
                    const struct cb_entity *entity, const char **out) CB_USED;

/* Asks and shapes: the value of one source key. */
int cbi_declare_fill(struct cb_ctx *ctx, const json_t *manifest,
                     const json_t *source, const struct cbi_declare_with *with,
                     const char *key, struct cb_buf *out) CB_USED;

/* Makes the one request of a declared action; its answer is nobody's. */
int cbi_declare_act(struct cb_ctx *ctx, const json_t *action,
                    const struct cbi_declare_with *with,
                    const char *key) CB_USED;

/* The view model of `show` over a source's value (NULL: there is none);
 * a new reference.  CB_EUPSTREAM names the path of what does not fit. */
int cbi_declare_show(struct cb_ctx *ctx, const json_t *show,
                     const json_t *value, const struct cb_entity *entity,
                     const struct cbi_declare_with *with, json_t **out) CB_USED;

/* ---- Testing ------------------------------------------------------------- */

struct cbi_declare_tester {
	/* cbi_entity_create. */
	int (*entity)(struct cb_ctx *ctx, const char *body, size_t len,
	              const struct cb_entity **out);
	void *arg;
	/* As that of struct cbi_declare_with. */
	int (*shape)(struct cb_ctx *ctx, void *arg, const char *program,
	             const char *vars, const char *input, size_t len,
	             struct cb_buf *out);
};

/*
 * Runs one test of a file: the key of its entity, the value that its answers
 * become, and what the card shows of it.  CB_OK when all is as expected, else
 * the failure says what is not.
 */
int cbi_declare_test(struct cb_ctx *ctx, const json_t *manifest,
                     const json_t *test,
                     const struct cbi_declare_tester *tester) CB_USED;

#endif
