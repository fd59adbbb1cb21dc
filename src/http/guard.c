/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.c - which addresses a request may reach.
 *
 * Public unicast only, unless an allow range holds the address.  Of IPv6
 * nothing outside 2000::/3 is public; what carries a v4 address inside is
 * judged by that.  Link-local ranges hold cloud metadata services: a wide
 * allow range (0.0.0.0/0) does not open them, only one of their own does.
 */
#include "http/http_priv.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define V4(a, b, c, d, n)          \
	{                          \
		AF_INET, n,        \
		{                  \
			a, b, c, d \
		}                  \
	}

static const struct cbi_http_range closed_v4[] = {
	V4(0, 0, 0, 0, 8),      V4(10, 0, 0, 0, 8),     V4(100, 64, 0, 0, 10),
	V4(127, 0, 0, 0, 8),    V4(169, 254, 0, 0, 16), V4(172, 16, 0, 0, 12),
	V4(192, 0, 0, 0, 24),   V4(192, 0, 2, 0, 24),   V4(192, 88, 99, 0, 24),
	V4(192, 168, 0, 0, 16), V4(198, 18, 0, 0, 15),  V4(198, 51, 100, 0, 24),
	V4(203, 0, 113, 0, 24), V4(224, 0, 0, 0, 4),    V4(240, 0, 0, 0, 4),
};

/* Parts of 2000::/3 that are not public: protocol assignments with Teredo,
 * documentation. */
static const char *const closed_v6[] = {
	"2001::/23",
	"2001:db8::/32",
	"3fff::/20",
};

static bool bits_equal(const uint8_t *a, const uint8_t *b, int bits)
{
	int whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, (size_t)whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

static bool holds(const struct cbi_http_range *range, int family,
                  const uint8_t *addr)
{
	return range->family == family &&
	       bits_equal(range->addr, addr, range->bits);
}

static bool parse_cidr(const char *text, struct cbi_http_range *out)
{
	char addr[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	struct cbi_http_range range = { 0 };
	int64_t bits;

	if (len >= sizeof(addr))
		return false;
	memcpy(addr, text, len);
	addr[len] = '\0';
	range.family = strchr(addr, ':') ? AF_INET6 : AF_INET;
	bits = range.family == AF_INET ? 32 : 128;
	if (inet_pton(range.family, addr, range.addr) != 1)
		return false;
	if (slash && cbi_str_int(slash + 1, 0, bits, &bits) < 0)
		return false;
	range.bits = (int)bits;
	*out = range;
	return true;
}

static bool add_one(struct cbi_http_ranges *ranges, const char *cidr)
{
	if (ranges->n == CB_HTTP_RANGES_MAX ||
	    !parse_cidr(cidr, &ranges->range[ranges->n]))
		return false;
	ranges->n++;
	return true;
}

bool cbi_http_range_add(struct cbi_http_ranges *ranges, const char *word)
{
	static const struct {
		const char *word;
		const char *cidr[5];
	} words[] = {
		{ "loopback", { "127.0.0.0/8", "::1/128" } },
		{ "private",
		  { "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
		    "fc00::/7" } },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i].word) != 0)
			continue;
		for (size_t k = 0; words[i].cidr[k]; k++)
			if (!add_one(ranges, words[i].cidr[k]))
				return false;
		return true;
	}
	return add_one(ranges, word);
}

static bool link_local(int family, const uint8_t *addr)
{
	if (family == AF_INET)
		return addr[0] == 169 && addr[1] == 254;
	return (addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80) ||
	       (addr[0] == 0xfd && addr[1] == 0x00 && addr[2] == 0x0e &&
	        addr[3] == 0xc2); /* a metadata service's */
}

static bool allowed(int family, const uint8_t *addr,
                    const struct cbi_http_ranges *allow)
{
	int least = !link_local(family, addr) ? 0 : family == AF_INET ? 16 : 32;

	if (family == AF_INET6 && addr[0] == 0xfe)
		least = least ? 10 : 0;
	for (size_t i = 0; allow && i < allow->n; i++)
		if (allow->range[i].bits >= least &&
		    holds(&allow->range[i], family, addr))
			return true;
	return false;
}

static bool public_v4(const uint8_t *addr)
{
	for (size_t i = 0; i < sizeof(closed_v4) / sizeof(closed_v4[0]); i++)
		if (holds(&closed_v4[i], AF_INET, addr))
			return false;
	return true;
}

static bool public_v6(const uint8_t *addr)
{
	static const uint8_t nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
	struct cbi_http_range range;

	if (memcmp(addr, nat64, sizeof(nat64)) == 0)
		return public_v4(addr + 12);
	if ((addr[0] & 0xe0) != 0x20)
		return false;
	if (addr[0] == 0x20 && addr[1] == 0x02)
		return public_v4(addr + 2);
	for (size_t i = 0; i < sizeof(closed_v6) / sizeof(closed_v6[0]); i++)
		if (!parse_cidr(closed_v6[i], &range) ||
		    holds(&range, AF_INET6, addr))
			return false;
	return true;
}

static bool judge(int family, const uint8_t *addr,
                  const struct cbi_http_ranges *allow)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	/* The kernel sends these as IPv4. */
	if (family == AF_INET6 && memcmp(addr, mapped, sizeof(mapped)) == 0)
		return judge(AF_INET, addr + 12, allow);
	if (family == AF_INET ? public_v4(addr) : public_v6(addr))
		return true;
	return allowed(family, addr, allow);
}

bool cbi_http_address_ok(const struct sockaddr *addr,
                         const struct cbi_http_ranges *allow)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	/* Copied out: the caller's bytes may lie at any address. */
	if (addr->sa_family == AF_INET) {
		memcpy(&v4, addr, sizeof(v4));
		return judge(AF_INET, (const uint8_t *)&v4.sin_addr, allow);
	}
	if (addr->sa_family == AF_INET6) {
		memcpy(&v6, addr, sizeof(v6));
		return judge(AF_INET6, v6.sin6_addr.s6_addr, allow);
	}
	return false;
}

bool cbi_http_literal_ok(const char *text, const struct cbi_http_ranges *allow,
                         bool otherwise)
{
	uint8_t addr[16];

	if (inet_pton(AF_INET, text, addr) == 1)
		return judge(AF_INET, addr, allow);
	if (inet_pton(AF_INET6, text, addr) == 1)
		return judge(AF_INET6, addr, allow);
	return otherwise;
}
