/* SPDX-License-Identifier: Apache-2.0 */
/* ROIPooling and PSROIPooling against values computed by hand. */
#include "plugins/plugin_net.h"

static float map[2 * 4 * 16]; /* 0, 1, 2, ... in planes of 4 x 4 */

static int setup(void **unused)
{
    (void)unused;
    for (int i = 0; i < 128; i++) {
        map[i] = (float)i;
    }
    return 0;
}

static void largest(void **unused)
{
    (void)unused;
    /* all of an item; a corner beyond the edge, with parts that share cells and empty ones */
    const float regions[15] = {0, 0, 0, 6, 6, 1, 2, 2, 2, 2, 0, 6, 6, 10, 14};
    const net_input in[2] = {NET_F32(map, 2, 1, 4, 4), NET_F32(regions, 3, 5)};
    const float want[12] = {5, 7, 13, 15, 21, 21, 21, 21, 15, 0, 0, 0};
    net_run("ROIPooling", "pooled_h=2 pooled_w=2 spatial_scale=0.5", in, 2, 1);
    net_expect(0, NET_DIMS(3, 1, 2, 2), want);
}

static void mean_of_own_channels(void **unused)
{
    (void)unused;
    const float regions[10] = {0, 0, 0, 3, 3, 1, 0, 0, 3, 3};
    const net_input in[2] = {NET_F32(map, 2, 4, 4, 4), NET_F32(regions, 2, 5)};
    const float want[8] = {2.5f, 20.5f, 42.5f, 60.5f, 66.5f, 84.5f, 106.5f, 124.5f};
    net_run("PSROIPooling", "output_dim=1 group_size=2 spatial_scale=1", in, 2, 1);
    net_expect(0, NET_DIMS(2, 1, 2, 2), want);
}

static void refuses(void **unused)
{
    (void)unused;
    const float far[5] = {2, 0, 0, 3, 3};
    const float not_a_number[5] = {0, NAN, -INFINITY, INFINITY, NAN};
    const net_input in[2] = {NET_F32(map, 2, 4, 4, 4), NET_F32(far, 1, 5)};
    const net_input odd[2] = {NET_F32(map, 2, 4, 4, 4), NET_F32(not_a_number, 1, 5)};
    net_refuses("ROIPooling", "pooled_h=2", in, 2, "must be above 0");
    net_refuses("PSROIPooling", "output_dim=2 group_size=2", in, 2, "C = output_dim");
    net_refuses("ROIPooling", "pooled_h=2 pooled_w=2", in, 2, "region 0 is of item 2");
    net_run("ROIPooling", "pooled_h=2 pooled_w=2", odd, 2, 1);
    net_run("PSROIPooling", "output_dim=1 group_size=2", odd, 2, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(largest),
        cmocka_unit_test(mean_of_own_channels),
        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
