/* SPDX-License-Identifier: Apache-2.0 */
/*
 * version.c - see version.h.
 */
#include "catalog/version.h"

const struct cbi_db_stmt cbi_version_close = {
	"version_close",
	"update entity_history h set valid_to = $2::timestamptz,"
	"  body = e.body, kind = e.kind, namespace = e.namespace,"
	"  name = e.name, title = e.title, type = e.type, owner = e.owner,"
	"  lifecycle = e.lifecycle, tokens = e.tokens,"
	"  originals = e.originals, etag = e.etag"
	" from entity e where e.id = h.id and h.id = any($1::bigint[])"
	"  and h.valid_to is null",
};
