/* SPDX-License-Identifier: Apache-2.0 */
/*
 * format.h - what the parts of an entity may be called: the contract's formats.
 */
#ifndef CB_BASE_FORMAT_H
#define CB_BASE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

bool cbi_format_name(const char *text, size_t len);
/* Of namespaces. */
bool cbi_format_label(const char *text, size_t len);
/* Of labels and annotations: NAME or DOMAIN/NAME. */
bool cbi_format_key(const char *key);
bool cbi_format_api_version(const char *text);
bool cbi_format_kind(const char *text);
bool cbi_format_tag(const char *text);

#endif
