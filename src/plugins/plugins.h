/* SPDX-License-Identifier: Apache-2.0 */
/* The plugins this library ships: known to every builder and runtime without being registered. */
#ifndef SLD_PLUGINS_PLUGINS_H
#define SLD_PLUGINS_PLUGINS_H

#include "solder/plugin.h"

#define SLD_SHIPPED_PLUGIN(symbol) extern const solder_plugin symbol;
#include "plugins/plugins.def"
#undef SLD_SHIPPED_PLUGIN

const solder_plugin *const *sld_shipped_plugins(size_t *count);

#endif
