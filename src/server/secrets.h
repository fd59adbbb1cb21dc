/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secrets.h - tells the log which texts of the config it never shows.
 */
#ifndef CB_SERVER_SECRETS_H
#define CB_SERVER_SECRETS_H

#include "config/config.h"

/* Instead of those of an earlier config.  Each as it is, in base64, as it
 * stands in an address, and as HTTP's Basic has it with its user's name; the
 * password of the database's connection, too. */
void cbi_secrets_hide(const struct cbi_config *config);

#endif
