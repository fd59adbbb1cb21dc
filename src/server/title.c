/* SPDX-License-Identifier: Apache-2.0 */
/*
 * title.c - see title.h.
 */
#include "server/title.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/str.h"

extern char **environ;

static char *room;
static size_t room_len;

/* The end of the strings that follow each other without a gap. */
static char *end_of(char **list, char *end)
{
	for (; *list; list++)
		if (*list == end)
			end += strlen(*list) + 1;
	return end;
}

void cbi_title_init(int argc, char **argv)
{
	size_t n = 0;
	char **moved, *end;

	if (argc < 1 || !argv[0])
		return;
	end = end_of(argv, argv[0]);
	end = end_of(environ, end);
	while (environ[n])
		n++;
	moved = calloc(n + 1, sizeof(*moved));
	for (size_t i = 0; moved && i < n; i++) {
		moved[i] = strdup(environ[i]);
		if (!moved[i])
			return;
	}
	if (!moved)
		return;
	for (int i = 1; i < argc; i++) {
		argv[i] = strdup(argv[i]);
		if (!argv[i])
			return;
	}
	environ = moved;
	room = argv[0];
	room_len = (size_t)(end - argv[0]);
}

void cbi_title_set(const char *title)
{
	const char *colon = strstr(title, ": ");
	char comm[16];

	snprintf(comm, sizeof(comm), "cb %s", colon ? colon + 2 : title);
	prctl(PR_SET_NAME, comm);
	if (!room)
		return;
	memset(room, 0, room_len);
	cbi_str_copy(room, room_len, title);
}
