/* SPDX-License-Identifier: Apache-2.0 */
/*
 * found.h - an entity as search speaks of it, and where in a text the words
 * are that were searched for.  For the API and the page.
 */
#ifndef CB_WEB_FOUND_H
#define CB_WEB_FOUND_H

#include "base/str.h"
#include "search/search.h"

/* The contract's document; texts live with ctx, "" for what is not there. */
struct cbi_found {
	const char *ref;
	const char *title, *text;
	const char *shown, *said; /* to people: display name, description */
	const char *location;     /* /catalog/..., without the base path */
	const char *kind, *space, *type, *lifecycle, *owner;
};

/* The catalog's scope, as searches take it. */
int cbi_found_seen(struct cb_ctx *ctx, size_t before,
                   struct cbi_search_seen *out);

int cbi_found_read(struct cb_ctx *ctx, const struct cbi_search_hit *hit,
                   struct cbi_found *out) CB_USED;

/*
 * The next piece of text from *at on (0 at first): a word that begins like
 * one of the n words (marked), or what stands between.  False at the end.
 */
bool cbi_found_piece(const char *text, const char *const *words, size_t n,
                     size_t *at, struct cbi_span *piece, bool *marked);

#endif
