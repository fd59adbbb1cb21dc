/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_url.c - what a browser takes as an absolute URL (WHATWG), without
 * making one of it.
 *
 * What is left out: names in other scripts are taken as they are, though IDNA
 * refuses some.
 */
#define _GNU_SOURCE /* memrchr */
#include "catalog/model_priv.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define URL_MAX 8192
#define HOST_MAX 1024

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* Line ends and tabs count nowhere, spaces and controls not at the ends. */
static bool tidy(const char *text, char *out)
{
	size_t len = 0;

	while (*text > 0 && *text <= ' ')
		text++;
	for (; *text; text++) {
		if (*text == '\t' || *text == '\n' || *text == '\r')
			continue;
		if (len + 1 == URL_MAX)
			return false;
		out[len++] = *text;
	}
	while (len > 0 && out[len - 1] > 0 && out[len - 1] <= ' ')
		len--;
	out[len] = '\0';
	return true;
}

/* One part of an IPv4 address: decimal, 0x hex or 0 octal; -1 for none. */
static long long number_of(const char *p, size_t len)
{
	int base = 10;
	char digits[32], *end;
	long long number;

	if (len == 0 || len >= sizeof(digits))
		return len ? (long long)1 << 40 : -1;
	memcpy(digits, p, len);
	digits[len] = '\0';
	p = digits;
	if (len > 1 && p[0] == '0') {
		base = (p[1] | 0x20) == 'x' ? 16 : 8;
		p += base == 16 ? 2 : 1;
	}
	if (!*p)
		return 0;
	if (*p == '-' || *p == '+' || (base == 16 && p[1] == 'x'))
		return -1;
	number = strtoll(p, &end, base);
	return *end ? -1 : number;
}

/* A host that ends in a number is an IPv4 address, or wrong. */
static bool is_good_number(const char *host)
{
	size_t len = strlen(host), n = 0, last = 0;
	const char *parts[6];
	size_t lens[6];

	if (len > 0 && host[len - 1] == '.')
		len--;
	for (size_t i = 0; i <= len; i++)
		if (i == len || host[i] == '.') {
			if (n < 6) {
				parts[n] = host + last;
				lens[n] = i - last;
			}
			n++;
			last = i + 1;
		}
	if (n > 6) {
		/* Only its last part tells what it is. */
		const char *dot = memrchr(host, '.', len);
		size_t tail = len - (size_t)(dot + 1 - host);

		return strspn(dot + 1, "0123456789") < tail || tail == 0;
	}
	if (strspn(parts[n - 1], "0123456789") < lens[n - 1] &&
	    number_of(parts[n - 1], lens[n - 1]) < 0)
		return true; /* a name */
	if (lens[n - 1] == 0)
		return true;
	if (n > 4)
		return false;
	for (size_t i = 0; i < n; i++) {
		long long number = number_of(parts[i], lens[i]);
		long long most =
		    i + 1 < n ? 255 : ((long long)1 << (8 * (5 - n))) - 1;

		if (number < 0 || number > most)
			return false;
	}
	return true;
}

static int hex_of(char c)
{
	return is_digit(c)                              ? c - '0'
	       : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
	                                                : -1;
}

/* Of http and its kin: decoded, then no character that a name cannot have. */
static bool is_domain(const char *host, size_t len)
{
	char name[HOST_MAX];
	size_t n = 0;

	if (len == 0 || len >= sizeof(name))
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = host[i];

		if (c == '%' && i + 2 < len && hex_of(host[i + 1]) >= 0 &&
		    hex_of(host[i + 2]) >= 0) {
			c = (char)(hex_of(host[i + 1]) * 16 +
			           hex_of(host[i + 2]));
			i += 2;
		}
		if ((c >= 0 && c <= ' ') || c == 0x7f ||
		    strchr("#/:<>?@[\\]^|%", c))
			return false;
		name[n++] = c;
	}
	name[n] = '\0';
	return is_good_number(name);
}

static bool is_ip6(const char *host, size_t len)
{
	unsigned char bytes[16];
	char name[64];

	if (len < 2 || len - 2 >= sizeof(name) || host[len - 1] != ']')
		return false;
	memcpy(name, host + 1, len - 2);
	name[len - 2] = '\0';
	return inet_pton(AF_INET6, name, bytes) == 1;
}

static bool is_opaque(const char *host, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((host[i] >= 0 && host[i] <= ' ') ||
		    strchr("#/:<>?@[\\]^|", host[i]))
			return false;
	return true;
}

static bool is_port(const char *p, size_t len)
{
	long port = 0;

	for (size_t i = 0; i < len; i++) {
		if (!is_digit(p[i]))
			return false;
		port = port > 65535 ? port : port * 10 + (p[i] - '0');
	}
	return port <= 65535;
}

static bool is_authority(const char *p, size_t len, bool special)
{
	const char *at = memrchr(p, '@', len), *colon;
	size_t host;

	if (at) {
		len -= (size_t)(at + 1 - p);
		p = at + 1;
	}
	colon = *p == '[' ? memchr(p, ']', len) : p;
	colon = colon ? memchr(colon, ':', len - (size_t)(colon - p)) : NULL;
	host = colon ? (size_t)(colon - p) : len;
	if (colon && !is_port(colon + 1, len - host - 1))
		return false;
	if (host == 0)
		return !special && !at && !colon;
	if (*p == '[')
		return is_ip6(p, host);
	return special ? is_domain(p, host) : is_opaque(p, host);
}

bool cbi_model_is_url(const char *text)
{
	static const char *const web[] = { "http", "https", "ws", "wss",
		                           "ftp" };
	char url[URL_MAX];
	const char *rest;
	bool special = false;
	size_t scheme;

	if (!tidy(text, url) || !is_letter(url[0]))
		return false;
	for (scheme = 1; is_letter(url[scheme]) || is_digit(url[scheme]) ||
	                 (url[scheme] && strchr("+-.", url[scheme]));
	     scheme++)
		;
	if (url[scheme] != ':')
		return false;
	rest = url + scheme + 1;
	for (size_t i = 0; i < sizeof(web) / sizeof(web[0]); i++)
		special = special || (strlen(web[i]) == scheme &&
		                      strncasecmp(web[i], url, scheme) == 0);
	if (special) {
		rest += strspn(rest, "/\\");
		return is_authority(rest, strcspn(rest, "/\\?#"), true);
	}
	if (scheme == 4 && strncasecmp(url, "file", 4) == 0) {
		size_t slashes = strspn(rest, "/\\");

		if (slashes != 2)
			return true;
		rest += 2;
		scheme = strcspn(rest, "/\\?#");
		/* A drive's letter is no host. */
		if (scheme == 0 || (scheme == 2 && is_letter(rest[0]) &&
		                    (rest[1] == ':' || rest[1] == '|')))
			return true;
		return *rest == '[' ? is_ip6(rest, scheme)
		                    : is_domain(rest, scheme);
	}
	if (strncmp(rest, "//", 2) != 0)
		return true;
	return is_authority(rest + 2, strcspn(rest + 2, "/?#"), false);
}
