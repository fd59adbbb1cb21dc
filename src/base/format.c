/* SPDX-License-Identifier: Apache-2.0 */
/*
 * format.c - see format.h.
 */
#include "base/format.h"

#include <string.h>

#include "base/limits.h"

#define DOMAIN_MAX 253

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return (c >= 'a' && c <= 'z') || is_digit(c);
}

static bool is_alnum(char c)
{
	return is_lower(c) || (c >= 'A' && c <= 'Z');
}

/* ([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9], 1 to 63 */
bool cbi_format_name(const char *p, size_t len)
{
	if (len < 1 || len > CB_ENTITY_NAME_MAX || !is_alnum(p[0]) ||
	    !is_alnum(p[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(p[i]) && p[i] != '-' && p[i] != '_' &&
		    p[i] != '.')
			return false;
	return true;
}

/* [a-z0-9]+(-+[a-z0-9]+)*, 1 to 63 */
bool cbi_format_label(const char *p, size_t len)
{
	if (len < 1 || len > CB_ENTITY_NAME_MAX || !is_lower(p[0]) ||
	    !is_lower(p[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_lower(p[i]) && p[i] != '-')
			return false;
	return true;
}

/* Labels with dots between them, 1 to 253 in all. */
static bool is_domain(const char *p, size_t len)
{
	if (len < 1 || len > DOMAIN_MAX)
		return false;
	for (;;) {
		const char *dot = memchr(p, '.', len);
		size_t n = dot ? (size_t)(dot - p) : len;

		if (!cbi_format_label(p, n))
			return false;
		if (!dot)
			return true;
		p += n + 1;
		len -= n + 1;
	}
}

/* NAME or DOMAIN/NAME */
bool cbi_format_key(const char *key)
{
	const char *slash = strchr(key, '/');

	if (!slash)
		return cbi_format_name(key, strlen(key));
	return is_domain(key, (size_t)(slash - key)) &&
	       cbi_format_name(slash + 1, strlen(slash + 1));
}

bool cbi_format_api_version(const char *text)
{
	const char *slash = strchr(text, '/');
	const char *p = slash ? slash + 1 : text;
	size_t len = strlen(p);

	if (slash && !is_domain(text, (size_t)(slash - text)))
		return false;
	if (len < 1 || len > CB_ENTITY_NAME_MAX)
		return false;
	for (; *p; p++)
		if (!is_alnum(*p))
			return false;
	return true;
}

bool cbi_format_kind(const char *text)
{
	size_t len = strlen(text);

	if (len < 1 || len > CB_ENTITY_NAME_MAX || is_digit(text[0]))
		return false;
	for (const char *p = text; *p; p++)
		if (!is_alnum(*p))
			return false;
	return true;
}

/* [a-z0-9:+#]+(-[a-z0-9:+#]+)*, 1 to 63 */
bool cbi_format_tag(const char *text)
{
	size_t len = strlen(text);

	if (len < 1 || len > CB_ENTITY_NAME_MAX || text[0] == '-' ||
	    text[len - 1] == '-' || strstr(text, "--"))
		return false;
	for (const char *p = text; *p; p++)
		if (!is_lower(*p) && !strchr(":+#-", *p))
			return false;
	return true;
}
