/* SPDX-License-Identifier: Apache-2.0 */
/*
 * git_tree.c - the commit of a ref, the files of a commit, their contents.
 *
 * Nothing is ever checked out: paths are names within a tree object, so that
 * links and ".." have nowhere to lead.
 */
#include "scm/git_priv.h"

#include "base/buf.h"
#include "base/ctx.h"
#include "base/limits.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#define ASK_MS 20000
#define FETCH_MS 60000
#define LIST_MAX (64 * CB_MIB)
/* Contents read by one run of git. */
#define GROUP 100
#define GROUP_BYTES CB_YAML_BYTES_MAX

static bool is_commit(const char *ref)
{
	return strlen(ref) == 40 &&
	       strspn(ref, "0123456789abcdef") == strlen(ref);
}

static int run(struct cb_ctx *ctx, const struct cbi_scm *scm, const char *what,
               const struct cbi_scm_git_ask *ask, struct cbi_spawn_reply *out)
{
	int rc = cbi_scm_git_run(ctx, scm, ask, out);

	if (rc == CB_OK && out->code != 0)
		rc = cbi_scm_git_failed(ctx, what, out);
	return rc;
}

/* ---- the commit --------------------------------------------------------- */

/* "<id>\t<name>" a line: of names that are given whole the first in order. */
static const char *pick(struct cb_ctx *ctx, const char *lines,
                        const char *const *names)
{
	for (; *names; names++) {
		const char *at = lines;

		while (*at) {
			size_t len = strcspn(at, "\n");
			size_t id = strcspn(at, "\t");
			size_t name = strlen(*names);

			if (id == 40 && len == id + 1 + name &&
			    memcmp(at + id + 1, *names, name) == 0)
				return cb_strndup(ctx, at, id);
			at += len + (at[len] == '\n');
		}
	}
	return NULL;
}

int cbi_scm_git_head(struct cb_ctx *ctx, const struct cbi_scm *scm,
                     const struct cbi_scm_place *place, const char **commit)
{
	const char *ref = *place->ref ? place->ref : "HEAD";
	const char *whole = cbi_str_starts(ref, "refs/") ? "" : "refs/heads/";
	/* A tag of a tag's object comes with the commit below it. */
	const char *names[] = { cb_printf(ctx, "%s%s", whole, ref),
		                cb_printf(ctx, "refs/tags/%s^{}", ref),
		                cb_printf(ctx, "refs/tags/%s", ref), NULL };
	const char *args[] = { "ls-remote", "--quiet", "--", NULL,
		               NULL,        NULL,      NULL, NULL };
	struct cbi_scm_git git;
	struct cbi_scm_git_ask ask = {
		.git = &git, .args = args, .out_max = CB_MIB, .total_ms = ASK_MS
	};
	struct cbi_spawn_reply reply;
	int rc = cbi_scm_git_open(ctx, scm, place, &git);

	if (rc == CB_OK && is_commit(ref)) {
		*commit = ref;
		return CB_OK;
	}
	if (!names[0] || !names[1] || !names[2])
		return CB_ENOMEM;
	if (!*place->ref)
		names[0] = "HEAD";
	args[3] = git.url;
	for (int i = 0; i < 3; i++)
		args[4 + i] = names[i];
	if (rc == CB_OK)
		rc = run(ctx, scm, git.url, &ask, &reply);
	if (rc < 0)
		return rc;
	*commit = pick(ctx, reply.out, names);
	if (!*commit && cb_failure_code(ctx) == CB_OK)
		return cb_fail(ctx, CB_ENOENT, "%s has no branch or tag '%s'",
		               git.url, ref);
	return *commit ? CB_OK : CB_ENOMEM;
}

/* ---- files -------------------------------------------------------------- */

struct clone {
	const struct cbi_scm *scm;
	struct cbi_scm_git git;
	const char *dir;
	int lock;
};

static int open_clone(struct cb_ctx *ctx, const struct cbi_scm *scm,
                      const struct cbi_scm_place *place, struct clone *out)
{
	int rc;

	*out = (struct clone){ .scm = scm, .lock = -1 };
	rc = cbi_scm_git_open(ctx, scm, place, &out->git);
	if (rc == CB_OK)
		rc = cbi_scm_git_clone(ctx, scm, &out->git, &out->dir,
		                       &out->lock);
	return rc;
}

static bool has(struct cb_ctx *ctx, const struct clone *clone,
                const char *commit)
{
	const char *object = cb_printf(ctx, "%s^{tree}", commit);
	const char *const args[] = { "cat-file", "-e", object, NULL };
	const struct cbi_scm_git_ask ask = { .dir = clone->dir,
		                             .args = args,
		                             .out_max = CB_KIB,
		                             .total_ms = ASK_MS };
	struct cbi_spawn_reply reply;

	if (!object ||
	    cbi_scm_git_run(ctx, clone->scm, &ask, &reply) != CB_OK) {
		cb_failure_clear(ctx);
		return false;
	}
	return reply.code == 0;
}

/* The ids are lines of in. */
static int fetch(struct cb_ctx *ctx, const struct clone *clone, const char *in)
{
	static const char *const args[] = {
		"fetch",
		"--quiet",
		"--depth=1",
		"--filter=blob:none",
		"--no-tags",
		"--no-write-fetch-head",
		"--no-auto-maintenance",
		"--no-recurse-submodules",
		"--refmap=",
		"--stdin",
		"origin",
		NULL,
	};
	const struct cbi_scm_git_ask ask = { .git = &clone->git,
		                             .dir = clone->dir,
		                             .args = args,
		                             .in = in,
		                             .out_max = CB_MIB,
		                             .total_ms = FETCH_MS };
	struct cbi_spawn_reply reply;

	return run(ctx, clone->scm, clone->git.url, &ask, &reply);
}

struct listing {
	struct cb_ctx *ctx;
	const char *pattern;
	bool glob;
	struct cbi_scm_blob *file;
	size_t n, cap;
};

/* "<mode> <type> <id>\t<path>" */
static int take(struct listing *list, const char *line)
{
	const char *type = strchr(line, ' ');
	const char *id = type ? strchr(type + 1, ' ') : NULL;
	const char *tab = id ? strchr(id, '\t') : NULL;
	bool link;

	if (!tab || tab - id != 41)
		return cb_fail(list->ctx, CB_EUPSTREAM,
		               "git lists something that is no file");
	link = cbi_str_starts(line, "120000") || cbi_str_starts(line, "160000");
	if (list->glob ? !cbi_scm_match(list->pattern, tab + 1)
	               : strcmp(list->pattern, tab + 1) != 0)
		return CB_OK;
	if (!cbi_str_utf8(tab + 1, strlen(tab + 1)))
		return CB_OK;
	if (list->n == CBI_SCM_FILES_MAX)
		return cb_fail(list->ctx, CB_EINVAL,
		               "the pattern fits more than %d files",
		               CBI_SCM_FILES_MAX);
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 32;
		struct cbi_scm_blob *more =
		    cb_alloc(list->ctx, cap * sizeof(*more));

		if (!more)
			return CB_ENOMEM;
		if (list->n)
			memcpy(more, list->file, list->n * sizeof(*more));
		list->file = more;
		list->cap = cap;
	}
	list->file[list->n] = (struct cbi_scm_blob){
		.path = tab + 1,
		.id = cb_strndup(list->ctx, id + 1, 40),
		.link = link,
	};
	return list->file[list->n++].id ? CB_OK : CB_ENOMEM;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct cbi_scm_blob *)a)->path,
	              ((const struct cbi_scm_blob *)b)->path);
}

static int list_tree(struct cb_ctx *ctx, const struct clone *clone,
                     const char *commit, struct listing *list)
{
	const char *args[] = { "ls-tree", "-z", "-r",          "--full-tree",
		               commit,    "--", list->pattern, NULL };
	const struct cbi_scm_git_ask ask = { .dir = clone->dir,
		                             .args = args,
		                             .out_max = LIST_MAX,
		                             .total_ms = ASK_MS };
	struct cbi_spawn_reply reply;
	int rc;

	if (list->glob)
		args[6] = NULL;
	rc = run(ctx, clone->scm, clone->git.url, &ask, &reply);
	for (const char *at = reply.out;
	     rc == CB_OK && at < reply.out + reply.out_len;
	     at += strlen(at) + 1)
		rc = take(list, at);
	if (rc == CB_OK && list->n)
		qsort(list->file, list->n, sizeof(*list->file), by_path);
	if (rc == CB_OK && !list->n)
		rc = cb_fail(ctx, CB_ENOENT, "%s has no file %s",
		             clone->git.url, list->pattern);
	return rc;
}

int cbi_scm_git_files(struct cb_ctx *ctx, const struct cbi_scm *scm,
                      const struct cbi_scm_place *place, const char *commit,
                      struct cbi_scm_blob **out, size_t *n)
{
	struct listing list = { .ctx = ctx,
		                .pattern = place->path,
		                .glob = cbi_scm_is_glob(place->path) };
	struct clone clone;
	int rc;

	if (!*place->path)
		return cb_fail(ctx, CB_EINVAL, "%s: expected a file of it",
		               place->repo);
	rc = open_clone(ctx, scm, place, &clone);
	if (rc < 0)
		return rc;
	if (!has(ctx, &clone, commit)) {
		cbi_scm_git_trim(ctx, scm, clone.dir);
		cbi_scm_git_unlock(clone.lock);
		rc = open_clone(ctx, scm, place, &clone);
		if (rc == CB_OK)
			rc = fetch(ctx, &clone, cb_printf(ctx, "%s\n", commit));
	}
	if (rc == CB_OK)
		rc = list_tree(ctx, &clone, commit, &list);
	cbi_scm_git_unlock(clone.lock);
	if (rc < 0)
		return rc;
	*out = list.file;
	*n = list.n;
	return CB_OK;
}

/* ---- contents ----------------------------------------------------------- */

struct group {
	struct cb_ctx *ctx;
	const struct clone *clone;
	struct cbi_scm_blob **file;
	size_t n;
};

/* A failure of one file, taken from the context. */
static int blame(struct cb_ctx *ctx, struct cbi_scm_blob *file)
{
	file->code = cb_failure_code(ctx);
	file->problem = cb_strdup(ctx, cb_failure(ctx));
	cb_failure_clear(ctx);
	return file->problem ? CB_OK : CB_ENOMEM;
}

/* Their ids, a line each; those that have a problem are left out. */
static const char *ids(struct group *group)
{
	struct cb_buf buf;
	const char *text = NULL;
	int rc = CB_OK;

	cbi_buf_init(&buf, CB_MIB);
	for (size_t i = 0; rc == CB_OK && i < group->n; i++)
		if (!group->file[i]->problem)
			rc = cb_buf_printf(&buf, "%s\n", group->file[i]->id);
	if (rc == CB_OK)
		text = cb_strdup(group->ctx, cbi_buf_string(&buf));
	cbi_buf_finish(&buf);
	return text;
}

static int ask_objects(struct group *group, const char *how, size_t out_max,
                       struct cbi_spawn_reply *reply)
{
	const char *const args[] = { "cat-file", how, NULL };
	const struct cbi_scm_git_ask ask = { .dir = group->clone->dir,
		                             .args = args,
		                             .in = ids(group),
		                             .out_max = out_max,
		                             .total_ms = ASK_MS };

	if (!ask.in)
		return CB_ENOMEM;
	return run(group->ctx, group->clone->scm, group->clone->git.url, &ask,
	           reply);
}

/* "<id> missing" or "<id> blob <size>" a line: *at goes to the next one. */
static int read_head(struct cb_ctx *ctx, const char **at, const char *id,
                     int64_t *size)
{
	size_t len = strcspn(*at, "\n");
	const char *line = cb_strndup(ctx, *at, len);
	int64_t n = -1;

	if (!line)
		return CB_ENOMEM;
	if (strncmp(line, id, 40) != 0 ||
	    (strcmp(line + 40, " missing") != 0 &&
	     (!cbi_str_starts(line + 40, " blob ") ||
	      cbi_str_int(line + 46, 0, INT64_MAX, &n) < 0)))
		return cb_fail(ctx, CB_EUPSTREAM,
		               "git says '%.80s' of the object %s", line, id);
	*at += len + 1;
	*size = n;
	return CB_OK;
}

/* Those whose contents are not here: fetched together, and one by one when
 * that fails, so that one that is too large keeps no other from being read. */
static int bring(struct group *group)
{
	struct cb_ctx *ctx = group->ctx;
	struct cbi_spawn_reply reply;
	struct cb_buf missing;
	const char *at;
	bool known =
	    ask_objects(group, "--batch-check", CB_MIB, &reply) == CB_OK;
	int rc = CB_OK;

	/* An older git looks for the first that is missing, and may not. */
	cb_failure_clear(ctx);
	cbi_buf_init(&missing, CB_MIB);
	at = known ? reply.out : "";
	for (size_t i = 0; rc == CB_OK && i < group->n; i++) {
		int64_t size = -1;

		if (known)
			rc = read_head(ctx, &at, group->file[i]->id, &size);
		if (rc == CB_OK && size < 0)
			rc =
			    cb_buf_printf(&missing, "%s\n", group->file[i]->id);
	}
	if (rc == CB_OK && missing.len &&
	    fetch(ctx, group->clone, cbi_buf_string(&missing)) < 0) {
		cb_failure_clear(ctx);
		for (size_t i = 0; rc == CB_OK && i < group->n; i++) {
			const char *id = group->file[i]->id;

			if (!strstr(cbi_buf_string(&missing), id))
				continue;
			if (fetch(ctx, group->clone,
			          cb_printf(ctx, "%s\n", id)) < 0)
				rc = blame(ctx, group->file[i]);
		}
	}
	cbi_buf_finish(&missing);
	return rc;
}

/* Sizes first: what is too large is told, not read. */
static int weigh(struct group *group, size_t *left)
{
	struct cb_ctx *ctx = group->ctx;
	struct cbi_spawn_reply reply;
	int rc = ask_objects(group, "--batch-check", CB_MIB, &reply);
	const char *at = reply.out;

	for (size_t i = 0; rc == CB_OK && i < group->n; i++) {
		struct cbi_scm_blob *file = group->file[i];
		int64_t size;

		if (file->problem)
			continue;
		rc = read_head(ctx, &at, file->id, &size);
		if (rc < 0)
			break;
		if (size < 0)
			cb_fail(ctx, CB_EUPSTREAM,
			        "%s: the repository did not send it",
			        file->path);
		else if (size > CB_YAML_BYTES_MAX)
			cb_fail(ctx, CB_ETOOBIG,
			        "%s has %lld bytes, expected at most %d",
			        file->path, (long long)size, CB_YAML_BYTES_MAX);
		else if ((size_t)size > *left)
			cb_fail(ctx, CB_ETOOBIG,
			        "%s: the files before it have %d bytes",
			        file->path, CBI_SCM_GIT_BYTES);
		else
			*left -= (size_t)size;
		file->len = size < 0 ? 0 : (size_t)size;
		if (cb_failure_code(ctx) != CB_OK)
			rc = blame(ctx, file);
	}
	return rc;
}

static int read_part(struct group *group)
{
	struct cb_ctx *ctx = group->ctx;
	struct cbi_spawn_reply reply;
	size_t max = CB_KIB;
	const char *at;
	int rc;

	for (size_t i = 0; i < group->n; i++)
		if (!group->file[i]->problem)
			max += group->file[i]->len + 100;
	rc = ask_objects(group, "--batch", max, &reply);
	at = reply.out;
	for (size_t i = 0; rc == CB_OK && i < group->n; i++) {
		struct cbi_scm_blob *file = group->file[i];
		int64_t size;

		if (file->problem)
			continue;
		rc = read_head(ctx, &at, file->id, &size);
		if (rc == CB_OK && (size != (int64_t)file->len ||
		                    at + size >= reply.out + reply.out_len))
			rc = cb_fail(ctx, CB_EUPSTREAM,
			             "git breaks off within %s", file->path);
		if (rc < 0)
			return rc;
		/* The line end behind it becomes its own. */
		((char *)(uintptr_t)at)[size] = '\0';
		file->text = at;
		at += size + 1;
	}
	return rc;
}

/* In parts of some MiB: a run's output is one piece of memory. */
static int read_parts(struct group *all)
{
	struct group part = { all->ctx, all->clone, all->file, 0 };
	size_t bytes = 0;
	int rc = CB_OK;

	for (size_t i = 0; rc == CB_OK && i < all->n; i++) {
		size_t len = all->file[i]->problem ? 0 : all->file[i]->len;

		if (part.n && bytes + len > GROUP_BYTES) {
			rc = read_part(&part);
			part.file += part.n;
			part.n = 0;
			bytes = 0;
		}
		part.n++;
		bytes += len;
	}
	return rc == CB_OK && part.n ? read_part(&part) : rc;
}

static int read_group(struct group *group, size_t *left)
{
	int rc = bring(group);

	if (rc == CB_OK)
		rc = weigh(group, left);
	return rc == CB_OK ? read_parts(group) : rc;
}

int cbi_scm_git_read(struct cb_ctx *ctx, const struct cbi_scm *scm,
                     const struct cbi_scm_place *place,
                     struct cbi_scm_blob *files, size_t n)
{
	struct cbi_scm_blob *wanted[GROUP];
	struct clone clone;
	struct group group = { ctx, &clone, wanted, 0 };
	size_t left = CBI_SCM_GIT_BYTES;
	int rc = open_clone(ctx, scm, place, &clone);

	if (rc < 0)
		return rc;
	for (size_t i = 0; rc == CB_OK && i < n; i++) {
		if (!files[i].want)
			continue;
		if (files[i].link) {
			cb_fail(ctx, CB_EDENIED,
			        "%s is a symbolic link or a submodule",
			        files[i].path);
			rc = blame(ctx, &files[i]);
			continue;
		}
		wanted[group.n++] = &files[i];
		if (group.n == GROUP) {
			rc = read_group(&group, &left);
			group.n = 0;
		}
	}
	if (rc == CB_OK && group.n)
		rc = read_group(&group, &left);
	cbi_scm_git_unlock(clone.lock);
	return rc;
}
