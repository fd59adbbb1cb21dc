/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h - what goes over the fetch socket.  Internal to the room.
 *
 * A frame is a head of 20 bytes (magic, version, kind, rank, flags, id,
 * budget, length; numbers little-endian) and its payload: of an ask seven
 * texts (who asks, and for what), each after its 16-bit length, of an answer
 * an envelope, or nothing when there is no value yet; of a call four texts
 * (who asks, and the name) and JSON, of a reply the code in 4 bytes and JSON,
 * or a failure's text.  Both
 * ends stand on one host and mostly in one release; another version's frame
 * closes the connection.
 */
#ifndef CB_SOURCE_WIRE_H
#define CB_SOURCE_WIRE_H

#include "source/call.h"
#include "source/source.h"
#include "source/value.h"

#include "base/limits.h"

#define CB_WIRE_HEAD 20
#define CB_WIRE_WHO_MAX \
	(6 + CB_REF_MAX + CB_REQUEST_ID_MAX + CB_TRACEPARENT_LEN)
#define CB_WIRE_ASK_MAX                                           \
	(8 + CB_WIRE_WHO_MAX + CB_NAME_MAX + CB_SOURCE_NAME_MAX + \
	 CB_SOURCE_VERSION_MAX + CB_SOURCE_KEY_MAX)
#define CB_WIRE_ANSWER_MAX (CB_SOURCE_ENVELOPE_MAX + 2)

#define CB_WIRE_CALL_TEXTS_MAX (2 + CB_WIRE_WHO_MAX + CB_NAME_MAX)
#define CB_WIRE_CALL_MAX (CB_WIRE_CALL_TEXTS_MAX + CB_CALL_IN_MAX)
#define CB_WIRE_REPLY_MAX (4 + CB_CALL_OUT_MAX)

enum cbi_wire_kind {
	CBI_WIRE_ASK = 1,
	CBI_WIRE_ANSWER = 2,
	CBI_WIRE_CALL = 3,
	CBI_WIRE_REPLY = 4,
};

enum cbi_wire_flags {
	CBI_WIRE_NO_ANSWER = 1, /* told, not asked */
	CBI_WIRE_BRIEF = 2,     /* the answer without its body */
};

struct cbi_wire_head {
	uint8_t kind, rank, flags;
	uint32_t id;
	uint32_t budget_ms;
	uint32_t len; /* of the payload */
};

/* Who asks, and in the course of what. */
struct cbi_wire_who {
	char actor[CB_REF_MAX + 1];
	char request_id[CB_REQUEST_ID_MAX + 1];
	char traceparent[CB_TRACEPARENT_LEN + 1]; /* "": none */
};

struct cbi_wire_ask {
	struct cbi_wire_who who;
	char plugin[CB_NAME_MAX + 1];
	char source[CB_SOURCE_NAME_MAX + 1];
	char version[CB_SOURCE_VERSION_MAX + 1];
	char key[CB_SOURCE_KEY_MAX + 1];
};

struct cbi_wire_call {
	struct cbi_wire_who who;
	char name[CB_NAME_MAX + 1];
	const char *json; /* in the payload, not terminated */
	size_t len;
};

void cbi_wire_put_head(const struct cbi_wire_head *head,
                       char out[CB_WIRE_HEAD]);
/* False for another magic or version, and beyond the caps. */
bool cbi_wire_get_head(const char in[CB_WIRE_HEAD], struct cbi_wire_head *out);

/* From the context of the one who asks. */
void cbi_wire_who_of(const struct cb_ctx *ctx, struct cbi_wire_who *out);
/* Into the context of the work for it, which who outlives. */
void cbi_wire_who_into(const struct cbi_wire_who *who, struct cb_ctx *ctx);

/* A whole ask, head included. */
int cbi_wire_put_ask(struct cb_buf *buf, struct cbi_wire_head head,
                     const struct cbi_source_ref *ref,
                     const struct cbi_wire_who *who) CB_USED;
bool cbi_wire_get_ask(const char *in, size_t len, struct cbi_wire_ask *out);

/* A whole call, head included. */
int cbi_wire_put_call(struct cb_buf *buf, struct cbi_wire_head head,
                      const struct cbi_wire_call *call) CB_USED;
bool cbi_wire_get_call(const char *in, size_t len, struct cbi_wire_call *out);

/* The payload of a reply: code, and JSON or a failure's text. */
int cbi_wire_put_reply(struct cb_buf *buf, int code, const char *text,
                       size_t len) CB_USED;
/* False for less than a code; *text is the rest of the payload. */
bool cbi_wire_get_reply(const char *in, size_t len, int *code,
                        const char **text, size_t *text_len);

#endif
