/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outside_person.c - who an access token is of: userinfo, or the vendor's own
 * API of the user.
 */
#include <string.h>

#include "auth/outside_priv.h"
#include "base/str.h"
#include "callboard/json.h"
#include "json/json.h"

static int get(struct cb_ctx *ctx, struct cbi_outside *outside,
               const struct cbi_idp *idp, const char *url, const char *access,
               bool list, json_t **out)
{
	struct cbi_outside_ask ask = { .url = url, .list = list };
	int rc;

	ask.header = cb_printf(ctx, "Authorization: Bearer %s", access);
	if (!ask.header)
		return CB_ENOMEM;
	rc = cbi_outside_ask(ctx, outside, idp, &ask, out);
	if (ask.status == 401 || ask.status == 403) {
		cb_failure_clear(ctx);
		return cb_fail(ctx, CB_EAUTH, "%s does not say who it is (%d)",
		               idp->title, ask.status);
	}
	if (rc == CB_OK && ask.status != 200)
		rc = cb_fail(ctx, CB_EUPSTREAM, "%s answered %d to who it is",
		             idp->title, ask.status);
	return rc;
}

static const char *text(const json_t *claims, const char *name)
{
	const char *value = json_string_value(json_object_get(claims, name));

	return value && *value ? value : NULL;
}

/* The first of these names that is there. */
static const char *first(const json_t *claims, const char *const *names)
{
	const char *value = NULL;

	for (; !value && *names; names++)
		value = text(claims, *names);
	return value;
}

static bool is_true(const json_t *value)
{
	const char *said = json_string_value(value);

	return json_is_true(value) || (said && strcmp(said, "true") == 0);
}

/* An address that nobody has verified is what somebody says of himself. */
static const char *email_of(const struct cbi_idp *idp, const json_t *claims)
{
	static const char *const names[] = { "email", "mail", "upn",
		                             "preferred_username", NULL };
	const json_t *verified = json_object_get(claims, "email_verified");
	const char *found;

	if (is_true(verified))
		return text(claims, "email");
	if (!idp->trust_email || verified)
		return NULL;
	found = first(claims, names);
	return found && strchr(found, '@') ? found : NULL;
}

static const char *id_of(struct cb_ctx *ctx, const json_t *claims)
{
	static const char *const names[] = { "oid", "sub", "id", NULL };
	const json_t *id = json_object_get(claims, "id");

	if (json_is_integer(id))
		return cb_printf(ctx, "%lld",
		                 (long long)json_integer_value(id));
	return first(claims, names);
}

/* GitHub tells an address only if it is public; the list has all. */
static int find_github_email(struct cb_ctx *ctx, struct cbi_outside *outside,
                             const struct cbi_idp *idp, const char *access,
                             const char **out)
{
	json_t *list, *row;
	size_t i;
	int rc = get(ctx, outside, idp, idp->emails_url, access, true, &list);

	/* Without the scope for it there is no address. */
	if (rc == CB_EAUTH || rc == CB_EUPSTREAM) {
		cb_failure_clear(ctx);
		return CB_OK;
	}
	if (rc < 0)
		return rc;
	json_array_foreach(list, i, row)
	{
		if (json_is_true(json_object_get(row, "primary")) &&
		    json_is_true(json_object_get(row, "verified")))
			*out = text(row, "email");
	}
	return CB_OK;
}

static int write_person(struct cb_ctx *ctx, const json_t *claims,
                        const char *email, json_t **out)
{
	static const char *const usernames[] = {
		"preferred_username", "username", "login",
		"nickname",           "upn",      NULL
	};
	static const char *const names[] = { "name", "displayName", NULL };
	static const char *const pictures[] = { "picture", "avatar_url", NULL };

	*out = json_pack("{s:s*, s:s*, s:s*, s:s*, s:s*, s:O}", "email", email,
	                 "username", first(claims, usernames), "id",
	                 id_of(ctx, claims), "name", first(claims, names),
	                 "picture", first(claims, pictures), "claims", claims);
	return cbi_json_keep(ctx, *out);
}

int cbi_outside_claimed(struct cb_ctx *ctx, const struct cbi_idp *idp,
                        const json_t *claims, json_t **out)
{
	return write_person(ctx, claims, email_of(idp, claims), out);
}

/* What userinfo says wins; the ID token has the rest. */
static int merge(struct cb_ctx *ctx, const json_t *token, json_t *info,
                 json_t **out)
{
	json_t *all = token ? json_deep_copy(token) : json_object();
	int rc = cbi_json_keep(ctx, all);

	if (rc == CB_OK && json_object_update(all, info))
		rc = cb_fail(ctx, CB_ENOMEM, "no memory for claims");
	*out = all;
	return rc;
}

static int of_oidc(struct cb_ctx *ctx, struct cbi_outside *outside,
                   const struct cbi_idp *idp, json_t *document,
                   const char *access, const json_t *claims, json_t **out)
{
	const char *url = cb_json_text(document, "userinfo_endpoint", NULL);
	const char *sub = text(claims, "sub"), *said;
	json_t *info = json_object();
	int rc = cbi_json_keep(ctx, info);

	if (rc == CB_OK && url)
		rc = get(ctx, outside, idp, url, access, false, &info);
	if (rc < 0)
		return rc;
	said = text(info, "sub");
	/* Else another's userinfo could be put in (OIDC Core, 5.3.2). */
	if (url && (!said || (sub && strcmp(said, sub) != 0)))
		return cb_fail(ctx, CB_EAUTH, "%s says of whom nobody asked",
		               idp->title);
	return merge(ctx, claims, info, out);
}

int cbi_outside_person(struct cb_ctx *ctx, struct cbi_outside *outside,
                       const struct cbi_idp *idp, json_t *document,
                       const char *access, const json_t *claims, json_t **out)
{
	const char *email = NULL;
	json_t *all;
	int rc;

	if (idp->kind == CBI_IDP_OIDC)
		rc = of_oidc(ctx, outside, idp, document, access, claims, &all);
	else
		rc = get(ctx, outside, idp, idp->user_url, access, false, &all);
	if (rc == CB_OK && idp->emails_url)
		rc = find_github_email(ctx, outside, idp, access, &email);
	if (rc < 0)
		return rc;
	if (!idp->emails_url)
		email = email_of(idp, all);
	/* GitLab's address is one that was confirmed. */
	if (!email && text(all, "confirmed_at"))
		email = text(all, "email");
	return write_person(ctx, all, email, out);
}
