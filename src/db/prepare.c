/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prepare.c - what is prepared on which connection.
 *
 * House statements are found by their address and stay.  Texts made at run
 * time are found by their words: one seen for the second time is prepared,
 * and the one not used for longest makes room.
 */
#include "db/db_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SLOTS_FIRST 64

static size_t home(const struct cbi_db_conn *conn,
                   const struct cbi_db_stmt *stmt)
{
	uintptr_t address = (uintptr_t)stmt;

	return XXH3_64bits(&address, sizeof(address)) & (conn->slots_cap - 1);
}

static struct cbi_db_slot *find_slot(struct cbi_db_conn *conn,
                                     const struct cbi_db_stmt *stmt)
{
	size_t i = home(conn, stmt);

	while (conn->slots[i].stmt && conn->slots[i].stmt != stmt)
		i = (i + 1) & (conn->slots_cap - 1);
	return &conn->slots[i];
}

static int grow(struct cbi_db_conn *conn)
{
	struct cbi_db_slot *old = conn->slots;
	size_t cap = conn->slots_cap, more = cap ? cap * 2 : SLOTS_FIRST;
	struct cbi_db_slot *slots = calloc(more, sizeof(*slots));

	if (!slots)
		return CB_ENOMEM;
	conn->slots = slots;
	conn->slots_cap = more;
	for (size_t i = 0; i < cap; i++)
		if (old[i].stmt)
			*find_slot(conn, old[i].stmt) = old[i];
	free(old);
	return CB_OK;
}

static void fill_plan(struct cbi_db_conn *conn, struct cbi_db_plan *plan,
                      const char *name, struct cbi_db_slot *slot)
{
	if (!slot->id)
		slot->id = ++conn->last_id;
	plan->slot = slot;
	snprintf(plan->name, sizeof(plan->name), "%.40s_%u", name, slot->id);
}

static int plan_stmt(struct cbi_db_conn *conn, const struct cbi_db_stmt *stmt,
                     struct cbi_db_plan *out)
{
	struct cbi_db_slot *slot;

	if (conn->slots_used * 2 >= conn->slots_cap && grow(conn) < 0)
		return CB_ENOMEM;
	slot = find_slot(conn, stmt);
	if (!slot->stmt) {
		slot->stmt = stmt;
		conn->slots_used++;
	}
	fill_plan(conn, out, stmt->name, slot);
	return CB_OK;
}

/* Lets a text go; its plan is dropped before the next statement. */
static void drop_text(struct cbi_db_conn *conn, struct cbi_db_text *text)
{
	if (text->slot.ready)
		conn->stale_id = text->slot.id;
	free(text->sql);
	memset(text, 0, sizeof(*text));
}

static int plan_text(struct cbi_db_conn *conn, const char *sql,
                     struct cbi_db_plan *out)
{
	uint64_t hash = XXH3_64bits(sql, strlen(sql));
	struct cbi_db_text *text = &conn->texts[0];

	for (size_t i = 0; i < CB_DB_TEXTS; i++) {
		struct cbi_db_text *other = &conn->texts[i];

		if (other->sql && other->hash == hash &&
		    strcmp(other->sql, sql) == 0) {
			other->used = ++conn->text_clock;
			fill_plan(conn, out, "text", &other->slot);
			return CB_OK;
		}
		if (other->used < text->used)
			text = other;
	}
	drop_text(conn, text);
	text->sql = strdup(sql);
	if (!text->sql)
		return CB_ENOMEM;
	text->hash = hash;
	text->used = ++conn->text_clock;
	return CB_OK;
}

int cbi_db_plan(struct cbi_db_conn *conn, const struct cbi_db_stmt *stmt,
                struct cbi_db_plan *out)
{
	memset(out, 0, sizeof(*out));
	if (!cbi_db_config()->prepare)
		return CB_OK;
	if (stmt->name)
		return plan_stmt(conn, stmt, out);
	return plan_text(conn, stmt->sql, out);
}

void cbi_db_plans_finish(struct cbi_db_conn *conn)
{
	free(conn->slots);
	conn->slots = NULL;
	conn->slots_cap = 0;
	conn->slots_used = 0;
	for (size_t i = 0; i < CB_DB_TEXTS; i++) {
		free(conn->texts[i].sql);
		memset(&conn->texts[i], 0, sizeof(conn->texts[i]));
	}
}

int cbi_db_send_prepare(PGconn *pg, const struct cbi_db_stmt *stmt,
                        const struct cbi_db_plan *plan)
{
	return PQsendPrepare(pg, plan->name, stmt->sql, 0, NULL) ? CB_OK
	                                                         : CB_EAWAY;
}

int cbi_db_send(PGconn *pg, const struct cbi_db_stmt *stmt,
                const struct cbi_db_plan *plan, const char *const *params,
                size_t n)
{
	int sent;

	if (plan->name[0])
		sent = PQsendQueryPrepared(pg, plan->name, (int)n, params, NULL,
		                           NULL, 0);
	else
		sent = PQsendQueryParams(pg, stmt->sql, (int)n, NULL, params,
		                         NULL, NULL, 0);
	return sent ? CB_OK : CB_EAWAY;
}
