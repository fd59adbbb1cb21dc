/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callboard/callboard.h - everything a plugin may use.
 */
#ifndef CALLBOARD_CALLBOARD_H
#define CALLBOARD_CALLBOARD_H

#include <callboard/buf.h>
#include <callboard/catalog.h>
#include <callboard/ctx.h>
#include <callboard/db.h>
#include <callboard/html.h>
#include <callboard/http.h>
#include <callboard/json.h>
#include <callboard/log.h>
#include <callboard/plugin.h>
#include <callboard/req.h>
#include <callboard/source.h>

#endif
