/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.c - see wire.h.
 */
#include "source/wire.h"

#include "base/buf.h"
#include "base/ctx.h"
#include "base/str.h"

#include <string.h>

#define MAGIC "CBF"
#define VERSION 2

static void put_u32(char *p, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		p[i] = (char)(n >> (8 * i));
}

static uint32_t get_u32(const char *p)
{
	uint32_t n = 0;

	for (int i = 0; i < 4; i++)
		n |= (uint32_t)(unsigned char)p[i] << (8 * i);
	return n;
}

void cbi_wire_put_head(const struct cbi_wire_head *head, char out[CB_WIRE_HEAD])
{
	memcpy(out, MAGIC, 3);
	out[3] = VERSION;
	out[4] = (char)head->kind;
	out[5] = (char)head->rank;
	out[6] = (char)head->flags;
	out[7] = 0;
	put_u32(out + 8, head->id);
	put_u32(out + 12, head->budget_ms);
	put_u32(out + 16, head->len);
}

bool cbi_wire_get_head(const char in[CB_WIRE_HEAD], struct cbi_wire_head *out)
{
	struct cbi_wire_head head;
	size_t max;

	if (memcmp(in, MAGIC, 3) != 0 || in[3] != VERSION)
		return false;
	head.kind = (uint8_t)in[4];
	head.rank = (uint8_t)in[5];
	head.flags = (uint8_t)in[6];
	head.id = get_u32(in + 8);
	head.budget_ms = get_u32(in + 12);
	head.len = get_u32(in + 16);
	switch (head.kind) {
	case CBI_WIRE_ASK:
		max = CB_WIRE_ASK_MAX;
		break;
	case CBI_WIRE_ANSWER:
		max = CB_WIRE_ANSWER_MAX;
		break;
	case CBI_WIRE_CALL:
		max = CB_WIRE_CALL_MAX;
		break;
	case CBI_WIRE_REPLY:
		max = CB_WIRE_REPLY_MAX;
		break;
	default:
		return false;
	}
	if (head.rank >= CBI_RANKS || head.len > max)
		return false;
	*out = head;
	return true;
}

static void put_text(struct cb_buf *buf, const char *text)
{
	size_t len = strlen(text);
	char size[2] = { (char)len, (char)(len >> 8) };

	cb_buf_add(buf, size, 2);
	cb_buf_add(buf, text, len);
}

/* A head, and texts; more follows when head->len says so already. */
static void put_texts(struct cb_buf *buf, struct cbi_wire_head *head,
                      const char *const *texts, size_t n)
{
	char raw[CB_WIRE_HEAD];

	for (size_t i = 0; i < n; i++)
		head->len += 2 + (uint32_t)strlen(texts[i]);
	cbi_wire_put_head(head, raw);
	cb_buf_add(buf, raw, sizeof(raw));
	for (size_t i = 0; i < n; i++)
		put_text(buf, texts[i]);
}

void cbi_wire_who_of(const struct cb_ctx *ctx, struct cbi_wire_who *out)
{
	cbi_str_copy(out->actor, sizeof(out->actor), cb_actor(ctx));
	cbi_str_copy(out->request_id, sizeof(out->request_id), ctx->request_id);
	cbi_str_copy(out->traceparent, sizeof(out->traceparent),
	             ctx->traceparent);
}

void cbi_wire_who_into(const struct cbi_wire_who *who, struct cb_ctx *ctx)
{
	ctx->actor = who->actor;
	cbi_str_copy(ctx->request_id, sizeof(ctx->request_id), who->request_id);
	cbi_str_copy(ctx->traceparent, sizeof(ctx->traceparent),
	             who->traceparent);
}

int cbi_wire_put_ask(struct cb_buf *buf, struct cbi_wire_head head,
                     const struct cbi_source_ref *ref,
                     const struct cbi_wire_who *who)
{
	const char *const texts[] = { who->actor,       who->request_id,
		                      who->traceparent, ref->plugin,
		                      ref->source,      ref->version,
		                      ref->key };

	head.kind = CBI_WIRE_ASK;
	head.len = 0;
	put_texts(buf, &head, texts, sizeof(texts) / sizeof(texts[0]));
	return buf->failed;
}

struct field {
	char *text;
	size_t size;
};

/* The first texts of asks and calls. */
#define WHO(out)                                                       \
	{ (out)->who.actor, sizeof((out)->who.actor) },                \
	    { (out)->who.request_id, sizeof((out)->who.request_id) },  \
	{                                                              \
		(out)->who.traceparent, sizeof((out)->who.traceparent) \
	}

/* Texts at the front of the payload, which moves on; false for nonsense. */
static bool get_texts(const char **in, size_t *len, const struct field *fields,
                      size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *p = *in;
		size_t n;

		if (*len < 2)
			return false;
		n = (size_t)(unsigned char)p[0] | (size_t)(unsigned char)p[1]
		                                      << 8;
		p += 2;
		if (n > *len - 2 || n >= fields[i].size || memchr(p, '\0', n))
			return false;
		memcpy(fields[i].text, p, n);
		fields[i].text[n] = '\0';
		*in = p + n;
		*len -= n + 2;
	}
	return true;
}

bool cbi_wire_get_ask(const char *in, size_t len, struct cbi_wire_ask *out)
{
	const struct field fields[] = {
		WHO(out),
		{ out->plugin, sizeof(out->plugin) },
		{ out->source, sizeof(out->source) },
		{ out->version, sizeof(out->version) },
		{ out->key, sizeof(out->key) },
	};

	return get_texts(&in, &len, fields,
	                 sizeof(fields) / sizeof(fields[0])) &&
	       len == 0;
}

int cbi_wire_put_call(struct cb_buf *buf, struct cbi_wire_head head,
                      const struct cbi_wire_call *call)
{
	const char *const texts[] = { call->who.actor, call->who.request_id,
		                      call->who.traceparent, call->name };

	head.kind = CBI_WIRE_CALL;
	head.len = (uint32_t)call->len;
	put_texts(buf, &head, texts, sizeof(texts) / sizeof(texts[0]));
	cb_buf_add(buf, call->json, call->len);
	return buf->failed;
}

bool cbi_wire_get_call(const char *in, size_t len, struct cbi_wire_call *out)
{
	const struct field fields[] = {
		WHO(out),
		{ out->name, sizeof(out->name) },
	};

	if (!get_texts(&in, &len, fields, sizeof(fields) / sizeof(fields[0])))
		return false;
	out->json = in;
	out->len = len;
	return true;
}

int cbi_wire_put_reply(struct cb_buf *buf, int code, const char *text,
                       size_t len)
{
	char raw[4];

	put_u32(raw, (uint32_t)code);
	cb_buf_add(buf, raw, sizeof(raw));
	cb_buf_add(buf, text, len);
	return buf->failed;
}

bool cbi_wire_get_reply(const char *in, size_t len, int *code,
                        const char **text, size_t *text_len)
{
	if (len < 4)
		return false;
	*code = (int)(int32_t)get_u32(in);
	*text = in + 4;
	*text_len = len - 4;
	return true;
}
