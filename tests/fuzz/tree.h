/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree.h - what holds of every filter tree, wherever it came from.
 */
#ifndef TESTS_FUZZ_TREE_H
#define TESTS_FUZZ_TREE_H

#include "catalog/filter.h"

/* Written and read again it is the same; an entity can be asked; SQL can be
 * made of it. */
void fuzz_tree(struct cb_ctx *ctx, const struct cbi_filter *filter);

#endif
