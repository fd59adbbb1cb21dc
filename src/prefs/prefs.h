/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prefs.h - what people keep with the portal: JSON under a key in a bucket,
 * each for himself alone.
 *
 * Both names are free texts.  Nobody keeps more than CB_PREFS_MAX values; what
 * is written and deleted is audited by its name, not its value.
 */
#ifndef CB_PREFS_PREFS_H
#define CB_PREFS_PREFS_H

#include <callboard/ctx.h>

#define CB_PREFS_MAX 500
#define CB_PREFS_NAME_MAX 200
#define CB_PREFS_VALUE_MAX (64 * 1024)

struct cbi_pref {
	const char *bucket, *key;
};

/* The value as JSON text, NULL when there is none; lives with ctx.  CB_EINVAL
 * names a bucket or key that is empty or too long. */
int cbi_prefs_get(struct cb_ctx *ctx, const char *user,
                  const struct cbi_pref *pref, const char **value) CB_USED;

/* Puts value (JSON text) there; address is the client's, for the audit.
 * CB_EINVAL as above, CB_ETOOBIG for a value or person that has too much. */
int cbi_prefs_set(struct cb_ctx *ctx, const char *user,
                  const struct cbi_pref *pref, const char *value,
                  const char *address) CB_USED;

/* Also when there is none. */
int cbi_prefs_delete(struct cb_ctx *ctx, const char *user,
                     const struct cbi_pref *pref, const char *address) CB_USED;

#endif
