/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign_in_session.c - the session as Backstage's front end reads it.
 */
#include "web/sign_in.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "catalog/entity.h"
#include "json/json.h"
#include "web/web.h"

/* His own ref and those of the groups that he is a direct member of. */
static json_t *owns_of(const char *ref, const struct cb_entity *entity)
{
	json_t *list = json_pack("[s]", ref);
	const char *group;

	for (size_t i = 0;
	     entity && (group = cb_entity_relation(entity, "memberOf", i)); i++)
		if (cbi_str_starts(group, "group:"))
			json_array_append_new(list, json_string(group));
	return list;
}

/* A token ends with the session it is made in: the one that was just opened,
 * or the one that asks. */
static void name_session(struct cb_req *req, struct cbi_who *who)
{
	const char *self = cbi_sign_in_self(req);

	if (req->opened) {
		who->session = req->opened->id;
		who->expires = req->opened->expires;
	} else if (self && strcmp(self, who->subject) == 0) {
		who->session = req->who.session;
		who->expires = req->who.expires;
	}
}

static int identity(struct cb_req *req, const char *ref,
                    const struct cb_entity *entity, json_t **out)
{
	struct cbi_who who = { .kind = CBI_WHO_USER, .subject = ref };
	json_t *owns = owns_of(ref, entity);
	int64_t expires = 0, now = cbi_clock_wall_ms();
	const char *token, **list;
	int rc = cbi_json_keep(req->ctx, owns);

	if (rc < 0)
		return rc;
	list = cb_alloc(req->ctx, (json_array_size(owns) + 1) * sizeof(*list));
	if (!list)
		return CB_ENOMEM;
	for (; who.owns_count < json_array_size(owns); who.owns_count++)
		list[who.owns_count] =
		    json_string_value(json_array_get(owns, who.owns_count));
	who.owns = list;
	name_session(req, &who);
	rc = cbi_auth_issue(req->ctx, req->web->auth, &who, &token, &expires);
	if (rc < 0)
		return rc;
	*out = json_pack(
	    "{s:s, s:I, s:{s:s, s:s, s:O}}", "token", token, "expiresInSeconds",
	    (json_int_t)((expires - now) / 1000), "identity", "type", "user",
	    "userEntityRef", ref, "ownershipEntityRefs", owns);
	return cbi_json_keep(req->ctx, *out);
}

static const char *said(const json_t *person, const char *name)
{
	return json_string_value(json_object_get(person, name));
}

static json_t *profile(const json_t *person, const struct cb_entity *entity)
{
	if (person)
		return json_pack("{s:s*, s:s*, s:s*}", "email",
		                 said(person, "email"), "displayName",
		                 said(person, "name"), "picture",
		                 said(person, "picture"));
	if (!entity)
		return json_object();
	return json_pack(
	    "{s:s*, s:s*, s:s*}", "email",
	    cb_entity_text(entity, "spec.profile.email"), "displayName",
	    cb_entity_text(entity, "spec.profile.displayName"), "picture",
	    cb_entity_text(entity, "spec.profile.picture"));
}

int cbi_sign_in_session(struct cb_req *req, const char *ref,
                        const json_t *person, const json_t *tokens,
                        json_t **out)
{
	const struct cb_entity *entity = NULL;
	json_t *who = NULL, *info = NULL;
	int rc = ref ? cbi_sign_in_user(req, ref, &entity) : CB_OK;

	if (rc == CB_OK && ref)
		rc = identity(req, ref, entity, &who);
	if (rc < 0)
		return rc;
	if (tokens)
		info = json_pack("{s:s*, s:s*, s:s*, s:O}", "accessToken",
		                 said(tokens, "access"), "idToken",
		                 said(tokens, "id"), "scope",
		                 said(tokens, "scope"), "expiresInSeconds",
		                 json_object_get(tokens, "expires"));
	*out =
	    json_pack("{s:o, s:o*, s:O*}", "profile", profile(person, entity),
	              "providerInfo", info, "backstageIdentity", who);
	return cbi_json_keep(req->ctx, *out);
}
