/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/plugins.h"

static const solder_plugin *const plugins[] = {
#define SLD_SHIPPED_PLUGIN(symbol) &symbol,
#include "plugins/plugins.def"
#undef SLD_SHIPPED_PLUGIN
};

const solder_plugin *const *sld_shipped_plugins(size_t *count)
{
    *count = sizeof plugins / sizeof plugins[0];
    return plugins;
}
