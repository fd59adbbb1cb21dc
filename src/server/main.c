/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - the program `callboard`: the master and everything it forks.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "server/master.h"
#include "server/title.h"

#define EXIT_USAGE 2
#define CONFIGS_MAX 64

/* See arm() in loop.c. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "race:^arm$\n";
}

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "test", no_argument, NULL, 't' },
	{ "foreground", no_argument, NULL, 'f' },
	{ "take-over", no_argument, NULL, 'o' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static void print_help(FILE *out)
{
	fputs("usage: callboard [options]\n"
	      "\n"
	      "  -c, --config FILE  read FILE; may be given several times\n"
	      "  -t, --test         check the config and end\n"
	      "      --foreground   stay in the foreground (it always does)\n"
	      "      --take-over    replace a running callboard without a gap\n"
	      "  -V, --version      print the version\n"
	      "  -h, --help         print this\n"
	      "\n"
	      "Signals: HUP loads the config anew, TERM and INT end it.\n"
	      "Exit codes: 0 ended as told, 1 failed, 2 usage, 3 config.\n",
	      out);
}

int main(int argc, char **argv)
{
	static const char *configs[CONFIGS_MAX];
	struct cbi_master_options given = { .configs = configs };
	bool test = false;
	int c;

	cbi_title_init(argc, argv);
	while ((c = getopt_long(argc, argv, "c:tVh", options, NULL)) != -1) {
		if (c == 'c' && given.config_count < CONFIGS_MAX) {
			configs[given.config_count++] = optarg;
		} else if (c == 't') {
			test = true;
		} else if (c == 'o') {
			given.take_over = true;
		} else if (c == 'V') {
			puts(PACKAGE_STRING);
			return 0;
		} else if (c == 'h') {
			print_help(stdout);
			return 0;
		} else if (c != 'f') {
			print_help(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "callboard: unknown argument '%s'\n",
		        argv[optind]);
		print_help(stderr);
		return EXIT_USAGE;
	}
	return test ? cbi_master_test(&given) : cbi_master_run(&given);
}
