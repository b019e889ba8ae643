/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plugins of TensorRT's SSD against values computed by hand; NMS_TRT beside DetectionOutput.
 */
#include "plugins/plugin_net.h"

/* ---- GridAnchor_TRT ---- */

static const char two_maps[] = "numLayers=2 minSize=0.2 maxSize=0.6 featureMapShapes=2,1 "
                               "aspectRatios=1,4,0.25 variance=0.1,0.1,0.2,0.2";

/* Scales 0.2 and 0.6: the first map has 0.1 squared, 0.4 x 0.1 and 0.1 x 0.4. */
static void grid_anchor(void **unused)
{
    (void)unused;
    static float first[2 * 48], second[2 * 16];
    const float centers[4][2] = {{.25f, .25f}, {.75f, .25f}, {.25f, .75f}, {.75f, .75f}};
    const float half[3][2] = {{.05f, .05f}, {.2f, .05f}, {.05f, .2f}};
    const float middle = sqrtf(.6f) / 2;
    const float other[4][2] = {{.3f, .3f}, {.6f, .15f}, {.15f, .6f}, {middle, middle}};
    const float variance[4] = {.1f, .1f, .2f, .2f};
    for (int i = 0; i < 48; i++) {
        float side = i % 4 < 2 ? -1 : 1;
        first[i] = centers[i / 12][i % 2] + side * half[i / 4 % 3][i % 2];
        first[48 + i] = variance[i % 4];
    }
    for (int i = 0; i < 16; i++) {
        second[i] = .5f + (i % 4 < 2 ? -1 : 1) * other[i / 4][i % 2];
        second[16 + i] = variance[i % 4];
    }
    net_run("GridAnchor_TRT", two_maps, NULL, 0, 2);
    net_expect(0, NET_DIMS(1, 2, 48, 1), first);
    net_expect(1, NET_DIMS(1, 2, 16, 1), second);
}

static void grid_of_rows_and_columns(void **unused)
{
    (void)unused;
    net_run("GridAnchorRect_TRT",
            "numLayers=1 minSize=0.2 maxSize=0.2 featureMapShapes=1,2 aspectRatios=1,4,0.25 "
            "variance=1,1,1,1",
            NULL, 0, 1);
    assert_int_equal(net_out[0][0].dims.d[2], 24);
    assert_true(fabsf(net_out[0][0].f[0] - .2f) < 1e-6f &&
                fabsf(net_out[0][0].f[1] - .45f) < 1e-6f);
    assert_true(fabsf(net_out[0][0].f[12] - .7f) < 1e-6f);
    net_refuses("GridAnchor_TRT",
                "numLayers=1 featureMapShapes=4096 aspectRatios=1,2,3 variance=1,1,1,1", NULL, 0,
                "more than 4194304 anchors");
    net_refuses("GridAnchorRect_TRT", two_maps, NULL, 0, "rows and columns");
    net_refuses("GridAnchor_TRT", two_maps, NULL, 0, "has 1 outputs for 2 numLayers");
    net_refuses("GridAnchor_TRT", "numLayers=1 featureMapShapes=1 aspectRatios=1,2", NULL, 0,
                "at least three");
    net_refuses("GridAnchor_TRT", "numLayers=1 featureMapShapes=0 aspectRatios=1,2,3", NULL, 0,
                "1 to 4096");
    net_refuses("GridAnchor_TRT", "numLayers=1 featureMapShapes=3 aspectRatios=1,2,3", NULL, 0,
                "variance needs four");
}

/* ---- FlattenConcat_TRT, BatchTilePlugin_TRT ---- */

static void flatten_concat(void **unused)
{
    (void)unused;
    const float a[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    const float b[6] = {11, 12, 13, 14, 15, 16};
    const float want[14] = {1, 2, 3, 4, 11, 12, 13, 5, 6, 7, 8, 14, 15, 16};
    const net_input in[2] = {NET_F32(a, 2, 2, 2, 1), NET_F32(b, 2, 3)};
    net_run("FlattenConcat_TRT", "axis=1 ignoreBatch=0", in, 2, 1);
    net_expect(0, NET_DIMS(2, 7, 1, 1), want);
    const net_input flat[2] = {NET_F32(a, 2, 1, 4), NET_F32(b, 2, 1, 3)};
    net_run("FlattenConcat_TRT", "axis=2", flat, 2, 1);
    net_expect(0, NET_DIMS(2, 1, 7, 1), want);
    net_refuses("FlattenConcat_TRT", "axis=2", in, 2, "does not fit");
    net_refuses("FlattenConcat_TRT", "ignoreBatch=1", in, 2, "does not fit");
    net_refuses("FlattenConcat_TRT", "axis=0", in, 2, "axis is 0");
    const net_input wrong[2] = {NET_F32(a, 2, 4), NET_F32(b, 3, 2)};
    net_refuses("FlattenConcat_TRT", "", wrong, 2, "input 1 does not fit");
}

static void batch_tile(void **unused)
{
    (void)unused;
    const float x[6] = {0};
    const float item[4] = {1, 2, 3, 4};
    const float want[12] = {1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4};
    const net_input in[2] = {NET_F32(x, 3, 2), NET_F32(item, 1, 2, 2)};
    net_run("BatchTilePlugin_TRT", "", in, 2, 1);
    net_expect(0, NET_DIMS(3, 2, 2), want);
    const net_input two[2] = {NET_F32(x, 3, 2), NET_F32(item, 2, 2)};
    net_refuses("BatchTilePlugin_TRT", "", two, 2, "one item");
}

/* ---- Normalize_TRT, PriorBox_TRT ---- */

static void normalize(void **unused)
{
    (void)unused;
    const float x[4] = {3, 0, 4, 2}; /* two channels of two positions */
    const float by_channel[4] = {.6f * 10, 0, .8f * 20, 20};
    const float whole = 5 / sqrtf(29);
    const float all[4] = {3 * whole, 0, 4 * whole, 2 * whole};
    const net_input in[1] = {NET_F32(x, 1, 2, 1, 2)};
    net_run("Normalize_TRT", "weights=10,20 acrossSpatial=0 channelShared=0 nbWeights=2", in, 1, 1);
    net_expect(0, NET_DIMS(1, 2, 1, 2), by_channel);
    net_run("Normalize_TRT", "weights=5 acrossSpatial=1 channelShared=1 eps=1e-6", in, 1, 1);
    net_expect(0, NET_DIMS(1, 2, 1, 2), all);
    net_refuses("Normalize_TRT", "weights=5", in, 1, "the scale has 1 elements");
}

/* Sizes are not cut: 16.5 square, then sqrt(16.5 * 66) = 33. */
static void prior_box(void **unused)
{
    (void)unused;
    static const float map[4], image[3 * 64 * 64];
    const float low = 16.5f / 128, high = 33.f / 128;
    const float want[16] = {.5f - low,  .5f - low,  .5f + low, .5f + low, .5f - high, .5f - high,
                            .5f + high, .5f + high, .1f,       .1f,       .2f,        .2f,
                            .1f,        .1f,        .2f,       .2f};
    const net_input in[2] = {NET_F32(map, 1, 4, 1, 1), NET_F32(image, 1, 3, 64, 64)};
    net_run("PriorBox_TRT",
            "minSize=16.5 maxSize=66 aspectRatios=1 flip=0 clip=0 variance=0.1,0.1,0.2,0.2 imgH=0 "
            "imgW=0 stepH=0 stepW=0 offset=0.5",
            in, 2, 1);
    net_expect(0, NET_DIMS(1, 2, 8, 1), want);
}

/* ---- NMS_TRT ---- */

/* Two priors that do not overlap; y before x, h before w; logits. */
static void tensorflow_boxes(void **unused)
{
    (void)unused;
    const float prior[16] = {0,   0,   .2f, .4f, .6f, .6f, .8f, .8f,
                             .1f, .1f, .2f, .2f, .1f, .1f, .2f, .2f};
    const float loc[8] = {5, 0, 0, 0, 0, 0, 0, 5}; /* down by half of 0.4; wider by e */
    const float conf[6] = {0, 2, -2, 0, -1, 1};
    const float wide = .1f * expf(1);
    const float want[28] = {0,
                            1,
                            1 / (1 + expf(-2)),
                            0,
                            .2f,
                            .2f,
                            .6f,
                            0,
                            2,
                            1 / (1 + expf(-1)),
                            .7f - wide,
                            .6f,
                            .7f + wide,
                            .8f,
                            0,
                            1,
                            1 / (1 + expf(1)),
                            .7f - wide,
                            .6f,
                            .7f + wide,
                            .8f,
                            0,
                            -1,
                            0,
                            0,
                            0,
                            0,
                            0};
    const net_input in[3] = {NET_F32(loc, 1, 8, 1, 1), NET_F32(prior, 1, 2, 8, 1),
                             NET_F32(conf, 1, 6, 1, 1)};
    net_run("NMS_TRT",
            "inputOrder=0,2,1 numClasses=3 codeType=3 confSigmoid=1 keepTopK=4 topK=4 "
            "confidenceThreshold=0.2 nmsThreshold=0.6 shareLocation=1 varianceEncodedInTarget=0 "
            "backgroundLabelId=0 isNormalized=1 scoreBits=16",
            in, 3, 2);
    net_expect(0, NET_DIMS(1, 1, 4, 7), want);
    assert_int_equal(net_out[0][1].dtype, SOLDER_I32);
    assert_int_equal(net_out[0][1].i32[0], 3);
    net_refuses("NMS_TRT", "inputOrder=0,1,1 numClasses=3 keepTopK=4", in, 3, "0, 1 and 2");
    net_refuses("NMS_TRT", "numClasses=3 keepTopK=4", in, 3, "do not belong together");
    net_refuses("NMS_TRT", "numClasses=3", in, 3, "above 0");
    net_refuses("NMS_TRT", "inputOrder=0,2,1 numClasses=3 keepTopK=4 codeType=4", in, 3, "0 to 3");
}

enum { PRIORS = 60, CLASSES = 4, IMAGES = 2, KEEP = 30 };
static float loc[IMAGES * PRIORS * CLASSES * 4], conf[IMAGES * PRIORS * CLASSES];
static float prior[IMAGES * 2 * PRIORS * 4], plain[IMAGES * KEEP * 7];

static int better(const void *a, const void *b)
{
    const float *x = a;
    const float *y = b;
    return x[0] != y[0] ? (x[0] > y[0]) - (x[0] < y[0]) : (x[2] < y[2]) - (x[2] > y[2]);
}

/* The same rows as DetectionOutput's, by score; priors of each image may be its own. */
static void as_detection_output(void **unused)
{
    (void)unused;
    static const char more[] = " nms_param.nms_threshold=0.45 nms_param.top_k=40 keep_top_k=30 "
                               "confidence_threshold=0.2 num_classes=4 code_type=CENTER_SIZE";
    static const char same[] = " nmsThreshold=0.45 topK=40 keepTopK=30 confidenceThreshold=0.2 "
                               "numClasses=4 codeType=1";
    uint64_t seed = 5;
    for (size_t i = 0; i < sizeof loc / sizeof loc[0]; i++) {
        loc[i] = (float)(check_random(&seed) % 2001) / 1000 - 1;
    }
    for (size_t i = 0; i < sizeof conf / sizeof conf[0]; i++) {
        conf[i] = (float)(check_random(&seed) % 100003) / 100003;
    }
    for (size_t i = 0; i < PRIORS * 4; i++) {
        prior[i] = (float)(check_random(&seed) % 500) / 1000 + (i % 4 < 2 ? 0 : .3f);
        prior[PRIORS * 4 + i] = .2f;
    }
    memcpy(prior + PRIORS * 8, prior, PRIORS * 8 * sizeof *prior);
    for (int share = 0; share < 2; share++) {
        char text[512];
        net_input in[3] = {NET_F32(loc, IMAGES, PRIORS * (share ? 1 : CLASSES) * 4),
                           NET_F32(conf, IMAGES, PRIORS * CLASSES),
                           NET_F32(prior, 1, 2, PRIORS * 4)};
        (void)snprintf(text, sizeof text, "share_location=%d%s", share, more);
        net_run("DetectionOutput", text, in, 3, 1);
        size_t rows = (size_t)net_out[0][0].dims.d[2];
        assert_true(rows > KEEP && rows <= IMAGES * KEEP);
        memcpy(plain, net_out[0][0].f, rows * 7 * sizeof(float));
        qsort(plain, rows, 7 * sizeof(float), better);
        (void)snprintf(text, sizeof text, "shareLocation=%d%s", share, same);
        for (int own = 0; own < 2; own++) {
            in[2].dims.d[0] = own ? IMAGES : 1;
            net_run("NMS_TRT", text, in, 3, 2);
            size_t at = 0;
            for (size_t i = 0; i < IMAGES * KEEP; i++) {
                const float *row = net_out[0][0].f + i * 7;
                if (row[1] >= 0) {
                    assert_true(at < rows);
                    assert_memory_equal(row, plain + at++ * 7, 7 * sizeof(float));
                }
            }
            assert_int_equal(at, rows);
            assert_int_equal(net_out[0][1].i32[0] + net_out[0][1].i32[1], rows);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grid_anchor),      cmocka_unit_test(grid_of_rows_and_columns),
        cmocka_unit_test(flatten_concat),   cmocka_unit_test(batch_tile),
        cmocka_unit_test(normalize),        cmocka_unit_test(prior_box),
        cmocka_unit_test(tensorflow_boxes), cmocka_unit_test(as_detection_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
