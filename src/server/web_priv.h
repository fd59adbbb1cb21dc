/* SPDX-License-Identifier: Apache-2.0 */
/*
 * web_priv.h - what a web process is made of (web_fill.c).
 */
#ifndef CB_SERVER_WEB_PRIV_H
#define CB_SERVER_WEB_PRIV_H

#include "server/child.h"
#include "web/web.h"

/* Opens everything that requests need, on the process's only thread; a
 * failure has been said. */
int cbi_web_fill(const struct cbi_start *start, struct cbi_web *web) CB_USED;

#endif
