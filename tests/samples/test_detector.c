/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped detector on its 20 pictures: what it finds is as good as its README says, and the
 * same from Caffe and from ONNX. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "picture.h"
#include "solder/builder.h"
#include "solder/runtime.h"

#define FOLDER SOURCE_DIR "/models/detector/"

enum { PICTURES = 20, SIDE = 192, LABELS = 14, MOST = 50 };

typedef struct row {
    float image, label, score, box[4];
} row;

typedef struct truth {
    int picture, label;
    float box[4];
    bool used;
} truth;

static row found[2][PICTURES][MOST];
static int counts[2][PICTURES];
static truth truths[200];
static int truth_count;
static char labels[LABELS][32];

static void read_labels(void)
{
    FILE *file = fopen(FOLDER "labels.txt", "r");
    assert_non_null(file);
    for (int i = 0; i < LABELS; i++) {
        assert_int_equal(fscanf(file, "%31s", labels[i]), 1);
    }
    (void)fclose(file);
}

static int label_of(const char *name)
{
    int i = 1;
    while (i < LABELS && strcmp(labels[i], name) != 0) {
        i++;
    }
    assert_true(i < LABELS);
    return i;
}

static void read_truth(void)
{
    FILE *file = fopen(FOLDER "truth.csv", "r");
    char line[128];
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file)); /* names of the columns */
    while (fgets(line, sizeof line, file) != NULL) {
        truth *t = &truths[truth_count++];
        char label[32];
        assert_true(truth_count <= 200);
        assert_int_equal(sscanf(line, "%d.jpg,%31[^,],%f,%f,%f,%f", &t->picture, label, &t->box[0],
                                &t->box[1], &t->box[2], &t->box[3]),
                         6);
        t->label = label_of(label);
        for (int i = 0; i < 4; i++) {
            t->box[i] /= SIDE;
        }
    }
    (void)fclose(file);
}

static void *build(const char *model, const char *weights, size_t *size)
{
    solder_builder *b;
    solder_network *n;
    void *plan = NULL;
    void *copy;
    solder_config config = solder_config_default();
    config.effort = 0;
    assert_int_equal(solder_builder_create(NULL, &b), SOLDER_OK);
    if (solder_import(b, model, weights, NULL, &n) != SOLDER_OK ||
        solder_build_to_memory(b, n, &config, &plan, size) != SOLDER_OK) {
        fail_msg("%s", solder_builder_message(b));
    }
    copy = malloc(*size);
    assert_non_null(copy);
    memcpy(copy, plan, *size);
    solder_plan_free(b, plan, *size);
    solder_builder_destroy(b);
    return copy;
}

static void find_objects(int which, const char *model, const char *weights)
{
    static const solder_image_rule rule = {
        "rgb", {127.5f, 127.5f, 127.5f}, {1 / 127.5f, 1 / 127.5f, 1 / 127.5f}, 1, 0};
    static float tensor[3 * SIDE * SIDE];
    solder_runtime *r;
    solder_engine *e;
    solder_context *c;
    size_t size;
    void *plan = build(model, weights, &size);
    assert_int_equal(solder_runtime_create(NULL, &r), SOLDER_OK);
    if (solder_engine_load(r, plan, size, &e) != SOLDER_OK ||
        solder_context_create(r, e, &c) != SOLDER_OK) {
        fail_msg("%s", solder_runtime_message(r));
    }
    for (int i = 0; i < PICTURES; i++) {
        char path[512];
        void *rows;
        solder_dims dims;
        (void)snprintf(path, sizeof path, FOLDER "pictures/%02d.jpg", i);
        picture p = {0};
        assert_true(picture_read(path, &p));
        picture_to_tensor(&p, NULL, &rule, SIDE, SIDE, tensor);
        free(p.rgb);
        if (solder_context_bind(c, "data", tensor, sizeof tensor) != SOLDER_OK ||
            solder_context_run(c) != SOLDER_OK ||
            solder_context_tensor(c, "detections", &rows, &dims) != SOLDER_OK) {
            fail_msg("%s", solder_context_message(c));
        }
        assert_int_equal(dims.rank, 4);
        assert_true(dims.d[2] >= 1 && dims.d[2] <= MOST && dims.d[3] == 7);
        counts[which][i] = (int)dims.d[2];
        memcpy(found[which][i], rows, (size_t)dims.d[2] * sizeof(row));
    }
    solder_context_destroy(c);
    solder_engine_destroy(e);
    solder_runtime_destroy(r);
    free(plan);
}

static int setup(void **unused)
{
    (void)unused;
    read_labels();
    read_truth();
    find_objects(0, FOLDER "detector.prototxt", FOLDER "detector.caffemodel");
    find_objects(1, FOLDER "detector.onnx", NULL);
    return 0;
}

/* ---- average precision ---- */

static float overlap(const float *a, const float *b)
{
    float w = fminf(a[2], b[2]) - fmaxf(a[0], b[0]);
    float h = fminf(a[3], b[3]) - fmaxf(a[1], b[1]);
    float both = w > 0 && h > 0 ? w * h : 0;
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both);
}

/* The object a detection matches best, if that is its own and not taken. */
static bool hits(int at, const row *r)
{
    truth *best = NULL;
    float most = 0;
    for (int i = 0; i < truth_count; i++) {
        truth *t = &truths[i];
        if (t->picture == at && t->label == (int)r->label) {
            float o = overlap(r->box, t->box);
            if (o > most) {
                most = o;
                best = t;
            }
        }
    }
    bool hit = most >= 0.5f && !best->used;
    if (hit) {
        best->used = true;
    }
    return hit;
}

typedef struct scored {
    float score;
    bool hit;
} scored;

static int by_score(const void *a, const void *b)
{
    float x = ((const scored *)a)->score;
    float y = ((const scored *)b)->score;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* Area under the best precision at each recall or beyond it. */
static double average_precision(int which, int label)
{
    static scored all[PICTURES * MOST];
    int count = 0;
    int objects = 0;
    int right = 0;
    double area = 0;
    for (int i = 0; i < truth_count; i++) {
        objects += truths[i].label == label;
        truths[i].used = false;
    }
    for (int p = 0; p < PICTURES; p++) {
        for (int i = 0; i < counts[which][p]; i++) { /* of one label: best first */
            const row *r = &found[which][p][i];
            if ((int)r->label == label) {
                all[count++] = (scored){r->score, hits(p, r)};
            }
        }
    }
    qsort(all, (size_t)count, sizeof *all, by_score);
    for (int i = 0; i < count; i++) {
        right += all[i].hit;
    }
    double best = 0;
    for (int i = count - 1; i >= 0; i--) {
        best = fmax(best, (double)right / (i + 1));
        area += all[i].hit ? best / objects : 0;
        right -= all[i].hit;
    }
    return area;
}

static void as_good_as_stated(void **unused)
{
    (void)unused;
    for (int which = 0; which < 2; which++) {
        double sum = 0;
        for (int label = 1; label < LABELS; label++) {
            sum += average_precision(which, label);
        }
        if (!(sum / (LABELS - 1) >= 0.9525)) { /* accuracy.txt: 0.953 */
            fail_msg("mean average precision %.4f", sum / (LABELS - 1));
        }
    }
}

static void caffe_and_onnx_agree(void **unused)
{
    (void)unused;
    for (int p = 0; p < PICTURES; p++) {
        assert_int_equal(counts[0][p], counts[1][p]);
        for (int i = 0; i < counts[0][p]; i++) {
            const float *a = &found[0][p][i].image;
            const float *b = &found[1][p][i].image;
            for (int k = 0; k < 7; k++) {
                assert_true(fabsf(a[k] - b[k]) <= 1e-5f + 1e-4f * fabsf(b[k]));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_good_as_stated),
        cmocka_unit_test(caffe_and_onnx_agree),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
