/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex.c - see regex.h: a pattern's tree becomes a program.
 */
#include "base/regex_priv.h"

#include <stdlib.h>
#include <string.h>

struct writer {
	struct cbi_regex *regex;
	int visits; /* (){999} of nothing adds no step */
	bool full;
};

static void emit(struct writer *w, const struct cbi_regex_node *node);

static int add(struct writer *w, enum cbi_regex_op op)
{
	struct cbi_regex *out = w->regex;

	if (out->n == CBI_REGEX_STEPS) {
		w->full = true;
		return CBI_REGEX_STEPS - 1;
	}
	out->steps[out->n].op = op;
	return out->n++;
}

static void emit_repeat(struct writer *w, const struct cbi_regex_node *node)
{
	struct cbi_regex_step *steps = w->regex->steps;
	int first, split, last = -1;

	for (int i = 0; i < node->least && !w->full; i++)
		emit(w, node->a);
	if (node->most < 0) {
		first = add(w, CBI_REGEX_SPLIT);
		emit(w, node->a);
		steps[add(w, CBI_REGEX_JUMP)].x = first;
		steps[first].x = first + 1;
		steps[first].y = w->regex->n;
		return;
	}
	/* Each may be the last: all splits lead behind the whole, by way of
	 * a list through y. */
	for (int i = node->least; i < node->most && !w->full; i++) {
		split = add(w, CBI_REGEX_SPLIT);
		steps[split].x = split + 1;
		steps[split].y = last;
		last = split;
		emit(w, node->a);
	}
	while (last >= 0 && !w->full) {
		split = last;
		last = steps[split].y;
		steps[split].y = w->regex->n;
	}
}

static void emit(struct writer *w, const struct cbi_regex_node *node)
{
	struct cbi_regex_step *steps = w->regex->steps;
	int split, jump;

	if (w->visits++ > 16 * CBI_REGEX_STEPS)
		w->full = true;
	if (w->full)
		return;
	switch (node->type) {
	case CBI_REGEX_EMPTY:
		break;
	case CBI_REGEX_SET:
		steps[add(w, CBI_REGEX_CLASS)].set = node->set;
		break;
	case CBI_REGEX_ASSERT:
		add(w, node->op);
		break;
	case CBI_REGEX_JOIN:
		emit(w, node->a);
		emit(w, node->b);
		break;
	case CBI_REGEX_EITHER:
		split = add(w, CBI_REGEX_SPLIT);
		steps[split].x = split + 1;
		emit(w, node->a);
		jump = add(w, CBI_REGEX_JUMP);
		steps[split].y = w->regex->n;
		emit(w, node->b);
		steps[jump].x = w->regex->n;
		break;
	case CBI_REGEX_REPEAT:
		emit_repeat(w, node);
		break;
	}
}

static bool begins(const struct cbi_regex_node *node)
{
	switch (node->type) {
	case CBI_REGEX_ASSERT:
		return node->op == CBI_REGEX_BEGIN;
	case CBI_REGEX_JOIN:
		return begins(node->a);
	case CBI_REGEX_EITHER:
		return begins(node->a) && begins(node->b);
	default:
		return false;
	}
}

/* Into memory of its own size. */
static int write_program(struct cb_ctx *ctx, const struct cbi_regex_node *tree,
                         struct cbi_regex *regex, const char **why)
{
	struct cbi_regex_step *all = calloc(CBI_REGEX_STEPS, sizeof(*all));
	struct writer w = { regex, 0, false };
	size_t size;

	if (!all)
		return cb_fail(ctx, CB_ENOMEM, "out of memory for a pattern");
	regex->steps = all;
	emit(&w, tree);
	add(&w, CBI_REGEX_MATCH);
	regex->anchored = begins(tree);
	size = (size_t)regex->n * sizeof(*all);
	regex->steps = cb_alloc(ctx, size);
	if (regex->steps)
		memcpy(regex->steps, all, size);
	free(all);
	if (w.full)
		*why = "it is too large";
	return w.full ? CB_EINVAL : regex->steps ? CB_OK : CB_ENOMEM;
}

int cbi_regex_read(struct cb_ctx *ctx, const char *pattern, size_t len,
                   const struct cbi_regex **out, const char **why)
{
	struct cbi_regex *regex = cb_alloc(ctx, sizeof(*regex));
	const struct cbi_regex_node *tree;
	int rc;

	if (!regex)
		return CB_ENOMEM;
	tree = cbi_regex_tree(ctx, pattern, len, why);
	if (cb_failure_code(ctx) < 0)
		return cb_failure_code(ctx);
	rc = tree ? write_program(ctx, tree, regex, why) : CB_EINVAL;
	if (rc == CB_OK)
		*out = regex;
	return rc;
}
