/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.h - what webhooks tell: whose word it is, what it says, and the
 * queue in which it waits for an engine.
 *
 * A web process checks the sender's proof and keeps of the body what matters;
 * an engine, woken by NOTIFY, takes it from the table `event`, makes due what
 * it concerns, and marks it done in the same transaction.
 */
#ifndef CB_EVENTS_EVENTS_H
#define CB_EVENTS_EVENTS_H

#include <callboard/ctx.h>

#include <jansson.h>

#include "base/supply.h"

struct cbi_config;

/* How a topic's sender proves who it is. */
enum cbi_event_proof {
	CBI_EVENT_HMAC,  /* hex of HMAC-SHA256 of the body */
	CBI_EVENT_TOKEN, /* the secret itself */
	CBI_EVENT_BASIC, /* user and secret, as Authorization: Basic */
	CBI_EVENT_OPEN,  /* anybody is believed: the config says so */
};

struct cbi_event_topic {
	const char *name;
	enum cbi_event_proof proof;
	const char *header; /* that holds the proof */
	const char *secret, *user;
	/* Of senders that do not say where they are: "https://git.example.com";
	 * "" for none. */
	const char *host;
};

/*
 * A topic: its name stands in events.http.topics, as a text or as the `topic`
 * of {topic, type, host, open}, or its secret in
 * events.modules.<name>.webhookSecret (with webhookUsername for Azure).
 * type is by default the name, one of github, gitlab, gitea, bitbucketServer,
 * bitbucketCloud and azureDevOps.  Texts live with the config or ctx.
 *
 * CB_ENOENT when there is no such topic, CB_EINVAL when the config is wrong:
 * a topic without secret that is not open is.
 */
int cbi_event_topic(struct cb_ctx *ctx, const struct cbi_config *config,
                    const char *name, struct cbi_event_topic *out) CB_USED;

/* Does value (of the topic's header, NULL for none) prove the body?  Takes as
 * long for any wrong value of one length. */
bool cbi_event_proven(const struct cbi_event_topic *topic, const char *value,
                      const char *body, size_t len);

/*
 * What a body says: {kind, repo, org, branch, paths}, texts as
 * cbi_supply_event has them; a new reference.  word is the sender's own for
 * the kind ("push", "Push Hook", "repo:refs_changed"), or NULL; host as the
 * topic's.  NULL when it names neither a repository nor an organisation, or
 * tells of what no catalog knows: nothing can be due by it.
 */
json_t *cbi_event_telling(struct cb_ctx *ctx, const char *word,
                          const char *host, json_t *body);

/* Keeps it and wakes the engines.  delivery (the sender's id, NULL for none)
 * that is known is passed over.  CB_EBUSY when too many wait. */
int cbi_event_keep(struct cb_ctx *ctx, const char *topic, const char *delivery,
                   const json_t *telling) CB_USED;

/*
 * Takes one that waits and calls act in the transaction that marks it done;
 * *found is false when none waits, or others have them.  One that act fails
 * on while PostgreSQL is there is marked done too, and the failure returned:
 * it must not hold up the others.  Those of yesterday are forgotten.
 */
int cbi_event_work(struct cb_ctx *ctx,
                   int (*act)(void *arg, struct cb_ctx *ctx,
                              const struct cbi_supply_event *event),
                   void *arg, bool *found) CB_USED;

#endif
