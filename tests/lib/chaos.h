/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chaos.h - the Nth allocation fails.
 *
 * What libcallboard and jansson ask the C library for is counted, in all
 * threads; what others ask for is not.  A program that links chaos.c has its
 * malloc, calloc and realloc from there.
 */
#ifndef CB_TESTS_LIB_CHAOS_H
#define CB_TESTS_LIB_CHAOS_H

#include <stdbool.h>

/* False under a sanitizer, whose allocator asks nobody: skip the test. */
bool chaos_ready(void);

/* From now on the nth fails, counted from 1. */
void chaos_arm(int n);
/* None does; did one? */
bool chaos_disarm(void);

#endif
