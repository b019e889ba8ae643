/* SPDX-License-Identifier: Apache-2.0 */
/* Proposal and RPROI_TRT against regions computed by hand. */
#include "plugins/plugin_net.h"

/*
 * One cell and two anchors, squares of 16 and 32 pixels around (8, 8), in an image of 20 rows and
 * 30 columns: (0, 0, 16, 16) of 17 x 17 pixels and, cut, (0, 0, 24, 19) of 25 x 20: they overlap by
 * 289 / 500.
 */
static const float scores[4] = {.4f, .1f, .6f, .9f};
static const float still[8] = {0};
static const float info[3] = {20, 30, 1};
#define SMALL 0, 0, 16, 16
#define LARGE 0, 0, 24, 19

static void two_anchors(void **unused)
{
    (void)unused;
    const net_input in[3] = {NET_F32(scores, 1, 4, 1, 1), NET_F32(still, 1, 8, 1, 1),
                             NET_F32(info, 1, 3)};
    net_run("Proposal", "ratio=1 scale=1,2 min_size=1 nms_thresh=0.6", in, 3, 2);
    net_expect(0, NET_DIMS(2, 5), (const float[]){0, LARGE, 0, SMALL});
    net_expect(1, NET_DIMS(2, 1), (const float[]){.9f, .6f});
    net_run("Proposal", "ratio=1 scale=1,2 min_size=1 nms_thresh=0.55", in, 3, 1);
    net_expect(0, NET_DIMS(1, 5), (const float[]){0, LARGE});
    net_run("Proposal", "ratio=1 scale=1,2 min_size=17.5 nms_thresh=1", in, 3, 1);
    net_expect(0, NET_DIMS(1, 5), (const float[]){0, LARGE});
    net_run("Proposal", "ratio=1 scale=1,2 min_size=1 nms_thresh=1 pre_nms_topn=1", in, 3, 1);
    net_expect(0, NET_DIMS(1, 5), (const float[]){0, LARGE});
    net_run("Proposal", "ratio=1 scale=1,2 min_size=100", in, 3, 2);
    assert_int_equal(net_out[0][0].dims.d[0], 0);
}

/* The small one moves right by a quarter and doubles its height; ratio 4 is 8 x 32. */
static void deltas(void **unused)
{
    (void)unused;
    const float moved[8] = {.25f, 0, 0, logf(2)};
    const net_input in[3] = {NET_F32(scores, 1, 4, 1, 1), NET_F32(moved, 1, 8, 1, 1),
                             NET_F32(info, 1, 3)};
    net_run("Proposal", "ratio=1 scale=1,2 min_size=1 nms_thresh=1", in, 3, 1);
    net_expect(0, NET_DIMS(2, 5), (const float[]){0, LARGE, 0, 4, 0, 20, 19});
    const net_input tall[3] = {NET_F32(scores, 1, 4, 1, 1), NET_F32(still, 1, 8, 1, 1),
                               NET_F32(info, 1, 3)};
    net_run("Proposal", "ratio=1,4 scale=1 min_size=1 nms_thresh=1", tall, 3, 1);
    net_expect(0, NET_DIMS(2, 5), (const float[]){0, 4, 0, 12, 19, 0, SMALL});
}

/* Cells in the order of rows; two images, each with a size of its own. */
static void images(void **unused)
{
    (void)unused;
    const float many[8] = {0, 0, .5f, .75f, 0, 0, .25f, .125f};
    const float sizes[6] = {100, 200, 1, 10, 20, 1};
    static const float zeros[16];
    const net_input in[3] = {NET_F32(many, 2, 2, 1, 2), NET_F32(zeros, 2, 4, 1, 2),
                             NET_F32(sizes, 2, 1, 1, 3)};
    const float want[20] = {0, 16, 0, 32, 16, 0, 0, 0, 16, 16, 1, 0, 0, 16, 9, 1, 16, 0, 19, 9};
    net_run("Proposal", "ratio=1 scale=1 min_size=1", in, 3, 2);
    net_expect(0, NET_DIMS(4, 5), want);
    net_expect(1, NET_DIMS(4, 1), (const float[]){.75f, .5f, .25f, .125f});
}

/* Regions in cells of 8 pixels: columns 0 to 3 and 0 to 2 of a map of 4 x 4. */
static void fused(void **unused)
{
    (void)unused;
    float map[16];
    for (int i = 0; i < 16; i++) {
        map[i] = (float)i;
    }
    const net_input in[4] = {NET_F32(scores, 1, 4, 1, 1), NET_F32(still, 1, 8, 1, 1),
                             NET_F32(map, 1, 1, 4, 4), NET_F32(info, 1, 1, 1, 3)};
    net_run("RPROI_TRT",
            "poolingH=1 poolingW=2 spatialScale=0.125 featureStride=16 nmsMaxOut=3 preNmsTop=10 "
            "iouThreshold=0.6 minBoxSize=1 anchorsRatioCount=1 anchorsScaleCount=2 anchorsRatios=1 "
            "anchorsScales=1,2",
            in, 4, 2);
    net_expect(0, NET_DIMS(1, 1, 3, 4), (const float[]){LARGE, SMALL, 0, 0, 0, 0});
    net_expect(1, NET_DIMS(1, 3, 1, 1, 2), (const float[]){9, 11, 9, 10, 0, 0});
    assert_int_not_equal(
        net_try("RPROI_TRT", "anchorsRatios=1 anchorsScales=1,2 anchorsScaleCount=3", in, 4, 2),
        SOLDER_OK);
    assert_non_null(strstr(net_message, "plugin 'RPROI_TRT': anchorsRatioCount"));
}

static void refuses(void **unused)
{
    (void)unused;
    const net_input in[3] = {NET_F32(scores, 1, 4, 1, 1), NET_F32(still, 1, 8, 1, 1),
                             NET_F32(info, 1, 3)};
    const net_input wrong[3] = {NET_F32(scores, 1, 4, 1, 1), NET_F32(still, 2, 4, 1, 1),
                                NET_F32(info, 1, 3)};
    const net_input few[3] = {NET_F32(scores, 1, 4, 1, 1), NET_F32(still, 1, 8, 1, 1),
                              NET_F32(info, 1, 2)};
    net_refuses("Proposal", "", in, 3, "needs ratio and scale");
    net_refuses("Proposal", "ratio=1 scale=-1,2", in, 3, "above 0");
    net_refuses("Proposal", "ratio=1 scale=1", in, 3, "scores must be [N, 2 * ratios");
    net_refuses("Proposal", "ratio=1 scale=1,2", wrong, 3, "deltas must be");
    net_refuses("Proposal", "ratio=1 scale=1,2", few, 3, "3 or more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_anchors), cmocka_unit_test(deltas),  cmocka_unit_test(images),
        cmocka_unit_test(fused),       cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
