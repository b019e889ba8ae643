/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cascade's steps by hand-computed values, and all of it with Caffe's three networks: faces and
 * points are those the same cascade has as one TensorFlow graph. That part needs the shared models.
 */
#include <math.h>
#include <unistd.h>

#include "models/npy_file.h"
#include "mtcnn.h"
#include "solder/builder.h"

#define CAFFE     SOURCE_DIR "/../shared/models/mtcnn-caffe/"
#define REFERENCE SOURCE_DIR "/../shared/models/mtcnn-tf/ref/"
#define FOLDER    BINARY_DIR "/test_mtcnn_"

static void assert_box(const picture_box *b, float x1, float y1, float x2, float y2)
{
    assert_true(fabsf(b->x1 - x1) <= 1e-4f && fabsf(b->y1 - y1) <= 1e-4f);
    assert_true(fabsf(b->x2 - x2) <= 1e-4f && fabsf(b->y2 - y2) <= 1e-4f);
}

/* 12 / 24 is 0.5: 100 is 50, 25, 12.5, and then 6.25, which is no more. */
static void scales(void **state)
{
    (void)state;
    float s[8];
    assert_int_equal(mtcnn_scales(200, 100, 24, 0.5f, s, 8), 3);
    assert_true(s[0] == 0.5f && s[1] == 0.25f && s[2] == 0.125f);
    assert_int_equal(mtcnn_scales(100, 200, 24, 0.5f, s, 2), 2);
    assert_int_equal(mtcnn_scales(23, 100, 24, 0.5f, s, 8), 0);
}

/* A picture's grid of 3 columns and 2 rows at half scale; a face at column 2, row 1. */
static void proposals(void **state)
{
    (void)state;
    for (int transposed = 0; transposed < 2; transposed++) {
        float scores[6] = {0.5f, 0.1f, 0.2f, 0.3f, 0.4f, 0.9f};
        float shifts[24] = {0};
        mtcnn m = {.thresholds = {0.5f, 1, 1}};
        shifts[5] = 0.25f;
        shifts[6 + 5] = -0.5f;
        shifts[18 + 5] = 1;
        assert_true(mtcnn_propose(&m, scores, shifts, 3, 2, transposed != 0, 0.5f));
        assert_int_equal(m.count, 1); /* 0.5 is not above the threshold */
        assert_box(&m.boxes[0].box, 10, 6, 32, 28);
        assert_true(m.boxes[0].score == 0.9f);
        mtcnn_shift(&m.boxes[0]); /* 22 wide and high */
        assert_box(&m.boxes[0].box, 15.5f, -5, 32, 50);
        mtcnn_close(&m);
    }
    float scores[6] = {0, 0, 0.8f, 0, 0, 0}; /* column 1, row 0 of a transposed grid */
    float shifts[24] = {0};
    mtcnn m = {.thresholds = {0.5f, 1, 1}};
    assert_true(mtcnn_propose(&m, scores, shifts, 3, 2, true, 1));
    assert_int_equal(m.count, 1);
    assert_box(&m.boxes[0].box, 3, 1, 14, 12);
    mtcnn_close(&m);
}

static void squares(void **state)
{
    (void)state;
    mtcnn_box wide = {.box = {0, 10, 40, 20}};
    mtcnn_box high = {.box = {0, 0, 10, 30}};
    mtcnn_square(&wide);
    mtcnn_square(&high);
    assert_box(&wide.box, 0, -5, 40, 35);
    assert_box(&high.box, -10, 0, 20, 30);
}

/* The small box lies in the large one: 25 of 100 shared of both, all of the smaller. */
static void suppression(void **state)
{
    (void)state;
    const mtcnn_box boxes[] = {
        {.box = {0, 0, 5, 5}, .score = 0.7f},
        {.box = {0, 0, 10, 10}, .score = 0.9f},
        {.box = {20, 0, 30, 10}, .score = 0.8f},
        {.box = {22, 0, 32, 10}, .score = 0.8f}, /* 80 of 120 shared, the same score */
    };
    mtcnn_box b[4];
    memcpy(b, boxes, sizeof boxes);
    assert_int_equal(mtcnn_suppress(b, 4, 4, 0.5f, false), 3);
    assert_box(&b[0].box, 0, 0, 10, 10);
    assert_box(&b[1].box, 20, 0, 30, 10);
    assert_box(&b[2].box, 0, 0, 5, 5);
    memcpy(b, boxes, sizeof boxes);
    assert_int_equal(mtcnn_suppress(b, 4, 4, 0.7f, true), 2);
    assert_box(&b[1].box, 20, 0, 30, 10);
    memcpy(b, boxes, sizeof boxes);
    assert_int_equal(mtcnn_suppress(b, 4, 1, 1, false), 1);
    assert_true(b[0].score == 0.9f);
    assert_int_equal(mtcnn_suppress(b, 0, 4, 0.5f, false), 0);
}

/* 2 x 2 pixels of red 10 20 / 30 40; a box of twice the picture, whose first corner lies in it. */
static void crops(void **state)
{
    (void)state;
    unsigned char rgb[12] = {10, 1, 2, 20, 1, 2, 30, 1, 2, 40, 1, 2};
    const picture p = {2, 2, rgb};
    solder_image_rule rule = {"rgb", {10, 0, 0}, {0.5f, 1, 1}, 0, 0};
    const picture_box box = {0, 0, 4, 4}; /* in halves: a share of 1 is the last pixel's centre */
    const float want[9] = {0, 5, 0, 10, 15, 0, 0, 0, 0};
    float tensor[27];
    mtcnn_crop(&p, &box, &rule, 3, tensor);
    assert_memory_equal(tensor, want, sizeof want);
    assert_true(tensor[9] == 1 && tensor[18] == 2 && tensor[26] == 0);
    rule.transposed = 1;
    mtcnn_crop(&p, &box, &rule, 3, tensor);
    assert_true(tensor[1] == 10 && tensor[3] == 5);
    memcpy(rule.order, "bgr", 4);
    mtcnn_crop(&p, &box, &rule, 3, tensor);
    assert_true(tensor[0] == -4 && tensor[18] == 10);
}

/* ---- all of it ---- */

static void build(const char *stage, const solder_dims *min, const solder_dims *opt,
                  const solder_dims *max, const char *plan)
{
    char model[512];
    char weights[512];
    solder_builder *b;
    solder_network *n;
    const solder_dims open = {4,
                              {min->d[0] < max->d[0] ? -1 : 1, 3,
                               min->d[2] < max->d[2] ? -1 : max->d[2],
                               min->d[3] < max->d[3] ? -1 : max->d[3]}};
    const solder_input_spec input = {.name = "data", .dims = open};
    const solder_profile profile = {.input = "data", .min = *min, .opt = *opt, .max = *max};
    const solder_preprocess rule = {.input = "data",
                                    .order = "rgb",
                                    .mean = {127.5f, 127.5f, 127.5f},
                                    .scale = {1 / 128.0f, 1 / 128.0f, 1 / 128.0f},
                                    .resize = 1,
                                    .transposed = 1};
    solder_import_options options = solder_import_options_default();
    solder_config config = solder_config_default();
    (void)snprintf(model, sizeof model, CAFFE "%s.prototxt", stage);
    (void)snprintf(weights, sizeof weights, CAFFE "%s.caffemodel", stage);
    options.inputs = &input;
    options.input_count = 1;
    config.effort = 0;
    config.profiles = &profile;
    config.profile_count = 1;
    config.preprocess = &rule;
    config.preprocess_count = 1;
    assert_int_equal(solder_builder_create(NULL, &b), SOLDER_OK);
    if (solder_import(b, model, weights, &options, &n) != SOLDER_OK ||
        solder_build_to_file(b, n, &config, plan) != SOLDER_OK) {
        fail_msg("%s", solder_builder_message(b));
    }
    solder_builder_destroy(b);
}

static const char *const plans[3] = {FOLDER "p.plan", FOLDER "r.plan", FOLDER "o.plan"};

static void build_all(int64_t batch)
{
    const solder_dims small = {4, {1, 3, 12, 12}};
    const solder_dims usual = {4, {1, 3, 149, 93}};
    const solder_dims large = {4, {1, 3, 320, 320}};
    build("det1", &small, &usual, &large, plans[0]);
    for (int i = 1; i < 3; i++) {
        const solder_dims one = {4, {1, 3, 24 * i, 24 * i}};
        const solder_dims many = {4, {batch, 3, 24 * i, 24 * i}};
        build(i == 1 ? "det2" : "det3", &one, &many, &many, plans[i]);
    }
}

/* The reference's photo: BGR. */
static void read_photo(picture *p)
{
    npy_file photo = npy_read(REFERENCE "photo_input.npy");
    assert_true(picture_make(p, (int)photo.dims.d[1], (int)photo.dims.d[0]));
    for (size_t i = 0; i < photo.count; i++) {
        p->rgb[i / 3 * 3 + 2 - i % 3] = (unsigned char)photo.data[i];
    }
    free(photo.data);
}

/* Within what networks are held to: for a coordinate of 100 a hundredth of a pixel. */
static void close_to(float got, float want)
{
    if (!(fabsf(got - want) <= 1e-5f + 1e-4f * fabsf(want))) {
        fail_msg("%.6f, the reference %.6f", (double)got, (double)want);
    }
}

static void check(const face *faces, size_t count)
{
    npy_file box = npy_read(REFERENCE "photo_box.npy"); /* y1, x1, y2, x2 */
    npy_file prob = npy_read(REFERENCE "photo_prob.npy");
    npy_file points = npy_read(REFERENCE "photo_landmarks.npy"); /* y..., x... */
    assert_int_equal(count, box.dims.d[0]);
    for (size_t i = 0; i < count; i++) {
        const float *b = box.data + i * 4;
        const float *at = points.data + i * 10;
        close_to(faces[i].box.x1, b[1]);
        close_to(faces[i].box.y1, b[0]);
        close_to(faces[i].box.x2, b[3]);
        close_to(faces[i].box.y2, b[2]);
        assert_true(fabsf(faces[i].score - prob.data[i]) <= 1e-5f);
        assert_int_equal(faces[i].points, 5);
        for (int k = 0; k < 5; k++) {
            close_to(faces[i].x[k], at[5 + k]);
            close_to(faces[i].y[k], at[k]);
        }
    }
    free(box.data);
    free(prob.data);
    free(points.data);
}

static void photograph(void **state)
{
    (void)state;
    solder_runtime *runtime;
    picture photo = {0};
    face faces[16];
    size_t count = 0;
    if (access(CAFFE "det1.prototxt", F_OK) != 0) {
        print_message("skipped: the shared models are not there\n");
        skip();
    }
    read_photo(&photo);
    assert_int_equal(solder_runtime_create(NULL, &runtime), SOLDER_OK);
    for (int64_t batch = 1; batch <= 16; batch *= 16) {
        mtcnn m = {0};
        build_all(batch);
        assert_true(mtcnn_open(runtime, plans, &m));
        for (int again = 0; again < 2; again++) {
            assert_true(mtcnn_find(&m, &photo, faces, 16, &count));
            check(faces, count);
        }
        assert_true(mtcnn_find(&m, &photo, faces, 2, &count));
        assert_int_equal(count, 2);
        mtcnn_close(&m);
    }
    mtcnn m = {0};
    const char *const mixed[3] = {plans[0], plans[2], plans[1]};
    assert_false(mtcnn_open(runtime, mixed, &m));
    mtcnn_close(&m);
    solder_runtime_destroy(runtime);
    free(photo.rgb);
    for (int i = 0; i < 3; i++) {
        (void)remove(plans[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scales),      cmocka_unit_test(proposals), cmocka_unit_test(squares),
        cmocka_unit_test(suppression), cmocka_unit_test(crops),     cmocka_unit_test(photograph),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
