/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.h - what every fuzz target needs.
 *
 * A target is one file with LLVMFuzzerTestOneInput.  With --enable-fuzzers
 * libFuzzer calls it with what it invents; in every other build replay.c
 * calls it once for each committed seed.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A fresh context, the same lane each time; fuzz_end gives its memory back. */
struct cb_ctx *fuzz_begin(void);
void fuzz_end(struct cb_ctx *ctx);

/* The input as a text that ends; NUL bytes become blanks. */
char *fuzz_text(struct cb_ctx *ctx, const uint8_t *data, size_t size);

/* A promise of the code under test; ends the process when it is broken. */
#define FUZZ_MUST(what)                                         \
	do {                                                    \
		if (!(what))                                    \
			fuzz_broken(__FILE__, __LINE__, #what); \
	} while (0)
void fuzz_broken(const char *file, int line, const char *what)
    __attribute__((noreturn));

#endif
