/* SPDX-License-Identifier: Apache-2.0 */
/*
 * discovery_priv.h - reading the config of organisations' catalog files.
 */
#ifndef CB_PROVIDER_DISCOVERY_PRIV_H
#define CB_PROVIDER_DISCOVERY_PRIV_H

#include "provider/discovery.h"

struct cbi_discovery_reading {
	struct cb_ctx *ctx;
	const json_t *settings;
	const char *path; /* "catalog.providers.github.default" */
	struct cbi_discovery *own;
};

/* discovery_keys.c: the keys of each kind, as Backstage's providers have
 * them, into own. */
int cbi_discovery_github(const struct cbi_discovery_reading *r) CB_USED;
int cbi_discovery_gitlab(const struct cbi_discovery_reading *r) CB_USED;
int cbi_discovery_gitea(const struct cbi_discovery_reading *r) CB_USED;
int cbi_discovery_bitbucket(const struct cbi_discovery_reading *r) CB_USED;
int cbi_discovery_azure(const struct cbi_discovery_reading *r) CB_USED;

#endif
