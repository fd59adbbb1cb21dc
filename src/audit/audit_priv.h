/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_priv.h - what the files of this room share.
 */
#ifndef CB_AUDIT_AUDIT_PRIV_H
#define CB_AUDIT_AUDIT_PRIV_H

#include "audit/list.h"

struct cbi_db_result;

/* The columns of a row, in the order that cbi_audit_row_read takes. */
#define CBI_AUDIT_COLUMNS                                                      \
	"id, coalesce(seal, 0), (extract(epoch from at) * 1000000)::bigint, "  \
	"actor, action, object, before, after, request_id, address, outcome, " \
	"encode(hash, 'hex')"

/* Texts are the result's. */
void cbi_audit_row_read(const struct cbi_db_result *result, size_t row,
                        struct cbi_audit_row *out);

#endif
