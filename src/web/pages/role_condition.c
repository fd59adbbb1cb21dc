/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role_condition.c - the condition of a permission as a form: up to four of
 * them, joined one way, or any at all as JSON.
 */
#include "web/pages/roles.h"

#include <string.h>

#include "json/json.h"
#include "policy/permission.h"

/* How many the form has; more of them, or nested ones, are JSON. */
#define FIELDS 4

/* The words of the form's conditions, and the rules they make. */
static const struct {
	const char *word, *title, *rule, *key, *fixed;
} conditions[] = {
	{ "", "Everywhere", NULL, NULL, NULL },
	{ "own", "Their own and their groups' entities", "IS_ENTITY_OWNER",
	  "claims", "$ownerRefs" },
	{ "owner", "Owned by ...", "IS_ENTITY_OWNER", "claims", NULL },
	{ "kind", "Of kind ...", "IS_ENTITY_KIND", "kinds", NULL },
	{ "label", "With label ...", "HAS_LABEL", "label", NULL },
	{ "annotation", "With annotation ...", "HAS_ANNOTATION", "annotation",
	  NULL },
	{ "tag", "With tag ...", "HAS_METADATA", "key", "tags" },
	{ "metadata", "With metadata field ...", "HAS_METADATA", "key", NULL },
	{ "spec", "With spec field ...", "HAS_SPEC", "key", NULL },
};
#define CONDITIONS (sizeof(conditions) / sizeof(conditions[0]))

/* The first has plain names. */
static const char *name_of(struct cb_ctx *ctx, const char *name, int n)
{
	return n == 1 ? name : cb_printf(ctx, "%s%d", name, n);
}

static void one(struct cb_html *html, int n)
{
	struct cbi_role_choice where[CONDITIONS];
	struct cb_ctx *ctx = html->ctx;

	for (size_t i = 0; i < CONDITIONS; i++)
		where[i] = (struct cbi_role_choice){ conditions[i].word,
			                             conditions[i].title };
	if (n > 1)
		where[0].title = "No further condition";
	cbi_role_select(html, name_of(ctx, "where", n), "Where", where,
	                CONDITIONS);
	cbi_role_field(html, name_of(ctx, "key", n), "Name, kind, owner or tag",
	               "tier", NULL, NULL);
	cbi_role_field(html, name_of(ctx, "value", n),
	               "Value, if it must have one", "gold", NULL, NULL);
	cbi_html_lit(html, "<label class=\"check\"><input type=\"checkbox\"");
	cbi_html_attr(html, "name", name_of(ctx, "not", n));
	cbi_html_lit(html, " value=\"yes\"> ");
	cbi_html_tr(html, "but not there: where this does not hold");
	cbi_html_lit(html, "</label>\n");
}

void cbi_role_condition_fields(struct cb_html *html)
{
	static const struct cbi_role_choice joins[] = {
		{ "allOf", "All of them hold" },
		{ "anyOf", "One of them holds" },
	};

	one(html, 1);
	cbi_html_lit(html, "<details class=\"role-more\"><summary>");
	cbi_html_tr(html, "More conditions");
	cbi_html_lit(html, "</summary>\n<div class=\"stack\">\n");
	cbi_role_select(html, "join", "Together", joins, 2);
	for (int n = 2; n <= FIELDS; n++) {
		cbi_html_lit(html, "<fieldset class=\"role-condition\">"
		                   "<legend>");
		cbi_html_esc(html,
		             cbi_html_say(html->ctx, "Condition {1}",
		                          cb_printf(html->ctx, "%d", n), NULL));
		cbi_html_lit(html, "</legend>\n");
		one(html, n);
		cbi_html_lit(html, "</fieldset>\n");
	}
	cbi_html_lit(html, "<div class=\"field\"><label for=\"condition\">");
	cbi_html_tr(html, "Or as JSON, instead of all above");
	cbi_html_lit(html, "</label><textarea class=\"input mono\""
	                   " id=\"condition\" name=\"condition\" rows=\"4\""
	                   " spellcheck=\"false\" autocomplete=\"off\""
	                   " placeholder=\"{&quot;not&quot;: {&quot;rule&quot;:"
	                   " ...}}\"></textarea></div>\n</div>\n</details>\n");
}

/* ---- And back ------------------------------------------------------------ */

static const char *typed(struct cb_req *req, const char *name, int n)
{
	const char *full = name_of(req->ctx, name, n);
	const char *text = full ? cbi_req_form(req, full) : NULL;

	return text ? text : "";
}

/* NULL in *out: everywhere. */
static int read_one(struct cb_req *req, int n, json_t **out)
{
	const char *word = typed(req, "where", n);
	const char *key = typed(req, "key", n);
	const char *value = typed(req, "value", n);
	bool tag = strcmp(word, "tag") == 0;
	json_t *params;
	size_t i = 0;

	*out = NULL;
	while (i < CONDITIONS && strcmp(conditions[i].word, word) != 0)
		i++;
	if (i == CONDITIONS)
		return cb_fail(req->ctx, CB_EINVAL, "where%d: '%.40s' is none",
		               n, word);
	if (!conditions[i].rule)
		return CB_OK;
	/* A tag is what is typed as its name. */
	if (tag)
		value = key;
	if (conditions[i].fixed)
		key = conditions[i].fixed;
	if (!*key || (tag && !*value))
		return cb_fail(req->ctx, CB_EINVAL,
		               "condition %d needs a name, kind, owner or tag",
		               n);
	params = strcmp(conditions[i].key, "claims") == 0 ||
	                 strcmp(conditions[i].key, "kinds") == 0
	             ? json_pack("{s:[s]}", conditions[i].key, key)
	             : json_pack("{s:s, s:s*}", conditions[i].key, key, "value",
	                         *value ? value : NULL);
	*out = json_pack("{s:s, s:s, s:o}", "rule", conditions[i].rule,
	                 "resourceType", CBI_RESOURCE_ENTITY, "params", params);
	if (*typed(req, "not", n))
		*out = json_pack("{s:o}", "not", *out);
	return cbi_json_keep(req->ctx, *out);
}

static int read_json(struct cb_req *req, const char *text, json_t **out)
{
	int rc = cb_json_parse(req->ctx, text, strlen(text), out);

	if (rc == CB_OK && !json_is_object(*out))
		rc = cb_fail(req->ctx, CB_EINVAL,
		             "condition: expected an object such as {\"rule\": "
		             "...}");
	return rc;
}

int cbi_role_condition_read(struct cb_req *req, json_t **out)
{
	const char *json = cbi_req_form(req, "condition");
	const char *join = cbi_req_form(req, "join");
	json_t *list, *one;
	int rc;

	*out = NULL;
	if (json && json[strspn(json, " \t\r\n")])
		return read_json(req, json, out);
	if (join && strcmp(join, "allOf") != 0 && strcmp(join, "anyOf") != 0)
		return cb_fail(req->ctx, CB_EINVAL, "join: '%.40s' is none",
		               join);
	list = json_array();
	rc = cbi_json_keep(req->ctx, list);
	for (int n = 1; n <= FIELDS && rc == CB_OK; n++) {
		rc = read_one(req, n, &one);
		if (rc == CB_OK && one && json_array_append(list, one))
			rc = cb_fail(req->ctx, CB_ENOMEM, "no memory");
	}
	if (rc < 0 || json_array_size(list) == 0)
		return rc;
	if (json_array_size(list) == 1) {
		*out = json_array_get(list, 0);
		return CB_OK;
	}
	*out = json_pack("{s:O}", join ? join : "allOf", list);
	return cbi_json_keep(req->ctx, *out);
}
