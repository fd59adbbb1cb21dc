/* SPDX-License-Identifier: Apache-2.0 */
/*
 * infer.c - see infer.h.
 *
 * Names of files decide, and the content of CODEOWNERS; a repository whose
 * tree is too large to be listed is judged by what its host says of it.
 */
#include "scm/infer.h"
#include "scm/codeowners.h"
#include "scm/scm_priv.h"

#include "base/limits.h"
#include "base/str.h"
#include "json/json.h"

#include <callboard/json.h>

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 20
#define TAGS_MAX 10

#define SUGGESTED "analysisSuggestedValue"
#define ASKED "needsUserInput"

struct look {
	struct cb_ctx *ctx;
	const struct cbi_scm *scm;
	struct cbi_scm_place place;
	const struct cbi_scm_repo *repo;
	const struct cbi_scm_leaf *leaf;
	size_t n;
	const char *unseen; /* why the tree is not known; NULL: it is */
	json_t *proposals, *entity, *fields;
	const char *from; /* the annotation */
};

/* ---- what is there ------------------------------------------------------ */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The first file that fits, of those nearest to the root. */
static const char *find(const struct look *look, const char *const *patterns)
{
	const char *best = NULL;
	size_t best_depth = 0;

	for (size_t i = 0; i < look->n; i++) {
		const char *path = look->leaf[i].path;
		size_t depth = 0;
		bool fits = false;

		for (const char *p = path; *p; p++)
			depth += *p == '/';
		for (size_t k = 0; patterns[k] && !fits; k++)
			fits =
			    strchr(patterns[k], '/')
				? fnmatch(patterns[k], path, FNM_PATHNAME) == 0
				: fnmatch(patterns[k], base_name(path), 0) == 0;
		if (fits && (!best || depth < best_depth)) {
			best = path;
			best_depth = depth;
		}
	}
	return best;
}

/* ---- what is said ------------------------------------------------------- */

static json_t *part(const struct look *look, const char *name)
{
	return json_object_get(look->entity, name);
}

/* One row, and one of the annotation. */
static int say(struct look *look, const char *field, const char *state,
               const char *value, const char *why)
{
	json_t *row =
	    json_pack("{s:s, s:s, s:s*, s:s}", "field", field, "state", state,
	              "value", value, "description", why);

	if (!row || json_array_append_new(look->fields, row))
		return cb_fail(look->ctx, CB_ENOMEM,
		               "no memory for a proposal");
	if (!value)
		return CB_OK;
	look->from = cb_printf(look->ctx, "%s%s%s: %s", look->from,
	                       *look->from ? "; " : "", field, why);
	return look->from ? CB_OK : CB_ENOMEM;
}

static int suggest(struct look *look, const char *where, const char *key,
                   const char *value, const char *why)
{
	json_t *map = part(look, where);
	const char *field = cb_printf(look->ctx, "%s.%s", where, key);

	if (!value || !why || !field)
		return CB_ENOMEM;
	if (json_object_set_new(map, key, json_string(value)))
		return cb_fail(look->ctx, CB_ENOMEM,
		               "no memory for a proposal");
	return say(look, field, SUGGESTED, value, why);
}

static int annotate(struct look *look, const char *key, const char *value,
                    const char *why)
{
	json_t *all = json_object_get(part(look, "metadata"), "annotations");

	if (!value || !why || json_object_set_new(all, key, json_string(value)))
		return CB_ENOMEM;
	return say(look, cb_printf(look->ctx, "metadata.annotations.%s", key),
	           SUGGESTED, value, why);
}

/* What an entity may be called, of what people call a repository. */
static const char *name_of(struct cb_ctx *ctx, const char *text)
{
	char *name = cb_strdup(ctx, text);
	size_t n = 0;

	for (const char *p = text; name && *p && n < CB_ENTITY_NAME_MAX; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') ||
		             (*p >= 'A' && *p <= 'Z') ||
		             (*p >= '0' && *p <= '9');

		if (plain)
			name[n++] = *p;
		else if (n > 0 && name[n - 1] != '-')
			name[n++] = *p == '_' || *p == '.' ? *p : '-';
	}
	while (n > 0 && strchr("-_.", name[n - 1]))
		n--;
	if (name)
		name[n] = '\0';
	return name && !*name ? "component" : name;
}

/* ---- one thing after the other ------------------------------------------ */

static int infer_owner(struct look *look)
{
	struct cb_ctx *ctx = look->ctx;
	struct cbi_scm_place place = look->place;
	const char *owner = NULL;
	struct cbi_scm_file file;
	int line = 0, rc = CB_OK;

	for (size_t i = 0; !owner && cbi_scm_codeowners_places[i]; i++) {
		const char *const one[] = { cbi_scm_codeowners_places[i],
			                    NULL };

		place.path = one[0];
		for (size_t k = 0; k < look->n && !owner; k++) {
			if (strcmp(look->leaf[k].path, one[0]) != 0)
				continue;
			rc = cbi_scm_read(ctx, look->scm, &place, NULL, &file);
			if (rc < 0)
				return rc;
			owner =
			    cbi_scm_codeowner(ctx, file.text, file.len, &line);
		}
		if (owner)
			return suggest(
			    look, "spec", "owner", owner,
			    cb_printf(ctx, "%s, line %d", one[0], line));
	}
	return say(look, "spec.owner", ASKED, NULL,
	           "no CODEOWNERS file names an owner of the whole repository");
}

static int infer_type(struct look *look)
{
	static const struct {
		const char *type, *patterns[8];
	} rows[] = {
		{ "service",
		  { "Dockerfile", "Containerfile", "*.Dockerfile",
		    "docker-compose.y*ml", NULL } },
		{ "service", { "Chart.yaml", NULL } },
		{ "website", { "index.html", "next.config.*", NULL } },
		{ "library",
		  { "package.json", "pom.xml", "go.mod", "Cargo.toml",
		    "pyproject.toml", "setup.py", "*.gemspec", NULL } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *file = find(look, rows[i].patterns);

		if (file)
			return suggest(look, "spec", "type", rows[i].type,
			               file);
	}
	if (json_object_set_new(part(look, "spec"), "type",
	                        json_string("other")))
		return CB_ENOMEM;
	return say(look, "spec.type", ASKED, NULL,
	           look->unseen ? look->unseen : "no file says what it is");
}

static int infer_lifecycle(struct look *look)
{
	if (look->repo->archived)
		return suggest(look, "spec", "lifecycle", "deprecated",
		               "the repository is archived");
	if (json_object_set_new(part(look, "spec"), "lifecycle",
	                        json_string("unknown")))
		return CB_ENOMEM;
	return say(look, "spec.lifecycle", ASKED, NULL,
	           "nothing in a repository says it");
}

static bool is_tag(const char *text)
{
	return *text && strlen(text) <= CB_ENTITY_NAME_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+#:-") ==
	           strlen(text);
}

static int infer_tags(struct look *look)
{
	json_t *tags = json_array(), *topic;
	char *language = cb_strdup(look->ctx, look->repo->language);
	const char *all = "", *why = "the host's main language";
	size_t i;

	if (!language || !tags)
		return CB_ENOMEM;
	cbi_str_lower(language);
	if (is_tag(language))
		json_array_append_new(tags, json_string(language));
	json_array_foreach(look->repo->topics, i, topic)
	{
		const char *text = json_string_value(topic);

		if (text && is_tag(text) && json_array_size(tags) < TAGS_MAX &&
		    strcmp(text, language) != 0) {
			json_array_append_new(tags, json_string(text));
			why = "the host's main language and topics";
		}
	}
	json_array_foreach(tags, i, topic) all = cb_printf(
	    look->ctx, "%s%s%s", all, i ? ", " : "", json_string_value(topic));
	if (!all || json_array_size(tags) == 0 ||
	    json_object_set(part(look, "metadata"), "tags", tags)) {
		json_decref(tags);
		return all ? CB_OK : CB_ENOMEM;
	}
	json_decref(tags);
	return say(look, "metadata.tags", SUGGESTED, all, why);
}

/* The key that tools of its host go by, and what runs there. */
static int infer_slug(struct look *look)
{
	static const char *const ci[] = { ".github/workflows/*.y*ml",
		                          ".gitlab-ci.yml",
		                          "Jenkinsfile",
		                          "azure-pipelines.yml",
		                          ".gitea/workflows/*.y*ml",
		                          NULL };
	const char *section = look->place.host->kind->section;
	const char *key =
	    strcmp(section, "github") == 0   ? "github.com/project-slug"
	    : strcmp(section, "gitlab") == 0 ? "gitlab.com/project-slug"
					     : NULL;
	const char *file = find(look, ci);
	int rc = CB_OK;

	if (key)
		rc = annotate(look, key,
		              cb_printf(look->ctx, "%s/%s", look->repo->owner,
		                        look->repo->name),
		              file ? cb_printf(look->ctx,
		                               "the repository's name; its "
		                               "builds are in %s",
		                               file)
		                   : "the repository's name");
	if (rc == CB_OK && file && strcmp(base_name(file), "Jenkinsfile") == 0)
		rc =
		    say(look, "metadata.annotations.jenkins.io/job-full-name",
		        ASKED, NULL, cb_printf(look->ctx, "there is %s", file));
	return rc;
}

static int infer_docs(struct look *look)
{
	static const char *const docs[] = { "mkdocs.yml", "mkdocs.yaml", NULL };
	const char *file = find(look, docs);

	return file && !strchr(file, '/')
	           ? annotate(look, "backstage.io/techdocs-ref", "dir:.", file)
	           : CB_OK;
}

static int begin(struct look *look, const char *kind, const char *name,
                 const char *type)
{
	json_t *one;

	look->entity = json_pack(
	    "{s:s, s:s, s:{s:s, s:{s:s}}, s:{}}", "apiVersion",
	    "backstage.io/v1alpha1", "kind", kind, "metadata", "name", name,
	    "annotations", "backstage.io/source-location",
	    cb_printf(look->ctx, "url:%s", look->place.before), "spec");
	look->fields = json_array();
	look->from = "";
	one = json_pack("{s:o, s:o}", "entity", look->entity, "fields",
	                look->fields);
	if (!one || json_array_append_new(look->proposals, one))
		return cb_fail(look->ctx, CB_ENOMEM,
		               "no memory for a proposal");
	return type ? suggest(look, "spec", "type", type, "the file's name")
	            : CB_OK;
}

static int end(struct look *look)
{
	json_t *all = json_object_get(part(look, "metadata"), "annotations");

	return json_object_set_new(all, "callboard.io/inferred-from",
	                           json_string(look->from))
	           ? cb_fail(look->ctx, CB_ENOMEM, "no memory for a proposal")
	           : CB_OK;
}

/* An API of each description; its text is taken from the file. */
static int infer_api(struct look *look, json_t *component, const char *file,
                     const char *type, json_t *names)
{
	struct cb_ctx *ctx = look->ctx;
	json_t *spec = json_object_get(component, "spec");
	const char *base = cb_json_text(component, "metadata.name", "");
	const char *owner = cb_json_text(spec, "owner", NULL);
	size_t n = json_array_size(names);
	const char *name = n ? cb_printf(ctx, "%.55s-api-%zu", base, n + 1)
	                     : cb_printf(ctx, "%.58s-api", base);
	int rc = name ? begin(look, "API", name, type) : CB_ENOMEM;

	if (rc == CB_OK)
		rc = say(look, "metadata.name", SUGGESTED, name,
		         "the repository's name");
	if (rc == CB_OK)
		rc = infer_lifecycle(look);
	if (rc == CB_OK && owner)
		rc = suggest(look, "spec", "owner", owner, "CODEOWNERS");
	else if (rc == CB_OK)
		rc = say(look, "spec.owner", ASKED, NULL,
		         "no CODEOWNERS file names an owner");
	if (rc == CB_OK &&
	    (json_object_set_new(
		 part(look, "spec"), "definition",
		 json_pack("{s:s}", "$text", cb_printf(ctx, "./%s", file))) ||
	     json_array_append_new(names, json_string(name))))
		rc = cb_fail(ctx, CB_ENOMEM, "no memory for a proposal");
	if (rc == CB_OK)
		rc = say(look, "spec.definition", SUGGESTED, file, file);
	return rc == CB_OK ? end(look) : rc;
}

static int infer_apis(struct look *look)
{
	static const struct {
		const char *type, *patterns[6];
	} rows[] = {
		{ "openapi",
		  { "openapi.y*ml", "openapi.json", "swagger.y*ml",
		    "swagger.json", "*.openapi.y*ml", NULL } },
		{ "asyncapi", { "asyncapi.y*ml", "asyncapi.json", NULL } },
		{ "grpc", { "*.proto", NULL } },
		{ "graphql", { "schema.graphql", NULL } },
	};
	json_t *component = look->entity, *fields = look->fields;
	const char *from = look->from;
	json_t *names = json_array();
	int rc = names ? CB_OK : CB_ENOMEM;

	for (size_t i = 0; rc == CB_OK && i < sizeof(rows) / sizeof(rows[0]);
	     i++) {
		const char *file = find(look, rows[i].patterns);

		if (file)
			rc = infer_api(look, component, file, rows[i].type,
			               names);
	}
	look->entity = component;
	look->fields = fields;
	look->from = from;
	if (rc == CB_OK && json_array_size(names)) {
		char *all = json_dumps(names, JSON_COMPACT);
		const char *text = all ? cb_strdup(look->ctx, all) : NULL;

		free(all);
		json_object_set(part(look, "spec"), "providesApis", names);
		rc = text ? say(look, "spec.providesApis", SUGGESTED, text,
		                "the descriptions beside it")
		          : CB_ENOMEM;
	}
	json_decref(names);
	return rc;
}

static int propose(struct look *look)
{
	const char *name = name_of(look->ctx, look->repo->name);
	int rc = name ? begin(look, "Component", name, NULL) : CB_ENOMEM;

	if (rc == CB_OK)
		rc = say(look, "metadata.name", SUGGESTED, name,
		         "the repository's name");
	if (rc == CB_OK && *look->repo->description)
		rc = suggest(look, "metadata", "description",
		             look->repo->description,
		             "the repository's description");
	if (rc == CB_OK)
		rc = infer_type(look);
	if (rc == CB_OK)
		rc = infer_lifecycle(look);
	if (rc == CB_OK)
		rc = infer_owner(look);
	if (rc == CB_OK)
		rc = infer_tags(look);
	if (rc == CB_OK)
		rc = infer_slug(look);
	if (rc == CB_OK)
		rc = infer_docs(look);
	if (rc == CB_OK)
		rc = infer_apis(look);
	return rc == CB_OK ? end(look) : rc;
}

/* ---- a repository ------------------------------------------------------- */

static int list_files(struct look *look, const char *catalog, json_t *files)
{
	for (size_t i = 0; i < look->n && json_array_size(files) < FILES_MAX;
	     i++) {
		const char *name = base_name(look->leaf[i].path);
		const char *url;

		if (catalog ? strcmp(name, catalog) != 0
		            : strcmp(name, "catalog-info.yaml") != 0 &&
		                  strcmp(name, "catalog-info.yml") != 0)
			continue;
		url = cbi_scm_url(look->ctx, &look->place, look->leaf[i].path);
		if (!url || json_array_append_new(files, json_string(url)))
			return CB_ENOMEM;
	}
	return CB_OK;
}

static int infer(struct cb_ctx *ctx, const struct cbi_scm *scm,
                 const struct cbi_scm_host *host,
                 const struct cbi_scm_repo *repo, const char *catalog,
                 json_t **out)
{
	struct look look = { .ctx = ctx, .scm = scm, .repo = repo };
	json_t *files = json_array(), *answer;
	struct cbi_scm_leaf *leaf = NULL;
	int rc = cbi_scm_within(ctx, host, repo, "", &look.place);

	look.proposals = json_array();
	answer = json_pack("{s:s, s:o, s:o}", "url", repo->url, "files", files,
	                   "proposals", look.proposals);
	if (cbi_json_keep(ctx, answer) < 0)
		return CB_ENOMEM;
	if (rc == CB_OK && !repo->empty)
		rc = cbi_scm_tree(ctx, scm, &look.place, &leaf, &look.n);
	if (rc == CB_ETOOBIG) {
		look.unseen = "the repository is too large to be looked at";
		cb_failure_clear(ctx);
		rc = CB_OK;
	}
	look.leaf = leaf;
	if (rc == CB_OK)
		rc = list_files(&look, catalog, files);
	if (rc == CB_OK && json_array_size(files) == 0)
		rc = propose(&look);
	if (rc == CB_OK)
		*out = answer;
	return rc < 0 && cb_failure_code(ctx) == CB_OK
	           ? cb_fail(ctx, rc, "no memory for a proposal")
	           : rc;
}

int cbi_scm_infer(struct cb_ctx *ctx, const struct cbi_scm *scm,
                  const char *url, const char *catalog, json_t **out)
{
	const struct cbi_scm_host *host;
	struct cbi_scm_repo repo;
	int rc = cbi_scm_repo_at(ctx, scm, url, &host, &repo);

	return rc == CB_OK ? infer(ctx, scm, host, &repo, catalog, out) : rc;
}
