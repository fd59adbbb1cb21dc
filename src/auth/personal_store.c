/* SPDX-License-Identifier: Apache-2.0 */
/*
 * personal_store.c - personal tokens in PostgreSQL: see personal.h.
 */
#include "auth/personal.h"

#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "auth/external.h"
#include "base/clock.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "db/db.h"

#define RANDOM_BYTES 32
#define HINT_LEN 8

#define COLUMNS                                                              \
	"id::text, owner, name, hint, scope, created_by, (extract(epoch "    \
	"from created_at) * 1000)::bigint, (extract(epoch from expires_at) " \
	"* 1000)::bigint, coalesce(last_used::text, ''), expires_at <= "     \
	"clock_timestamp()"

static void read_row(const struct cbi_db_result *result, size_t i,
                     struct cbi_personal_row *out)
{
	*out = (struct cbi_personal_row){
		.id = cbi_db_text(result, i, 0),
		.owner = cbi_db_text(result, i, 1),
		.name = cbi_db_text(result, i, 2),
		.hint = cbi_db_text(result, i, 3),
		.scope = cbi_db_text(result, i, 4),
		.created_by = cbi_db_text(result, i, 5),
		.created_ms = cbi_db_int(result, i, 6),
		.expires_ms = cbi_db_int(result, i, 7),
		.used = cbi_db_text(result, i, 8),
		.expired = cbi_db_bool(result, i, 9),
	};
}

/* What the audit log shows: never the token or its hash. */
static const char *row_json(struct cb_ctx *ctx,
                            const struct cbi_personal_row *row)
{
	char expires[CBI_TIME_LEN];
	json_t *scope = json_loads(row->scope, 0, NULL), *value;
	const char *copy;
	char *text;

	cbi_clock_iso(row->expires_ms, expires);
	value = json_pack("{s:s, s:s, s:s, s:o?, s:s}", "owner", row->owner,
	                  "name", row->name, "hint", row->hint, "scope", scope,
	                  "expires", expires);
	text = value ? json_dumps(value, JSON_COMPACT) : NULL;
	copy = text ? cb_strdup(ctx, text) : NULL;
	free(text);
	json_decref(value);
	return copy;
}

/* --- making one --- */

static int bad_scope(void *arg, struct cb_ctx *ctx, const char *key,
                     const char *what)
{
	(void)arg;
	return cb_fail(ctx, CB_EINVAL, "scope%s: %s", key, what);
}

static int check(struct cb_ctx *ctx, const struct cbi_personal_wish *wish)
{
	const struct cbi_limits_say say = { .bad = bad_scope };
	const struct cbi_who_limit *limits;
	size_t len = strlen(wish->name), n;

	if (!cbi_str_starts(wish->owner, "user:"))
		return cb_fail(ctx, CB_EINVAL,
		               "owner: expected a user such as "
		               "user:default/ada");
	if (len == 0 || len > CBI_PERSONAL_NAME_MAX ||
	    !cbi_str_utf8(wish->name, len) || strpbrk(wish->name, "\r\n\t"))
		return cb_fail(ctx, CB_EINVAL,
		               "name: expected a line of 1 to %d bytes",
		               CBI_PERSONAL_NAME_MAX);
	if (wish->days < 1 || wish->days > CBI_PERSONAL_DAYS_MAX)
		return cb_fail(ctx, CB_EINVAL, "days: expected 1 to %d",
		               CBI_PERSONAL_DAYS_MAX);
	return cbi_limits_read(ctx, wish->scope, &ctx->lane->arena, &say,
	                       &limits, &n);
}

struct making {
	const struct cbi_personal_wish *wish;
	char token[sizeof(CBI_AUTH_PERSONAL) + CB_BASE64_LEN(RANDOM_BYTES)];
	struct cbi_personal_row *row;
	uint64_t *number;
};

static void make_token(struct making *making)
{
	unsigned char random[RANDOM_BYTES];
	size_t head = strlen(CBI_AUTH_PERSONAL);

	cbi_crypto_random(random, sizeof(random));
	memcpy(making->token, CBI_AUTH_PERSONAL, head);
	cbi_crypto_base64(CBI_BASE64_URL, random, sizeof(random),
	                  making->token + head);
	explicit_bzero(random, sizeof(random));
}

static int insert(struct cb_ctx *ctx, const struct making *making)
{
	static const struct cbi_db_stmt make = {
		"personal_create",
		"insert into callboard.personal_token (hash, hint, owner, "
		"name, scope, created_by, expires_at) select $1::bytea, $2, "
		"$3, $4, $5, $6, clock_timestamp() + $7::int * interval '1 "
		"day' where (select count(*) from callboard.personal_token "
		"where owner = $3 and expires_at > clock_timestamp()) < "
		"$8::int returning " COLUMNS,
	};
	const struct cbi_personal_wish *wish = making->wish;
	unsigned char hash[CB_SHA256_LEN];
	struct cbi_db_result *result;
	char *scope =
	    wish->scope ? json_dumps(wish->scope, JSON_COMPACT) : strdup("[]");
	const char *params[8] = {
		NULL,
		cb_strndup(ctx, making->token, HINT_LEN),
		wish->owner,
		wish->name,
		scope,
		cb_actor(ctx),
		cbi_db_number(ctx, wish->days),
		cbi_db_number(ctx, CBI_PERSONAL_MAX),
	};
	int rc;

	cbi_crypto_sha256(making->token, strlen(making->token), hash);
	params[0] = cbi_db_bytea(ctx, hash, sizeof(hash));
	rc = params[0] && params[1] && scope && params[6] && params[7]
	         ? cbi_db_query(ctx, &make, params, 8, &result)
	         : CB_ENOMEM;
	free(scope);
	if (rc < 0)
		return rc;
	if (cbi_db_rows(result) == 0)
		return cb_fail(ctx, CB_ECONFLICT,
		               "%s has %d tokens already: revoke one first",
		               wish->owner, CBI_PERSONAL_MAX);
	read_row(result, 0, making->row);
	return CB_OK;
}

static int create(struct cb_ctx *ctx, void *arg)
{
	struct making *making = arg;
	struct cbi_audit entry = { .action = "token.create",
		                   .address = making->wish->address };
	int rc = insert(ctx, making);

	if (rc < 0)
		return rc;
	entry.object = making->row->id;
	entry.after = row_json(ctx, making->row);
	rc = entry.after ? cbi_audit_write(ctx, &entry) : CB_ENOMEM;
	return rc < 0 ? rc
	              : cbi_db_registry_change(ctx, "token.create",
	                                       making->number);
}

int cbi_personal_create(struct cb_ctx *ctx,
                        const struct cbi_personal_wish *wish,
                        const char **token, struct cbi_personal_row *out,
                        uint64_t *number)
{
	struct making making = { .wish = wish, .row = out, .number = number };
	int rc = check(ctx, wish);

	if (rc < 0)
		return rc;
	make_token(&making);
	rc = cbi_db_transact(ctx, create, &making);
	if (rc == CB_OK) {
		*token = cb_strdup(ctx, making.token);
		rc = *token ? CB_OK : CB_ENOMEM;
	}
	explicit_bzero(making.token, sizeof(making.token));
	return rc;
}

/* --- the others --- */

int cbi_personal_list(struct cb_ctx *ctx, const char *owner,
                      struct cbi_personal_row **out, size_t *n)
{
	static const struct cbi_db_stmt list = {
		"personal_list",
		"select " COLUMNS " from callboard.personal_token where "
		"$1::text is null or owner = $1 order by created_at desc, id "
		"limit 1000",
	};
	struct cbi_db_result *result;
	struct cbi_personal_row *rows;
	int rc = cbi_db_query(ctx, &list, &owner, 1, &result);

	if (rc < 0)
		return rc;
	rows = cb_alloc(ctx, (cbi_db_rows(result) + 1) * sizeof(*rows));
	if (!rows)
		return CB_ENOMEM;
	for (size_t i = 0; i < cbi_db_rows(result); i++)
		read_row(result, i, &rows[i]);
	*n = cbi_db_rows(result);
	*out = rows;
	return CB_OK;
}

struct revoking {
	const char *id, *owner, *address;
	uint64_t *number;
};

static int revoke(struct cb_ctx *ctx, void *arg)
{
	static const struct cbi_db_stmt take = {
		"personal_revoke",
		"delete from callboard.personal_token where id::text = $1 and "
		"($2::text is null or owner = $2) returning " COLUMNS,
	};
	const struct revoking *revoking = arg;
	const char *params[2] = { revoking->id, revoking->owner };
	struct cbi_audit entry = { .action = "token.revoke",
		                   .object = revoking->id,
		                   .address = revoking->address };
	struct cbi_personal_row row;
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &take, params, 2, &result);

	if (rc < 0)
		return rc;
	if (cbi_db_rows(result) == 0)
		return cb_fail(ctx, CB_ENOENT, "no token '%.60s'",
		               revoking->id);
	read_row(result, 0, &row);
	entry.before = row_json(ctx, &row);
	rc = entry.before ? cbi_audit_write(ctx, &entry) : CB_ENOMEM;
	return rc < 0 ? rc
	              : cbi_db_registry_change(ctx, "token.revoke",
	                                       revoking->number);
}

int cbi_personal_revoke(struct cb_ctx *ctx, const char *id, const char *owner,
                        const char *address, uint64_t *number)
{
	struct revoking revoking = { id, owner, address, number };

	return cbi_db_transact(ctx, revoke, &revoking);
}

int cbi_personal_used(struct cb_ctx *ctx, const char *id)
{
	static const struct cbi_db_stmt note = {
		"personal_used",
		"update callboard.personal_token set last_used = current_date "
		"where id::text = $1 and last_used is distinct from "
		"current_date",
	};

	return cbi_db_query(ctx, &note, &id, 1, NULL);
}
