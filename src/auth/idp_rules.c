/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idp_rules.c - reading signIn.resolvers: see idp.h.
 *
 * Beside Backstage's names there is one rule for all else:
 *
 *	{resolver: claim, claim: preferred_username, pattern: '^(.+)@x\.org$',
 *	 value: $1, matches: name}        (name, email or annotation: ...)
 */
#include "auth/idp.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"
#include "base/str.h"
#include "config/config.h"

#define RULES_MAX 16
#define TEXT_MAX 200

static const struct named {
	const char *name, *claim;
	enum cbi_rule_field field;
	const char *annotation;
	bool local, plus;
} named[] = {
	{ "emailMatchingUserEntityProfileEmail", "email", CBI_RULE_EMAIL, NULL,
	  false, true },
	{ "emailLocalPartMatchingUserEntityName", "email", CBI_RULE_NAME, NULL,
	  true, false },
	{ "usernameMatchingUserEntityName", "username", CBI_RULE_NAME, NULL,
	  false, false },
	{ "preferredUsernameMatchingUserEntityName", "username", CBI_RULE_NAME,
	  NULL, false, false },
	{ "forwardedUserMatchingUserEntityName", "username", CBI_RULE_NAME,
	  NULL, false, false },
	{ "userIdMatchingUserEntityAnnotation", "id", CBI_RULE_ANNOTATION, NULL,
	  false, false },
	{ "emailMatchingUserEntityAnnotation", "email", CBI_RULE_ANNOTATION,
	  NULL, false, false },
	{ "oidcSubClaimMatchingKeycloakUserId", "claims.sub",
	  CBI_RULE_ANNOTATION, "keycloak.org/id", false, false },
};

/* Where Backstage's importers put what the provider calls somebody. */
static const struct {
	const char *idp, *rule, *annotation;
} annotations[] = {
	{ "github", "userIdMatchingUserEntityAnnotation",
	  "github.com/user-id" },
	{ "gitlab", "userIdMatchingUserEntityAnnotation",
	  "gitlab.com/user-id" },
	{ "microsoft", "userIdMatchingUserEntityAnnotation",
	  "graph.microsoft.com/user-id" },
	{ "microsoft", "emailMatchingUserEntityAnnotation",
	  "microsoft.com/email" },
	{ "google", "emailMatchingUserEntityAnnotation", "google.com/email" },
};

static const char *annotation_of(const char *idp, const char *rule)
{
	for (size_t i = 0; i < sizeof(annotations) / sizeof(annotations[0]);
	     i++)
		if (strcmp(annotations[i].idp, idp) == 0 &&
		    strcmp(annotations[i].rule, rule) == 0)
			return annotations[i].annotation;
	return NULL;
}

struct reading {
	struct cb_ctx *ctx, *keep;
	const struct cbi_config *config;
	const char *path;
	const json_t *row;
	const struct cbi_idp *idp;
};

static int bad(const struct reading *r, const char *key, const char *what)
{
	return cbi_idp_bad(r->ctx, r->config, r->path, key, what);
}

static const char *text(const struct reading *r, const char *key)
{
	const char *value = json_string_value(json_object_get(r->row, key));

	return value && *value && strlen(value) <= TEXT_MAX
	           ? cb_strdup(r->keep, value)
	           : NULL;
}

/* References back make a pattern as slow as its author likes. */
static bool refers_back(const char *pattern)
{
	for (; *pattern; pattern++)
		if (*pattern == '\\' && *++pattern >= '0' && *pattern <= '9')
			return true;
		else if (!*pattern)
			break;
	return false;
}

static int read_pattern(const struct reading *r, struct cbi_rule *rule)
{
	const char *pattern = text(r, "pattern");
	regex_t *regex;

	rule->value = text(r, "value");
	if (!pattern && !json_object_get(r->row, "pattern"))
		return rule->value ? bad(r, "pattern", "value needs a pattern")
		                   : CB_OK;
	if (!pattern || refers_back(pattern))
		return bad(r, "pattern",
		           "expected a pattern of at most 200 characters that "
		           "does not refer back");
	regex = calloc(1, sizeof(*regex));
	if (!regex)
		return cb_fail(r->ctx, CB_ENOMEM, "no memory for a pattern");
	if (regcomp(regex, pattern, REG_EXTENDED) != 0) {
		free(regex);
		return bad(r, "pattern", "expected a POSIX extended pattern");
	}
	rule->pattern = regex;
	if (!rule->value)
		rule->value = regex->re_nsub ? "$1" : "$0";
	return CB_OK;
}

static int read_claim_rule(const struct reading *r, struct cbi_rule *rule)
{
	const json_t *matches = json_object_get(r->row, "matches");
	const char *what = json_string_value(matches);
	const char *annotation =
	    json_string_value(json_object_get(matches, "annotation"));

	rule->claim = text(r, "claim");
	if (!rule->claim)
		return bad(r, "claim", "expected the name of a claim");
	if (what && strcmp(what, "name") == 0)
		rule->field = CBI_RULE_NAME;
	else if (what && strcmp(what, "email") == 0)
		rule->field = CBI_RULE_EMAIL;
	else if (annotation && *annotation)
		rule->field = CBI_RULE_ANNOTATION;
	else
		return bad(r, "matches",
		           "expected name, email or {annotation: ...}");
	if (annotation)
		rule->annotation = cb_strdup(r->keep, annotation);
	return read_pattern(r, rule);
}

static int read_named(const struct reading *r, struct cbi_rule *rule)
{
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		const struct named *n = &named[i];

		if (strcmp(n->name, rule->name) != 0)
			continue;
		rule->claim = n->claim;
		rule->field = n->field;
		rule->local = n->local;
		rule->plus = n->plus;
		if (n->field != CBI_RULE_ANNOTATION)
			return CB_OK;
		rule->annotation = text(r, "annotation");
		if (!rule->annotation)
			rule->annotation = n->annotation;
		if (!rule->annotation)
			rule->annotation = annotation_of(r->idp->id, n->name);
		if (!rule->annotation)
			return bad(r, "annotation",
			           "expected the annotation that has it");
		return CB_OK;
	}
	return bad(r, "resolver", "there is no such resolver here");
}

static int read_rule(const struct reading *r, struct cbi_rule *rule)
{
	const json_t *domains = json_object_get(r->row, "allowedDomains");

	rule->name = text(r, "resolver");
	if (!rule->name)
		return bad(r, "resolver", "expected the name of a resolver");
	rule->domains = cbi_idp_list(r->keep, domains);
	if (domains && !rule->domains)
		return bad(r, "allowedDomains", "expected a list of domains");
	rule->without = json_is_true(json_object_get(
	    r->row, "dangerouslyAllowSignInWithoutUserInCatalog"));
	if (strcmp(rule->name, "claim") == 0)
		return read_claim_rule(r, rule);
	return read_named(r, rule);
}

int cbi_idp_rules(struct cb_ctx *ctx, struct cb_ctx *keep,
                  const struct cbi_config *config, const json_t *section,
                  const char *path, struct cbi_idp *idp)
{
	const json_t *rows =
	    json_object_get(json_object_get(section, "signIn"), "resolvers");
	struct cbi_rule *rules;
	int rc = CB_OK;

	if (json_array_size(rows) > RULES_MAX)
		return cbi_idp_bad(ctx, config, path, "signIn.resolvers",
		                   "expected at most 16 resolvers");
	rules = cb_alloc(keep, (json_array_size(rows) + 1) * sizeof(*rules));
	if (!rules)
		return cb_fail(ctx, CB_ENOMEM, "no memory for resolvers");
	idp->rules = rules;
	for (size_t i = 0; rc == CB_OK && i < json_array_size(rows); i++) {
		const struct reading r = {
			.ctx = ctx,
			.keep = keep,
			.config = config,
			.path =
			    cb_printf(ctx, "%s.signIn.resolvers.%zu", path, i),
			.row = json_array_get(rows, i),
			.idp = idp,
		};

		/* Counted first: what it holds is freed even if it fails. */
		idp->rule_count++;
		rc = r.path ? read_rule(&r, &rules[i]) : CB_ENOMEM;
	}
	return rc;
}

void cbi_idp_rules_free(const struct cbi_idp *idp)
{
	for (size_t i = 0; i < idp->rule_count; i++) {
		regex_t *regex = (regex_t *)idp->rules[i].pattern;

		if (!regex)
			continue;
		regfree(regex);
		free(regex);
	}
}
