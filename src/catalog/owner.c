/* SPDX-License-Identifier: Apache-2.0 */
/*
 * owner.c - see owner.h.
 */
#include "catalog/owner.h"

#include <string.h>

#include "base/str.h"
#include "catalog/model_priv.h"
#include "scm/codeowners.h"

static bool is_wanted(const json_t *entity)
{
	static const char *const kinds[] = {
		"API", "Component", "Domain", "Resource", "System", "Template"
	};
	const char *kind = json_string_value(json_object_get(entity, "kind"));
	const json_t *spec = json_object_get(entity, "spec");
	const json_t *owner = json_object_get(spec, "owner");

	if (!kind || !json_is_object(spec) ||
	    (owner && !json_is_null(owner) &&
	     !(json_is_string(owner) && json_string_length(owner) == 0)))
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i], kind) == 0)
			return true;
	return false;
}

/* "/x" of a web server is at its root, of a code host in the repository. */
static bool is_hosted(const char *address, const char *target)
{
	const char *path = strstr(address, "://");
	size_t len = strlen(target);

	path = path ? strchr(path + 3, '/') : NULL;
	return path &&
	       !(strncmp(path, target, len) == 0 && strchr("?#", path[len]));
}

/* CB_ENOENT, not noted, when there is none at this place. */
static int look(struct cb_ctx *ctx, const char *base, const char *place,
                const struct cbi_placeholder_reader *reader, const char **ref)
{
	const char *target = cb_printf(ctx, "/%s", place), *address, *text;
	size_t len;
	int rc, line;

	if (!target)
		return CB_ENOMEM;
	address = reader->resolve(ctx, reader->arg, base, target);
	if (!address)
		return cb_failure_code(ctx);
	if (!is_hosted(address, target))
		return CB_ENOENT;
	rc = reader->read(ctx, reader->arg, base, target, &text, &len);
	if (rc == CB_OK)
		*ref = cbi_scm_codeowner(ctx, text, len, &line);
	else if (rc == CB_ENOENT)
		cb_failure_clear(ctx);
	return rc;
}

static int ask(struct cb_ctx *ctx, const char *base,
               const struct cbi_placeholder_reader *reader,
               struct cbi_owner *owner)
{
	int rc = CB_ENOENT;

	for (size_t i = 0; rc == CB_ENOENT && cbi_scm_codeowners_places[i]; i++)
		rc = look(ctx, base, cbi_scm_codeowners_places[i], reader,
		          &owner->ref);
	owner->known = rc == CB_OK || rc == CB_ENOENT;
	return owner->known ? CB_OK : rc;
}

int cbi_owner_fill(struct cb_ctx *ctx, json_t *entity, const char *base,
                   const struct cbi_placeholder_reader *reader,
                   struct cbi_owner *owner, struct cbi_problem *problem)
{
	int rc = CB_OK;

	if (!reader->resolve || !cbi_str_starts(base, "url:") ||
	    !is_wanted(entity))
		return CB_OK;
	if (!owner->known)
		rc = ask(ctx, base, reader, owner);
	if (rc == CB_ENOMEM)
		return rc;
	if (rc < 0) {
		cbi_problem_set(problem, "spec.owner",
		                "is missing, and CODEOWNERS: %s",
		                cb_failure(ctx));
		cb_failure_clear(ctx);
		return CB_EINVAL;
	}
	if (owner->ref && json_object_set_new(json_object_get(entity, "spec"),
	                                      "owner", json_string(owner->ref)))
		return cb_fail(ctx, CB_ENOMEM, "out of memory");
	return CB_OK;
}
