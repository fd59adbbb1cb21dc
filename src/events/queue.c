/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue.c - the table `event`.
 */
#include "events/events.h"

#include "base/buf.h"
#include "base/limits.h"
#include "callboard/json.h"
#include "db/db.h"
#include "json/json.h"

/* Beyond it somebody sends faster than engines look, or none runs. */
#define WAITING_MAX "1000"

static const struct cbi_db_stmt keep = {
	"event_keep",
	"with room as (select 1 where (select count(*) from event"
	"  where done_at is null) < " WAITING_MAX "),"
	" new as (insert into event (topic, delivery, body)"
	"  select $1, $2, $3 from room on conflict do nothing returning 1)"
	" select exists (select 1 from room),"
	"  (select pg_notify('callboard_work', '') from new)",
};

static const struct cbi_db_stmt take = {
	"event_take",
	"select id, topic, body from event where done_at is null"
	" order by id limit 1 for update skip locked",
};

static const struct cbi_db_stmt mark_done = {
	"event_done",
	"update event set done_at = clock_timestamp() where id = $1::bigint",
};

static const struct cbi_db_stmt forget = {
	"event_forget",
	"delete from event where id in (select id from event"
	" where at < clock_timestamp() - interval '1 day'"
	" and done_at is not null order by at limit 1000)",
};

int cbi_event_keep(struct cb_ctx *ctx, const char *topic, const char *delivery,
                   const json_t *telling)
{
	const char *params[3] = { topic, delivery };
	struct cbi_db_result *rows;
	struct cb_buf buf;
	int rc;

	cbi_buf_init(&buf, CB_MIB);
	rc = cbi_json_canonical(&buf, telling);
	params[2] = cbi_buf_string(&buf);
	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &keep, params, 3, &rows);
	else
		cb_fail(ctx, rc, "the event is too large");
	cbi_buf_finish(&buf);
	if (rc == CB_OK && !cbi_db_bool(rows, 0, 0))
		return cb_fail(ctx, CB_EBUSY,
		               "more than " WAITING_MAX " events wait");
	return rc;
}

struct work {
	int (*act)(void *arg, struct cb_ctx *ctx,
	           const struct cbi_supply_event *event);
	void *arg;
	bool found;
	const char *id; /* of the one that was taken */
};

static int work_tx(struct cb_ctx *ctx, void *arg)
{
	struct work *work = arg;
	struct cbi_supply_event event;
	struct cbi_db_result *rows;
	const char *id;
	json_t *body;
	int rc = cbi_db_query(ctx, &take, NULL, 0, &rows);

	work->found = rc == CB_OK && cbi_db_rows(rows) > 0;
	if (!work->found)
		return rc;
	id = cbi_db_text(rows, 0, 0);
	work->id = id;
	rc = cb_json_parse(ctx, cbi_db_text(rows, 0, 2), cbi_db_len(rows, 0, 2),
	                   &body);
	if (rc < 0)
		return rc;
	event = (struct cbi_supply_event){
		.topic = cbi_db_text(rows, 0, 1),
		.kind = cb_json_text(body, "kind", ""),
		.repo = cb_json_text(body, "repo", ""),
		.org = cb_json_text(body, "org", ""),
		.branch = cb_json_text(body, "branch", ""),
		.paths = json_object_get(body, "paths"),
	};
	if (!json_is_array(event.paths))
		event.paths = NULL;
	rc = work->act(work->arg, ctx, &event);
	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &mark_done, &id, 1, NULL);
	return rc == CB_OK ? cbi_db_query(ctx, &forget, NULL, 0, NULL) : rc;
}

/* By itself: the transaction that it was taken in is over.  What failed stays
 * the context's failure. */
static int put_aside(struct cb_ctx *ctx, const char *id, int code)
{
	char *why = cb_strdup(ctx, cb_failure(ctx));

	if (!why)
		return CB_ENOMEM;
	cb_failure_clear(ctx);
	if (cbi_db_query(ctx, &mark_done, &id, 1, NULL) < 0)
		return cb_failure_code(ctx);
	return cb_fail(ctx, code, "an event was passed over: %s", why);
}

int cbi_event_work(struct cb_ctx *ctx,
                   int (*act)(void *arg, struct cb_ctx *ctx,
                              const struct cbi_supply_event *event),
                   void *arg, bool *found)
{
	struct work work = { act, arg, false, NULL };
	int rc = cbi_db_transact(ctx, work_tx, &work);

	*found = work.found;
	if (rc < 0 && work.id && cbi_db_there() && cb_time_left(ctx) != 0)
		return put_aside(ctx, work.id, rc);
	return rc;
}
