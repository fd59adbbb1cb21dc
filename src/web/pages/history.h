/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.h - the tab of an entity's versions.
 */
#ifndef CB_WEB_PAGES_HISTORY_H
#define CB_WEB_PAGES_HISTORY_H

#include "web/router.h"

extern const struct cbi_endpoint cbi_pages_history[];

#endif
