/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idp_priv.h - what the files that read `auth.providers` share.
 */
#ifndef CB_AUTH_IDP_PRIV_H
#define CB_AUTH_IDP_PRIV_H

#include "auth/idp.h"

/* One section being read. */
struct cbi_idp_section {
	struct cb_ctx *ctx;  /* notes failures */
	struct cb_ctx *keep; /* holds what is kept */
	const struct cbi_config *config;
	const json_t *json;
	const char *path;
	struct cbi_idp *idp;
	const char *as; /* what it speaks: its id, or its type */
};

/* A text of the section, kept; NULL for none and for "". */
const char *cbi_idp_text(const struct cbi_idp_section *s, const char *key);
/* CB_EINVAL, with file, line and key. */
int cbi_idp_say(const struct cbi_idp_section *s, const char *key,
                const char *what) CB_USED;
bool cbi_idp_is_url(const char *url);

/* idp_before.c */
int cbi_idp_read_before(const struct cbi_idp_section *s) CB_USED;

#endif
