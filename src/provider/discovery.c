/* SPDX-License-Identifier: Apache-2.0 */
/*
 * discovery.c - see discovery.h.
 */
#include "provider/discovery.h"

#include <fnmatch.h>
#include <string.h>

#include "base/ctx.h"
#include "base/str.h"
#include "crypto/crypto.h"

/* GitLab's full paths have at most 20 parts of 255. */
#define OWNER_MAX 5200

struct walk {
	const struct cbi_discovery *own;
	const struct cbi_supply_run *run;
	const json_t *known; /* "owner/name": [mark, has]; NULL for none */
	json_t *repos;       /* the same, of this run */
};

/* ---- filters ------------------------------------------------------------ */

static bool has(const json_t *list, const char *text)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *one = json_string_value(item);

		if (one && cbi_str_casecmp(one, text) == 0)
			return true;
	}
	return false;
}

static bool have_common(const json_t *a, const json_t *b)
{
	const json_t *item;
	size_t i;

	json_array_foreach(a, i, item)
	{
		const char *one = json_string_value(item);

		if (one && has(b, one))
			return true;
	}
	return false;
}

static bool have_all(const json_t *wanted, const json_t *topics)
{
	const json_t *item;
	size_t i;

	json_array_foreach(wanted, i, item)
	{
		if (!has(topics, json_string_value(item)))
			return false;
	}
	return true;
}

/* Backstage lists the projects of each group that fits, with all below. */
static bool in_groups(const struct cbi_discovery *own, const char *owner)
{
	char group[OWNER_MAX];
	size_t len = strlen(owner);

	if (own->groups_n == 0)
		return true;
	for (size_t at = 1; at <= len && at < sizeof(group); at++) {
		if (owner[at] != '/' && owner[at] != '\0')
			continue;
		memcpy(group, owner, at);
		group[at] = '\0';
		for (size_t i = 0; i < own->groups_n; i++)
			if (cbi_pattern_fits(own->groups[i], group))
				return true;
	}
	return false;
}

static bool fits(const struct cbi_discovery *own,
                 const struct cbi_scm_repo *repo, const char *full)
{
	if (!in_groups(own, repo->owner) || repo->empty ||
	    (repo->fork && !own->forks) || (repo->archived && !own->archived))
		return false;
	if (!cbi_pattern_fits(own->names,
	                      own->full_names ? full : repo->name) ||
	    !cbi_pattern_fits(own->owners, repo->owner))
		return false;
	if ((own->name_glob && fnmatch(own->name_glob, repo->name, 0) != 0) ||
	    (own->owner_glob && fnmatch(own->owner_glob, repo->owner, 0) != 0))
		return false;
	if ((own->visibility && !has(own->visibility, repo->visibility)) ||
	    has(own->excluded, full))
		return false;
	if (own->topics_all && !have_all(own->topics_all, repo->topics))
		return false;
	/* Upstream: excluding wins. */
	return !have_common(own->topics_out, repo->topics) &&
	       (!own->topics_in || have_common(own->topics_in, repo->topics));
}

/* ---- one repository ----------------------------------------------------- */

/* Is the file there?  What an earlier run found counts while nobody pushed. */
static int look(struct cb_ctx *ctx, struct walk *walk,
                const struct cbi_scm_repo *repo,
                const struct cbi_scm_place *place, const char *full,
                bool *there)
{
	const json_t *known = json_object_get(walk->known, full);
	const char *mark = json_string_value(json_array_get(known, 0));
	struct cbi_scm_file file;
	int rc;

	if (mark && *mark && strcmp(mark, repo->mark) == 0) {
		*there = json_is_true(json_array_get(known, 1));
	} else {
		rc = cbi_scm_read(ctx, walk->own->scm, place, NULL, &file);
		if (rc < 0 && rc != CB_ENOENT)
			return rc;
		cb_failure_clear(ctx);
		*there = rc == CB_OK;
	}
	return json_object_set_new(walk->repos, full,
	                           json_pack("[s, b]", repo->mark, *there))
	           ? cb_fail(ctx, CB_ENOMEM, "no memory for a listing")
	           : CB_OK;
}

static int give(struct cb_ctx *ctx, struct walk *walk, const char *target)
{
	const char *place = cb_printf(ctx, "url:%s", target);
	char hash[CB_SHA1_HEX];
	const char *name;
	json_t *entity;

	if (!place)
		return CB_ENOMEM;
	cbi_crypto_sha1_hex(place, strlen(place), hash);
	name = cb_printf(ctx, "generated-%s", hash);
	entity = name
	             ? cbi_supply_entity(
			   "Location", name, place,
			   json_pack("{s:s, s:s, s:s}", "type", "url", "target",
	                             target, "presence", walk->own->presence))
	             : NULL;
	if (!entity)
		return cb_fail(ctx, CB_ENOMEM, "no memory for a location");
	return walk->run->each(walk->run->arg, ctx, entity, walk->own->key);
}

static int take(void *arg, struct cb_ctx *ctx, const struct cbi_scm_repo *repo)
{
	struct walk *walk = arg;
	const struct cbi_discovery *own = walk->own;
	const char *full = cb_printf(ctx, "%s/%s", repo->owner, repo->name);
	const char *branch =
	    *own->branch || *repo->branch ? own->branch : own->fallback;
	struct cbi_scm_place place;
	const char *target;
	bool there = true;
	int rc;

	if (!full)
		return CB_ENOMEM;
	if (!fits(own, repo, full))
		return CB_OK;
	rc = cbi_scm_within(ctx, own->host, repo, branch, &place);
	if (rc < 0)
		return rc;
	place.path = own->path;
	target = cbi_scm_url(ctx, &place, own->path);
	if (!target)
		return cb_failure_code(ctx);
	if (own->check)
		rc = look(ctx, walk, repo, &place, full, &there);
	return rc == CB_OK && there ? give(ctx, walk, target) : rc;
}

/* ---- the run ------------------------------------------------------------ */

static int see_news(struct cb_ctx *ctx, const struct walk *walk,
                    const struct cbi_scm_listing *listing, bool *same)
{
	const json_t *before = walk->run->before;
	const char *settings =
	    json_string_value(json_object_get(before, "settings"));

	*same = false;
	if (!settings || strcmp(settings, walk->own->settings) != 0)
		return CB_OK;
	return cbi_scm_same(ctx, walk->own->scm, listing,
	                    json_object_get(before, "pages"), same);
}

/* What is looked for may come without news in the list, where hosts tell no
 * mark: their lists are read each time. */
static bool may_rest(const struct walk *walk)
{
	const json_t *repos = json_object_get(walk->run->before, "repos");
	const char *full;
	json_t *state;

	json_object_foreach((json_t *)(uintptr_t)repos, full, state)
	{
		const char *mark = json_string_value(json_array_get(state, 0));

		if (!mark || !*mark)
			return false;
	}
	return true;
}

static int warn_unserved(struct cb_ctx *ctx, const struct walk *walk)
{
	int rc = CB_OK;

	for (size_t i = 0; rc == CB_OK && walk->own->unserved[i]; i++)
		rc = walk->run->warn(walk->run->arg, ctx,
		                     walk->own->unserved[i]);
	return rc;
}

int cbi_discovery_run(struct cb_ctx *ctx, void *arg,
                      const struct cbi_supply_run *run, enum cbi_supply *what,
                      json_t **after)
{
	struct cbi_discovery *own = arg;
	struct walk walk = { .own = own, .run = run };
	const struct cbi_scm_listing listing = {
		own->host, own->org, take, &walk, run->alive, run->arg
	};
	json_t *pages = NULL;
	bool same = false;
	int rc = CB_OK;

	if (run->before && may_rest(&walk))
		rc = see_news(ctx, &walk, &listing, &same);
	if (rc < 0)
		return rc;
	if (same) {
		*what = CBI_SUPPLY_UNCHANGED;
		*after = json_incref((json_t *)(uintptr_t)run->before);
		return CB_OK;
	}
	rc = warn_unserved(ctx, &walk);
	if (rc < 0)
		return rc;
	walk.known = json_object_get(run->before, "repos");
	walk.repos = json_object();
	if (!walk.repos)
		return cb_fail(ctx, CB_ENOMEM, "no memory for a listing");
	rc = cbi_scm_repos(ctx, own->scm, &listing, &pages);
	if (rc < 0) {
		json_decref(walk.repos);
		return rc;
	}
	*what = CBI_SUPPLY_FULL;
	*after = json_pack("{s:s, s:o, s:o}", "settings", own->settings,
	                   "pages", pages, "repos", walk.repos);
	return *after ? CB_OK
	              : cb_fail(ctx, CB_ENOMEM, "no memory for a listing");
}

/* A push matters where files are looked for: else the location is there, and
 * is looked at by itself. */
static bool push_concerns(const struct cbi_discovery *own,
                          const struct cbi_supply_event *event)
{
	const json_t *item;
	size_t i;

	if (!own->check || (*own->branch && *event->branch &&
	                    strcmp(own->branch, event->branch) != 0))
		return false;
	if (!event->paths)
		return true;
	json_array_foreach(event->paths, i, item)
	{
		const char *path = json_string_value(item);

		if (path && strcmp(path, own->path) == 0)
			return true;
	}
	return false;
}

bool cbi_discovery_concerned(void *arg, const struct cbi_supply_event *event)
{
	const struct cbi_discovery *own = arg;
	const char *at = *event->repo ? event->repo : event->org;

	at = strstr(at, "://");
	if (!at || !cbi_str_starts(at + 3, own->prefix))
		return false;
	if (strcmp(event->kind, "push") == 0)
		return push_concerns(own, event);
	return strcmp(event->kind, "repository") == 0;
}
