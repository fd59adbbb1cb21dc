/* SPDX-License-Identifier: Apache-2.0 */
/*
 * breaker.c - keeps calls away from a plugin that fails and fails.
 *
 * All processes of the host share one breaker per plugin, on the board.  It
 * is open while open_until is set.  Once that time has come, whoever moves it
 * on first makes the one call that tries; the others stay away meanwhile, so
 * that a plugin on its knees gets one call at a time.
 */
#include "registry/registry_priv.h"

#include <callboard/log.h>

#include "base/board.h"
#include "base/clock.h"

static struct cbi_board_plugin *row_of(int plugin)
{
	if (plugin < 0 || plugin >= CB_BOARD_PLUGINS)
		return NULL;
	return &cbi_board()->plugins[plugin];
}

/* The distance to the next try, a tenth more or less so that hosts do not
 * try in step. */
static int64_t distance(uint32_t opened)
{
	int64_t ms = CB_BREAKER_FIRST_MS;
	int64_t jitter = cbi_clock_us() % 201 - 100; /* per thousand */

	while (--opened > 0 && ms < CB_BREAKER_MOST_MS)
		ms *= 2;
	if (ms > CB_BREAKER_MOST_MS)
		ms = CB_BREAKER_MOST_MS;
	return ms + ms * jitter / 1000;
}

bool cbi_breaker_before(int plugin)
{
	struct cbi_board_plugin *row = row_of(plugin);
	int64_t now, until;
	uint32_t opened;

	if (!row)
		return true;
	until = atomic_load(&row->open_until);
	if (!until)
		return true;
	now = cbi_clock_ms();
	if (now < until)
		return false;
	/* Whoever moves the time on is the try.  It moves as if it had failed
	 * already, so a failing one has nothing to tell; and calls that were
	 * under way when the breaker opened do not count as tries. */
	opened = atomic_load(&row->opened) + 1;
	if (!atomic_compare_exchange_strong(&row->open_until, &until,
	                                    now + distance(opened)))
		return false;
	atomic_store(&row->opened, opened);
	return true;
}

static void note_success(struct cbi_board_plugin *row)
{
	/* Written only when it changes: the line is shared by all threads. */
	if (atomic_load(&row->failures))
		atomic_store(&row->failures, 0);
	if (!atomic_load(&row->open_until))
		return;
	atomic_store(&row->opened, 0);
	if (atomic_exchange(&row->open_until, 0))
		cb_log(NULL, CB_LOG_INFO,
		       "%s answers again, its breaker is closed", row->name);
}

static void note_failure(struct cbi_board_plugin *row)
{
	uint32_t failures = atomic_fetch_add(&row->failures, 1) + 1;
	int64_t closed = 0;

	if (failures < CB_BREAKER_FAILURES)
		return;
	if (atomic_compare_exchange_strong(&row->open_until, &closed,
	                                   cbi_clock_ms() + distance(1))) {
		atomic_store(&row->opened, 1);
		cb_log(NULL, CB_LOG_WARN,
		       "%s failed %u times in a row, its breaker is open",
		       row->name, failures);
	}
}

void cbi_breaker_after(int plugin, bool ok)
{
	struct cbi_board_plugin *row = row_of(plugin);

	if (!row)
		return;
	if (ok)
		note_success(row);
	else
		note_failure(row);
}

bool cbi_breaker_open(int plugin)
{
	const struct cbi_board_plugin *row = row_of(plugin);

	return row && atomic_load(&row->open_until) != 0;
}
