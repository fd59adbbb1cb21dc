/* SPDX-License-Identifier: Apache-2.0 */
/*
 * skew.c - a host whose clock is wrong: preloaded into its processes, it adds
 * CB_TEST_AHEAD seconds to the time of day and to nothing else.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static int (*next)(clockid_t, struct timespec *);
static long ahead;

__attribute__((constructor)) static void look(void)
{
	const char *seconds = getenv("CB_TEST_AHEAD");

	*(void **)&next = dlsym(RTLD_NEXT, "clock_gettime");
	ahead = seconds ? atol(seconds) : 0;
}

int clock_gettime(clockid_t id, struct timespec *out)
{
	int rc;

	if (!next)
		look();
	rc = next(id, out);
	if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)
		out->tv_sec += ahead;
	return rc;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;
	int rc = clock_gettime(CLOCK_REALTIME, &now);

	(void)zone;
	out->tv_sec = now.tv_sec;
	out->tv_usec = now.tv_nsec / 1000;
	return rc;
}

time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}
