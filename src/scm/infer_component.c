/* SPDX-License-Identifier: Apache-2.0 */
/*
 * infer_component.c - what a repository seems to be, one thing after the other.
 */
#include "scm/infer_priv.h"
#include "scm/codeowners.h"
#include "scm/scm_priv.h"

#include "base/limits.h"
#include "base/str.h"

#include <callboard/json.h>

#include <string.h>

#define TAGS_MAX 10

static int annotate(struct cbi_scm_look *look, const char *key,
                    const char *value, const char *why)
{
	json_t *all =
	    json_object_get(cbi_scm_look_part(look, "metadata"), "annotations");

	if (!value || !why || json_object_set_new(all, key, json_string(value)))
		return CB_ENOMEM;
	return cbi_scm_look_say(
	    look, cb_printf(look->ctx, "metadata.annotations.%s", key),
	    CBI_SCM_SUGGESTED, value, why);
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

static int infer_owner(struct cbi_scm_look *look)
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
			return cbi_scm_look_suggest(
			    look, "spec", "owner", owner,
			    cb_printf(ctx, "%s, line %d", one[0], line));
	}
	return cbi_scm_look_say(
	    look, "spec.owner", CBI_SCM_ASKED, NULL,
	    "no CODEOWNERS file names an owner of the whole repository");
}

static int infer_type(struct cbi_scm_look *look)
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
		const char *file = cbi_scm_look_find(look, rows[i].patterns);

		if (file)
			return cbi_scm_look_suggest(look, "spec", "type",
			                            rows[i].type, file);
	}
	if (json_object_set_new(cbi_scm_look_part(look, "spec"), "type",
	                        json_string("other")))
		return CB_ENOMEM;
	return cbi_scm_look_say(look, "spec.type", CBI_SCM_ASKED, NULL,
	                        look->unseen ? look->unseen
	                                     : "no file says what it is");
}

int cbi_scm_infer_lifecycle(struct cbi_scm_look *look)
{
	if (look->repo->archived)
		return cbi_scm_look_suggest(look, "spec", "lifecycle",
		                            "deprecated",
		                            "the repository is archived");
	if (json_object_set_new(cbi_scm_look_part(look, "spec"), "lifecycle",
	                        json_string("unknown")))
		return CB_ENOMEM;
	return cbi_scm_look_say(look, "spec.lifecycle", CBI_SCM_ASKED, NULL,
	                        "nothing in a repository says it");
}

static bool is_tag(const char *text)
{
	return *text && strlen(text) <= CB_ENTITY_NAME_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+#:-") ==
	           strlen(text);
}

static int infer_tags(struct cbi_scm_look *look)
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
	    json_object_set(cbi_scm_look_part(look, "metadata"), "tags",
	                    tags)) {
		json_decref(tags);
		return all ? CB_OK : CB_ENOMEM;
	}
	json_decref(tags);
	return cbi_scm_look_say(look, "metadata.tags", CBI_SCM_SUGGESTED, all,
	                        why);
}

/* The key that tools of its host go by, and what runs there. */
static int infer_slug(struct cbi_scm_look *look)
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
	const char *file = cbi_scm_look_find(look, ci);
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
	if (rc == CB_OK && file &&
	    strcmp(cbi_scm_base_name(file), "Jenkinsfile") == 0)
		rc = cbi_scm_look_say(
		    look, "metadata.annotations.jenkins.io/job-full-name",
		    CBI_SCM_ASKED, NULL,
		    cb_printf(look->ctx, "there is %s", file));
	return rc;
}

static int infer_docs(struct cbi_scm_look *look)
{
	static const char *const docs[] = { "mkdocs.yml", "mkdocs.yaml", NULL };
	const char *file = cbi_scm_look_find(look, docs);

	return file && !strchr(file, '/')
	           ? annotate(look, "backstage.io/techdocs-ref", "dir:.", file)
	           : CB_OK;
}

int cbi_scm_infer_component(struct cbi_scm_look *look)
{
	const char *name = name_of(look->ctx, look->repo->name);
	int rc = name ? cbi_scm_look_begin(look, "Component", name, NULL)
	              : CB_ENOMEM;

	if (rc == CB_OK)
		rc = cbi_scm_look_say(look, "metadata.name", CBI_SCM_SUGGESTED,
		                      name, "the repository's name");
	if (rc == CB_OK && *look->repo->description)
		rc = cbi_scm_look_suggest(look, "metadata", "description",
		                          look->repo->description,
		                          "the repository's description");
	if (rc == CB_OK)
		rc = infer_type(look);
	if (rc == CB_OK)
		rc = cbi_scm_infer_lifecycle(look);
	if (rc == CB_OK)
		rc = infer_owner(look);
	if (rc == CB_OK)
		rc = infer_tags(look);
	if (rc == CB_OK)
		rc = infer_slug(look);
	if (rc == CB_OK)
		rc = infer_docs(look);
	if (rc == CB_OK)
		rc = cbi_scm_infer_apis(look);
	return rc == CB_OK ? cbi_scm_look_end(look) : rc;
}
