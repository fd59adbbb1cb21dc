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
/* The texts that stood where the title stands now: one block, kept for good,
 * also those that unsetenv takes out of the list. */
static char *texts;

/* The end of the strings that follow each other without a gap. */
static char *end_of(char **list, char *end)
{
	for (; *list; list++)
		if (*list == end)
			end += strlen(*list) + 1;
	return end;
}

static size_t length_of(char *const *list)
{
	size_t len = 0;

	for (; *list; list++)
		len += strlen(*list) + 1;
	return len;
}

/* Copies the texts of from to *at, which moves on, and points to at them. */
static void move_texts(char **to, char *const *from, char **at)
{
	for (; *from; from++, to++) {
		size_t len = strlen(*from) + 1;

		memcpy(*at, *from, len);
		*to = *at;
		*at += len;
	}
}

void cbi_title_init(int argc, char **argv)
{
	size_t n = 0;
	char **moved, *end, *at;

	if (argc < 1 || !argv[0])
		return;
	end = end_of(argv, argv[0]);
	end = end_of(environ, end);
	while (environ[n])
		n++;
	moved = calloc(n + 1, sizeof(*moved));
	texts = malloc(length_of(environ) + length_of(argv));
	if (!moved || !texts) {
		free(moved);
		return;
	}
	at = texts;
	room = argv[0];
	room_len = (size_t)(end - argv[0]);
	move_texts(moved, environ, &at);
	move_texts(argv + 1, argv + 1, &at);
	environ = moved;
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
