/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff.h - what lies between two versions, drawn.
 */
#ifndef CB_WEB_PAGES_DIFF_H
#define CB_WEB_PAGES_DIFF_H

#include "catalog/history.h"
#include "html/html.h"

/* The lines that differ and a few around them; versions have their bodies,
 * number 0 is nothing at all. */
int cbi_diff_draw(struct cb_html *html, const struct cbi_version *old,
                  const struct cbi_version *new) CB_USED;

#endif
