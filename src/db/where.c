/* SPDX-License-Identifier: Apache-2.0 */
/*
 * where.c - what a conninfo leads to, without going there: ports and files.
 */
#include "db/db_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define PORT_USUAL "5432"

/* Of the conninfo, else what libpq would take from its environment. */
static const char *option(const PQconninfoOption *given,
                          const PQconninfoOption *usual, const char *name)
{
	for (; given->keyword; given++)
		if (strcmp(given->keyword, name) == 0 && given->val &&
		    *given->val)
			return given->val;
	for (; usual && usual->keyword; usual++)
		if (strcmp(usual->keyword, name) == 0)
			return usual->val ? usual->val : "";
	return "";
}

/* The i-th of a list with commas; the last one where it is shorter. */
static size_t part(const char **list, size_t i)
{
	size_t len = strcspn(*list, ",");

	for (; i > 0 && (*list)[len]; i--) {
		*list += len + 1;
		len = strcspn(*list, ",");
	}
	return len;
}

static int add_port(struct cb_ctx *ctx, const char *text, size_t len,
                    uint16_t *ports, size_t *n, size_t max)
{
	const char *number = cb_strndup(ctx, len ? text : PORT_USUAL,
	                                len ? len : strlen(PORT_USUAL));
	int64_t port;

	if (!number)
		return CB_ENOMEM;
	if (cbi_str_int(number, 1, UINT16_MAX, &port))
		return cb_fail(ctx, CB_EINVAL, "'%.20s' is no port", number);
	for (size_t i = 0; i < *n; i++)
		if (ports[i] == port)
			return CB_OK;
	if (*n == max)
		return cb_fail(ctx, CB_ETOOBIG,
		               "more than %zu ports of PostgreSQL", max);
	ports[(*n)++] = (uint16_t)port;
	return CB_OK;
}

static int add_ports(struct cb_ctx *ctx, const char *hosts, const char *list,
                     uint16_t *ports, size_t *n, size_t max)
{
	int rc = CB_OK;

	for (size_t i = 0; rc == CB_OK; i++) {
		size_t len = strcspn(hosts, ",");
		const char *port = list;
		size_t port_len = part(&port, i);

		/* Without a host it is libpq's own unix socket. */
		if (len && hosts[0] != '/' && hosts[0] != '@')
			rc = add_port(ctx, port, port_len, ports, n, max);
		if (!hosts[len])
			break;
		hosts += len + 1;
	}
	return rc;
}

int cbi_db_ports(struct cb_ctx *ctx, const char *conninfo, uint16_t *ports,
                 size_t *n, size_t max)
{
	char *problem = NULL;
	PQconninfoOption *given = PQconninfoParse(conninfo, &problem);
	PQconninfoOption *usual = PQconndefaults();
	const char *hosts;
	int rc;

	*n = 0;
	PQfreemem(problem);
	if (!given) {
		PQconninfoFree(usual);
		return cb_fail(ctx, CB_EINVAL,
		               "backend.database.connection: libpq does not "
		               "understand it");
	}
	hosts = option(given, usual, "hostaddr");
	if (!*hosts)
		hosts = option(given, usual, "host");
	rc = add_ports(ctx, hosts, option(given, usual, "port"), ports, n, max);
	PQconninfoFree(given);
	PQconninfoFree(usual);
	return rc;
}

void cbi_db_files(struct cb_ctx *ctx, const char *conninfo, const char **list,
                  size_t *n, size_t max)
{
	static const char *const names[] = { "sslrootcert", "sslcert", "sslkey",
		                             "sslcrl", "passfile" };
	char *problem = NULL;
	PQconninfoOption *given = PQconninfoParse(conninfo, &problem);
	PQconninfoOption *usual = PQconndefaults();

	PQfreemem(problem);
	for (size_t i = 0; given && i < sizeof(names) / sizeof(names[0]); i++) {
		const char *file = option(given, usual, names[i]);

		if (*file == '/' && *n < max &&
		    (list[*n] = cb_strdup(ctx, file)))
			(*n)++;
	}
	PQconninfoFree(given);
	PQconninfoFree(usual);
}

const char *cbi_db_password(struct cb_ctx *ctx, const char *conninfo)
{
	char *problem = NULL;
	PQconninfoOption *given = PQconninfoParse(conninfo, &problem);
	const char *password = given ? option(given, NULL, "password") : "";

	PQfreemem(problem);
	password = *password ? cb_strdup(ctx, password) : NULL;
	PQconninfoFree(given);
	return password;
}
