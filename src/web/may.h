/* SPDX-License-Identifier: Apache-2.0 */
/*
 * may.h - permissions, for steps, handlers and pages.
 *
 * An endpoint's own permission was asked by the step `may` before its handler
 * runs.  A permission that holds on a condition lets everybody in who has it
 * for some entity; the handler then asks for the one that it is about.
 */
#ifndef CB_WEB_MAY_H
#define CB_WEB_MAY_H

#include "policy/policy.h"
#include "web/req.h"

struct cbi_plugin_entry;

/* A permission by its name, the house's.  CB_EAUTH, CB_EDENIED. */
int cbi_may(struct cb_req *req, const char *permission) CB_USED;
/* The same for what is only shown or not: leaves no failure. */
bool cbi_may_show(struct cb_req *req, const char *permission);

/* May he do that to this entity (a canonical ref, or an uid)?  CB_EDENIED also
 * when it is not there, or not seen, while he may not do it to all. */
int cbi_may_ref(struct cb_req *req, const char *permission,
                const char *ref) CB_USED;
int cbi_may_uid(struct cb_req *req, const char *permission,
                const char *uid) CB_USED;

/* What a card or route of a plugin needs: a permission of its manifest.  A
 * guest changes nothing by what only reads. */
int cbi_may_plugin(struct cb_req *req, const struct cbi_plugin_entry *plugin,
                   const char *needs, bool change) CB_USED;

bool cbi_may_show_plugin(struct cb_req *req,
                         const struct cbi_plugin_entry *plugin,
                         const char *needs);

/* view_as.c: for the step `who`: is the portal viewed as somebody else? */
int cbi_view_as_who(struct cb_req *req) CB_USED;

#endif
