/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gallery.c - /admin/gallery: every component that a plugin draws with, and
 * every state of a card, drawn by the same calls as on any page.
 */
#include "web/pages/admin.h"

#include <string.h>

#include "base/clock.h"
#include "html/addr.h"
#include "view/view.h"
#include "web/pages/shell.h"

/*
 * What each card shows, as a plugin.yaml or a foreign program would say it;
 * native plugins draw the same by cb_html_*.  Times are of long ago on
 * purpose: the page says the same every day.
 */
static const struct sample {
	const char *name, *title;
	bool wide;
	const char *show;
} samples[] = {
	{ "marks", "Status and badge", false,
	  "{'status':{'text':'Passed','tone':'good'}},"
	  "{'status':{'text':'Failed','tone':'bad'}},"
	  "{'status':{'text':'Unstable','tone':'warn'}},"
	  "{'status':{'text':'Queued','tone':'info'}},"
	  "{'status':{'text':'Running','tone':'busy'}},"
	  "{'status':{'text':'Aborted','tone':'neutral'}},"
	  "{'heading':'Badges'},"
	  "{'badge':{'text':'production','tone':'good'}},"
	  "{'badge':{'text':'deprecated','tone':'bad'}},"
	  "{'badge':{'text':'ageing','tone':'warn'}},"
	  "{'badge':{'text':'v3','tone':'info'}},"
	  "{'badge':{'text':'rolling out','tone':'busy'}},"
	  "{'badge':'experimental'}" },
	{ "fields", "Fields", false,
	  "{'fields':[{'label':'Team','value':{'entity':"
	  "'group:default/boarding-crew'}},"
	  "{'label':'On call','value':'Amara Okoye'},"
	  "{'label':'Pager','value':null},"
	  "{'label':'Mail','value':{'link':{'url':"
	  "'mailto:boarding@ondry.example','text':"
	  "'boarding@ondry.example'}}},"
	  "{'label':'Last drill','value':[{'time':'2024-03-01T09:00:00Z'},"
	  "{'badge':{'text':'passed','tone':'good'}}]}]}" },
	{ "stats", "Stats and grades", false,
	  "{'stat':{'label':'Coverage','value':'81.4 %'}},"
	  "{'stat':{'label':'Errors','value':'3.1 %','tone':'bad'}},"
	  "{'stat':{'label':'Uptime','value':'99.98 %','tone':'good'}},"
	  "{'stat':{'label':'Bugs','value':0,'grade':'A'}},"
	  "{'stat':{'label':'Smells','value':12037,'grade':'C'}},"
	  "{'stat':{'label':'Debt','value':null,'grade':'E'}}" },
	{ "figures", "Progress and sparkline", false,
	  "{'progress':{'label':'Coverage','value':81}},"
	  "{'progress':{'label':'Rollout','value':3,'max':3,"
	  "'tone':'good'}},"
	  "{'progress':{'label':'Disk','value':11,'max':12,'tone':'bad'}},"
	  "{'progress':{'label':'Not begun','value':0,'max':12}},"
	  "{'sparkline':{'label':'Requests per minute, from 310 to 1,204',"
	  "'values':[310,420,380,610,560,804,760,1010,940,1204]}},"
	  "{'sparkline':{'label':'Errors per minute, rising','tone':'bad',"
	  "'values':[1,2,1,14,31]}}" },
	{ "bars", "Bar chart", false,
	  "{'bars':{'label':'Builds per day','items':["
	  "{'label':'Mon','value':8},{'label':'Tue','value':12},"
	  "{'label':'Wed','value':10},{'label':'Thu','value':3,"
	  "'tone':'bad'},{'label':'Fri','value':20}]}},"
	  "{'bars':{'label':'Change of coverage per release','items':["
	  "{'label':'4.1','value':1.5},{'label':'4.2','value':2},"
	  "{'label':'4.3','value':-1,'tone':'bad'},"
	  "{'label':'4.4','value':0.5},{'label':'4.5','value':1},"
	  "{'label':'4.6','value':3},{'label':'4.7','value':1},"
	  "{'label':'4.8','value':-0.5,'tone':'bad'}]}},"
	  "{'bars':{'label':'No builds yet','items':[]}}" },
	{ "timeline", "Timeline", false,
	  "{'timeline':[{'title':'Release 4.12.0','text':'reached "
	  "production','tone':'good','time':'2024-03-02T05:02:00Z'},"
	  "{'title':'Rollout in pier-2','tone':'busy',"
	  "'time':'2024-03-02T04:50:00Z'},"
	  "{'title':'Build #480 failed','tone':'bad',"
	  "'url':'https://ci.ondry.example/480',"
	  "'time':'2024-03-01T01:00:00Z'},"
	  "{'title':'Tomas Verel opened a pull request',"
	  "'time':1709224260}]}" },
	{ "list", "List", false,
	  "{'list':[{'entity':'api:default/booking-api',"
	  "'text':'Places, fares and promises',"
	  "'mark':{'badge':{'text':'v3','tone':'info'}}},"
	  "{'title':'A link','url':'https://ondry.example/',"
	  "'mark':{'time':'2024-03-01T01:00:00Z'}},"
	  "{'title':'A number at the end','mark':12345},"
	  "'A plain line']}" },
	{ "links", "Links", false,
	  "{'text':'Where to look when a gate is stuck.'},"
	  "{'links':[{'text':'All gates','url':"
	  "'https://grafana.ondry.example/'},"
	  "{'text':'Runbook','url':'https://handbook.ondry.example/'},"
	  "{'text':'The catalog','url':'/catalog'}]}" },
	{ "words", "Text, note, code", false,
	  "{'text':'A paragraph of a card.'},"
	  "{'note':'A remark in the voice of the card.'},"
	  "{'code':'metadata:\\n  annotations:\\n    "
	  "jenkins.io/job-full-name: passenger/gate'},"
	  "{'duration':80},{'time':'2024-03-01T01:00:00Z'},"
	  "{'link':{'text':'A link','url':'https://ondry.example/'}},"
	  "{'entity':'component:default/gate'}" },
	{ "markdown", "Markdown", false,
	  "{'markdown':'When a gate is **stuck open**, look at the [gate "
	  "board](https://grafana.ondry.example/) first.\\n\\n1. Ask the "
	  "deck crew to count by hand.\\n2. Restart the unit:\\n\\n   "
	  "`gatectl restart`\\n\\n> A closed gate is a promise.\\n\\n- "
	  "[x] drilled\\n- [ ] written down'}" },
	{ "tabs", "Tabs", false,
	  "{'text':'Where the release is.'},"
	  "{'tabs':[{'title':'Staging','show':[{'status':{'text':'Passed',"
	  "'tone':'good'}},{'text':'4.12.0, since Monday.'}]},"
	  "{'title':'Production','show':[{'status':{'text':'Rolling out',"
	  "'tone':'busy'}},{'progress':{'label':'Rollout','value':2,"
	  "'max':8}}]},{'title':'Pier','show':[{'note':'Not there "
	  "yet.'}]}]}" },
	{ "empty", "Empty", false,
	  "{'empty':{'title':'No builds yet','hint':'The first one shows up "
	  "here by itself.'}}" },
	{ "none", "Lists without entries", false,
	  "{'list':[]},{'timeline':{'items':[],'empty':'Nothing has "
	  "happened.'}},{'table':{'columns':['Release'],'rows':[],"
	  "'empty':'Nothing was released.'}}" },
	{ "error", "Error", false,
	  "{'error':{'title':'The last build could not be read','text':"
	  "'jenkins.ondry.example answered 500'}}" },
	{ "table", "Table", true,
	  "{'table':{'caption':'Deployments','columns':['Release','State',"
	  "'Where',{'title':'Files','align':'end'},'Took','Began'],'rows':["
	  "[{'link':{'text':'4.12.0','url':'https://cd.ondry.example/'}},"
	  "{'status':{'text':'Passed','tone':'good'}},'pier-2',12345,"
	  "{'duration':80},{'time':'2024-03-02T05:02:00Z'}],"
	  "['4.11.0',{'status':{'text':'Failed','tone':'bad'}},'pier-1',7,"
	  "{'duration':141},{'time':'2024-03-01T01:00:00Z'}],"
	  "['4.10.0',{'status':{'text':'Unstable','tone':'warn'}},null,"
	  "81.5,{'duration':202},{'time':'2024-02-29T16:31:00Z'}]]}}" },
};
#define SAMPLES (sizeof(samples) / sizeof(samples[0]))

/* C has quotes of its own: in the samples these stand for those of JSON. */
static char *quote(char *text)
{
	for (char *at = text; at && *at; at++)
		if (*at == '\'')
			*at = '"';
	return text;
}

static int draw_sample(struct cb_html *html, const struct sample *sample)
{
	const struct cbi_html_card card = { .plugin = "gallery",
		                            .name = sample->name,
		                            .title = sample->title,
		                            .wide = sample->wide };
	struct cb_ctx *ctx = html->ctx;
	char *text = quote(cb_printf(ctx, "{'level':%d,'show':[%s]}",
	                             CBI_VIEW_LEVEL, sample->show));
	json_t *model;
	int rc;

	if (!text)
		return CB_ENOMEM;
	rc = cb_json_parse(ctx, text, strlen(text), &model);
	if (rc == CB_OK)
		rc = cbi_view_check(ctx, model);
	if (rc < 0)
		return rc;
	cbi_html_card_open(html, &card);
	rc = cbi_view_draw(ctx, html, model);
	cbi_html_card_close(html);
	return rc;
}

static void states(struct cb_html *html)
{
	const struct cbi_html_card stale = {
		.plugin = "gallery",
		.name = "stale",
		.title = "Stale",
		.state = "stale",
		.as_of = cbi_clock_wall_ms() - 720000,
	};
	const struct cbi_html_card off = { .plugin = "gallery",
		                           .name = "off",
		                           .title = "Grey card" };
	const struct cbi_html_card wait = { .plugin = "gallery",
		                            .name = "wait",
		                            .title = "Placeholder" };

	cbi_html_card_open(html, &stale);
	cb_html_text(html, "An old value is shown; its age stands in the "
	                   "head.");
	cbi_html_card_close(html);
	cbi_html_card_off(html, &off,
	                  "jenkins.ondry.example did not answer within 5 s");
	/* It asks for what nobody answers, slowly, and so stays. */
	cbi_html_card_wait(
	    html, &wait, cbi_addr_fragment(html->ctx, "gallery", "wait", NULL),
	    3);
}

static int show(struct cb_req *req)
{
	const struct cbi_page shell = { .title = cb_tr(req->ctx, "Components"),
		                        .here = "gallery" };
	struct cb_html html;
	int rc = cbi_page_open(req, &shell, &html);

	if (rc < 0)
		return rc;
	cbi_html_page_head(&html, "Components",
	                   "Everything a plugin draws with, drawn by the same "
	                   "calls.");
	html.heading = 3;
	cbi_html_lit(&html, "<div class=\"cards\">\n");
	for (size_t i = 0; i < SAMPLES && rc == CB_OK; i++)
		rc = draw_sample(&html, &samples[i]);
	if (rc < 0)
		return rc;
	states(&html);
	cbi_html_lit(&html, "</div>\n");
	return cbi_page_close(req, &html);
}

const struct cbi_endpoint cbi_pages_gallery[] = {
	{
	    .path = "/admin/gallery",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.gallery",
	    .handle = show,
	},
	{ 0 },
};
