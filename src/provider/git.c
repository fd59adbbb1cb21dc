/* SPDX-License-Identifier: Apache-2.0 */
/*
 * git.c - catalog files of git repositories: see scm/git.h.
 *
 * A repository whose ref has not moved costs one question.  The state of a
 * file is the blob it was, and the commit when all went well: with it nothing
 * needs to be listed.
 */
#include "provider/provider_priv.h"

#include <string.h>

#include "scm/git.h"

static const char *known(const struct cbi_provider_read *read,
                         const char *target, const char *name)
{
	const json_t *state = json_object_get(read->ask->before, target);

	return json_string_value(json_object_get(state, name));
}

/* Has every file of the last read the commit that there is now? */
static bool rests(const struct cbi_provider_read *read, const char *commit)
{
	json_t *before = (json_t *)(uintptr_t)read->ask->before, *state;
	const char *target;

	json_object_foreach(before, target, state)
	{
		const char *had =
		    json_string_value(json_object_get(state, "commit"));

		if (!had || strcmp(had, commit) != 0)
			return false;
	}
	return json_object_size(before) > 0;
}

static int hand_over_known(struct cb_ctx *ctx, struct cbi_provider_read *read)
{
	json_t *before = (json_t *)(uintptr_t)read->ask->before, *state;
	const char *target;
	int rc = CB_OK;

	json_object_update(read->after, before);
	json_object_foreach(before, target, state)
	{
		const struct cbi_provider_file file = { .target = target,
			                                .unchanged = true };

		rc = read->each(read->arg, ctx, &file);
		if (rc < 0)
			break;
	}
	return rc;
}

static int hand_over(struct cb_ctx *ctx, struct cbi_provider_read *read,
                     const char *target, const struct cbi_scm_blob *blob,
                     const char *commit)
{
	struct cbi_provider_file file = {
		.target = target,
		.unchanged = !blob->want,
		.text = blob->text,
		.len = blob->len,
	};
	json_t *state =
	    json_pack("{s:s, s:s*}", "mark", blob->id, "commit", commit);

	if (blob->problem) {
		json_decref(state);
		cb_fail(ctx, blob->code, "%s", blob->problem);
		return cbi_provider_failed(ctx, read, target);
	}
	if (json_object_set_new(read->after, target, state))
		return cb_fail(ctx, CB_ENOMEM, "no memory to read %s", target);
	return read->each(read->arg, ctx, &file);
}

static int hand_over_all(struct cb_ctx *ctx, struct cbi_provider_read *read,
                         const struct cbi_scm_place *place, const char *commit)
{
	const struct cbi_scm *scm = read->provider->scm;
	struct cbi_scm_blob *blobs;
	const char **targets;
	size_t n;
	int rc = cbi_scm_git_files(ctx, scm, place, commit, &blobs, &n);

	if (rc < 0)
		return rc;
	targets = cb_alloc(ctx, n * sizeof(*targets));
	for (size_t i = 0; targets && i < n; i++) {
		const char *mark;

		targets[i] = cbi_scm_is_glob(place->path)
		                 ? cbi_scm_url(ctx, place, blobs[i].path)
		                 : read->ask->target;
		if (!targets[i])
			return cb_failure_code(ctx);
		mark = known(read, targets[i], "mark");
		blobs[i].want = !mark || strcmp(mark, blobs[i].id) != 0;
	}
	rc = targets ? cbi_scm_git_read(ctx, scm, place, blobs, n) : CB_ENOMEM;
	/* With one that failed the list is looked at again next time. */
	for (size_t i = 0; rc == CB_OK && i < n; i++)
		if (blobs[i].problem)
			commit = NULL;
	for (size_t i = 0; rc == CB_OK && i < n; i++)
		rc = hand_over(ctx, read, targets[i], &blobs[i], commit);
	return rc;
}

int cbi_provider_read_git(struct cb_ctx *ctx, struct cbi_provider_read *read)
{
	struct cbi_scm_place place;
	const char *commit;
	int rc =
	    cbi_scm_parse(ctx, read->provider->scm, read->ask->target, &place);

	if (rc == CB_OK)
		rc =
		    cbi_scm_git_head(ctx, read->provider->scm, &place, &commit);
	if (rc < 0)
		return rc;
	if (rests(read, commit))
		return hand_over_known(ctx, read);
	return hand_over_all(ctx, read, &place, commit);
}
