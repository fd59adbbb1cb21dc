/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.c - `callboardctl status`: this host, from the board.
 */
#include "ctl/ctl.h"

#include <signal.h>
#include <string.h>

#include "base/board.h"
#include "base/clock.h"
#include "db/migrate.h"
#include "redis/redis.h"

static const char *kind_name(int kind)
{
	static const char *const names[] = { "-", "master", "web", "fetch",
		                             "engine" };

	return kind >= 0 && kind <= CBI_PROCESS_ENGINE ? names[kind] : "-";
}

static json_t *processes(void)
{
	static const char *const states[] = { "starting", "ready", "draining" };
	struct cbi_board *board = cbi_board();
	json_t *rows = json_array();

	for (int i = 0; i < CB_BOARD_PROCESSES; i++) {
		struct cbi_board_process *p = &board->processes[i];
		int state = p->state;
		char text[96];

		if (p->pid <= 0 || kill(p->pid, 0) < 0)
			continue;
		json_array_append_new(
		    rows,
		    json_pack(
			"{s:s, s:s, s:i, s:s, s:i, s:I, s:I, s:s}", "kind",
			kind_name(p->kind), "pool", p->pool, "pid", (int)p->pid,
			"state", states[state >= 0 && state < 3 ? state : 0],
			"generation", (int)p->generation, "requests",
			(json_int_t)p->requests, "upSeconds",
			(json_int_t)((cbi_clock_ms() - p->started) / 1000),
			"sandbox",
			p->kind == CBI_PROCESS_MASTER
			    ? "-"
			    : cbi_board_sandbox(p->sandbox, text,
		                                sizeof(text))));
	}
	return rows;
}

static const char *database_state(struct cbi_ctl *ctl)
{
	int number = 0;

	if (cbi_ctl_database(ctl) < 0 ||
	    cbi_db_schema_number(&ctl->ctx, &number) < 0) {
		const char *why = cb_strdup(&ctl->ctx, cb_failure(&ctl->ctx));

		cb_failure_clear(&ctl->ctx);
		return why ? why : "away";
	}
	return number >= CB_DB_SCHEMA_NEEDED ? "ok" : "older schema";
}

/* Asked for a key that nobody has; a slow answer is asked for again. */
static const char *cache_state(struct cbi_ctl *ctl)
{
	struct cbi_span span;
	int rc = CB_EAWAY;

	if (!*ctl->settings->redis)
		return "none";
	if (cbi_redis_setup(&ctl->ctx, ctl->settings->redis,
	                    ctl->settings->redis_ms) < 0)
		return "away";
	for (int i = 0; i < 3 && rc == CB_EAWAY; i++)
		rc = cbi_redis_get(&ctl->ctx, "cb:all:status", &span);
	cbi_redis_lane_finish(&ctl->lane);
	return rc == CB_EAWAY ? "away" : "ok";
}

int cbi_ctl_status(struct cbi_ctl *ctl, int argc, char **argv)
{
	static const char *const columns[] = {
		"kind",     "pool",      "pid",     "state", "generation",
		"requests", "upSeconds", "sandbox", NULL
	};
	struct cbi_board *board;
	int64_t level;
	json_t *rows, *all;
	bool running;

	if (argc > 0)
		return cbi_ctl_complain(
		    CBI_EXIT_USAGE, "status: unknown argument '%s'", argv[0]);
	if (cbi_ctl_board(ctl) < 0)
		return cbi_ctl_fail(ctl);
	board = cbi_board();
	rows = processes();
	running = board->master > 0 && kill(board->master, 0) == 0;
	level = board->level_ms ? cbi_clock_ms() - board->level_ms : -1;
	all = json_pack("{s:b, s:i, s:i, s:I, s:I, s:I, s:s, s:s, s:O}",
	                "running", running, "master",
	                running ? (int)board->master : 0, "generation",
	                (int)board->generation, "copyNumber",
	                (json_int_t)board->copy_number, "wantedNumber",
	                (json_int_t)board->wanted, "levelAgeMs",
	                (json_int_t)level, "database", database_state(ctl),
	                "cache", cache_state(ctl), "processes", rows);
	if (ctl->output == CBI_OUTPUT_JSON) {
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		printf("portal     %s\ndatabase   %s\ncache      %s\n",
		       running ? "running" : "not running",
		       json_string_value(json_object_get(all, "database")),
		       json_string_value(json_object_get(all, "cache")));
		if (level < 0)
			puts("copy       never level with PostgreSQL");
		else
			printf("copy       change %lld, level %.1f s ago\n",
			       (long long)board->copy_number,
			       (double)level / 1000);
		putchar('\n');
		cbi_ctl_print(ctl, rows, columns);
	}
	json_decref(rows);
	json_decref(all);
	return running ? CBI_EXIT_OK : CBI_EXIT_AWAY;
}
