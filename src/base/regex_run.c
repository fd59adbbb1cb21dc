/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex_run.c - all ways through a pattern at once, one character after
 * another (Thompson's construction): no way is ever walked twice.
 */
#include "base/regex_priv.h"

/* Steps reached, each once: at[dense[i]] == i. */
struct reached {
	int *dense, *at;
	int n;
};

struct run {
	const struct cbi_regex *regex;
	struct reached now, next;
	int *stack;
	size_t *budget;
	uint32_t before, after; /* characters around; 0 at either end */
	bool begin, end;
	bool found;
};

size_t cbi_regex_room(const struct cbi_regex *regex)
{
	return (size_t)regex->n * 6 * sizeof(int);
}

static bool is_reached(const struct reached *set, int step)
{
	int at = set->at[step];

	return at >= 0 && at < set->n && set->dense[at] == step;
}

static bool passes(const struct run *run, enum cbi_regex_op op)
{
	const struct cbi_regex_set *words = cbi_regex_named('w');
	bool edge;

	if (op == CBI_REGEX_BEGIN)
		return run->begin;
	if (op == CBI_REGEX_END)
		return run->end;
	edge = (!run->begin && cbi_regex_has(words, run->before)) !=
	       (!run->end && cbi_regex_has(words, run->after));
	return edge == (op == CBI_REGEX_EDGE);
}

/* Everything that can be reached from step without a character. */
static void reach(struct run *run, struct reached *set, int step)
{
	int depth = 0;

	run->stack[depth++] = step;
	while (depth > 0 && *run->budget > 0) {
		const struct cbi_regex_step *s;

		step = run->stack[--depth];
		if (is_reached(set, step))
			continue;
		(*run->budget)--;
		set->at[step] = set->n;
		set->dense[set->n++] = step;
		s = &run->regex->steps[step];
		switch (s->op) {
		case CBI_REGEX_CLASS:
			break;
		case CBI_REGEX_MATCH:
			run->found = true;
			break;
		case CBI_REGEX_SPLIT:
			/* Two for each step at most: room for 2 n. */
			run->stack[depth++] = s->y;
			run->stack[depth++] = s->x;
			break;
		case CBI_REGEX_JUMP:
			run->stack[depth++] = s->x;
			break;
		default:
			if (passes(run, s->op))
				run->stack[depth++] = step + 1;
		}
	}
}

static void advance(struct run *run, uint32_t c)
{
	struct reached swap = run->now;

	run->next.n = 0;
	for (int i = 0; i < run->now.n; i++) {
		int step = run->now.dense[i];
		const struct cbi_regex_step *s = &run->regex->steps[step];

		if (s->op == CBI_REGEX_CLASS && cbi_regex_has(s->set, c))
			reach(run, &run->next, step + 1);
	}
	run->now = run->next;
	run->next = swap;
}

static void open_run(struct run *run, void *scratch)
{
	size_t n = (size_t)run->regex->n;
	int *room = scratch;

	for (size_t i = 0; i < 4 * n; i++)
		room[i] = -1;
	run->now = (struct reached){ room, room + n, 0 };
	run->next = (struct reached){ room + 2 * n, room + 3 * n, 0 };
	run->stack = room + 4 * n;
}

int cbi_regex_find(const struct cbi_regex *regex, const char *text, size_t len,
                   void *scratch, size_t *budget)
{
	struct run run = { .regex = regex, .budget = budget };
	const char *p = text, *end = text + len, *ahead;
	uint32_t c = 0;

	if (*budget <= (size_t)regex->n)
		return CB_ETOOBIG;
	*budget -= (size_t)regex->n;
	open_run(&run, scratch);
	for (run.begin = true;; run.begin = false) {
		ahead = p;
		run.end = p == end;
		run.before = c;
		run.after = run.end ? 0 : cbi_regex_take(&ahead, end);
		/* What was reached looks at the characters here, so that it
		 * is carried on only now. */
		if (run.begin)
			reach(&run, &run.now, 0);
		else
			advance(&run, c);
		if (!run.begin && !regex->anchored)
			reach(&run, &run.now, 0);
		if (run.found)
			return 1;
		if (*budget == 0)
			return CB_ETOOBIG;
		if (run.end || (run.now.n == 0 && regex->anchored))
			return 0;
		(*budget)--;
		c = run.after;
		p = ahead;
	}
}
