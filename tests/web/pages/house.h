/* SPDX-License-Identifier: Apache-2.0 */
/*
 * house.h - a portal in memory: a copy filled with entities, a config, a
 * router with all pages and some of the API, and requests through a port that
 * is no socket.
 * PostgreSQL is away, and there are no plugins.
 */
#ifndef CB_TESTS_WEB_PAGES_HOUSE_H
#define CB_TESTS_WEB_PAGES_HOUSE_H

#include <stdbool.h>
#include <stddef.h>

struct house;
struct cbi_endpoint;

/* Tokens of services; the second is restricted to the plugin catalog. */
#define HOUSE_SERVICE "house-service-token"
#define HOUSE_RESTRICTED "house-restricted-token"

/* Endpoints of a test's own, set before house_open; NULL: none. */
extern const struct cbi_endpoint *house_extra;

/* entities: served entities as JSON, ends in NULL. */
struct house *house_open(const char *base_path, const char *const *entities);
void house_close(struct house *house);

struct house_answer {
	int status;
	const char *head; /* all header lines */
	const char *body;
};

/* The next request, of whoever the last Set-Cookie made him; form NULL: GET.
 * The answer lives until the next. */
const struct house_answer *house_ask(struct house *house, const char *uri,
                                     const char *form);
/* The answer to the last request. */
const struct house_answer *house_last(const struct house *house);
/* A new token of a user, and of a plugin for another one (for a user unless
 * that is NULL); they live with the house. */
const char *house_user_token(struct house *house, const char *user);
const char *house_plugin_token(struct house *house, const char *plugin,
                               const char *target, const char *user);
/* Section `permission` of the config from here on, as YAML or JSON. */
void house_policy(struct house *house, const char *config);
/* A header of all requests from here on ("HTTP_ACCEPT"); NULL takes it
 * away. */
void house_header(struct house *house, const char *name, const char *value);
/* Forgets the cookies. */
void house_forget(struct house *house);
/* The value of a response header, NULL for none; lives until the next. */
const char *house_said(const struct house *house, const char *name);
/* The CSRF token in the answer's first form that has one. */
const char *house_csrf(const struct house *house);
/* Was level with PostgreSQL so long ago. */
void house_behind(struct house *house, long ms);

#endif
