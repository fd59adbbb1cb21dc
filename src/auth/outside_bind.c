/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outside_bind.c - a name and a password, tried at a directory: the entry is
 * looked for first, then bound as.
 */
#include <string.h>

#include "auth/outside_priv.h"
#include "base/str.h"
#include "json/json.h"

#define NAME_MAX_BYTES 200
#define PASSWORD_MAX 1024

/* RFC 4515: what would be a filter's own is written in hex. */
static const char *escape(struct cb_ctx *ctx, const char *text)
{
	char *out = cb_alloc(ctx, strlen(text) * 3 + 1), *at = out;

	for (; out && *text; text++) {
		static const char hex[] = "0123456789abcdef";
		unsigned char c = (unsigned char)*text;

		if (!strchr("\\*()", c) && c >= 0x20 && c < 0x7f) {
			*at++ = (char)c;
			continue;
		}
		*at++ = '\\';
		*at++ = hex[c >> 4];
		*at++ = hex[c & 15];
	}
	return out;
}

/* Every "{user}" of the configured filter. */
static const char *fill(struct cb_ctx *ctx, const char *filter,
                        const char *user)
{
	const char *out = "", *hole;

	while (out && (hole = strstr(filter, "{user}")) != NULL) {
		out = cb_printf(ctx, "%s%.*s%s", out, (int)(hole - filter),
		                filter, user);
		filter = hole + strlen("{user}");
	}
	return out ? cb_printf(ctx, "%s%s", out, filter) : NULL;
}

struct found {
	json_t *entry;
	size_t n;
};

static int take(void *arg, struct cb_ctx *ctx, json_t *entry)
{
	struct found *found = arg;

	if (found->n++)
		return CB_OK;
	found->entry = json_deep_copy(entry);
	return cbi_json_keep(ctx, found->entry);
}

static int find(struct cb_ctx *ctx, const struct cbi_idp *idp, const char *user,
                struct found *found)
{
	struct cbi_ldap_search search = { .base = idp->base, .scope = "sub" };
	const struct cbi_ldap_taker taker = { .arg = found, .each = take };
	const char *name = escape(ctx, user);
	struct cbi_ldap *ldap;
	int rc;

	search.filter = name ? fill(ctx, idp->filter, name) : NULL;
	if (!search.filter)
		return CB_ENOMEM;
	rc = cbi_ldap_open(ctx, &idp->ldap, &ldap);
	if (rc == CB_EAUTH) {
		/* Ours, not his: the config's credential is refused. */
		cb_failure_clear(ctx);
		return cb_fail(ctx, CB_EUPSTREAM,
		               "the directory refuses this portal");
	}
	if (rc < 0)
		return rc;
	rc = cbi_ldap_search(ctx, ldap, &search, &taker);
	cbi_ldap_close(ldap);
	return rc;
}

static const char *value(const json_t *entry, const char *name)
{
	const json_t *list = json_object_get(entry, name);

	return json_string_value(json_array_get(list, 0));
}

static int write_person(struct cb_ctx *ctx, const struct cbi_idp *idp,
                        const json_t *entry, json_t **out)
{
	const char *name = value(entry, "displayname");
	char *attr = cb_strdup(ctx, idp->user_attr);
	json_t *claims = json_object();
	const char *key;
	json_t *list;
	int rc = cbi_json_keep(ctx, claims);

	if (!attr || rc < 0)
		return CB_ENOMEM;
	cbi_str_lower(attr);
	json_object_foreach((json_t *)entry, key, list)
	{
		if (!json_is_array(list) || strcmp(key, "userpassword") == 0)
			continue;
		if (json_object_set(claims, key, json_array_get(list, 0)))
			return cb_fail(ctx, CB_ENOMEM, "no memory for claims");
	}
	*out = json_pack("{s:{s:s*, s:s*, s:s*, s:s*, s:O}}", "person", "email",
	                 value(entry, "mail"), "username", value(entry, attr),
	                 "id", json_string_value(json_object_get(entry, "dn")),
	                 "name", name ? name : value(entry, "cn"), "claims",
	                 claims);
	return cbi_json_keep(ctx, *out);
}

/* The same words whoever is wrong: which names there are is not told. */
static int nobody(struct cb_ctx *ctx)
{
	cb_failure_clear(ctx);
	return cb_fail(ctx, CB_EAUTH, "name or password is wrong");
}

int cbi_outside_bind(struct cb_ctx *ctx, struct cbi_outside *outside,
                     const json_t *in, json_t **out)
{
	const char *user = json_string_value(json_object_get(in, "user"));
	const char *password =
	    json_string_value(json_object_get(in, "password"));
	struct found found = { NULL, 0 };
	struct cbi_ldap_config config;
	const struct cbi_idp *idp;
	struct cbi_ldap *ldap;
	int rc = cbi_outside_idp(ctx, outside, in, &idp);

	if (rc < 0)
		return rc;
	if (idp->kind != CBI_IDP_LDAP)
		return cb_fail(ctx, CB_ENOTSUP, "it takes no password");
	/* Without a password a bind is an anonymous one, and succeeds. */
	if (!user || !*user || strlen(user) > NAME_MAX_BYTES || !password ||
	    !*password || strlen(password) > PASSWORD_MAX)
		return nobody(ctx);
	rc = find(ctx, idp, user, &found);
	if (rc == CB_ENOENT || (rc == CB_OK && found.n != 1))
		return nobody(ctx);
	if (rc < 0)
		return rc;
	config = idp->ldap;
	config.dn = json_string_value(json_object_get(found.entry, "dn"));
	config.secret = password;
	if (!config.dn || !*config.dn)
		return nobody(ctx);
	rc = cbi_ldap_open(ctx, &config, &ldap);
	if (rc == CB_EAUTH)
		return nobody(ctx);
	if (rc < 0)
		return rc;
	cbi_ldap_close(ldap);
	return write_person(ctx, idp, found.entry, out);
}
