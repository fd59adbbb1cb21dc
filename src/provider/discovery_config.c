/* SPDX-License-Identifier: Apache-2.0 */
/*
 * discovery_config.c - the sections github, gitlab, gitea, bitbucketServer and
 * azureDevOps of catalog.providers, with the keys of Backstage's providers.
 */
#include "provider/discovery.h"

#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "base/limits.h"
#include "base/str.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "json/json.h"
#include "provider/kinds.h"

struct reading {
	struct cb_ctx *ctx;
	const json_t *settings;
	const char *path; /* "catalog.providers.github.default" */
	struct cbi_discovery *own;
};

static int text(const struct reading *r, const char *key, const char *usual,
                const char **out)
{
	return cbi_supply_text(r->ctx, r->settings, r->path, key, usual, out);
}

static int flag(const struct reading *r, const json_t *map, const char *path,
                const char *key, bool *out)
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
static int read_path(const struct reading *r, const char *key,
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

static int regex(const struct reading *r, const json_t *map, const char *path,
                 const char *key, bool whole, struct cbi_pattern **out)
{
	const char *at = cb_printf(r->ctx, "%s.%s", path, key), *word;
	int rc = cbi_supply_text(r->ctx, map, path, key, NULL, &word);

	if (rc < 0 || !word)
		return rc;
	return at ? cbi_pattern_read(r->ctx, word, at, whole, out) : CB_ENOMEM;
}

static int texts(const struct reading *r, const json_t *map, const char *path,
                 const char *key, const json_t **out)
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

static const char *filters_path(const struct reading *r)
{
	return cb_printf(r->ctx, "%s.filters", r->path);
}

/* ---- the five kinds ----------------------------------------------------- */

static int read_github_filters(const struct reading *r, const json_t *filters)
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

static int read_check(const struct reading *r)
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

static int read_github(const struct reading *r)
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

static int read_gitlab(const struct reading *r)
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
	own->forks = !no_forks;
	/* Upstream looks for the file always. */
	own->check = !own->path || !cbi_scm_is_glob(own->path);
	return rc;
}

static int read_gitea(const struct reading *r)
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

static int read_bitbucket(const struct reading *r)
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

static int read_azure(const struct reading *r)
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

/* ---- what they share ---------------------------------------------------- */

static const struct form {
	const char *name;    /* of the section */
	const char *section; /* of integrations */
	const char *key;     /* of its locations; the id follows */
	int (*read)(const struct reading *r);
} forms[] = {
	{ "github", "github", "github-provider", read_github },
	{ "gitlab", "gitlab", "GitlabDiscoveryEntityProvider", read_gitlab },
	{ "gitea", "gitea", "gitea-provider", read_gitea },
	{ "bitbucketServer", "bitbucketServer", "bitbucketServer-provider",
	  read_bitbucket },
	{ "azureDevOps", "azure", "AzureDevOpsEntityProvider", read_azure },
};

/* The supplier's name is "section:id". */
static const struct form *form_of(const char *name)
{
	size_t len = strcspn(name, ":");

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (strlen(forms[i].name) == len &&
		    memcmp(forms[i].name, name, len) == 0)
			return &forms[i];
	return NULL;
}

static void close_scm(void *scm)
{
	cbi_scm_destroy(scm);
}

/* An id is a number or a text. */
static int choose_app(const struct reading *r, const struct form *form)
{
	const json_t *app = json_object_get(r->settings, "app");
	const char *id = json_string_value(app);

	if (!app || strcmp(form->section, "github") != 0)
		return CB_OK;
	if (json_is_integer(app))
		id = cb_printf(r->ctx, "%lld",
		               (long long)json_integer_value(app));
	if (!id)
		return cb_fail(r->ctx, CB_EINVAL,
		               "%s.app: expected the appId of an App", r->path);
	if (cbi_scm_app_choose(r->ctx, r->own->scm, r->own->host, id) < 0) {
		cb_failure_clear(r->ctx);
		return cb_fail(r->ctx, CB_EINVAL,
		               "%s.app: %s is no App of integrations.github",
		               r->path, id);
	}
	return CB_OK;
}

static int open_host(const struct reading *r,
                     const struct cbi_supply_place *place,
                     const struct form *form)
{
	struct cbi_discovery *own = r->own;
	const char *host;
	char *prefix;
	int rc = text(r, "host", NULL, &host);

	if (rc == CB_OK)
		rc = cbi_scm_create(
		    r->ctx, cbi_config_get(place->config, "integrations"),
		    place->http, &own->scm);
	if (rc < 0)
		return rc;
	rc = cb_defer(r->ctx, close_scm, own->scm);
	if (rc < 0)
		return rc;
	own->host = cbi_scm_host(own->scm, form->section, host);
	if (!own->host)
		return cb_fail(r->ctx, CB_EINVAL,
		               "%s: integrations.%s has no entry for %s",
		               r->path, form->section,
		               host ? host : "its host");
	rc = choose_app(r, form);
	if (rc < 0)
		return rc;
	prefix = cb_printf(r->ctx, "%s/%s%s", cbi_scm_host_name(own->host),
	                   own->org, *own->org ? "/" : "");
	if (!prefix)
		return CB_ENOMEM;
	cbi_str_lower(prefix);
	own->prefix = prefix;
	return CB_OK;
}

/* What another config would have found is not what this one would. */
static int note_settings(const struct reading *r)
{
	char *hash = cb_alloc(r->ctx, CB_SHA1_HEX);
	struct cb_buf buf;
	int rc;

	if (!hash)
		return CB_ENOMEM;
	cbi_buf_init(&buf, CB_MIB);
	rc = cbi_json_canonical(&buf, r->settings);
	if (rc == CB_OK)
		cbi_crypto_sha1_hex(buf.data, buf.len, hash);
	cbi_buf_finish(&buf);
	r->own->settings = hash;
	return rc < 0 ? cb_fail(r->ctx, rc, "%s is too large", r->path) : CB_OK;
}

static int configure(struct cb_ctx *ctx, const struct cbi_supply_place *place,
                     const json_t *settings, const char *path,
                     struct cbi_supplier *out)
{
	struct cbi_discovery *own = cb_alloc(ctx, sizeof(*own));
	const struct reading r = { ctx, settings, path, own };
	const struct form *form = form_of(out->name);
	int rc;

	if (!own || !form)
		return form ? CB_ENOMEM : CB_EBUG;
	*own = (struct cbi_discovery){ .branch = "", .presence = "optional" };
	own->key =
	    cb_printf(ctx, "%s:%s", form->key, strchr(out->name, ':') + 1);
	rc = own->key ? form->read(&r) : CB_ENOMEM;
	if (rc == CB_OK)
		rc = open_host(&r, place, form);
	if (rc == CB_OK)
		rc = note_settings(&r);
	out->arg = own;
	out->run = cbi_discovery_run;
	out->concerned = cbi_discovery_concerned;
	return rc;
}

static const char *const single_org[] = { "organization", NULL };
static const char *const single_host[] = { "host", NULL };

#define USUAL                                                                 \
	{                                                                     \
		.frequency_ms = 30 * 60 * 1000, .timeout_ms = 10 * 60 * 1000, \
		.initial_ms = 15 * 1000                                       \
	}

const struct cbi_supply_kind cbi_supply_github = {
	.section = "github",
	.help = "catalog files of a GitHub organisation",
	.single = single_org,
	.schedule = USUAL,
	.configure = configure,
};

const struct cbi_supply_kind cbi_supply_gitlab = {
	.section = "gitlab",
	.help = "catalog files of a GitLab group",
	.single = single_host,
	.schedule = USUAL,
	.configure = configure,
};

const struct cbi_supply_kind cbi_supply_gitea = {
	.section = "gitea",
	.help = "catalog files of a Gitea organisation",
	.single = single_org,
	.schedule = USUAL,
	.configure = configure,
};

const struct cbi_supply_kind cbi_supply_bitbucket = {
	.section = "bitbucketServer",
	.help = "catalog files of a Bitbucket Server",
	.single = single_host,
	.schedule = USUAL,
	.configure = configure,
};

const struct cbi_supply_kind cbi_supply_azure = {
	.section = "azureDevOps",
	.help = "catalog files of an Azure DevOps organisation",
	.single = single_org,
	.schedule = USUAL,
	.configure = configure,
};
