/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metric.h - counters and histograms that live on the board.
 */
#ifndef CB_BASE_METRIC_H
#define CB_BASE_METRIC_H

#include <stdatomic.h>
#include <stdint.h>

/* One X(id, Prometheus name, help) per counter; all end in _total. */
#define CBI_COUNTER_LIST(X)                                                  \
	X(REQUESTS, "callboard_requests_total", "Requests answered")         \
	X(ERRORS_4XX, "callboard_requests_4xx_total", "Answers 400 to 499")  \
	X(ERRORS_5XX, "callboard_requests_5xx_total", "Answers 500 to 599")  \
	X(STALE, "callboard_stale_answers_total",                            \
	  "Answers given while the copy was behind PostgreSQL")              \
	X(CACHE_HITS, "callboard_cache_hits_total", "In-process cache hits") \
	X(CACHE_MISSES, "callboard_cache_misses_total",                      \
	  "In-process cache misses")                                         \
	X(DB_QUERIES, "callboard_db_statements_total",                       \
	  "Statements sent to PostgreSQL")                                   \
	X(DB_ERRORS, "callboard_db_errors_total",                            \
	  "Statements that PostgreSQL refused or lost")                      \
	X(REDIS_ERRORS, "callboard_redis_errors_total",                      \
	  "Redis calls that failed or were too slow")                        \
	X(FETCHES, "callboard_fetch_calls_total", "Requests sent to tools")  \
	X(FETCH_ERRORS, "callboard_fetch_errors_total",                      \
	  "Requests to tools that failed")                                   \
	X(FETCH_JOINED, "callboard_fetch_joined_total",                      \
	  "Readers that joined a fetch under way")                           \
	X(SOURCE_BAD, "callboard_source_values_refused_total",               \
	  "Kept tool values that did not parse")                             \
	X(CRASHES, "callboard_crashes_total", "Processes that crashed")      \
	X(RESTARTS, "callboard_restarts_total", "Processes started again")   \
	X(REFUSED_LOST, "callboard_refusals_unrecorded_total",               \
	  "Refused attempts that are not in the audit log")                  \
	X(REFUSED_AGAIN, "callboard_refusals_repeated_total",                \
	  "Refused reads that were in the audit log within the minute")      \
	X(INGESTED, "callboard_entities_written_total",                      \
	  "Entity versions written by this host's engines")

enum cbi_counter {
#define X(id, name, help) CBI_COUNT_##id,
	CBI_COUNTER_LIST(X)
#undef X
	    CBI_COUNTERS
};

/* Upper bounds in microseconds; the last bucket has none. */
#define CBI_HISTOGRAM_BOUNDS                                              \
	{                                                                 \
		50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, \
		    100000, 250000, 500000, 1000000, 2500000              \
	}
#define CBI_HISTOGRAM_BUCKETS 16

struct cbi_histogram {
	_Atomic uint64_t bucket[CBI_HISTOGRAM_BUCKETS];
	_Atomic uint64_t sum_us;
};

void cbi_metric_add(enum cbi_counter counter, uint64_t n);
void cbi_metric_time(struct cbi_histogram *histogram, int64_t us);

/* The time below which share (0..1) of the calls were, in microseconds, as
 * well as the buckets tell; 0 without calls. */
int64_t cbi_metric_quantile(const struct cbi_histogram *histogram,
                            double share);

#endif
