/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uproot.c - see uproot.h.
 */
#include "catalog/uproot.h"

#include <string.h>

#include "audit/audit.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "catalog/remove.h"
#include "db/db.h"

struct uprooting {
	const char *uid;
	const char *address;
	int64_t number;
};

static int write_audit(struct cb_ctx *ctx, const struct uprooting *u,
                       const char *ref)
{
	struct cbi_audit entry = { .action = "entity.delete",
		                   .object = ref,
		                   .address = u->address };
	struct cb_buf before;
	int rc;

	cbi_buf_init(&before, CB_MIB);
	cb_buf_text(&before, "{\"uid\":");
	cbi_str_json(&before, u->uid, strlen(u->uid));
	cb_buf_text(&before, "}");
	entry.before = cbi_buf_string(&before);
	rc = before.failed ? before.failed : cbi_audit_write(ctx, &entry);
	cbi_buf_finish(&before);
	return rc;
}

/* Who emits it forgets what the source looked like, so the next look brings
 * the entity back. */
static int wake_parents(struct cb_ctx *ctx, const char *id)
{
	static const struct cbi_db_stmt wake = {
		"uproot_wake",
		"update callboard.node set due_at = clock_timestamp(), "
		"read_state = '{}' where id in (select parent from "
		"callboard.edge where child = $1::bigint)",
	};

	return cbi_db_query(ctx, &wake, &id, 1, NULL);
}

static int uproot(struct cb_ctx *ctx, void *arg)
{
	static const struct cbi_db_stmt find = {
		"uproot_find",
		"select id, ref from callboard.node where uid = $1::uuid",
	};
	struct uprooting *u = arg;
	struct cbi_db_result *found;
	const char *id_text;
	int64_t id;
	int rc = cbi_db_query(ctx, &find, &u->uid, 1, &found);

	u->number = 0;
	if (rc < 0 || cbi_db_rows(found) == 0)
		return rc;
	id = cbi_db_int(found, 0, 0);
	id_text = cbi_db_text(found, 0, 0);
	rc = cbi_remove_lock(ctx, &id, 1);
	if (rc == CB_OK)
		rc = wake_parents(ctx, id_text);
	if (rc == CB_OK)
		rc = write_audit(ctx, u, cbi_db_text(found, 0, 1));
	if (rc == CB_OK)
		rc =
		    cbi_remove_nodes(ctx, &id, 1, "removed by uid", &u->number);
	return rc;
}

static bool is_uuid(const char *text)
{
	size_t i;

	for (i = 0; text[i] && i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-'
		         : !strchr("0123456789abcdef", text[i]))
			return false;
	}
	return i == 36 && !text[i];
}

int cbi_uproot(struct cb_ctx *ctx, const char *uid, const char *address,
               uint64_t *number)
{
	struct uprooting u = { .uid = uid, .address = address };
	char *lower = cb_strdup(ctx, uid);
	int rc;

	if (!lower)
		return CB_ENOMEM;
	cbi_str_lower(lower);
	u.uid = lower;
	*number = 0;
	if (!is_uuid(lower))
		return CB_OK;
	rc = cbi_db_transact(ctx, uproot, &u);
	if (rc == CB_OK)
		*number = (uint64_t)u.number;
	return rc;
}
