/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hide.c - see hide.h.
 *
 * Lines are rare and secrets are few: each is searched for by itself.
 */
#define _GNU_SOURCE /* memmem */

#include "base/hide.h"

#include <stdlib.h>
#include <string.h>

#define STARS "***"

static char *secrets[CBI_HIDE_MAX];
static size_t count;

bool cbi_hide_add(const char *secret)
{
	if (strlen(secret) < CBI_HIDE_MIN)
		return true;
	for (size_t i = 0; i < count; i++)
		if (strcmp(secrets[i], secret) == 0)
			return true;
	if (count == CBI_HIDE_MAX)
		return false;
	secrets[count] = strdup(secret);
	if (!secrets[count])
		return false;
	count++;
	return true;
}

void cbi_hide_clear(void)
{
	while (count > 0) {
		count--;
		explicit_bzero(secrets[count], strlen(secrets[count]));
		free(secrets[count]);
	}
}

bool cbi_hide_found(const char *text, size_t len)
{
	for (size_t i = 0; i < count; i++)
		if (memmem(text, len, secrets[i], strlen(secrets[i])))
			return true;
	return false;
}

size_t cbi_hide(char *text, size_t len)
{
	for (size_t i = 0; i < count; i++) {
		size_t size = strlen(secrets[i]);
		char *at;

		while ((at = memmem(text, len, secrets[i], size))) {
			size_t rest = len - (size_t)(at - text) - size;

			memcpy(at, STARS, sizeof(STARS) - 1);
			memmove(at + sizeof(STARS) - 1, at + size, rest);
			len -= size - (sizeof(STARS) - 1);
		}
	}
	return len;
}
