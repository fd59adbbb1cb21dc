/* SPDX-License-Identifier: Apache-2.0 */
/*
 * abi.c - the three numbers at the head of a descriptor, which say whether
 * the rest of it may be read.
 */
#include "registry/registry_priv.h"

#include <string.h>

const struct cbi_abi cbi_abi_host = {
	.major = CB_ABI_MAJOR,
	.minor = CB_ABI_MINOR,
	.size = sizeof(struct cb_plugin),
	.least =
	    sizeof(struct cb_plugin), /* stays when a minor version grows it */
};

static int refuse_size(const struct cbi_abi *host,
                       const struct cb_plugin *plugin, struct cb_buf *why)
{
	cb_buf_printf(
	    why,
	    "descriptor of ABI %u.%u with %u bytes, this host's %u.%u "
	    "has %u",
	    plugin->abi_major, plugin->abi_minor, plugin->size, host->major,
	    host->minor, host->size);
	return CB_ENOTSUP;
}

int cbi_abi_check(const struct cbi_abi *host, const struct cb_plugin *plugin,
                  struct cb_buf *why)
{
	if (plugin->abi_major != host->major ||
	    plugin->abi_minor > host->minor) {
		cb_buf_printf(why,
		              "built for ABI %u.%u, this host speaks %u.%u",
		              plugin->abi_major, plugin->abi_minor, host->major,
		              host->minor);
		return CB_ENOTSUP;
	}
	if (plugin->size < host->least || plugin->size > host->size ||
	    plugin->size % sizeof(void *) != 0)
		return refuse_size(host, plugin, why);
	if (plugin->abi_minor == host->minor && plugin->size != host->size)
		return refuse_size(host, plugin, why);
	return CB_OK;
}

void cbi_plugin_copy(struct cb_plugin *out, const struct cb_plugin *plugin)
{
	size_t size = plugin->size < sizeof(*out) ? plugin->size : sizeof(*out);

	memset(out, 0, sizeof(*out));
	memcpy(out, plugin, size);
}
