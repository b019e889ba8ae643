/* SPDX-License-Identifier: Apache-2.0 */
/* BatchedNMS_TRT, EfficientNMS_TRT and SoftNMS against rows computed by hand. */
#include "plugins/plugin_net.h"

/* The first two boxes overlap by 1/2. */
static const float boxes[12] = {.0f, .0f, .3f, .2f, .1f, .0f, .4f, .2f, .6f, .6f, 1.2f, .8f};
static const float scores[6] = {.5f, .6f, .7f, .4f, .3f, .05f}; /* [box][class] */

static void expect(int rows, const float *box, const float *score, const float *label, int keep)
{
    const int64_t dims[3] = {1, keep, 4};
    assert_int_equal(net_out[0][0].i32[0], rows);
    assert_int_equal(net_out[0][0].dtype, SOLDER_I32);
    net_expect(1, dims, 3, box);
    net_expect(2, dims, 2, score);
    if (net_out[0][3].dtype == SOLDER_F32) {
        net_expect(3, dims, 2, label);
        return;
    }
    assert_int_equal(net_out[0][3].dtype, SOLDER_I32);
    for (int i = 0; i < keep; i++) {
        assert_int_equal(net_out[0][3].i32[i], (int)label[i]);
    }
}

#define FIRST  .0f, .0f, .3f, .2f
#define SECOND .1f, .0f, .4f, .2f
#define THIRD  .6f, .6f, 1.2f, .8f
#define NONE   0, 0, 0, 0

static void batched(void **unused)
{
    (void)unused;
    const net_input in[2] = {NET_F32(boxes, 1, 3, 1, 4), NET_F32(scores, 1, 3, 2)};
    net_run("BatchedNMS_TRT",
            "numClasses=2 keepTopK=5 topK=10 iouThreshold=0.45 scoreThreshold=0.1 clipBoxes=0", in,
            2, 4);
    expect(3, (const float[]){SECOND, FIRST, THIRD, NONE, NONE},
           (const float[]){.7f, .6f, .3f, 0, 0}, (const float[]){0, 1, 0, -1, -1}, 5);
    net_run("BatchedNMS_TRT", "numClasses=2 keepTopK=2 iouThreshold=0.51 scoreThreshold=0.25", in,
            2, 4);
    expect(2, (const float[]){SECOND, FIRST}, (const float[]){.7f, .6f}, (const float[]){0, 1}, 2);
    net_run("BatchedNMS_TRT", "keepTopK=2 backgroundLabelId=0 iouThreshold=0.45", in, 2, 4);
    expect(2, (const float[]){FIRST, .6f, .6f, 1, .8f}, (const float[]){.6f, .05f},
           (const float[]){1, 1}, 2); /* clipped */
    net_run("BatchedNMS_TRT", "keepTopK=2 scoreThreshold=0.9", in, 2, 4);
    expect(0, (const float[]){NONE, NONE}, (const float[]){0, 0}, (const float[]){-1, -1}, 2);
}

static void boxes_of_each_class(void **unused)
{
    (void)unused;
    float own[24];
    for (int i = 0; i < 24; i++) { /* the second class a little to the side */
        own[i] = boxes[i / 8 * 4 + i % 4] + (i % 8 >= 4 ? .01f : 0);
    }
    const net_input in[2] = {NET_F32(own, 1, 3, 2, 4), NET_F32(scores, 1, 3, 2)};
    net_run("BatchedNMS_TRT",
            "shareLocation=0 numClasses=2 keepTopK=2 iouThreshold=0.45 clipBoxes=0", in, 2, 4);
    expect(2, (const float[]){SECOND, .01f, .01f, .31f, .21f}, (const float[]){.7f, .6f},
           (const float[]){0, 1}, 2);
}

static void efficient(void **unused)
{
    (void)unused;
    const net_input in[2] = {NET_F32(boxes, 1, 3, 4), NET_F32(scores, 1, 3, 2)};
    net_run("EfficientNMS_TRT", "max_output_boxes=4 iou_threshold=0.45 score_threshold=0.1", in, 2,
            4);
    expect(3, (const float[]){SECOND, FIRST, THIRD, NONE}, (const float[]){.7f, .6f, .3f, 0},
           (const float[]){0, 1, 0, -1}, 4);
    net_run("EfficientNMS_TRT",
            "max_output_boxes=3 iou_threshold=0.45 score_threshold=0.1 class_agnostic=1", in, 2, 4);
    expect(2, (const float[]){SECOND, THIRD, NONE}, (const float[]){.7f, .3f, 0},
           (const float[]){0, 0, -1}, 3);
    const float logits[6] = {-2, 1, 2, -1, -.5f, -4};
    const net_input raw[2] = {NET_F32(boxes, 1, 3, 4), NET_F32(logits, 1, 3, 2)};
    net_run("EfficientNMS_TRT",
            "max_output_boxes=3 iou_threshold=0.45 score_threshold=0.3 score_activation=1", raw, 2,
            4);
    expect(3, (const float[]){SECOND, FIRST, THIRD},
           (const float[]){1 / (1 + expf(-2)), 1 / (1 + expf(-1)), 1 / (1 + expf(.5f))},
           (const float[]){0, 1, 0}, 3);
}

/* Centre and size; then offsets from anchors of that form. */
static void codings(void **unused)
{
    (void)unused;
    const float center[12] = {.15f, .1f, .3f, .2f, .25f, .1f, .3f, .2f, .9f, .7f, .6f, .2f};
    const float still[12] = {0};
    const net_input in[3] = {NET_F32(center, 1, 3, 4), NET_F32(scores, 1, 3, 2)};
    const net_input off[3] = {NET_F32(still, 1, 3, 4), NET_F32(scores, 1, 3, 2),
                              NET_F32(center, 1, 3, 4)};
    const net_input corners[3] = {NET_F32(still, 1, 3, 4), NET_F32(scores, 1, 3, 2),
                                  NET_F32(boxes, 1, 3, 4)};
    const float box[12] = {SECOND, FIRST, THIRD};
    const float score[3] = {.7f, .6f, .3f};
    const float label[3] = {0, 1, 0};
    net_run("EfficientNMS_TRT",
            "max_output_boxes=3 iou_threshold=0.45 score_threshold=0.1 box_coding=1", in, 2, 4);
    expect(3, box, score, label, 3);
    net_run("EfficientNMS_TRT",
            "max_output_boxes=3 iou_threshold=0.45 score_threshold=0.1 box_coding=1", off, 3, 4);
    expect(3, box, score, label, 3);
    net_run("EfficientNMS_TRT", "max_output_boxes=3 iou_threshold=0.45 score_threshold=0.1",
            corners, 3, 4);
    expect(3, box, score, label, 3);
}

/* The first box overlaps the second by 1/2, and the third not at all. */
static void soft(void **unused)
{
    (void)unused;
    const net_input in[2] = {NET_F32(boxes, 1, 3, 4), NET_F32(scores, 1, 3, 2)};
    const float linear[5] = {.7f, .6f, .3f, .5f * .5f, .4f * .5f};
    const float gaussian[5] = {.7f, .6f, .5f * expf(-.5f), .3f, .4f * expf(-.5f)};
    net_run("SoftNMS", "max_output_boxes=6 iou_threshold=0.45 score_threshold=0.1 method=LINEAR",
            in, 2, 4);
    expect(5, (const float[]){SECOND, FIRST, THIRD, FIRST, SECOND, NONE},
           (const float[]){linear[0], linear[1], linear[2], linear[3], linear[4], 0},
           (const float[]){0, 1, 0, 0, 1, -1}, 6);
    net_run("SoftNMS", "max_output_boxes=4 score_threshold=0.3 sigma=0.5 method=GAUSSIAN", in, 2,
            4); /* 0.3 is not above 0.3, nor what became of 0.4 */
    expect(3, (const float[]){SECOND, FIRST, FIRST, NONE},
           (const float[]){gaussian[0], gaussian[1], gaussian[2], 0}, (const float[]){0, 1, 0, -1},
           4);
    /* over all classes: a box overlaps itself by 1, so one class of each stays */
    const float other[6] = {.5f, .6f, .7f, .4f, .2f, .05f};
    const net_input all[2] = {NET_F32(boxes, 1, 3, 4), NET_F32(other, 1, 3, 2)};
    net_run("SoftNMS", "max_output_boxes=4 score_threshold=0.02 method=LINEAR class_agnostic=1",
            all, 2, 4);
    expect(3, (const float[]){SECOND, FIRST, THIRD, NONE}, (const float[]){.7f, .3f, .2f, 0},
           (const float[]){0, 1, 0, -1}, 4);
}

static void refuses(void **unused)
{
    (void)unused;
    const net_input in[2] = {NET_F32(boxes, 1, 3, 1, 4), NET_F32(scores, 1, 3, 2)};
    const net_input wrong[2] = {NET_F32(boxes, 1, 3, 4), NET_F32(scores, 1, 2, 3)};
    assert_int_not_equal(net_try("BatchedNMS_TRT", "topK=3", in, 2, 4), SOLDER_OK);
    assert_non_null(strstr(net_message, "must be above 0"));
    assert_int_not_equal(net_try("BatchedNMS_TRT", "keepTopK=3 numClasses=3", in, 2, 4), SOLDER_OK);
    assert_non_null(strstr(net_message, "do not belong together"));
    assert_int_not_equal(net_try("SoftNMS", "sigma=0", in, 2, 4), SOLDER_OK);
    assert_non_null(strstr(net_message, "sigma above 0"));
    assert_int_not_equal(net_try("EfficientNMS_TRT", "max_output_boxes=3", wrong, 2, 4), SOLDER_OK);
    assert_non_null(strstr(net_message, "do not belong together"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batched),   cmocka_unit_test(boxes_of_each_class),
        cmocka_unit_test(efficient), cmocka_unit_test(codings),
        cmocka_unit_test(soft),      cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
