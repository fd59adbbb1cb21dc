/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.h - the tables of API endpoints, for the router.
 */
#ifndef CB_WEB_API_API_H
#define CB_WEB_API_API_H

#include "web/router.h"

/* /api/catalog: entities, facets, locations. */
extern const struct cbi_endpoint cbi_api_entities[];
extern const struct cbi_endpoint cbi_api_queries[];
extern const struct cbi_endpoint cbi_api_locations[];
extern const struct cbi_endpoint cbi_api_location_query[];
extern const struct cbi_endpoint cbi_api_judge[];
extern const struct cbi_endpoint cbi_api_unprocessed[];
extern const struct cbi_endpoint cbi_api_permissions[];
extern const struct cbi_endpoint cbi_api_openapi[];
/* /api/permission. */
extern const struct cbi_endpoint cbi_api_authorize[];
/* /api/search. */
extern const struct cbi_endpoint cbi_api_search[];
extern const struct cbi_endpoint cbi_api_explain[];
extern const struct cbi_endpoint cbi_api_history[];
/* /api/user-settings. */
extern const struct cbi_endpoint cbi_api_user_settings[];
/* /api/audit: the audit log, to take away. */
extern const struct cbi_endpoint cbi_api_audit[];
/* /api/auth/{provider}: sign-in by the providers of the config. */
extern const struct cbi_endpoint cbi_api_auth_provider[];
/* /api/events: webhooks. */
extern const struct cbi_endpoint cbi_api_events[];

/* /api/auth: tokens; in every pool: each plugin's keys and cookie. */
extern const struct cbi_endpoint cbi_api_auth_token[];
extern const struct cbi_endpoint cbi_api_plugin_auth[];

struct cbi_auth;
struct cbi_catalog;

/* Lets auth sign the catalog's cursors; both outlive the process's requests.
 * Without it cursors are neither signed nor checked. */
void cbi_api_sign_cursors(struct cbi_catalog *catalog, struct cbi_auth *auth);

#endif
