/* SPDX-License-Identifier: Apache-2.0 */
/* nosymbol - a shared object, but no plugin. */
int cb_plugin_nothing(void);

int cb_plugin_nothing(void)
{
	return 0;
}
