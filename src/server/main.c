/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - the program `callboard`: the master and everything it forks.
 */
#include <stdio.h>

int main(void)
{
	puts("callboard");
	return 0;
}
