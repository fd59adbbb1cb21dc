/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metric.c - see metric.h.
 */
#include "base/metric.h"

#include "base/board.h"

static const int64_t bounds[] = CBI_HISTOGRAM_BOUNDS;

#define BOUNDS (sizeof(bounds) / sizeof(bounds[0]))

_Static_assert(BOUNDS + 1 == CBI_HISTOGRAM_BUCKETS, "one bucket has no bound");

void cbi_metric_add(enum cbi_counter counter, uint64_t n)
{
	atomic_fetch_add_explicit(&cbi_board()->counters[counter], n,
	                          memory_order_relaxed);
}

void cbi_metric_time(struct cbi_histogram *histogram, int64_t us)
{
	size_t i = 0;

	while (i < BOUNDS && us > bounds[i])
		i++;
	atomic_fetch_add_explicit(&histogram->bucket[i], 1,
	                          memory_order_relaxed);
	atomic_fetch_add_explicit(&histogram->sum_us, (uint64_t)us,
	                          memory_order_relaxed);
}

int64_t cbi_metric_quantile(const struct cbi_histogram *histogram, double share)
{
	uint64_t counts[CBI_HISTOGRAM_BUCKETS], all = 0, seen = 0;

	for (size_t i = 0; i < CBI_HISTOGRAM_BUCKETS; i++) {
		counts[i] = atomic_load_explicit(&histogram->bucket[i],
		                                 memory_order_relaxed);
		all += counts[i];
	}
	for (size_t i = 0; i < CBI_HISTOGRAM_BUCKETS && all; i++) {
		seen += counts[i];
		if ((double)seen >= share * (double)all)
			return bounds[i < BOUNDS ? i : BOUNDS - 1];
	}
	return 0;
}
