/* SPDX-License-Identifier: Apache-2.0 */
/* DetectionOutput against rows computed by hand, and against the plainest code on random input. */
#include <float.h>

#include "plugins/boxes.h"
#include "plugins/plugin_net.h"

/* Three priors, of which the first two overlap by 1/2, and their variances. */
static const float priors[24] = {.0f, .0f, .3f, .2f, .1f, .0f, .4f, .2f, .6f, .6f, .8f, .8f,
                                 .1f, .1f, .2f, .2f, .1f, .1f, .2f, .2f, .1f, .1f, .2f, .2f};

#define ROW(image, label, score, ...) (image), (label), (score), __VA_ARGS__
#define FIRST                         .0f, .0f, .3f, .2f
#define SECOND                        .1f, .0f, .4f, .2f
#define THIRD                         .6f, .6f, .8f, .8f

static void detect(const char *attributes, const float *location, int64_t boxes,
                   const float *confidence, int64_t images, int64_t rows, const float *want)
{
    const net_input in[3] = {NET_F32(location, images, 3 * boxes * 4),
                             NET_F32(confidence, images, 3 * 3), NET_F32(priors, 1, 2, 12)};
    net_run("DetectionOutput", attributes, in, 3, 1);
    net_expect(0, NET_DIMS(1, 1, rows, 7), want);
}

static const float still[24];
/* Both classes like the first two boxes; the background likes the third best. */
static const float confidence[9] = {.1f, .5f, .6f, .2f, .7f, .4f, .8f, .3f, .05f};

static void suppresses_by_class(void **unused)
{
    (void)unused;
    const float want[28] = {ROW(0, 1, .7f, SECOND), ROW(0, 1, .3f, THIRD), ROW(0, 2, .6f, FIRST),
                            ROW(0, 2, .05f, THIRD)};
    detect("num_classes=3 code_type=CENTER_SIZE nms_param.nms_threshold=0.45", still, 1, confidence,
           1, 4, want);
    /* 0.5 is not above 0.51; the threshold is for scores above it */
    const float all[35] = {ROW(0, 1, .7f, SECOND), ROW(0, 1, .5f, FIRST), ROW(0, 1, .3f, THIRD),
                           ROW(0, 2, .6f, FIRST), ROW(0, 2, .4f, SECOND)};
    detect("num_classes=3 nms_param.nms_threshold=0.51 confidence_threshold=0.05", still, 1,
           confidence, 1, 5, all);
}

static void keeps_the_best(void **unused)
{
    (void)unused;
    const float want[14] = {ROW(0, 1, .7f, SECOND), ROW(0, 2, .6f, FIRST)};
    detect("num_classes=3 nms_param.nms_threshold=0.51 keep_top_k=2", still, 1, confidence, 1, 2,
           want);
    detect("num_classes=3 nms_param.nms_threshold=0.51 nms_param.top_k=1", still, 1, confidence, 1,
           2, want);
    /* the background is a class like others where it has no label */
    const float three[21] = {ROW(0, 0, .8f, THIRD), ROW(0, 1, .7f, SECOND), ROW(0, 2, .6f, FIRST)};
    detect("num_classes=3 background_label_id=-1 keep_top_k=3 nms_param.nms_threshold=0.51", still,
           1, confidence, 1, 3, three);
}

/* The threshold shrinks with each kept box: 0.6, then 0.48, which 0.5 is above. */
static void eta_lowers_the_threshold(void **unused)
{
    (void)unused;
    const float want[28] = {ROW(0, 1, .7f, SECOND), ROW(0, 1, .3f, THIRD), ROW(0, 2, .6f, FIRST),
                            ROW(0, 2, .05f, THIRD)};
    detect("num_classes=3 nms_param.nms_threshold=0.6 nms_param.eta=0.8", still, 1, confidence, 1,
           4, want);
}

static void nothing_found(void **unused)
{
    (void)unused;
    const float two[18] = {1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0};
    const float want[14] = {0, -1, -1, -1, -1, -1, -1, 1, -1, -1, -1, -1, -1, -1};
    detect("num_classes=3 confidence_threshold=0.5 keep_top_k=1", still, 1, two, 2, 2, want);
    const float second[18] = {1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, .75f};
    const float found[7] = {ROW(1, 2, .75f, THIRD)};
    detect("num_classes=3 confidence_threshold=0.5 keep_top_k=1", still, 1, second, 2, 1, found);
}

/* One box moved by 1, 2, 3, 4 in each code. */
static void codes(void **unused)
{
    (void)unused;
    const float moved[12] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4};
    const float only[9] = {0, 0, 0, 0, 0, 0, 0, .5f, 0};
    const float corner[7] = {0, 1, .5f, .6f + .1f, .6f + .2f, .8f + .6f, .8f + .8f};
    detect("num_classes=3 code_type=CORNER confidence_threshold=0.1", moved, 1, only, 1, 1, corner);
    const float size[7] = {0, 1, .5f, .6f + .02f, .6f + .04f, .8f + .12f, .8f + .16f};
    detect("num_classes=3 code_type=CORNER_SIZE confidence_threshold=0.1", moved, 1, only, 1, 1,
           size);
    const float w = .1f * expf(.6f);
    const float h = .1f * expf(.8f);
    const float center[7] = {0, 1, .5f, .72f - w, .74f - h, .72f + w, .74f + h};
    detect("num_classes=3 code_type=CENTER_SIZE confidence_threshold=0.1", moved, 1, only, 1, 1,
           center);
    const float encoded[7] = {0, 1, .5f, 1.6f, 2.6f, 3.8f, 4.8f};
    detect("num_classes=3 code_type=CORNER variance_encoded_in_target=1 confidence_threshold=0.1",
           moved, 1, only, 1, 1, encoded);
    const float clipped[7] = {0, 1, .5f, 1, 1, 1, 1};
    detect("num_classes=3 variance_encoded_in_target=1 clip=1 confidence_threshold=0.1", moved, 1,
           only, 1, 1, clipped);
}

static void boxes_of_their_own(void **unused)
{
    (void)unused;
    float location[36] = {0};
    for (int i = 0; i < 4; i++) {
        location[2 * 12 + 4 + i] = 1;  /* prior 2, class 1 */
        location[2 * 12 + 8 + i] = -1; /* class 2 */
    }
    const float both[9] = {0, 0, 0, 0, 0, 0, 0, .5f, .4f};
    const float want[14] = {ROW(0, 1, .5f, .7f, .7f, 1, 1), ROW(0, 2, .4f, .5f, .5f, .6f, .6f)};
    detect("num_classes=3 share_location=0 confidence_threshold=0.1", location, 3, both, 1, 2,
           want);
}

static void refuses(void **unused)
{
    (void)unused;
    const net_input in[3] = {NET_F32(still, 1, 12), NET_F32(confidence, 1, 9),
                             NET_F32(priors, 1, 2, 12)};
    const net_input wrong[3] = {NET_F32(still, 1, 12), NET_F32(confidence, 1, 6),
                                NET_F32(priors, 1, 2, 12)};
    const net_input no_variance[3] = {NET_F32(still, 1, 12), NET_F32(confidence, 1, 9),
                                      NET_F32(priors, 1, 1, 12)};
    net_refuses("DetectionOutput", "keep_top_k=3", in, 3, "num_classes must be above 0");
    net_refuses("DetectionOutput", "num_classes=3 nms_param.nms_threshold=-1", in, 3,
                "nms_threshold must not be below 0");
    net_refuses("DetectionOutput", "num_classes=3 nms_param.eta=0", in, 3, "eta must be");
    net_refuses("DetectionOutput", "num_classes=3", wrong, 3, "do not belong together");
    net_refuses("DetectionOutput", "num_classes=3 share_location=0", in, 3,
                "do not belong together");
    net_refuses("DetectionOutput", "num_classes=3", no_variance, 3, "priors must be");
    net_refuses("DetectionOutput", "num_classes=3 code_type=SIZE", in, 3, "code_type");
}

/* ---- random input against the plainest code ---- */

enum { IMAGES = 2, PRIORS = 300, CLASSES = 4 };

typedef struct setting {
    float confidence, nms, eta;
    int top_k, keep_top_k, background, share, levels;
} setting;

static float loc[IMAGES * PRIORS * CLASSES * 4], conf[IMAGES * PRIORS * CLASSES],
    prior[2 * PRIORS * 4];

static float uniform(uint64_t *seed)
{
    return (float)(check_random(seed) >> 40) / (1 << 24);
}

static sld_box plain_decode(int image, int p, int label, bool share)
{
    const float *d =
        share ? loc + (image * PRIORS + p) * 4 : loc + ((image * PRIORS + p) * CLASSES + label) * 4;
    const float *b = prior + p * 4;
    float w = b[2] - b[0];
    float h = b[3] - b[1];
    float x = .1f * d[0] * w + (b[0] + b[2]) / 2;
    float y = .1f * d[1] * h + (b[1] + b[3]) / 2;
    float half_w = expf(.2f * d[2]) * w / 2;
    float half_h = expf(.2f * d[3]) * h / 2;
    return (sld_box){x - half_w, y - half_h, x + half_w, y + half_h};
}

typedef struct found {
    int label, prior, place;
    float score;
    sld_box box;
} found;

static int by_score(const void *a, const void *b)
{
    const found *x = a;
    const found *y = b;
    return x->score != y->score   ? (x->score < y->score ? 1 : -1)
           : x->label != y->label ? x->label - y->label
                                  : x->place - y->place;
}

static int by_label(const void *a, const void *b)
{
    const found *x = a;
    const found *y = b;
    return x->label != y->label ? x->label - y->label : by_score(a, b);
}

static int plain_image(const setting *s, int image, float *to)
{
    static found all[PRIORS * CLASSES];
    static found own[PRIORS];
    int total = 0;
    for (int label = 0; label < CLASSES; label++) {
        int count = 0;
        int first = total;
        float threshold = s->nms;
        for (int p = 0; p < PRIORS && label != s->background; p++) {
            float score = conf[(image * PRIORS + p) * CLASSES + label];
            if (score > s->confidence) {
                own[count++] = (found){label, p, p, score, plain_decode(image, p, label, s->share)};
            }
        }
        qsort(own, (size_t)count, sizeof *own, by_score);
        count = s->top_k >= 0 && count > s->top_k ? s->top_k : count;
        for (int i = 0; i < count; i++) {
            bool keep = true;
            for (int k = first; k < total; k++) {
                keep = keep && !(sld_box_overlap(&all[k].box, &own[i].box, 0) > threshold);
            }
            if (keep) {
                all[total++] = own[i];
                threshold *= threshold > 0.5f ? s->eta : 1;
            }
        }
    }
    qsort(all, (size_t)total, sizeof *all, by_score);
    total = s->keep_top_k >= 0 && total > s->keep_top_k ? s->keep_top_k : total;
    qsort(all, (size_t)total, sizeof *all, by_label);
    for (int i = 0; i < total; i++, to += 7) {
        const sld_box *b = &all[i].box;
        memcpy(
            to,
            (float[]){(float)image, (float)all[i].label, all[i].score, b->x1, b->y1, b->x2, b->y2},
            7 * sizeof(float));
    }
    return total;
}

/* levels > 0: that many different scores, so that most are equal. */
static void make_random(uint64_t seed, int levels)
{
    for (int i = 0; i < IMAGES * PRIORS * CLASSES; i++) {
        float u = uniform(&seed);
        conf[i] = levels > 0 ? floorf(u * (float)levels) / (float)levels - .2f : u;
    }
    for (int i = 0; i < IMAGES * PRIORS * CLASSES * 4; i++) {
        loc[i] = uniform(&seed) * 4 - 2;
    }
    for (int i = 0; i < PRIORS; i++) {
        float x = uniform(&seed);
        float y = uniform(&seed);
        float box[4] = {x, y, x + .05f + uniform(&seed) * .3f, y + .05f + uniform(&seed) * .3f};
        memcpy(prior + i * 4, box, sizeof box);
        memcpy(prior + (PRIORS + i) * 4, (float[]){.1f, .1f, .2f, .2f}, sizeof box);
    }
}

static void random_input(void **unused)
{
    (void)unused;
    const setting settings[] = {
        {.5f, .45f, 1, 100, 50, 0, 1, 0},    {.01f, .45f, 1, 40, 20, 0, 0, 0},
        {-FLT_MAX, .3f, 1, -1, -1, 0, 1, 0}, {.0f, .7f, .9f, -1, 200, 2, 0, 0},
        {.01f, .45f, 1, 100, 50, -1, 1, 5},  {-1, .6f, .8f, 90, -1, -1, 0, 3},
        {.999f, .5f, 1, 400, 200, 0, 1, 0},  {.2f, 0, 1, 400, 200, 0, 1, 0},
        {-.5f, .45f, 1, 10, 7, 0, 1, 1},
    };
    static float want[IMAGES * PRIORS * CLASSES * 7];
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        const setting *s = &settings[i];
        char text[512];
        make_random(i + 1, s->levels);
        (void)snprintf(text, sizeof text,
                       "num_classes=%d share_location=%d background_label_id=%d "
                       "nms_param.nms_threshold=%.9g nms_param.top_k=%d nms_param.eta=%.9g "
                       "code_type=CENTER_SIZE keep_top_k=%d confidence_threshold=%.9g",
                       CLASSES, s->share, s->background, (double)s->nms, s->top_k, (double)s->eta,
                       s->keep_top_k, (double)s->confidence);
        int rows = 0;
        for (int image = 0; image < IMAGES; image++) {
            rows += plain_image(s, image, want + rows * 7);
        }
        const net_input in[3] = {NET_F32(loc, IMAGES, PRIORS * (s->share ? 1 : CLASSES) * 4),
                                 NET_F32(conf, IMAGES, PRIORS, CLASSES),
                                 NET_F32(prior, 1, 2, PRIORS * 4)};
        net_run("DetectionOutput", text, in, 3, 1);
        assert_true(rows > 0);
        net_expect(0, NET_DIMS(1, 1, rows, 7), want);
    }
}

/* ---- the best of a list ---- */

static void ranks(void **unused)
{
    (void)unused;
    enum { MOST = 5000 };
    static sld_ranked list[MOST], scratch[MOST], sorted[MOST];
    uint64_t seed = 3;
    for (int round = 0; round < 60; round++) {
        size_t count = (size_t)(check_random(&seed) % (round < 30 ? 80 : MOST));
        size_t top = (size_t)(check_random(&seed) % (count + 10));
        uint32_t mask = round % 3 == 0 ? 0xffffffffu : round % 3 == 1 ? 0xff00u : 3u;
        for (uint32_t i = 0; i < count; i++) {
            sorted[i] = list[i] = (sld_ranked){(uint32_t)check_random(&seed) & mask, i};
        }
        for (size_t i = 1; i < count; i++) { /* insertion sort */
            sld_ranked moving = sorted[i];
            size_t to = i;
            for (; to > 0 && sorted[to - 1].key < moving.key; to--) {
                sorted[to] = sorted[to - 1];
            }
            sorted[to] = moving;
        }
        size_t got = sld_rank_top(list, count, top, scratch);
        assert_int_equal(got, top < count ? top : count);
        assert_memory_equal(list, sorted, got * sizeof *list);
    }
    const float scores[] = {-FLT_MAX, -1, -1e-30f, 0, 1e-30f, .5f, 1, FLT_MAX, INFINITY};
    for (size_t i = 0; i < sizeof scores / sizeof scores[0]; i++) {
        assert_true(sld_rank_score(sld_rank_key(scores[i])) == scores[i]);
        assert_true(i == 0 || sld_rank_key(scores[i - 1]) < sld_rank_key(scores[i]));
    }
    assert_int_equal(sld_rank_key(-0.0f), sld_rank_key(0.0f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suppresses_by_class),
        cmocka_unit_test(keeps_the_best),
        cmocka_unit_test(eta_lowers_the_threshold),
        cmocka_unit_test(nothing_found),
        cmocka_unit_test(codes),
        cmocka_unit_test(boxes_of_their_own),
        cmocka_unit_test(refuses),
        cmocka_unit_test(random_input),
        cmocka_unit_test(ranks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
