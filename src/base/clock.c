/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.c - see clock.h.
 */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t cbi_clock_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

int64_t cbi_clock_ms(void)
{
	return read_us(CLOCK_MONOTONIC) / 1000 + 1;
}

int64_t cbi_clock_wall_ms(void)
{
	return read_us(CLOCK_REALTIME) / 1000;
}

void cbi_clock_iso(int64_t wall_ms, char out[CBI_TIME_LEN])
{
	time_t secs = (time_t)(wall_ms / 1000);
	int ms = (int)(wall_ms % 1000);
	struct tm tm;

	if (ms < 0) {
		ms += 1000;
		secs--;
	}
	if (!gmtime_r(&secs, &tm) || tm.tm_year > 8099 || tm.tm_year < -1900) {
		memcpy(out, "0000-00-00T00:00:00.000Z", CBI_TIME_LEN);
		return;
	}
	strftime(out, CBI_TIME_LEN, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + 19, CBI_TIME_LEN - 19, ".%03dZ", ms);
}

/* n digits at *p into *out; moves *p on. */
static int digits(const char **p, int n, int *out)
{
	int value = 0;

	for (int i = 0; i < n; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return -1;
		value = value * 10 + (**p - '0');
	}
	*out = value;
	return 0;
}

static int expect(const char **p, char c)
{
	if (**p != c)
		return -1;
	(*p)++;
	return 0;
}

static int parse_fraction(const char **p, int *ms)
{
	int scale = 100;
	int seen = 0;

	*ms = 0;
	if (**p != '.')
		return 0;
	for ((*p)++; **p >= '0' && **p <= '9'; (*p)++, seen++) {
		*ms += (**p - '0') * scale;
		scale /= 10;
	}
	return seen > 0 && seen <= 9 ? 0 : -1;
}

static int parse_zone(const char **p, int *offset_min)
{
	int sign, hours, minutes;

	*offset_min = 0;
	if (**p == 'Z' || **p == 'z') {
		(*p)++;
		return 0;
	}
	if (**p != '+' && **p != '-')
		return -1;
	sign = *(*p)++ == '-' ? -1 : 1;
	if (digits(p, 2, &hours) || expect(p, ':') || digits(p, 2, &minutes) ||
	    hours > 14 || minutes > 59)
		return -1;
	*offset_min = sign * (hours * 60 + minutes);
	return 0;
}

static int parse_day(const char **p, struct tm *tm)
{
	int year, month, day;

	if (digits(p, 4, &year) || expect(p, '-') || digits(p, 2, &month) ||
	    expect(p, '-') || digits(p, 2, &day) || month < 1 || month > 12 ||
	    day < 1 || day > 31 || year < 1970)
		return -1;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	tm->tm_mday = day;
	return 0;
}

int cbi_clock_parse(const char *text, int64_t *out)
{
	struct tm tm = { 0 };
	const char *p = text;
	int ms = 0, offset = 0, day;
	time_t secs;

	if (parse_day(&p, &tm))
		return -1;
	day = tm.tm_mday;
	if (*p) {
		if (expect(&p, 'T') || digits(&p, 2, &tm.tm_hour) ||
		    expect(&p, ':') || digits(&p, 2, &tm.tm_min) ||
		    expect(&p, ':') || digits(&p, 2, &tm.tm_sec) ||
		    parse_fraction(&p, &ms) || parse_zone(&p, &offset) || *p)
			return -1;
		if (tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
			return -1;
	}
	secs = timegm(&tm);
	if (tm.tm_mday != day && tm.tm_sec != 60)
		return -1; /* the 31st of a month that has none */
	*out = ((int64_t)secs - offset * 60) * 1000 + ms;
	return 0;
}

/* "2h", "90 m", "3d ago". */
static int parse_ago(const char *p, int64_t now_ms, int64_t *out)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = { { 's', 1000 },
		      { 'm', 60000 },
		      { 'h', 3600000 },
		      { 'd', 86400000 },
		      { 'w', 604800000 } };
	int64_t n = 0;
	int seen = 0;

	for (; *p >= '0' && *p <= '9' && seen < 7; p++, seen++)
		n = n * 10 + (*p - '0');
	p += *p == ' ';
	for (size_t i = 0; seen && i < sizeof(units) / sizeof(units[0]); i++) {
		if (*p != units[i].unit)
			continue;
		if (p[1] && strcmp(p + 1, " ago") != 0)
			return -1;
		*out = now_ms - n * units[i].ms;
		return *out > 0 ? 0 : -1;
	}
	return -1;
}

int cbi_clock_parse_past(const char *text, int64_t now_ms, int64_t *out)
{
	char full[48];
	size_t len = strlen(text), used = 0;
	const char *p = text;

	if (parse_ago(text, now_ms, out) == 0)
		return 0;
	if (len > 35)
		return -1;
	/* Day, then the T, hours and minutes; seconds and zone if missing. */
	for (; *p && used < 16; p++, used++)
		full[used] = used == 10 && *p == ' ' ? 'T' : *p;
	if (used == 16) {
		if (*p != ':') {
			memcpy(full + used, ":00", 3);
			used += 3;
		}
		while (*p && *p != ' ')
			full[used++] = *p++;
		if (*p == ' ') {
			full[used++] = '+';
			p++;
		} else if (!strpbrk(text + 16, "Zz+-")) {
			full[used++] = 'Z';
		}
		while (*p)
			full[used++] = *p++;
	}
	full[used] = '\0';
	return cbi_clock_parse(full, out);
}
