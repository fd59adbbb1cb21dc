/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ldap_config.c - the keys of catalog.providers.ldapOrg, as Backstage has
 * them:
 *
 *	<id>:
 *	  target: ldaps://ds.example.net
 *	  bind: {dn, secret}
 *	  tls: {rejectUnauthorized, keys, certs}, and ours: {ca, startTls}
 *	  users: {dn, options: {filter, scope, paged}, map, set}, or a list
 *	  groups: the same
 *	  vendor: {dnAttributeName, uuidAttributeName}
 *	  schedule
 */
#include "provider/ldap_org.h"

#include <string.h>

#include "base/str.h"

#define PAGE_MOST 10000

/* Entries have their attributes in lower case. */
static int read_attribute(struct cb_ctx *ctx, const json_t *map,
                          const char *path, const char *key, const char *usual,
                          const char **out)
{
	const char *text;
	char *own;
	int rc = cbi_supply_text(ctx, map, path, key, usual, &text);

	*out = NULL;
	if (rc < 0 || !text)
		return rc;
	own = cb_strdup(ctx, text);
	if (!own)
		return CB_ENOMEM;
	cbi_str_lower(own);
	*out = own;
	return CB_OK;
}

static int read_map(struct cb_ctx *ctx, const json_t *json, const char *path,
                    bool group, struct cbi_ldap_map *map)
{
	const struct {
		const char *key, *usual;
		const char **out;
	} rows[] = {
		{ "rdn", group ? "cn" : "uid", &map->rdn },
		{ "name", group ? "cn" : "uid", &map->name },
		{ "displayName", "cn", &map->display },
		{ "email", group ? NULL : "mail", &map->email },
		{ "picture", NULL, &map->picture },
		{ "description", group ? "description" : NULL,
		  &map->description },
		{ "type", group ? "groupType" : NULL, &map->type },
		{ "memberOf", "memberOf", &map->member_of },
		{ "members", "member", &map->members },
	};
	const char *at = cb_printf(ctx, "%s.map", path);
	int rc = at ? CB_OK : CB_ENOMEM;

	for (size_t i = 0; rc == CB_OK && i < sizeof(rows) / sizeof(rows[0]);
	     i++)
		rc = read_attribute(ctx, json, at, rows[i].key, rows[i].usual,
		                    rows[i].out);
	return rc;
}

/* true, false (one answer is all there is), or {pageSize}. */
static int read_page(struct cb_ctx *ctx, const json_t *options,
                     const char *path, int *out)
{
	const json_t *paged = json_object_get(options, "paged");
	const json_t *size = json_object_get(paged, "pageSize");

	*out = (int)json_integer_value(size);
	if (paged && !json_is_boolean(paged) && !json_is_object(paged))
		return cb_fail(ctx, CB_EINVAL,
		               "%s.paged: expected true, false or {pageSize}",
		               path);
	if (size && (json_integer_value(size) < 1 ||
	             json_integer_value(size) > PAGE_MOST))
		return cb_fail(ctx, CB_EINVAL,
		               "%s.paged.pageSize: expected 1 to %d", path,
		               PAGE_MOST);
	return CB_OK;
}

static int read_options(struct cb_ctx *ctx, const json_t *json,
                        const char *path, struct cbi_ldap_search *search)
{
	const json_t *options = json_object_get(json, "options");
	const char *at = cb_printf(ctx, "%s.options", path);
	int rc = at ? read_page(ctx, options, at, &search->page) : CB_ENOMEM;

	if (rc == CB_OK)
		rc = cbi_supply_text(ctx, options, at, "filter", NULL,
		                     &search->filter);
	if (rc == CB_OK)
		rc = cbi_supply_text(ctx, options, at, "scope", "one",
		                     &search->scope);
	if (rc == CB_OK && strcmp(search->scope, "one") != 0 &&
	    strcmp(search->scope, "sub") != 0 &&
	    strcmp(search->scope, "base") != 0)
		rc = cb_fail(ctx, CB_EINVAL,
		             "%s.scope: expected base, one or sub", at);
	return rc;
}

static int read_part(struct cb_ctx *ctx, const json_t *json, const char *path,
                     bool group, struct cbi_ldap_part *part)
{
	int rc = cbi_supply_text(ctx, json, path, "dn", CBI_SUPPLY_NEEDED,
	                         &part->search.base);

	part->set = json_object_get(json, "set");
	if (rc == CB_OK && part->set && !json_is_object(part->set))
		rc = cb_fail(ctx, CB_EINVAL,
		             "%s.set: expected a map from paths to values",
		             path);
	if (rc == CB_OK)
		rc = read_options(ctx, json, path, &part->search);
	return rc < 0 ? rc
	              : read_map(ctx, json_object_get(json, "map"), path, group,
	                         &part->map);
}

static int read_parts(struct cb_ctx *ctx, const json_t *settings,
                      const char *path, const char *key,
                      struct cbi_ldap_part *parts, size_t *n)
{
	const json_t *json = json_object_get(settings, key);
	bool list = json_is_array(json);
	bool group = strcmp(key, "groups") == 0;
	int rc = CB_OK;

	*n = list ? json_array_size(json) : json != NULL;
	if (*n > CBI_LDAP_PARTS)
		return cb_fail(ctx, CB_EINVAL, "%s.%s: more than %d", path, key,
		               CBI_LDAP_PARTS);
	for (size_t i = 0; rc == CB_OK && i < *n; i++) {
		const char *at = list
		                     ? cb_printf(ctx, "%s.%s.%zu", path, key, i)
		                     : cb_printf(ctx, "%s.%s", path, key);

		rc = at ? read_part(ctx, list ? json_array_get(json, i) : json,
		                    at, group, &parts[i])
		        : CB_ENOMEM;
	}
	return rc;
}

static int read_bind(struct cb_ctx *ctx, const json_t *settings,
                     const char *path, struct cbi_ldap_config *config)
{
	const json_t *who = json_object_get(settings, "bind");
	const char *at = cb_printf(ctx, "%s.bind", path);
	int rc = at ? CB_OK : CB_ENOMEM;

	if (!who || rc < 0)
		return rc; /* anonymous */
	rc =
	    cbi_supply_text(ctx, who, at, "dn", CBI_SUPPLY_NEEDED, &config->dn);
	return rc < 0 ? rc
	              : cbi_supply_text(ctx, who, at, "secret",
	                                CBI_SUPPLY_NEEDED, &config->secret);
}

static int read_tls(struct cb_ctx *ctx, const json_t *settings,
                    const char *path, struct cbi_ldap_config *config)
{
	const json_t *tls = json_object_get(settings, "tls");
	const char *at = cb_printf(ctx, "%s.tls", path);
	const json_t *start = json_object_get(tls, "startTls");
	const json_t *verify = json_object_get(tls, "rejectUnauthorized");
	int rc = at ? cbi_supply_text(ctx, tls, at, "ca", NULL, &config->ca)
	            : CB_ENOMEM;

	if (rc == CB_OK)
		rc = cbi_supply_text(ctx, tls, at, "keys", NULL, &config->key);
	if (rc == CB_OK)
		rc =
		    cbi_supply_text(ctx, tls, at, "certs", NULL, &config->cert);
	if (rc == CB_OK && ((start && !json_is_boolean(start)) ||
	                    (verify && !json_is_boolean(verify))))
		rc = cb_fail(ctx, CB_EINVAL,
		             "%s: startTls and rejectUnauthorized are true or "
		             "false",
		             at);
	if (rc == CB_OK && json_is_true(start) &&
	    !cbi_str_starts(config->url, "ldap://"))
		rc = cb_fail(ctx, CB_EINVAL,
		             "%s.startTls: the target is not ldap://", at);
	config->start_tls = json_is_true(start);
	config->unverified = json_is_false(verify);
	return rc;
}

static int read_vendor(struct cb_ctx *ctx, const json_t *settings,
                       const char *path, struct cbi_ldap_org *own)
{
	const json_t *vendor = json_object_get(settings, "vendor");
	const char *at = cb_printf(ctx, "%s.vendor", path);
	int rc = at ? read_attribute(ctx, vendor, at, "uuidAttributeName", NULL,
	                             &own->uuid)
	            : CB_ENOMEM;

	return rc < 0 ? rc
	              : read_attribute(ctx, vendor, at, "dnAttributeName", NULL,
	                               &own->dn);
}

int cbi_ldap_org_read(struct cb_ctx *ctx, const json_t *settings,
                      const char *path, struct cbi_ldap_org **out)
{
	struct cbi_ldap_org *own = cb_alloc(ctx, sizeof(*own));
	int rc = own ? cbi_supply_text(ctx, settings, path, "target",
	                               CBI_SUPPLY_NEEDED, &own->config.url)
	             : CB_ENOMEM;

	if (rc == CB_OK && !cbi_ldap_is_url(own->config.url))
		rc = cb_fail(ctx, CB_EINVAL,
		             "%s.target: expected ldap://host or ldaps://host",
		             path);
	if (rc == CB_OK)
		rc = read_bind(ctx, settings, path, &own->config);
	if (rc == CB_OK)
		rc = read_tls(ctx, settings, path, &own->config);
	if (rc == CB_OK)
		rc = read_vendor(ctx, settings, path, own);
	if (rc == CB_OK)
		rc = read_parts(ctx, settings, path, "groups", own->groups,
		                &own->groups_n);
	if (rc == CB_OK)
		rc = read_parts(ctx, settings, path, "users", own->users,
		                &own->users_n);
	if (rc < 0)
		return rc;
	if (own->users_n + own->groups_n == 0)
		return cb_fail(ctx, CB_EINVAL,
		               "%s: neither users nor groups are asked for",
		               path);
	*out = own;
	return CB_OK;
}
