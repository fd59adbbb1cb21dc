/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chaos.c - see chaos.h.
 */
#include "config.h"

#include "tests/lib/chaos.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WATCHED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WATCHED 0
#endif
#endif
#ifndef WATCHED
#define WATCHED 1
#endif

static int asked, fails_at; /* fails_at 0: none does */
static const void *ours[2]; /* where the two libraries begin */

#if WATCHED
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

static bool fails(const void *caller)
{
	Dl_info info;

	if (!fails_at || !dladdr(caller, &info) ||
	    (info.dli_fbase != ours[0] && info.dli_fbase != ours[1]) ||
	    ++asked != fails_at)
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL
	                                          : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL
	                                          : __libc_realloc(old, size);
}
#endif

bool chaos_ready(void)
{
	static const char *const of[2] = { "cb_alloc", "json_object" };

	for (int i = 0; i < 2; i++) {
		Dl_info info;
		void *at = dlsym(RTLD_DEFAULT, of[i]);

		if (!at || !dladdr(at, &info))
			return false;
		ours[i] = info.dli_fbase;
	}
	return WATCHED;
}

void chaos_arm(int n)
{
	asked = 0;
	fails_at = n;
}

bool chaos_disarm(void)
{
	bool failed = fails_at && asked >= fails_at;

	fails_at = 0;
	return failed;
}
