/* SPDX-License-Identifier: Apache-2.0 */
/*
 * discovery_keys.c - the keys that each of the five kinds has, with the names
 * and defaults of Backstage's providers.
 */
#include "provider/discovery_priv.h"

#include <string.h>

#include "base/str.h"
#include "json/json.h"

static int text(const struct cbi_discovery_reading *r, const char *key,
                const char *usual, const char **out)
{
	return cbi_supply_text(r->ctx, r->settings, r->path, key, usual, out);
}

static int flag(const struct cbi_discovery_reading *r, const json_t *map,
                const char *path, const char *key, bool *out)
{
	const json_t *value = json_object_get(map, key);

	if (value && !json_is_boolean(value))
		return cb_fail(r->ctx, CB_EINVAL,
		               "%s.%s: expected true or false", path, key);
	if (value)
		*out = json_is_true(value);
	return CB_OK;
}

/* "/a/b.yaml" as paths of a repository are. */
static int read_path(const struct cbi_discovery_reading *r, const char *key,
                     const char *usual, const char **out)
{
	const char *path;
	int rc = text(r, key, usual, &path);

	if (rc < 0)
		return rc;
	path += strspn(path, "/");
	if (!*path || strstr(path, "../"))
		return cb_fail(r->ctx, CB_EINVAL,
		               "%s.%s: expected a path of the repository",
		               r->path, key);
	*out = path;
	return CB_OK;
}

static int regex(const struct cbi_discovery_reading *r, const json_t *map,
                 const char *path, const char *key, bool whole,
                 struct cbi_pattern **out)
{
	const char *at = cb_printf(r->ctx, "%s.%s", path, key), *word;
	int rc = cbi_supply_text(r->ctx, map, path, key, NULL, &word);

	if (rc < 0 || !word)
		return rc;
	return at ? cbi_pattern_read(r->ctx, word, at, whole, out) : CB_ENOMEM;
}

static int texts(const struct cbi_discovery_reading *r, const json_t *map,
                 const char *path, const char *key, const json_t **out)
{
	const json_t *value = json_object_get(map, key), *item;
	size_t i;

	if (!value)
		return CB_OK;
	if (!json_is_array(value))
		return cb_fail(r->ctx, CB_EINVAL,
		               "%s.%s: expected a list of texts", path, key);
	json_array_foreach(value, i, item)
	{
		if (!json_is_string(item))
			return cb_fail(r->ctx, CB_EINVAL,
			               "%s.%s.%zu: expected a text", path, key,
			               i);
	}
	*out = value;
	return CB_OK;
}

static const char *filters_path(const struct cbi_discovery_reading *r)
{
	return cb_printf(r->ctx, "%s.filters", r->path);
}

/* ---- the five kinds ----------------------------------------------------- */

static int read_github_filters(const struct cbi_discovery_reading *r,
                               const json_t *filters)
{
	struct cbi_discovery *own = r->own;
	const char *path = filters_path(r), *at;
	const json_t *topic = json_object_get(filters, "topic");
	int rc;

	if (!path)
		return CB_ENOMEM;
	at = cb_printf(r->ctx, "%s.topic", path);
	rc = cbi_supply_text(r->ctx, filters, path, "branch", "\x01",
	                     &own->branch);
	if (rc == CB_OK && *own->branch == '\x01')
		own->branch = "";
	if (rc == CB_OK)
		rc = regex(r, filters, path, "repository", true, &own->names);
	if (rc == CB_OK)
		rc = flag(r, filters, path, "allowForks", &own->forks);
	if (rc == CB_OK)
		rc = flag(r, filters, path, "allowArchived", &own->archived);
	if (rc == CB_OK)
		rc = texts(r, filters, path, "visibility", &own->visibility);
	if (rc == CB_OK && at)
		rc = texts(r, topic, at, "include", &own->topics_in);
	if (rc == CB_OK && at)
		rc = texts(r, topic, at, "exclude", &own->topics_out);
	return at ? rc : CB_ENOMEM;
}

static int read_check(const struct cbi_discovery_reading *r)
{
	struct cbi_discovery *own = r->own;
	int rc = flag(r, r->settings, r->path, "validateLocationsExist",
	              &own->check);

	if (rc == CB_OK && own->check && cbi_scm_is_glob(own->path))
		return cb_fail(r->ctx, CB_EINVAL,
		               "%s.validateLocationsExist: a catalogPath with "
		               "wildcards cannot be looked for",
		               r->path);
	return rc;
}

int cbi_discovery_github(const struct cbi_discovery_reading *r)
{
	struct cbi_discovery *own = r->own;
	int rc = text(r, "organization", CBI_SUPPLY_NEEDED, &own->org);

	own->forks = true;
	if (rc == CB_OK)
		rc = read_path(r, "catalogPath", "/catalog-info.yaml",
		               &own->path);
	if (rc == CB_OK)
		rc = read_github_filters(
		    r, json_object_get(r->settings, "filters"));
	if (rc == CB_OK)
		rc = read_check(r);
	if (own->check)
		own->presence = "required";
	return rc;
}

/* One pattern, or a list of them. */
static int read_groups(const struct cbi_discovery_reading *r)
{
	struct cbi_discovery *own = r->own;
	const json_t *value = json_object_get(r->settings, "groupPattern");
	size_t n =
	    json_is_array(value) ? json_array_size(value) : value != NULL;
	int rc = CB_OK;

	if (n > CBI_DISCOVERY_GROUPS)
		return cb_fail(r->ctx, CB_EINVAL,
		               "%s.groupPattern: %zu patterns, expected at "
		               "most %d",
		               r->path, n, CBI_DISCOVERY_GROUPS);
	for (size_t i = 0; rc == CB_OK && i < n; i++) {
		const char *word = json_string_value(
		    json_is_array(value) ? json_array_get(value, i) : value);
		const char *at =
		    json_is_array(value)
			? cb_printf(r->ctx, "%s.groupPattern.%zu", r->path, i)
			: cb_printf(r->ctx, "%s.groupPattern", r->path);

		if (!at)
			return CB_ENOMEM;
		if (!word)
			return cb_fail(r->ctx, CB_EINVAL, "%s: expected a text",
			               at);
		rc = cbi_pattern_read(r->ctx, word, at, false,
		                      &own->groups[own->groups_n++]);
	}
	return rc;
}

/* "a, b": GitLab's own filter wants all of them. */
static int read_topics(const struct cbi_discovery_reading *r)
{
	const char *words;
	json_t *list;
	int rc = text(r, "topics", NULL, &words);

	if (rc < 0 || !words)
		return rc;
	list = json_array();
	rc = cbi_json_keep(r->ctx, list);
	while (rc == CB_OK && *words) {
		size_t len = strcspn(words, ","), to = len;
		size_t from = strspn(words, " ");

		while (to > from && words[to - 1] == ' ')
			to--;
		if (to > from &&
		    json_array_append_new(
			list, json_stringn(words + from, to - from)))
			rc = cb_fail(r->ctx, CB_EINVAL,
			             "%s.topics: expected UTF-8", r->path);
		words += len + (words[len] == ',');
	}
	r->own->topics_all = list;
	return rc;
}

static int note_unserved(const struct cbi_discovery_reading *r)
{
	static const struct {
		const char *key, *what;
	} rows[] = {
		{ "membership", "all projects that the token may list count" },
		{ "useSearch", "each project is asked for its file" },
		{ "orgEnabled", "users and groups are not brought in" },
		{ "userPattern", "users are not brought in" },
		{ "restrictUsersToGroup", "users are not brought in" },
		{ "allowInherited", "users are not brought in" },
		{ "relations", "users and groups are not brought in" },
	};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const json_t *value = json_object_get(r->settings, rows[i].key);

		if (!value || json_is_false(value))
			continue;
		r->own->unserved[n] =
		    cb_printf(r->ctx, "%s.%s is not served: %s", r->path,
		              rows[i].key, rows[i].what);
		if (!r->own->unserved[n++])
			return CB_ENOMEM;
	}
	return CB_OK;
}

int cbi_discovery_gitlab(const struct cbi_discovery_reading *r)
{
	struct cbi_discovery *own = r->own;
	bool no_forks = false;
	int rc = text(r, "group", NULL, &own->org);

	own->full_names = true;
	if (!own->org)
		own->org = "";
	if (rc == CB_OK)
		rc = text(r, "branch", NULL, &own->branch);
	if (!own->branch)
		own->branch = "";
	if (rc == CB_OK)
		rc = read_path(r, "entityFilename", "catalog-info.yaml",
		               &own->path);
	if (rc == CB_OK)
		rc = regex(r, r->settings, r->path, "projectPattern", false,
		           &own->names);
	if (rc == CB_OK)
		rc =
		    flag(r, r->settings, r->path, "skipForkedRepos", &no_forks);
	if (rc == CB_OK)
		rc = flag(r, r->settings, r->path, "includeArchivedRepos",
		          &own->archived);
	if (rc == CB_OK)
		rc = texts(r, r->settings, r->path, "excludeRepos",
		           &own->excluded);
	if (rc == CB_OK)
		rc = text(r, "fallbackBranch", NULL, &own->fallback);
	if (!own->fallback)
		own->fallback = "";
	if (rc == CB_OK)
		rc = read_groups(r);
	if (rc == CB_OK)
		rc = read_topics(r);
	if (rc == CB_OK)
		rc = note_unserved(r);
	own->forks = !no_forks;
	/* Upstream looks for the file always. */
	own->check = !own->path || !cbi_scm_is_glob(own->path);
	return rc;
}

int cbi_discovery_gitea(const struct cbi_discovery_reading *r)
{
	struct cbi_discovery *own = r->own;
	int rc = text(r, "organization", CBI_SUPPLY_NEEDED, &own->org);

	own->forks = true;
	if (rc == CB_OK)
		rc = text(r, "branch", NULL, &own->branch);
	if (!own->branch)
		own->branch = "";
	if (rc == CB_OK)
		rc = read_path(r, "catalogPath", "/catalog-info.yaml",
		               &own->path);
	return rc == CB_OK ? read_check(r) : rc;
}

int cbi_discovery_bitbucket(const struct cbi_discovery_reading *r)
{
	struct cbi_discovery *own = r->own;
	const json_t *filters = json_object_get(r->settings, "filters");
	const char *path = filters_path(r);
	bool no_archived = false;
	int rc =
	    path ? read_path(r, "catalogPath", "/catalog-info.yaml", &own->path)
		 : CB_ENOMEM;

	own->forks = true;
	own->org = "";
	if (rc == CB_OK)
		rc = regex(r, filters, path, "projectKey", false, &own->owners);
	if (rc == CB_OK)
		rc = regex(r, filters, path, "repoSlug", false, &own->names);
	if (rc == CB_OK)
		rc = flag(r, filters, path, "skipArchivedRepos", &no_archived);
	own->archived = !no_archived;
	return rc == CB_OK ? read_check(r) : rc;
}

int cbi_discovery_azure(const struct cbi_discovery_reading *r)
{
	struct cbi_discovery *own = r->own;
	const char *project = NULL;
	int rc = text(r, "organization", CBI_SUPPLY_NEEDED, &own->org);

	own->forks = true;
	if (rc == CB_OK)
		rc = text(r, "project", CBI_SUPPLY_NEEDED, &project);
	if (rc == CB_OK)
		rc = text(r, "repository", "*", &own->name_glob);
	if (rc == CB_OK)
		rc = text(r, "branch", NULL, &own->branch);
	if (!own->branch)
		own->branch = "";
	if (rc == CB_OK)
		rc = read_path(r, "path", "/catalog-info.yaml", &own->path);
	if (rc < 0)
		return rc;
	if (strpbrk(project, "*?[")) {
		own->owner_glob = project;
		return CB_OK;
	}
	own->org = cb_printf(r->ctx, "%s/%s", own->org, project);
	return own->org ? CB_OK : CB_ENOMEM;
}
