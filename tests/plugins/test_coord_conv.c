/* SPDX-License-Identifier: Apache-2.0 */
/* CoordConvAC against values computed by hand. */
#include "plugins/plugin_net.h"

static void rows_and_columns(void **unused)
{
    (void)unused;
    const float x[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    const float want[36] = {1, 2, 3, 4,  5,  6,  -1, -1, -1, 1, 1, 1, -1, 0, 1, -1, 0, 1,
                            7, 8, 9, 10, 11, 12, -1, -1, -1, 1, 1, 1, -1, 0, 1, -1, 0, 1};
    const net_input in[1] = {NET_F32(x, 2, 1, 2, 3)};
    net_run("CoordConvAC", "", in, 1, 1);
    net_expect(0, NET_DIMS(2, 3, 2, 3), want);
    const net_input line[1] = {NET_F32(x, 1, 1, 1, 3)};
    net_run("CoordConvAC", "", line, 1, 1);
    net_expect(0, NET_DIMS(1, 3, 1, 3), (const float[]){1, 2, 3, -1, -1, -1, -1, 0, 1});
    const net_input flat[1] = {NET_F32(x, 2, 6)};
    net_refuses("CoordConvAC", "", flat, 1, "needs 4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows_and_columns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
