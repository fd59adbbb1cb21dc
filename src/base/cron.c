/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cron.c - see cron.h.
 */
#include "base/cron.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIELDS 5
#define DAY 86400
/* Leap days come every four years, or eight once a century. */
#define DAYS_MAX (8 * 366)

static const struct {
	int least, most;
} ranges[FIELDS] = { { 0, 59 }, { 0, 23 }, { 1, 31 }, { 1, 12 }, { 0, 7 } };

struct cron {
	uint64_t fits[FIELDS]; /* a bit for each value */
	bool any[FIELDS];      /* it was '*' */
};

static bool number(const char **at, int *out)
{
	int value = 0, digits = 0;

	for (; **at >= '0' && **at <= '9' && digits < 3; digits++)
		value = value * 10 + *(*at)++ - '0';
	*out = value;
	return digits > 0;
}

/* One piece of a list: '*', 3, 1-5, each with an optional step. */
static bool piece(const char **at, int field, struct cron *out)
{
	int first = ranges[field].least, last = ranges[field].most, step = 1;

	if (**at == '*') {
		(*at)++;
		if (**at != '/')
			out->any[field] = true;
	} else {
		if (!number(at, &first))
			return false;
		last = first;
		if (**at == '-') {
			(*at)++;
			if (!number(at, &last))
				return false;
		} else if (**at == '/') {
			last = ranges[field].most;
		}
	}
	if (**at == '/') {
		(*at)++;
		if (!number(at, &step) || step == 0)
			return false;
	}
	if (first < ranges[field].least || last > ranges[field].most ||
	    first > last)
		return false;
	for (int i = first; i <= last; i += step)
		out->fits[field] |= UINT64_C(1) << i;
	return true;
}

static bool parse(const char *text, struct cron *out)
{
	memset(out, 0, sizeof(*out));
	for (int field = 0; field < FIELDS; field++) {
		while (*text == ' ')
			text++;
		do {
			if (*text == ',')
				text++;
			if (!piece(&text, field, out))
				return false;
		} while (*text == ',');
		if (*text != (field < FIELDS - 1 ? ' ' : '\0') && *text)
			return false;
	}
	if (out->fits[4] & (UINT64_C(1) << 7))
		out->fits[4] |= 1;
	return true;
}

static bool fits(const struct cron *cron, int field, int value)
{
	return cron->fits[field] >> value & 1;
}

static bool day_fits(const struct cron *cron, const struct tm *tm)
{
	bool day = fits(cron, 2, tm->tm_mday);
	bool weekday = fits(cron, 4, tm->tm_wday);

	if (!fits(cron, 3, tm->tm_mon + 1))
		return false;
	return cron->any[2] || cron->any[4] ? day && weekday : day || weekday;
}

int64_t cbi_cron_next(const char *text, int64_t after)
{
	int64_t at = after - after % 60 + 60, end = after + DAYS_MAX * DAY;
	struct cron cron;

	if (!parse(text, &cron))
		return -1;
	while (at < end) {
		time_t now = (time_t)at;
		struct tm tm;

		gmtime_r(&now, &tm);
		if (!day_fits(&cron, &tm))
			at += DAY - at % DAY;
		else if (!fits(&cron, 1, tm.tm_hour))
			at += 3600 - at % 3600;
		else if (!fits(&cron, 0, tm.tm_min))
			at += 60;
		else
			return at;
	}
	return -1;
}
