/* SPDX-License-Identifier: Apache-2.0 */
/*
 * title.h - what ps shows of a process.
 */
#ifndef CB_SERVER_TITLE_H
#define CB_SERVER_TITLE_H

/* Once, first thing in main: takes the room that arguments and environment
 * have there, and moves the environment elsewhere. */
void cbi_title_init(int argc, char **argv);

/* "callboard: web core" for ps -f, and a short form of 15 bytes ("cb web
 * core") for the rest.  Without init only the latter. */
void cbi_title_set(const char *title);

#endif
