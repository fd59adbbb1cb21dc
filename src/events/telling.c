/* SPDX-License-Identifier: Apache-2.0 */
/*
 * telling.c - what the bodies of GitHub, GitLab, Gitea, Bitbucket and Azure
 * DevOps say.
 *
 * Their shapes differ in names only, and no name means two things, so one
 * reader looks for all of them.
 */
#include "events/events.h"

#include <string.h>

#include "base/str.h"
#include "callboard/json.h"

/* A push of more files is taken as one of unknown files. */
#define PATHS_MAX 1000
/* GitHub leaves out the commits beyond; GitLab says how many there are. */
#define COMMITS_MAX 2048

static const char *first_text(json_t *body, const char *const *paths)
{
	for (; *paths; paths++) {
		const char *text = cb_json_text(body, *paths, NULL);

		if (text && *text)
			return text;
	}
	return NULL;
}

/* "https://user@host/a/b.git" as "https://host/a/b/", in lower case. */
static char *prefix_of(struct cb_ctx *ctx, const char *url)
{
	const char *host = strstr(url, "://"), *user;
	size_t len = strcspn(url, "?#");
	char *text;

	if (!cbi_str_starts(url, "http://") && !cbi_str_starts(url, "https://"))
		return NULL;
	host += 3;
	while (len > 0 && url[len - 1] == '/')
		len--;
	/* A host and something on it. */
	if (!memchr(host + 1, '/',
	            url + len > host + 1 ? (size_t)(url + len - host - 1)
	                                 : 0) ||
	    *host == '/')
		return NULL;
	user = memchr(host, '@', strcspn(host, "/?#"));
	text = user ? cb_printf(ctx, "%.*s%.*s", (int)(host - url), url,
	                        (int)(url + len - user - 1), user + 1)
	            : cb_strndup(ctx, url, len);
	if (!text)
		return NULL;
	if (cbi_str_ends(text, "/browse"))
		text[strlen(text) - strlen("/browse")] = '\0';
	if (cbi_str_ends(text, ".git"))
		text[strlen(text) - strlen(".git")] = '\0';
	cbi_str_lower(text);
	return cb_printf(ctx, "%s/", text);
}

/* Bitbucket Server names project and repository, not itself. */
static char *bitbucket_repo(struct cb_ctx *ctx, json_t *body, const char *host)
{
	const char *key = cb_json_text(body, "repository.project.key", NULL);
	const char *slug = cb_json_text(body, "repository.slug", NULL);

	return key && slug && *host
	           ? prefix_of(ctx, cb_printf(ctx, "%s/projects/%s/repos/%s",
	                                      host, key, slug))
	           : NULL;
}

static char *repo_of(struct cb_ctx *ctx, json_t *body, const char *host)
{
	static const char *const names[] = {
		"repository.html_url",           /* GitHub, Gitea */
		"project.web_url",               /* GitLab */
		"repository.links.html.href",    /* Bitbucket Cloud */
		"resource.repository.remoteUrl", /* Azure DevOps */
		NULL,
	};
	const char *url = first_text(body, names);

	return url ? prefix_of(ctx, url) : bitbucket_repo(ctx, body, host);
}

/* The host is the repository's or the sender's: the organisation says only
 * where its API is. */
static char *org_of(struct cb_ctx *ctx, json_t *body, const char *repo)
{
	static const char *const logins[] = { "organization.login",
		                              "organization.username", NULL };
	static const char *const hosts[] = { "repository.html_url",
		                             "sender.html_url", NULL };
	const char *login = first_text(body, logins);
	const char *url = first_text(body, hosts);
	const char *host = url ? strstr(url, "://") : NULL;
	char *text, *slash;

	if (login && host) {
		host += 3;
		text = cb_printf(ctx, "%.*s/%s",
		                 (int)(host - url) + (int)strcspn(host, "/"),
		                 url, login);
		return text ? prefix_of(ctx, text) : NULL;
	}
	/* The folder that the repository is in. */
	text = repo ? cb_strndup(ctx, repo, strlen(repo) - 1) : NULL;
	slash = text ? strrchr(text, '/') : NULL;
	if (!slash || slash[-1] == '/')
		return NULL;
	slash[1] = '\0';
	return text;
}

/* The one branch that the list's rows name at key; "" for several. */
static const char *common_ref(json_t *list, const char *key)
{
	const char *found = "";

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *ref =
		    cb_json_text(json_array_get(list, i), key, "");

		if (i > 0 && strcmp(found, ref) != 0)
			return "";
		found = ref;
	}
	return found;
}

static const char *branch_of(json_t *body)
{
	const char *ref = cb_json_text(body, "ref", NULL);

	if (!ref)
		ref = common_ref(json_object_get(body, "changes"), "ref.id");
	if (!*ref)
		ref = common_ref(cb_json_at(body, "push.changes"), "new.name");
	if (!*ref)
		ref =
		    common_ref(cb_json_at(body, "resource.refUpdates"), "name");
	if (cbi_str_starts(ref, "refs/heads/"))
		ref += strlen("refs/heads/");
	else if (cbi_str_starts(ref, "refs/tags/"))
		ref += strlen("refs/tags/");
	return ref;
}

/* False: there are too many, or the body does not say all. */
static bool add_paths(json_t *out, const json_t *commit, const char *key)
{
	const json_t *list = json_object_get(commit, key);

	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *path = json_array_get(list, i);

		if (!json_is_string(path) || json_array_append(out, path) ||
		    json_array_size(out) > PATHS_MAX)
			return false;
	}
	return json_is_array(list);
}

/* Do the commits tell the whole of the push?  A forced one also takes some
 * away. */
static bool is_whole(const json_t *body, const json_t *commits)
{
	size_t n = json_array_size(commits);
	json_int_t total =
	    json_integer_value(json_object_get(body, "total_commits_count"));

	if (!total)
		total =
		    json_integer_value(json_object_get(body, "total_commits"));
	return n > 0 && n < COMMITS_MAX && total <= (json_int_t)n &&
	       !json_is_true(json_object_get(body, "forced"));
}

static json_t *paths_of(const json_t *body)
{
	const json_t *commits = json_object_get(body, "commits");
	json_t *out = json_array();
	bool all = out && is_whole(body, commits);

	for (size_t i = 0; all && i < json_array_size(commits); i++) {
		const json_t *commit = json_array_get(commits, i);

		all = add_paths(out, commit, "added") &&
		      add_paths(out, commit, "modified") &&
		      add_paths(out, commit, "removed");
	}
	if (all)
		return out;
	json_decref(out);
	return json_null();
}

/* The senders' words for it, in ours; NULL: of no interest. */
static const char *kind_of(const char *word)
{
	static const struct {
		const char *word, *kind;
	} kinds[] = {
		{ "push", "push" },
		{ "Push Hook", "push" },
		{ "Tag Push Hook", "push" },
		{ "tag_push", "push" },
		{ "repo:refs_changed", "push" },
		{ "repo:push", "push" },
		{ "git.push", "push" },
		{ "repository", "repository" },
		{ "repository_update", "push" },
		{ "project_create", "repository" },
		{ "project_destroy", "repository" },
		{ "project_rename", "repository" },
		{ "project_transfer", "repository" },
		{ "project_update", "repository" },
		{ "repo:modified", "repository" },
		{ "git.repo.created", "repository" },
		{ "git.repo.deleted", "repository" },
		{ "git.repo.renamed", "repository" },
		{ "organization", "organization" },
		{ "membership", "organization" },
		{ "member", "organization" },
		{ "team", "organization" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (cbi_str_casecmp(kinds[i].word, word) == 0)
			return kinds[i].kind;
	return NULL;
}

json_t *cbi_event_telling(struct cb_ctx *ctx, const char *word,
                          const char *host, json_t *body)
{
	/* GitLab's system hooks and Azure's hooks say it in the body. */
	static const char *const words[] = { "event_name", "eventType", NULL };
	const char *own = first_text(body, words);
	const char *kind = own ? kind_of(own) : NULL;
	char *repo = repo_of(ctx, body, host), *org;

	if (!kind && word)
		kind = kind_of(word);
	org = org_of(ctx, body, repo);
	if (!kind || (!repo && !org))
		return NULL;
	return json_pack("{s:s, s:s, s:s, s:s, s:o}", "kind", kind, "repo",
	                 repo ? repo : "", "org", org ? org : "", "branch",
	                 branch_of(body), "paths", paths_of(body));
}
