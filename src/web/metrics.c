/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.c - see metrics.h.  Reads atomics while others write them: figures
 * of one answer need not fit each other to the last unit.
 */
#include "web/metrics.h"

#include <string.h>

#include "base/board.h"
#include "base/buf.h"
#include "base/clock.h"

struct counter {
	const char *name;
	const char *help;
};

static const struct counter counters[] = {
#define X(id, name, help) { name, help },
	CBI_COUNTER_LIST(X)
#undef X
};

static void head(struct cb_buf *out, const char *name, const char *type,
                 const char *help)
{
	cb_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
	              type);
}

static void add_histogram(struct cb_buf *out, const char *name,
                          const char *label,
                          const struct cbi_histogram *histogram)
{
	static const int bounds[] = CBI_HISTOGRAM_BOUNDS;
	const char *comma = label[0] ? "," : "";
	uint64_t sum = 0;

	for (int i = 0; i < CBI_HISTOGRAM_BUCKETS; i++) {
		sum += atomic_load(&histogram->bucket[i]);
		if (i < CBI_HISTOGRAM_BUCKETS - 1)
			cb_buf_printf(out, "%s_bucket{%s%sle=\"%g\"} %llu\n",
			              name, label, comma, bounds[i] / 1e6,
			              (unsigned long long)sum);
	}
	cb_buf_printf(out, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", name, label,
	              comma, (unsigned long long)sum);
	cb_buf_printf(out, "%s_sum%s%s%s %g\n", name, label[0] ? "{" : "",
	              label, label[0] ? "}" : "",
	              (double)atomic_load(&histogram->sum_us) / 1e6);
	cb_buf_printf(out, "%s_count%s%s%s %llu\n", name, label[0] ? "{" : "",
	              label, label[0] ? "}" : "", (unsigned long long)sum);
}

static void add_counters(struct cb_buf *out, struct cbi_board *board)
{
	for (int i = 0; i < CBI_COUNTERS; i++) {
		head(out, counters[i].name, "counter", counters[i].help);
		cb_buf_printf(
		    out, "%s %llu\n", counters[i].name,
		    (unsigned long long)atomic_load(&board->counters[i]));
	}
	head(out, "callboard_request_seconds", "histogram",
	     "How long requests took");
	add_histogram(out, "callboard_request_seconds", "", &board->requests);
}

static void add_catalog(struct cb_buf *out, struct cbi_board *board)
{
	int64_t level = atomic_load(&board->level_ms);

	head(out, "callboard_copy_number", "gauge",
	     "Change number that the host's copy holds");
	cb_buf_printf(out, "callboard_copy_number %llu\n",
	              (unsigned long long)atomic_load(&board->copy_number));
	head(out, "callboard_wanted_number", "gauge",
	     "Change number that was answered to a writer");
	cb_buf_printf(out, "callboard_wanted_number %llu\n",
	              (unsigned long long)atomic_load(&board->wanted));
	if (!level)
		return;
	head(out, "callboard_copy_age_seconds", "gauge",
	     "Time since the copy was last level with PostgreSQL");
	cb_buf_printf(out, "callboard_copy_age_seconds %g\n",
	              (double)(cbi_clock_ms() - level) / 1e3);
}

static const char *kind_name(int kind)
{
	switch (kind) {
	case CBI_PROCESS_MASTER:
		return "master";
	case CBI_PROCESS_WEB:
		return "web";
	case CBI_PROCESS_FETCH:
		return "fetch";
	case CBI_PROCESS_ENGINE:
		return "engine";
	default:
		return NULL;
	}
}

static void add_processes(struct cb_buf *out, struct cbi_board *board)
{
	head(out, "callboard_process_requests", "gauge",
	     "Requests that a living process answered");
	for (int i = 0; i < CB_BOARD_PROCESSES; i++) {
		struct cbi_board_process *p = &board->processes[i];
		const char *kind = kind_name(atomic_load(&p->kind));
		int pid = (int)atomic_load(&p->pid);

		if (pid <= 0 || !kind)
			continue;
		cb_buf_printf(
		    out,
		    "callboard_process_requests{kind=\"%s\",pool=\"%.*s\","
		    "pid=\"%d\",generation=\"%u\"} %llu\n",
		    kind, CB_NAME_MAX, p->pool, pid,
		    (unsigned)atomic_load(&p->generation),
		    (unsigned long long)atomic_load(&p->requests));
	}
}

struct figure {
	const char *name;
	const char *help;
	size_t offset; /* of an atomic uint64_t in the plugin's row */
};

#define FIGURE(field) offsetof(struct cbi_board_plugin, field)

static const struct figure figures[] = {
	{ "callboard_plugin_calls_total", "Calls of a plugin", FIGURE(calls) },
	{ "callboard_plugin_errors_total", "Calls that failed",
	  FIGURE(errors) },
	{ "callboard_plugin_placeholders_total", "Cards drawn as placeholders",
	  FIGURE(placeholders) },
	{ "callboard_plugin_fetches_total", "Requests to the plugin's tools",
	  FIGURE(fetches) },
	{ "callboard_plugin_cache_hits_total",
	  "Values of tools that were there when a card asked",
	  FIGURE(cache_hits) },
};

static void add_health(struct cb_buf *out, struct cbi_board *board)
{
	head(out, "callboard_plugin_healthy", "gauge",
	     "What the plugin's last probe found: 1 is well");
	for (int i = 0; i < CB_BOARD_PLUGINS; i++) {
		struct cbi_board_plugin *p = &board->plugins[i];
		int32_t health = atomic_load(&p->health);

		if (atomic_load(&p->used) == 2 && health != CBI_HEALTH_UNKNOWN)
			cb_buf_printf(
			    out,
			    "callboard_plugin_healthy{plugin=\"%.*s\"} %d\n",
			    CB_NAME_MAX, p->name, health == CBI_HEALTH_GOOD);
	}
}

static void add_plugins(struct cb_buf *out, struct cbi_board *board)
{
	for (size_t f = 0; f < sizeof(figures) / sizeof(figures[0]); f++) {
		head(out, figures[f].name, "counter", figures[f].help);
		for (int i = 0; i < CB_BOARD_PLUGINS; i++) {
			struct cbi_board_plugin *p = &board->plugins[i];
			_Atomic uint64_t *value =
			    (_Atomic uint64_t *)(void *)((char *)p +
			                                 figures[f].offset);

			if (atomic_load(&p->used) == 2)
				cb_buf_printf(
				    out, "%s{plugin=\"%.*s\"} %llu\n",
				    figures[f].name, CB_NAME_MAX, p->name,
				    (unsigned long long)atomic_load(value));
		}
	}
	add_health(out, board);
	head(out, "callboard_plugin_draw_seconds", "histogram",
	     "How long drawing took");
	for (int i = 0; i < CB_BOARD_PLUGINS; i++) {
		struct cbi_board_plugin *p = &board->plugins[i];
		char label[CB_NAME_MAX + 16];
		struct cb_buf text;

		if (atomic_load(&p->used) != 2)
			continue;
		cbi_buf_init(&text, sizeof(label));
		cb_buf_printf(&text, "plugin=\"%.*s\"", CB_NAME_MAX, p->name);
		add_histogram(out, "callboard_plugin_draw_seconds",
		              cbi_buf_string(&text), &p->draw);
		cbi_buf_finish(&text);
	}
}

static void add_states(struct cb_buf *out, struct cbi_board *board)
{
	int64_t now = cbi_clock_ms();

	head(out, "callboard_plugin_open", "gauge",
	     "1 while the breaker keeps calls away");
	for (int i = 0; i < CB_BOARD_PLUGINS; i++) {
		struct cbi_board_plugin *p = &board->plugins[i];

		if (atomic_load(&p->used) == 2)
			cb_buf_printf(out,
			              "callboard_plugin_open{plugin=\"%.*s\"} "
			              "%d\n",
			              CB_NAME_MAX, p->name,
			              atomic_load(&p->open_until) > now);
	}
	head(out, "callboard_plugin_quarantined", "gauge",
	     "1 while the plugin is in quarantine on this host");
	for (int i = 0; i < CB_BOARD_PLUGINS; i++) {
		struct cbi_board_plugin *p = &board->plugins[i];

		if (atomic_load(&p->used) == 2)
			cb_buf_printf(
			    out,
			    "callboard_plugin_quarantined{plugin=\"%.*s\"} "
			    "%d\n",
			    CB_NAME_MAX, p->name,
			    atomic_load(&p->quarantined_at) != 0);
	}
}

int cbi_metrics_write(struct cb_buf *out)
{
	struct cbi_board *board = cbi_board();

	add_counters(out, board);
	add_catalog(out, board);
	add_processes(out, board);
	add_plugins(out, board);
	add_states(out, board);
	return out->failed;
}
