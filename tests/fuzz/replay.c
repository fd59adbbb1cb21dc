/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.c - calls a fuzz target once for each file of the folders and files
 * that are named; for builds without libFuzzer.
 *
 * Options (-runs=0) are libFuzzer's, and left alone.
 */
#include "tests/fuzz/fuzz.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static size_t files;

static int one(const char *path, const struct stat *st, int type)
{
	FILE *file;
	uint8_t *data;
	size_t size;

	if (type != FTW_F)
		return 0;
	file = fopen(path, "rb");
	data = malloc((size_t)st->st_size + 1);
	if (!file || !data) {
		perror(path);
		exit(1);
	}
	size = fread(data, 1, (size_t)st->st_size, file);
	fclose(file);
	/* Named before: a crash names its file. */
	printf("%s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	files++;
	return 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (argv[i][0] != '-' && ftw(argv[i], one, 8) != 0) {
			perror(argv[i]);
			return 1;
		}
	printf("%zu files\n", files);
	return files == 0;
}
