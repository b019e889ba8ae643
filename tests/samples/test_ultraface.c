/* SPDX-License-Identifier: Apache-2.0 */
/* UltraFace on two photographs: the faces are the reference's, from boxes the network decoded and
 * from raw regressions. Skipped where the shared models are not at hand. */
#include <math.h>

#include "faces.h"
#include "models/npy_file.h"
#include "solder/builder.h"
#include "solder/runtime.h"

#define MODELS SOURCE_DIR "/../shared/models/ultraface-slim-320/"

enum { WIDTH = 320, HEIGHT = 240, BOXES = 4420 };

static float scores[BOXES * 2], boxes[BOXES * 4];

static void run(const char *model, const char *weights, const float *input)
{
    solder_builder *b;
    solder_network *n;
    solder_runtime *r;
    solder_engine *e;
    solder_context *c = NULL;
    void *plan = NULL;
    size_t size = 0;
    solder_config config = solder_config_default();
    config.effort = 0;
    assert_int_equal(solder_builder_create(NULL, &b), SOLDER_OK);
    if (solder_import(b, model, weights, NULL, &n) != SOLDER_OK ||
        solder_build_to_memory(b, n, &config, &plan, &size) != SOLDER_OK) {
        fail_msg("%s", solder_builder_message(b));
    }
    assert_int_equal(solder_runtime_create(NULL, &r), SOLDER_OK);
    if (solder_engine_load(r, plan, size, &e) != SOLDER_OK ||
        solder_context_create(r, e, &c) != SOLDER_OK) {
        fail_msg("%s", solder_runtime_message(r));
    }
    solder_io io;
    assert_int_equal(solder_engine_io(e, 0, &io), SOLDER_OK);
    if (solder_context_bind(c, io.name, (void *)(uintptr_t)input,
                            3 * WIDTH * HEIGHT * sizeof(float)) != SOLDER_OK ||
        solder_context_bind(c, "scores", scores, sizeof scores) != SOLDER_OK ||
        solder_context_bind(c, "boxes", boxes, sizeof boxes) != SOLDER_OK ||
        solder_context_run(c) != SOLDER_OK) {
        fail_msg("%s", solder_context_message(c));
    }
    solder_context_destroy(c);
    solder_engine_destroy(e);
    solder_runtime_destroy(r);
    solder_plan_free(b, plan, size);
    solder_builder_destroy(b);
}

static void check(const char *photo, int width, int height)
{
    char path[512];
    face faces[20];
    (void)snprintf(path, sizeof path, MODELS "ref/%s_faces.npy", photo);
    npy_file want = npy_read(path); /* x1, y1, x2, y2, score */
    size_t count = faces_choose(boxes, scores, BOXES, 0.7f, 0.3f, width, height, faces, 20);
    assert_int_equal(count, want.dims.d[0]);
    for (size_t i = 0; i < count; i++) {
        const float *w = want.data + i * 5;
        assert_true(picture_box_overlap(&faces[i].box, &(picture_box){w[0], w[1], w[2], w[3]}) >=
                    0.99f);
        assert_true(fabsf(faces[i].score - w[4]) <= 1e-4f);
    }
    free(want.data);
}

static void photographs(void **unused)
{
    (void)unused;
    static const struct {
        const char *name;
        int width, height;
    } photos[] = {{"tf-mtcnn_test_image", 498, 310}, {"jetson_humans_6", 585, 388}};
    FILE *there = fopen(MODELS "slim-320.prototxt", "rb");
    if (there == NULL) {
        skip();
    }
    (void)fclose(there);
    assert_int_equal(ultraface_count(WIDTH, HEIGHT), BOXES);
    for (size_t i = 0; i < sizeof photos / sizeof photos[0]; i++) {
        char path[512];
        static float raw[BOXES * 4];
        (void)snprintf(path, sizeof path, MODELS "ref/%s_input.npy", photos[i].name);
        npy_file input = npy_read(path);
        assert_int_equal(input.count, 3 * WIDTH * HEIGHT);
        run(MODELS "version-slim-320.onnx", NULL, input.data);
        check(photos[i].name, photos[i].width, photos[i].height);
        run(MODELS "slim-320.prototxt", MODELS "slim-320.caffemodel", input.data);
        memcpy(raw, boxes, sizeof raw);
        ultraface_decode(WIDTH, HEIGHT, raw, boxes);
        check(photos[i].name, photos[i].width, photos[i].height);
        free(input.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(photographs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
