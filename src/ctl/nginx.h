/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nginx.h - what the commands about nginx share.
 */
#ifndef CB_CTL_NGINX_H
#define CB_CTL_NGINX_H

#include "ctl/ctl.h"

#define CBI_NGINX_TEXT_MAX (1 * CB_MIB)
#define CBI_NGINX_HTTP "callboard-http.conf"
#define CBI_NGINX_SERVER "callboard-server.conf"

struct cbi_nginx_value {
	const char *name; /* without the two @ of a template */
	const char *text;
};

/* The two files, for this config; the buffers hold CBI_NGINX_TEXT_MAX. */
int cbi_nginx_render(struct cbi_ctl *ctl, struct cb_buf *http,
                     struct cb_buf *server) CB_USED;
/* nginx_foreign.c: what leads to plugins that are programs: upstreams,
 * locations below the portal's, and, where there are any, those of errors;
 * params are those of the question who asks. */
int cbi_nginx_foreign(struct cbi_ctl *ctl, const char *params,
                      struct cb_buf *upstreams, struct cb_buf *locations,
                      struct cb_buf *errors) CB_USED;
/* A whole nginx.conf; values end in a row without a name. */
int cbi_nginx_full(struct cb_buf *out,
                   const struct cbi_nginx_value *values) CB_USED;
/* Addresses and folders stand between quotes in the files: CB_EINVAL for
 * characters that cannot. */
int cbi_nginx_check_text(struct cbi_ctl *ctl, const char *what,
                         const char *text) CB_USED;

/* Aside, then renamed into place: CB_EINVAL, CB_EBUG. */
int cbi_nginx_write(struct cbi_ctl *ctl, const char *dir, const char *name,
                    const char *text, size_t len) CB_USED;
/* Both, under their names, to standard output. */
void cbi_nginx_print(const struct cb_buf *http, const struct cb_buf *server);

#endif
