/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pin.c - the address that another program may connect to.
 *
 * It is told the address, not the name: what it would look up itself could
 * be another one by then.
 */
#include "http/http_priv.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

int cbi_http_pin(struct cb_ctx *ctx, const char *host, const char *const *allow,
                 const char **out)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
		                        .ai_socktype = SOCK_STREAM };
	struct cbi_http_ranges ranges = { 0 };
	struct addrinfo *found, *at;
	char text[NI_MAXHOST];
	int rc = CB_OK;

	for (; allow && *allow; allow++)
		if (!cbi_http_range_add(&ranges, *allow))
			return cb_fail(ctx, CB_EINVAL,
			               "'%s' is no address range", *allow);
	rc = getaddrinfo(host, NULL, &hints, &found);
	if (rc != 0)
		return cb_fail(ctx, CB_EAWAY, "%s: %s", host, gai_strerror(rc));
	for (at = found; rc == CB_OK && at; at = at->ai_next)
		if (!cbi_http_address_ok(at->ai_addr, &ranges))
			rc = cb_fail(ctx, CB_EDENIED,
			             "%s: its address is not allowed", host);
	if (rc == CB_OK &&
	    getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text),
	                NULL, 0, NI_NUMERICHOST) != 0)
		rc = cb_fail(ctx, CB_EAWAY, "%s has no address", host);
	freeaddrinfo(found);
	if (rc < 0)
		return rc;
	*out = cb_strdup(ctx, text);
	return *out ? CB_OK : CB_ENOMEM;
}
