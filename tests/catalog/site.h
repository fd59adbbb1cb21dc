/* SPDX-License-Identifier: Apache-2.0 */
/*
 * site.h - a folder served by HTTP from a child process, with ETags.
 */
#ifndef CB_TESTS_SITE_H
#define CB_TESTS_SITE_H

#include <stdatomic.h>
#include <sys/types.h>

struct site {
	pid_t pid;
	int port; /* of 127.0.0.1 */
	struct site_counts {
		_Atomic int full, unchanged, missing;
	} * counts; /* shared with the child */
};

/* 0, or -1 with errno set. */
int site_start(struct site *site, const char *folder);
void site_stop(struct site *site);

#endif
