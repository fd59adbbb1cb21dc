/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conditional.c - the file of conditional policies of Backstage's RBAC: see
 * casbin.h.
 */
#include "policy/casbin.h"

#include <string.h>

#include "json/json.h"
#include "policy/condition.h"
#include "policy/permission.h"
#include "policy/policy_store.h"
#include "yaml/yaml.h"

static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* What is not known may narrow the condition: it is not left out. */
static int check_keys(struct cb_ctx *ctx, const json_t *document)
{
	static const char known[] = " id result roleEntityRef pluginId "
				    "resourceType permissionMapping "
				    "conditions ";
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)document, key, value)
	{
		const char *word = cb_printf(ctx, " %s ", key);

		if (!word)
			return CB_ENOMEM;
		if (!strstr(known, word))
			return cb_fail(ctx, CB_EINVAL, "'%.80s' is not known",
			               key);
	}
	return CB_OK;
}

static int check_kind(struct cb_ctx *ctx, const json_t *document)
{
	if (!json_is_object(document))
		return cb_fail(ctx, CB_EINVAL, "expected a mapping");
	if (strcmp(text_at(document, "result"), "CONDITIONAL") != 0)
		return cb_fail(ctx, CB_EINVAL,
		               "result: expected CONDITIONAL, not '%.80s'",
		               text_at(document, "result"));
	if (strcmp(text_at(document, "pluginId"), "catalog") != 0 ||
	    strcmp(text_at(document, "resourceType"), CBI_RESOURCE_ENTITY) != 0)
		return cb_fail(
		    ctx, CB_EINVAL,
		    "conditions are on entities here: expected "
		    "pluginId catalog and resourceType " CBI_RESOURCE_ENTITY
		    ", not '%.80s' and '%.80s'",
		    text_at(document, "pluginId"),
		    text_at(document, "resourceType"));
	return check_keys(ctx, document);
}

/* A permission for each action that the condition is of. */
static int read_entries(struct cb_ctx *ctx, const json_t *document,
                        json_t *entries)
{
	const json_t *actions = json_object_get(document, "permissionMapping");
	struct cbi_policy_entry entry = {
		.permission = CBI_RESOURCE_ENTITY,
		.condition = json_object_get(document, "conditions"),
	};
	int rc = CB_OK;

	if (json_array_size(actions) == 0)
		return cb_fail(ctx, CB_EINVAL,
		               "permissionMapping: expected a list of actions "
		               "such as read");
	if (!json_is_object(entry.condition))
		return cb_fail(ctx, CB_EINVAL,
		               "conditions: expected a condition");
	for (size_t i = 0; i < json_array_size(actions) && rc == CB_OK; i++) {
		entry.action = json_string_value(json_array_get(actions, i));
		if (!entry.action || !*entry.action)
			return cb_fail(ctx, CB_EINVAL,
			               "permissionMapping: expected words");
		rc = cbi_policy_entry_check(ctx, &entry);
		if (rc == CB_OK && json_array_append_new(
				       entries, cbi_policy_entry_json(&entry)))
			rc = cb_fail(ctx, CB_ENOMEM, "no memory for a policy");
	}
	return rc;
}

static int read_document(struct cb_ctx *ctx, const struct cbi_yaml_doc *doc,
                         json_t *roles)
{
	json_t *document, *entries = json_array();
	const char *name;
	int rc = cbi_json_keep(ctx, entries);

	if (rc < 0)
		return rc;
	if (!doc->root)
		return cb_fail(ctx, CB_EINVAL, "%s", doc->error);
	document = cbi_yaml_json(doc->root);
	rc = cbi_json_keep(ctx, document);
	if (rc == CB_OK)
		rc = check_kind(ctx, document);
	if (rc == CB_OK)
		rc = cbi_casbin_role(ctx, text_at(document, "roleEntityRef"),
		                     &name);
	if (rc == CB_OK)
		rc = read_entries(ctx, document, entries);
	if (rc == CB_OK &&
	    json_array_append_new(roles,
	                          json_pack("{s:s, s:[], s:O}", "name", name,
	                                    "members", "permissions", entries)))
		rc = cb_fail(ctx, CB_ENOMEM, "no memory for a policy");
	return rc;
}

int cbi_casbin_conditions(struct cb_ctx *ctx, const char *text,
                          struct cb_buf *report, json_t **out)
{
	struct cbi_yaml_doc *doc;
	json_t *roles = json_array();
	size_t n = 0, wrong = 0;
	int rc = cbi_json_keep(ctx, roles);

	if (rc == CB_OK)
		rc = cbi_yaml_parse(ctx, text, strlen(text), &doc);
	if (rc < 0)
		return rc;
	for (; doc; doc = doc->next) {
		if (doc->empty)
			continue;
		n++;
		rc = read_document(ctx, doc, roles);
		if (rc == CB_OK)
			continue;
		if (rc != CB_EINVAL)
			return rc;
		wrong++;
		cb_buf_printf(report, "%d: %s\n", doc->line, cb_failure(ctx));
		cb_failure_clear(ctx);
	}
	*out = roles;
	return wrong ? cb_fail(ctx, CB_EINVAL,
	                       "%zu of %zu documents are not understood", wrong,
	                       n)
	             : CB_OK;
}
