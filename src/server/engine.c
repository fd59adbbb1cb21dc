/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.c - the process that works on the catalog.
 */
#include "server/child.h"

int cbi_engine_main(const struct cbi_start *start)
{
	cbi_child_ready(start);
	while (cbi_child_wait(start, 1000) == CBI_CHILD_GO_ON)
		;
	return 0;
}
