/* SPDX-License-Identifier: Apache-2.0 */
/* Reorg, Region, Region_TRT, Yolo and YoloLayer_TRT against values computed by hand. */
#include "plugins/plugin_net.h"

/* 4 planes of 2 x 2 are taken for one of 4 x 4; its pixel squares give the channels. */
static void reorg(void **unused)
{
    (void)unused;
    float x[16];
    for (int i = 0; i < 16; i++) {
        x[i] = (float)i;
    }
    const float want[16] = {0, 2, 8, 10, 1, 3, 9, 11, 4, 6, 12, 14, 5, 7, 13, 15};
    const net_input in[1] = {NET_F32(x, 1, 4, 2, 2)};
    net_run("Reorg", "stride=2", in, 1, 1);
    net_expect(0, NET_DIMS(1, 16, 1, 1), want);
    net_run("Reorg", "stride=1", in, 1, 1);
    net_expect(0, NET_DIMS(1, 4, 2, 2), x);
    const net_input odd[1] = {NET_F32(x, 1, 4, 1, 4)};
    net_refuses("Reorg", "stride=2", odd, 1, "h and w of 2");
    net_refuses("Reorg", "stride=0", in, 1, "stride is 0");
    net_refuses("Reorg", "reverse=1", in, 1, "not supported");
}

/*
 * One anchor, two classes, one row of two cells; the two numbers of each plane are the cells'.
 * Cell 0: everything 0. Cell 1: x ln 3 (3/4), y 0, w ln 2, h -ln 2, object ln 3, classes ln 4, 0.
 */
static float head[14];
static const float image[3 * 32 * 64];

static void make_head(void)
{
    const float second[7] = {logf(3), 0, logf(2), -logf(2), logf(3), logf(4), 0};
    for (int i = 0; i < 7; i++) {
        head[2 * i] = 0;
        head[2 * i + 1] = second[i];
    }
}

static void region(void **unused)
{
    (void)unused;
    make_head();
    /* anchors in cells of a map of 1 x 2 */
    const float want[14] = {.25f,  .5f, .75f, .5f,  .5f,  .25f, .25f,
                            .875f, .5f, 1.5f, .25f, .75f, .6f,  0};
    const net_input in[2] = {NET_F32(head, 1, 7, 1, 2), NET_F32(image, 1, 3, 32, 64)};
    net_run("Region", "num=1 classes=2 thresh=0.2 anchors=1.5,0.5 softmax=1 classfix=1", in, 1, 1);
    net_expect(0, NET_DIMS(1, 2, 7), want);
    /* sigmoids, anchors in pixels of 32 x 64; centres reach over borders by 1/10 */
    const float other[14] = {.25f,   .5f, .125f, .5f,  .5f,  .25f, .25f,
                             .8875f, .5f, .25f,  .25f, .75f, .6f,  .375f};
    net_run("Region", "num=1 classes=2 logistic=1 scale_x_y=1.1 anchors=8,16", in, 2, 1);
    net_expect(0, NET_DIMS(1, 2, 7), other);
    /* activated already: sizes (2 t)^2 */
    const float raw[14] = {.5f, .5f, .5f, .5f, .25f, .5f, .5f, .25f, .5f, 1, .2f, .4f, .6f, .1f};
    const net_input given[2] = {NET_F32(raw, 1, 7, 1, 2), NET_F32(image, 1, 3, 32, 64)};
    const float plain[14] = {.25f, .5f, .03125f, .5f,   .5f, .1f, .3f,
                             .75f, .5f, .125f,   .125f, 1,   .4f, .1f};
    net_run("Region", "num=1 classes=2 logistic=1 new_coords=1 anchors=8,16", given, 2, 1);
    net_expect(0, NET_DIMS(1, 2, 7), plain);
    net_run("Region",
            "num=1 classes=2 logistic=1 new_coords=1 anchors=8,16 classfix=-1 thresh=0.35", given,
            2, 1);
    assert_true(net_out[0][0].f[4] == .5f && net_out[0][0].f[6] == 0 && net_out[0][0].f[13] == 0);
}

static void region_refuses(void **unused)
{
    (void)unused;
    const net_input in[1] = {NET_F32(head, 1, 7, 1, 2)};
    net_refuses("Region", "num=1 classes=3 anchors=1,1", in, 1, "8 channels");
    net_refuses("Region", "num=1 classes=2 anchors=1", in, 1, "width and height");
    net_refuses("Region", "num=1 classes=2 anchors=1,-1", in, 1, "above 0");
    net_refuses("Region", "num=1 classes=2 anchors=1,1 coords=5", in, 1, "coords must be 4");
    net_refuses("Region", "num=1 classes=2 anchors=1,1 logistic=1", in, 1, "second input");
    net_refuses("Region", "num=1 classes=2 anchors=1,1 softmax_tree=1", in, 1, "no attribute");
}

static void region_in_place(void **unused)
{
    (void)unused;
    make_head();
    const float want[14] = {.5f,      .75f, .5f,  .5f, 0,   logf(2), 0,
                            -logf(2), .5f,  .75f, .5f, .8f, .5f,     .2f};
    const net_input in[1] = {NET_F32(head, 1, 7, 1, 2)};
    net_run("Region_TRT", "num=1 classes=2 coords=4", in, 1, 1);
    net_expect(0, NET_DIMS(1, 7, 1, 2), want);
}

static void yolo(void **unused)
{
    (void)unused;
    make_head();
    const float scores[4] = {.25f, .25f, .6f, .375f};
    const net_input in[2] = {NET_F32(head, 1, 7, 1, 2), NET_F32(head, 1, 7, 1, 2)};
    net_run("Yolo", "version=5 classes=2 strides=8 anchors=8,16", in, 1, 2);
    net_expect(0, NET_DIMS(1, 2, 4), (const float[]){4, 4, 8, 16, 16, 4, 128 / 9.f, 64 / 9.f});
    net_expect(1, NET_DIMS(1, 2, 2), scores);
    net_run("Yolo", "version=3 classes=2 strides=8,16 anchors=8,16,1,2", in, 2, 2);
    net_expect(0, NET_DIMS(1, 4, 4),
               (const float[]){4, 4, 8, 16, 14, 4, 16, 8, 8, 8, 1, 2, 28, 8, 2, 1});
    /* means 3/4, 1/2, 1/4, 1/2 */
    const float bins[9] = {0, logf(3), 0, 0, logf(3), 0, 0, 0, 0};
    const net_input free[1] = {NET_F32(bins, 1, 9, 1, 1)};
    net_run("Yolo", "version=8 classes=1 reg_max=2 strides=4", free, 1, 2);
    net_expect(0, NET_DIMS(1, 1, 4), (const float[]){1, 2, 4, 4});
    net_expect(1, NET_DIMS(1, 1, 1), (const float[]){.5f});
}

static void yolo_refuses(void **unused)
{
    (void)unused;
    static const char *const wrong[][2] = {
        {"version=4 classes=2 strides=8 anchors=8,16", "3, 5 or 8"},
        {"version=5 classes=2 anchors=8,16", "strides needs"},
        {"version=5 classes=2 strides=8 anchors=8,16,3", "anchors needs"},
        {"version=5 classes=2 strides=8 anchors=8,16 new_coords=1", "of version 3"},
        {"version=8 classes=2 strides=8 anchors=8,16", "must not be given"},
        {"version=5 classes=3 strides=8 anchors=8,16", "head 0 must be [N, 8, h, w]"},
    };
    const net_input in[1] = {NET_F32(head, 1, 7, 1, 2)};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_not_equal(net_try("Yolo", wrong[i][0], in, 1, 2), SOLDER_OK);
        assert_non_null(strstr(net_message, wrong[i][1]));
    }
}

static void yolo_layer(void **unused)
{
    (void)unused;
    make_head();
    const float want[14] = {.1875f, .25f,  .125f, .5f,  .5f,  0, .5f,
                            .75f,   .375f, .25f,  .25f, .75f, 0, .8f};
    const net_input in[1] = {NET_F32(head, 1, 7, 1, 2)};
    net_run("YoloLayer_TRT",
            "yoloWidth=2 yoloHeight=1 inputMultiplier=32 numClasses=2 numAnchors=1 anchors=8,16 "
            "scaleXY=1 newCoords=0",
            in, 1, 1);
    net_expect(0, NET_DIMS(1, 14, 1, 1), want);
    net_refuses("YoloLayer_TRT", "yoloWidth=2 yoloHeight=1 numClasses=2", in, 1, "above 0");
    net_refuses("YoloLayer_TRT",
                "yoloWidth=2 yoloHeight=1 inputMultiplier=2147483647 numClasses=2 numAnchors=1 "
                "anchors=8,16",
                in, 1, "not huge");
    net_refuses(
        "YoloLayer_TRT",
        "yoloWidth=1 yoloHeight=2 inputMultiplier=32 numClasses=2 numAnchors=1 anchors=8,16", in, 1,
        "the head must be");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reorg),          cmocka_unit_test(region),
        cmocka_unit_test(region_refuses), cmocka_unit_test(region_in_place),
        cmocka_unit_test(yolo),           cmocka_unit_test(yolo_refuses),
        cmocka_unit_test(yolo_layer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
