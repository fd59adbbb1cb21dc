/* SPDX-License-Identifier: Apache-2.0 */
/*
 * version.h - what writers of the history share.  Private to catalog/.
 *
 * The open version of an entity has no body: that is the entity's row.  When
 * it ends it takes along what that row holds, tokens too, so that queries of
 * the past look at the same things as queries of now.
 */
#ifndef CB_CATALOG_VERSION_H
#define CB_CATALOG_VERSION_H

#include "db/db.h"

/* Of who holds an entity that somebody brought back, and his name in it. */
#define CBI_VERSION_RESTORED "restored"
#define CBI_VERSION_RESTORED_BY "callboard.dev/restored-by"
/* Of who holds what a person took a repository for (inferred.h). */
#define CBI_VERSION_INFERRED "inferred"
#define CBI_VERSION_CONFIRMED_BY "callboard.io/confirmed-by"

/* $1 the ids, $2 the moment: before the entity rows change or go, by who
 * holds their nodes. */
extern const struct cbi_db_stmt cbi_version_close;

#endif
