/* SPDX-License-Identifier: Apache-2.0 */
/*
 * condition.c - see condition.h.
 */
#include "policy/condition.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "policy/permission.h"

const struct cbi_condition_rule cbi_condition_rules[CBI_CONDITION_RULES] = {
	{ "HAS_ANNOTATION", "Allow entities with the specified annotation",
	  "annotation", "value", false },
	{ "HAS_LABEL", "Allow entities with the specified label", "label",
	  "value", false },
	{ "HAS_METADATA", "Allow entities with the specified metadata subfield",
	  "key", "value", false },
	{ "HAS_SPEC", "Allow entities with the specified spec subfield", "key",
	  "value", false },
	{ "IS_ENTITY_KIND", "Allow entities matching a specified kind", "kinds",
	  NULL, true },
	{ "IS_ENTITY_OWNER", "Allow entities owned by a specified claim",
	  "claims", NULL, true },
};

/* Where the search rows of a rule are; the parameter is the rest of the key
 * where that ends in a dot. */
static const char *const keys[CBI_CONDITION_RULES] = {
	"metadata.annotations.",
	"metadata.labels.",
	"metadata.",
	"spec.",
	"kind",
	"relations.ownedBy",
};

const struct cbi_condition_rule *cbi_condition_rule(const char *name)
{
	for (size_t i = 0; name && i < CBI_CONDITION_RULES; i++)
		if (strcmp(cbi_condition_rules[i].name, name) == 0)
			return &cbi_condition_rules[i];
	return NULL;
}

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* ---- Checking ------------------------------------------------------------ */

int cbi_condition_params(struct cb_ctx *ctx,
                         const struct cbi_condition_rule *rule,
                         const json_t *params)
{
	const json_t *first = json_object_get(params, rule->first);
	const json_t *second =
	    rule->second ? json_object_get(params, rule->second) : NULL;
	bool good = rule->list ? json_is_array(first) : json_is_string(first);

	for (size_t i = 0; i < json_array_size(first); i++)
		good = good && json_is_string(json_array_get(first, i));
	good = good && (!second || json_is_string(second));
	if (good && json_object_size(params) == (second ? 2u : 1u))
		return CB_OK;
	return cb_fail(ctx, CB_EINVAL,
	               "parameters of %s are not valid: expected %s '%s'%s",
	               rule->name, rule->list ? "an array of texts" : "a text",
	               rule->first,
	               rule->second ? " and, if at all, a text 'value'" : "");
}

static int check(struct cb_ctx *ctx, const json_t *condition, int depth);

static int check_list(struct cb_ctx *ctx, const json_t *list, int depth)
{
	int rc = CB_OK;

	if (!json_array_size(list))
		return cb_fail(ctx, CB_EINVAL,
		               "allOf and anyOf need an array of conditions");
	for (size_t i = 0; i < json_array_size(list) && rc == CB_OK; i++)
		rc = check(ctx, json_array_get(list, i), depth);
	return rc;
}

static int check(struct cb_ctx *ctx, const json_t *condition, int depth)
{
	const json_t *all = json_object_get(condition, "allOf");
	const json_t *any = json_object_get(condition, "anyOf");
	const json_t *not = json_object_get(condition, "not");
	const struct cbi_condition_rule *rule =
	    cbi_condition_rule(text_at(condition, "rule"));
	const char *type = text_at(condition, "resourceType");

	if (depth > CBI_CONDITION_DEPTH_MAX)
		return cb_fail(ctx, CB_EINVAL,
		               "conditions are nested deeper than %d",
		               CBI_CONDITION_DEPTH_MAX);
	if ((all || any || not ) && json_object_size(condition) != 1)
		return cb_fail(ctx, CB_EINVAL,
		               "allOf, anyOf and not each stand alone");
	if (all || any)
		return check_list(ctx, all ? all : any, depth + 1);
	if (not )
		return check(ctx, not, depth + 1);
	if (!rule || !type || strcmp(type, CBI_RESOURCE_ENTITY) != 0)
		return cb_fail(ctx, CB_EINVAL,
		               "a condition needs a rule that the catalog has, "
		               "and its resourceType " CBI_RESOURCE_ENTITY);
	return cbi_condition_params(ctx, rule,
	                            json_object_get(condition, "params"));
}

int cbi_condition_check(struct cb_ctx *ctx, const json_t *condition)
{
	return check(ctx, condition, 0);
}

/* ---- As a predicate -------------------------------------------------------
 */

static void write_text(struct cb_buf *buf, const char *text)
{
	cbi_str_json(buf, text, strlen(text));
}

/* Values one after another, with commas between them. */
struct list {
	struct cb_buf *buf;
	const char *between;
};

static void put(struct list *list, const char *text)
{
	cb_buf_text(list->buf, list->between);
	write_text(list->buf, text);
	list->between = ",";
}

static void put_claim(struct list *list, const char *text,
                      const struct cbi_condition_claims *claims)
{
	if (strcmp(text, "$currentUser") == 0) {
		put(list, claims->user);
	} else if (strcmp(text, "$ownerRefs") == 0) {
		for (size_t i = 0; i < claims->n; i++)
			put(list, claims->owns[i]);
	} else {
		put(list, text);
	}
}

static void write_rule(struct cb_buf *buf,
                       const struct cbi_condition_rule *rule,
                       const json_t *params,
                       const struct cbi_condition_claims *claims)
{
	const char *key = keys[rule - cbi_condition_rules];
	const json_t *first = json_object_get(params, rule->first);
	const char *value = rule->second ? text_at(params, rule->second) : NULL;
	struct cb_buf full;
	struct list list = { buf, "" };

	cbi_buf_init(&full, 64 * 1024);
	cb_buf_text(&full, key);
	if (!rule->list)
		cb_buf_text(&full, json_string_value(first));
	cb_buf_text(buf, "{");
	write_text(buf, cbi_buf_string(&full));
	if (full.failed && !buf->failed)
		buf->failed = full.failed;
	cbi_buf_finish(&full);
	if (!rule->list && !value) {
		cb_buf_text(buf, ":{\"$exists\":true}}");
		return;
	}
	cb_buf_text(buf, ":{\"$in\":[");
	if (!rule->list)
		put(&list, value);
	for (size_t i = 0; rule->list && i < json_array_size(first); i++)
		put_claim(&list, json_string_value(json_array_get(first, i)),
		          claims);
	cb_buf_text(buf, "]}}");
}

void cbi_condition_write(struct cb_buf *buf, const json_t *condition,
                         const struct cbi_condition_claims *claims)
{
	const json_t *all = json_object_get(condition, "allOf");
	const json_t *any = json_object_get(condition, "anyOf");
	const json_t *not = json_object_get(condition, "not");
	const json_t *list = all ? all : any;

	if (list) {
		cb_buf_text(buf, all ? "{\"$all\":[" : "{\"$any\":[");
		for (size_t i = 0; i < json_array_size(list); i++) {
			cb_buf_text(buf, i ? "," : "");
			cbi_condition_write(buf, json_array_get(list, i),
			                    claims);
		}
		cb_buf_text(buf, "]}");
	} else if (not ) {
		cb_buf_text(buf, "{\"$not\":");
		cbi_condition_write(buf, not, claims);
		cb_buf_text(buf, "}");
	} else {
		write_rule(buf, cbi_condition_rule(text_at(condition, "rule")),
		           json_object_get(condition, "params"), claims);
	}
}

/* ---- With the words replaced ----------------------------------------------
 */

static json_t *fill_list(const json_t *list,
                         const struct cbi_condition_claims *claims)
{
	json_t *out = json_array();

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (text && strcmp(text, "$currentUser") == 0) {
			json_array_append_new(out, json_string(claims->user));
			continue;
		}
		if (!text || strcmp(text, "$ownerRefs") != 0) {
			json_array_append_new(
			    out, cbi_condition_fill(json_array_get(list, i),
			                            claims));
			continue;
		}
		for (size_t k = 0; k < claims->n; k++)
			json_array_append_new(out,
			                      json_string(claims->owns[k]));
	}
	return out;
}

json_t *cbi_condition_fill(const json_t *condition,
                           const struct cbi_condition_claims *claims)
{
	const char *key;
	json_t *value, *out;

	if (json_is_array(condition))
		return fill_list(condition, claims);
	if (!json_is_object(condition))
		return json_deep_copy(condition);
	out = json_object();
	json_object_foreach((json_t *)condition, key, value)
	    json_object_set_new(out, key, cbi_condition_fill(value, claims));
	return out;
}
