/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.c - the door itself: libfyaml's events, document by document.
 *
 * A line that begins with `---` begins a document whatever stands around it,
 * in texts and flows too.  So when a document is wrong its parser is dropped
 * and another begins at the next such line: those after it are read as if
 * nothing had been.
 */
#include "yaml/yaml_priv.h"

#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

struct cbi_yaml_stream {
	const char *text;
	size_t len;
	char *own;        /* the text when it had to be changed */
	size_t base;      /* where the parser's input begins */
	size_t given;     /* how much of what follows it has */
	int base_line;    /* lines before it */
	size_t doc_start; /* offset in text of the document under way */
	bool handed;      /* that document has been handed over */
	int documents;
	bool ended;
	struct fy_diag *diag;
	struct fy_parser *parser;
	struct cb_buf scratch; /* of one scalar */
	struct cbi_yaml_builder builder;
};

/*
 * libfyaml reads all of "[[[[..." before it says anything of it.  No text of
 * people's has so many brackets in a row: where one has, the parser gets it
 * up to there, which is enough to see that it is nested too deeply.  Should
 * it stand in a quoted text after all, the document is parsed again, whole.
 */
static size_t first_part(const char *text, size_t len)
{
	size_t run = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '[' || c == '{')
			run++;
		else if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			run = 0;
		if (run > 2 * CB_YAML_DEPTH_MAX)
			return i;
	}
	return len;
}

static void drop_parser(struct cbi_yaml_stream *s)
{
	if (s->parser)
		fy_parser_destroy(s->parser);
	if (s->diag)
		fy_diag_destroy(s->diag);
	s->parser = NULL;
	s->diag = NULL;
}

static int start_parser(struct cb_ctx *ctx, struct cbi_yaml_stream *s,
                        bool whole)
{
	size_t len = s->len - s->base;
	struct fy_diag_cfg diag_cfg;
	struct fy_parse_cfg cfg = {
		.flags = FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE,
	};

	drop_parser(s);
	fy_diag_cfg_default(&diag_cfg);
	diag_cfg.fp = NULL;
	s->diag = fy_diag_create(&diag_cfg);
	if (!s->diag)
		return cb_fail(ctx, CB_ENOMEM, "out of memory for YAML");
	fy_diag_set_collect_errors(s->diag, true);
	cfg.diag = s->diag;
	s->parser = fy_parser_create(&cfg);
	s->given = whole ? len : first_part(s->text + s->base, len);
	if (!s->parser ||
	    fy_parser_set_string(s->parser, s->text + s->base, s->given))
		return cb_fail(ctx, CB_ENOMEM, "out of memory for YAML");
	s->doc_start = s->base;
	s->handed = false;
	return CB_OK;
}

int cbi_yaml_stream_create(struct cb_ctx *ctx, const char *text, size_t len,
                           struct cbi_yaml_stream **out)
{
	struct cbi_yaml_stream *s;
	int rc;

	if (len > CB_YAML_BYTES_MAX)
		return cb_fail(ctx, CB_ETOOBIG,
		               "text too large (%zu bytes, at most %d)", len,
		               CB_YAML_BYTES_MAX);
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	if (!cbi_str_utf8(text, len))
		return cb_fail(ctx, CB_EINVAL,
		               "text is not UTF-8, or holds a "
		               "NUL character");
	s = calloc(1, sizeof(*s));
	if (!s)
		return cb_fail(ctx, CB_ENOMEM, "out of memory for YAML");
	cbi_buf_init(&s->scratch, 2 * CB_YAML_BYTES_MAX);
	s->text = text;
	s->len = len;
	rc = cbi_yaml_ready(&s->text, &s->len, &s->own) == CB_OK
	         ? start_parser(ctx, s, false)
	         : cb_fail(ctx, CB_ENOMEM, "out of memory for YAML");
	if (rc < 0) {
		cbi_yaml_stream_destroy(s);
		return rc;
	}
	*out = s;
	return CB_OK;
}

void cbi_yaml_stream_destroy(struct cbi_yaml_stream *stream)
{
	if (!stream)
		return;
	drop_parser(stream);
	cbi_buf_finish(&stream->scratch);
	free(stream->own);
	free(stream);
}

static bool is_marker(const char *text, size_t left)
{
	return left >= 3 && memcmp(text, "---", 3) == 0 &&
	       (left == 3 || strchr(" \t\r\n", text[3]));
}

/* The next `---` behind the document under way, before end; 0 for none. */
static size_t next_marker(const struct cbi_yaml_stream *s, size_t end)
{
	const char *text = s->text;

	for (size_t i = s->doc_start; i < end; i++)
		if ((text[i] == '\n' || text[i] == '\r') &&
		    is_marker(text + i + 1, end - i - 1))
			return i + 1;
	return 0;
}

static int start_at(struct cb_ctx *ctx, struct cbi_yaml_stream *s, size_t at,
                    bool whole)
{
	const char *text = s->text;

	for (size_t k = s->base; k < at; k++)
		if (text[k] == '\n' || (text[k] == '\r' && text[k + 1] != '\n'))
			s->base_line++;
	s->base = at;
	return start_parser(ctx, s, whole);
}

/* Goes to the next document after one that failed. */
static int restart(struct cb_ctx *ctx, struct cbi_yaml_stream *s)
{
	size_t next = next_marker(s, s->len);

	if (next)
		return start_at(ctx, s, next, false);
	drop_parser(s);
	s->ended = true;
	return CB_OK;
}

/* The parser's own complaint, or a general one where it made none. */
static int complain(struct cb_ctx *ctx, struct cbi_yaml_stream *s,
                    struct cbi_yaml_doc *doc)
{
	struct fy_diag_error *error;
	void *iter = NULL;

	error = fy_diag_errors_iterate(s->diag, &iter);
	if (!error || !error->msg)
		return cbi_yaml_refuse(ctx, doc, doc->line, doc->column,
		                       "not YAML 1.2");
	return cbi_yaml_refuse(ctx, doc, s->base_line + error->line,
	                       error->column, "%s", error->msg);
}

static void take_mark(const struct cbi_yaml_stream *s, struct fy_event *fye,
                      struct cbi_yaml_event *event)
{
	const struct fy_mark *mark = fy_event_start_mark(fye);
	const struct cbi_yaml_builder *b = &s->builder;
	const struct cbi_yaml_frame *frame;

	if (mark) {
		event->line = s->base_line + mark->line + 1;
		event->column = mark->column + 1;
		return;
	}
	/* An empty value has no place of its own: its key's is the nearest. */
	event->line = b->doc->line;
	event->column = b->doc->column;
	if (b->depth > 0) {
		frame = &b->frames[b->depth - 1];
		event->line =
		    frame->have_key ? frame->key_line : frame->node->line;
		event->column =
		    frame->have_key ? frame->key_column : frame->node->column;
	}
}

static int take_node(struct cbi_yaml_stream *s, struct fy_event *fye)
{
	struct cbi_yaml_event event = { .type = CBI_YAML_TEXT };
	struct cbi_span input = { s->text + s->base, s->given };

	take_mark(s, fye, &event);
	switch (fye->type) {
	case FYET_SCALAR:
		if (cbi_yaml_event_scalar(fye, input, &s->scratch, &event) < 0)
			return CB_ENOMEM;
		return cbi_yaml_build_scalar(&s->builder, &event);
	case FYET_ALIAS:
		event.column--; /* the mark is behind the star */
		event.text = fy_token_get_text(fye->alias.anchor, &event.len);
		return cbi_yaml_build_alias(&s->builder, &event);
	case FYET_MAPPING_START:
		event.type = CBI_YAML_MAP;
		cbi_yaml_event_anchor(fye->mapping_start.anchor, &event);
		return cbi_yaml_build_begin(&s->builder, &event);
	case FYET_SEQUENCE_START:
		event.type = CBI_YAML_LIST;
		cbi_yaml_event_anchor(fye->sequence_start.anchor, &event);
		return cbi_yaml_build_begin(&s->builder, &event);
	case FYET_MAPPING_END:
	case FYET_SEQUENCE_END:
		return cbi_yaml_build_end(&s->builder);
	default:
		return CB_OK;
	}
}

static void begin_document(struct cb_ctx *ctx, struct cbi_yaml_stream *s,
                           struct fy_event *fye, struct cbi_yaml_doc *doc)
{
	const struct fy_mark *mark = NULL;

	if (fye->document_start.document_start)
		mark = fy_token_start_mark(fye->document_start.document_start);
	cbi_yaml_build_init(&s->builder, ctx, doc);
	s->handed = false;
	if (mark) {
		s->doc_start = s->base + mark->input_pos;
		doc->line = s->base_line + mark->line + 1;
		doc->column = mark->column + 1;
	}
}

static bool is_empty(const struct cbi_yaml *root)
{
	return !root || (root->type == CBI_YAML_NULL && root->len == 0);
}

/* 1 when the document has ended, 0 when more is to come. */
static int take(struct cb_ctx *ctx, struct cbi_yaml_stream *s,
                struct fy_event *fye, struct cbi_yaml_doc *doc)
{
	switch (fye->type) {
	case FYET_DOCUMENT_START:
		begin_document(ctx, s, fye, doc);
		return 0;
	case FYET_DOCUMENT_END:
		s->handed = true;
		doc->empty = is_empty(doc->root);
		if (doc->empty)
			doc->root = NULL;
		return 1;
	case FYET_STREAM_START:
		return 0;
	case FYET_STREAM_END:
		s->ended = true;
		return 1;
	default:
		return take_node(s, fye);
	}
}

/* Was the parser's text cut within this document?  Then what it says of the
 * end, or complains of, is not to be believed. */
static bool is_cut(const struct cbi_yaml_stream *s, const struct fy_event *fye)
{
	if (s->given == s->len - s->base)
		return false;
	if (fye && fye->type != FYET_DOCUMENT_END &&
	    fye->type != FYET_STREAM_END)
		return false;
	return next_marker(s, s->base + s->given) == 0;
}

static int take_whole(struct cb_ctx *ctx, struct cbi_yaml_stream *s,
                      struct cbi_yaml_doc *doc)
{
	size_t at = s->handed ? next_marker(s, s->len) : s->doc_start;

	doc->root = NULL;
	cbi_yaml_build_init(&s->builder, ctx, doc);
	/* What follows a document without a marker is its own tail. */
	return start_at(ctx, s, s->handed && at == 0 ? s->len : at, true);
}

static int read_document(struct cb_ctx *ctx, struct cbi_yaml_stream *s,
                         struct cbi_yaml_doc *doc)
{
	struct fy_event *fye;
	int rc = 0;

	while (rc == 0) {
		fye = fy_parser_parse(s->parser);
		if (is_cut(s, fye)) {
			fy_parser_event_free(s->parser, fye);
			rc = take_whole(ctx, s, doc);
			continue;
		}
		if (!fye) {
			if (!fy_parser_get_stream_error(s->parser)) {
				s->ended = true;
				return CB_OK;
			}
			rc = complain(ctx, s, doc);
			break;
		}
		rc = take(ctx, s, fye, doc);
		fy_parser_event_free(s->parser, fye);
	}
	if (rc == CB_EINVAL)
		rc = restart(ctx, s);
	return rc < 0 ? rc : CB_OK;
}

int cbi_yaml_stream_next(struct cb_ctx *ctx, struct cbi_yaml_stream *stream,
                         struct cbi_yaml_doc **out)
{
	struct cbi_yaml_doc *doc;
	int rc;

	*out = NULL;
	if (stream->ended)
		return CB_OK;
	doc = cb_alloc(ctx, sizeof(*doc));
	if (!doc)
		return CB_ENOMEM;
	doc->line = stream->base_line + 1;
	doc->column = 1;
	cbi_yaml_build_init(&stream->builder, ctx, doc);
	rc = read_document(ctx, stream, doc);
	if (rc < 0)
		return rc;
	if (!doc->error && !doc->root && !doc->empty)
		return CB_OK; /* the stream ended without another */
	if (++stream->documents > CB_YAML_DOCUMENTS_MAX) {
		stream->ended = true;
		if (cbi_yaml_refuse(ctx, doc, doc->line, doc->column,
		                    "too many documents (> %d)",
		                    CB_YAML_DOCUMENTS_MAX) == CB_ENOMEM)
			return CB_ENOMEM;
	}
	*out = doc;
	return CB_OK;
}

int cbi_yaml_parse(struct cb_ctx *ctx, const char *text, size_t len,
                   struct cbi_yaml_doc **out)
{
	struct cbi_yaml_doc *first = NULL, **tail = &first, *doc = NULL;
	struct cbi_yaml_stream *stream;
	int rc;

	rc = cbi_yaml_stream_create(ctx, text, len, &stream);
	if (rc < 0)
		return rc;
	do {
		rc = cbi_yaml_stream_next(ctx, stream, &doc);
		if (rc < 0)
			break;
		*tail = doc;
		if (doc)
			tail = &doc->next;
	} while (doc);
	cbi_yaml_stream_destroy(stream);
	if (rc == CB_OK)
		*out = first;
	return rc;
}
