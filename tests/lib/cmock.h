/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmock.h - cmocka with what it wants included before it.
 */
#ifndef CB_TESTS_CMOCK_H
#define CB_TESTS_CMOCK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
