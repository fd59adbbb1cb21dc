/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex_read.c - a pattern's text becomes a tree.
 */
#include "base/regex_priv.h"

#include <string.h>

#define COUNT_MAX 1000
#define DEPTH_MAX 50
#define RANGES_MAX 256

struct reader {
	struct cb_ctx *ctx;
	const char *p, *end;
	const char *why;
	int depth;
};

static struct cbi_regex_node *read_either(struct reader *r);

static struct cbi_regex_node *wrong(struct reader *r, const char *why)
{
	if (!r->why)
		r->why = why;
	return NULL;
}

static struct cbi_regex_node *node_of(struct reader *r,
                                      enum cbi_regex_type type,
                                      struct cbi_regex_node *a,
                                      struct cbi_regex_node *b)
{
	struct cbi_regex_node *node = cb_alloc(r->ctx, sizeof(*node));

	if (!node)
		return wrong(r, "there is no memory for it");
	node->type = type;
	node->a = a;
	node->b = b;
	return node;
}

static struct cbi_regex_node *set_node(struct reader *r,
                                       const struct cbi_regex_set *set)
{
	struct cbi_regex_node *node =
	    set ? node_of(r, CBI_REGEX_SET, NULL, NULL)
		: wrong(r, "there is no memory for it");

	if (node)
		node->set = set;
	return node;
}

static struct cbi_regex_node *one(struct reader *r, uint32_t c)
{
	struct cbi_regex_range range = { c, c };

	return set_node(r, cbi_regex_set(r->ctx, &range, 1, false));
}

/* --- characters --- */

/* Exactly n hex digits. */
static bool hex(struct reader *r, int n, uint32_t *out)
{
	uint32_t c = 0;

	for (int i = 0; i < n; i++, r->p++) {
		const char *digits = "0123456789abcdefABCDEF", *at;

		at = r->p < r->end ? memchr(digits, *r->p, 22) : NULL;
		if (!at)
			return false;
		c = c << 4 | (uint32_t)(at - digits - (at - digits > 15) * 6);
	}
	*out = c;
	return true;
}

/* After "\u": XXXX, a pair of surrogates, or {X...}. */
static bool unicode(struct reader *r, uint32_t *out)
{
	const char *close = memchr(r->p, '}', (size_t)(r->end - r->p));
	uint32_t low;

	if (r->p < r->end && *r->p == '{') {
		r->p++;
		if (!close || close - r->p > 6 || close == r->p ||
		    !hex(r, (int)(close - r->p), out))
			return false;
		r->p++;
		return *out <= CBI_REGEX_LAST;
	}
	if (!hex(r, 4, out))
		return false;
	if (*out >= 0xd800 && *out < 0xdc00 && r->end - r->p >= 6 &&
	    memcmp(r->p, "\\u", 2) == 0) {
		r->p += 2;
		if (!hex(r, 4, &low) || low < 0xdc00 || low > 0xdfff)
			return false;
		*out = 0x10000 + ((*out - 0xd800) << 10) + (low - 0xdc00);
	}
	return true;
}

/* After a backslash; false with why set. */
static bool escaped(struct reader *r, uint32_t *out)
{
	static const char names[] = "tnvfr0", values[] = "\t\n\v\f\r";
	char c = r->p < r->end ? *r->p : '\0';
	const char *at = c ? strchr(names, c) : NULL;
	bool good = true;

	if (at) {
		r->p++;
		*out = (unsigned char)values[at - names];
	} else if (c == 'x') {
		r->p++;
		good = hex(r, 2, out);
	} else if (c == 'u') {
		r->p++;
		good = unicode(r, out);
	} else if (c && strchr("^$\\.*+?()[]{}|/-", c)) {
		*out = (unsigned char)*r->p++;
	} else {
		good = false;
	}
	if (!good)
		wrong(r, "a backslash before what needs none, or what is not "
		         "supported (\\1, \\k, \\p, \\c)");
	return good;
}

/* --- classes --- */

/* One end of a range, or a whole set in *set. */
static bool class_atom(struct reader *r, uint32_t *c,
                       const struct cbi_regex_set **set)
{
	*set = NULL;
	if (*r->p != '\\') {
		*c = cbi_regex_take(&r->p, r->end);
		return true;
	}
	r->p++;
	if (r->p < r->end && *r->p != '.')
		*set = cbi_regex_named(*r->p);
	if (*set) {
		r->p++;
		return true;
	}
	if (r->p < r->end && *r->p == 'b') {
		r->p++;
		*c = '\b';
		return true;
	}
	return escaped(r, c);
}

/* One item of a class onto ranges. */
static bool class_item(struct reader *r, struct cbi_regex_range *ranges,
                       size_t *n)
{
	const struct cbi_regex_set *set, *other = NULL;
	uint32_t from, to;

	if (!class_atom(r, &from, &set))
		return false;
	to = from;
	if (r->end - r->p >= 2 && *r->p == '-' && r->p[1] != ']') {
		r->p++;
		if (!class_atom(r, &to, &other))
			return false;
		if (set || other || to < from) {
			wrong(r, "a range that is none");
			return false;
		}
	}
	if (*n + (set ? set->n : 1) > RANGES_MAX) {
		wrong(r, "a class of too many ranges");
		return false;
	}
	for (size_t i = 0; set && i < set->n; i++)
		ranges[(*n)++] = set->ranges[i];
	if (!set)
		ranges[(*n)++] = (struct cbi_regex_range){ from, to };
	return true;
}

/* After '['. */
static struct cbi_regex_node *read_class(struct reader *r)
{
	struct cbi_regex_range ranges[RANGES_MAX];
	bool inverted = r->p < r->end && *r->p == '^';
	size_t n = 0;

	r->p += inverted;
	while (r->p < r->end && *r->p != ']')
		if (!class_item(r, ranges, &n))
			return NULL;
	if (r->p == r->end)
		return wrong(r, "'[' without ']'");
	r->p++;
	return set_node(r, cbi_regex_set(r->ctx, ranges, n, inverted));
}

/* --- the rest of the grammar --- */

static struct cbi_regex_node *assertion(struct reader *r, enum cbi_regex_op op,
                                        int skip)
{
	struct cbi_regex_node *node = node_of(r, CBI_REGEX_ASSERT, NULL, NULL);

	if (node)
		node->op = op;
	r->p += skip;
	return node;
}

/* After '('. */
static struct cbi_regex_node *read_group(struct reader *r)
{
	const char *close;
	struct cbi_regex_node *node;

	if (r->p < r->end && *r->p == '?') {
		close = memchr(r->p, '>', (size_t)(r->end - r->p));
		if (r->end - r->p >= 2 && r->p[1] == ':')
			r->p += 2;
		else if (close && r->p[1] == '<' && r->p[2] != '=' &&
		         r->p[2] != '!')
			r->p = close + 1;
		else
			return wrong(r, "look-around, which is not supported");
	}
	if (++r->depth > DEPTH_MAX)
		return wrong(r, "groups are nested too deep");
	node = read_either(r);
	r->depth--;
	if (node && (r->p == r->end || *r->p != ')'))
		return wrong(r, "'(' without ')'");
	r->p++;
	return node;
}

static struct cbi_regex_node *read_escape(struct reader *r)
{
	const struct cbi_regex_set *set;
	uint32_t c;

	if (r->p + 1 < r->end && r->p[1] == 'b')
		return assertion(r, CBI_REGEX_EDGE, 2);
	if (r->p + 1 < r->end && r->p[1] == 'B')
		return assertion(r, CBI_REGEX_INSIDE, 2);
	r->p++;
	set = r->p < r->end && *r->p != '.' ? cbi_regex_named(*r->p) : NULL;
	if (set) {
		r->p++;
		return set_node(r, set);
	}
	return escaped(r, &c) ? one(r, c) : NULL;
}

static struct cbi_regex_node *read_atom(struct reader *r)
{
	switch (*r->p) {
	case '^':
		return assertion(r, CBI_REGEX_BEGIN, 1);
	case '$':
		return assertion(r, CBI_REGEX_END, 1);
	case '(':
		r->p++;
		return read_group(r);
	case '[':
		r->p++;
		return read_class(r);
	case '\\':
		return read_escape(r);
	case '.':
		r->p++;
		return set_node(r, cbi_regex_named('.'));
	case '*':
	case '+':
	case '?':
		return wrong(r, "nothing to repeat");
	case '{':
	case '}':
	case ']':
		return wrong(r, "a bracket that needs a backslash");
	default:
		return one(r, cbi_regex_take(&r->p, r->end));
	}
}

/* Digits, at most COUNT_MAX; -1 for none or too many. */
static int number(struct reader *r)
{
	int n = -1;

	for (; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++) {
		n = (n < 0 ? 0 : n) * 10 + (*r->p - '0');
		if (n > COUNT_MAX)
			return -1;
	}
	return n;
}

/* {n}, {n,} or {n,m} at p. */
static bool read_counts(struct reader *r, int *least, int *most)
{
	r->p++;
	*least = *most = number(r);
	if (r->p < r->end && *r->p == ',') {
		r->p++;
		*most = r->p < r->end && *r->p == '}' ? -1 : number(r);
		if (*most < 0 && !(r->p < r->end && *r->p == '}'))
			*least = -1;
	}
	if (*least < 0 || r->p == r->end || *r->p != '}' ||
	    (*most >= 0 && *most < *least)) {
		wrong(r, "a count that is none, or above 1000");
		return false;
	}
	r->p++;
	return true;
}

/* An atom with what repeats it; that a repetition is lazy changes only which
 * match is found, never whether. */
static struct cbi_regex_node *read_piece(struct reader *r)
{
	bool group = *r->p == '(';
	struct cbi_regex_node *atom = read_atom(r), *node;
	int least = 0, most = -1;
	char c = atom && r->p < r->end ? *r->p : '\0';

	if (!c || !strchr("*+?{", c))
		return atom;
	if (atom->type == CBI_REGEX_ASSERT && !group)
		return wrong(r, "nothing to repeat");
	if (c == '{') {
		if (!read_counts(r, &least, &most))
			return NULL;
	} else {
		least = c == '+';
		most = c == '?' ? 1 : -1;
		r->p++;
	}
	if (r->p < r->end && *r->p == '?')
		r->p++;
	node = node_of(r, CBI_REGEX_REPEAT, atom, NULL);
	if (node) {
		node->least = least;
		node->most = most;
	}
	return node;
}

static struct cbi_regex_node *read_join(struct reader *r)
{
	struct cbi_regex_node *all = node_of(r, CBI_REGEX_EMPTY, NULL, NULL);

	while (all && r->p < r->end && *r->p != '|' && *r->p != ')') {
		struct cbi_regex_node *piece = read_piece(r);

		if (!piece)
			return NULL;
		all = all->type == CBI_REGEX_EMPTY
		          ? piece
		          : node_of(r, CBI_REGEX_JOIN, all, piece);
	}
	return all;
}

static struct cbi_regex_node *read_either(struct reader *r)
{
	struct cbi_regex_node *all = read_join(r);

	while (all && r->p < r->end && *r->p == '|') {
		struct cbi_regex_node *other;

		r->p++;
		other = read_join(r);
		all = other ? node_of(r, CBI_REGEX_EITHER, all, other) : NULL;
	}
	return all;
}

struct cbi_regex_node *cbi_regex_tree(struct cb_ctx *ctx, const char *pattern,
                                      size_t len, const char **why)
{
	struct reader r = { .ctx = ctx, .p = pattern, .end = pattern + len };
	struct cbi_regex_node *tree;

	/* More would be a deep tree of joins. */
	tree = len > CBI_REGEX_STEPS ? wrong(&r, "it is too long")
	                             : read_either(&r);
	if (tree && r.p < r.end)
		tree = wrong(&r, "')' without '('");
	*why = r.why;
	return r.why ? NULL : tree;
}
