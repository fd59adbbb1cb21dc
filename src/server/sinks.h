/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sinks.h - audit.sinks of the config, and an engine's work for them.
 */
#ifndef CB_SERVER_SINKS_H
#define CB_SERVER_SINKS_H

#include "audit/sink.h"
#include "config/config.h"

/* Texts live with the config.  CB_EINVAL begins with the key. */
int cbi_sinks_read(struct cb_ctx *ctx, const struct cbi_config *config,
                   struct cbi_audit_sinks *out) CB_USED;

/* Gives rows of the audit log their places and tells the sinks of them.  A
 * sink that takes nothing is told of once in our log, once when it is well
 * again, and is no failure: rows wait for it. */
int cbi_sinks_work(struct cb_ctx *ctx,
                   const struct cbi_audit_sinks *sinks) CB_USED;

#endif
