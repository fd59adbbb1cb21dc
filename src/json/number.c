/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number.c - a double as JavaScript's String() writes it.
 */
#include "json/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 17
/* From here up JavaScript writes an exponent. */
#define FIXED_MAX 1e21
#define WHOLE_MAX 1e15

/* The fewest digits that read back the same, as "d.dddde+xx". */
static void shortest(double value, char out[CBI_JSON_NUMBER_LEN])
{
	/* Normal numbers of up to 15 digits always survive; denormals may
	 * need as few as one, and a shorter text is wanted then. */
	int digits = value < 1e-300 ? 1 : 15;

	for (; digits <= DIGITS_MAX; digits++) {
		snprintf(out, CBI_JSON_NUMBER_LEN, "%.*e", digits - 1, value);
		if (strtod(out, NULL) == value)
			return;
	}
}

/* Splits "d.ddde+xx" into its digits without trailing zeros and the place of
 * the point: value = 0.DIGITS * 10^point. */
static size_t split(const char *text, char digits[DIGITS_MAX + 1], int *point)
{
	size_t n = 0;

	for (; *text && *text != 'e'; text++)
		if (*text != '.' && n < DIGITS_MAX)
			digits[n++] = *text;
	*point = (int)strtol(text + 1, NULL, 10) + 1;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	digits[n] = '\0';
	return n;
}

static int fixed(char *out, const char *digits, size_t n, int point)
{
	size_t size = CBI_JSON_NUMBER_LEN - 1;
	int len = (int)n;

	if (point <= 0)
		return snprintf(out, size, "0.%.*s%s", -point, "000000",
		                digits);
	if (len <= point)
		return snprintf(out, size, "%s%.*s", digits, point - len,
		                "00000000000000000000");
	return snprintf(out, size, "%.*s.%s", point, digits, digits + point);
}

size_t cbi_json_number(double value, char out[CBI_JSON_NUMBER_LEN])
{
	char text[CBI_JSON_NUMBER_LEN], digits[DIGITS_MAX + 1];
	char *p = out;
	int point, len;
	size_t n;

	if (!isfinite(value))
		return (size_t)snprintf(out, CBI_JSON_NUMBER_LEN, "null");
	if (fabs(value) < WHOLE_MAX && value == floor(value))
		return (size_t)snprintf(out, CBI_JSON_NUMBER_LEN, "%lld",
		                        (long long)value);
	if (value < 0) {
		*p++ = '-';
		value = -value;
	}
	shortest(value, text);
	n = split(text, digits, &point);
	if (value >= 1e-6 && value < FIXED_MAX)
		len = fixed(p, digits, n, point);
	else
		len = snprintf(p, CBI_JSON_NUMBER_LEN - 1, "%c%s%se%+d",
		               digits[0], n > 1 ? "." : "", digits + 1,
		               point - 1);
	return (size_t)(p - out) + (size_t)len;
}
