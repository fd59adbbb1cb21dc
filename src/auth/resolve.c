/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolve.c - see resolve.h.
 */
#include "auth/resolve.h"

#include <regex.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "callboard/json.h"

/* An address has at most 254 bytes; what is longer names nobody, and no
 * pattern is tried on it. */
#define VALUE_MAX 254
#define GROUPS_MAX 10

struct work {
	struct cb_ctx *ctx;
	const struct cbi_rule *rule;
	const struct cbi_finder *finder;
	struct cbi_resolved *out;
};

/* A number counts as its digits: GitHub's ids are ones. */
static const char *claim_text(struct cb_ctx *ctx, const json_t *value)
{
	if (json_is_integer(value))
		return cb_printf(ctx, "%lld",
		                 (long long)json_integer_value(value));
	return json_string_value(value);
}

/* What the house has made of it, which is no more and no less than it could
 * believe: an address that nobody has verified is left out there, and must
 * not come in by what the provider said. */
static bool is_ours(const char *claim)
{
	static const char *const names[] = { "email", "username", "id", "name",
		                             "picture" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(claim, names[i]) == 0)
			return true;
	return false;
}

static const char *claim_of(struct cb_ctx *ctx, const json_t *person,
                            const char *claim)
{
	const json_t *claims = json_object_get(person, "claims");
	const json_t *value;

	if (is_ours(claim))
		return claim_text(ctx, json_object_get(person, claim));
	/* A namespaced claim ("https://x/login") has dots of its own. */
	value = json_object_get(claims, claim);
	if (!value)
		value = cb_json_at((json_t *)person, claim);
	if (!value)
		value = cb_json_at((json_t *)claims, claim);
	return claim_text(ctx, value);
}

/* "$1" and its like, put in; NULL where the pattern does not fit. */
static const char *transform(struct cb_ctx *ctx, const struct cbi_rule *rule,
                             const char *value)
{
	regmatch_t groups[GROUPS_MAX];
	const char *out = "";

	if (!rule->pattern)
		return value;
	if (regexec(rule->pattern, value, GROUPS_MAX, groups, 0) != 0)
		return NULL;
	for (const char *at = rule->value; at && *at; at++) {
		const regmatch_t *group;

		if (at[0] != '$' || at[1] < '0' || at[1] > '9') {
			out = cb_printf(ctx, "%s%c", out, *at);
		} else {
			group = &groups[*++at - '0'];
			if (group->rm_so >= 0)
				out = cb_printf(
				    ctx, "%s%.*s", out,
				    (int)(group->rm_eo - group->rm_so),
				    value + group->rm_so);
		}
		if (!out)
			return NULL;
	}
	return out;
}

static bool in_domains(const char *const *domains, const char *value)
{
	const char *at = strrchr(value, '@');

	for (; at && *domains; domains++)
		if (cbi_str_casecmp(at + 1, *domains) == 0)
			return true;
	return false;
}

/* What an entity could be called, so that a ref is one. */
static bool is_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= CB_ENTITY_NAME_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz"
	                    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@+") == len;
}

static const char *user_ref(struct cb_ctx *ctx, const char *name)
{
	char *ref = cb_printf(ctx, "user:default/%s", name);

	if (ref)
		cbi_str_lower(ref);
	return ref;
}

static int look_up_name(const struct work *w, const char *name, size_t *n)
{
	const char *ref = is_name(name) ? user_ref(w->ctx, name) : NULL;
	bool there = false;
	int rc;

	if (!ref)
		return cb_failure_code(w->ctx) ? CB_ENOMEM : CB_OK;
	rc = w->finder->has(w->ctx, w->finder->arg, ref, &there);
	if (rc == CB_OK && there) {
		w->out->ref = ref;
		*n = 1;
	}
	return rc;
}

static int look_up_field(const struct work *w, const char *value, size_t *n)
{
	const char *refs[2] = { NULL, NULL };
	const char *key = "spec.profile.email";
	char *low = cb_strdup(w->ctx, value);
	int rc;

	if (w->rule->field == CBI_RULE_ANNOTATION) {
		char *made = cb_printf(w->ctx, "metadata.annotations.%s",
		                       w->rule->annotation);

		if (made)
			cbi_str_lower(made);
		key = made;
	}
	if (!key || !low)
		return CB_ENOMEM;
	cbi_str_lower(low);
	rc = w->finder->find(w->ctx, w->finder->arg, key, low, refs, n);
	if (rc == CB_OK && *n == 1)
		w->out->ref = refs[0];
	return rc;
}

static int look_up(const struct work *w, const char *value, size_t *n)
{
	const char *plus = strchr(value, '+'), *at = strrchr(value, '@');
	int rc;

	*n = 0;
	if (w->rule->field == CBI_RULE_NAME)
		return look_up_name(w, value, n);
	rc = look_up_field(w, value, n);
	if (rc < 0 || *n || !w->rule->plus || !plus || !at || plus > at)
		return rc;
	value = cb_printf(w->ctx, "%.*s%s", (int)(plus - value), value, at);
	return value ? look_up_field(w, value, n) : CB_ENOMEM;
}

static void note(const struct work *w, const char *value, const char *why)
{
	struct cbi_looked *looked = &w->out->looked[w->out->looked_count++];

	looked->rule = w->rule->name;
	looked->claim = w->rule->claim;
	looked->value = value;
	looked->why = why;
}

/* CB_ENOENT, not noted: the next rule may. */
static int try_rule(const struct work *w, const char *said)
{
	const char *value = said, *at;
	size_t n;
	int rc;

	if (!value || !*value || strlen(value) > VALUE_MAX) {
		note(w, NULL, "The provider does not say it.");
		return CB_ENOENT;
	}
	if (w->rule->domains && !in_domains(w->rule->domains, value)) {
		note(w, said, "Its domain is not among those allowed.");
		return CB_ENOENT;
	}
	value = transform(w->ctx, w->rule, value);
	at = value ? strrchr(value, '@') : NULL;
	if (w->rule->local)
		value =
		    at ? cb_strndup(w->ctx, value, (size_t)(at - value)) : NULL;
	if (cb_failure_code(w->ctx))
		return cb_failure_code(w->ctx);
	if (!value || !*value) {
		note(w, said, "It does not have the form expected.");
		return CB_ENOENT;
	}
	rc = look_up(w, value, &n);
	if (rc < 0)
		return rc;
	if (n > 1)
		return cb_fail(w->ctx, CB_ECONFLICT,
		               "several users of the catalog match by %s",
		               w->rule->name);
	if (n == 1)
		return CB_OK;
	if (w->rule->without && is_name(value)) {
		w->out->ref = user_ref(w->ctx, value);
		w->out->without = true;
		return w->out->ref ? CB_OK : CB_ENOMEM;
	}
	note(w, said, "No User of the catalog has it.");
	return CB_ENOENT;
}

int cbi_resolve(struct cb_ctx *ctx, const struct cbi_idp *idp,
                const json_t *person, const struct cbi_finder *finder,
                struct cbi_resolved *out)
{
	struct work w = { .ctx = ctx, .finder = finder, .out = out };

	memset(out, 0, sizeof(*out));
	out->looked =
	    cb_alloc(ctx, (idp->rule_count + 1) * sizeof(*out->looked));
	if (!out->looked)
		return CB_ENOMEM;
	for (size_t i = 0; i < idp->rule_count; i++) {
		int rc;

		w.rule = &idp->rules[i];
		rc = try_rule(&w, claim_of(ctx, person, w.rule->claim));
		if (rc != CB_ENOENT || cb_failure_code(ctx))
			return rc;
	}
	return cb_fail(ctx, CB_ENOENT, "no user of the catalog matches");
}
