/* SPDX-License-Identifier: Apache-2.0 */
/* A library from another time. */
#include "solder/plugin.h"

const solder_plugin *const *solder_plugins(size_t *count)
{
    static const solder_plugin old = {
        .abi_version = 99, .struct_size = sizeof(solder_plugin), .name = "Ancient"};
    static const solder_plugin *const list[] = {&old};
    *count = 1;
    return list;
}
