/* SPDX-License-Identifier: Apache-2.0 */
/*
 * router.h - the table of endpoints, and finding one.
 *
 * The house's endpoints are const tables, one per file in web/pages and
 * web/api; plugins' routes and cards are found through the registry's
 * snapshot by the endpoints that lead to them.  The table must be free of
 * overlaps, which start-up asserts.
 */
#ifndef CB_WEB_ROUTER_H
#define CB_WEB_ROUTER_H

#include "web/req.h"

/* Who may come in.  A row without one does not register. */
enum cbi_access {
	CBI_ACCESS_NONE = 0, /* not a level: asserts */
	CBI_ACCESS_OPEN,     /* anybody: health, sign-in, assets */
	CBI_ACCESS_READ,     /* whoever is signed in: guest, token */
	CBI_ACCESS_WRITE,    /* changes: who holds permission; without one a
	                      * service's token alone */
	CBI_ACCESS_LOCAL,    /* loopback through nginx's own rule: metrics */
};

/* How failures of it look. */
enum cbi_face {
	CBI_FACE_PAGE = 0, /* an HTML page */
	CBI_FACE_API,      /* the contract's JSON error */
	CBI_FACE_FRAGMENT, /* 200 with a grey card */
	CBI_FACE_TEXT,
};

/* What shows that a change with a session's cookie was meant by its user. */
enum cbi_proof {
	CBI_PROOF_TOKEN = 0, /* the session's CSRF token */
	CBI_PROOF_NONE,      /* the handler looks by itself */
};

struct cbi_endpoint {
	/* "/api/catalog/entities/by-name/{kind}/{namespace}/{name}"; a last
	 * segment "*" takes the rest, also empty. */
	const char *path;
	const char *method; /* "GET" answers HEAD too */
	enum cbi_access access;
	enum cbi_face face;
	const char *name; /* of the metric and the access record */
	int (*handle)(struct cb_req *req);
	/* Known query parameters, comma-separated; NULL: any; others are 400.
	 */
	const char *params;
	/* A GET that a browser makes by itself, as for a picture: whoever has
	 * no other credential may bring a limited token as a cookie. */
	bool cookie;
	/* Who comes in must hold it (policy/permission.h); NULL: as access
	 * says.  What it is about a handler asks for (web/may.h). */
	const char *permission;
	/* A change that who views the portal as somebody else may make. */
	bool viewing;
	enum cbi_proof proof;
};

/* Tables end with a row whose path is NULL. */
struct cbi_router;
int cbi_router_create(const struct cbi_endpoint *const *tables, size_t n,
                      struct cbi_router **out) CB_USED;
void cbi_router_destroy(struct cbi_router *router);

/*
 * Fills endpoint, args and rest.  CB_ENOENT when no path fits (face says how
 * to say so: by the path's prefix), CB_ENOTSUP when the path does but not the
 * method: *allow then lists those that do, for 405.
 */
int cbi_router_find(const struct cbi_router *router, struct cb_req *req,
                    const char **allow) CB_USED;

/* Are all query parameters ones that the endpoint knows?  CB_EINVAL names the
 * first that is not; asked once it is known who may come in. */
int cbi_router_check_params(struct cb_req *req) CB_USED;

#endif
