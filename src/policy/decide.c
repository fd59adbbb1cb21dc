/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide.c - what a standing comes to, and keeping that.
 */
#include "policy/policy_priv.h"

#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "base/str.h"
#include "cache/cache.h"
#include "copy/copy.h"
#include "crypto/crypto.h"
#include "json/json.h"
#include "policy/condition.h"

#define WHERE_MAX (4 * CB_MIB)

/* ---- Names -----------------------------------------------------------------
 */

/* "catalog.*" means what begins so; "*" alone everything but what is
 * administered. */
static bool fits(const char *pattern, const struct cbi_permission *p)
{
	size_t len = strlen(pattern);

	if (strcmp(pattern, p->name) == 0 ||
	    (p->resource && strcmp(pattern, p->resource) == 0))
		return true;
	if (len == 0 || pattern[len - 1] != '*')
		return false;
	if (len == 1)
		return !cbi_str_starts(p->name, "admin.");
	return strncmp(pattern, p->name, len - 1) == 0;
}

bool cbi_policy_about(const struct cbi_policy_grant *grant,
                      const struct cbi_permission *p)
{
	/* RBAC's word for permissions without an action. */
	const char *action = p->action ? p->action : "use";

	return fits(grant->permission, p) &&
	       (!*grant->action || strcmp(grant->action, action) == 0);
}

/* ---- Limits of a credential
 * -------------------------------------------------- */

static bool in_list(const char *const *list, const char *text)
{
	if (!list)
		return true;
	for (; *list; list++)
		if (text && strcmp(*list, text) == 0)
			return true;
	return false;
}

static bool within_limits(const struct cbi_who *who,
                          const struct cbi_permission *p)
{
	size_t len = strcspn(p->name, ".");

	for (size_t i = 0; i < who->limits_count; i++) {
		const struct cbi_who_limit *limit = &who->limits[i];

		if (limit->plugin &&
		    (strlen(limit->plugin) != len ||
		     strncmp(limit->plugin, p->name, len) != 0))
			continue;
		if (in_list(limit->permissions, p->name) &&
		    in_list(limit->actions, p->action))
			return true;
	}
	return who->limits_count == 0;
}

/* ---- Judging
 * ----------------------------------------------------------------- */

struct sides {
	size_t allows, denies; /* on a condition */
	bool allowed, denied;  /* always */
};

/* Conditions are of entities: about anything else none holds. */
static void weigh(const struct cbi_policy_standing *standing,
                  const struct cbi_permission *p, struct sides *out)
{
	*out = (struct sides){ 0, 0, false, false };
	for (size_t i = 0; i < standing->count; i++) {
		const struct cbi_policy_grant *g = &standing->grants[i];

		if (!cbi_policy_about(g, p))
			continue;
		if (!g->condition) {
			out->allowed = out->allowed || !g->deny;
			out->denied = out->denied || g->deny;
		} else if (p->resource &&
		           strcmp(p->resource, CBI_RESOURCE_ENTITY) == 0) {
			out->allows += !g->deny;
			out->denies += g->deny;
		} else {
			out->denied = out->denied || g->deny;
		}
	}
}

static struct cbi_condition_claims claims_of(
    const struct cbi_policy_standing *standing)
{
	return (struct cbi_condition_claims){
		.user = standing->member_count ? standing->members[0].ref : "",
		.owns = standing->owns,
		.n = standing->owns_count,
	};
}

/* {"$any":[...]} of the conditions of one side. */
static void write_side(struct cb_buf *buf,
                       const struct cbi_policy_standing *standing,
                       const struct cbi_permission *p, bool deny)
{
	const struct cbi_condition_claims claims = claims_of(standing);
	const char *between = "";

	cb_buf_text(buf, "{\"$any\":[");
	for (size_t i = 0; i < standing->count; i++) {
		const struct cbi_policy_grant *g = &standing->grants[i];

		if (!g->condition || g->deny != deny || !cbi_policy_about(g, p))
			continue;
		cb_buf_text(buf, between);
		cbi_condition_write(buf, g->condition, &claims);
		between = ",";
	}
	cb_buf_text(buf, "]}");
}

static void write_where(struct cb_buf *buf,
                        const struct cbi_policy_standing *standing,
                        const struct cbi_permission *p,
                        const struct sides *sides)
{
	if (!sides->denies) {
		write_side(buf, standing, p, false);
		return;
	}
	cb_buf_text(buf, "{\"$all\":[");
	if (!sides->allowed) {
		write_side(buf, standing, p, false);
		cb_buf_text(buf, ",");
	}
	cb_buf_text(buf, "{\"$not\":");
	write_side(buf, standing, p, true);
	cb_buf_text(buf, "}]}");
}

int cbi_policy_judge(struct cb_ctx *ctx,
                     const struct cbi_policy_standing *standing,
                     const struct cbi_permission *permission,
                     struct cbi_policy_decision *out)
{
	char hash[CB_SHA256_LEN * 2 + 1];
	struct sides sides;
	struct cb_buf buf;

	*out = (struct cbi_policy_decision){ .result = CBI_POLICY_DENY };
	weigh(standing, permission, &sides);
	if (sides.denied || (!sides.allowed && !sides.allows))
		return CB_OK;
	if (sides.allowed && !sides.denies) {
		out->result = CBI_POLICY_ALLOW;
		return CB_OK;
	}
	cbi_buf_init(&buf, WHERE_MAX);
	write_where(&buf, standing, permission, &sides);
	if (!buf.failed) {
		cbi_crypto_sha256_hex(buf.data, buf.len, hash);
		out->result = CBI_POLICY_SOME;
		out->where = cb_strndup(ctx, buf.data, buf.len);
		out->cls = cb_strndup(ctx, hash, 32);
	}
	cbi_buf_finish(&buf);
	if (out->result == CBI_POLICY_SOME && out->where && out->cls)
		return CB_OK;
	return cb_fail(ctx, CB_ETOOBIG,
	               "the conditions of all roles together are too long");
}

/* ---- As Backstage says it
 * ------------------------------------------------------ */

static json_t *side_criteria(const struct cbi_policy_standing *standing,
                             const struct cbi_permission *p, bool deny)
{
	const struct cbi_condition_claims claims = claims_of(standing);
	json_t *list = json_array();

	for (size_t i = 0; i < standing->count; i++) {
		const struct cbi_policy_grant *g = &standing->grants[i];

		if (g->condition && g->deny == deny && cbi_policy_about(g, p))
			json_array_append_new(
			    list, cbi_condition_fill(g->condition, &claims));
	}
	if (json_array_size(list) == 1) {
		json_t *one = json_incref(json_array_get(list, 0));

		json_decref(list);
		return one;
	}
	return json_pack("{s:o}", "anyOf", list);
}

int cbi_policy_criteria(struct cb_ctx *ctx,
                        const struct cbi_policy_standing *standing,
                        const struct cbi_permission *permission, json_t **out)
{
	struct sides sides;
	json_t *deny = NULL, *allow = NULL;

	weigh(standing, permission, &sides);
	if (sides.denies)
		deny = json_pack("{s:o}", "not",
		                 side_criteria(standing, permission, true));
	if (!sides.allowed)
		allow = side_criteria(standing, permission, false);
	*out = deny && allow ? json_pack("{s:[o, o]}", "allOf", allow, deny)
	       : deny        ? deny
	                     : allow;
	return *out ? CB_OK : cb_fail(ctx, CB_ENOMEM, "no memory");
}

/* ---- Keeping
 * ------------------------------------------------------------------- */

static const char *joined(struct cb_ctx *ctx, const struct cbi_who *who)
{
	struct cb_buf buf;
	const char *out;

	cbi_buf_init(&buf, CB_MIB);
	for (size_t i = 0; i < who->owns_count; i++) {
		cb_buf_text(&buf, who->owns[i]);
		cb_buf_text(&buf, "\n");
	}
	out = buf.failed ? NULL : cb_strdup(ctx, cbi_buf_string(&buf));
	cbi_buf_finish(&buf);
	return out;
}

struct kept {
	struct cbi_cache *cache;
	const struct cbi_cache_key *key; /* NULL: it cannot be kept */
	uint64_t number;
};

static int find_key(struct cb_ctx *ctx, struct cbi_policy *policy,
                    const struct cbi_who *who, const struct cbi_permission *p,
                    struct kept *out)
{
	/* Decisions are nobody's class. */
	static const struct cbi_scope nobody = { .cls = "policy" };
	const struct cbi_policy_joins *joins;
	struct cbi_copy_txn *txn;
	char database[40];
	const char *owns;
	int rc;

	out->key = NULL;
	if (!policy || !policy->joins.copy || !policy->joins.cache ||
	    !policy->joins.number)
		return CB_OK;
	joins = &policy->joins;
	rc = cbi_copy_begin(ctx, joins->copy, &txn);
	if (rc < 0)
		return rc;
	owns = joined(ctx, who);
	if (!owns)
		return CB_ENOMEM;
	out->number = joins->number(txn, database);
	out->cache = joins->cache;
	out->key = cbi_cache_key(ctx, &nobody, "%d\n%s\n%s\n%s\n%s\n%s\n%s",
	                         who->kind, database, who->subject, p->name,
	                         p->action ? p->action : "",
	                         p->resource ? p->resource : "", owns);
	return out->key ? CB_OK : CB_ENOMEM;
}

static bool take_kept(struct cb_ctx *ctx, const struct kept *kept,
                      struct cbi_policy_decision *out)
{
	const struct cbi_blob *blob;

	if (!kept->key ||
	    cbi_cache_get(ctx, kept->cache, kept->key, kept->number, &blob) < 0)
		return false;
	out->result = (enum cbi_policy_result)blob->status;
	out->where = blob->len ? blob->body : NULL;
	out->cls = blob->etag;
	return true;
}

static void keep(struct cb_ctx *ctx, const struct kept *kept,
                 const struct cbi_policy_decision *decision)
{
	struct cbi_blob blob = {
		.status = (int)decision->result,
		.body = decision->where ? decision->where : "",
		.etag = decision->cls,
	};

	blob.len = strlen(blob.body);
	if (kept->key && cbi_cache_put(ctx, kept->cache, kept->key,
	                               kept->number, &blob, NULL) < 0)
		cb_failure_clear(ctx);
}

int cbi_policy_decide(struct cb_ctx *ctx, struct cbi_policy *policy,
                      const struct cbi_who *who,
                      const struct cbi_permission *permission,
                      struct cbi_policy_decision *out)
{
	struct cbi_policy_standing standing;
	struct kept kept;
	int rc;

	*out = (struct cbi_policy_decision){ .result = CBI_POLICY_DENY };
	if (who->kind == CBI_WHO_NOBODY || !within_limits(who, permission))
		return CB_OK;
	if (who->kind == CBI_WHO_SERVICE) {
		out->result = CBI_POLICY_ALLOW;
		return CB_OK;
	}
	rc = find_key(ctx, policy, who, permission, &kept);
	if (rc < 0 || take_kept(ctx, &kept, out))
		return rc;
	rc = cbi_policy_stand(ctx, policy, who, &standing);
	if (rc == CB_OK)
		rc = cbi_policy_judge(ctx, &standing, permission, out);
	if (rc == CB_OK)
		keep(ctx, &kept, out);
	return rc;
}

int cbi_policy_may(struct cb_ctx *ctx, struct cbi_policy *policy,
                   const struct cbi_who *who,
                   const struct cbi_permission *permission)
{
	struct cbi_policy_decision decision;
	int rc;

	if (who->kind == CBI_WHO_NOBODY)
		return cb_fail(ctx, CB_EAUTH, "this needs a credential");
	rc = cbi_policy_decide(ctx, policy, who, permission, &decision);
	if (rc < 0 || decision.result != CBI_POLICY_DENY)
		return rc;
	return cb_fail(ctx, CB_EDENIED,
	               "%.200s may not do this: no role of "
	               "his allows %s",
	               who->subject, permission->name);
}

int cbi_policy_scope(struct cb_ctx *ctx, struct cbi_policy *policy,
                     const struct cbi_who *who, struct cbi_scope *out)
{
	const struct cbi_permission *read =
	    cbi_permission_find("catalog.entity.read");
	struct cbi_policy_decision decision;
	int rc;

	out->all = false;
	out->cls = "none";
	out->where = NULL;
	rc = cbi_policy_decide(ctx, policy, who, read, &decision);
	if (rc < 0)
		return rc;
	out->all = decision.result == CBI_POLICY_ALLOW;
	if (out->all)
		out->cls = "all";
	if (decision.result == CBI_POLICY_SOME) {
		out->cls = decision.cls;
		out->where = decision.where;
	}
	return CB_OK;
}
