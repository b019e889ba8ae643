/* SPDX-License-Identifier: Apache-2.0 */
/* PriorBox against boxes computed by hand. */
#include "plugins/plugin_net.h"

static float map[64];
static float image[3 * 64 * 64];

static void every_kind_of_box(void **unused)
{
    (void)unused;
    /* one cell at (32, 32) of 64 x 64: 16; sqrt(16 * 36) = 24; 32 x 8 and 8 x 32 */
    const float want[32] = {
        24 / 64.f, 24 / 64.f, 40 / 64.f, 40 / 64.f, 20 / 64.f, 20 / 64.f, 44 / 64.f, 44 / 64.f,
        16 / 64.f, 28 / 64.f, 48 / 64.f, 36 / 64.f, 28 / 64.f, 16 / 64.f, 36 / 64.f, 48 / 64.f,
        .1f,       .1f,       .2f,       .2f,       .1f,       .1f,       .2f,       .2f,
        .1f,       .1f,       .2f,       .2f,       .1f,       .1f,       .2f,       .2f};
    const net_input in[2] = {NET_F32(map, 1, 4, 1, 1), NET_F32(image, 1, 3, 64, 64)};
    net_run("PriorBox", "min_size=16.75 max_size=36.5 aspect_ratio=1,4,4 variance=0.1,0.1,0.2,0.2",
            in, 2, 1);
    net_expect(0, NET_DIMS(1, 2, 16), want);
}

static void cells_clip_and_steps(void **unused)
{
    (void)unused;
    /* 1 x 2 cells 10 wide and 30 high, offset 0: centres (0, 0) and (10, 0) of 20 x 40 */
    const float want[16] = {0,   0,   .25f, .125f, .25f, 0,   .75f, .125f,
                            .1f, .1f, .1f,  .1f,   .1f,  .1f, .1f,  .1f};
    const net_input in[2] = {NET_F32(map, 2, 4, 1, 2), NET_F32(image, 2, 3, 7, 9)};
    net_run("PriorBox",
            "min_size=10 flip=0 clip=1 offset=0 step_w=10 step_h=30 img_w=20 img_h=40 variance=0.1",
            in, 2, 1);
    net_expect(0, NET_DIMS(1, 2, 8), want);
    net_run("PriorBox", "min_size=10 clip=1 offset=0 step_w=10 step_h=30 img_w=20 img_h=40", in, 2,
            1);
    net_expect(0, NET_DIMS(1, 2, 8), want);
}

/* Without a step it is image / map; several sizes stand beside each other in a cell. */
static void sizes_of_the_image(void **unused)
{
    (void)unused;
    const float want[32] = {.2f, .2f,  .3f,  .3f,  .15f, .15f, .35f, .35f, .2f, .7f, .3f,
                            .8f, .15f, .65f, .35f, .85f, 2,    2,    2,    2,   2,   2,
                            2,   2,    2,    2,    2,    2,    2,    2,    2,   2};
    const net_input in[2] = {NET_F32(map, 1, 4, 2, 1), NET_F32(image, 1, 3, 20, 40)};
    net_run("PriorBox", "min_size=2,4 variance=2 img_size=20 step=10 offset=0.5", in, 2, 1);
    net_expect(0, NET_DIMS(1, 2, 16), want);
    const float wide[16] = {.45f, .2f, .55f, .3f, .45f, .7f, .55f, .8f, 2, 2, 2, 2, 2, 2, 2, 2};
    const net_input other[2] = {NET_F32(map, 1, 4, 2, 1), NET_F32(image, 1, 3, 20, 20)};
    net_run("PriorBox", "min_size=2 variance=2", other, 2, 1);
    net_expect(0, NET_DIMS(1, 2, 8), wide);
}

static void refuses(void **unused)
{
    (void)unused;
    const net_input in[2] = {NET_F32(map, 1, 4, 1, 1), NET_F32(image, 1, 3, 64, 64)};
    const net_input flat[2] = {NET_F32(map, 1, 4), NET_F32(image, 1, 3, 64, 64)};
    net_refuses("PriorBox", "flip=1", in, 2, "min_size needs at least one number");
    net_refuses("PriorBox", "min_size=0", in, 2, "min_size needs at least one number");
    net_refuses("PriorBox", "min_size=1,2 max_size=3", in, 2, "as many max_size as min_size");
    net_refuses("PriorBox", "min_size=4 max_size=3", in, 2, "max_size must be above");
    net_refuses("PriorBox", "min_size=4 aspect_ratio=-1", in, 2, "aspect_ratio must be above 0");
    net_refuses("PriorBox", "min_size=4 variance=1,2", in, 2, "one or four");
    net_refuses("PriorBox", "min_size=4 img_h=3", in, 2, "img_h and img_w");
    net_refuses("PriorBox", "min_size=4 step=2 step_h=3 step_w=3", in, 2, "step_h and step_w");
    net_refuses("PriorBox", "min_size=4", flat, 2, "need 4");
    net_refuses("PriorBox", "min_size=4", in, 1, "at least 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_box),
        cmocka_unit_test(cells_clip_and_steps),
        cmocka_unit_test(sizes_of_the_image),
        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
