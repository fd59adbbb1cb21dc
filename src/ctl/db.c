/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db.c - `callboardctl db migrate`.
 */
#include "ctl/ctl.h"

#include <stdlib.h>

#include "db/migrate.h"

/* Where the schema's files are. */
static const char *schema_dir(void)
{
	const char *dir = getenv("CALLBOARD_SCHEMA");

	return dir && *dir ? dir : CALLBOARD_DATADIR "/schema";
}

int cbi_ctl_db_migrate(struct cbi_ctl *ctl, int argc, char **argv)
{
	int applied = 0, number = 0;

	(void)argv;
	if (argc > 0)
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "db migrate takes no argument");
	if (cbi_ctl_database(ctl) < 0 ||
	    cbi_db_migrate(&ctl->ctx, schema_dir(), &applied) < 0 ||
	    cbi_db_schema_number(&ctl->ctx, &number) < 0)
		return cbi_ctl_fail(ctl);
	printf("schema %d, %d applied\n", number, applied);
	return CBI_EXIT_OK;
}
