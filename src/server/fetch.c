/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch.c - the process that asks tools.
 */
#include "server/child.h"

int cbi_fetch_main(const struct cbi_start *start)
{
	cbi_child_ready(start);
	while (cbi_child_wait(start, 1000) == CBI_CHILD_GO_ON)
		;
	return 0;
}
