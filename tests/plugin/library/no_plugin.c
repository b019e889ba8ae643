/* SPDX-License-Identifier: Apache-2.0 */
/* A shared library that holds no plugins. */
int no_plugin_at_all(void);

int no_plugin_at_all(void)
{
    return 1;
}
