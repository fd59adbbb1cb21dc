/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hide.h - secrets that no line of the log shows, whoever put them there.
 *
 * By value: whoever knows a secret adds it, in each form in which it may come
 * by, and what is written is looked through for all of them.
 */
#ifndef CB_BASE_HIDE_H
#define CB_BASE_HIDE_H

#include <stdbool.h>
#include <stddef.h>

/* Shorter ones would be found in other words. */
#define CBI_HIDE_MIN 6
#define CBI_HIDE_MAX 1024

/* Before the process has threads.  What is too short, there already or does
 * not fit is passed over; false only for the last. */
bool cbi_hide_add(const char *secret);
/* Forgets all. */
void cbi_hide_clear(void);

/* Is any of them in text? */
bool cbi_hide_found(const char *text, size_t len);
/* Overwrites each in text with "***" and closes the gap; the new length. */
size_t cbi_hide(char *text, size_t len);

#endif
