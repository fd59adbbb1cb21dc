/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supply.c - the table of kinds, and what their files share.
 */
#include "provider/supply.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "config/config.h"
#include "provider/kinds.h"

#define IDS_MAX 200

static const struct cbi_supply_kind *const kinds[] = {
	&cbi_supply_graph,      &cbi_supply_keycloak,
	&cbi_supply_ldap,       &cbi_supply_github,
	&cbi_supply_gitlab,     &cbi_supply_gitea,
	&cbi_supply_bitbucket,  &cbi_supply_azure,
	&cbi_supply_github_org, NULL,
};

const struct cbi_supply_kind *const *cbi_supply_kinds(void)
{
	return kinds;
}

static const struct cbi_supply_kind *kind_of(const char *section)
{
	for (size_t i = 0; kinds[i]; i++)
		if (strcmp(kinds[i]->section, section) == 0)
			return kinds[i];
	return NULL;
}

/* --- the config --- */

struct reading {
	const struct cbi_supply_place *place;
	const struct cbi_supply_kind *kind;
	struct cbi_supplier *out;
	size_t n;
};

static int read_one(struct cb_ctx *ctx, struct reading *reading, const char *id,
                    const char *path, const json_t *settings)
{
	struct cbi_supplier *one = &reading->out[reading->n];
	const char *schedule = cb_printf(ctx, "%s.schedule", path);
	int rc;

	if (!schedule)
		return CB_ENOMEM;
	if (reading->n == IDS_MAX)
		return cb_fail(ctx, CB_EINVAL,
		               "%s: more than %d entity providers", path,
		               IDS_MAX);
	if (!json_is_object(settings))
		return cb_fail(ctx, CB_EINVAL, "%s: expected a map", path);
	one->name = cb_printf(ctx, "%s:%s", reading->kind->section, id);
	if (!one->name)
		return CB_ENOMEM;
	for (size_t i = 0; i < reading->n; i++)
		if (strcmp(reading->out[i].name, one->name) == 0)
			return cb_fail(ctx, CB_EINVAL,
			               "%s: a second one has the id '%s'", path,
			               id);
	rc = cbi_config_schedule(ctx, json_object_get(settings, "schedule"),
	                         schedule, &reading->kind->schedule,
	                         &one->schedule);
	if (rc == CB_OK)
		rc = reading->kind->configure(ctx, reading->place, settings,
		                              path, one);
	reading->n += rc == CB_OK;
	return rc;
}

static bool is_single(const struct cbi_supply_kind *kind, const json_t *value)
{
	for (const char *const *key = kind->single; key && *key; key++)
		if (json_object_get(value, *key))
			return true;
	return false;
}

static int read_list(struct cb_ctx *ctx, struct reading *reading,
                     const char *path, const json_t *list)
{
	int rc = CB_OK;

	for (size_t i = 0; rc == CB_OK && i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		const char *at = cb_printf(ctx, "%s.%zu", path, i);
		const char *id = json_string_value(json_object_get(item, "id"));

		if (!at)
			return CB_ENOMEM;
		if (!id || !*id)
			return cb_fail(ctx, CB_EINVAL,
			               "%s.id: expected a name of its own", at);
		rc = read_one(ctx, reading, id, at, item);
	}
	return rc;
}

static int read_section(struct cb_ctx *ctx, struct reading *reading,
                        const char *section, json_t *value)
{
	const char *path = cb_printf(ctx, "catalog.providers.%s", section);
	const char *id;
	json_t *item;
	int rc = CB_OK;

	if (!path)
		return CB_ENOMEM;
	reading->kind = kind_of(section);
	if (!reading->kind)
		return CB_OK; /* cbi_supply_unknown tells */
	if (json_is_array(value))
		return read_list(ctx, reading, path, value);
	if (is_single(reading->kind, value))
		return read_one(ctx, reading, "default", path, value);
	json_object_foreach(value, id, item)
	{
		const char *at = cb_printf(ctx, "%s.%s", path, id);

		rc = at ? read_one(ctx, reading, id, at, item) : CB_ENOMEM;
		if (rc < 0)
			return rc;
	}
	return rc;
}

int cbi_supply_configure(struct cb_ctx *ctx,
                         const struct cbi_supply_place *place,
                         struct cbi_supplier **out, size_t *n)
{
	struct reading reading = { .place = place };
	json_t *sections = cbi_config_get(place->config, "catalog.providers");
	const char *section;
	json_t *value;
	int rc;

	reading.out = cb_alloc(ctx, IDS_MAX * sizeof(*reading.out));
	if (!reading.out)
		return CB_ENOMEM;
	json_object_foreach(sections, section, value)
	{
		rc = read_section(ctx, &reading, section, value);
		if (rc < 0)
			return rc;
	}
	*out = reading.out;
	*n = reading.n;
	return CB_OK;
}

const char *cbi_supply_unknown(const struct cbi_config *config)
{
	json_t *sections = cbi_config_get(config, "catalog.providers");
	const char *section;
	json_t *value;

	json_object_foreach(sections, section,
	                    value) if (!kind_of(section)) return section;
	return NULL;
}

/* --- for the kinds --- */

const char *cbi_supply_encode(struct cb_ctx *ctx, const char *text)
{
	struct cb_buf buf;
	const char *out = NULL;

	cbi_buf_init(&buf, CB_MIB);
	if (cbi_str_url_encode(&buf, text, "") == CB_OK)
		out = cb_strndup(ctx, buf.len ? buf.data : "", buf.len);
	cbi_buf_finish(&buf);
	return out ? out : "";
}

int cbi_supply_text(struct cb_ctx *ctx, const json_t *settings,
                    const char *path, const char *key, const char *fallback,
                    const char **out)
{
	const json_t *value = json_object_get(settings, key);

	if (value && (!json_is_string(value) || !*json_string_value(value)))
		return cb_fail(ctx, CB_EINVAL, "%s.%s: expected a text", path,
		               key);
	if (!value && fallback && !*fallback)
		return cb_fail(ctx, CB_EINVAL, "%s.%s is needed", path, key);
	*out = value ? json_string_value(value) : fallback;
	return CB_OK;
}

char *cbi_supply_name(struct cb_ctx *ctx, const char *text)
{
	char *name = cb_strdup(ctx, text);
	size_t n = 0;

	if (!name)
		return NULL;
	for (const char *p = text; *p && n < CB_ENTITY_NAME_MAX; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') ||
		             (*p >= 'A' && *p <= 'Z') ||
		             (*p >= '0' && *p <= '9') || *p == '-' || *p == '.';

		if (plain)
			name[n++] = *p;
		else if (n > 0 && name[n - 1] != '_')
			name[n++] = '_';
	}
	/* It begins and ends with a letter or digit. */
	while (n > 0 && strchr("_-.", name[n - 1]))
		n--;
	name[n] = '\0';
	while (*name && strchr("_-.", *name))
		name++;
	return *name ? name : NULL;
}

json_t *cbi_supply_entity(const char *kind, const char *name, const char *place,
                          json_t *spec)
{
	return json_pack(
	    "{s:s, s:s, s:{s:s, s:{s:s, s:s}}, s:o}", "apiVersion",
	    "backstage.io/v1alpha1", "kind", kind, "metadata", "name", name,
	    "annotations", "backstage.io/managed-by-location", place,
	    "backstage.io/managed-by-origin-location", place, "spec", spec);
}

void cbi_supply_annotate(json_t *entity, const char *name, const char *value)
{
	json_t *all =
	    json_object_get(json_object_get(entity, "metadata"), "annotations");

	if (value && *value)
		json_object_set_new(all, name, json_string(value));
}
