/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.h - GET /api/catalog/entities, the older list.
 */
#ifndef CB_WEB_API_LIST_H
#define CB_WEB_API_LIST_H

#include "web/req.h"

int cbi_api_list(struct cb_req *req);

#endif
