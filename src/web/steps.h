/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steps.h - a request's way through the house: read > who > route > may >
 * guard > handle > render > send > note, one table in steps.c.
 *
 * A step returns CB_NEXT, CB_DONE (the answer is made: straight to send) or
 * a failure (render makes the answer of it).  render, send and note always
 * run.
 */
#ifndef CB_WEB_STEPS_H
#define CB_WEB_STEPS_H

#include "base/board.h"
#include "web/router.h"
#include "web/web.h"

#define CB_NEXT 0
#define CB_DONE 1

/* What a thread keeps between requests. */
struct cbi_web_lane {
	struct cbi_lane lane;
	struct cb_buf body; /* answers are made in it */
	struct cb_buf head;
	struct cbi_board_process *process; /* NULL in tests */
	struct cbi_board_thread *slot;     /* NULL in tests */
};

/* row: this process's on the board, -1 for none; slot: the thread's. */
void cbi_web_lane_init(struct cbi_web_lane *lane, int row, int slot);
/* Nothing came for a minute: gives back what the lane holds. */
void cbi_web_lane_idle(struct cbi_web_lane *lane);
void cbi_web_lane_finish(struct cbi_web_lane *lane);

/* Serves one request.  False when its answer broke off midway, so that the
 * connection must not go on. */
bool cbi_web_serve(const struct cbi_web *web, struct cbi_web_lane *lane,
                   const struct cbi_port *port);

/* ---- The steps, one file each ---- */

int cbi_step_read(struct cb_req *req);   /* read.c */
int cbi_step_who(struct cb_req *req);    /* who.c */
int cbi_step_route(struct cb_req *req);  /* router.c */
int cbi_step_may(struct cb_req *req);    /* may.c */
int cbi_step_render(struct cb_req *req); /* render.c */
int cbi_step_send(struct cb_req *req);   /* send.c */
int cbi_step_note(struct cb_req *req);   /* note.c */

/* ---- What they share ---- */

/* The face of a path that no endpoint serves. */
enum cbi_face cbi_face_of(const struct cb_req *req);
/* Fills the context's request id and traceparent from what came. */
void cbi_trace_take(struct cb_req *req);
/* refused.c: notes in the audit log that a change was not allowed. */
void cbi_web_refused(struct cb_req *req);
/* used.c: notes that a personal token was used today. */
void cbi_web_used(struct cb_req *req);
/* Writes the head now; body_len -1 when it is not known. */
int cbi_send_head(struct cb_req *req, int64_t body_len) CB_USED;

/* Tags the answer by the bytes of its body. */
int cbi_send_etag(struct cb_req *req, const void *data, size_t len) CB_USED;

/* Health, metrics and the unknown /api: what every pool answers. */
extern const struct cbi_endpoint cbi_house_endpoints[];

/* What stock frontends have beside their token. */
#define CBI_LIMITED_COOKIE "backstage-auth"

#endif
