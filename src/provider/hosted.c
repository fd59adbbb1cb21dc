/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hosted.c - catalog files of code hosts, one or all that fit a pattern.
 *
 * An unchanged file costs a conditional request; of a tree whose host names
 * each file's content not even that.
 */
#include "provider/provider_priv.h"

#include <string.h>

static const char *known(const struct cbi_provider_read *read,
                         const char *target, const char *name)
{
	const json_t *state = json_object_get(read->ask->before, target);

	return json_string_value(json_object_get(state, name));
}

static int hand_over(struct cb_ctx *ctx, struct cbi_provider_read *read,
                     const struct cbi_scm_place *place, const char *target,
                     const char *mark)
{
	struct cbi_provider_file file = { .target = target };
	const char *before = known(read, target, "mark");
	struct cbi_scm_file got = { .unchanged = *mark && before &&
		                                 strcmp(mark, before) == 0 };
	int rc = CB_OK;

	if (!got.unchanged)
		rc = cbi_scm_read(ctx, read->provider->scm, place,
		                  known(read, target, "etag"), &got);
	if (rc < 0)
		return rc;
	file.unchanged = got.unchanged;
	file.text = got.text;
	file.len = got.len;
	if (!file.unchanged)
		json_object_set_new(
		    read->after, target,
		    json_pack("{s:s, s:s}", "etag", got.etag, "mark", mark));
	else
		json_object_set(read->after, target,
		                json_object_get(read->ask->before, target));
	return read->each(read->arg, ctx, &file);
}

static int hand_over_all(struct cb_ctx *ctx, struct cbi_provider_read *read,
                         const struct cbi_scm_place *place)
{
	struct cbi_scm_leaf *leaf;
	size_t n;
	int rc = cbi_scm_tree(ctx, read->provider->scm, place, &leaf, &n);

	if (rc == CB_OK && n == 0)
		return cb_fail(ctx, CB_ENOENT, "no file fits %s",
		               read->ask->target);
	for (size_t i = 0; rc == CB_OK && i < n; i++) {
		struct cbi_scm_place one = *place;
		const char *target = cbi_scm_url(ctx, place, leaf[i].path);

		if (!target)
			return cb_failure_code(ctx) ? cb_failure_code(ctx)
			                            : CB_ENOMEM;
		one.path = leaf[i].path;
		rc = hand_over(ctx, read, &one, target, leaf[i].mark);
		/* One that cannot be read leaves the others alone. */
		if (rc < 0 && cb_failure_code(ctx) == rc)
			rc = cbi_provider_failed(ctx, read, target);
	}
	return rc;
}

int cbi_provider_read_hosted(struct cb_ctx *ctx, struct cbi_provider_read *read)
{
	const char *target = read->ask->target;
	struct cbi_scm_place place;
	int rc = cbi_scm_parse(ctx, read->provider->scm, target, &place);

	if (rc < 0)
		return rc;
	if (cbi_scm_is_glob(place.path))
		return hand_over_all(ctx, read, &place);
	return hand_over(ctx, read, &place, target, "");
}

/* An address that no integration takes apart: raw addresses end in the path. */
static bool ends_in(const char *target, const char *path)
{
	size_t len = strcspn(target, "?#"), tail = strlen(path);

	return len > tail && target[len - tail - 1] == '/' &&
	       strncmp(target + len - tail, path, tail) == 0;
}

bool cbi_provider_concerned(struct cb_ctx *ctx,
                            const struct cbi_provider *provider,
                            const char *target,
                            const struct cbi_supply_event *event)
{
	struct cbi_scm_place place;
	bool known = cbi_scm_knows(provider->scm, target) &&
	             cbi_scm_parse(ctx, provider->scm, target, &place) == CB_OK;
	const json_t *item;
	size_t i;

	cb_failure_clear(ctx);
	/* HEAD and none are the default branch, which may be this one. */
	if (known && *event->branch && *place.ref &&
	    strcmp(place.ref, "HEAD") != 0 &&
	    strcmp(place.ref, event->branch) != 0)
		return false;
	if (!event->paths)
		return true;
	json_array_foreach(event->paths, i, item)
	{
		const char *path = json_string_value(item);

		if (!path)
			continue;
		if (!known ? ends_in(target, path)
		    : cbi_scm_is_glob(place.path)
		        ? cbi_scm_match(place.path, path)
		        : strcmp(place.path, path) == 0)
			return true;
	}
	return false;
}
