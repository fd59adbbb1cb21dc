/* SPDX-License-Identifier: Apache-2.0 */
/* otherhouse - stands in for libcallboard of another release. */
int cbi_inner_function(void);

int cbi_inner_function(void)
{
	return 0;
}
