/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ingest.c - how long it takes until a folder of catalog files is served:
 *
 *	tests/bench/ingest FOLDER/all.yaml [rounds [conninfo postmaster-pid]]
 *
 * The server is a private one, or one that is given, with a database that is
 * empty but for the schema.
 *
 * Prints wall and CPU seconds of this process and of PostgreSQL for the first
 * round, and for rounds that find nothing changed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/catalog/yard.h"
#include "tests/lib/stores.h"

static double own_cpu(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return (double)use.ru_utime.tv_sec + (double)use.ru_stime.tv_sec +
	       (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

/* All processes of the server, from their stat files. */
static double server_cpu(pid_t postmaster)
{
	char command[200];
	double ticks = 0;
	FILE *f;

	snprintf(command, sizeof(command),
	         "cat /proc/[0-9]*/stat 2>/dev/null | awk '$4 == %d || $1 == "
	         "%d {t += $14 + $15 + $16 + $17} END {print t}'",
	         (int)postmaster, (int)postmaster);
	f = popen(command, "r");
	if (!f || fscanf(f, "%lf", &ticks) != 1)
		ticks = 0;
	if (f)
		pclose(f);
	return ticks / (double)sysconf(_SC_CLK_TCK);
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 2;
	struct stores *stores = stores_start(STORES_POSTGRES);
	pid_t server_pid = argc > 4 ? (pid_t)atoi(argv[4]) : stores->postgres;
	struct yard yard;
	struct rusage use;

	if (argc < 2)
		return 2;
	if (argc > 3)
		yard_open_on(&yard, "bench", argv[3]);
	else
		yard_open(&yard, "bench");
	yard.root.target = argv[1];
	yard_sync(&yard);
	for (int i = 0; i < rounds; i++) {
		double own = own_cpu(), server = server_cpu(server_pid);
		int64_t start = cbi_clock_ms();

		yard_settle(&yard);
		start = cbi_clock_ms() - start;
		own = own_cpu() - own;
		server = server_cpu(server_pid) - server;
		printf("round %d: %.2f s wall, %.2f CPU-s own, %.2f CPU-s "
		       "PostgreSQL; %zu locations, %zu files, %zu documents, "
		       "%zu written, %zu problems\n",
		       i + 1, (double)start / 1000, own, server,
		       yard.done.locations, yard.done.files,
		       yard.done.documents, yard.done.written,
		       yard.done.problems);
	}
	printf("entities %s, ",
	       yard_sql(&yard, "select count(*) from callboard.entity"));
	printf("relations %s, ",
	       yard_sql(&yard, "select sum(jsonb_array_length(body::jsonb ->"
	                       " 'relations')) from callboard.entity"));
	printf("database %s\n",
	       yard_sql(&yard, "select pg_size_pretty("
	                       "pg_database_size(current_database()))"));
	getrusage(RUSAGE_SELF, &use);
	printf("largest %ld KiB\n", use.ru_maxrss);
	yard_close(&yard);
	return 0;
}
