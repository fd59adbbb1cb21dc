/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plugin_action.h - buttons of declared plugins: below their cards, and the
 * page /p/<plugin>/actions/<name> that asks, does it and says so.
 */
#ifndef CB_WEB_PAGES_PLUGIN_ACTION_H
#define CB_WEB_PAGES_PLUGIN_ACTION_H

#include "registry/registry.h"
#include "web/pages/cards.h"

/* The action's row of the manifest; NULL for none. */
const json_t *cbi_action_find(const struct cbi_plugin_entry *plugin,
                              const char *name);

/* The buttons that belong below a card, as far as who asks may press them. */
void cbi_action_buttons(const struct cbi_card *card,
                        const struct cbi_plugin_entry *plugin,
                        struct cb_html *html);

/* Answers the page: GET asks or says what became of it, POST does it. */
int cbi_action_page(struct cb_req *req, const struct cbi_plugin_entry *plugin,
                    const json_t *action) CB_USED;

#endif
