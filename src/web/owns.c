/* SPDX-License-Identifier: Apache-2.0 */
/*
 * owns.c - see owns.h.
 */
#include "web/owns.h"

#include "catalog/member.h"
#include "copy/copy.h"
#include "web/web.h"

int cbi_web_owns(struct cb_req *req, struct cbi_who *who)
{
	struct cbi_copy_txn *txn;
	const char *const *owns;
	size_t n;
	int rc;

	if (!req->web->copy)
		return CB_OK;
	rc = cbi_copy_begin(req->ctx, req->web->copy, &txn);
	if (rc == CB_OK)
		rc = cbi_catalog_owns(req->ctx, txn, who->subject, &owns, &n);
	if (rc < 0)
		return rc;
	if (n > 1 || who->owns_count == 0) {
		who->owns = owns;
		who->owns_count = n;
	}
	return CB_OK;
}
