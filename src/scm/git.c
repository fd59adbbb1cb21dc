/* SPDX-License-Identifier: Apache-2.0 */
/*
 * git.c - addresses of files in git repositories, and which repositories the
 * config lets be asked.  See git.h.
 */
#include "scm/git_priv.h"

#include "base/limits.h"
#include "base/str.h"
#include "http/http.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	bool network;
} schemes[] = {
	{ "https", true }, { "http", true }, { "ssh", true }, { "file", false }
};
#define SCHEMES (sizeof(schemes) / sizeof(schemes[0]))

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define WORD LETTERS "0123456789._-"

bool cbi_scm_is_git(const char *url)
{
	return cbi_str_starts(url, "git+");
}

void cbi_scm_git_keep(struct cbi_scm *scm, const char *state_dir)
{
	scm->state_dir = state_dir;
}

/* ---- the config --------------------------------------------------------- */

static int wrong(struct cb_ctx *ctx, size_t at, const char *key,
                 const char *expected)
{
	return cb_fail(ctx, CB_EINVAL, "integrations.git.%zu.%s: expected %s",
	               at, key, expected);
}

/* It stands in a command line for ssh, which a shell takes apart. */
static bool plain_path(const char *path)
{
	return path[0] == '/' && strspn(path, WORD "/") == strlen(path);
}

static int read_file_name(struct cb_ctx *ctx, const json_t *row, size_t at,
                          const char *key, const char **out)
{
	*out = cbi_scm_word(row, key);
	if (*out && !plain_path(*out))
		return wrong(ctx, at, key,
		             "an absolute path of letters, digits and ._-/");
	return CB_OK;
}

/* The line lives with the rows. */
static int read_header(struct cb_ctx *ctx, struct cbi_scm *scm,
                       const json_t *config, const char **out)
{
	const char *token = cbi_scm_word(config, "token");
	const char *word = token ? token : cbi_scm_word(config, "password");
	const char *user = cbi_scm_word(config, "username");
	const char *line;

	if (!word)
		return CB_OK;
	/* Every host takes some name beside a token. */
	line = cbi_scm_basic(ctx, user ? user : "oauth2", word);
	*out = line ? cbi_scm_keep(ctx, scm, line) : NULL;
	return *out ? CB_OK : CB_ENOMEM;
}

static int read_host(struct cb_ctx *ctx, struct cbi_scm *scm,
                     const json_t *config, size_t at,
                     struct cbi_scm_git_row *row)
{
	const char *host = cbi_scm_word(config, "host"), *key = "allow";
	const json_t *list = json_object_get(config, key);
	size_t n = json_array_size(list);
	char *lower = host ? cb_strdup(ctx, host) : NULL;
	int rc;

	if (!host || host[0] == '-' || strspn(host, WORD ":[]") != strlen(host))
		return wrong(ctx, at, "host", "a host such as git.example.com");
	if (!lower)
		return CB_ENOMEM;
	cbi_str_lower(lower);
	row->host = cbi_scm_keep(ctx, scm, lower);
	row->allow = cbi_arena_alloc(&scm->arena, (n + 1) * sizeof(char *));
	if (!row->host || !row->allow)
		return cb_fail(ctx, CB_ENOMEM, "no memory for integrations");
	if (list && !json_is_array(list))
		return wrong(ctx, at, key, "a list of address ranges");
	for (size_t i = 0; i < n; i++) {
		row->allow[i] = json_string_value(json_array_get(list, i));
		if (!row->allow[i])
			return wrong(ctx, at, key, "a list of address ranges");
	}
	rc = read_file_name(ctx, config, at, "privateKeyFile", &row->key);
	if (rc == CB_OK)
		rc = read_file_name(ctx, config, at, "knownHostsFile",
		                    &row->known_hosts);
	if (rc == CB_OK && row->key && !row->known_hosts)
		rc = wrong(ctx, at, "knownHostsFile",
		           "a file of host keys beside privateKeyFile");
	return rc == CB_OK ? read_header(ctx, scm, config, &row->header) : rc;
}

int cbi_scm_git_config(struct cb_ctx *ctx, struct cbi_scm *scm,
                       const json_t *rows)
{
	size_t n = json_array_size(rows), at;
	const json_t *config;
	int rc = CB_OK;

	if (rows && !json_is_array(rows))
		return cb_fail(ctx, CB_EINVAL,
		               "integrations.git: expected a list");
	scm->git = cbi_arena_alloc(&scm->arena, (n + 1) * sizeof(*scm->git));
	if (!scm->git)
		return cb_fail(ctx, CB_ENOMEM, "no memory for integrations");
	json_array_foreach(rows, at, config)
	{
		struct cbi_scm_git_row *row = &scm->git[scm->git_n];

		*row = (struct cbi_scm_git_row){ 0 };
		row->path = cbi_scm_word(config, "path");
		if (row->path && row->path[0] != '/')
			return wrong(ctx, at, "path", "an absolute path");
		if (!row->path)
			rc = read_host(ctx, scm, config, at, row);
		if (rc < 0)
			return rc;
		scm->git_n++;
	}
	return CB_OK;
}

/* ---- an address --------------------------------------------------------- */

static int no_form(struct cb_ctx *ctx, const char *url)
{
	return cb_fail(ctx, CB_EINVAL,
	               "%.300s: expected git+https://host/repo.git//path?ref="
	               "name, or git+ssh, git+http or git+file",
	               url);
}

/* A name that git cannot take for an option, a pattern or a range. */
static bool good_ref(const char *ref)
{
	return ref[0] != '-' && ref[0] != '/' && !strstr(ref, "..") &&
	       !strstr(ref, "//") && strspn(ref, WORD "/+@") == strlen(ref) &&
	       strlen(ref) < 200;
}

/* Decoded, checked segment by segment. */
static int read_path(struct cb_ctx *ctx, const char *text, size_t len,
                     const char **out)
{
	char *path = cb_alloc(ctx, len + 1);
	size_t n = 0;

	if (!path)
		return CB_ENOMEM;
	if (cbi_str_url_decode(text, len, false, path, &n) < 0 ||
	    !cbi_str_utf8(path, n) || memchr(path, '\0', n))
		return cb_fail(ctx, CB_EINVAL,
		               "'%.*s': expected UTF-8, escaped", (int)len,
		               text);
	path[n] = '\0';
	for (const char *at = path; *at;) {
		size_t part = strcspn(at, "/");

		if (part == 0 || (at[0] == '.' && part == 1) ||
		    (at[0] == '.' && at[1] == '.' && part == 2))
			return cb_fail(ctx, CB_EDENIED,
			               "'%.*s': an empty or relative folder",
			               (int)len, text);
		at += part + (at[part] == '/');
	}
	*out = path;
	return CB_OK;
}

int cbi_scm_git_parse(struct cb_ctx *ctx, const char *url,
                      struct cbi_scm_place *out)
{
	const char *scheme = url + strlen("git+");
	const char *rest = strstr(scheme, "://");
	const char *split = rest ? strstr(rest + 3, "//") : NULL;
	struct cbi_scm_place place = { .owner = "", .ref = "" };
	size_t end;
	int rc;

	for (const char *at = url; *at; at++)
		if ((unsigned char)*at <= ' ' || *at == 0x7f || *at == '\\')
			return no_form(ctx, url);
	end = split ? strcspn(split, "?#") : 0;
	if (!split || end < 3 ||
	    strcspn(rest + 3, "?#") < (size_t)(split - rest - 3) ||
	    split == rest + 3)
		return no_form(ctx, url);
	place.repo = cb_strndup(ctx, scheme, (size_t)(split - scheme));
	place.before = cb_strndup(ctx, url, (size_t)(split + 2 - url));
	place.after = cb_strndup(ctx, split + end, strcspn(split + end, "#"));
	if (!place.repo || !place.before || !place.after)
		return CB_ENOMEM;
	if (strstr(place.repo, "/../") || cbi_str_ends(place.repo, "/.."))
		return no_form(ctx, url);
	rc = read_path(ctx, split + 2, end - 2, &place.path);
	if (rc < 0)
		return rc;
	place.ref = cbi_scm_param(ctx, place.after, "ref");
	if (!place.ref)
		return cb_failure_code(ctx);
	if (!good_ref(place.ref))
		return cb_fail(ctx, CB_EINVAL,
		               "'%.100s' is no branch, tag or commit",
		               place.ref);
	*out = place;
	return CB_OK;
}

/* ---- whose repository --------------------------------------------------- */

static int open_folder(struct cb_ctx *ctx, const struct cbi_scm *scm,
                       struct cbi_scm_git *git)
{
	char real[PATH_MAX], root[PATH_MAX];
	const char *path = git->url + strlen("file://");

	if (path[0] != '/' || strchr(path, '%'))
		return cb_fail(ctx, CB_EINVAL,
		               "%s: expected an absolute path, without '%%'",
		               git->url);
	for (size_t i = 0; i < scm->git_n; i++) {
		const char *own = scm->git[i].path;
		size_t len;

		if (!own || !realpath(own, root))
			continue;
		if (!realpath(path, real))
			continue;
		len = strlen(root);
		if (strncmp(real, root, len) != 0 || real[len] != '/')
			continue;
		git->row = &scm->git[i];
		git->url = cb_printf(ctx, "file://%s", real);
		return git->url ? CB_OK : CB_ENOMEM;
	}
	return cb_fail(ctx, CB_EDENIED,
	               "%s is no repository below a path that integrations.git "
	               "names",
	               git->url);
}

/* "[user@]host[:port]" of the address. */
static int read_authority(struct cb_ctx *ctx, struct cbi_scm_git *git,
                          char **whole)
{
	const char *text = strstr(git->url, "://") + 3;
	size_t len = strcspn(text, "/");
	char *name = cb_strndup(ctx, text, len), *at, *colon;
	int64_t port = 0;

	if (!name)
		return CB_ENOMEM;
	at = strrchr(name, '@');
	if (at && (strcmp(git->scheme, "ssh") != 0 || name[0] == '-' ||
	           strspn(name, WORD) != (size_t)(at - name)))
		return cb_fail(ctx, CB_EINVAL,
		               "%s: a user is expected with ssh alone, and no "
		               "password",
		               git->url);
	name = at ? at + 1 : name;
	cbi_str_lower(name);
	*whole = cb_strdup(ctx, name);
	colon = name[0] == '[' ? strchr(name, ']') : strchr(name, ':');
	if (name[0] == '[' && colon) {
		*colon = '\0';
		name++;
		colon = colon[1] == ':' ? colon + 1 : NULL;
	}
	if (colon && cbi_str_int(colon + 1, 1, 65535, &port) < 0)
		return no_form(ctx, git->url);
	if (colon)
		*colon = '\0';
	git->port = (int)port;
	git->host = name;
	if (!*whole || !name[0] || name[0] == '-' ||
	    strspn(name, WORD ":") != strlen(name))
		return *whole ? no_form(ctx, git->url) : CB_ENOMEM;
	return CB_OK;
}

int cbi_scm_git_open(struct cb_ctx *ctx, const struct cbi_scm *scm,
                     const struct cbi_scm_place *place, struct cbi_scm_git *out)
{
	struct cbi_scm_git git = { .url = place->repo, .host = "" };
	char *name = NULL;
	int rc;

	for (size_t i = 0; i < SCHEMES; i++) {
		size_t len = strlen(schemes[i].name);

		if (strncmp(git.url, schemes[i].name, len) == 0 &&
		    git.url[len] == ':')
			git.scheme = schemes[i].name;
	}
	if (!git.scheme)
		return no_form(ctx, git.url);
	if (strcmp(git.scheme, "file") == 0) {
		rc = open_folder(ctx, scm, &git);
		*out = git;
		return rc;
	}
	rc = read_authority(ctx, &git, &name);
	for (size_t i = 0; rc == CB_OK && i < scm->git_n; i++)
		if (scm->git[i].host && strcmp(scm->git[i].host, name) == 0)
			git.row = &scm->git[i];
	if (rc == CB_OK && !git.row)
		rc = cb_fail(ctx, CB_EDENIED,
		             "host %s is not in integrations.git", name);
	*out = git;
	return rc;
}
