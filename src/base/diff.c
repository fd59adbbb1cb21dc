/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff.c - see diff.h.
 *
 * Myers' greedy search: for each number of changes the furthest place that
 * can be reached on each diagonal; the way back goes through what was kept of
 * every step.  What both texts begin and end with is taken off first.
 */
#include "base/diff.h"

#include <string.h>

#include "base/buf.h"

#define CHANGES_MAX 1000

struct line {
	const char *text;
	size_t len;
};

struct side {
	const struct line *lines;
	long n;
};

struct diff {
	struct cb_ctx *ctx;
	struct side a, b; /* what is left between beginning and end */
	long head, tail;  /* lines that both have there */
	struct cbi_diff_line *out;
	size_t n;
};

static int split(struct cb_ctx *ctx, const char *text, struct side *out)
{
	struct line *lines;
	long n = 0;

	for (const char *p = text; *p; p++)
		n += *p == '\n' || !p[1];
	lines = cb_alloc(ctx, ((size_t)n + 1) * sizeof(*lines));
	if (!lines)
		return CB_ENOMEM;
	for (long i = 0; i < n; i++) {
		lines[i].text = text;
		lines[i].len = strcspn(text, "\n");
		text += lines[i].len;
		text += *text == '\n';
	}
	out->lines = lines;
	out->n = n;
	return CB_OK;
}

static bool same(const struct line *a, const struct line *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

static void trim(struct diff *d)
{
	long most = d->a.n < d->b.n ? d->a.n : d->b.n;

	while (d->head < most &&
	       same(&d->a.lines[d->head], &d->b.lines[d->head]))
		d->head++;
	while (d->tail < most - d->head &&
	       same(&d->a.lines[d->a.n - 1 - d->tail],
	            &d->b.lines[d->b.n - 1 - d->tail]))
		d->tail++;
	d->a.lines += d->head;
	d->b.lines += d->head;
	d->a.n -= d->head + d->tail;
	d->b.n -= d->head + d->tail;
}

static void emit(struct diff *d, enum cbi_diff_kind kind,
                 const struct line *line)
{
	d->out[d->n++] = (struct cbi_diff_line){ .kind = kind,
		                                 .text = line->text,
		                                 .len = line->len };
}

/* Where diagonal k got to with one change more, before following what is the
 * same; v holds the diagonals -d+1 ... d-1 around v[0]. */
static long reach(const int *v, long k, long d, bool *down)
{
	*down = k == -d || (k != d && v[k - 1] < v[k + 1]);
	return *down ? v[k + 1] : v[k - 1] + 1;
}

/* The way back from the end, written from the back of out. */
static void walk(struct diff *d, int *const *steps, long changes)
{
	size_t total = (size_t)(d->a.n + d->b.n), at = total;
	long x = d->a.n, y = d->b.n;
	struct cbi_diff_line *out = d->out + d->n;

	for (long c = changes; c >= 0; c--) {
		bool down = false;
		long k = x - y, from = c ? reach(steps[c - 1], k, c, &down) : 0;
		long stop = c ? from : 0;

		for (; x > stop; x--, y--)
			out[--at] = (struct cbi_diff_line){
				.kind = CBI_DIFF_SAME,
				.text = d->a.lines[x - 1].text,
				.len = d->a.lines[x - 1].len
			};
		if (!c)
			break;
		if (down)
			y--;
		else
			x--;
		out[--at] = (struct cbi_diff_line){
			.kind = down ? CBI_DIFF_NEW : CBI_DIFF_OLD,
			.text = down ? d->b.lines[y].text : d->a.lines[x].text,
			.len = down ? d->b.lines[y].len : d->a.lines[x].len
		};
	}
	memmove(out, out + at, (total - at) * sizeof(*out));
	d->n += total - at;
}

/* One row of diagonals for each number of changes. */
static int *row_of(struct cb_ctx *ctx, long d)
{
	int *row = cb_alloc(ctx, (size_t)(2 * d + 3) * sizeof(*row));

	if (!row)
		return NULL;
	memset(row, 0, (size_t)(2 * d + 3) * sizeof(*row));
	return row + d + 1;
}

/* CB_ENOENT, not noted, when there are too many changes. */
static int search(struct diff *d)
{
	long most = d->a.n + d->b.n;
	int *steps[CHANGES_MAX + 1];

	for (long c = 0; c <= most && c <= CHANGES_MAX; c++) {
		steps[c] = row_of(d->ctx, c);
		if (!steps[c])
			return CB_ENOMEM;
		for (long k = -c; k <= c; k += 2) {
			bool down;
			long x = c ? reach(steps[c - 1], k, c, &down) : 0;

			while (x < d->a.n && x - k < d->b.n &&
			       same(&d->a.lines[x], &d->b.lines[x - k]))
				x++;
			steps[c][k] = (int)x;
			if (x >= d->a.n && x - k >= d->b.n) {
				walk(d, steps, c);
				return CB_OK;
			}
		}
	}
	return CB_ENOENT;
}

static void number(struct diff *d)
{
	size_t old_at = 0, new_at = 0;

	for (size_t i = 0; i < d->n; i++) {
		struct cbi_diff_line *line = &d->out[i];

		line->old_at = old_at;
		line->new_at = new_at;
		old_at += line->kind != CBI_DIFF_NEW;
		new_at += line->kind != CBI_DIFF_OLD;
		if (line->kind == CBI_DIFF_SAME)
			continue;
		for (size_t k = i < CBI_DIFF_CONTEXT ? 0 : i - CBI_DIFF_CONTEXT;
		     k <= i + CBI_DIFF_CONTEXT && k < d->n; k++)
			d->out[k].near = true;
	}
}

int cbi_diff_lines(struct cb_ctx *ctx, const char *old_text,
                   const char *new_text, struct cbi_diff_line **out, size_t *n)
{
	struct diff d = { .ctx = ctx };
	struct side a, b;
	int rc = split(ctx, old_text, &d.a);

	if (rc == CB_OK)
		rc = split(ctx, new_text, &d.b);
	if (rc < 0)
		return rc;
	a = d.a;
	b = d.b;
	d.out = cb_alloc(ctx, (size_t)(a.n + b.n + 1) * sizeof(*d.out));
	if (!d.out)
		return CB_ENOMEM;
	trim(&d);
	for (long i = 0; i < d.head; i++)
		emit(&d, CBI_DIFF_SAME, &a.lines[i]);
	rc = search(&d);
	if (rc == CB_ENOMEM)
		return rc;
	for (long i = 0; rc < 0 && i < d.a.n; i++)
		emit(&d, CBI_DIFF_OLD, &d.a.lines[i]);
	for (long i = 0; rc < 0 && i < d.b.n; i++)
		emit(&d, CBI_DIFF_NEW, &d.b.lines[i]);
	for (long i = a.n - d.tail; i < a.n; i++)
		emit(&d, CBI_DIFF_SAME, &a.lines[i]);
	number(&d);
	*out = d.out;
	*n = d.n;
	return CB_OK;
}

static void hunk(struct cb_buf *buf, const struct cbi_diff_line *lines,
                 size_t n)
{
	size_t old_n = 0, new_n = 0;

	for (size_t i = 0; i < n; i++) {
		old_n += lines[i].kind != CBI_DIFF_NEW;
		new_n += lines[i].kind != CBI_DIFF_OLD;
	}
	cb_buf_printf(buf, "@@ -%zu,%zu +%zu,%zu @@\n",
	              lines->old_at + (old_n > 0), old_n,
	              lines->new_at + (new_n > 0), new_n);
	for (size_t i = 0; i < n; i++) {
		static const char marks[] = { ' ', '-', '+' };

		cb_buf_add(buf, &marks[lines[i].kind], 1);
		cb_buf_add(buf, lines[i].text, lines[i].len);
		cb_buf_text(buf, "\n");
	}
}

void cbi_diff_unified(struct cb_buf *buf, const struct cbi_diff_line *lines,
                      size_t n)
{
	for (size_t i = 0, to; i < n; i = to) {
		to = i + 1;
		if (!lines[i].near)
			continue;
		while (to < n && lines[to].near)
			to++;
		hunk(buf, lines + i, to - i);
	}
}
